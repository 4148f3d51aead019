package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
)

func deliver(t *testing.T, open Opener) {
	t.Run("a copy is taken once", func(t *testing.T) { takenOnce(t, open(t)) })
	t.Run("only issues being sent give copies", func(t *testing.T) { heldGivesNone(t, open(t)) })
	t.Run("results end up in the books", func(t *testing.T) { results(t, open(t)) })
	t.Run("a late result is refused", func(t *testing.T) { lateResult(t, open(t)) })
	t.Run("what a dead sender held is uncertain", func(t *testing.T) { deadSender(t, open(t)) })
	t.Run("senders meet", func(t *testing.T) { sendersMeet(t, open(t)) })
	t.Run("a reader who left is not written to", func(t *testing.T) { readerLeft(t, open(t)) })
	t.Run("a withdrawn issue sends no more", func(t *testing.T) { withdrawn(t, open(t)) })
	t.Run("the settings of the serving process are kept", func(t *testing.T) { served(t, open(t)) })
	t.Run("the ledger opens the books up", func(t *testing.T) { ledger(t, open(t)) })
	t.Run("an issue is finished when nothing waits", func(t *testing.T) { finished(t, open(t)) })
}

// addReader stores a reader and returns its id.
func addReader(t *testing.T, s *store.Store, address string, state audience.State, topics ...news.Slug) audience.ReaderID {
	t.Helper()
	a, err := audience.ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	token := sha256.Sum256([]byte(address))
	r := []audience.Reader{{Token: audience.Token(token[:audience.TokenBytes]), Address: a, State: state,
		Preferences: audience.Preferences{Language: "en", Topics: topics, Format: audience.FormatText},
		Consent:     audience.Consent{Asked: noon, Confirmed: noon}, Updated: noon}}
	if err := s.AddReaders(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return r[0].ID
}

// mailing is an issue frozen for so many readers, and a lease.
func mailing(t *testing.T, s *store.Store, readers int) (issue news.Issue, fence int64) {
	t.Helper()
	for n := range readers {
		addReader(t, s, fmt.Sprintf("r%d@example.org", n), audience.Active, "torture")
	}
	return frozenIssue(t, s), lease(t, s)
}

func lease(t *testing.T, s *store.Store) int64 {
	t.Helper()
	fence, err := s.Lease(t.Context(), "test", slot.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return fence
}

func takeCopies(t *testing.T, s *store.Store, issue news.IssueID, fence int64, limit int) []audience.Copy {
	t.Helper()
	copies, err := s.TakeCopies(t.Context(), issue, fence, slot, limit)
	if err != nil {
		t.Fatal(err)
	}
	return copies
}

func ids(copies []audience.Copy) []audience.CopyID {
	out := []audience.CopyID{}
	for _, c := range copies {
		out = append(out, c.ID)
	}
	return out
}

// begin marks copies as being attempted and returns which may go.
func begin(t *testing.T, s *store.Store, fence int64, copies []audience.Copy) []audience.CopyID {
	t.Helper()
	begun, _, err := s.Settle(t.Context(), fence, slot, nil, ids(copies))
	if err != nil {
		t.Fatal(err)
	}
	return begun
}

// settle records an outcome for copies that were begun and returns those lost.
func settle(t *testing.T, s *store.Store, fence int64, copies []audience.Copy, o audience.Outcome) []audience.CopyID {
	t.Helper()
	var done []audience.Copy
	for _, c := range copies {
		if err := c.Attempt(slot); err != nil {
			t.Fatal(err)
		}
		if err := c.Record(o, slot, 0); err != nil {
			t.Fatal(err)
		}
		done = append(done, c)
	}
	_, lost, err := s.Settle(t.Context(), fence, slot, done, nil)
	if err != nil {
		t.Fatal(err)
	}
	return lost
}

func wantCounts(t *testing.T, s *store.Store, issue news.IssueID, want news.Counts) {
	t.Helper()
	got, err := s.Counts(t.Context(), issue)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Counts: %v (-want +got):\n%s", err, diff)
	}
	if !got.Balanced() {
		t.Errorf("the books do not balance: %+v", got)
	}
}

func takenOnce(t *testing.T, s *store.Store) {
	i, fence := mailing(t, s, 5)
	first := takeCopies(t, s, i.ID, fence, 3)
	second := takeCopies(t, s, i.ID, lease(t, s), 9)
	if len(first) != 3 || len(second) != 2 {
		t.Fatalf("took %d and %d copies, want 3 and 2", len(first), len(second))
	}
	c := first[0]
	if c.Issue != i.ID || c.Address.Domain() != "example.org" || c.Now != audience.Active || c.Fence != fence || c.State != audience.Waiting {
		t.Errorf("took %+v", c)
	}
	if more := takeCopies(t, s, i.ID, fence, 9); len(more) != 0 {
		t.Errorf("took %d copies twice", len(more))
	}
	if err := s.EndLease(t.Context(), fence); err != nil {
		t.Fatal(err)
	}
	again := takeCopies(t, s, i.ID, lease(t, s), 9)
	if diff := cmp.Diff(ids(first), ids(again)); diff != "" {
		t.Errorf("after the lease ended (-want +got):\n%s", diff)
	}
	wantCounts(t, s, i.ID, news.Counts{Intended: 5, Waiting: 5})
}

func heldGivesNone(t *testing.T, s *store.Store) {
	i, fence := mailing(t, s, 2)
	copies := takeCopies(t, s, i.ID, fence, 1)
	if _, err := s.UpdateIssue(t.Context(), i.ID, func(i *news.Issue) error { return i.Hold("a mistake in it") }); err != nil {
		t.Fatal(err)
	}
	if more := takeCopies(t, s, i.ID, fence, 9); len(more) != 0 {
		t.Errorf("a held issue gave %d copies", len(more))
	}
	if begun := begin(t, s, fence, copies); len(begun) != 0 {
		t.Errorf("a copy taken before the hold was begun after it")
	}
	if next, err := s.NextTry(t.Context()); err != nil || !next.IsZero() {
		t.Errorf("NextTry = %v, %v; want none", next, err)
	}
	if err := s.EndLease(t.Context(), fence); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ResumeIssue(t.Context(), i.ID, (*news.Issue).Resume); err != nil {
		t.Fatal(err)
	}
	if all := takeCopies(t, s, i.ID, lease(t, s), 9); len(all) != 2 {
		t.Errorf("resumed, it gave %d copies, want 2", len(all))
	}
}

func results(t *testing.T, s *store.Store) {
	i, fence := mailing(t, s, 4)
	copies := takeCopies(t, s, i.ID, fence, 4)
	if begun := begin(t, s, fence, copies); len(begun) != 4 {
		t.Fatalf("begun %d, want 4", len(begun))
	}
	wantCounts(t, s, i.ID, news.Counts{Intended: 4, Waiting: 4})
	settle(t, s, fence, copies[:2], audience.Outcome{State: audience.Sent, Code: 250})
	settle(t, s, fence, copies[2:3], audience.Outcome{State: audience.Refused, Code: 550, Why: "no such user"})
	settle(t, s, fence, copies[3:], audience.Outcome{State: audience.Waiting, Code: 451, Why: "try later", After: time.Hour})
	wantCounts(t, s, i.ID, news.Counts{Intended: 4, Waiting: 1, Sent: 2, Refused: 1})
	if next, err := s.NextTry(t.Context()); err != nil || !next.Equal(slot.Add(time.Hour)) {
		t.Errorf("NextTry = %v, %v; want in an hour", next, err)
	}
	if early := takeCopies(t, s, i.ID, fence, 9); len(early) != 0 {
		t.Errorf("took %d copies before they were due", len(early))
	}
}

func lateResult(t *testing.T, s *store.Store) {
	i, fence := mailing(t, s, 1)
	copies := takeCopies(t, s, i.ID, fence, 1)
	begin(t, s, fence, copies)
	if ended, err := s.EndLeases(t.Context(), slot, false); err != nil || ended != 0 {
		t.Errorf("ended %d leases that still run, %v", ended, err)
	}
	if ended, err := s.EndLeases(t.Context(), slot.Add(2*time.Minute), false); err != nil || ended != 1 {
		t.Errorf("ended %d leases, %v; want 1", ended, err)
	}
	if err := s.RenewLease(t.Context(), fence, slot.Add(time.Hour)); !errors.Is(err, news.ErrConflict) {
		t.Errorf("renew a lease that was taken away: %v, want ErrConflict", err)
	}
	lost := settle(t, s, fence, copies, audience.Outcome{State: audience.Sent, Code: 250})
	if diff := cmp.Diff(ids(copies), lost); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	wantCounts(t, s, i.ID, news.Counts{Intended: 1, Waiting: 1, Uncertain: 1})
	wantLate(t, s, "copies", 1)
	if _, err := s.TakeCopies(t.Context(), i.ID, fence, slot.Add(time.Hour), 1); !errors.Is(err, news.ErrConflict) {
		t.Errorf("take more under a lease that was taken away: %v, want ErrConflict", err)
	}
}

// wantLate checks how many late results of a kind are counted.
func wantLate(t *testing.T, s *store.Store, kind string, want float64) {
	t.Helper()
	figures, err := s.Figures(t.Context(), slot)
	if err != nil {
		t.Fatal(err)
	}
	got := 0.0
	for _, f := range figures {
		if f.Name == "results_late" && f.State == kind {
			got = f.Value
		}
	}
	if got != want {
		t.Errorf("%v late results of %s are counted, want %v", got, kind, want)
	}
}

// sendersMeet: they are counted by process, and see each other's attempts
// until these are forgotten.
func sendersMeet(t *testing.T, s *store.Store) {
	i, _ := mailing(t, s, 1)
	for _, holder := range []string{"one", "one", "two"} {
		if _, err := s.Lease(t.Context(), holder, slot.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	for at, want := range map[time.Time]int{slot: 3, slot.Add(30 * time.Minute): 2, slot.Add(2 * time.Hour): 0} {
		if n, err := s.Senders(t.Context(), at); err != nil || n != want {
			t.Errorf("%d senders at %s, %v; want %d", n, at, err, want)
		}
	}
	one := []audience.Attempt{{At: slot, Domain: "one.example", Refused: true}}
	two := []audience.Attempt{{At: slot.Add(time.Second), Domain: "two.example"}}
	share := func(holder string, own []audience.Attempt, again bool, want ...audience.Attempt) {
		t.Helper()
		got, err := s.ShareAttempts(t.Context(), i.ID, holder, own, again)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s shares, %v (-want +got):\n%s", holder, err, diff)
		}
	}
	share("one", two, false, two...)
	share("one", one, true, one...)
	share("two", two, false, one[0], two[0])
	if err := s.ForgetAttempts(t.Context(), i.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ShareAttempts(t.Context(), i.ID, "one", one, true); !errors.Is(err, news.ErrConflict) {
		t.Errorf("sharing again what was forgotten: %v, want a conflict", err)
	}
	share("two", two, false, two...)
}

func deadSender(t *testing.T, s *store.Store) {
	i, fence := mailing(t, s, 3)
	copies := takeCopies(t, s, i.ID, fence, 2)
	begin(t, s, fence, copies[:1])
	if _, err := s.EndLeases(t.Context(), slot, true); err != nil {
		t.Fatal(err)
	}
	wantCounts(t, s, i.ID, news.Counts{Intended: 3, Waiting: 3, Uncertain: 1})
	next := lease(t, s)
	if next <= fence {
		t.Errorf("fencing number %d after %d", next, fence)
	}
	all := takeCopies(t, s, i.ID, next, 9)
	if len(all) != 3 {
		t.Fatalf("took %d copies, want all 3", len(all))
	}
	for _, c := range all {
		want := 0
		if c.ID == copies[0].ID {
			want = 1
			if c.MessageID != copies[0].MessageID {
				t.Errorf("Message-ID changed from %q to %q", copies[0].MessageID, c.MessageID)
			}
		}
		if c.Uncertain != want {
			t.Errorf("copy %d is uncertain %d times, want %d", c.ID, c.Uncertain, want)
		}
	}
}

func readerLeft(t *testing.T, s *store.Store) {
	leaves := addReader(t, s, "leaves@example.org", audience.Active, "torture")
	i, fence := mailing(t, s, 1)
	copies := takeCopies(t, s, i.ID, fence, 9)
	setReader(t, s, leaves, audience.Left)
	if begun := begin(t, s, fence, copies); len(begun) != 1 {
		t.Errorf("begun %d copies, want 1: one reader left", len(begun))
	}
	if _, err := s.EndLeases(t.Context(), slot, true); err != nil {
		t.Fatal(err)
	}
	fence = lease(t, s)
	for _, c := range takeCopies(t, s, i.ID, fence, 9) {
		if c.Reader != leaves {
			continue
		}
		if c.Now != audience.Left || !c.Exclude(slot) {
			t.Fatalf("the reader who left stands at %q", c.Now)
		}
		if _, lost, err := s.Settle(t.Context(), fence, slot, []audience.Copy{c}, nil); err != nil || len(lost) != 0 {
			t.Fatalf("exclude: lost %v, %v", lost, err)
		}
	}
	wantCounts(t, s, i.ID, news.Counts{Intended: 2, Waiting: 1, Excluded: 1, Uncertain: 1})
}

func withdrawn(t *testing.T, s *store.Store) {
	i, fence := mailing(t, s, 3)
	copies := takeCopies(t, s, i.ID, fence, 2)
	begin(t, s, fence, copies[:1])
	if _, err := s.WithdrawWaiting(t.Context(), i.ID, slot, func(i *news.Issue) error { return i.Withdraw(slot) }); err != nil {
		t.Fatal(err)
	}
	if begun := begin(t, s, fence, copies[1:]); len(begun) != 0 {
		t.Error("a withdrawn copy was begun")
	}
	settle(t, s, fence, copies[:1], audience.Outcome{State: audience.Waiting, Code: 451})
	wantCounts(t, s, i.ID, news.Counts{Intended: 3, Waiting: 1, Withdrawn: 2})
	if _, err := s.FinishIssues(t.Context(), finishNow); err != nil {
		t.Fatal(err)
	}
	wantCounts(t, s, i.ID, news.Counts{Intended: 3, Withdrawn: 3})
}

func finishNow(i *news.Issue, waiting int) error { return i.Finish(waiting, slot) }

func finished(t *testing.T, s *store.Store) {
	i, fence := mailing(t, s, 1)
	if done, err := s.FinishIssues(t.Context(), finishNow); err != nil || len(done) != 0 {
		t.Errorf("finished %v while a copy waits, %v", done, err)
	}
	copies := takeCopies(t, s, i.ID, fence, 1)
	begin(t, s, fence, copies)
	settle(t, s, fence, copies, audience.Outcome{State: audience.Sent, Code: 250})
	done, err := s.FinishIssues(t.Context(), finishNow)
	if err != nil || len(done) != 1 || done[0].State != news.IssueFinished {
		t.Errorf("FinishIssues = %v, %v; want the issue finished", done, err)
	}
}

func setReader(t *testing.T, s *store.Store, id audience.ReaderID, state audience.State) {
	t.Helper()
	err := s.UpdateReader(t.Context(), id, func(r *audience.Reader) error { r.State = state; return nil })
	if err != nil {
		t.Fatal(err)
	}
}

// ledger: twelve copies of one domain and one of another, in every state.
func ledger(t *testing.T, s *store.Store) {
	for n := range 12 {
		addReader(t, s, fmt.Sprintf("r%d@example.org", n), audience.Active, "torture")
	}
	addReader(t, s, "me@own-name.example", audience.Active, "torture")
	i := frozenIssue(t, s)
	fence := lease(t, s)
	held := takeCopies(t, s, i.ID, fence, 5)
	begin(t, s, fence, held[:4])
	done := held[:3]
	for n, state := range []audience.CopyState{audience.Sent, audience.Refused, audience.Excluded} {
		done[n].State, done[n].Settled, done[n].NextTry, done[n].Code = state, slot, time.Time{}, 250
	}
	done[1].Uncertain, done[1].Why, done[2].Why = 1, "no such user", "unsubscribed"
	if _, lost, err := s.Settle(t.Context(), fence, slot, done, nil); err != nil || len(lost) > 0 {
		t.Fatal(lost, err)
	}
	got, err := s.Ledger(t.Context(), i.ID)
	if err != nil {
		t.Fatal(err)
	}
	all := news.Counts{Intended: 13, Waiting: 10, Sent: 1, Refused: 1, Excluded: 1, Uncertain: 1}
	big, small := all, news.Counts{Intended: 1, Waiting: 1}
	big.Intended, big.Waiting = 12, 9
	want := news.Ledger{Counts: all, OnTheWay: 1, Next: got.Next, LeftOut: []news.LeftOut{{Why: "unsubscribed", N: 1}},
		Domains: []news.DomainCounts{{Domain: "example.org", Counts: big}, {Counts: small}},
		Marked:  map[string]int{"sent": 0, "waiting": 0, "refused": 1, "excluded": 0}}
	if diff := cmp.Diff(want, got); diff != "" || got.Next.IsZero() {
		t.Errorf("Ledger (-want +got):\n%s", diff)
	}
	refused, err := s.CopiesIn(t.Context(), i.ID, audience.Refused, 0, 10)
	if err != nil || len(refused) != 1 || refused[0].Why != "no such user" {
		t.Errorf("CopiesIn refused = %v, %v", refused, err)
	}
	waiting, err := s.CopiesIn(t.Context(), i.ID, audience.Waiting, refused[0].ID, 4)
	if err != nil || len(waiting) != 4 || waiting[0].ID <= refused[0].ID {
		t.Errorf("CopiesIn waiting = %v, %v", waiting, err)
	}
}

func served(t *testing.T, s *store.Store) {
	if got, err := s.Served(t.Context()); err != nil || got != nil {
		t.Errorf("Served = %v, %v before any was", got, err)
	}
	for _, want := range []map[string]string{{"from": "a", "solo": "false"}, {"from": "b"}} {
		if err := s.KeepServed(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		got, err := s.Served(t.Context())
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Served, %v (-want +got):\n%s", err, diff)
		}
	}
}
