package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
)

func desk(t *testing.T, open Opener) {
	t.Run("the queue pages newest first without gap or repeat", func(t *testing.T) { queuePages(t, open(t)) })
	t.Run("filters combine", func(t *testing.T) { queueFilters(t, open(t)) })
	t.Run("search", func(t *testing.T) { queueSearch(t, open(t)) })
	t.Run("counts", func(t *testing.T) { queueCounts(t, open(t)) })
	t.Run("many at once, undone at once", func(t *testing.T) { bulkUndo(t, open(t)) })
	t.Run("undo in order only", func(t *testing.T) { undoInOrder(t, open(t)) })
	t.Run("split and back", func(t *testing.T) { splitUndo(t, open(t)) })
	t.Run("rhythm", func(t *testing.T) { rhythm(t, open(t)) })
	t.Run("merge and back", func(t *testing.T) { mergeUndo(t, open(t)) })
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// addStory stores a queued story, age minutes old at noon.
func addStory(t *testing.T, s *store.Store, age int, change func(*news.Story)) news.StoryID {
	t.Helper()
	story := news.Story{State: news.StoryQueued, Language: "en", Headline: fmt.Sprintf("Story of %d minutes", age),
		Published: noon.Add(-time.Duration(age) * time.Minute), Created: noon, Updated: noon}
	if change != nil {
		change(&story)
	}
	id, err := s.AddStory(t.Context(), story, news.Decision{At: noon, Who: "anna", What: "begin"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func queued(t *testing.T, s *store.Store, f news.Filter) []news.StoryID {
	t.Helper()
	stories, err := s.Queue(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	var ids []news.StoryID
	for _, story := range stories {
		ids = append(ids, story.ID)
	}
	return ids
}

func queuePages(t *testing.T, s *store.Store) {
	var want []news.StoryID
	for i := range 9 {
		// Three share each age: the id decides between them.
		want = append(want, addStory(t, s, 100-i/3, func(st *news.Story) { st.Topics = []news.Slug{"torture"} }))
	}
	for i, j := 0, len(want)-1; i < j; i, j = i+1, j-1 {
		want[i], want[j] = want[j], want[i]
	}
	for _, f := range []news.Filter{{}, {Topic: "torture"}} {
		var got []news.StoryID
		f.Limit = 2
		for range 10 {
			page, err := s.Queue(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			for _, story := range page {
				got = append(got, story.ID)
				f.After = news.Place{At: story.Published, Story: story.ID}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pages of %+v (-want +got):\n%s", f, diff)
		}
	}
}

func queueFilters(t *testing.T, s *store.Store) {
	arabic := addStory(t, s, 1, func(st *news.Story) {
		st.Language, st.Kind, st.Topics, st.Countries = "ar", "report", []news.Slug{"torture", "prison-health"}, []string{"SY", "LB"}
	})
	english := addStory(t, s, 2, func(st *news.Story) { st.Topics, st.Deadline = []news.Slug{"torture"}, "2026-12-01" })
	kept := addStory(t, s, 3, func(st *news.Story) { st.State, st.Topics = news.StoryLater, []news.Slug{"torture"} })
	for _, tt := range []struct {
		f    news.Filter
		want []news.StoryID
	}{
		{news.Filter{}, []news.StoryID{arabic, english}},
		{news.Filter{Topic: "torture"}, []news.StoryID{arabic, english}},
		{news.Filter{Topic: "torture", Language: "ar"}, []news.StoryID{arabic}},
		{news.Filter{Country: "LB", Kind: "report", Topic: "prison-health"}, []news.StoryID{arabic}},
		{news.Filter{Due: true}, []news.StoryID{english}},
		{news.Filter{Country: "FR"}, nil},
		{news.Filter{State: news.StoryLater, Topic: "torture"}, []news.StoryID{kept}},
	} {
		if diff := cmp.Diff(tt.want, queued(t, s, tt.f)); diff != "" {
			t.Errorf("Queue(%+v) (-want +got):\n%s", tt.f, diff)
		}
	}
}

func queueSearch(t *testing.T, s *store.Store) {
	nurse := addStory(t, s, 1, func(st *news.Story) {
		st.Headline, st.Summary, st.Topics = "Nurses detained", "Two hospitals were raided.", []news.Slug{"torture"}
	})
	french := addStory(t, s, 2, func(st *news.Story) { st.Language, st.Headline = "fr", "Des infirmières arrêtées à l’hôpital" })
	bare := addStory(t, s, 6, func(st *news.Story) { st.Language, st.Headline = "fr", "Une infirmiere liberee a Geneve" })
	spanish := addStory(t, s, 7, func(st *news.Story) { st.Language, st.Headline = "es", "Médicos en prisión" })
	russian := addStory(t, s, 8, func(st *news.Story) { st.Language, st.Headline = "ru", "Ребёнок без врача" })
	arabic := addStory(t, s, 3, func(st *news.Story) { st.Language, st.Headline = "ar", "قصف المستشفى في المدينة" })
	chinese := addStory(t, s, 4, func(st *news.Story) { st.Language, st.Headline = "zh", "世界艾滋病日" })
	done := addStory(t, s, 5, func(st *news.Story) { st.State, st.Headline = news.StoryRejected, "Another nurse" })
	for _, tt := range []struct {
		f    news.Filter
		want []news.StoryID
	}{
		{news.Filter{Query: "nurse"}, []news.StoryID{nurse}},
		{news.Filter{Query: "HOSPITAL nurses", Topic: "torture"}, []news.StoryID{nurse}},
		{news.Filter{Query: "nurse", Topic: "abortion"}, nil},
		{news.Filter{Query: "nurse", State: news.StoryRejected}, []news.StoryID{done}},
		// With or without its marks, a word finds both, in any of its forms.
		{news.Filter{Query: "infirmière"}, []news.StoryID{bare, french}},
		{news.Filter{Query: "infirmiere"}, []news.StoryID{bare, french}},
		{news.Filter{Query: "infirmières"}, []news.StoryID{bare, french}},
		{news.Filter{Query: "INFIRMIERES"}, []news.StoryID{bare, french}},
		{news.Filter{Query: "infirmieres", Language: "fr"}, []news.StoryID{bare, french}},
		{news.Filter{Query: "liberée"}, []news.StoryID{bare}},
		{news.Filter{Query: "Genève"}, []news.StoryID{bare}},
		{news.Filter{Query: "hopital arretees"}, []news.StoryID{french}},
		{news.Filter{Query: "medico prision"}, []news.StoryID{spanish}},
		{news.Filter{Query: "prisiones"}, []news.StoryID{spanish}},
		{news.Filter{Query: "ребенок врач"}, []news.StoryID{russian}},
		{news.Filter{Query: "مستشفى"}, []news.StoryID{arabic}},
		{news.Filter{Query: "艾滋"}, []news.StoryID{chinese}},
		{news.Filter{Query: `"(*:^ OR NEAR`}, nil},
		{news.Filter{Query: "?!"}, nil},
	} {
		if diff := cmp.Diff(tt.want, queued(t, s, tt.f)); diff != "" {
			t.Errorf("Queue(%+v) (-want +got):\n%s", tt.f, diff)
		}
	}
	reject(t, s, nurse)
	if got := queued(t, s, news.Filter{Query: "nurse"}); len(got) != 0 {
		t.Errorf("a rejected story is found in the queue: %v", got)
	}
}

func queueCounts(t *testing.T, s *store.Store) {
	addStory(t, s, 1, func(st *news.Story) { st.Topics = []news.Slug{"torture"} })
	addStory(t, s, 2, func(st *news.Story) { st.Language = "fr" })
	addStory(t, s, 3, func(st *news.Story) { st.State = news.StoryRejected })
	counts, err := s.QueueCounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[news.StoryState]int{news.StoryQueued: 2, news.StoryLater: 0, news.StoryApproved: 0, news.StoryRejected: 1, news.StoryWithdrawn: 0}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("QueueCounts (-want +got):\n%s", diff)
	}
	facets, err := s.FacetCounts(t.Context(), news.StoryQueued)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"language:en": 1, "language:fr": 1, "topic:torture": 1}, facets); diff != "" {
		t.Errorf("FacetCounts (-want +got):\n%s", diff)
	}
}

func reject(t *testing.T, s *store.Store, ids ...news.StoryID) []news.StoryID {
	t.Helper()
	done, err := s.UpdateStories(t.Context(), ids, news.Decision{At: noon, Who: "anna", What: "reject", Reason: "off topic"},
		func(st *news.Story) error { return st.Reject("off topic", "anna", noon) })
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func undo(t *testing.T, s *store.Store, decision int64) error {
	t.Helper()
	_, err := s.Undo(t.Context(), decision, "bert", func(st *news.Story, before news.Story) error { return st.Undo(before, noon) })
	return err
}

func bulkUndo(t *testing.T, s *store.Store) {
	a, b, c := addStory(t, s, 1, nil), addStory(t, s, 2, nil), addStory(t, s, 3, nil)
	reject(t, s, b)
	if diff := cmp.Diff([]news.StoryID{a, c}, reject(t, s, a, b, c)); diff != "" {
		t.Errorf("rejected in one go, one of three rejected before (-want +got):\n%s", diff)
	}
	last, err := s.LastDecision(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	if err := undo(t, s, last.ID); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]news.StoryID{a, c}, queued(t, s, news.Filter{})); diff != "" {
		t.Errorf("queue after undo (-want +got):\n%s", diff)
	}
	if err := undo(t, s, last.ID); !errors.Is(err, news.ErrConflict) {
		t.Errorf("undo twice = %v, want a conflict", err)
	}
	history, err := s.Decisions(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if len(history) != 2 || !history[1].Undone || history[1].UndoneBy != "bert" || history[1].Reason != "off topic" {
		t.Errorf("history = %+v, want begin and a reject undone by bert", history)
	}
}

func undoInOrder(t *testing.T, s *store.Store) {
	a := addStory(t, s, 1, nil)
	reject(t, s, a)
	first, err := s.LastDecision(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.UpdateStories(t.Context(), []news.StoryID{a}, news.Decision{At: noon, Who: "bert", What: "approve"},
		func(st *news.Story) error { return st.Approve(news.Approval{}, "bert", noon) }); err != nil {
		t.Fatal(err)
	}
	if err := undo(t, s, first.ID); !errors.Is(err, news.ErrConflict) {
		t.Errorf("undo below a later decision = %v, want a conflict", err)
	}
	if err := undo(t, s, first.ID+1000); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("undo of nothing = %v, want not found", err)
	}
}

func mergeUndo(t *testing.T, s *store.Store) {
	home, other := addStory(t, s, 1, nil), addStory(t, s, 2, nil)
	rule := func(into, from *news.Story) error { return into.Absorb(from, "anna", noon) }
	merge := func() error {
		return s.Merge(t.Context(), home, []news.StoryID{other}, news.Decision{At: noon, Who: "anna", What: "merge"}, rule)
	}
	if err := merge(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]news.StoryID{home}, queued(t, s, news.Filter{})); diff != "" {
		t.Errorf("queue after merge (-want +got):\n%s", diff)
	}
	if err := merge(); !errors.Is(err, news.ErrConflict) {
		t.Errorf("merge twice = %v, want a conflict", err)
	}
	history, err := s.Decisions(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	last := history[len(history)-1]
	if last.What != "merge" || last.Story != other || last.Other != home {
		t.Errorf("history of the story merged into ends with %+v", last)
	}
	if err := undo(t, s, last.ID); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]news.StoryID{home, other}, queued(t, s, news.Filter{})); diff != "" {
		t.Errorf("queue after undo (-want +got):\n%s", diff)
	}
}

func splitUndo(t *testing.T, s *store.Store) {
	sync1(t, s, aSource("a"))
	poll(t, s, "a", noon, []news.Item{anItem("k", "one"), anItem("l", "bandages")}, nil)
	items, err := s.Unplaced(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	home := place(t, s, items[0].ID, aNewStory)
	place(t, s, items[1].ID, func(news.Kin) news.Placement { return news.Placement{Story: news.Story{ID: home}, Why: "by mistake"} })
	if got := queued(t, s, news.Filter{Query: "bandages"}); len(got) != 1 || got[0] != home {
		t.Errorf("a word of the item that joined finds %v, want %d", got, home)
	}
	next, err := s.Split(t.Context(), items[1].ID, news.Decision{At: noon, Who: "anna", What: "split"},
		func(from *news.Story, it news.Item) (news.Story, error) { return from.Split(&it, noon) })
	if err != nil {
		t.Fatal(err)
	}
	if got := queued(t, s, news.Filter{Query: "bandages"}); len(got) != 1 || got[0] != next {
		t.Errorf("after the split it finds %v, want %d", got, next)
	}
	last, err := s.LastDecision(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	if err := undo(t, s, last.ID); err != nil {
		t.Fatal(err)
	}
	told, err := s.StoryItems(t.Context(), home)
	if err != nil || len(told) != 2 {
		t.Errorf("after undo %d items tell the story, %v; want 2", len(told), err)
	}
	if got := queued(t, s, news.Filter{}); len(got) != 1 {
		t.Errorf("after undo the queue holds %v, want %d alone", got, home)
	}
}

func rhythm(t *testing.T, s *store.Store) {
	sync1(t, s, aSource("a"), aSource("b"))
	old := anItem("k", "one")
	old.Seen = noon.Add(-30 * time.Hour)
	poll(t, s, "a", noon, []news.Item{old, anItem("l", "two"), anItem("m", "three")}, nil)
	got, err := s.Rhythm(t.Context(), noon.Add(time.Second), 3)
	if err != nil {
		t.Fatal(err)
	}
	want := map[news.SourceID][]int{polled(t, s, "a", noon).Source.ID: {0, 1, 2}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Rhythm (-want +got):\n%s", diff)
	}
}
