package deliver_test

import (
	"context"
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
