package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
)

func corrections(t *testing.T, open Opener) {
	t.Run("a correction is told once, by the next issue", func(t *testing.T) { toldOnce(t, open(t)) })
	t.Run("a withdrawn story vanishes from copies that wait", func(t *testing.T) { vanishes(t, open(t)) })
}

func toldOnce(t *testing.T, s *store.Store) {
	ctx := t.Context()
	i := frozenIssue(t, s)
	id := i.Stories()[0]
	correct := func(text string) error {
		return s.Correct(ctx, news.Correction{Story: id, Language: "en", Text: text, Who: "anna", At: slot}, news.Decision{At: slot, Who: "anna", What: "correct", Reason: text},
			func(story *news.Story, in *news.Issue) error {
				if !in.IsFrozen() {
					return news.ErrConflict
				}
				headline := "Right now"
				return story.Edit(news.Approval{Headline: &headline}, "anna", slot)
			})
	}
	if err := correct("Six, not sixty."); err != nil {
		t.Fatal(err)
	}
	story, err := s.Story(ctx, id)
	if err != nil || story.Headline != "Right now" {
		t.Errorf("the story says %q, %v", story.Headline, err)
	}
	want := []news.Correction{{ID: 1, Issue: i.Name, Text: "Six, not sixty.", Language: "en", Page: story.Name(), Story: id, Who: "anna", At: slot}}
	got, err := s.Corrections(ctx)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Corrections: %v (-want +got):\n%s", err, diff)
	}
	history, err := s.Decisions(ctx, id)
	if err != nil || history[len(history)-1].What != "correct" {
		t.Errorf("the history ends with %+v, %v", history, err)
	}
	if _, err := s.Undo(ctx, history[len(history)-1].ID, "anna", func(*news.Story, news.Story) error { return nil }); !errors.Is(err, news.ErrConflict) {
		t.Errorf("what readers were told can be undone: %v", err)
	}
	approved(t, s, 200)
	next, err := ensure(t, s, slot.Add(7*24*time.Hour), slot.Add(7*24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.UpdateIssue(ctx, next.ID, func(i *news.Issue) error {
		i.Surround(news.Around{Corrections: got})
		return i.Approve("bert", i.Revision, false, slot)
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.FreezeIssue(ctx, next.ID, func(i *news.Issue, _ []news.Story) (audience.Edition, error) { return &edition{}, i.Freeze(slot) }); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Corrections(ctx); err != nil || len(left) != 0 {
		t.Errorf("after the issue that told it %+v waits, %v", left, err)
	}
	if kept, err := s.StoryCorrections(ctx, id); err != nil || len(kept) != 1 {
		t.Errorf("the story keeps %+v, %v", kept, err)
	}
	if err := correct("Seven."); err != nil {
		t.Fatal(err)
	}
	withdraw(t, s, id)
	if left, err := s.Corrections(ctx); err != nil || len(left) != 0 {
		t.Errorf("a withdrawn story still tells %+v, %v", left, err)
	}
}

func withdraw(t *testing.T, s *store.Store, id news.StoryID) {
	t.Helper()
	_, err := s.UpdateStories(t.Context(), []news.StoryID{id}, news.Decision{At: slot, Who: "anna", What: "withdraw", Reason: "harm"},
		func(story *news.Story) error { return story.Withdraw("harm", "anna", slot) })
	if err != nil {
		t.Fatal(err)
	}
}

// Who gets two stories gets the other; who got the one alone, or a copy that
// is encrypted already, gets none; what may have gone out keeps its bytes.
func vanishes(t *testing.T, s *store.Store) {
	ctx := t.Context()
	addReader(t, s, "a@example.org", audience.Active, "torture")
	addReader(t, s, "b@example.net", audience.Active, "children")
	covered(t, s, "c@example.org", "key c", false)
	gone, stays := approved(t, s, 1), approved(t, s, 2)
	i := mustEnsure(t, s, slot, slot)
	if _, err := s.UpdateIssue(ctx, i.ID, func(i *news.Issue) error { return i.Approve("bert", i.Revision, false, noon) }); err != nil {
		t.Fatal(err)
	}
	both := audience.Variant{Language: "en", Format: audience.FormatText, Stories: []news.StoryID{gone, stays}}
	alone := audience.Variant{Language: "en", Format: audience.FormatText, Stories: []news.StoryID{gone}}
	i, err := s.FreezeIssue(ctx, i.ID, func(i *news.Issue, _ []news.Story) (audience.Edition, error) {
		return &edition{used: []audience.Variant{both, alone}}, i.Freeze(slot)
	})
	if err != nil {
		t.Fatal(err)
	}
	withdraw(t, s, gone)
	want := news.Counts{Intended: 3, Waiting: 1, Withdrawn: 2}
	if got, err := s.Counts(ctx, i.ID); err != nil || got != want {
		t.Errorf("Counts = %+v, %v; want %+v", got, err, want)
	}
	variants, err := s.Variants(ctx, i.ID)
	if err != nil || len(variants) != 3 {
		t.Fatalf("Variants = %+v, %v; want one more", variants, err)
	}
	both.Stories = []news.StoryID{stays}
	if diff := cmp.Diff(both, variants[2]); diff != "" {
		t.Errorf("the new variant (-want +got):\n%s", diff)
	}
	copies := takeCovers(t, s, i.ID)
	if len(copies) != 1 || copies["a@example.org"].Variant != 2 {
		t.Errorf("copies that go out: %+v, want the one of a@example.org without the story", copies)
	}
	if findings, err := s.CheckIssue(ctx, i); err != nil || len(findings) != 0 {
		t.Errorf("CheckIssue: %+v, %v", findings, err)
	}
}
