package clean_test

import (
	"strings"
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

func TestItemFields(t *testing.T) {
	t.Parallel()
	html := func(s string) news.Markup { return news.Markup{Body: s, HTML: true} }
	item := func(e news.Entry) news.Item { return clean.Item(&news.Document{}, e, clean.Options{}) }
	tests := []struct{ name, got, want string }{
		{"link as published", item(news.Entry{URL: "https://press.example/a+b?x=1&y=%20"}).URL, "https://press.example/a+b?x=1&y=%20"},
		{"link made printable", item(news.Entry{URL: "https://press.example/a b\"é"}).URL, "https://press.example/a%20b%22%C3%A9"},
		{"link without credentials", item(news.Entry{URL: "https://user:secret@press.example/a"}).URL, "https://press.example/a"},
		{"link too long", item(news.Entry{URL: "https://press.example/" + strings.Repeat("a", news.MaxLinkBytes)}).URL, ""},
		{"no link", item(news.Entry{URL: "javascript:alert(1)"}).URL + item(news.Entry{URL: "javascript:alert(1)"}).Canonical, ""},
		{"title in a heading", item(news.Entry{Title: html("<h2>One</h2>")}).TitleHTML, "One"},
		{"title as text", item(news.Entry{Title: news.Markup{Body: "BMI < 18 &amp; rising"}}).Title, "BMI < 18 & rising"},
		{"title cut on a letter", item(news.Entry{Title: news.Markup{Body: strings.Repeat("é", 600)}}).Title, strings.Repeat("é", 512)},
		{"content rather than summary", item(news.Entry{Summary: html("short"), Content: html("<p>long</p>")}).Text, "long"},
		{"escaped twice", item(news.Entry{Content: html("&lt;p&gt;a &amp;amp; b&lt;/p&gt;")}).ContentHTML, "<p>a &amp; b</p>"},
		{"link in the text, against its base", item(news.Entry{URL: "https://press.example/a/b", Content: news.Markup{Body: `<a href="c">x</a>`, HTML: true, Base: "https://other.example/d/"}}).ContentHTML, `<a href="https://other.example/d/c">x</a>`},
		{"link in the text, against the page", item(news.Entry{URL: "https://press.example/a/b", Content: html(`<a href="c">x</a>`)}).ContentHTML, `<a href="https://press.example/a/c">x</a>`},
		{"declared direction", item(news.Entry{Direction: "rtl", Title: html("WHO")}).Dir, "rtl"},
		{"found direction", item(news.Entry{Title: html("منظمة الصحة العالمية تدين الهجوم")}).Dir, "rtl"},
		{"language of the words, not of the claim", item(news.Entry{Language: "en", Title: html("Le gouvernement doit protéger les soignants")}).Language, "fr"},
		{"no mail address", item(news.Entry{Authors: []news.Person{{Name: "x", Email: "not one"}}}).Authors[0].Email, ""},
		{"doi of the link", item(news.Entry{URL: "https://doi.org/10.1136/BMJ.x1"}).DOI, "10.1136/bmj.x1"},
		{"tag line that repeats", item(news.Entry{
			Summary:    html(`<div class="tag country">Countries: Peru, Chile</div><div class="tag source">Source: Red Nurse</div><p>x</p>`),
			Categories: []news.Category{{Term: "Peru"}, {Term: "Chile"}}, Authors: []news.Person{{Name: "Red Nurse"}},
		}).SummaryHTML, "<p>x</p>"},
		{"tag line that tells", item(news.Entry{Summary: html(`<div class="tag country">Country: Peru</div><p>x</p>`)}).SummaryHTML, "<div>Country: Peru</div><p>x</p>"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: got %.80q, want %.80q", tt.name, tt.got, tt.want)
		}
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	digest := func(e news.Entry) string { return clean.Item(&news.Document{}, e, clean.Options{}).Digest }
	base := news.Entry{URL: "https://press.example/a", Title: news.Markup{Body: "One"}, Content: news.Markup{Body: "<p>x</p>", HTML: true}}
	same := base
	same.URL, same.Content.Body = "http://www.press.example/a?utm_source=rss", `<div class="y"><p>x</p></div>`
	if digest(base) != digest(same) {
		t.Error("the way a link or a box is written makes another version")
	}
	other := base
	other.Title.Body = "Two"
	if digest(base) == digest(other) {
		t.Error("another title makes no other version")
	}
}
