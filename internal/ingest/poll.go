package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/ifhhro/rightsdesk/internal/clean"
	"github.com/ifhhro/rightsdesk/internal/cluster"
	"github.com/ifhhro/rightsdesk/internal/fetch"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/parse"
)

const (
	// leaseTime covers one request with its limits and what is done with the
	// answer; it is renewed with every answer recorded. With the half minute
	// until the next look, a dead worker's host is asked again within two.
	leaseTime = 85 * time.Second
	// gap is kept between two requests to a host, also across processes.
	gap = time.Second
	// MaxItems are kept of one document, the newest.
	MaxItems = 2000

	accept = "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)

// An Outcome is what asking one source brought.
type Outcome struct {
	Source  news.Source
	Polling news.Polling
	Arrived news.Arrivals
	Took    time.Duration // zero when it was not asked
	Err     error         // why it could not be asked or read; also in Polling, unless it was not asked
}

// State is how the source does now.
func (o *Outcome) State() news.SourceState { return news.StateOf(&o.Source, &o.Polling) }

// PollHost asks the sources of a host that are due, one after the other. While
// another process asks that host it does nothing.
func (in *Ingest) PollHost(ctx context.Context, host string) error {
	due := func(ctx context.Context) ([]news.Polled, error) { return in.store.DueSources(ctx, host, in.now()) }
	err := in.visit(ctx, host, due, in.report)
	if errors.Is(err, news.ErrConflict) {
		return nil
	}
	return err
}

func (in *Ingest) report(o Outcome) {
	if o.Err != nil {
		in.log.Warn("source failed", "source", o.Source.Slug, "failures", o.Polling.Failures, "next", o.Polling.Next, "err", o.Err)
		return
	}
	in.log.Info("source polled", "source", o.Source.Slug, "new", o.Arrived.New, "changed", o.Arrived.Changed, "seen", o.Polling.Seen,
		"took", o.Took.Round(time.Millisecond), "next", o.Polling.Next)
}

// visit holds a host's lease while it asks the sources that pick chooses, and
// tells each outcome. It ends early, without an error, when the host asks for
// time.
func (in *Ingest) visit(ctx context.Context, host string, pick func(context.Context) ([]news.Polled, error), tell func(Outcome)) error {
	now := in.now()
	lease, err := in.store.LeaseHost(ctx, host, in.holder, now, now.Add(leaseTime))
	if err != nil {
		return err
	}
	defer in.release(ctx, lease)
	sources, err := pick(ctx)
	if err != nil {
		return err
	}
	brought := 0
	defer func() {
		if brought > 0 {
			in.wake(WakePlace)
		}
	}()
	for i := range sources {
		if lease.RestUntil.After(in.now()) {
			in.rests(sources[i:], lease, tell)
			return nil
		}
		if err := sleep(ctx, min(lease.NotBefore.Sub(in.now()), gap)); err != nil {
			return err
		}
		o, err := in.poll(ctx, &lease, &sources[i])
		if err != nil {
			return fmt.Errorf("poll %s: %w", sources[i].Source.Slug, err)
		}
		brought += o.Arrived.New + o.Arrived.Changed
		tell(o)
	}
	return nil
}

// rests tells of sources that were not asked because their host wants time.
func (in *Ingest) rests(sources []news.Polled, lease news.HostLease, tell func(Outcome)) {
	for _, p := range sources {
		p.Polling.RestUntil = lease.RestUntil
		tell(Outcome{Source: p.Source, Polling: p.Polling,
			Err: fmt.Errorf("not asked: its host wants us to wait until %s", lease.RestUntil.UTC().Format(time.RFC3339))})
	}
}

func (in *Ingest) release(ctx context.Context, lease news.HostLease) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	if err := in.store.ReleaseHost(ctx, lease); err != nil {
		in.log.Error("host not released", "host", lease.Host, "err", err) // it frees itself when the lease runs out
	}
}

// poll asks one source and records what came of it. An error is ours, not the
// source's: nothing was recorded.
func (in *Ingest) poll(ctx context.Context, lease *news.HostLease, p *news.Polled) (Outcome, error) {
	start := in.now()
	got := in.ask(ctx, p)
	if ctx.Err() != nil {
		return Outcome{}, ctx.Err() // we are stopping: no fault of the source
	}
	now := in.now()
	o := Outcome{Source: p.Source, Took: now.Sub(start), Err: got.err}
	lease.NotBefore = now.Add(gap)
	if got.retryAfter > 0 {
		lease.RestUntil = now.Add(got.retryAfter)
	}
	err := in.store.SavePoll(ctx, *lease, now.Add(leaseTime), p.Source.ID, got.items, func(a news.Arrivals) news.Polling {
		o.Arrived, o.Polling = a, p.Polling
		got.settle(&p.Source, &o.Polling, a, now, in.jitter())
		return o.Polling
	})
	if errors.Is(err, news.ErrConflict) {
		in.log.Warn("late answer refused", "source", p.Source.Slug, "fence", lease.Fence)
	}
	if lease.RestUntil.After(now) {
		o.Polling.RestUntil = lease.RestUntil
	}
	return o, err
}

// An answer is what a source said, read and cleaned.
type answer struct {
	err        error // nothing usable came
	gone       bool  // it said so itself
	retryAfter time.Duration

	from  *fetch.Response
	same  bool // as last time: nothing below is set
	hash  string
	items []news.Item
	seen  int
	hints news.Hints
}

// ask asks a source.
func (in *Ingest) ask(ctx context.Context, p *news.Polled) answer {
	s, was := &p.Source, &p.Polling
	resp, err := in.fetch.Get(ctx, fetch.Request{
		URL: s.Address, Accept: accept, Agent: s.Agent,
		ETag: was.ETag, LastModified: was.LastModified, ValidatedBy: was.Answered,
	})
	if err != nil {
		a := answer{err: err}
		var e *fetch.Error
		if errors.As(err, &e) {
			a.err, a.gone, a.retryAfter = e.Err, e.Status == http.StatusGone, e.RetryAfter
		}
		return a
	}
	a := answer{retryAfter: resp.RetryAfter, from: resp}
	if resp.NotModified {
		a.same = true
		return a
	}
	sum := sha256.Sum256(resp.Body)
	a.hash = hex.EncodeToString(sum[:])
	if a.hash == was.BodyHash {
		a.same = true
		return a
	}
	in.read(&a, s, was)
	return a
}

// bigBody is from where a document is read alone: reading costs ten times its
// size in memory.
const bigBody = 2 << 20

// read parses and cleans a document. One that makes us fail is that source's
// failure: it must not take the others along.
func (in *Ingest) read(a *answer, s *news.Source, was *news.Polling) {
	if len(a.from.Body) > bigBody {
		in.big <- struct{}{}
		defer func() { <-in.big }()
	}
	defer func() {
		if p := recover(); p != nil {
			in.log.Error("document not read", "source", s.Slug, "panic", p, "stack", string(debug.Stack()))
			a.err, a.items = errors.New("this document makes our reader fail"), nil
		}
	}()
	doc, err := parse.Feed(parse.Input{Body: a.from.Body, URL: a.from.URL, Header: a.from.Header})
	if err != nil {
		a.err = err
		return
	}
	if len(doc.Entries) == 0 && was.Seen > 0 {
		a.err = fmt.Errorf("the feed has no entries, it had %d", was.Seen)
		return
	}
	for _, w := range doc.Warnings {
		in.log.Warn("feed is damaged", "source", s.Slug, "what", w)
	}
	a.seen = len(doc.Entries)
	a.hints = news.HintsOf(&doc.Feed)
	a.items = newest(clean.Document(doc, clean.Options{Language: s.Language, Seen: in.now().UTC()}))
	for i := range a.items {
		a.items[i].Fingerprint = cluster.Fingerprint(a.items[i].Text)
	}
}

// newest keeps the newest items of a document that holds too many, in order.
func newest(items []news.Item) []news.Item {
	if len(items) <= MaxItems {
		return items
	}
	slices.SortStableFunc(items, func(a, b news.Item) int { return b.Published.Time.Compare(a.Published.Time) })
	return items[:MaxItems]
}

// settle writes what the answer says about asking again.
func (a *answer) settle(s *news.Source, p *news.Polling, n news.Arrivals, now time.Time, jitter float64) {
	if a.err != nil {
		p.Failed(s, a.err.Error(), a.gone, now, jitter)
		return
	}
	switch {
	case !a.from.NotModified:
		p.ETag, p.LastModified, p.Answered, p.BodyHash = a.from.ETag, a.from.LastModified, a.from.URL, a.hash
	default:
		if a.from.ETag != "" {
			p.ETag = a.from.ETag
		}
		if a.from.LastModified != "" {
			p.LastModified = a.from.LastModified
		}
	}
	if !a.same {
		p.Seen, p.Hints = a.seen, a.hints
	}
	p.Took(s, n, a.from.FreshFor, now, jitter)
}
