// Package publish is the clock and the editor of the digest: it drafts the
// issue of each slot, lets editors arrange and approve it, and freezes it,
// which writes one copy for every reader. Sending the copies is for deliver,
// what a mail looks like for compose.
//
// Its methods speak the words of news, so that the curators' pages can call
// them and still cannot name a reader.
package publish

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

// Store is what publish needs remembered.
type Store interface {
	Issue(ctx context.Context, id news.IssueID) (news.Issue, error)
	IssueByName(ctx context.Context, name string) (news.Issue, error)
	Issues(ctx context.Context, limit int) ([]news.Issue, error)
	FrozenIssues(ctx context.Context, limit int) ([]news.Issue, error)
	EditableIssues(ctx context.Context) ([]news.Issue, error)
	SendingIssues(ctx context.Context) ([]news.Issue, error)
	StoriesOf(ctx context.Context, id news.IssueID) ([]news.Story, error)
	EnsureIssue(ctx context.Context, slot, cut time.Time, name string,
		draft func(number, namesakes int, free []news.Story) (*news.Issue, error),
		take func(i *news.Issue, free []news.Story) error) (news.Issue, error)
	UpdateIssue(ctx context.Context, id news.IssueID, change func(*news.Issue) error) (news.Issue, error)
	FreezeIssue(ctx context.Context, id news.IssueID, plan func(*news.Issue, []news.Story) (audience.Edition, error)) (news.Issue, error)
	ResumeIssue(ctx context.Context, id news.IssueID, change func(*news.Issue) error) (news.Issue, error)
	WithdrawWaiting(ctx context.Context, id news.IssueID, now time.Time, change func(*news.Issue) error) (news.Issue, error)
	Counts(ctx context.Context, id news.IssueID) (news.Counts, error)
	Ledger(ctx context.Context, id news.IssueID) (news.Ledger, error)
	Parts(ctx context.Context, id news.IssueID) ([]audience.Part, error)
	Version(ctx context.Context, id news.IssueID, revision int64) (news.Version, error)
	Blocks(ctx context.Context) ([]news.Block, error)
	SaveBlock(ctx context.Context, b news.Block) (news.BlockID, error)
	DropBlock(ctx context.Context, id news.BlockID, who string) error
	Corrections(ctx context.Context) ([]news.Correction, error)
	Closing(ctx context.Context, id news.IssueID, first, last string) ([]news.Story, error)
}

// A Composer makes the text of an issue, and a mail of that text.
type Composer interface {
	Render(i news.Issue, stories []news.Story) ([]audience.Part, error)
	Mail(parts []audience.Part, v audience.Variant, c audience.Copy, frozen time.Time) (Mail, error)
}

// A Sealer encrypts a copy to its reader's key. An error says that the key
// does not work.
type Sealer func(v audience.Variant, c audience.Copy, key audience.PublicKey) (sealed []byte, err error)

// A Mail is one message taken apart for looking at.
type Mail struct {
	Subject string
	HTML    string // empty in the text formats
	Text    string
	Raw     []byte // the whole message, RFC 5322
	Size    Size
}

// A Size is how large a mail is beside what it may be.
type Size struct {
	Bytes int // of the decoded HTML, or of a text edition as it travels
	Most  int // what does not fit is cut with a link to the rest; 0 = no limit
	Short int // stories that stand as a headline with a link
	Left  int // stories that are left to the web
}

// Percent is how much of the room is used, at most 100.
func (s Size) Percent() int {
	if s.Most == 0 {
		return 0
	}
	return min(100, 100*s.Bytes/s.Most)
}

// Options are what a house sets about its digest.
type Options struct {
	Slots    *Slots
	Lead     time.Duration // how long before its slot an issue is drafted by the clock
	Title    string        // of every issue, before its number
	Language string        // in which editors write title and introduction, BCP 47
	Solo     bool          // one person may arrange and approve
	Domain   string        // ours, on the right of every Message-ID
	Neutral  string        // the same for discreet copies; empty: none can be made
	Key      []byte        // blinds readers in Message-IDs
	// Sealer reads a text and returns what encrypts copies of it at the instant
	// of the freeze. Nil: nothing can be encrypted.
	Sealer func(parts []audience.Part, frozen time.Time) (Sealer, error)
	Built  time.Time // when this program was; a clock before it is wrong. Zero: not known
	// Elapsed only runs forward; nil is the time since New, less that in which
	// the machine slept.
	Elapsed func() time.Duration
	// First says why the first issue of all may not go out yet, in an error
	// that wraps news.ErrRefused; nil asks nobody.
	First func(ctx context.Context) error
	// Test sends one mail outside every ledger, to somebody at the desk; nil:
	// there is no way out.
	Test func(ctx context.Context, to audience.Address, message []byte) error
	// Audit keeps a line of what somebody did to an issue; nil keeps none.
	Audit func(ctx context.Context, e staff.AuditEntry) error
}

// Publish drafts and freezes issues. It is safe for concurrent use.
type Publish struct {
	store   Store
	compose Composer
	opt     Options
	wake    func(kind string)
	now     func() time.Time
	log     *slog.Logger
	clock   *watch
}

// wakeSend is the kind of work that a frozen or resumed issue leaves.
const wakeSend = "send"

// New builds the service. wake is called after a commit that leaves work.
func New(store Store, c Composer, opt Options, wake func(kind string), now func() time.Time, log *slog.Logger) *Publish {
	if opt.Elapsed == nil {
		began := time.Now()
		opt.Elapsed = func() time.Duration { return time.Since(began) }
	}
	return &Publish{store, c, opt, wake, now, log, &watch{built: opt.Built, elapsed: opt.Elapsed}}
}

// EnsureDrafts is the clock's look: the issue of a slot whose cut has come
// exists, with every story approved until then, and an approved issue whose
// time has come is frozen. Of several slots missed while nothing ran only the
// last is made up, if it is younger than news.CatchUp. When the clock cannot be
// believed nothing is done, and all that goes out by itself is kept back.
func (p *Publish) EnsureDrafts(ctx context.Context) error {
	now := p.now()
	if why := p.clock.doubt(now); why != "" {
		return p.keepBack(ctx, why)
	}
	if slot := p.opt.Slots.Last(now.Add(p.opt.Lead), news.CatchUp+p.opt.Lead); !slot.IsZero() {
		if _, err := p.ensure(ctx, slot, slot.Add(-p.opt.Lead), ""); err != nil && !errors.Is(err, news.ErrNotFound) {
			return err
		}
	}
	open, err := p.store.EditableIssues(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, i := range open {
		errs = append(errs, p.onTime(ctx, i, now))
	}
	return errors.Join(errs...)
}

// onTime freezes an issue that is due and marks one that missed its time.
func (p *Publish) onTime(ctx context.Context, i news.Issue, now time.Time) error {
	switch {
	case i.Due(now):
		err := p.mayBegin(ctx)
		if errors.Is(err, news.ErrRefused) {
			return p.tell(ctx, i, err.Error())
		}
		if err == nil {
			_, err = p.freeze(ctx, i.ID)
		}
		return err
	case i.Missed(now) && i.HeldWhy == "":
		p.log.WarnContext(ctx, "issue missed its time and waits for a person", "issue", i.ID, "slot", i.Slot)
		_, err := p.store.UpdateIssue(ctx, i.ID, func(i *news.Issue) error {
			if i.Missed(now) {
				i.HeldWhy = "its time passed more than two days ago; send it by hand, or cancel it"
			}
			return nil
		})
		return err
	}
	return nil
}

// ensure makes the draft of a slot, or gives it the stories approved since its
// own cut. It returns an error wrapping news.ErrNotFound when there is neither
// draft nor story.
func (p *Publish) ensure(ctx context.Context, slot, cut time.Time, who string) (news.Issue, error) {
	name := p.opt.Slots.Name(slot)
	return p.store.EnsureIssue(ctx, slot, cut, name,
		func(number, namesakes int, free []news.Story) (*news.Issue, error) {
			if len(free) == 0 {
				return nil, nil
			}
			i := &news.Issue{
				Slot: slot, Name: name, Number: number, Title: fmt.Sprintf("%s %d", p.opt.Title, number), Language: p.opt.Language,
				State: news.IssueDraft, Created: p.now(),
			}
			if namesakes > 0 {
				i.Name = fmt.Sprintf("%s-%d", name, namesakes+1)
			}
			return i, take(i, free, cut, who)
		},
		func(i *news.Issue, free []news.Story) error {
			// What a second person approved is not changed by the clock.
			if !cut.After(i.Cut) || !i.Editable() || who == "" && i.State != news.IssueDraft {
				return nil
			}
			return take(i, free, cut, who)
		})
}

func take(i *news.Issue, free []news.Story, cut time.Time, who string) error {
	ids := make([]news.StoryID, len(free))
	for n, s := range free {
		ids[n] = s.ID
		if !slices.Contains(i.Curators, s.DecidedBy) {
			i.Curators = append(i.Curators, s.DecidedBy)
		}
	}
	i.Cut = cut
	return i.Take(ids, who)
}

// Draft returns the issue that is being worked on, with every story approved
// until now: that of the last slot while it waits to be sent, else that of the
// next slot, made now if it does not exist. It returns an error wrapping
// news.ErrNotFound when no story is approved for it.
func (p *Publish) Draft(ctx context.Context, who string) (news.Issue, error) {
	now := p.now()
	open, err := p.store.EditableIssues(ctx)
	if err != nil {
		return news.Issue{}, err
	}
	next := p.opt.Slots.Next(now)
	for n := len(open) - 1; n >= 0; n-- {
		if slot := open[n].Slot; !slot.After(next) && now.Sub(slot) < news.CatchUp {
			next = slot
			break
		}
	}
	// A story approved in this very millisecond belongs to it.
	for cut := now.Add(time.Millisecond); ; next = p.opt.Slots.Next(next) {
		i, err := p.ensure(ctx, next, cut, who)
		switch {
		case errors.Is(err, news.ErrNotFound):
			return i, fmt.Errorf("nothing is approved for the issue of %s: %w", next.Format(time.RFC3339), news.ErrNotFound)
		case err != nil || i.Editable():
			return i, err
		}
	}
}

// Issue reads one issue.
func (p *Publish) Issue(ctx context.Context, id news.IssueID) (news.Issue, error) {
	return p.store.Issue(ctx, id)
}

// Issues reads up to limit issues, the latest slot first.
func (p *Publish) Issues(ctx context.Context, limit int) ([]news.Issue, error) {
	return p.store.Issues(ctx, limit)
}

// Stories reads the stories of an issue in its order.
func (p *Publish) Stories(ctx context.Context, id news.IssueID) ([]news.Story, error) {
	return p.store.StoriesOf(ctx, id)
}

// Status reads an issue with its books.
func (p *Publish) Status(ctx context.Context, id news.IssueID) (news.Issue, news.Counts, error) {
	i, err := p.store.Issue(ctx, id)
	if err != nil {
		return i, news.Counts{}, err
	}
	counts, err := p.store.Counts(ctx, id)
	return i, counts, err
}

// Ledger reads how the copies of an issue stand, and where they go to.
func (p *Publish) Ledger(ctx context.Context, id news.IssueID) (news.Ledger, error) {
	return p.store.Ledger(ctx, id)
}

// Arrange edits an issue; seen is the revision the editor had before them. Any
// edit voids an approval.
func (p *Publish) Arrange(ctx context.Context, id news.IssueID, a news.Arrangement, seen int64, who string) (news.Issue, error) {
	return p.store.UpdateIssue(ctx, id, func(i *news.Issue) error { return i.Arrange(a, seen, who) })
}

// Drop takes a story out of an issue; it is free for the next.
func (p *Publish) Drop(ctx context.Context, id news.IssueID, story news.StoryID, who string) (news.Issue, error) {
	return p.store.UpdateIssue(ctx, id, func(i *news.Issue) error { return i.Drop(story, who) })
}

// did tells the audit log what somebody did to an issue. The deed stands
// whether or not the line could be written; the error says that it could not.
func (p *Publish) did(ctx context.Context, who, what, detail string, i news.Issue) (news.Issue, error) {
	if p.opt.Audit == nil {
		return i, nil
	}
	return i, p.opt.Audit(ctx, staff.AuditEntry{Who: who, What: what + " issue", Subject: i.Where(), Detail: detail})
}

// Approve releases exactly the revision that who has seen. It returns an error
// wrapping news.ErrRefused when a second person must do it.
func (p *Publish) Approve(ctx context.Context, id news.IssueID, seen int64, who string) (news.Issue, error) {
	i, err := p.store.Issue(ctx, id)
	if err != nil {
		return i, err
	}
	around, err := p.around(ctx, i)
	if err != nil {
		return i, err
	}
	i, err = p.store.UpdateIssue(ctx, id, func(i *news.Issue) error {
		if err := i.Approve(who, seen, p.opt.Solo, p.now()); err != nil {
			return err
		}
		i.Surround(around)
		return nil
	})
	if err != nil {
		return i, err
	}
	detail := fmt.Sprintf("revision %d", seen)
	if i.Solo {
		detail += ", one person alone"
	}
	return p.did(ctx, who, "approve", detail, i)
}

// Send freezes an approved issue now, whatever its slot. The error wraps
// news.ErrRefused when it is the first and may not go out yet.
func (p *Publish) Send(ctx context.Context, id news.IssueID, who string) (news.Issue, error) {
	if err := p.mayBegin(ctx); err != nil {
		return news.Issue{}, err
	}
	return p.sendNow(ctx, id, who, "")
}

// SendDespite is Send for somebody who knows what keeps the first issue back
// and says why it goes out all the same. The audit log holds their words.
func (p *Publish) SendDespite(ctx context.Context, id news.IssueID, who, why string) (news.Issue, error) {
	return p.sendNow(ctx, id, who, "despite what doctor found: "+why)
}

func (p *Publish) sendNow(ctx context.Context, id news.IssueID, who, detail string) (news.Issue, error) {
	i, err := p.freeze(ctx, id)
	if err != nil {
		return i, err
	}
	p.log.InfoContext(ctx, "issue sent by hand", "issue", id, "by", who)
	return p.did(ctx, who, "send", detail, i)
}

func (p *Publish) freeze(ctx context.Context, id news.IssueID) (news.Issue, error) {
	began := p.now()
	open, err := p.openCalls(ctx, id, began)
	if err != nil {
		return news.Issue{}, err
	}
	right, err := p.store.Corrections(ctx)
	if err != nil {
		return news.Issue{}, err
	}
	i, err := p.store.FreezeIssue(ctx, id, func(i *news.Issue, stories []news.Story) (audience.Edition, error) {
		if err := i.Freeze(began); err != nil {
			return nil, err
		}
		i.Closing, i.Corrections = stillOpen(i.Closing, open), stillRight(i.Corrections, right)
		printed, stories := public(*i, stories)
		parts, err := p.compose.Render(printed, stories)
		if err != nil {
			return nil, fmt.Errorf("render issue %d: %w", i.ID, err)
		}
		return p.edition(i, stories, parts), nil
	})
	if err != nil {
		return i, err
	}
	p.log.InfoContext(ctx, "issue frozen", "issue", id, "copies", i.Intended, "took", p.now().Sub(began))
	p.wake(wakeSend)
	return i, nil
}

// tell keeps an approved issue back until a person sends it, and says why.
func (p *Publish) tell(ctx context.Context, i news.Issue, why string) error {
	p.log.WarnContext(ctx, "issue waits for a person", "issue", i.ID, "why", why)
	_, err := p.store.UpdateIssue(ctx, i.ID, func(i *news.Issue) error {
		if i.State == news.IssueApproved {
			i.HeldWhy = why
		}
		return nil
	})
	return err
}

// mayBegin asks First while no issue went out yet.
func (p *Publish) mayBegin(ctx context.Context) error {
	if p.opt.First == nil {
		return nil
	}
	frozen, err := p.store.FrozenIssues(ctx, 1)
	if err != nil || len(frozen) > 0 {
		return err
	}
	return p.opt.First(ctx)
}

// public is an issue without the stories that were withdrawn since it was
// arranged.
func public(i news.Issue, stories []news.Story) (news.Issue, []news.Story) {
	stories = slices.DeleteFunc(stories, func(s news.Story) bool { return s.State != news.StoryApproved })
	i.Sections = slices.Clone(i.Sections)
	for n := range i.Sections {
		i.Sections[n].Stories = slices.DeleteFunc(slices.Clone(i.Sections[n].Stories), func(id news.StoryID) bool {
			return !slices.ContainsFunc(stories, func(s news.Story) bool { return s.ID == id })
		})
	}
	return i, stories
}

// Hold stops the sending until a person resumes it.
func (p *Publish) Hold(ctx context.Context, id news.IssueID, why, who string) (news.Issue, error) {
	if why == "" {
		why = "held by " + who
	}
	i, err := p.store.UpdateIssue(ctx, id, func(i *news.Issue) error { return i.Hold(why) })
	if err != nil {
		return i, err
	}
	return p.did(ctx, who, "hold", why, i)
}

// Resume goes on with a held issue.
func (p *Publish) Resume(ctx context.Context, id news.IssueID, who string) (news.Issue, error) {
	i, err := p.store.ResumeIssue(ctx, id, (*news.Issue).Resume)
	if err != nil {
		return i, err
	}
	p.wake(wakeSend)
	return p.did(ctx, who, "resume", "", i)
}

// Cancel ends an issue that was not frozen; its stories are free again.
func (p *Publish) Cancel(ctx context.Context, id news.IssueID, who string) (news.Issue, error) {
	i, err := p.store.UpdateIssue(ctx, id, (*news.Issue).Cancel)
	if err != nil {
		return i, err
	}
	return p.did(ctx, who, "cancel", "", i)
}

// Withdraw stops a frozen issue for good: no copy that waits goes out.
func (p *Publish) Withdraw(ctx context.Context, id news.IssueID, who string) (news.Issue, error) {
	now := p.now()
	i, err := p.store.WithdrawWaiting(ctx, id, now, func(i *news.Issue) error { return i.Withdraw(now) })
	if err != nil {
		return i, err
	}
	p.wake(wakeSend)
	return p.did(ctx, who, "withdraw", "", i)
}
