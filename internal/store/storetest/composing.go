package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
)

func composing(t *testing.T, open Opener) {
	t.Run("an issue keeps every text and what stands beside it", func(t *testing.T) { keepsAll(t, open(t)) })
	t.Run("an edit can be undone", func(t *testing.T) { undone(t, open(t)) })
	t.Run("blocks stand in their order and void approvals", func(t *testing.T) { blocks(t, open(t)) })
	t.Run("what closes soon is public or in the issue", func(t *testing.T) { closing(t, open(t)) })
}

func keepsAll(t *testing.T, s *store.Store) {
	approved(t, s, 1)
	made := mustEnsure(t, s, slot, slot)
	want, err := s.UpdateIssue(t.Context(), made.ID, func(i *news.Issue) error {
		i.Texts = []news.IssueText{{Language: "fr", Title: "Lettre", Introduction: "Bonjour", Headings: []string{"Un"}}}
		i.LeftOut = []string{"block/7"}
		i.Surround(news.Around{
			Blocks:      []news.Block{{ID: 1, Kind: news.Donation, Position: 2, Texts: []news.BlockText{{Language: "en", Text: "Give"}}, From: "2026-11-01"}},
			Closing:     []news.Closing{{Date: "2026-12-01", Title: "A call", Language: "en", Story: 4, Page: "p", Texts: map[string]string{"fr": "Appel"}}},
			Days:        []news.Observance{{Date: "2026-12-10", Names: map[string]string{"en": "Human Rights Day"}}},
			Corrections: []news.Correction{{ID: 3, Issue: "2026-40", Text: "Sixty beds.", Language: "en"}},
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Issue(t.Context(), made.ID)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Issue: %v (-kept +read):\n%s", err, diff)
	}
}

func undone(t *testing.T, s *store.Store) {
	first, second := approved(t, s, 1), approved(t, s, 2)
	i := mustEnsure(t, s, slot, slot)
	before := i.Version()
	title, none := "Another", []news.Section{{Stories: []news.StoryID{second}}}
	i, err := s.UpdateIssue(t.Context(), i.ID, func(i *news.Issue) error {
		return i.Arrange(news.Arrangement{Title: &title, Sections: &none}, i.Revision, "anna")
	})
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.Version(t.Context(), i.ID, i.Back)
	if diff := cmp.Diff(before, v); err != nil || diff != "" {
		t.Fatalf("Version: %v (-before +kept):\n%s", err, diff)
	}
	i, err = s.UpdateIssue(t.Context(), i.ID, func(i *news.Issue) error { return i.Undo(v, i.Revision, "anna") })
	if err != nil || i.Title != before.Title {
		t.Errorf("Undo = %q, %v; want the title before", i.Title, err)
	}
	if diff := cmp.Diff([]news.StoryID{first, second}, i.Stories()); diff != "" {
		t.Errorf("stories (-want +got):\n%s", diff)
	}
	if story, err := s.Story(t.Context(), first); err != nil || story.Issue != i.ID {
		t.Errorf("the story that came back stands in issue %d, %v", story.Issue, err)
	}
	if _, err := s.Version(t.Context(), i.ID, 99); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("a revision that never was: %v, want ErrNotFound", err)
	}
}

func blocks(t *testing.T, s *store.Store) {
	approved(t, s, 1)
	i := mustEnsure(t, s, slot, slot)
	ready := func() {
		t.Helper()
		_, err := s.UpdateIssue(t.Context(), i.ID, func(i *news.Issue) error { return i.Approve("bert", i.Revision, true, noon) })
		if err != nil {
			t.Fatal(err)
		}
	}
	voided := func(what string) {
		t.Helper()
		if now, err := s.Issue(t.Context(), i.ID); err != nil || now.State != news.IssueDraft {
			t.Errorf("%s left the issue %s, %v; want draft", what, now.State, err)
		}
	}
	block := news.Block{Kind: news.Donation, Position: 2, URL: "https://example.org/give", Texts: []news.BlockText{{Language: "en", Text: "Give"}},
		From: "2026-11-01", Until: "2026-12-31", EditedBy: "anna"}
	ready()
	var err error
	if block.ID, err = s.SaveBlock(t.Context(), block); err != nil {
		t.Fatal(err)
	}
	voided("a new block")
	about := news.Block{Kind: news.AboutUs, Position: 1, Texts: []news.BlockText{{Language: "en", Text: "We"}}, EditedBy: "anna"}
	if about.ID, err = s.SaveBlock(t.Context(), about); err != nil {
		t.Fatal(err)
	}
	ready()
	block.Until, block.EditedBy = "", "bert"
	if _, err := s.SaveBlock(t.Context(), block); err != nil {
		t.Fatal(err)
	}
	voided("a changed block")
	got, err := s.Blocks(t.Context())
	if diff := cmp.Diff([]news.Block{about, block}, got); err != nil || diff != "" {
		t.Errorf("Blocks: %v (-want +got):\n%s", err, diff)
	}
	ready()
	if err := s.DropBlock(t.Context(), about.ID, "anna"); err != nil {
		t.Error(err)
	}
	voided("a dropped block")
	if err := s.DropBlock(t.Context(), about.ID, "anna"); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("drop a block twice: %v, want ErrNotFound", err)
	}
	if _, err := s.SaveBlock(t.Context(), about); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("change a dropped block: %v, want ErrNotFound", err)
	}
}

func closing(t *testing.T, s *store.Store) {
	call := func(minute int, deadline string) news.StoryID {
		return addStory(t, s, minute, func(st *news.Story) {
			st.Deadline = deadline
			if err := st.Approve(news.Approval{}, "anna", noon); err != nil {
				t.Fatal(err)
			}
		})
	}
	mine, late, past := call(1, "2026-12-05"), call(2, "2026-12-25"), call(3, "2026-11-01")
	i := mustEnsure(t, s, slot, slot)
	call(4, "2026-12-04") // in no issue: nobody was told of it
	got, err := s.Closing(t.Context(), i.ID, "2026-11-22", "2026-12-06")
	if err != nil || len(got) != 1 || got[0].ID != mine {
		t.Errorf("Closing = %d stories, %v; want %d alone, not %d and %d", len(got), err, mine, late, past)
	}
	if other, err := s.Closing(t.Context(), i.ID+1, "2026-11-22", "2026-12-06"); err != nil || len(other) != 0 {
		t.Errorf("Closing for another issue = %d stories, %v; want none before this one is frozen", len(other), err)
	}
}
