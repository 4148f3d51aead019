package news

import (
	"slices"
	"time"
	"unicode/utf8"
)

// Kin is what an item to be placed may belong to.
type Kin struct {
	Item   Item
	Before *Item  // its last version that stands in a story; nil for a new item
	Told   Story  // the story of Before
	Twins  []Item // placed items of the same page or the same text; none with Before
}

// A Placement is the story an item is put into.
type Placement struct {
	Story   Story  // with no ID: a new one
	Changed bool   // a known story that is to be saved
	Why     string // the reason, for a person; empty for a new story
}

// A Lead is a story as its leading item would have it.
type Lead struct {
	Headline  string // plain text; cut where a headline ends
	Summary   string // Markdown
	Language  string
	Link      string
	Source    SourceID
	Published time.Time
	Facts     Facts
}

// Story makes a queued story of a lead.
func (l Lead) Story(now time.Time) Story {
	s := Story{State: StoryQueued, Revision: 1, Link: l.Link, SourceID: l.Source, Created: now}
	s.take(l, now)
	s.Headline, s.Summary, s.Topics, s.Kind = headline(l), l.Summary, l.Facts.Assigned(), l.Facts.Kind
	return s
}

// take sets what no curator writes.
func (s *Story) take(l Lead, now time.Time) {
	s.Language, s.Published, s.Facts, s.Countries, s.Updated = l.Language, l.Published, l.Facts, l.Facts.Countries, now
	s.Deadline = l.Facts.Due(now)
}

func headline(l Lead) string {
	h := l.Headline
	if h == "" {
		h = l.Link
	}
	if h == "" {
		h = "(without a title)"
	}
	if utf8.RuneCountInString(h) > MaxHeadlineRunes {
		h = string([]rune(h)[:MaxHeadlineRunes-1]) + "…"
	}
	return h
}

// Due is the first deadline that has not passed; empty if there is none.
func (f *Facts) Due(now time.Time) string {
	today, due := now.UTC().Format(time.DateOnly), ""
	for _, d := range f.Deadlines {
		if d.Date >= today && (due == "" || d.Date < due) {
			due = d.Date
		}
	}
	return due
}

// LedBy reports whether the story's words come from that item.
func (s *Story) LedBy(it *Item) bool { return s.SourceID == it.Source && s.Link == it.URL }

// Follow lets a story that still waits follow an edit of its leading item from
// was to is, part by part: what a curator wrote or chose stays. It reports
// whether anything changed.
func (s *Story) Follow(was, is Lead, now time.Time) bool {
	if s.State != StoryQueued && s.State != StoryLater || s.Issue != 0 {
		return false
	}
	if s.Headline == headline(was) {
		s.Headline = headline(is)
	}
	if s.Summary == was.Summary {
		s.Summary = is.Summary
	}
	if slices.Equal(s.Topics, was.Facts.Assigned()) {
		s.Topics = is.Facts.Assigned()
	}
	if s.Kind == was.Facts.Kind {
		s.Kind = is.Facts.Kind
	}
	s.take(is, now)
	s.Link = is.Link
	s.Revision++
	return true
}
