package deliver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// takeAtOnce is how many copies are taken under the lease in one go. They are
// all that a run holds in memory, whatever the number of readers.
const takeAtOnce = 256

// soon is how long a run waits for the next copy to fall due rather than end.
const soon = 10 * time.Second

// shortest is how long it waits at least before it looks again.
const shortest = 50 * time.Millisecond

// A run is one shift of sending: one lease, one ledger, some connections.
type run struct {
	*Deliver
	ledger *ledger
	fence  int64
	texts  map[news.IssueID]*mailing
	due    chan job
	stop   context.CancelCauseFunc
	taken  atomic.Int64 // attempts that got some answer
	out    atomic.Int64 // copies with the connections, not settled yet
	dry    atomic.Bool  // nothing more was due when last looked
}

// A mailing is what is needed to make the copies of one issue.
type mailing struct {
	text     Text
	variants []audience.Variant
}

// A job is a copy with what it is made of.
type job struct {
	audience.Copy
	*mailing
}

// shift sends under one lease. It reports whether copies were still due when
// its time was over.
func (d *Deliver) shift(ctx context.Context) (more bool, err error) {
	fence, err := d.store.Lease(ctx, d.opt.Holder, d.now().Add(leaseFor))
	if err != nil {
		return false, err
	}
	durable := context.WithoutCancel(ctx)
	working, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &run{Deliver: d, fence: fence, texts: map[news.IssueID]*mailing{}, due: make(chan job, takeAtOnce), stop: stop}
	r.ledger = &ledger{store: d.store, fence: fence, now: d.now, log: d.log, entries: make(chan entry, batchEntries), broken: stop,
		noted: func(n int) { r.out.Add(-int64(n)) }}

	r.sharePace(ctx)
	var books, feeder, senders sync.WaitGroup
	books.Go(func() { r.ledger.run(durable) })
	books.Go(func() { r.renew(working) })
	books.Go(func() { r.keepPace(working) })
	feeder.Go(func() { more, err = r.feed(working) })
	for range d.connections() {
		senders.Go(func() { r.connection(working) })
	}
	senders.Wait()
	stop(nil)
	feeder.Wait()
	close(r.ledger.entries)
	books.Wait()
	return more, errors.Join(err, r.why(ctx, working), d.endLease(durable, fence))
}

// endLease ends a lease. What cannot be written now is written before the next
// run: nobody has to wait until the lease runs out.
func (d *Deliver) endLease(ctx context.Context, fence int64) error {
	err := d.store.EndLease(ctx, fence)
	if err != nil {
		d.mu.Lock()
		d.unended = append(d.unended, fence)
		d.mu.Unlock()
	}
	return err
}

// endLeases ends those that could not be ended when their runs were over.
func (d *Deliver) endLeases(ctx context.Context) error {
	d.mu.Lock()
	left := d.unended
	d.unended = nil
	d.mu.Unlock()
	var errs []error
	for _, fence := range left {
		errs = append(errs, d.endLease(ctx, fence))
	}
	return errors.Join(errs...)
}

// why is the error that ended the run early, if one did.
func (r *run) why(ctx, working context.Context) error {
	cause := context.Cause(working)
	if ctx.Err() != nil || errors.Is(cause, context.Canceled) {
		return nil
	}
	return cause
}

// renew keeps the lease until ctx is done, and ends the run when it was taken
// away.
func (r *run) renew(ctx context.Context) {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := r.store.RenewLease(ctx, r.fence, r.now().Add(leaseFor)); err != nil && ctx.Err() == nil {
				r.stop(fmt.Errorf("keep the lease: %w", err))
				return
			}
		}
	}
}

// feed takes what is due and hands it to the connections, until nothing is or
// the shift is over.
func (r *run) feed(ctx context.Context) (more bool, err error) {
	defer close(r.due)
	over := r.now().Add(r.opt.Shift)
	for ctx.Err() == nil {
		if r.now().After(over) {
			return true, nil
		}
		n, err := r.feedOnce(ctx)
		r.dry.Store(n == 0)
		if ctx.Err() != nil {
			return false, nil
		}
		if err != nil || n == 0 && !r.waitForMore(ctx) {
			return false, err
		}
	}
	return false, nil
}

// feedOnce takes one handful of each issue and reports how many there were.
func (r *run) feedOnce(ctx context.Context) (taken int, err error) {
	issues, err := r.store.SendingIssues(ctx)
	if err != nil {
		return 0, err
	}
	for _, i := range issues {
		copies, err := r.store.TakeCopies(ctx, i.ID, r.fence, r.now(), takeAtOnce)
		if err != nil {
			return taken, err
		}
		if len(copies) == 0 {
			continue
		}
		taken += len(copies)
		variant := 0
		for _, c := range copies {
			variant = max(variant, c.Variant)
		}
		m, err := r.load(ctx, i, variant)
		if err != nil {
			return taken, r.hold(ctx, i.ID, fmt.Sprintf("the frozen text cannot be used: %v", err))
		}
		for _, c := range copies {
			if !r.offer(ctx, job{c, m}) {
				return taken, nil
			}
		}
	}
	return taken, nil
}

// offer hands a copy to whichever connection is free, or settles it here when
// its reader is gone. It reports false when ctx is done.
func (r *run) offer(ctx context.Context, j job) bool {
	r.out.Add(1)
	if j.Exclude(r.now()) {
		r.ledger.note(j.Copy)
		return true
	}
	select {
	case r.due <- j:
		return true
	case <-ctx.Done():
		return false
	}
}

// load reads the frozen text of an issue, once a run; and again for a variant
// that a withdrawn story made since.
func (r *run) load(ctx context.Context, i news.Issue, variant int) (*mailing, error) {
	if m := r.texts[i.ID]; m != nil && variant < len(m.variants) {
		return m, nil
	}
	parts, err := r.store.Parts(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	variants, err := r.store.Variants(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	text, err := r.opt.Load(ctx, i, parts)
	if err != nil {
		return nil, err
	}
	r.texts[i.ID] = &mailing{text, variants}
	return r.texts[i.ID], nil
}

// waitForMore waits while the connections have copies that may come back, and
// when the next falls due soon. It reports false when there is nothing to wait
// for.
func (r *run) waitForMore(ctx context.Context) bool {
	wait := shortest
	if r.out.Load() == 0 {
		next, err := r.store.NextTry(ctx)
		if err != nil || next.IsZero() {
			return false
		}
		if wait = max(wait, next.Sub(r.now())); wait > soon {
			return false
		}
	}
	return pause(ctx, wait)
}
