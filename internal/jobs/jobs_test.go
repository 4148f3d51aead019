package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/jobs"
)

// running starts an engine and stops it when the test ends.
func running(t *testing.T, s jobs.Services) *jobs.Engine {
	t.Helper()
	e, err := jobs.New(t.Context(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx, 10*time.Second) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := e.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return e
}

// calls counts what the engine called and lets a test wait for it.
type calls struct {
	mu   sync.Mutex
	seen map[string]int
	more chan struct{}
}

func newCalls() *calls { return &calls{seen: map[string]int{}, more: make(chan struct{}, 1000)} }

func (c *calls) add(name string) {
	c.mu.Lock()
	c.seen[name]++
	c.mu.Unlock()
	c.more <- struct{}{}
}

func (c *calls) wait(t *testing.T, name string, n int) {
	t.Helper()
	for {
		c.mu.Lock()
		got := c.seen[name]
		c.mu.Unlock()
		if got >= n {
			return
		}
		select {
		case <-c.more:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s was called %d times, want %d", name, got, n)
		}
	}
}

func (c *calls) services(hosts ...string) jobs.Services {
	call := func(name string) func(context.Context) error {
		return func(context.Context) error { c.add(name); return nil }
	}
	return jobs.Services{
		DueHosts: func(context.Context) ([]string, error) { c.add("due"); return hosts, nil },
		PollHost: func(_ context.Context, host string) error { c.add("host " + host); return nil },
		Place:    call("place"), Issues: call("issues"), Send: call("send"), Letters: call("letters"), Notices: call("notices"), Forget: call("forget"),
	}
}

func TestEverythingIsLookedAtWhenTheEngineStarts(t *testing.T) {
	t.Parallel()
	c := newCalls()
	running(t, c.services("a.example", "b.example"))
	for _, name := range []string{"due", "host a.example", "host b.example", "place", "issues", "send", "letters", "notices", "forget"} {
		c.wait(t, name, 1)
	}
}

func TestWakeRunsAKindAgain(t *testing.T) {
	t.Parallel()
	c := newCalls()
	e := running(t, c.services())
	for _, kind := range []string{jobs.KindPlace, jobs.KindIssues, jobs.KindSend, jobs.KindLetters, jobs.KindNotices} {
		c.wait(t, kind, 1)
		e.Wake(kind)
		c.wait(t, kind, 2)
	}
}

func TestAFailingJobStopsNoOther(t *testing.T) {
	t.Parallel()
	c := newCalls()
	s := c.services()
	s.Place = func(context.Context) error { c.add("place"); return errors.New("no") }
	s.Issues = func(context.Context) error { c.add("issues"); panic("boom") }
	e := running(t, s)
	c.wait(t, "place", 1)
	c.wait(t, "issues", 1)
	e.Wake(jobs.KindPlace)
	e.Wake(jobs.KindIssues)
	c.wait(t, "place", 2)
	c.wait(t, "issues", 2)
}

func TestStopWaitsForWhatRuns(t *testing.T) {
	t.Parallel()
	c := newCalls()
	s := c.services()
	ended := make(chan struct{})
	s.Send = func(ctx context.Context) error {
		c.add("send")
		<-ctx.Done()
		close(ended)
		return nil
	}
	e, err := jobs.New(t.Context(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx, 10*time.Second) }()
	c.wait(t, "send", 1)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	default:
		t.Error("Run returned while the sending job was still at work")
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}
