package news

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// IssueID numbers a stored Issue; zero until stored.
type IssueID int64

// An IssueState is where an issue stands.
type IssueState string

// The states of an issue. Draft and approved can be edited; from sending on
// the text is frozen.
const (
	IssueDraft     IssueState = "draft"
	IssueApproved  IssueState = "approved"
	IssueSending   IssueState = "sending"
	IssueHeld      IssueState = "held" // frozen, and nothing goes out until a person says so
	IssueFinished  IssueState = "finished"
	IssueCancelled IssueState = "cancelled"
)

// An Issue is one number of the digest. It is keyed by its slot, so it can
// exist only once.
type Issue struct {
	ID       IssueID
	Slot     time.Time // when it is due, UTC; unique
	Name     string    // public name: ISO year and week of the slot in the desk's zone, "2026-47"
	Number   int       // 1, 2, 3 … in the order of drafting
	Title    string
	Language string // of Title and Introduction
	// Introduction is the editor's, Markdown; may be empty.
	Introduction string
	Texts        []IssueText // in other languages
	Sections     []Section
	// What stands beside the stories, fixed at the approval; empty before it.
	Blocks      []Block // standing ones; the mail shows those of its day
	Closing     []Closing
	Days        []Observance // of the coming week
	Corrections []Correction // of earlier issues
	LeftOut     []string     // keys of what an editor kept from standing beside them
	Cut         time.Time    // stories approved before this instant were offered to it
	State       IssueState
	Revision    int64  // grows with every edit
	Back        int64  // the revision that undoing the last edit leads to; zero if none
	EditedBy    string // who made this revision; empty when the clock did
	Curators    []string
	ApprovedBy  string // who approved exactly this revision; empty if nobody
	ApprovedAt  time.Time
	Solo        bool   // editor and approver were one person, by --solo
	HeldWhy     string // why nothing goes out
	Intended    int    // copies written at the freeze
	Frozen      time.Time
	Withdrawn   time.Time // a person stopped it: what waited then never goes
	Finished    time.Time
	Created     time.Time
}

// A Section is a heading with its stories in order.
type Section struct {
	Heading string // plain text; may be empty for the only section
	Stories []StoryID
}

// Editable reports whether the arrangement can still change.
func (i *Issue) Editable() bool { return i.State == IssueDraft || i.State == IssueApproved }

// IsFrozen reports whether its text is fixed and public.
func (i *Issue) IsFrozen() bool { return !i.Frozen.IsZero() }

// Stories returns the stories of all sections in order.
func (i *Issue) Stories() []StoryID {
	var out []StoryID
	for _, s := range i.Sections {
		out = append(out, s.Stories...)
	}
	return out
}

// An Arrangement is what an editor makes of a draft. Nil fields leave the
// issue as it is.
type Arrangement struct {
	Title        *string
	Introduction *string
	Sections     *[]Section // must hold each story at most once
	Text         *IssueText // in a language other than the issue's; without words it goes
	LeftOut      *[]string
}

// Arrange edits the issue. Any edit voids an approval. It returns an error
// wrapping ErrConflict when the text is frozen or the editor saw another
// revision, ErrInvalid when a story stands twice.
func (i *Issue) Arrange(a Arrangement, seen int64, who string) error {
	if err := i.editable(seen); err != nil {
		return err
	}
	next := *i
	if a.Title != nil {
		next.Title = strings.Join(strings.Fields(*a.Title), " ")
	}
	if a.Introduction != nil {
		next.Introduction = strings.TrimSpace(*a.Introduction)
	}
	if a.Sections != nil {
		next.Sections = *a.Sections
		next.followHeadings(i.Sections)
	}
	if a.LeftOut != nil {
		next.LeftOut = *a.LeftOut
	}
	if a.Text != nil {
		if err := next.translate(*a.Text); err != nil {
			return err
		}
	}
	switch {
	case next.Title == "":
		return fmt.Errorf("issue %d: an issue needs a title: %w", i.ID, ErrInvalid)
	case len(next.Introduction) > MaxTextBytes:
		return fmt.Errorf("issue %d: the introduction is longer than %d KB: %w", i.ID, MaxTextBytes>>10, ErrInvalid)
	}
	all := next.Stories()
	for n, id := range all {
		if slices.Contains(all[:n], id) {
			return fmt.Errorf("issue %d: story %d stands in it twice: %w", i.ID, id, ErrInvalid)
		}
	}
	next.changed(who)
	*i = next
	return nil
}

// Take adds stories that were approved since, at the end of the last section,
// and voids the approval if there were any. The clock does this at the cut.
func (i *Issue) Take(stories []StoryID, who string) error {
	if !i.Editable() {
		return fmt.Errorf("add to issue %d: it is %s: %w", i.ID, i.State, ErrConflict)
	}
	all, added := i.Stories(), 0
	if len(i.Sections) == 0 {
		i.Sections = []Section{{}}
	}
	last := &i.Sections[len(i.Sections)-1]
	for _, id := range stories {
		if !slices.Contains(all, id) {
			last.Stories = append(last.Stories, id)
			added++
		}
	}
	if added > 0 {
		i.changed(who)
		i.Back = 0 // undoing it would lose a story nobody dropped
	}
	return nil
}

// Drop takes a story out, and voids the approval if it stood there.
func (i *Issue) Drop(story StoryID, who string) error {
	if !i.Editable() {
		return fmt.Errorf("take story %d out of issue %d: it is %s: %w", story, i.ID, i.State, ErrConflict)
	}
	for n := range i.Sections {
		if at := slices.Index(i.Sections[n].Stories, story); at >= 0 {
			i.Sections[n].Stories = slices.Delete(slices.Clone(i.Sections[n].Stories), at, at+1)
			i.changed(who)
		}
	}
	return nil
}

// StoryEdited voids the approval because a story in the issue changed: what was
// approved is no longer what would go out.
func (i *Issue) StoryEdited(who string) {
	if i.Editable() {
		back := i.Back
		i.changed(who)
		i.Back = back
	}
}

// changed makes a new revision. When the clock adds stories, the person who
// arranged the rest stays the editor, and so cannot approve it.
func (i *Issue) changed(who string) {
	i.Back = i.Revision
	i.Revision++
	i.State = IssueDraft
	i.Surround(Around{})
	if who != "" {
		i.EditedBy = who
	}
	i.ApprovedBy, i.ApprovedAt, i.Solo = "", time.Time{}, false
}

// Approve releases exactly this revision for sending. The person who made the
// revision cannot approve it; where the clock made it, one who alone approved
// all its stories cannot. With solo one person may do both, and the issue says
// so. It returns an error wrapping ErrRefused when a second person is needed.
func (i *Issue) Approve(who string, seen int64, solo bool, now time.Time) error {
	switch {
	case i.State != IssueDraft:
		return fmt.Errorf("approve issue %d: it is %s: %w", i.ID, i.State, ErrConflict)
	case seen != i.Revision:
		return fmt.Errorf("approve issue %d: it changed since you read it (revision %d, now %d): %w", i.ID, seen, i.Revision, ErrConflict)
	case len(i.Stories()) == 0:
		return fmt.Errorf("approve issue %d: it holds no story: %w", i.ID, ErrConflict)
	}
	alone := i.Alone(who)
	if alone && !solo {
		return fmt.Errorf("approve issue %d: %s made this revision, a second person must approve it: %w", i.ID, who, ErrRefused)
	}
	i.State, i.ApprovedBy, i.ApprovedAt, i.Solo, i.HeldWhy = IssueApproved, who, now, alone, ""
	return nil
}

// Alone reports whether who made this revision alone, and so needs a second
// person to approve it.
func (i *Issue) Alone(who string) bool {
	return i.EditedBy == who || i.EditedBy == "" && len(i.Curators) == 1 && i.Curators[0] == who
}

// Freeze fixes the text and starts the sending.
func (i *Issue) Freeze(now time.Time) error {
	if i.State != IssueApproved {
		return fmt.Errorf("send issue %d: it is %s, it must be approved first: %w", i.ID, i.State, ErrRefused)
	}
	i.State, i.Frozen, i.HeldWhy = IssueSending, now, ""
	return nil
}

// Hold stops the sending until a person resumes it.
func (i *Issue) Hold(why string) error {
	if i.State != IssueSending {
		return fmt.Errorf("hold issue %d: it is %s: %w", i.ID, i.State, ErrConflict)
	}
	i.State, i.HeldWhy = IssueHeld, why
	return nil
}

// Resume goes on with a held issue.
func (i *Issue) Resume() error {
	if i.State != IssueHeld {
		return fmt.Errorf("resume issue %d: it is %s: %w", i.ID, i.State, ErrConflict)
	}
	i.State, i.HeldWhy = IssueSending, ""
	return nil
}

// Restored holds an issue that a backup brought back, and reports whether it
// did: what was being sent, and may have gone out since, waits for a person;
// what was approved must be approved again.
func (i *Issue) Restored(why string) bool {
	switch i.State {
	case IssueSending:
		i.State = IssueHeld
	case IssueApproved:
		i.changed("")
	default:
		return false
	}
	i.HeldWhy = why
	return true
}

// Cancel ends an issue that was not frozen; its stories are free again.
func (i *Issue) Cancel() error {
	if !i.Editable() {
		return fmt.Errorf("cancel issue %d: it is %s: %w", i.ID, i.State, ErrConflict)
	}
	i.State, i.Sections = IssueCancelled, nil
	return nil
}

// Withdraw stops an issue for good: no copy that waits goes out any more.
func (i *Issue) Withdraw(now time.Time) error {
	if i.State != IssueSending && i.State != IssueHeld {
		return fmt.Errorf("withdraw issue %d: it is %s: %w", i.ID, i.State, ErrConflict)
	}
	i.State, i.HeldWhy, i.Withdrawn = IssueSending, "", now
	return nil
}

// CatchUp is how long after its time an approved issue still goes out by
// itself. An older one waits for a person to send it.
const CatchUp = 48 * time.Hour

// Due reports whether the clock should freeze the issue now: it is approved,
// its time has come, neither its time nor its approval is older than CatchUp,
// and it is not kept back for a person.
func (i *Issue) Due(now time.Time) bool {
	ready := i.Slot
	if i.ApprovedAt.After(ready) {
		ready = i.ApprovedAt
	}
	return i.State == IssueApproved && i.HeldWhy == "" && !now.Before(i.Slot) && now.Sub(ready) < CatchUp
}

// Missed reports whether the issue is approved but its time passed too long
// ago to go out by itself.
func (i *Issue) Missed(now time.Time) bool {
	return i.State == IssueApproved && !now.Before(i.Slot) && !i.Due(now)
}

// KeepBack leaves the next step to a person: an issue being sent is held, an
// approved one does not go out by itself. Any other stays as it is.
func (i *Issue) KeepBack(why string) {
	switch i.State {
	case IssueSending:
		i.State, i.HeldWhy = IssueHeld, why
	case IssueApproved:
		i.HeldWhy = why
	}
}

// Counts are the books of one issue: what became of its copies. No reader can
// be told from them.
type Counts struct {
	Intended  int `json:"intended"`
	Waiting   int `json:"waiting"` // attempting among them
	Sent      int `json:"sent"`
	Refused   int `json:"refused"`
	Excluded  int `json:"excluded"`
	GivenUp   int `json:"given_up"`
	Withdrawn int `json:"withdrawn"`
	Uncertain int `json:"uncertain"` // copies that may have gone out twice; a mark, not a state
}

// Balanced reports whether every intended copy is accounted for.
func (c Counts) Balanced() bool {
	return c.Intended == c.Waiting+c.Sent+c.Refused+c.Excluded+c.GivenUp+c.Withdrawn
}

// Finish closes an issue none of whose copies waits.
func (i *Issue) Finish(waiting int, now time.Time) error {
	if i.State != IssueSending || waiting != 0 {
		return fmt.Errorf("finish issue %d: it is %s with %d copies waiting: %w", i.ID, i.State, waiting, ErrConflict)
	}
	i.State, i.Finished = IssueFinished, now
	return nil
}

// Where names the issue in a report: "issue 12".
func (i *Issue) Where() string { return fmt.Sprintf("issue %d", i.ID) }
