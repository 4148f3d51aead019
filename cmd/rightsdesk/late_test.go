package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/deliver/crashtest"
	"github.com/ifhhro/rightsdesk/internal/smtpout/smtptest"
	"github.com/ifhhro/rightsdesk/internal/store/storetest"
	"golang.org/x/sys/unix"
)

// TestLateResultsAreRefused stops a process for minutes while it sends and asks
// a source, as a machine does that swaps or is moved. Another takes over both
// within two minutes. What the first brings when it goes on is refused and
// counted.
func TestLateResultsAreRefused(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits for the leases of a stopped process")
	}
	const copies, connections = 200, 4
	database := storetest.Schema(t, postgres(t))
	var asked atomic.Int32
	first, release := make(chan struct{}), make(chan struct{})
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			close(first)
			<-release // the one that is stopped waits for its answer
		}
		new(onlyOne).ServeHTTP(w, r)
	}))
	t.Cleanup(feed.Close)
	s := severalSettings(t, database, feed.URL)
	m := crashtest.Slow(t, 0, func(relay string) *exec.Cmd {
		return program(t.Context(), t, "serve", "--data-dir", s.dataDir, "--database", database, "--feeds", s.feeds, "--only", "work,clock",
			"--relay", relay, "--connections", fmt.Sprint(connections), "--log-format", "json", "--fetch-allow-cidr", "127.0.0.0/8")
	})
	var taken atomic.Int32
	midway := make(chan struct{})
	m.Server.Script = func(step smtptest.Step) smtptest.Answer {
		if step.Stage == smtptest.Dot && taken.Add(1) == copies/2 {
			close(midway)
			<-first
			return smtptest.Answer{Delay: 500 * time.Millisecond} // its reply finds the process stopped
		}
		return smtptest.Answer{}
	}
	id := issueFor(t, s, copies)

	stopped := m.Start(t)
	t.Cleanup(func() { _ = stopped.Process.Kill() }) // it has ended
	<-midway
	<-first
	halt(t, stopped.Process)
	began := time.Now()
	second := m.Start(t)
	t.Cleanup(func() { _ = second.Process.Kill() }) // it has ended
	for tick := time.NewTicker(100 * time.Millisecond); asked.Load() < 2; <-tick.C {
		if time.Since(began) > 3*time.Minute {
			t.Fatal("nobody asks the source after three minutes")
		}
	}
	fetching := time.Since(began)
	books, err := s.openStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer books.Close()
	settled(t, books, id)
	sending := time.Since(began)
	if most := 2 * time.Minute; fetching > most || sending > most {
		t.Errorf("the source was asked again after %v and the issue sent after %v, want both within %v", fetching, sending, most)
	}
	if err := stopped.Process.Signal(unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	close(release)
	late := func(kind string) int {
		return rawCount(t, s, `SELECT COALESCE(SUM(results), 0) FROM late_results WHERE kind = '`+kind+`'`)
	}
	for tick := time.NewTicker(100 * time.Millisecond); late("copies") == 0 || late("polls") == 0; <-tick.C {
		if time.Since(began) > 4*time.Minute {
			t.Fatalf("late results counted: %d copies, %d polls; want some of each", late("copies"), late("polls"))
		}
	}
	for _, p := range []*exec.Cmd{stopped, second} {
		if err := p.Process.Signal(unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(); err != nil {
			t.Errorf("a process ended with %v", err)
		}
	}
	if n := m.Seconds(t, copies, witnessed(t, s, books, id, copies, 0)); n > connections {
		t.Errorf("%d second copies, want at most %d", n, connections)
	}
	t.Logf("the source was asked again after %v, the issue sent after %v; refused late: %d copies, %d polls",
		fetching.Round(time.Second), sending.Round(time.Second), late("copies"), late("polls"))
}
