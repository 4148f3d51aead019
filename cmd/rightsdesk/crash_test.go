package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/deliver/crashtest"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/store/storetest"
)

// asProgram is set in a process that is to be the program, not its tests.
const asProgram = "RIGHTSDESK_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		code := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
		stop()
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// program is a command line of ours as a process of its own.
func program(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// TestKilledWhileSending kills a serving process five times while an issue
// goes out: nobody is lost, at most one second copy a connection and kill goes
// out, with the same Message-ID and the same bytes, and the books name it.
func TestKilledWhileSending(t *testing.T) {
	t.Parallel()
	const copies, kills, connections = 1000, 5, 4
	s := crashSettings(t)
	m := crashtest.New(t, func(relay string) *exec.Cmd {
		return program(t.Context(), t, "serve", "--data-dir", s.dataDir, "--feeds", s.feeds, "--listen", "127.0.0.1:0",
			"--relay", relay, "--connections", fmt.Sprint(connections), "--log-format", "json")
	})
	id := issueFor(t, s, copies)
	m.Stop(t, copies, kills, os.Kill)

	last := m.Start(t)
	books := openBeside(t, s.dataDir)
	finished(t, books, id)
	if err := last.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := last.Wait(); err != nil {
		t.Errorf("the serving process ended with %v", err)
	}
	r, err := keep.Verify(t.Context(), books)
	if err != nil || !r.OK() {
		t.Errorf("verify: %+v, %v", r.Problems, err)
	}
	if c := r.Books[0].Counts; c.Intended != copies || c.Sent != copies {
		t.Errorf("books %+v, want all %d sent", c, copies)
	}
	if n := m.Seconds(t, copies, listedUncertain(t, s.dataDir, id)); n > kills*connections {
		t.Errorf("%d second copies after %d kills, want at most %d", n, kills, kills*connections)
	}
}

// TestPlainStopsOfSeveral stops one of two processes on one PostgreSQL, again
// and again: nothing goes out twice.
func TestPlainStopsOfSeveral(t *testing.T) {
	t.Parallel()
	database := storetest.Schema(t, postgres(t))
	stopsWhileSending(t, database, 600, 5, 4, syscall.SIGTERM)
}

// TestLongStops is part of make crash: 20 kills and 20 plain stops while 5,000
// copies go out over 8 connections, on both databases.
func TestLongStops(t *testing.T) {
	if os.Getenv("RIGHTSDESK_CRASH") == "" {
		t.Skip("a long run: make crash")
	}
	for _, with := range []os.Signal{os.Kill, syscall.SIGTERM} {
		t.Run("SQLite "+with.String(), func(t *testing.T) { stopsWhileSending(t, "", 5000, 20, 8, with) })
		t.Run("PostgreSQL "+with.String(), func(t *testing.T) {
			stopsWhileSending(t, storetest.Schema(t, postgres(t)), 5000, 20, 8, with)
		})
	}
}

// stopsWhileSending stops serving processes, one on SQLite and one of two on a
// PostgreSQL, so many times while an issue goes out. Three witnesses say what
// became of it: the server's record, verify, and plain SQL.
func stopsWhileSending(t *testing.T, database string, copies, stops, connections int, with os.Signal) {
	t.Helper()
	s := crashSettings(t)
	s.database = database
	processes, pause := 1, time.Duration(0)
	if database != "" {
		processes, pause = 2, 100*time.Millisecond // two start slower than they send
	}
	m := crashtest.Slow(t, pause, func(relay string) *exec.Cmd {
		return program(t.Context(), t, "serve", "--data-dir", s.dataDir, "--database", database, "--feeds", s.feeds, "--listen", "127.0.0.1:0",
			"--relay", relay, "--connections", fmt.Sprint(connections), "--log-format", "json")
	})
	id := issueFor(t, s, copies)
	last := m.StopAmong(t, processes, copies, stops, with)
	books, err := s.openStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer books.Close()
	settled(t, books, id)
	for _, p := range last {
		if err := p.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(); err != nil {
			t.Errorf("the serving process ended with %v", err)
		}
	}
	seconds := m.Seconds(t, copies, witnessed(t, s, books, id, copies, 0))
	most := stops * connections
	if with != os.Kill {
		most = 0
	}
	if seconds > most {
		t.Errorf("%d second copies after %d stops (%v), want at most %d", seconds, stops, with, most)
	}
	t.Logf("%d stops (%v), %d connections of each of %d processes: second copies %d, at most %d", stops, with, connections, processes, seconds, most)
}

// witnessed asks verify and plain SQL whether all was sent, less so many at
// most whose readers left before it was tried again, and returns what is
// listed as uncertain.
func witnessed(t *testing.T, s *settings, books *store.Store, id news.IssueID, copies, left int) map[string]int {
	t.Helper()
	r, err := keep.Verify(t.Context(), books)
	if err != nil || !r.OK() {
		t.Errorf("verify: %+v, %v", r.Problems, err)
	}
	if c := r.Books[0].Counts; c.Intended != copies || c.Sent+c.Excluded != copies || c.Excluded > left || !r.Books[0].Balanced {
		t.Errorf("books %+v, want all %d sent", c, copies)
	}
	if n := rawCount(t, s, `SELECT COUNT(DISTINCT message_id) FROM copies WHERE state IN ('sent', 'excluded') AND next_try = 0 AND fence = 0`); n != copies {
		t.Errorf("plain SQL finds %d copies sent, want %d", n, copies)
	}
	marked, err := books.UncertainCopies(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	uncertain := map[string]int{}
	for _, c := range marked {
		uncertain[c.MessageID] = c.Uncertain
	}
	if n := rawCount(t, s, `SELECT COUNT(*) FROM copies WHERE uncertain > 0`); n != len(uncertain) {
		t.Errorf("plain SQL finds %d uncertain copies, %d are listed", n, len(uncertain))
	}
	return uncertain
}

// rawCount asks the database without any of our code.
func rawCount(t *testing.T, s *settings, query string) (n int) {
	t.Helper()
	driver, at := "sqlite", filepath.Join(s.dataDir, store.File)
	if s.database != "" {
		driver, at = "pgx", s.database
	}
	db, err := sql.Open(driver, at)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// listedUncertain is what the command line says may have gone out twice, by
// Message-ID.
func listedUncertain(t *testing.T, dir string, id news.IssueID) map[string]int {
	t.Helper()
	out, err := program(t.Context(), t, "issue", "status", fmt.Sprint(id), "--uncertain", "--json", "--data-dir", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	uncertain := map[string]int{}
	for _, c := range lines[uncertainJSON](t, string(out)) {
		uncertain[c.MessageID] = c.Times
	}
	return uncertain
}

// crashSettings are of a desk that reads nothing.
func crashSettings(t *testing.T) *settings {
	t.Helper()
	s := defaultSettings()
	s.dataDir, s.solo = t.TempDir(), true
	s.feeds = filepath.Join(s.dataDir, "feeds.yaml")
	feeds := "version: 1\ndefaults: {every: 60m, language: en}\nsources:\n  - slug: none\n    name: None\n" +
		"    home: https://example.org/\n    feed: https://example.org/feed\n    off: \"nothing is asked in a test\"\n"
	if err := os.WriteFile(s.feeds, []byte(feeds), 0o600); err != nil {
		t.Fatal(err)
	}
	return &s
}

// issueFor freezes an issue of one story for so many readers.
func issueFor(t *testing.T, s *settings, readers int) news.IssueID {
	t.Helper()
	ctx := t.Context()
	a := &app{getenv: os.Getenv, stdout: io.Discard, stderr: io.Discard}
	h, err := a.openHouse(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	var all []audience.Reader
	for n := range readers {
		address, err := audience.ParseAddress(fmt.Sprintf("reader%d@d%d.example.org", n, n%20))
		if err != nil {
			t.Fatal(err)
		}
		r := audience.Reader{Address: address, State: audience.Active,
			Preferences: audience.Preferences{Language: audience.Languages()[n%7], Format: audience.Formats()[n%3]}}
		_, _ = rand.Read(r.Token[:]) // never fails
		all = append(all, r)
	}
	if err := h.store.AddReaders(ctx, all); err != nil {
		t.Fatal(err)
	}
	headline := "A doctor is free"
	story, err := news.Begin("en", news.Approval{Headline: &headline}, "https://example.org/doctor", "anna", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := story.Approve(news.Approval{}, "anna", time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.AddStory(ctx, story, news.Decision{At: time.Now(), Who: "anna", What: "begin"}); err != nil {
		t.Fatal(err)
	}
	i, err := h.publish.Draft(ctx, "anna")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.publish.Approve(ctx, i.ID, i.Revision, "anna"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.publish.Send(ctx, i.ID, "anna"); err != nil {
		t.Fatal(err)
	}
	return i.ID
}

// openBeside opens the books as another command would, while a desk serves.
func openBeside(t *testing.T, dir string) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// finished waits until an issue is.
func finished(t *testing.T, books *store.Store, id news.IssueID) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	over := time.NewTimer(time.Minute)
	defer over.Stop()
	for {
		select {
		case <-tick.C:
			i, err := books.Issue(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if i.State == news.IssueFinished {
				return
			}
		case <-over.C:
			counts, err := books.Counts(t.Context(), id)
			t.Fatalf("the issue is not finished after a minute: %+v, %v", counts, err)
		}
	}
}
