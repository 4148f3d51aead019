package news

import (
	"fmt"
	"strings"
	"time"
)

// A Place is where a story stands in a list that runs newest first: the list
// goes on after it. The zero Place is the top.
type Place struct {
	At    time.Time
	Story StoryID
}

// A Filter chooses stories of one state for a page of the desk. Empty fields
// choose everything.
type Filter struct {
	State    StoryState // empty = queued
	Topic    Slug
	Source   SourceID
	Language string // BCP 47, exact
	Country  string // ISO 3166-1 alpha-2
	Kind     Kind
	Due      bool   // only with a deadline
	Assigned string // account that looks after it
	Begun    string // account that began it
	Query    string // words a story must hold, as a person typed them
	Open     bool   // leaves out what an embargo keeps back,
	Own      string // but not what this account began or looks after
	After    Place
	Limit    int // 0 = DefaultPage
}

// DefaultPage is how many stories a page of the desk lists, MaxPage how many
// it can be asked for.
const (
	DefaultPage = 50
	MaxPage     = 200
)

// Size is the number of stories asked for, within bounds.
func (f Filter) Size() int {
	if f.Limit <= 0 {
		return DefaultPage
	}
	return min(f.Limit, MaxPage)
}

// Facets are the short names under which a story can be found, as
// "topic:torture", "language:ar", "country:UA", "source:12", "kind:report",
// "due:yes".
func (s *Story) Facets() []string {
	out := []string{"language:" + s.Language}
	for _, t := range s.Topics {
		out = append(out, "topic:"+string(t))
	}
	for _, c := range s.Countries {
		out = append(out, "country:"+c)
	}
	if s.SourceID != 0 {
		out = append(out, fmt.Sprintf("source:%d", s.SourceID))
	}
	if s.Kind != "" {
		out = append(out, "kind:"+string(s.Kind))
	}
	if s.Deadline != "" {
		out = append(out, "due:yes")
	}
	if s.Assigned != "" {
		out = append(out, "assigned:"+s.Assigned)
	}
	if s.BegunBy != "" {
		out = append(out, "begun:"+s.BegunBy)
	}
	return out
}

// Facets are the facets a story must have to pass the filter.
func (f Filter) Facets() []string {
	var out []string
	add := func(name, value string) {
		if value != "" {
			out = append(out, name+":"+value)
		}
	}
	add("topic", string(f.Topic))
	if f.Source != 0 {
		add("source", fmt.Sprint(int64(f.Source)))
	}
	add("country", f.Country)
	add("kind", string(f.Kind))
	add("language", f.Language)
	if f.Due {
		add("due", "yes")
	}
	add("assigned", f.Assigned)
	add("begun", f.Begun)
	return out
}

// Begin makes a story at the desk, with no item behind it: our own letter,
// campaign or appointment, or a page a curator pasted the link of.
func Begin(language string, a Approval, link, who string, now time.Time) (Story, error) {
	s := Story{State: StoryQueued, Language: language, Link: strings.TrimSpace(link), Published: now, Created: now, BegunBy: who}
	if s.Link != "" {
		if err := checkAddress(s.Link); err != nil {
			return Story{}, wrong("link", fmt.Errorf("the link %w: %w", err, ErrInvalid))
		}
	}
	if language == "" {
		return Story{}, wrong("language", fmt.Errorf("a story needs a language: %w", ErrInvalid))
	}
	if err := s.Edit(a, who, now); err != nil {
		return Story{}, fmt.Errorf("begin a story: %w", err)
	}
	return s, nil
}

// Withdraw takes an approved story away from everywhere at once, with a
// reason. It does not come back: what was right in it begins as another story.
func (s *Story) Withdraw(reason, who string, now time.Time) error {
	reason = strings.TrimSpace(reason)
	switch {
	case s.State != StoryApproved:
		return fmt.Errorf("withdraw story %d: it is %s: %w", s.ID, s.State, ErrConflict)
	case reason == "":
		return wrong("why", fmt.Errorf("say why it is withdrawn: %w", ErrInvalid))
	}
	s.decide(StoryWithdrawn, reason, who, now)
	s.Revision++
	s.Updated = now
	return nil
}

// Unchanged returns an error wrapping ErrConflict unless the story is still at
// the revision somebody read; 0 asks for no comparison.
func (s *Story) Unchanged(seen int64) error {
	if seen != 0 && seen != s.Revision {
		return fmt.Errorf("story %d: somebody changed it since you opened it: %w", s.ID, ErrConflict)
	}
	return nil
}

// Undo puts the desk's side of the story back to how it stood before a
// decision; what publishers say in the meantime stays. A story that an issue
// holds, or that was withdrawn, must leave that first.
func (s *Story) Undo(before Story, now time.Time) error {
	switch {
	case s.State == StoryWithdrawn:
		return fmt.Errorf("undo on story %d: it is %s: %w", s.ID, s.State, ErrConflict)
	case s.Issue != 0 && (before.State != StoryApproved || before.Held(now)):
		return fmt.Errorf("undo on story %d: it stands in an issue, take it out there first: %w", s.ID, ErrConflict)
	}
	if s.Issue == 0 {
		s.Slug, s.ApprovedAt = before.Slug, before.ApprovedAt
	}
	s.State, s.Reason, s.DecidedBy, s.DecidedAt = before.State, before.Reason, before.DecidedBy, before.DecidedAt
	s.Headline, s.Summary, s.Commentary, s.By, s.Texts = before.Headline, before.Summary, before.Commentary, before.By, before.Texts
	s.Topics, s.ForAll, s.Kind, s.Into = before.Topics, before.ForAll, before.Kind, before.Into
	s.Quotes, s.Further, s.Assigned, s.Embargo, s.NamesChecked = before.Quotes, before.Further, before.Assigned, before.Embargo, before.NamesChecked
	s.Revision++
	s.Updated = now
	return nil
}

// Absorb joins other into s by hand: other's items become s's, other is no
// longer decided about. It returns an error wrapping ErrConflict when one of
// them cannot move.
func (s *Story) Absorb(other *Story, who string, now time.Time) error {
	switch {
	case s.ID == other.ID:
		return fmt.Errorf("merge story %d: into itself: %w", s.ID, ErrConflict)
	case s.State == StoryWithdrawn || s.State == StoryMerged:
		return fmt.Errorf("merge into story %d: it is %s: %w", s.ID, s.State, ErrConflict)
	case other.Held(now) && !s.Held(now):
		return fmt.Errorf("merge story %d: it is under embargo, lift that first: %w", other.ID, ErrConflict)
	case other.State == StoryApproved || other.State == StoryWithdrawn || other.State == StoryMerged:
		return fmt.Errorf("merge story %d: it is %s: %w", other.ID, other.State, ErrConflict)
	}
	other.decide(StoryMerged, "", who, now)
	other.Into = s.ID
	for _, changed := range []*Story{s, other} {
		changed.Revision++
		changed.Updated = now
	}
	return nil
}

// Split makes a queued story of one of several items that tell s. The item
// that s took its own words from stays.
func (s *Story) Split(it *Item, now time.Time) (Story, error) {
	switch {
	case it.Story != s.ID:
		return Story{}, fmt.Errorf("split story %d: item %d is not part of it: %w", s.ID, it.ID, ErrConflict)
	case s.Items < 2:
		return Story{}, fmt.Errorf("split story %d: only one item tells it: %w", s.ID, ErrConflict)
	case s.LedBy(it):
		return Story{}, fmt.Errorf("split story %d: its headline and link come from this item, take the others out instead: %w", s.ID, ErrConflict)
	}
	s.Revision++
	s.Updated = now
	next := Story{State: StoryQueued, Language: it.Language, Headline: it.Title, Link: it.URL, SourceID: it.Source, Published: it.Age(),
		Topics: s.Topics, Kind: s.Kind, Countries: s.Countries, Revision: 1, Created: now, Updated: now, Embargo: s.Embargo}
	return next, nil
}
