package main

import (
	"context"
	"crypto/rand"
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
