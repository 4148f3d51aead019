package deliver_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/deliver"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/smtpout/smtptest"
)

// benchText is a digest of 30 KB.
var benchText = bytes.Repeat([]byte("A line of the digest, as long as lines in mails are wont to be\r\n"), 30<<10/64)

const benchConnections = 8

func sink(b *testing.B) *smtptest.Server {
	b.Helper()
	srv := &smtptest.Server{NoTexts: true}
	srv.Start(b)
	return srv
}

// BenchmarkSend sends 2,000 copies of 30 KB over 8 connections a round, in
// turns bare, which is the same client and bytes with nothing written down, and
// with the ledger on. The server runs in the same process on the same cores.
func BenchmarkSend(b *testing.B) {
	const mails = 2000
	s := openStore(b, b.TempDir())
	subscribe(b, s, mails, benchAddress)
	srv := sink(b)
	d := sender(s, to(srv), func(o *deliver.Options) { o.Connections = benchConnections }, asleep)
	var bare, ledger time.Duration
	for range b.N {
		bare += timed(func() { sendBare(b, to(srv), mails) })
		freeze(b, s, benchText)
		ledger += timed(func() {
			if err := d.Run(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
	if want := 2 * mails * b.N; srv.Count() != want {
		b.Fatalf("the server took %d mails, want %d", srv.Count(), want)
	}
	b.ReportMetric(float64(mails*b.N)/bare.Seconds(), "bare-mails/s")
	b.ReportMetric(float64(mails*b.N)/ledger.Seconds(), "mails/s")
	b.ReportMetric(100*bare.Seconds()/ledger.Seconds(), "%-of-bare")
}

func timed(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began)
}

func benchAddress(n int) string { return fmt.Sprintf("reader%d@d%d.example.org", n, n%100) }

// sendBare sends so many mails with nothing written down.
func sendBare(b *testing.B, client *smtpout.Client, mails int64) {
	b.Helper()
	var left atomic.Int64
	left.Store(mails)
	next := func(context.Context) (smtpout.Message, bool, error) {
		n := left.Add(-1)
		if n < 0 {
			return smtpout.Message{}, false, nil
		}
		address, err := audience.ParseAddress(benchAddress(int(n)))
		if err != nil {
			return smtpout.Message{}, false, err
		}
		body, err := body(benchText).Append(nil, audience.Variant{}, audience.Copy{Address: address, MessageID: fmt.Sprintf("%d@weekly.example.org", n)})
		return smtpout.Message{From: "bounces@weekly.example.org", To: address.Reveal(), Body: body}, true, err
	}
	var senders sync.WaitGroup
	for range benchConnections {
		senders.Go(func() {
			for left.Load() > 0 {
				if err := client.Session(b.Context(), next, func(smtpout.Message, smtpout.Reply) error { return nil }); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	senders.Wait()
}

// BenchmarkFarRelay is BenchmarkSend to a server 20 ms away, there and back.
func BenchmarkFarRelay(b *testing.B) {
	const mails = 800
	s := openStore(b, b.TempDir())
	subscribe(b, s, mails, benchAddress)
	srv := sink(b)
	client := to(srv)
	client.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, srv.Addr())
		if err != nil {
			return nil, err
		}
		return far(c, 10*time.Millisecond), nil
	}
	d := sender(s, client, func(o *deliver.Options) { o.Connections = benchConnections }, asleep)
	var bare, ledger time.Duration
	for range b.N {
		bare += timed(func() { sendBare(b, client, mails) })
		freeze(b, s, benchText)
		ledger += timed(func() {
			if err := d.Run(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
	if want := 2 * mails * b.N; srv.Count() != want {
		b.Fatalf("the server took %d mails, want %d", srv.Count(), want)
	}
	b.ReportMetric(float64(mails*b.N)/bare.Seconds(), "bare-mails/s")
	b.ReportMetric(float64(mails*b.N)/ledger.Seconds(), "mails/s")
	b.ReportMetric(100*bare.Seconds()/ledger.Seconds(), "%-of-bare")
}

// far is a connection to somebody so long away, each way. What is sent and what
// comes back arrives late, in order; nobody waits for what is on its way.
func far(c net.Conn, away time.Duration) net.Conn {
	near, end := net.Pipe()
	go late(c, end, away)
	go late(end, c, away)
	return &farConn{near, c}
}

// A farConn tells the address of what it really leads to.
type farConn struct {
	net.Conn
	real net.Conn
}

// RemoteAddr is the server's.
func (f *farConn) RemoteAddr() net.Addr { return f.real.RemoteAddr() }

// late copies until one side closes, and then closes both.
func late(to, from net.Conn, away time.Duration) {
	type chunk struct {
		at   time.Time
		data []byte
	}
	way := make(chan chunk, 1<<12)
	go func() {
		defer to.Close()
		for c := range way {
			wait := time.NewTimer(time.Until(c.at))
			<-wait.C
			if _, err := to.Write(c.data); err != nil {
				break
			}
		}
		for range way { // nobody is there to take it
		}
	}()
	defer close(way)
	for {
		buf := make([]byte, 64<<10)
		n, err := from.Read(buf)
		if n > 0 {
			way <- chunk{time.Now().Add(away), buf[:n]}
		}
		if err != nil {
			return
		}
	}
}

// asSink is set in a process that only takes mails, so that what it keeps is
// not counted as ours.
const asSink = "RIGHTSDESK_TEST_AS_SINK"

// TestSink is that process: it says where it listens, and ends with its stdin.
func TestSink(t *testing.T) {
	if os.Getenv(asSink) == "" {
		return
	}
	srv := &smtptest.Server{NoTexts: true}
	srv.Start(t)
	fmt.Println("listening " + srv.URL())
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("took %d\n", srv.Count())
}

// BenchmarkMemory freezes and sends to 100,000 readers and reports how much
// more memory the process has at its peak than when idle.
func BenchmarkMemory(b *testing.B) {
	const readers = 100_000
	for range b.N {
		s := openStore(b, b.TempDir())
		subscribe(b, s, readers, benchAddress)
		relay, ended := sinkProcess(b)
		idle := inUse()
		peak := watchMemory(b)
		var i news.Issue
		b.ReportMetric(timed(func() { i = freeze(b, s, []byte("Hello\r\n")) }).Seconds(), "freeze-s")
		b.ReportMetric(float64(peak()-idle)/1e6, "freeze-MB")
		d := sender(s, &smtpout.Client{Relays: []smtpout.Relay{relay}}, func(o *deliver.Options) { o.Connections = benchConnections }, asleep)
		took := timed(func() {
			for counts(b, s, i.ID).Waiting > 0 {
				if err := d.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.ReportMetric(float64(peak()-idle)/1e6, "all-MB")
		b.ReportMetric(readers/took.Seconds(), "mails/s")
		if n := ended(); n != readers {
			b.Errorf("the server took %d mails, want %d", n, readers)
		}
	}
}

// sinkProcess starts a server in a process of its own. ended closes it and
// returns how many mails it took.
func sinkProcess(b *testing.B) (relay smtpout.Relay, ended func() int) {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), self, "-test.run=^TestSink$", "-test.timeout=1h")
	cmd.Env = append(os.Environ(), asSink+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	var url string
	if _, err := fmt.Fscanf(out, "listening %s\n", &url); err != nil {
		b.Fatal(err)
	}
	if relay, err = smtpout.ParseRelay(url); err != nil {
		b.Fatal(err)
	}
	return relay, func() (took int) {
		in.Close()
		if _, err := fmt.Fscanf(out, "took %d\n", &took); err != nil {
			b.Error(err)
		}
		_, _ = io.Copy(io.Discard, out) // what the test binary says of itself
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
		return took
	}
}

func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// watchMemory samples the memory in use; what it returns gives the most so far.
func watchMemory(b *testing.B) func() int64 {
	var most atomic.Int64
	ctx, stop := context.WithCancel(b.Context())
	var sampler sync.WaitGroup
	sampler.Go(func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most.Store(max(most.Load(), int64(m.HeapInuse+m.StackInuse)))
			}
		}
	})
	b.Cleanup(func() { stop(); sampler.Wait() })
	return most.Load
}
