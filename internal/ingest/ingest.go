// Package ingest brings what publishers put out to the desk: it asks the
// sources that are due, host by host, keeps what is new, and places every item
// in a story. What one step leaves for the next is a row, so a crash between
// two loses nothing, and doing a step twice changes nothing.
//
// How to ask is package fetch's, how to read parse's and clean's, what is alike
// cluster's, what it is about classify's; when to ask again and what a story
// may become are rules of package news.
package ingest

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/ifhhro/rightsdesk/internal/classify"
	"github.com/ifhhro/rightsdesk/internal/feedlist"
	"github.com/ifhhro/rightsdesk/internal/fetch"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// Store is what ingest needs remembered.
type Store interface {
	SyncSources(ctx context.Context, list []news.Source) error
	Polled(ctx context.Context, now time.Time) ([]news.Polled, error)

	DueHosts(ctx context.Context, now time.Time) ([]string, error)
	DueSources(ctx context.Context, host string, now time.Time) ([]news.Polled, error)
	LeaseHost(ctx context.Context, host, holder string, now, until time.Time) (news.HostLease, error)
	ReleaseHost(ctx context.Context, l news.HostLease) error
	SavePoll(ctx context.Context, l news.HostLease, until time.Time, src news.SourceID, items []news.Item, settle func(news.Arrivals) news.Polling) error

	Unplaced(ctx context.Context, limit int) ([]news.Item, error)
	PlaceItem(ctx context.Context, id news.ItemID, decide func(news.Kin) (news.Placement, error)) (news.Placement, error)
}

// A Fetcher asks an address.
type Fetcher interface {
	Get(ctx context.Context, r fetch.Request) (*fetch.Response, error)
}

// A Reader says what a text is about.
type Reader interface {
	Read(t classify.Text) news.Facts
}

// The kinds of work ingest wakes.
const (
	WakePoll  = "poll"
	WakePlace = "place"
)

// Options are what an Ingest is built of.
type Options struct {
	Store  Store
	Fetch  Fetcher
	Reader Reader
	Holder string            // names this process in leases
	Wake   func(kind string) // called after a commit that leaves work; may be nil
	Log    *slog.Logger
	Now    func() time.Time // nil = time.Now
	Jitter func() float64   // 0 to 1; nil = random
}

// An Ingest asks and places. It is safe for concurrent use.
type Ingest struct {
	store  Store
	fetch  Fetcher
	reader Reader
	holder string
	wake   func(kind string)
	log    *slog.Logger
	now    func() time.Time
	jitter func() float64
	big    chan struct{} // holds one while a big document is read
}

// New returns an Ingest.
func New(o Options) *Ingest {
	in := &Ingest{o.Store, o.Fetch, o.Reader, o.Holder, o.Wake, o.Log, o.Now, o.Jitter, make(chan struct{}, 1)}
	if in.wake == nil {
		in.wake = func(string) {}
	}
	if in.log == nil {
		in.log = slog.New(slog.DiscardHandler)
	}
	if in.now == nil {
		in.now = time.Now
	}
	if in.jitter == nil {
		in.jitter = rand.Float64
	}
	return in
}

// SyncSources makes the sources we ask those of the list: a new slug is added,
// a changed field applies, a missing slug is paused. When a source is due does
// not change, so a restart polls nothing early.
func (in *Ingest) SyncSources(ctx context.Context, list feedlist.List) error {
	if err := in.store.SyncSources(ctx, list.Sources); err != nil {
		return err
	}
	in.wake(WakePoll)
	return nil
}

// DueHosts lists the hosts with a source that is due and that nobody asks.
func (in *Ingest) DueHosts(ctx context.Context) ([]string, error) {
	return in.store.DueHosts(ctx, in.now())
}

// sleep waits for d, or until ctx is done.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
