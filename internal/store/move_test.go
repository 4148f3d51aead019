package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/store/storetest"
)

// TestHoldRestored: what was being sent is held, with everything that waited
// marked as perhaps sent, and the books still balance.
func TestHoldRestored(t *testing.T) {
	t.Parallel()
	s := openAt(t, t.TempDir())
	frozen(t, s)
	now := time.Date(2026, 11, 21, 12, 0, 1, 0, time.UTC)
	owedANotice(t, s)
	issues, err := s.SendingIssues(t.Context())
	if err != nil || len(issues) != 1 {
		t.Fatalf("%d issues are being sent, %v", len(issues), err)
	}
	fence, err := s.Lease(t.Context(), "a sender", now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	taken, err := s.TakeCopies(t.Context(), issues[0].ID, fence, now, 1)
	if err != nil || len(taken) != 1 {
		t.Fatalf("took %d copies, %v", len(taken), err)
	}
	if _, _, err := s.Settle(t.Context(), fence, now, nil, []audience.CopyID{taken[0].ID}); err != nil {
		t.Fatal(err)
	}
	held, err := s.HoldRestored(t.Context(), "restored", now)
	if err != nil || held != 1 {
		t.Fatalf("held %d, %v", held, err)
	}
	if issues, err := s.SendingIssues(t.Context()); err != nil || len(issues) != 0 {
		t.Errorf("%d issues are being sent, %v", len(issues), err)
	}
	if got := noticesDue(t, s); got != 0 {
		t.Errorf("%d notices wait that may have been sent since", got)
	}
	c, err := s.Counts(t.Context(), issues[0].ID)
	if err != nil || c.Waiting != 2 || c.Uncertain != 2 || !c.Balanced() {
		t.Errorf("counts %+v, %v; want two that wait, both uncertain", c, err)
	}
	if r, err := keep.Verify(t.Context(), s); err != nil || !r.OK() {
		t.Errorf("verify: %v, %v", r.Problems, err)
	}
	fence, err = s.Lease(t.Context(), "another", now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if taken, err := s.TakeCopies(t.Context(), issues[0].ID, fence, now.Add(time.Hour), 10); err != nil || len(taken) != 0 {
		t.Errorf("%d copies of a held issue would go out, %v", len(taken), err)
	}
}

// owedANotice makes an account that is to be told of a note.
func owedANotice(t *testing.T, s *store.Store) {
	t.Helper()
	now := time.UnixMilli(1)
	a := staff.Account{Name: "anna", Handle: []byte("anna"), Created: now}
	if err := s.AddAccount(t.Context(), &a, staff.AuditEntry{At: now, Who: "test", What: "add account"}); err != nil {
		t.Fatal(err)
	}
	m := staff.Mailbox{Account: a, Address: staff.AddressOf("anna@staff.example"), Kinds: staff.NoticeKinds()}
	if err := s.SaveMailbox(t.Context(), m, staff.AuditEntry{At: now, Who: "anna", What: "set notices"}); err != nil {
		t.Fatal(err)
	}
	if err := s.AddNote(t.Context(), news.Note{Story: 1, Who: "bert", At: now, Text: "look"}); err != nil {
		t.Fatal(err)
	}
}

// noticesDue is how much anna is to be told.
func noticesDue(t *testing.T, s *store.Store) int {
	t.Helper()
	a, err := s.AccountByName(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	n, err := s.WaitingNotices(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func digest(t *testing.T, s *store.Store) string {
	t.Helper()
	d, err := s.Digest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDigestSeesEveryChange: the digest of one house follows its rows.
func TestDigestSeesEveryChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openAt(t, dir)
	frozen(t, s)
	before := digest(t, s)
	if before != digest(t, openAt(t, dir)) {
		t.Error("the same rows have another digest when they are opened again")
	}
	if err := s.Audit(t.Context(), staff.AuditEntry{At: time.UnixMilli(1), Who: "ada", What: "looked"}); err != nil {
		t.Fatal(err)
	}
	if before == digest(t, s) {
		t.Error("one row more, and the digest is the same")
	}
	file := filepath.Join(t.TempDir(), "moment.db")
	if err := s.Snapshot(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	if step, got, err := store.Examine(t.Context(), file); err != nil || got != digest(t, s) || step == 0 {
		t.Errorf("Examine of a snapshot = step %d, %s, %v", step, got, err)
	}
}

// TestMoveBetweenDatabases: what goes to PostgreSQL and comes back is the same
// to the byte, can be searched, and goes on numbering where it stood.
func TestMoveBetweenDatabases(t *testing.T) {
	t.Parallel()
	server := os.Getenv("RIGHTSDESK_TEST_POSTGRES")
	if server == "" {
		t.Skip("left out: moving to PostgreSQL (RIGHTSDESK_TEST_POSTGRES names no server)")
	}
	lite := openAt(t, t.TempDir())
	frozen(t, lite)
	introduction := news.Introduction{Topic: "torture", Language: "ar", Text: "مقدمة", Notes: "1. كتاب", Author: "Anna", EditedBy: "anna", At: time.UnixMilli(1)}
	if err := lite.Introduce(t.Context(), introduction, 0, staff.AuditEntry{At: time.UnixMilli(1), Who: "anna", What: "introduce topic"}); err != nil {
		t.Fatal(err)
	}
	owedANotice(t, lite)
	fence, err := lite.Lease(t.Context(), "a sender", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := lite.EndLease(t.Context(), fence); err != nil {
		t.Fatal(err)
	}
	pg, err := store.OpenPostgres(t.Context(), storetest.Schema(t, server))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pg.Close(); err != nil {
			t.Error(err)
		}
	})
	back := openAt(t, t.TempDir())
	if err := lite.CopyTo(t.Context(), pg); err != nil {
		t.Fatal(err)
	}
	if err := pg.CopyTo(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	want := digest(t, lite)
	if there, here := digest(t, pg), digest(t, back); there != want || here != want {
		t.Errorf("digests: %s\nthere    %s\nand back %s", want, there, here)
	}
	if err := lite.CopyTo(t.Context(), pg); !errors.Is(err, news.ErrConflict) {
		t.Errorf("over a database in use: %v, want a conflict", err)
	}
	for name, s := range map[string]*store.Store{"postgres": pg, "sqlite": back} {
		if got := noticesDue(t, s); got != 1 {
			t.Errorf("%s: %d notices wait, want 1", name, got)
		}
		if r, err := keep.Verify(t.Context(), s); err != nil || !r.OK() {
			t.Errorf("%s: verify: %v, %v", name, r.Problems, err)
		}
		if found, err := s.Queue(t.Context(), news.Filter{State: news.StoryApproved, Query: "doctor"}); err != nil || len(found) != 1 {
			t.Errorf("%s: a search finds %d stories, %v", name, len(found), err)
		}
		if err := s.AddReaders(t.Context(), []audience.Reader{{Address: mustAddress(t), State: audience.Active}}); err != nil {
			t.Errorf("%s: a new reader: %v", name, err)
		}
	}
}

func mustAddress(t *testing.T) audience.Address {
	t.Helper()
	a, err := audience.ParseAddress("new@three.example")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestNobodyWaitsForOneThatStandsStill: a process that stands still in the
// middle of a transaction loses it, and the others go on.
func TestNobodyWaitsForOneThatStandsStill(t *testing.T) {
	t.Parallel()
	server := os.Getenv("RIGHTSDESK_TEST_POSTGRES")
	if server == "" {
		t.Skip("left out: a process that stands still (RIGHTSDESK_TEST_POSTGRES names no server)")
	}
	if testing.Short() {
		t.Skip("it waits until the server ends a transaction")
	}
	address := storetest.Schema(t, server)
	open := func() *store.Store {
		s, err := store.OpenPostgres(t.Context(), address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() }) // one of its connections was ended
		return s
	}
	still, other := open(), open()
	frozen(t, still)
	issues, err := still.SendingIssues(t.Context())
	if err != nil || len(issues) != 1 {
		t.Fatalf("%d issues, %v", len(issues), err)
	}
	inside, wake, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := still.UpdateIssue(t.Context(), issues[0].ID, func(i *news.Issue) error {
			close(inside)
			<-wake
			return i.Hold("too late")
		})
		ended <- err
	}()
	<-inside
	if err := other.Audit(t.Context(), staff.AuditEntry{At: time.UnixMilli(1), Who: "ada", What: "looked"}); err != nil {
		t.Error(err)
	}
	close(wake)
	if err := <-ended; err == nil {
		t.Error("what it did when it went on was taken")
	}
	if i, err := other.Issue(t.Context(), issues[0].ID); err != nil || i.State != news.IssueSending {
		t.Errorf("the issue is %s, %v", i.State, err)
	}
}
