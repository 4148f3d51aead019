package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// atOnce bounds how many hosts PollNow asks at a time.
const atOnce = 8

// patience is how long PollNow waits for a host that another process asks.
const patience = 90 * time.Second

// PollNow asks the named sources, or all that are polled when none is named,
// whatever the schedule says but within their hosts' manners. progress, which
// may be nil, is told each outcome as it comes, one at a time. An unknown slug
// is an error wrapping news.ErrNotFound; what a source does wrong is in its
// outcome. The outcomes stand in the order of the list.
func (in *Ingest) PollNow(ctx context.Context, slugs []string, progress func(Outcome)) ([]Outcome, error) {
	chosen, err := in.choose(ctx, slugs)
	if err != nil {
		return nil, err
	}
	t := &tally{progress: progress, got: map[news.SourceID]Outcome{}}
	byHost := map[string][]news.SourceID{}
	var hosts []string
	for _, p := range chosen {
		if !p.Source.Polled() {
			t.tell(Outcome{Source: p.Source, Polling: p.Polling})
			continue
		}
		host := p.Source.Host()
		if byHost[host] == nil {
			hosts = append(hosts, host)
		}
		byHost[host] = append(byHost[host], p.Source.ID)
	}
	err = each(ctx, hosts, func(host string) error { return in.hostNow(ctx, host, byHost[host], t.tell) })
	return t.inOrder(chosen), err
}

// Asking says how many sources PollNow would tell of.
func (in *Ingest) Asking(ctx context.Context, slugs []string) (int, error) {
	chosen, err := in.choose(ctx, slugs)
	return len(chosen), err
}

// choose finds the sources that were named, in the order of the list.
func (in *Ingest) choose(ctx context.Context, slugs []string) ([]news.Polled, error) {
	all, err := in.store.Polled(ctx, in.now())
	if err != nil {
		return nil, err
	}
	if len(slugs) == 0 {
		return slices.DeleteFunc(all, func(p news.Polled) bool { return !p.Source.Polled() }), nil
	}
	for _, slug := range slugs {
		if !slices.ContainsFunc(all, func(p news.Polled) bool { return p.Source.Slug == slug }) {
			return nil, fmt.Errorf("source %q: %w", slug, news.ErrNotFound)
		}
	}
	return slices.DeleteFunc(all, func(p news.Polled) bool { return !slices.Contains(slugs, p.Source.Slug) }), nil
}

// hostNow asks some sources of a host, waiting its turn when another process
// is asking there.
func (in *Ingest) hostNow(ctx context.Context, host string, ids []news.SourceID, tell func(Outcome)) error {
	pick := func(ctx context.Context) ([]news.Polled, error) {
		all, err := in.store.Polled(ctx, in.now())
		return slices.DeleteFunc(all, func(p news.Polled) bool { return !slices.Contains(ids, p.Source.ID) }), err
	}
	for giveUp := in.now().Add(patience); ; {
		err := in.visit(ctx, host, pick, tell)
		if !errors.Is(err, news.ErrConflict) || in.now().After(giveUp) {
			return err
		}
		if err := sleep(ctx, gap); err != nil {
			return err
		}
	}
}

// each calls do for every host, some at a time, and returns their errors.
func each(ctx context.Context, hosts []string, do func(host string) error) error {
	var all sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	errs := make([]error, len(hosts))
	for i, host := range hosts {
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			if ctx.Err() == nil {
				errs[i] = do(host)
			}
		})
	}
	all.Wait()
	return errors.Join(append(errs, ctx.Err())...)
}

// A tally gathers outcomes.
type tally struct {
	mu       sync.Mutex
	progress func(Outcome)
	got      map[news.SourceID]Outcome
}

func (t *tally) tell(o Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.got[o.Source.ID] = o
	if t.progress != nil {
		t.progress(o)
	}
}

func (t *tally) inOrder(chosen []news.Polled) []Outcome {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Outcome
	for _, p := range chosen {
		if o, ok := t.got[p.Source.ID]; ok {
			out = append(out, o)
		}
	}
	return out
}
