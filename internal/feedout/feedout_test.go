package feedout_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/feedout"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/mmcdole/gofeed"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func sample() feedout.Feed {
	story := news.Story{ID: 7, ApprovedAt: noon}
	entry := feedout.Entry{
		ID: feedout.StoryID("digest.example.org", &story), URL: "https://digest.example.org/stories/2026-11-21-x", Related: "https://un.example/a?b=1&c=2",
		Title: `Nurses & "doctors" <free> مستشفى`, Summary: "In short: a < b", HTML: "<p>In short: a &lt; b ]]></p>", Language: "en", Author: "Anna", Source: "UN News",
		Published: noon, Updated: noon.Add(time.Hour),
		Categories: []feedout.Category{{Term: "torture", Scheme: "https://digest.example.org/topics", Label: "Torture and ill-treatment"}},
	}
	own := feedout.Entry{ID: "tag:digest.example.org,2026-11-20:story/6", URL: "https://digest.example.org/stories/2026-11-20-y", Title: "Control \x00\x0b\uFFFE characters",
		HTML: "", Published: noon.Add(-time.Hour), Updated: noon.Add(-time.Hour)}
	return feedout.Feed{Title: "Stories & more", Description: "What we chose", Home: "https://digest.example.org/stories", Self: "https://digest.example.org/stories.rss",
		Language: "en", Author: "IFHHRO", Updated: noon.Add(time.Hour), Entries: []feedout.Entry{entry, own}}
}

// TestRoundTrip: the commonest reader in Go reads back what was written.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, as := range feedout.Formats() {
		data, err := feedout.Write(sample(), as)
		if err != nil {
			t.Fatal(err)
		}
		got, err := gofeed.NewParser().Parse(bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v\n%s", as, err, data)
			continue
		}
		want := sample()
		if got.Title != want.Title || got.Link != want.Home || len(got.Items) != 2 {
			t.Errorf("%s: feed %q, %q with %d items", as, got.Title, got.Link, len(got.Items))
			continue
		}
		e, item := want.Entries[0], got.Items[0]
		if item.GUID != e.ID || item.Link != e.URL || item.Title != e.Title || item.Content != e.HTML || item.Description != e.Summary {
			t.Errorf("%s: item = %+v", as, item)
		}
		if item.PublishedParsed == nil || !item.PublishedParsed.Equal(e.Published) {
			t.Errorf("%s: published %v", as, item.Published)
		}
		if len(item.Categories) != 1 || len(item.Authors) != 1 || item.Authors[0].Name != "Anna" {
			t.Errorf("%s: categories %q, authors %v", as, item.Categories, item.Authors)
		}
	}
}

func TestWellFormed(t *testing.T) {
	t.Parallel()
	for _, feed := range []feedout.Feed{sample(), {Title: "Empty", Home: "https://digest.example.org/", Self: "https://digest.example.org/x", Author: "IFHHRO"}} {
		for _, as := range []feedout.Format{feedout.RSS, feedout.Atom} {
			data, err := feedout.Write(feed, as)
			if err != nil {
				t.Fatal(err)
			}
			dec := xml.NewDecoder(bytes.NewReader(data))
			for {
				if _, err := dec.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%s: %v\n%s", as, err, data)
				}
			}
		}
		data, err := feedout.Write(feed, feedout.JSON)
		if err != nil || !json.Valid(data) {
			t.Errorf("JSON Feed: %v\n%s", err, data)
		}
	}
}

func TestWhatValidatorsAskFor(t *testing.T) {
	t.Parallel()
	for as, wants := range map[feedout.Format][]string{
		feedout.RSS: {`<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"`, `<atom:link href="https://digest.example.org/stories.rss" rel="self" type="application/rss+xml">`,
			`<guid isPermaLink="false">tag:digest.example.org,2026-11-21:story/7</guid>`, `<pubDate>Sat, 21 Nov 2026 12:00:00 +0000</pubDate>`,
			`<dc:creator>Anna</dc:creator>`, `<category domain="https://digest.example.org/topics">Torture and ill-treatment</category>`},
		feedout.Atom: {`<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">`, `<link rel="self" type="application/atom+xml"`, `<updated>2026-11-21T13:00:00Z</updated>`,
			`<category term="torture" scheme="https://digest.example.org/topics" label="Torture and ill-treatment">`},
		feedout.JSON: {`"version": "https://jsonfeed.org/version/1.1"`, `"external_url"`, `"tags"`},
	} {
		data, err := feedout.Write(sample(), as)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(data), want) {
				t.Errorf("%s lacks %s:\n%s", as, want, data)
			}
		}
	}
	if _, err := feedout.Write(sample(), "opml"); !errors.Is(err, news.ErrInvalid) {
		t.Errorf("Write as opml = %v, want invalid", err)
	}
}
