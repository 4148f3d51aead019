package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
)

func teaching(t *testing.T, open Opener) {
	t.Run("a story teaches what was last decided about it", func(t *testing.T) { lessons(t, open(t)) })
	t.Run("the lexicon is edited and given back", func(t *testing.T) { lexicon(t, open(t)) })
}

// told puts items of one source into stories of their own.
func told(t *testing.T, s *store.Store, keys ...string) (stories []news.StoryID, items []news.ItemID) {
	t.Helper()
	sync1(t, s, aSource("a"))
	var brought []news.Item
	for _, k := range keys {
		brought = append(brought, anItem(k, "text of "+k))
	}
	poll(t, s, "a", noon, brought, nil)
	waiting, err := s.Unplaced(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range waiting {
		stories, items = append(stories, place(t, s, it.ID, aNewStory)), append(items, it.ID)
	}
	return stories, items
}

// decided lets anna decide about a story and returns the decision's number.
func decided(t *testing.T, s *store.Store, id news.StoryID, what, reason string, act func(*news.Story) error) int64 {
	t.Helper()
	if _, err := s.UpdateStories(t.Context(), []news.StoryID{id}, news.Decision{At: noon, Who: "anna", What: what, Reason: reason}, act); err != nil {
		t.Fatal(err)
	}
	last, err := s.LastDecision(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	return last.ID
}

func lessons(t *testing.T, s *store.Store) {
	stories, items := told(t, s, "one", "two", "three")
	topics := func(slugs ...news.Slug) news.Approval { return news.Approval{Topics: &slugs} }
	approve := func(id news.StoryID, a news.Approval) int64 {
		return decided(t, s, id, "approve", "", func(st *news.Story) error { return st.Approve(a, "anna", noon) })
	}
	edit := func(id news.StoryID, a news.Approval) int64 {
		return decided(t, s, id, "edit", "", func(st *news.Story) error { return st.Edit(a, "anna", noon) })
	}
	rejected := func(id news.StoryID, why string) int64 {
		return decided(t, s, id, "reject", why, func(st *news.Story) error { return st.Reject(why, "anna", noon) })
	}
	before := int64(-1)
	want := func(what string, lessons ...news.Lesson) {
		t.Helper()
		got, err := s.Lessons(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(lessons, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
		n, err := s.Taught(t.Context())
		if err != nil || n <= before {
			t.Errorf("%s: Taught = %d after %d, %v", what, n, before, err)
		}
		before = n
	}
	want("nothing decided")
	first := approve(stories[0], topics("torture", "children"))
	one := news.Lesson{Decision: first, Item: items[0], Topics: []news.Slug{"torture", "children"}}
	want("approved", one)
	off := rejected(stories[1], "Not about health and human rights")
	two := news.Lesson{Decision: off, Item: items[1], Rejected: true}
	want("one rejected, too", one, two)
	rejected(stories[2], "Too old")
	want("too old says nothing of the subject", one, two)

	headline := "Another headline"
	edit(stories[0], news.Approval{Headline: &headline})
	last := edit(stories[0], topics("torture"))
	want("topics corrected", two, news.Lesson{Decision: last, Item: items[0], Topics: []news.Slug{"torture"}})
	if err := undo(t, s, last); err != nil {
		t.Fatal(err)
	}
	want("and back", one, two)
	poll(t, s, "a", noon, []news.Item{anItem("one", "another text")}, nil)
	if err := undo(t, s, off); err != nil {
		t.Fatal(err)
	}
	want("an edit of the publisher changes no lesson", one)
	decided(t, s, stories[0], "requeue", "", func(st *news.Story) error { return st.Requeue("anna", noon) })
	want("back in the queue")
}

func lexicon(t *testing.T, s *store.Store) {
	line := staff.AuditEntry{At: noon, Who: "anna", What: "edit lexicon", Subject: "lexicon torture fr"}
	edit := func(lines string, seen int64) error {
		return s.EditLexicon(t.Context(), news.LexiconEdit{Topic: "torture", Language: "fr", Lines: lines, Who: "anna", At: noon}, seen, line)
	}
	undo := func(id int64) error {
		return s.UndoLexicon(t.Context(), id, "bert", func(e news.LexiconEdit) staff.AuditEntry {
			return staff.AuditEntry{At: noon, Who: "bert", What: "undo lexicon edit", Subject: "lexicon " + string(e.Topic)}
		})
	}
	inForce := func(want string) int64 {
		t.Helper()
		all, err := s.Lexicon(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, id := "", int64(0)
		for _, e := range all {
			got, id = got+e.Lines, e.ID
		}
		if got != want {
			t.Errorf("in force: %q, want %q", got, want)
		}
		return id
	}
	inForce("")
	if err := edit("3 one", 0); err != nil {
		t.Fatal(err)
	}
	first := inForce("3 one")
	if err := edit("3 lost", 0); !errors.Is(err, news.ErrConflict) {
		t.Errorf("an edit over one not seen = %v, want ErrConflict", err)
	}
	if err := edit("3 two", first); err != nil {
		t.Fatal(err)
	}
	second := inForce("3 two")
	if err := undo(first); !errors.Is(err, news.ErrConflict) {
		t.Errorf("undo of an older edit = %v, want ErrConflict", err)
	}
	if err := undo(second); err != nil {
		t.Fatal(err)
	}
	inForce("3 one")
	if err := edit("", first); err != nil { // the shipped ones again
		t.Fatal(err)
	}
	inForce("")
	history, err := s.LexiconHistory(t.Context(), "torture", "fr")
	if err != nil || len(history) != 3 || !history[1].Undone || history[1].UndoneBy != "bert" || history[2].Lines != "3 one" {
		t.Errorf("history = %+v, %v", history, err)
	}
	log, err := s.AuditLog(t.Context(), "lexicon", 0, 10)
	if err != nil || len(log) != 4 {
		t.Errorf("%d lines in the audit log, %v; want 4", len(log), err)
	}
	if n, err := s.Taught(t.Context()); err != nil || n != 4 {
		t.Errorf("Taught = %d, %v; want 4", n, err)
	}
}
