package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
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
// counted. It waits for leases to run out, and so is part of make crash.
func TestLateResultsAreRefused(t *testing.T) {
	t.Parallel()
	if os.Getenv("RIGHTSDESK_CRASH") == "" {
		t.Skip("a long run: make crash")
	}
	const copies, connections = 200, 4
	database := storetest.Schema(t, postgres(t))
	var asked atomic.Int32
	first, release := make(chan struct{}), make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			close(first)
			<-release // the one that is stopped waits for its answer
		}
		new(onlyOne).ServeHTTP(w, r)
	}))
	t.Cleanup(feed.Close)
	t.Cleanup(letGo)
	s := severalSettings(t, database, feed.URL)
	m := crashtest.Slow(t, 0, func(relay string) *exec.Cmd {
		return program(t.Context(), t, "serve", "--data-dir", s.dataDir, "--database", database, "--feeds", s.feeds, "--only", "work,clock",
			"--relay", relay, "--connections", fmt.Sprint(connections), "--log-format", "json", "--fetch-allow-cidr", "127.0.0.0/8")
	})
	// From the middle on, the first process waits for its replies.
	var waiting atomic.Int32
	m.Server.Script = func(step smtptest.Step) smtptest.Answer {
		if step.Stage == smtptest.Dot && step.N > copies/2 && step.Conn <= connections {
			waiting.Add(1)
			<-release
		}
		return smtptest.Answer{}
	}
	id := issueFor(t, s, copies)

	stopped := m.Start(t)
	t.Cleanup(func() { _ = stopped.Process.Kill() }) // it has ended
	<-first
	for tick := time.NewTicker(10 * time.Millisecond); waiting.Load() < connections; <-tick.C {
		if t.Context().Err() != nil {
			t.Fatal("it does not send")
		}
	}
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
	letGo()
	// Its poll was ended by its own limit, and brings nothing to refuse.
	late := func() int {
		return rawCount(t, s, `SELECT COALESCE(SUM(results), 0) FROM late_results WHERE kind = 'copies'`)
	}
	for tick := time.NewTicker(100 * time.Millisecond); late() < connections; <-tick.C {
		if time.Since(began) > 4*time.Minute {
			t.Fatalf("%d late results are counted, want %d", late(), connections)
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
	t.Logf("the source was asked again after %v, the issue sent after %v; %d late results refused and counted",
		fetching.Round(time.Second), sending.Round(time.Second), late())
}
