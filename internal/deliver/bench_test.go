package deliver_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/deliver"
	"github.com/ifhhro/rightsdesk/internal/smtpout/smtptest"
)

// BenchmarkSend sends copies of 30 KB over 8 connections with the ledger on.
func BenchmarkSend(b *testing.B) {
	s := openStore(b, b.TempDir())
	subscribe(b, s, b.N, func(n int) string { return fmt.Sprintf("reader%d@d%d.example.org", n, n%100) })
	began := time.Now()
	freeze(b, s, bytes.Repeat([]byte("A line of the digest, as long as lines in mails are wont to be\r\n"), 30<<10/64))
	b.ReportMetric(time.Since(began).Seconds()*1e6/float64(b.N), "freeze-µs/copy")
	srv := &smtptest.Server{NoTexts: true}
	srv.Start(b)
	b.ResetTimer()
	d := sender(s, to(srv), func(o *deliver.Options) { o.Connections = 8 })
	for srv.Count() < b.N {
		if err := d.Run(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}
