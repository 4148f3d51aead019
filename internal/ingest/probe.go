package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/fetch"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/parse"
)

// A Probe is what a source answers when somebody only looks: nothing is kept.
type Probe struct {
	Source  news.Source
	Entries int
	Newest  time.Time // of its entries; zero when none carries a date
	MovedTo string    // where it says it has moved for good
	Took    time.Duration
	Wrong   []string // what a person should know; empty when all is well
}

// stale is the silence that is worth a word where no rhythm is expected.
const stale = 60 * 24 * time.Hour

// ProbeAll asks sources once each, keeps nothing and tells each answer, one at
// a time. Sources that are off are left out.
func ProbeAll(ctx context.Context, f Fetcher, sources []news.Source, now time.Time, tell func(Probe)) error {
	byHost := map[string][]*news.Source{}
	var hosts []string
	for i := range sources {
		if s := &sources[i]; s.Polled() {
			if byHost[s.Host()] == nil {
				hosts = append(hosts, s.Host())
			}
			byHost[s.Host()] = append(byHost[s.Host()], s)
		}
	}
	one := make(chan struct{}, 1)
	return each(ctx, hosts, func(host string) error {
		for _, s := range byHost[host] {
			p := probe(ctx, f, s, now)
			if ctx.Err() != nil {
				return nil // each says so
			}
			one <- struct{}{}
			tell(p)
			<-one
		}
		return nil
	})
}

func probe(ctx context.Context, f Fetcher, s *news.Source, now time.Time) Probe {
	p := Probe{Source: *s}
	start := time.Now()
	resp, err := f.Get(ctx, fetch.Request{URL: s.Address, Accept: accept, Agent: s.Agent})
	p.Took = time.Since(start)
	if err != nil {
		var e *fetch.Error
		if errors.As(err, &e) {
			err = e.Err
		}
		p.Wrong = append(p.Wrong, err.Error())
		return p
	}
	if p.MovedTo = resp.MovedTo; p.MovedTo != "" {
		p.Wrong = append(p.Wrong, "has moved to "+p.MovedTo)
	}
	doc, err := parse.Feed(parse.Input{Body: resp.Body, URL: resp.URL, Header: resp.Header})
	if err != nil {
		p.Wrong = append(p.Wrong, err.Error())
		return p
	}
	p.read(doc, now)
	return p
}

// read looks at a document as a person would: is it whole, is it alive?
func (p *Probe) read(doc *news.Document, now time.Time) {
	p.Entries = len(doc.Entries)
	for _, e := range doc.Entries {
		if e.Published.Time.After(p.Newest) && !e.Published.Time.After(now) {
			p.Newest = e.Published.Time
		}
	}
	p.Wrong = append(p.Wrong, doc.Warnings...)
	silence := stale
	if p.Source.Rhythm > 0 {
		silence = max(time.Duration(3/p.Source.Rhythm*24)*time.Hour, 7*24*time.Hour)
	}
	if !p.Newest.IsZero() && now.Sub(p.Newest) > silence {
		p.Wrong = append(p.Wrong, fmt.Sprintf("nothing new since %s", p.Newest.Format(time.DateOnly)))
	}
}
