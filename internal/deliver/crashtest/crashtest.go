// Package crashtest stops a sending process at random moments and starts it
// again, and then compares what the server took with what the books say. It
// knows nothing of either side but the mails.
package crashtest

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/smtpout/smtptest"
)

// A Mailing is one issue that goes out through processes that are stopped.
type Mailing struct {
	Server  *smtptest.Server
	start   func() *exec.Cmd
	pause   time.Duration // before the server takes a mail
	next    atomic.Pointer[point]
	reached chan struct{} // the server is at the point
}

// A point is a moment at the server: a stage is reached the n-th time.
type point struct {
	stage smtptest.Stage
	n     int
}

// New starts the server. start makes the command that sends to it; it is not
// yet started.
func New(t *testing.T, start func(relay string) *exec.Cmd) *Mailing {
	t.Helper()
	return Slow(t, 0, start)
}

// Slow is New with a server that waits before it takes a mail, so that a
// sending lasts long enough to be disturbed.
func Slow(t *testing.T, pause time.Duration, start func(relay string) *exec.Cmd) *Mailing {
	t.Helper()
	m := &Mailing{pause: pause, Server: &smtptest.Server{}, reached: make(chan struct{}, 1)}
	m.Server.Script = m.watch
	m.Server.Start(t)
	m.start = func() *exec.Cmd { return start(m.Server.URL()) }
	return m
}

func (m *Mailing) watch(step smtptest.Step) smtptest.Answer {
	if p := m.next.Load(); p != nil && step.Stage == p.stage && step.N >= p.n && m.next.CompareAndSwap(p, nil) {
		m.reached <- struct{}{}
	}
	if step.Stage == smtptest.Dot {
		return smtptest.Answer{Delay: m.pause}
	}
	return smtptest.Answer{}
}

// Stop runs so many senders one after the other, each until the server is at a
// random stage of a random mail, and stops it there with a signal.
func (m *Mailing) Stop(t *testing.T, copies, stops int, with os.Signal) {
	t.Helper()
	random := seeded(copies, stops)
	for k := range stops {
		m.await(random, k, copies, stops)
		m.stopOne(t, with)
	}
}

func seeded(copies, stops int) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(copies), uint64(stops)))
}

var stages = []smtptest.Stage{smtptest.Mail, smtptest.Rcpt, smtptest.Data, smtptest.Dot}

// await chooses the moment of the k-th stop.
func (m *Mailing) await(random *rand.Rand, k, copies, stops int) {
	each := copies / (stops + 1)
	m.next.Store(&point{stages[random.IntN(len(stages))], k*each + 1 + random.IntN(each)})
}

// StopAmong keeps so many senders at work at a time, and stops one of them, by
// chance, each time the server is at a random stage of a random mail; another
// takes its place. It returns those that run at the end, which the test ends.
func (m *Mailing) StopAmong(t *testing.T, senders, copies, stops int, with os.Signal) []*exec.Cmd {
	t.Helper()
	random := seeded(copies, stops)
	running := make([]*exec.Cmd, senders)
	for n := range running {
		running[n] = m.Start(t)
	}
	for k := range stops {
		m.await(random, k, copies, stops)
		select {
		case <-m.reached:
		case <-time.After(3 * time.Minute):
			t.Fatalf("nothing was sent for three minutes before stop %d", k+1)
		}
		n := random.IntN(senders)
		if err := running[n].Process.Signal(with); err != nil {
			t.Fatal(err)
		}
		if err := running[n].Wait(); err != nil && with != os.Kill {
			t.Errorf("a sender that was asked to stop: %v", err)
		}
		running[n] = m.Start(t)
	}
	return running
}

func (m *Mailing) stopOne(t *testing.T, with os.Signal) {
	t.Helper()
	cmd := m.Start(t)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-m.reached:
		if err := cmd.Process.Signal(with); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil && with != os.Kill {
			t.Errorf("a sender that was asked to stop: %v", err)
		}
	case err := <-ended:
		t.Fatalf("the sender ended by itself before it was stopped: %v", err)
	}
}

// Start starts a sender that nobody stops.
func (m *Mailing) Start(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := m.start()
	if cmd.Stderr == nil {
		cmd.Stderr = os.Stderr
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// Sent waits until the server took so many mails.
func (m *Mailing) Sent(t *testing.T, mails int) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	over := time.After(2 * time.Minute)
	for m.Server.Count() < mails {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("the server took %d mails in two minutes, want %d", m.Server.Count(), mails)
		}
	}
}

// Seconds checks what the server took and returns how many second copies were
// among it: nobody is lost, a second copy is the same to the byte, and each is
// among those the books call uncertain, as often at least. uncertain counts by
// Message-ID without angle brackets.
func (m *Mailing) Seconds(t *testing.T, copies int, uncertain map[string]int) int {
	t.Helper()
	first, times := map[string]smtptest.Taken{}, map[string]int{}
	for _, taken := range m.Server.Taken() {
		if before, again := first[taken.MessageID]; again && !bytes.Equal(before.Data, taken.Data) {
			t.Errorf("second copy of %s differs", taken.MessageID)
		}
		first[taken.MessageID] = taken
		times[taken.MessageID]++
	}
	if len(first) != copies {
		t.Errorf("the server took %d different mails, want %d: readers are lost", len(first), copies)
	}
	seconds := 0
	for id, n := range times {
		if marked := uncertain[id[1:len(id)-1]]; n-1 > marked {
			t.Errorf("%s went out %d times and is marked uncertain %d times", id, n, marked)
		}
		seconds += n - 1
	}
	for _, c := range m.Server.Complaints() {
		t.Errorf("bad manners: %s", c)
	}
	t.Logf("%d copies: lost %d, second copies %d, marked uncertain %d", copies, copies-len(first), seconds, len(uncertain))
	return seconds
}
