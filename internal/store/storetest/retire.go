package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
)

func retire(t *testing.T, open Opener) {
	t.Run("old copies become counts", func(t *testing.T) { retireCopies(t, open(t)) })
	t.Run("the audit's chain outlives its first year", func(t *testing.T) { retireAudit(t, open(t)) })
}

func retireCopies(t *testing.T, s *store.Store) {
	issue, fence := mailing(t, s, 3)
	taken := takeCopies(t, s, issue.ID, fence, 10)
	begin(t, s, fence, taken)
	settle(t, s, fence, taken[:2], audience.Outcome{State: audience.Sent, Code: 250})
	settle(t, s, fence, taken[2:], audience.Outcome{State: audience.Refused, Code: 550, Why: "no such mailbox"})
	tooEarly := func(before time.Time) {
		t.Helper()
		if more, err := s.RetireCopies(t.Context(), before); err != nil || more {
			t.Errorf("retired before %s: %v, %v", before, more, err)
		}
	}
	wantFigures(t, s)
	tooEarly(slot.Add(24 * time.Hour)) // it is not finished
	_, err := s.FinishIssues(t.Context(), func(i *news.Issue, waiting int) error { return i.Finish(waiting, slot) })
	if err != nil {
		t.Fatal(err)
	}
	tooEarly(slot)
	if more, err := s.RetireCopies(t.Context(), slot.Add(time.Second)); err != nil || !more {
		t.Fatalf("retired: %v, %v", more, err)
	}
	tooEarly(slot.Add(time.Second)) // a second time
	wantFigures(t, s)
	wantCounts(t, s, issue.ID, news.Counts{Intended: 3, Sent: 2, Refused: 1})
	issue.State = news.IssueFinished
	if found, err := s.CheckIssue(t.Context(), issue); err != nil || len(found) != 0 {
		t.Errorf("verify: %v, %v", found, err)
	}
}

func retireAudit(t *testing.T, s *store.Store) {
	lines := func() int {
		t.Helper()
		list, err := s.AuditLog(t.Context(), "", 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	for day := range 4 {
		if err := s.Audit(t.Context(), staff.AuditEntry{At: noon.Add(time.Duration(day) * 24 * time.Hour), Who: "ada", What: "looked"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		before time.Duration
		want   int
	}{{0, 4}, {25 * time.Hour, 2}, {1000 * time.Hour, 1}} {
		if err := s.RetireAudit(t.Context(), noon.Add(step.before)); err != nil {
			t.Fatal(err)
		}
		if got := lines(); got != step.want {
			t.Errorf("retired before %s: %d lines are left, want %d", step.before, got, step.want)
		}
		if broken, err := s.CheckAudit(t.Context()); err != nil || broken != 0 {
			t.Errorf("the chain is broken at %d, %v", broken, err)
		}
	}
	if err := s.Audit(t.Context(), staff.AuditEntry{At: noon, Who: "ada", What: "went on"}); err != nil {
		t.Fatal(err)
	}
	if broken, err := s.CheckAudit(t.Context()); err != nil || broken != 0 {
		t.Errorf("the chain is broken at %d after it went on, %v", broken, err)
	}
}

// wantFigures sees that copies are counted the same before and after their
// rows are gone.
func wantFigures(t *testing.T, s *store.Store) {
	t.Helper()
	figures, err := s.Figures(t.Context(), slot.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range figures {
		if f.Name == "copies" || f.State == "" {
			got[f.Name+" "+f.State] = f.Value
		}
	}
	want := map[string]float64{"copies sent": 2, "copies refused": 1, "copies_uncertain ": 0, "copies_overdue_seconds ": 0,
		"items_unplaced ": 0, "letters_waiting ": 0, "sources_overdue ": 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}
