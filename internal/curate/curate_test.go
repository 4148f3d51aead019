package curate_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/curate"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
)

// openDesk returns a desk with n queued stories, the last begun first in the
// queue.
func openDesk(t *testing.T, n int) (*curate.Desk, []news.StoryID) {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	d := curate.New(s, func() time.Time { now = now.Add(time.Second); return now })
	var ids []news.StoryID
	for i := range n {
		headline := fmt.Sprintf("Story %d", i)
		id, err := d.Begin(t.Context(), "anna", "en", "", news.Approval{Headline: &headline})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return d, ids
}

func queue(t *testing.T, d *curate.Desk, f news.Filter) []news.StoryID {
	t.Helper()
	stories, _, err := d.Queue(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	ids := []news.StoryID{}
	for _, s := range stories {
		ids = append(ids, s.ID)
	}
	return ids
}

func TestQueueSaysWhereItGoesOn(t *testing.T) {
	t.Parallel()
	d, ids := openDesk(t, 3)
	stories, next, err := d.Queue(t.Context(), news.Filter{Limit: 2})
	if err != nil || len(stories) != 2 || next.Story != ids[1] {
		t.Fatalf("first page = %d stories, on after %d, %v; want 2 stories, on after %d", len(stories), next.Story, err, ids[1])
	}
	stories, next, err = d.Queue(t.Context(), news.Filter{Limit: 2, After: next})
	if err != nil || len(stories) != 1 || next != (news.Place{}) {
		t.Fatalf("last page = %d stories, on after %+v, %v", len(stories), next, err)
	}
}

func TestDecideAndTakeBack(t *testing.T) {
	t.Parallel()
	d, ids := openDesk(t, 2)
	ctx := t.Context()
	commentary := "IFHHRO welcomes this."
	story, _, err := d.Story(ctx, ids[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Approve(ctx, "anna", ids[0], story.Revision, news.Approval{Commentary: &commentary}); err != nil {
		t.Fatal(err)
	}
	if err := d.Edit(ctx, "bert", ids[0], story.Revision, news.Approval{}); !errors.Is(err, news.ErrConflict) {
		t.Errorf("edit of a revision that is gone = %v, want a conflict", err)
	}
	if err := d.Reject(ctx, "anna", ids[1], " "); !errors.Is(err, news.ErrInvalid) {
		t.Errorf("reject without a reason = %v, want invalid", err)
	}
	last, err := d.Last(ctx, "anna")
	if err != nil || last.What != "approve" {
		t.Fatalf("Last = %+v, %v", last, err)
	}
	if _, err := d.Undo(ctx, "anna", last.ID); err != nil {
		t.Fatal(err)
	}
	if got := queue(t, d, news.Filter{}); len(got) != 2 {
		t.Errorf("queue after undo holds %v, want both", got)
	}
	if last, err := d.Last(ctx, "anna"); err != nil || last.ID != 0 {
		t.Errorf("Last after undo = %+v, %v; want nothing", last, err)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	d, ids := openDesk(t, 3)
	ctx := t.Context()
	if err := d.Later(ctx, "bert", ids[1]); err != nil {
		t.Fatal(err)
	}
	done, err := d.All(ctx, "anna", curate.Later, append(ids, ids...), "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]news.StoryID{ids[0], ids[2]}, done); diff != "" {
		t.Errorf("kept for later (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		verb curate.Verb
		ids  []news.StoryID
	}{{"delete", ids}, {curate.Approve, nil}} {
		if _, err := d.All(ctx, "anna", tt.verb, tt.ids, ""); !errors.Is(err, news.ErrInvalid) {
			t.Errorf("All(%q, %v) = %v, want invalid", tt.verb, tt.ids, err)
		}
	}
	if err := d.Later(ctx, "anna", ids[0]); !errors.Is(err, news.ErrConflict) {
		t.Errorf("keep for later twice = %v, want a conflict", err)
	}
}

func TestMergeByHand(t *testing.T) {
	t.Parallel()
	d, ids := openDesk(t, 3)
	ctx := t.Context()
	if err := d.Merge(ctx, "anna", []news.StoryID{ids[0], ids[1], ids[2], ids[1]}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ids[:1], queue(t, d, news.Filter{})); diff != "" {
		t.Errorf("queue after merge (-want +got):\n%s", diff)
	}
	last, err := d.Last(ctx, "anna")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Undo(ctx, "anna", last.ID); err != nil {
		t.Fatal(err)
	}
	if got := queue(t, d, news.Filter{}); len(got) != 3 {
		t.Errorf("queue after undo of the merge = %v, want all three", got)
	}
	if err := d.Merge(ctx, "anna", ids[:1]); !errors.Is(err, news.ErrInvalid) {
		t.Errorf("merge of one = %v, want invalid", err)
	}
}
