package news

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestFilterAsksForWhatAStoryHas(t *testing.T) {
	t.Parallel()
	s := Story{Language: "ar", Topics: []Slug{"torture"}, Countries: []string{"SY"}, SourceID: 3, Kind: "report", Deadline: "2026-12-01"}
	f := Filter{Language: "ar", Topic: "torture", Country: "SY", Source: 3, Kind: "report", Due: true}
	has := map[string]bool{}
	for _, facet := range s.Facets() {
		has[facet] = true
	}
	if got := f.Facets(); len(got) != 6 {
		t.Errorf("Facets() = %q, want six", got)
	}
	for _, facet := range f.Facets() {
		if !has[facet] {
			t.Errorf("a filter asks for %q, the story has %q", facet, s.Facets())
		}
	}
}

func TestBegin(t *testing.T) {
	t.Parallel()
	headline := "Our letter to the World Medical Association"
	for _, tt := range []struct {
		name, language, link string
		ok                   bool
	}{
		{"without link", "en", "", true},
		{"with link", "en", "https://example.org/letter", true},
		{"script link", "en", "javascript:alert(1)", false},
		{"no language", "", "", false},
	} {
		got, err := Begin(tt.language, Approval{Headline: &headline}, tt.link, "anna", noon)
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: Begin = %v", tt.name, err)
		}
		if tt.ok && (got.State != StoryQueued || got.BegunBy != "anna" || got.Headline != headline) {
			t.Errorf("%s: Begin = %+v", tt.name, got)
		}
	}
}

func TestUndoRestoresTheDesksSideOnly(t *testing.T) {
	t.Parallel()
	story := Story{ID: 1, State: StoryQueued, Headline: "As published", Language: "en", Items: 1, Revision: 1}
	before := story
	ours := "As we say it"
	if err := story.Approve(Approval{Headline: &ours}, "anna", noon); err != nil {
		t.Fatal(err)
	}
	story.Items = 2 // a source joined one meanwhile
	if err := story.Undo(before, noon); err != nil {
		t.Fatal(err)
	}
	want := before
	want.Items, want.Revision, want.Updated = 2, story.Revision, noon
	if diff := cmp.Diff(want, story); diff != "" {
		t.Errorf("after undo (-want +got):\n%s", diff)
	}
	story.State, story.Issue = StoryApproved, 4
	if err := story.Undo(before, noon); !errors.Is(err, ErrConflict) {
		t.Errorf("undo of an approval an issue holds = %v, want a conflict", err)
	}
}

func TestAbsorb(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		into, from StoryState
		ok         bool
	}{
		{StoryQueued, StoryQueued, true},
		{StoryApproved, StoryLater, true},
		{StoryQueued, StoryApproved, false},
		{StoryWithdrawn, StoryQueued, false},
		{StoryMerged, StoryQueued, false},
		{StoryQueued, StoryMerged, false},
	} {
		into, from := Story{ID: 1, State: tt.into}, Story{ID: 2, State: tt.from}
		err := into.Absorb(&from, "anna", noon)
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrConflict) {
			t.Errorf("Absorb(%s, %s) = %v", tt.into, tt.from, err)
		}
		if tt.ok && (from.State != StoryMerged || from.Into != 1) {
			t.Errorf("Absorb(%s, %s) left %+v", tt.into, tt.from, from)
		}
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	story := Story{ID: 1, SourceID: 1, Link: "https://a.example/1", Items: 2}
	other := Item{ID: 8, Story: 1, Source: 2, URL: "https://b.example/1", Title: "Another", Language: "fr", Seen: noon}
	got, err := story.Split(&other, noon)
	if err != nil || got.Headline != "Another" || got.State != StoryQueued || got.SourceID != 2 {
		t.Errorf("Split = %+v, %v", got, err)
	}
	leading := Item{ID: 7, Story: 1, Source: 1, URL: "https://a.example/1"}
	if _, err := story.Split(&leading, noon); !errors.Is(err, ErrConflict) {
		t.Errorf("Split of the leading item = %v, want a conflict", err)
	}
	alone := Story{ID: 1, Items: 1}
	if _, err := alone.Split(&other, noon); !errors.Is(err, ErrConflict) {
		t.Errorf("Split of the only item = %v, want a conflict", err)
	}
}

// What an embargo keeps back stays back, whatever is done around it.
func TestEmbargoHolds(t *testing.T) {
	t.Parallel()
	later := noon.Add(time.Hour)
	held := Story{ID: 1, State: StoryApproved, Embargo: later, Items: 2, BegunBy: "nell", Link: "https://x.example/1"}
	if err := held.JoinIssue(3, noon); !errors.Is(err, ErrConflict) {
		t.Errorf("it goes into an issue: %v", err)
	}
	if err := held.JoinIssue(3, later); err != nil {
		t.Errorf("after its time it does not go into an issue: %v", err)
	}
	if err := held.Undo(Story{State: StoryApproved, Embargo: later.Add(time.Hour)}, later); !errors.Is(err, ErrConflict) {
		t.Errorf("undo brings an embargo back to a story in an issue: %v", err)
	}
	held.Issue = 0
	out, err := held.Split(&Item{ID: 7, Story: 1, URL: "https://x.example/2"}, noon)
	if err != nil || !out.Embargo.Equal(later) {
		t.Errorf("what is split off it is free at %v, %v", out.Embargo, err)
	}
	open, waiting := Story{ID: 2, State: StoryQueued}, Story{ID: 3, State: StoryQueued, Embargo: later}
	if err := open.Absorb(&waiting, "cara", noon); !errors.Is(err, ErrConflict) {
		t.Errorf("merging it into an open story: %v", err)
	}
	for _, tt := range []struct {
		who   string
		right bool
		now   time.Time
		want  bool
	}{{"cara", true, noon, true}, {"nell", false, noon, true}, {"otto", false, noon, false}, {"", false, noon, false}, {"otto", false, later, true}} {
		if got := held.ShownTo(tt.who, tt.right, tt.now); got != tt.want {
			t.Errorf("ShownTo(%q, %v, %v) = %v", tt.who, tt.right, tt.now, got)
		}
	}
}
