package clean_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ifhhro/rightsdesk/internal/clean"
	"github.com/ifhhro/rightsdesk/internal/news"
)

func TestItem(t *testing.T) {
	t.Parallel()
	seen := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	doc := &news.Document{Feed: news.Feed{Language: "en"}}
	got := clean.Item(doc, news.Entry{
		ID:         "tag:press.example,2026:1",
		URL:        " https://press.example/en/a?id=7 ",
		Title:      news.Markup{Body: " Doctors &amp; nurses <b>freed</b> [EN/AR]", HTML: true},
		Summary:    news.Markup{Body: `<p onclick="x">See A/HRC/48/13.</p><img src="https://t.example/1">`, HTML: true},
		Authors:    []news.Person{{Name: "Ana <b>Lima</b>", URL: "javascript:alert(1)"}},
		Categories: []news.Category{{Term: "Health &amp; rights"}, {}},
		Enclosures: []news.Enclosure{{URL: "https://press.example/a.pdf", Type: "application/pdf", Length: -1}, {URL: "file:///etc/passwd"}},
	}, clean.Options{Seen: seen})
	want := news.Item{
		Key: "tag:press.example,2026:1", GUID: "tag:press.example,2026:1",
		URL: "https://press.example/en/a?id=7", Canonical: "https://press.example/en/a?id=7",
		Title:       "Doctors & nurses freed [EN/AR]",
		TitleHTML:   "Doctors &amp; nurses <b>freed</b> [EN/AR]",
		SummaryHTML: "<p>See A/HRC/48/13.</p>",
		Text:        "See A/HRC/48/13.",
		Language:    "en", Dir: "ltr",
		Authors:    []news.Person{{Name: "Ana Lima"}},
		Categories: []news.Category{{Term: "Health & rights"}},
		Enclosures: []news.Enclosure{{URL: "https://press.example/a.pdf", Type: "application/pdf"}},
		UNSymbols:  []string{"A/HRC/48/13"},
		Seen:       seen,
	}
	want.Digest = got.Digest
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Item (-want +got):\n%s", diff)
	}
	if got.Digest == "" {
		t.Error("no digest")
	}
}

func TestDocumentKeys(t *testing.T) {
	t.Parallel()
	title := func(s string) news.Markup { return news.Markup{Body: s} }
	doc := &news.Document{Entries: []news.Entry{
		{ID: "a", URL: "https://x.example/1", Title: title("one")},
		{ID: "same", URL: "https://x.example/2", Title: title("two")},
		{ID: "same", URL: "https://x.example/3", Title: title("three")},
		{Title: title("four")},
		{Title: title("four")},
		{URL: "https://x.example/5", Title: title("five")},
	}}
	var keys []string
	seen := map[string]bool{}
	for _, it := range clean.Document(doc, clean.Options{}) {
		if it.Key == "" || seen[it.Key] {
			t.Errorf("key %q of %q is empty or taken", it.Key, it.Title)
		}
		seen[it.Key] = true
		keys = append(keys, it.Key)
	}
	want := []string{"a", "https://x.example/2", "https://x.example/3", keys[3], keys[3] + "+", "https://x.example/5"}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}
