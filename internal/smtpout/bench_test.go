package smtpout_test

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/smtpout/smtptest"
)

// BenchmarkSession sends mails of 30 KB over several connections to a server
// in the same process, which takes half of the time.
func BenchmarkSession(b *testing.B) {
	s := &smtptest.Server{NoTexts: true}
	s.Start(b)
	relay, err := smtpout.ParseRelay(s.URL())
	if err != nil {
		b.Fatal(err)
	}
	c := &smtpout.Client{Relays: []smtpout.Relay{relay}}
	m := message(1)
	m.Body = append(m.Body, bytes.Repeat([]byte("a line of a usual length, as it stands in a mail of ours\r\n"), 520)...)
	b.SetBytes(int64(len(m.Body)))
	b.ReportAllocs()
	b.SetParallelism(4) // eight connections on two cores
	var sent atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		more := true
		next := func(context.Context) (smtpout.Message, bool, error) {
			more = pb.Next()
			return m, more, nil
		}
		record := func(_ smtpout.Message, r smtpout.Reply) error {
			if !r.Accepted() {
				b.Errorf("%v", r)
			}
			sent.Add(1)
			return nil
		}
		for more {
			if err := c.Session(b.Context(), next, record); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(sent.Load())/b.Elapsed().Seconds(), "mails/s")
}
