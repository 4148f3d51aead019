package news

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// StoryID numbers a stored Story; zero until stored.
type StoryID int64

// A StoryState is where a story stands at the desk.
type StoryState string

// The states of a story.
const (
	StoryQueued    StoryState = "queued"    // waits for a curator
	StoryLater     StoryState = "later"     // kept for later by a curator
	StoryApproved  StoryState = "approved"  // goes into the next issue, or went
	StoryRejected  StoryState = "rejected"  // not for our readers, with a reason
	StoryWithdrawn StoryState = "withdrawn" // was public, is so no more, at any exit
	StoryMerged    StoryState = "merged"    // joined into another by hand; that one is decided about
)

// StoryStates lists the states in the order the desk shows them; a merged
// story is found through the one it went into.
func StoryStates() []StoryState {
	return []StoryState{StoryQueued, StoryLater, StoryApproved, StoryRejected, StoryWithdrawn}
}

// A Story is what one or more items tell, as the desk sees it. Its texts start
// as the leading item has them; approving freezes what the curator made of it.
type Story struct {
	ID       StoryID
	State    StoryState
	Revision int64  // grows with every change: two people editing see each other
	Slug     string // public name, set on approval, never changed after
	Language string // BCP 47 of the leading text
	Headline string // plain text
	Summary  string // Markdown; may be empty
	// Commentary is IFHHRO's own word on the story, Markdown; may be empty.
	Commentary string
	By         string // who signs the commentary; empty without one
	Texts      []StoryText
	Quotes     []Quote     // chosen for readers, as they stand in the source
	Further    []Reference // worth reading beside it
	Credits    []Credit    // who published it, the leading one first; empty where only SourceName is known
	Also       []Alternate // the page in other languages
	Link       string      // the page a reader is sent to; empty for stories begun at the desk
	SourceID   SourceID
	SourceName string
	Published  time.Time // the leading item's age
	Kind       Kind
	Topics     []Slug // chosen or assigned
	ForAll     bool   // goes to every reader, whatever they chose
	Countries  []string
	Deadline   string // 2006-01-02; empty if none
	Facts      Facts  // what the classifier said, kept for its reasons
	Reason     string // why rejected or withdrawn
	DecidedBy  string // desk account of the last decision; empty while queued
	DecidedAt  time.Time
	ApprovedAt time.Time // first approval; part of the public id, never changed
	Issue      IssueID   // the issue that holds it; zero while in none
	Into       StoryID   // the story it was merged into; zero unless merged
	BegunBy    string    // who began it at the desk; empty when a source did
	Assigned   string    // desk account that looks after it; may be empty
	Embargo    time.Time // at no exit before this; zero = none
	// NamesChecked: somebody made sure that the persons named may be named.
	NamesChecked bool
	Items        int // how many items tell it
	Created      time.Time
	Updated      time.Time
}

// A StoryText is the desk's text of a story in a language other than the
// story's own.
type StoryText struct {
	Language   string
	Headline   string
	Summary    string
	Commentary string
}

// In returns the story's text in a language, falling back to its own language.
func (s *Story) In(language string) StoryText {
	for _, t := range s.Texts {
		if t.Language == language {
			return t
		}
	}
	return StoryText{s.Language, s.Headline, s.Summary, s.Commentary}
}

// Limits on what a curator writes.
const (
	MaxHeadlineRunes = 300
	MaxTextBytes     = 64 << 10
)

// An Approval is what a curator decides about a story. Nil fields leave the
// story as it is.
type Approval struct {
	Headline   *string
	Summary    *string
	Commentary *string
	Topics     *[]Slug
	ForAll     *bool
	Kind       *Kind
	Writing    Writing
}

// Edit changes the texts of a story that is not withdrawn. It returns an error
// wrapping ErrInvalid or ErrConflict and then changes nothing.
func (s *Story) Edit(a Approval, who string, now time.Time) error {
	if s.State == StoryWithdrawn || s.State == StoryMerged {
		return fmt.Errorf("edit story %d: it is %s: %w", s.ID, s.State, ErrConflict)
	}
	next := *s
	if a.Headline != nil {
		next.Headline = strings.Join(strings.Fields(*a.Headline), " ")
	}
	if a.Summary != nil {
		next.Summary = strings.TrimSpace(*a.Summary)
	}
	if a.Commentary != nil {
		// Who wrote it signs it, not who saved it unchanged.
		if next.Commentary = strings.TrimSpace(*a.Commentary); next.Commentary != s.Commentary {
			next.By = who
		}
		if next.Commentary == "" {
			next.By = ""
		}
	}
	if a.Topics != nil {
		next.Topics = *a.Topics
	}
	if a.ForAll != nil {
		next.ForAll = *a.ForAll
	}
	if a.Kind != nil {
		next.Kind = *a.Kind
	}
	if err := errors.Join(next.check(), next.write(a.Writing)); err != nil {
		return fmt.Errorf("story %d: %w", s.ID, err)
	}
	next.Updated = now
	next.Revision++
	*s = next
	return nil
}

// check looks at the story's own words.
func (s *Story) check() error {
	text := StoryText{Headline: s.Headline, Summary: s.Summary, Commentary: s.Commentary}
	errs := []error{text.check(""), wrong("topic", CheckTopics(s.Topics))}
	if s.Headline == "" {
		errs = append(errs, wrong("headline", fmt.Errorf("a story needs a headline: %w", ErrInvalid)))
	}
	if s.Kind != "" && !s.Kind.Known() {
		errs = append(errs, wrong("kind", fmt.Errorf("kind %q: %w", s.Kind, ErrInvalid)))
	}
	return errors.Join(errs...)
}

// check looks at the lengths of a text. The names of its fields begin with
// prefix.
func (t *StoryText) check(prefix string) error {
	var errs []error
	if n := utf8.RuneCountInString(t.Headline); n > MaxHeadlineRunes {
		errs = append(errs, wrong(prefix+"headline", fmt.Errorf("the headline is %d characters long, %d are the most: %w", n, MaxHeadlineRunes, ErrInvalid)))
	}
	for _, long := range [][2]string{{"summary", t.Summary}, {"commentary", t.Commentary}} {
		if len(long[1]) > MaxTextBytes {
			errs = append(errs, wrong(prefix+long[0], fmt.Errorf("the %s is longer than %d KB: %w", long[0], MaxTextBytes>>10, ErrInvalid)))
		}
	}
	return errors.Join(errs...)
}

// Approve puts a queued, kept or rejected story in the next issue with what
// the curator made of it. It returns an error wrapping ErrConflict when the
// story is approved already or withdrawn.
func (s *Story) Approve(a Approval, who string, now time.Time) error {
	switch s.State {
	case StoryQueued, StoryLater, StoryRejected:
	default:
		return fmt.Errorf("approve story %d: it is %s: %w", s.ID, s.State, ErrConflict)
	}
	if err := s.Edit(a, who, now); err != nil {
		return err
	}
	s.decide(StoryApproved, "", who, now)
	if s.ApprovedAt.IsZero() {
		s.ApprovedAt = now
		s.Slug = Slugify(s.Headline)
	}
	return nil
}

// Reject takes a story that is in no issue off the queue, with a reason.
func (s *Story) Reject(reason, who string, now time.Time) error {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return wrong("own", fmt.Errorf("say why, the reason teaches the desk: %w", ErrInvalid))
	}
	return s.leaveQueue("reject", StoryRejected, reason, who, now)
}

// KeepForLater sets a story aside without deciding.
func (s *Story) KeepForLater(who string, now time.Time) error {
	return s.leaveQueue("keep", StoryLater, "", who, now)
}

// Requeue undoes a decision: the story waits for a curator again. A story that
// an issue already holds must be taken out of it first.
func (s *Story) Requeue(who string, now time.Time) error {
	return s.leaveQueue("requeue", StoryQueued, "", who, now)
}

func (s *Story) leaveQueue(verb string, to StoryState, reason, who string, now time.Time) error {
	switch {
	case s.State == StoryWithdrawn || s.State == StoryMerged || s.State == to:
		return fmt.Errorf("%s story %d: it is %s: %w", verb, s.ID, s.State, ErrConflict)
	case s.Issue != 0:
		return fmt.Errorf("%s story %d: it stands in an issue, take it out there first: %w", verb, s.ID, ErrConflict)
	}
	s.decide(to, reason, who, now)
	s.Revision++
	s.Updated = now
	return nil
}

func (s *Story) decide(to StoryState, reason, who string, now time.Time) {
	s.State, s.Reason, s.DecidedBy, s.DecidedAt = to, reason, who, now
}

// JoinIssue puts the story into an issue. It returns an error wrapping
// ErrConflict unless the story is approved, under no embargo and in no other
// issue: no reader gets it twice, or before its time.
func (s *Story) JoinIssue(id IssueID, now time.Time) error {
	switch {
	case s.Held(now):
		return fmt.Errorf("story %d is under embargo until %s: %w", s.ID, s.Embargo.Format(time.RFC3339), ErrConflict)
	case s.State != StoryApproved:
		return fmt.Errorf("story %d cannot go into an issue: it is %s: %w", s.ID, s.State, ErrConflict)
	case s.Issue != 0 && s.Issue != id:
		return fmt.Errorf("story %d stands in another issue: %w", s.ID, ErrConflict)
	}
	s.Issue = id
	return nil
}

// LeaveIssue frees the story for another issue.
func (s *Story) LeaveIssue() { s.Issue = 0 }

// GoesTo reports whether a reader who chose these topics gets the story:
// a story with no topic, or for all, goes to everyone; no topic chosen is all.
func (s *Story) GoesTo(chosen []Slug) bool {
	if s.ForAll || len(s.Topics) == 0 || len(chosen) == 0 {
		return true
	}
	for _, t := range s.Topics {
		for _, c := range chosen {
			if t == c {
				return true
			}
		}
	}
	return false
}

// Public reports whether the story may be seen outside the desk: it is
// approved, the issue that holds it was frozen, and no embargo lasts.
func (s *Story) Public(frozen bool, now time.Time) bool {
	return s.State == StoryApproved && frozen && !s.Embargo.After(now)
}

// Name is the story's public name, "2026-11-21-headline-in-short", which never
// changes once it is approved.
func (s *Story) Name() string {
	if s.ApprovedAt.IsZero() {
		return ""
	}
	return s.ApprovedAt.UTC().Format(time.DateOnly) + "-" + s.Slug
}

// Undoable returns an error wrapping ErrConflict for what cannot be taken back:
// the beginning, and a correction, which readers were told.
func (d *Decision) Undoable() error {
	if d.What == "begin" || d.What == "correct" {
		return fmt.Errorf("undo decision %d: what was done to story %d cannot be taken back (%s): %w", d.ID, d.Story, d.What, ErrConflict)
	}
	return nil
}

// A Decision is one line of a story's history.
type Decision struct {
	ID       int64
	Story    StoryID
	At       time.Time
	Who      string // desk account
	What     string // begin, approve, reject, later, requeue, edit, merge, split
	Reason   string
	Batch    int64   // the first decision of those made in one go; 0 when alone
	Other    StoryID // merge: what it went into; split: what came out
	Undone   bool
	UndoneBy string
}
