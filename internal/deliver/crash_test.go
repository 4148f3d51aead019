package deliver_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/deliver"
	"github.com/ifhhro/rightsdesk/internal/deliver/crashtest"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/store"
)

// Set in the process that a crash test starts, stops and starts again: the
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

// child sends what is due until nothing is.
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
	}, asleep)
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

// stopped sends an issue through processes that are stopped so many times and
// returns how many second copies went out.
func stopped(t *testing.T, copies, connections, stops int, with os.Signal) (seconds int) {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	m := crashtest.New(t, func(relay string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Env = append(os.Environ(), childDir+"="+dir, childRelay+"="+relay, childConns+"="+strconv.Itoa(connections))
		return cmd
	})
	i := prepared(t, dir, copies)
	m.Stop(t, copies, stops, with)
	if err := m.Start(t).Wait(); err != nil {
		t.Fatalf("the last sender: %v", err)
	}
	s := openStore(t, dir)
	if got := counts(t, s, i.ID); got.Sent != copies || got.Intended != copies {
		t.Errorf("books %+v, want all %d sent", got, copies)
	}
	marked, err := s.UncertainCopies(t.Context(), i.ID)
	if err != nil {
		t.Fatal(err)
	}
	uncertain := map[string]int{}
	for _, c := range marked {
		uncertain[c.MessageID] = c.Uncertain
	}
	return m.Seconds(t, copies, uncertain)
}

// prepared freezes an issue in a directory and lets go of it.
func prepared(t *testing.T, dir string, copies int) news.Issue {
	t.Helper()
	s, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	subscribe(t, s, copies, func(n int) string { return fmt.Sprintf("reader%d@d%d.example.org", n, n%20) })
	i := freeze(t, s, []byte("Hello\r\n"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return i
}

func TestNobodyIsLostWhenTheSenderIsKilled(t *testing.T) {
	t.Parallel()
	const kills, connections = 5, 4
	if n := stopped(t, 1000, connections, kills, os.Kill); n > kills*connections {
		t.Errorf("%d second copies after %d kills, want at most %d", n, kills, kills*connections)
	}
}

func TestAPlainStopSendsNothingTwice(t *testing.T) {
	t.Parallel()
	if n := stopped(t, 600, 4, 5, syscall.SIGTERM); n > 0 {
		t.Errorf("%d second copies after plain stops, want none", n)
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
