package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
)

func returns(t *testing.T, open Opener) {
	t.Run("one line a copy, with what follows for its reader", func(t *testing.T) { takeReturn(t, open(t)) })
	t.Run("what bars an address is lifted", func(t *testing.T) { liftReader(t, open(t)) })
}

type decision = func(audience.Copy, *audience.Reader, []audience.Return) (*audience.Return, audience.SuppressionReason, staff.AuditEntry, error)

func takeReturn(t *testing.T, s *store.Store) {
	issue, fence := mailing(t, s, 2)
	taken := takeCopies(t, s, issue.ID, fence, 10)
	begin(t, s, fence, taken)
	settle(t, s, fence, taken, audience.Outcome{State: audience.Sent, Code: 250})
	id := taken[0].Reader
	take := func(d decision) error { return s.TakeReturn(t.Context(), issue.ID, id, slot, d) }
	keep := func(r audience.Return, bars audience.SuppressionReason) {
		t.Helper()
		err := take(func(c audience.Copy, reader *audience.Reader, _ []audience.Return) (*audience.Return, audience.SuppressionReason, staff.AuditEntry, error) {
			if c.Reader != id || c.Issue != issue.ID || reader.ID != id {
				t.Errorf("copy of %d to %d, reader %d", c.Issue, c.Reader, reader.ID)
			}
			if bars != "" {
				reader.Suppress(slot)
			}
			return &r, bars, staff.AuditEntry{At: slot, Who: "returned mail", What: "suppress reader", Subject: "reader"}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := audience.Return{Issue: issue.ID, Reader: id, Verdict: "mailbox-full", Status: "5.2.2", Text: "full", Sent: slot, At: slot.Add(time.Hour)}
	keep(want, "")
	want.Verdict, want.Hard, want.Status = "address-dead", true, "5.1.1"
	keep(want, audience.DeadAddress)
	err := take(func(_ audience.Copy, _ *audience.Reader, got []audience.Return) (*audience.Return, audience.SuppressionReason, staff.AuditEntry, error) {
		if diff := cmp.Diff([]audience.Return{want}, got); diff != "" {
			t.Errorf("returns (-want +got):\n%s", diff)
		}
		return nil, "", staff.AuditEntry{}, news.ErrRefused
	})
	if !errors.Is(err, news.ErrRefused) {
		t.Errorf("refused: %v", err)
	}
	if r, barred := readerAt(t, s, taken[0].Address); r.State != audience.Suppressed || barred == nil || barred.Reason != audience.DeadAddress {
		t.Errorf("reader %s, barred %v", r.State, barred)
	}
	if r, barred := readerAt(t, s, taken[1].Address); r.State != audience.Active || barred != nil {
		t.Errorf("the other reader %s, barred %v", r.State, barred)
	}
	if lines, err := s.AuditLog(t.Context(), "suppress reader", 0, 9); err != nil || len(lines) != 1 {
		t.Errorf("audit log: %v, %v", lines, err)
	}
	if got, err := s.ReturnCounts(t.Context(), issue.ID); err != nil || !cmp.Equal(got, map[string]int{"address-dead": 1}) {
		t.Errorf("counts %v, %v", got, err)
	}
	err = s.TakeReturn(t.Context(), issue.ID+1, id, slot, nil)
	if !errors.Is(err, news.ErrNotFound) {
		t.Errorf("of another issue: %v", err)
	}
	if err := s.RetireReturns(t.Context(), slot.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	want.Text = ""
	err = take(func(_ audience.Copy, _ *audience.Reader, got []audience.Return) (*audience.Return, audience.SuppressionReason, staff.AuditEntry, error) {
		if diff := cmp.Diff([]audience.Return{want}, got); diff != "" {
			t.Errorf("returns after their text was dropped (-want +got):\n%s", diff)
		}
		return nil, "", staff.AuditEntry{}, nil
	})
	if err != nil {
		t.Error(err)
	}
}

func readerAt(t *testing.T, s *store.Store, a audience.Address) (audience.Reader, *audience.Suppression) {
	t.Helper()
	r, barred, err := s.ReaderByAddress(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return r, barred
}

func liftReader(t *testing.T, s *store.Store) {
	addReader(t, s, "ann@example.org", audience.Active, "torture")
	ann, err := audience.ParseAddress("ann@example.org")
	if err != nil {
		t.Fatal(err)
	}
	lift := func() error {
		return s.LiftReader(t.Context(), ann, slot, func(r *audience.Reader, why audience.SuppressionReason) bool { return r.Lift(why, slot) })
	}
	if err := lift(); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("nothing to lift: %v", err)
	}
	err = s.ChangeReaderAt(t.Context(), ann, slot, func(r *audience.Reader) (bool, audience.SuppressionReason, error) {
		return r.Suppress(slot), audience.Complained, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := lift(); err != nil {
		t.Fatal(err)
	}
	if r, barred := readerAt(t, s, ann); r.State != audience.Left || barred != nil {
		t.Errorf("lifted: %s, barred %v", r.State, barred)
	}
	if broken, err := s.CheckJournal(t.Context()); err != nil || broken != 0 {
		t.Errorf("journal broken at %d, %v", broken, err)
	}
}
