// Package deliver keeps the ledger: it leases the copies that are due, hands
// them to the relay over several connections, writes down what became of each
// before that connection may send another, tries again what was put off, and
// closes the issue when nothing waits. What an issue says is for publish and
// compose, how SMTP is spoken for smtpout.
//
// The law it keeps: a copy is marked as being attempted, durably, before a
// server could take it, and its outcome is durable before the final dot of the
// next on that connection. So a crash loses no copy, and what may have gone
// twice is known: it is what stood at attempting.
package deliver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
)

// Store is what deliver needs remembered.
type Store interface {
	SendingIssues(ctx context.Context) ([]news.Issue, error)
	UpdateIssue(ctx context.Context, id news.IssueID, change func(*news.Issue) error) (news.Issue, error)
	FinishIssues(ctx context.Context, finish func(i *news.Issue, waiting int) error) ([]news.Issue, error)
	Parts(ctx context.Context, id news.IssueID) ([]audience.Part, error)
	Variants(ctx context.Context, id news.IssueID) ([]audience.Variant, error)

	Lease(ctx context.Context, holder string, until time.Time) (fence int64, err error)
	RenewLease(ctx context.Context, fence int64, until time.Time) error
	EndLease(ctx context.Context, fence int64) error
	EndLeases(ctx context.Context, now time.Time, all bool) (ended int, err error)
	TakeCopies(ctx context.Context, issue news.IssueID, fence int64, now time.Time, limit int) ([]audience.Copy, error)
	Settle(ctx context.Context, fence int64, now time.Time, done []audience.Copy, begin []audience.CopyID) (begun, lost []audience.CopyID, err error)
	RestDomain(ctx context.Context, issue news.IssueID, domain string, now, until time.Time) error
	NextTry(ctx context.Context) (time.Time, error)

	Senders(ctx context.Context, now time.Time) (int, error)
	ShareAttempts(ctx context.Context, issue news.IssueID, holder string, own []audience.Attempt, again bool) ([]audience.Attempt, error)
	ForgetAttempts(ctx context.Context, issue news.IssueID) error
}

// A Sender is the way out: smtpout's Client or Catcher.
type Sender interface {
	Session(ctx context.Context, next smtpout.Next, record smtpout.Record) error
}

// A Text is the frozen text of an issue, ready to be made into mails. It is
// used by many goroutines at once.
type Text interface {
	// Append appends the whole message of a copy to dst, the same bytes every
	// time.
	Append(dst []byte, v audience.Variant, c audience.Copy) ([]byte, error)
}

// Options are what a house sets about its sending.
type Options struct {
	Load        func(ctx context.Context, i news.Issue, parts []audience.Part) (Text, error)
	Envelope    func(c audience.Copy) string // envelope sender of a copy
	Holder      string                       // names this process in its leases
	Connections int
	Pace        int                             // mails a minute over all connections of all processes; 0 = no limit
	DomainPace  int                             // mails a minute of all processes to one receiving domain; 0 = no limit
	Room        func(ctx context.Context) error // why what would be sent could not be recorded; nil asks nobody
	Shift       time.Duration                   // a run ends after this, so that somebody else may go on
}

// Lease times: a sender that died is followed within two minutes.
const (
	leaseFor   = 90 * time.Second
	renewEvery = 20 * time.Second
)

// Deliver sends the copies that are due. It is safe for concurrent use.
type Deliver struct {
	store  Store
	sender Sender // nil: there is no way out, and issues are held
	opt    Options
	wake   func(kind string)
	now    func() time.Time
	log    *slog.Logger

	running atomic.Int32 // runs that are on
	senders atomic.Int32 // processes that share the pace, this one among them

	sharing sync.Mutex // one tells other processes at a time

	mu       sync.Mutex
	windows  map[news.IssueID]*window
	domains  map[string]*domain
	relay    backoff
	unended  []int64   // leases of runs that are over
	pace     time.Time // when the next mail may go, with a pace set
	flights  int       // copies that set out and have no answer yet
	refusals int       // answers in a row that refused us
	holding  int       // issues that are just being held because of them
}

// wakeSend is the kind of work that a run which ended early leaves.
const wakeSend = "send"

// New builds the service. wake is called when a run ends with copies still due.
func New(store Store, sender Sender, opt Options, wake func(kind string), now func() time.Time, log *slog.Logger) *Deliver {
	opt.Connections = max(opt.Connections, 1)
	if opt.Shift == 0 {
		opt.Shift = time.Minute
	}
	return &Deliver{store: store, sender: sender, opt: opt, wake: wake, now: now, log: log,
		windows: map[news.IssueID]*window{}, domains: map[string]*domain{}}
}

// Recover takes back what dead senders held: what they were attempting is
// marked uncertain, and all of it waits again. With alone, this is the only
// process there is, and every lease is of a dead one; call it so once, before
// anything is sent. Otherwise only leases that ran out are taken.
func (d *Deliver) Recover(ctx context.Context, alone bool) error {
	ended, err := d.store.EndLeases(ctx, d.now(), alone)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	if ended > 0 {
		d.log.WarnContext(ctx, "took over from senders that died", "leases", ended)
	}
	return nil
}

// Run sends what is due and returns when nothing is, when its shift is over or
// when ctx is done; then it ends the messages in flight and leaves nothing
// uncertain. Running it twice at once is safe.
func (d *Deliver) Run(ctx context.Context) error {
	d.running.Add(1)
	defer d.running.Add(-1)
	err := d.run(ctx)
	switch {
	case err == nil || ctx.Err() != nil && errors.Is(err, context.Canceled):
		return nil
	case errors.Is(err, news.ErrConflict):
		d.log.WarnContext(ctx, "another sender took over, thinking this one dead", "err", err)
		d.wake(wakeSend)
		return nil
	case errors.Is(err, news.ErrNoRoom):
		d.log.ErrorContext(ctx, "nothing is sent while it cannot be recorded: make room on the disk", "err", err, "rest", d.rest())
		return nil
	}
	d.rest()
	return err
}

// rest leaves the relay alone for a while.
func (d *Deliver) rest() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.relay.fail(d.now())
}

func (d *Deliver) run(ctx context.Context) error {
	if err := errors.Join(d.endLeases(ctx), d.Recover(ctx, false)); err != nil {
		return err
	}
	issues, err := d.store.SendingIssues(ctx)
	if err != nil {
		return err
	}
	if len(issues) == 0 || d.resting(d.now()) {
		return d.finish(ctx)
	}
	if d.sender == nil {
		return d.holdAll(ctx, issues, "there is no relay to send through: set --relay, or --catch to look at the mails here")
	}
	next, err := d.store.NextTry(ctx)
	if err != nil {
		return err
	}
	if next.IsZero() || next.Sub(d.now()) > soon {
		return d.finish(ctx)
	}
	if d.opt.Room != nil {
		if err := d.opt.Room(ctx); err != nil {
			return fmt.Errorf("%w: %w", news.ErrNoRoom, err)
		}
	}
	more, err := d.shift(ctx)
	err = errors.Join(err, d.finish(context.WithoutCancel(ctx)))
	if more && err == nil && ctx.Err() == nil {
		d.wake(wakeSend)
	}
	return err
}

// lookEvery is how often Watch looks. A first mail goes out within this of a
// freeze, whichever process froze the issue.
const lookEvery = time.Second / 2

// Watch wakes the sending when a copy falls due that nobody woke it for: a
// retry, or an issue that another process froze or resumed. It ends with ctx.
func (d *Deliver) Watch(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if d.running.Load() > 0 || d.resting(d.now()) {
			continue
		}
		next, err := d.store.NextTry(ctx)
		if err != nil && ctx.Err() == nil {
			d.log.ErrorContext(ctx, "look for copies that are due", "err", err)
		}
		if err == nil && !next.IsZero() && !next.After(d.now()) {
			d.wake(wakeSend)
		}
	}
}

// finish closes the issues that have no copy left.
func (d *Deliver) finish(ctx context.Context) error {
	done, err := d.store.FinishIssues(ctx, func(i *news.Issue, waiting int) error { return i.Finish(waiting, d.now()) })
	for _, i := range done {
		d.log.InfoContext(ctx, "issue finished", "issue", i.ID, "took", i.Finished.Sub(i.Frozen))
		err = errors.Join(err, d.store.ForgetAttempts(ctx, i.ID))
		d.mu.Lock()
		delete(d.windows, i.ID)
		d.mu.Unlock()
	}
	return err
}

func (d *Deliver) holdAll(ctx context.Context, issues []news.Issue, why string) error {
	var errs []error
	for _, i := range issues {
		errs = append(errs, d.hold(ctx, i.ID, why))
	}
	return errors.Join(errs...)
}

// hold stops an issue for a person. One that a person stopped meanwhile stays
// as they left it.
func (d *Deliver) hold(ctx context.Context, id news.IssueID, why string) error {
	_, err := d.store.UpdateIssue(ctx, id, func(i *news.Issue) error { return i.Hold(why) })
	if errors.Is(err, news.ErrConflict) {
		return nil
	}
	if err == nil {
		d.log.ErrorContext(ctx, "issue held for a person", "issue", id, "why", why)
	}
	return err
}
