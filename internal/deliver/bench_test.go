package deliver_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/deliver"
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

// BenchmarkMemory freezes and sends to 100,000 readers and reports how much
// more memory the process has at its peak than when idle.
func BenchmarkMemory(b *testing.B) {
	const readers = 100_000
	for range b.N {
		s := openStore(b, b.TempDir())
		subscribe(b, s, readers, benchAddress)
		srv := sink(b)
		idle := inUse()
		peak := watchMemory(b)
		began := time.Now()
		freeze(b, s, []byte("Hello\r\n"))
		b.ReportMetric(time.Since(began).Seconds(), "freeze-s")
		b.ReportMetric(float64(peak()-idle)/1e6, "freeze-MB")
		d := sender(s, to(srv), func(o *deliver.Options) { o.Connections = benchConnections }, asleep)
		for srv.Count() < readers {
			if err := d.Run(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		// What the server keeps of each mail is not ours.
		b.ReportMetric(float64(peak()-idle)/1e6, "all-MB")
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
