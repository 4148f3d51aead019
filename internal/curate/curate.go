// Package curate is the desk: the queue and what a curator does with it. Each
// step reads, lets a rule of package news decide, and writes, in one go, with
// a line in the story's history that can be undone. Who may do it is for
// access to say before; what becomes of approved stories is for publish.
package curate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

// A Store is what the desk needs remembered.
type Store interface {
	Queue(ctx context.Context, f news.Filter) ([]news.Story, error)
	QueueCounts(ctx context.Context) (map[news.StoryState]int, error)
	FreeCount(ctx context.Context) (int, error)
	FacetCounts(ctx context.Context, state news.StoryState) (map[string]int, error)
	Story(ctx context.Context, id news.StoryID) (news.Story, error)
	StoryItems(ctx context.Context, id news.StoryID) ([]news.Item, error)
	StoryVersions(ctx context.Context, id news.StoryID) ([]news.Item, error)
	Decisions(ctx context.Context, id news.StoryID) ([]news.Decision, error)
	LastDecision(ctx context.Context, who string) (news.Decision, error)

	AddStory(ctx context.Context, s news.Story, d news.Decision) (news.StoryID, error)
	UpdateStories(ctx context.Context, ids []news.StoryID, d news.Decision, change func(*news.Story) error) ([]news.StoryID, error)
	Merge(ctx context.Context, into news.StoryID, from []news.StoryID, d news.Decision, rule func(into, from *news.Story) error) error
	Split(ctx context.Context, item news.ItemID, d news.Decision, rule func(from *news.Story, it news.Item) (news.Story, error)) (news.StoryID, error)
	Correct(ctx context.Context, c news.Correction, d news.Decision, change func(*news.Story, *news.Issue) error) error
	StoryCorrections(ctx context.Context, id news.StoryID) ([]news.Correction, error)
	AddNote(ctx context.Context, n news.Note) error
	Notes(ctx context.Context, id news.StoryID) ([]news.Note, error)
	Notices(ctx context.Context, who string) ([]news.Note, error)
	Noticed(ctx context.Context, who string, id news.StoryID) error
	SaveDraft(ctx context.Context, d news.Draft) error
	DropDraft(ctx context.Context, id news.StoryID, who string) error
	Drafts(ctx context.Context, id news.StoryID) ([]news.Draft, error)
	Introductions(ctx context.Context) ([]news.Introduction, error)
	IntroductionHistory(ctx context.Context, topic news.Slug, language string) ([]news.Introduction, error)
	Introduce(ctx context.Context, i news.Introduction, seen int64, line staff.AuditEntry) error
	UndoIntroduction(ctx context.Context, edit int64, who string, line func(news.Introduction) staff.AuditEntry) error
	Undo(ctx context.Context, decision int64, who string, undo func(now *news.Story, before news.Story) error) ([]news.StoryID, error)
}

// A Desk is where curators work. It is safe for concurrent use.
type Desk struct {
	store Store
	now   func() time.Time
}

// New returns the desk over a store.
func New(store Store, now func() time.Time) *Desk { return &Desk{store, now} }

// Queue lists the stories a filter chooses, newest first, and where the list
// goes on; the zero place when it ends there.
func (d *Desk) Queue(ctx context.Context, f news.Filter) ([]news.Story, news.Place, error) {
	size := f.Size()
	f.Limit = size + 1
	stories, err := d.store.Queue(ctx, f)
	if err != nil || len(stories) <= size {
		return stories, news.Place{}, err
	}
	stories = stories[:size]
	last := stories[size-1]
	return stories, news.Place{At: last.Published, Story: last.ID}, nil
}

// Counts counts the stories of each state; a count stops at a thousand.
func (d *Desk) Counts(ctx context.Context) (map[news.StoryState]int, error) {
	return d.store.QueueCounts(ctx)
}

// Free counts the approved stories that no issue holds yet.
func (d *Desk) Free(ctx context.Context) (int, error) { return d.store.FreeCount(ctx) }

// Facets counts what a state's stories can be filtered by, under the names
// news.Story.Facets gives; a count stops at a hundred.
func (d *Desk) Facets(ctx context.Context, state news.StoryState) (map[string]int, error) {
	return d.store.FacetCounts(ctx, state)
}

// Story returns one story with its history, oldest first.
func (d *Desk) Story(ctx context.Context, id news.StoryID) (news.Story, []news.Decision, error) {
	story, err := d.store.Story(ctx, id)
	if err != nil {
		return story, nil, err
	}
	history, err := d.store.Decisions(ctx, id)
	return story, history, err
}

// Begin makes a queued story with no source behind it.
func (d *Desk) Begin(ctx context.Context, who, language, link string, a news.Approval) (news.StoryID, error) {
	story, err := news.Begin(language, a, link, who, d.now())
	if err != nil {
		return 0, err
	}
	return d.store.AddStory(ctx, story, d.decision(who, "begin", ""))
}

// Approve puts a story in the next issue with what the curator made of it.
// seen is the revision the curator read; 0 asks for no comparison.
func (d *Desk) Approve(ctx context.Context, who string, id news.StoryID, seen int64, a news.Approval) error {
	return d.one(ctx, id, d.decision(who, "approve", ""), func(s *news.Story) error {
		if err := s.Unchanged(seen); err != nil {
			return err
		}
		return s.Approve(a, who, d.now())
	})
}

// Edit changes a story's texts. seen is the revision the curator read.
func (d *Desk) Edit(ctx context.Context, who string, id news.StoryID, seen int64, a news.Approval) error {
	return d.one(ctx, id, d.decision(who, "edit", ""), func(s *news.Story) error {
		if err := s.Unchanged(seen); err != nil {
			return err
		}
		return s.Edit(a, who, d.now())
	})
}

// Reject takes a story off the queue, with a reason.
func (d *Desk) Reject(ctx context.Context, who string, id news.StoryID, reason string) error {
	return d.one(ctx, id, d.decision(who, "reject", reason), func(s *news.Story) error { return s.Reject(reason, who, d.now()) })
}

// Later keeps a story without deciding.
func (d *Desk) Later(ctx context.Context, who string, id news.StoryID) error {
	return d.one(ctx, id, d.decision(who, "later", ""), func(s *news.Story) error { return s.KeepForLater(who, d.now()) })
}

// Withdraw takes an approved story away from everywhere at once.
func (d *Desk) Withdraw(ctx context.Context, who string, id news.StoryID, reason string) error {
	return d.one(ctx, id, d.decision(who, "withdraw", reason), func(s *news.Story) error { return s.Withdraw(reason, who, d.now()) })
}

// Requeue puts a story back in the queue.
func (d *Desk) Requeue(ctx context.Context, who string, id news.StoryID) error {
	return d.one(ctx, id, d.decision(who, "requeue", ""), func(s *news.Story) error { return s.Requeue(who, d.now()) })
}

// A Verb is something that can be done to many stories at once.
type Verb string

// The verbs of the queue.
const (
	Approve Verb = "approve"
	Reject  Verb = "reject"
	Later   Verb = "later"
	Requeue Verb = "requeue"
)

// All does one thing to many stories, to be undone in one go. Stories that
// somebody decided about in the meantime are left alone; those it did are
// returned.
func (d *Desk) All(ctx context.Context, who string, verb Verb, ids []news.StoryID, reason string) ([]news.StoryID, error) {
	acts := map[Verb]func(*news.Story) error{
		Approve: func(s *news.Story) error { return s.Approve(news.Approval{}, who, d.now()) },
		Reject:  func(s *news.Story) error { return s.Reject(reason, who, d.now()) },
		Later:   func(s *news.Story) error { return s.KeepForLater(who, d.now()) },
		Requeue: func(s *news.Story) error { return s.Requeue(who, d.now()) },
	}
	act, ok := acts[verb]
	if !ok {
		return nil, fmt.Errorf("%q is nothing that can be done to stories: %w", verb, news.ErrInvalid)
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("choose at least one story to %s: %w", verb, news.ErrInvalid)
	}
	return d.store.UpdateStories(ctx, distinct(ids), d.decision(who, string(verb), reason), act)
}

// Merge joins stories into the first of them by hand.
func (d *Desk) Merge(ctx context.Context, who string, ids []news.StoryID) error {
	ids = distinct(ids)
	if len(ids) < 2 {
		return fmt.Errorf("choose two stories or more to merge: %w", news.ErrInvalid)
	}
	return d.store.Merge(ctx, ids[0], ids[1:], d.decision(who, "merge", ""), func(into, from *news.Story) error {
		return into.Absorb(from, who, d.now())
	})
}

// Items are what tells a story, in their current versions, the oldest first.
func (d *Desk) Items(ctx context.Context, id news.StoryID) ([]news.Item, error) {
	return d.store.StoryItems(ctx, id)
}

// Versions are what the items of a story said before their publishers changed
// them, the oldest first.
func (d *Desk) Versions(ctx context.Context, id news.StoryID) ([]news.Item, error) {
	return d.store.StoryVersions(ctx, id)
}

// Split makes a queued story of one of several items that tell a story.
func (d *Desk) Split(ctx context.Context, who string, item news.ItemID) (news.StoryID, error) {
	return d.store.Split(ctx, item, d.decision(who, "split", ""), func(from *news.Story, it news.Item) (news.Story, error) {
		return from.Split(&it, d.now())
	})
}

// Undo takes back a decision and those made in one go with it.
func (d *Desk) Undo(ctx context.Context, who string, decision int64) ([]news.StoryID, error) {
	return d.store.Undo(ctx, decision, who, func(s *news.Story, before news.Story) error { return s.Undo(before, d.now()) })
}

// Last is what an account decided last and could take back; its ID is zero
// when there is nothing.
func (d *Desk) Last(ctx context.Context, who string) (news.Decision, error) {
	last, err := d.store.LastDecision(ctx, who)
	if errors.Is(err, news.ErrNotFound) {
		return news.Decision{}, nil
	}
	return last, err
}

// one changes one story, and reports a refusal that many would pass over.
func (d *Desk) one(ctx context.Context, id news.StoryID, decision news.Decision, change func(*news.Story) error) error {
	var refused error
	done, err := d.store.UpdateStories(ctx, []news.StoryID{id}, decision, func(s *news.Story) error {
		refused = change(s)
		return refused
	})
	if err == nil && len(done) == 0 {
		return refused
	}
	return err
}

func (d *Desk) decision(who, what, reason string) news.Decision {
	return news.Decision{At: d.now(), Who: who, What: what, Reason: reason}
}

// distinct drops what stands twice and keeps the order.
func distinct(ids []news.StoryID) []news.StoryID {
	var out []news.StoryID
	for _, id := range ids {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
