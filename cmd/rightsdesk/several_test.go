package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/deliver/crashtest"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/store/storetest"
)

// TestSeveralProcesses lets three processes share one PostgreSQL and kills one
// of them every two seconds while an issue goes out: nobody is lost, second
// copies stay within one a connection and kill, and a host is never asked by
// two at once.
func TestSeveralProcesses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits for the leases of killed processes")
	}
	const copies, connections, processes, kills = 2000, 4, 3, 4
	database := storetest.Schema(t, postgres(t))
	asked := &onlyOne{}
	feed := httptest.NewServer(asked)
	t.Cleanup(feed.Close)
	s := severalSettings(t, database, feed.URL)
	// Slow enough that the kills fall into the sending.
	m := crashtest.Slow(t, 20*time.Millisecond, func(relay string) *exec.Cmd {
		return program(t.Context(), t, "serve", "--data-dir", s.dataDir, "--database", database, "--feeds", s.feeds, "--only", "work,clock",
			"--relay", relay, "--connections", fmt.Sprint(connections), "--log-format", "json", "--fetch-allow-cidr", "127.0.0.0/8")
	})
	id := issueFor(t, s, copies)

	running := make([]*exec.Cmd, processes)
	for n := range running {
		running[n] = m.Start(t)
	}
	t.Cleanup(func() {
		for _, p := range running {
			_ = p.Process.Kill() // it may have ended
			_ = p.Wait()
		}
	})
	every := time.NewTicker(2 * time.Second)
	defer every.Stop()
	for k := range kills {
		<-every.C
		dead := running[k%processes]
		if err := dead.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = dead.Wait() // it was killed
		running[k%processes] = m.Start(t)
	}
	books, err := store.OpenPostgres(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer books.Close()
	settled(t, books, id)
	r, err := keep.Verify(t.Context(), books)
	if err != nil || !r.OK() {
		t.Errorf("verify: %+v, %v", r.Problems, err)
	}
	if c := r.Books[0].Counts; c.Intended != copies || c.Sent != copies {
		t.Errorf("books %+v, want all %d sent", c, copies)
	}
	marked, err := books.UncertainCopies(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	uncertain := map[string]int{}
	for _, c := range marked {
		uncertain[c.MessageID] = c.Uncertain
	}
	if n := m.Seconds(t, copies, uncertain); n > kills*connections {
		t.Errorf("%d second copies after %d kills, want at most %d", n, kills, kills*connections)
	}
	asked.check(t)
}

// severalSettings are of a desk with several sources on one host.
func severalSettings(t *testing.T, database, host string) *settings {
	t.Helper()
	s := crashSettings(t)
	s.database = database
	var list strings.Builder
	list.WriteString("version: 1\nsources:\n")
	for n := range 6 {
		fmt.Fprintf(&list, "  - slug: source-%d\n    name: Source %d\n    feed: %s/%d\n    every: 15m\n", n, n, host, n)
	}
	s.feeds = filepath.Join(s.dataDir, "several.yaml")
	if err := os.WriteFile(s.feeds, []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// settled waits until an issue is finished. What a killed process held is
// taken over when its lease runs out, within two minutes.
func settled(t *testing.T, books *store.Store, id news.IssueID) {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	over := time.After(4 * time.Minute)
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
		case <-over:
			c, err := books.Counts(t.Context(), id)
			t.Fatalf("the issue is not finished after four minutes: %+v, %v", c, err)
		}
	}
}

// An onlyOne is a host that notes when it is asked.
type onlyOne struct {
	mu      sync.Mutex
	inside  int
	crowded int
	starts  []time.Time
}

func (o *onlyOne) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	o.starts = append(o.starts, time.Now())
	o.inside++
	if o.inside > 1 {
		o.crowded++
	}
	o.mu.Unlock()
	w.Header().Set("Content-Type", "application/rss+xml")
	fmt.Fprintf(w, `<rss version="2.0"><channel><title>S</title><item><title>Item of %s</title><link>https://s.example%s</link></item></channel></rss>`, r.URL.Path, r.URL.Path)
	o.mu.Lock()
	o.inside--
	o.mu.Unlock()
}

func (o *onlyOne) check(t *testing.T) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	// A process that dies while it asks keeps the host to itself until its
	// lease runs out, so how often it was asked depends on who was killed.
	if len(o.starts) == 0 {
		t.Error("the host was never asked")
	}
	if o.crowded > 0 {
		t.Errorf("the host was asked by two at once, %d times", o.crowded)
	}
	for i := 1; i < len(o.starts); i++ {
		// The client counts its second from the end of the answer before.
		if gap := o.starts[i].Sub(o.starts[i-1]); gap < 900*time.Millisecond {
			t.Errorf("the host was asked again after %v", gap)
		}
	}
}

// TestLongProcesses measures, for make crash, how fast one process and three
// send from one PostgreSQL whose commits are durable. Nothing fails on a
// figure.
func TestLongProcesses(t *testing.T) {
	if os.Getenv("RIGHTSDESK_CRASH") == "" {
		t.Skip("a long run: make crash")
	}
	const copies, connections = 6000, 4
	cluster := storetest.NewCluster(t)
	for _, pause := range []time.Duration{0, 20 * time.Millisecond} {
		for _, processes := range []int{1, 3} {
			database := storetest.Schema(t, cluster.Address)
			s := crashSettings(t)
			s.database = database
			m := crashtest.Slow(t, pause, func(relay string) *exec.Cmd {
				return program(t.Context(), t, "serve", "--data-dir", s.dataDir, "--database", database, "--feeds", s.feeds, "--only", "work,clock",
					"--relay", relay, "--connections", fmt.Sprint(connections), "--log-format", "json")
			})
			m.Server.NoTexts = true
			running := make([]*exec.Cmd, processes)
			for n := range running {
				running[n] = m.Start(t)
			}
			issueFor(t, s, copies)
			m.Sent(t, copies/10)
			began := time.Now()
			from := m.Server.Count()
			m.Sent(t, copies*9/10)
			rate := float64(m.Server.Count()-from) / time.Since(began).Seconds()
			for _, p := range running {
				_ = p.Process.Kill()
				_ = p.Wait() // it was killed
			}
			t.Logf("%d processes of %d connections, a relay that takes %v for a mail: %.0f copies/s", processes, connections, pause, rate)
		}
	}
}
