package deliver_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/deliver"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/smtpout/smtptest"
	"github.com/ifhhro/rightsdesk/internal/store"
)

// disk is a store whose disk can be full.
type disk struct {
	*store.Store
	full *atomic.Bool
}

func (d disk) Settle(ctx context.Context, fence int64, now time.Time, done []audience.Copy, begin []audience.CopyID) (begun, lost []audience.CopyID, err error) {
	if d.full.Load() {
		return nil, nil, news.ErrNoRoom
	}
	return d.Store.Settle(ctx, fence, now, done, begin)
}

func (d disk) EndLease(ctx context.Context, fence int64) error {
	if d.full.Load() {
		return news.ErrNoRoom
	}
	return d.Store.EndLease(ctx, fence)
}

func (d disk) Lease(ctx context.Context, holder string, until time.Time) (int64, error) {
	if d.full.Load() {
		return 0, news.ErrNoRoom
	}
	return d.Store.Lease(ctx, holder, until)
}

func TestAFullDiskStopsTheSendingUntilThereIsRoom(t *testing.T) {
	t.Parallel()
	srv := &smtptest.Server{}
	play(t, 100, fewDomains, srv, nil, func(c *scenario) {
		var full atomic.Bool
		c.deliver = c.senderOver(disk{c.store, &full})
		srv.Script = func(s smtptest.Step) smtptest.Answer {
			if s.Stage == smtptest.Dot && s.N == 30 {
				full.Store(true)
			}
			return smtptest.Answer{}
		}
		c.pass(10 * time.Minute)
		if n := srv.Count(); n > 30+4 {
			t.Errorf("%d mails went out, want 30 and one a connection: the rest could not be recorded", n)
		}
		full.Store(false)
		c.pass(30 * time.Minute)
		got := counts(t, c.store, c.issue.ID)
		if got.Sent != 100 || got.Uncertain > 4 {
			t.Errorf("books %+v, want 100 sent and at most 4 uncertain", got)
		}
		c.noneLost(100, srv.Count()-100)
	})
}

func TestWithoutAWayOutAnIssueIsHeld(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	subscribe(t, s, 1, oneDomain)
	i := freeze(t, s, []byte("Hello\r\n"))
	if err := sender(s, nil, nil, asleep).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if i, err := s.Issue(t.Context(), i.ID); err != nil || i.State != news.IssueHeld || i.HeldWhy == "" {
		t.Errorf("the issue is %s because %q, %v; want held", i.State, i.HeldWhy, err)
	}
}

// senderOver is the scenario's sender over another store.
func (c *scenario) senderOver(s deliver.Store) *deliver.Deliver {
	return sender(s, c.out, nil, func(string) { c.woken = true })
}

// TestClocksThatDisagree: of three senders on one database one has a clock five
// minutes fast, one five minutes slow, and each clock is stepped while they
// send. The fast one thinks the others dead and takes over; what they bring
// then is refused and counted. Nobody is lost, and a second copy is one that
// was on its way.
func TestClocksThatDisagree(t *testing.T) {
	t.Parallel()
	srv := &smtptest.Server{Script: func(s smtptest.Step) smtptest.Answer {
		if s.Stage == smtptest.Dot {
			return smtptest.Answer{Delay: 200 * time.Millisecond}
		}
		return smtptest.Answer{}
	}}
	const copies, connections = 600, 4
	play(t, copies, fewDomains, srv, nil, func(c *scenario) {
		ctx, stop := context.WithTimeout(c.t.Context(), 15*time.Minute)
		defer stop()
		var all sync.WaitGroup
		for n, steps := range [][]time.Duration{{0, 0, 0}, {5 * time.Minute, -time.Hour, 0}, {-5 * time.Minute, 10 * time.Minute, 0}} {
			var skew atomic.Int64
			skew.Store(int64(steps[0]))
			now := func() time.Time { return time.Now().Add(time.Duration(skew.Load())) }
			one := senderAt(c.store, c.out, now, func(o *deliver.Options) {
				o.Holder, o.Connections = fmt.Sprintf("process %d", n), connections
			}, asleep)
			all.Go(func() {
				for looks := 0; ctx.Err() == nil; looks++ {
					skew.Store(int64(steps[min(looks/2, len(steps)-1)]))
					if err := one.Run(ctx); err != nil && ctx.Err() == nil {
						c.t.Error(err)
					}
					select {
					case <-time.After(3 * time.Second):
					case <-ctx.Done():
					}
				}
			})
		}
		all.Wait()
		got := counts(c.t, c.store, c.issue.ID)
		if got.Sent != copies || !got.Balanced() {
			c.t.Errorf("books %+v, want all %d sent", got, copies)
		}
		seconds := srv.Count() - copies
		if seconds > got.Uncertain {
			c.t.Errorf("%d second copies, %d are marked", seconds, got.Uncertain)
		}
		c.noneLost(copies, seconds)
		c.t.Logf("%d second copies, %d marked uncertain", seconds, got.Uncertain)
	})
}
