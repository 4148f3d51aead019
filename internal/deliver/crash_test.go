package deliver_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/deliver"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/smtpout/smtptest"
	"github.com/ifhhro/rightsdesk/internal/store"
)

// Set in the process that a crash test starts, kills and starts again: the
// data directory, the relay and the number of connections.
const (
	childDir   = "RIGHTSDESK_TEST_SENDER_DIR"
	childRelay = "RIGHTSDESK_TEST_SENDER_RELAY"
	childConns = "RIGHTSDESK_TEST_SENDER_CONNECTIONS"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child sends what is due until nothing is, as a serving process would.
func child(dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := store.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer s.Close()
	relay, err := smtpout.ParseRelay(os.Getenv(childRelay))
	if err != nil {
		return err
	}
	d := sender(s, &smtpout.Client{Relays: []smtpout.Relay{relay}}, func(o *deliver.Options) {
		o.Connections, _ = strconv.Atoi(os.Getenv(childConns))
	})
	if err := d.Recover(ctx, true); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := d.Run(ctx); err != nil {
			return err
		}
		if left, err := s.SendingIssues(context.WithoutCancel(ctx)); err != nil || len(left) == 0 {
			return err
		}
	}
	return nil
}

// A crash is a run of the same mailing through processes that are stopped.
type crash struct {
	dir         string
	srv         *smtptest.Server
	connections int
	next        atomic.Pointer[point]
	reached     chan struct{} // the server is at the point
	issue       news.Issue
	copies      int
}

// startCrash freezes an issue for so many readers.
func startCrash(t *testing.T, copies, connections int) *crash {
	t.Helper()
	c := &crash{dir: t.TempDir(), connections: connections, reached: make(chan struct{}, 1), copies: copies, srv: &smtptest.Server{}}
	c.srv.Script = c.watch
	c.srv.Start(t)
	s, err := store.Open(t.Context(), c.dir)
	if err != nil {
		t.Fatal(err)
	}
	subscribe(t, s, copies, func(n int) string { return fmt.Sprintf("reader%d@d%d.example.org", n, n%20) })
	c.issue = freeze(t, s, []byte("Hello\r\n"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return c
}

// A point is a moment at the server: a stage is reached the n-th time.
type point struct {
	stage smtptest.Stage
	n     int
}

// watch signals when the server has come to the point that was set.
func (c *crash) watch(step smtptest.Step) smtptest.Answer {
	if p := c.next.Load(); p != nil && step.Stage == p.stage && step.N >= p.n && c.next.CompareAndSwap(p, nil) {
		c.reached <- struct{}{}
	}
	return smtptest.Answer{}
}

// process starts a sender.
func (c *crash) process(t *testing.T) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childDir+"="+c.dir, childRelay+"="+c.srv.URL(), childConns+"="+strconv.Itoa(c.connections))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// stop lets a sender work until the server is where the stop is due.
func (c *crash) stop(t *testing.T, with os.Signal) {
	t.Helper()
	cmd := c.process(t)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-c.reached:
		if err := cmd.Process.Signal(with); err != nil {
			t.Fatal(err)
		}
		<-ended
	case err := <-ended:
		t.Fatalf("the sender ended by itself before it was stopped: %v", err)
	}
}

// finish lets a last sender come to the end.
func (c *crash) finish(t *testing.T) {
	t.Helper()
	if err := c.process(t).Wait(); err != nil {
		t.Fatalf("the last sender: %v", err)
	}
}

// seconds checks what the server took against the books and returns how many
// second copies went out: nobody is lost, a second copy is the same to the
// byte, and each is among those marked uncertain.
func (c *crash) seconds(t *testing.T) int {
	t.Helper()
	s := openStore(t, c.dir)
	if got := counts(t, s, c.issue.ID); got.Sent != c.copies || got.Intended != c.copies {
		t.Errorf("books %+v, want all %d sent", got, c.copies)
	}
	uncertain := map[string]int{}
	marked, err := s.UncertainCopies(t.Context(), c.issue.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range marked {
		uncertain["<"+m.MessageID+">"] = m.Uncertain
	}
	first := map[string]smtptest.Taken{}
	times := map[string]int{}
	for _, m := range c.srv.Taken() {
		if before, again := first[m.MessageID]; again && !bytes.Equal(before.Data, m.Data) {
			t.Errorf("second copy of %s differs", m.MessageID)
		}
		first[m.MessageID] = m
		times[m.MessageID]++
	}
	if len(first) != c.copies {
		t.Errorf("the server took %d different mails, want %d: readers are lost", len(first), c.copies)
	}
	seconds := 0
	for id, n := range times {
		if n-1 > uncertain[id] {
			t.Errorf("%s went out %d times and is marked uncertain %d times", id, n, uncertain[id])
		}
		seconds += n - 1
	}
	t.Logf("%d copies, %d connections: lost %d, second copies %d, marked uncertain %d", c.copies, c.connections, c.copies-len(first), seconds, len(marked))
	return seconds
}

// stopped runs a mailing whose sender is stopped so many times at random, at
// any stage of any mail, and returns how many second copies went out.
func stopped(t *testing.T, copies, connections, stops int, with os.Signal) (seconds int) {
	t.Helper()
	c := startCrash(t, copies, connections)
	random := rand.New(rand.NewPCG(uint64(copies), uint64(stops)))
	stages := []smtptest.Stage{smtptest.Mail, smtptest.Rcpt, smtptest.Data, smtptest.Dot}
	for k := range stops {
		each := copies / (stops + 1)
		c.next.Store(&point{stages[random.IntN(len(stages))], k*each + 1 + random.IntN(each)})
		c.stop(t, with)
	}
	c.finish(t)
	return c.seconds(t)
}

func TestNobodyIsLostWhenTheSenderIsKilled(t *testing.T) {
	t.Parallel()
	const kills, connections = 5, 4
	if n := stopped(t, 1000, connections, kills, os.Kill); n > kills*connections {
		t.Errorf("%d second copies after %d kills, want at most %d", n, kills, kills*connections)
	}
}

// TestManyStops is the long run of make crash.
func TestManyStops(t *testing.T) {
	if os.Getenv("RIGHTSDESK_CRASH") == "" {
		t.Skip("a long run: set RIGHTSDESK_CRASH")
	}
	const stops, connections = 20, 8
	if n := stopped(t, 5000, connections, stops, os.Kill); n > stops*connections {
		t.Errorf("%d second copies after %d kills, want at most %d", n, stops, stops*connections)
	}
	if n := stopped(t, 5000, connections, stops, syscall.SIGTERM); n > 0 {
		t.Errorf("%d second copies after %d plain stops, want none", n, stops)
	}
}

func TestAPlainStopSendsNothingTwice(t *testing.T) {
	t.Parallel()
	if n := stopped(t, 600, 4, 5, syscall.SIGTERM); n > 0 {
		t.Errorf("%d second copies after plain stops, want none", n)
	}
}
