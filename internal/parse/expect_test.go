package parse

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// A want is one expectation: what a field says when a snippet stands in the
// shell of a format. Shells are below; the shell "" is the whole document.
type want struct {
	shell, snippet, field, value string
}

const (
	nsAll = ` xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:content="http://purl.org/rss/1.0/modules/content/"` +
		` xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"` +
		` xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/" xmlns:xhtml="http://www.w3.org/1999/xhtml" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"` +
		` xmlns:admin="http://webns.net/mvcb/" xmlns:georss="http://www.georss.org/georss" xmlns:thr="http://purl.org/syndication/thread/1.0"`
	nsAtomPrefix = ` xmlns:atom="http://www.w3.org/2005/Atom"`
	nsRDF        = ` xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"`
)

var shells = map[string]string{
	"":       "%s",
	"item":   `<rss version="2.0"` + nsAll + nsAtomPrefix + nsRDF + `><channel><title>Feed</title><link>https://press.example/</link><item>%s</item></channel></rss>`,
	"rss":    `<rss version="2.0"` + nsAll + nsAtomPrefix + `><channel>%s</channel></rss>`,
	"entry":  `<feed xmlns="http://www.w3.org/2005/Atom"` + nsAll + `><title>Feed</title><link href="https://press.example/"/><entry>%s</entry></feed>`,
	"atom":   `<feed xmlns="http://www.w3.org/2005/Atom"` + nsAll + `>%s</feed>`,
	"entry3": `<feed version="0.3" xmlns="http://purl.org/atom/ns#"` + nsAll + `><title>Feed</title><entry>%s</entry></feed>`,
	"atom3":  `<feed version="0.3" xmlns="http://purl.org/atom/ns#"` + nsAll + `>%s</feed>`,
	"rdf":    `<rdf:RDF xmlns="http://purl.org/rss/1.0/"` + nsRDF + nsAll + `>%s</rdf:RDF>`,
	"rdf item": `<rdf:RDF xmlns="http://purl.org/rss/1.0/"` + nsRDF + nsAll + `><channel rdf:about="https://press.example/rss"><title>Feed</title><link>https://press.example/</link></channel>` +
		`<item rdf:about="https://press.example/1">%s</item></rdf:RDF>`,
	"json":      `{"version":"https://jsonfeed.org/version/1.1","title":"Feed",%s,"items":[]}`,
	"json item": `{"version":"https://jsonfeed.org/version/1.1","title":"Feed","items":[{%s}]}`,
}

func checkWants(t *testing.T, wants []want) {
	t.Helper()
	for i, w := range wants {
		t.Run(fmt.Sprintf("%d %s %s", i, w.shell, w.field), func(t *testing.T) {
			t.Parallel()
			shell, ok := shells[w.shell]
			if !ok {
				t.Fatalf("no shell %q", w.shell)
			}
			text := strings.Replace(shell, "%s", w.snippet, 1)
			doc, err := Feed(Input{Body: []byte(text)})
			if err != nil {
				t.Fatalf("%s\n%v", w.snippet, err)
			}
			if got := fieldOf(doc, w.field); got != w.value {
				t.Errorf("%s\n%s = %q; want %q", w.snippet, w.field, got, w.value)
			}
		})
	}
}

// fieldOf writes a field of a document as a line: of the feed, or of its first
// entry; "2.title" is the title of the second.
func fieldOf(doc *news.Document, field string) string {
	if name, ok := strings.CutPrefix(field, "feed."); ok {
		return feedField(doc, name)
	}
	n := 0
	if head, rest, ok := strings.Cut(field, "."); ok {
		if i, err := strconv.Atoi(head); err == nil {
			n, field = i-1, rest
		}
	}
	if n >= len(doc.Entries) {
		return "no entry"
	}
	return entryField(&doc.Entries[n], field)
}

func feedField(doc *news.Document, field string) string {
	f := &doc.Feed
	switch field {
	case "format":
		return string(doc.Format)
	case "version":
		return doc.Version
	case "encoding":
		return doc.Encoding
	case "recovered":
		return strconv.FormatBool(doc.Recovered)
	case "warnings":
		return strings.Join(doc.Warnings, "; ")
	case "entries":
		return strconv.Itoa(len(doc.Entries))
	case "id":
		return f.ID
	case "title":
		return showMarkup(f.Title)
	case "description":
		return showMarkup(f.Description)
	case "link":
		return f.Link
	case "self":
		return f.Self
	case "language":
		return f.Language
	case "updated":
		return showDate(f.Updated)
	case "published":
		return showDate(f.Published)
	case "copyright":
		return f.Copyright
	case "generator":
		return f.Generator
	case "image":
		return f.Image
	case "ttl":
		return strconv.Itoa(f.TTLMinutes)
	case "every":
		return f.PollEvery.String()
	case "skip":
		return fmt.Sprint(f.SkipHours, f.SkipDays)
	case "authors":
		return showPeople(f.Authors)
	case "categories":
		return showCategories(f.Categories)
	}
	return "no field " + field
}

func entryField(e *news.Entry, field string) string {
	switch field {
	case "id":
		return e.ID
	case "url":
		return e.URL
	case "title":
		return showMarkup(e.Title)
	case "summary":
		return showMarkup(e.Summary)
	case "content":
		return showMarkup(e.Content)
	case "content.base":
		return e.Content.Base
	case "language":
		return e.Language
	case "dir":
		return e.Direction
	case "published":
		return showDate(e.Published)
	case "updated":
		return showDate(e.Updated)
	case "authors":
		return showPeople(e.Authors)
	case "categories":
		return showCategories(e.Categories)
	case "enclosures":
		var out []string
		for _, x := range e.Enclosures {
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %d", x.URL, x.Type, x.Length)))
		}
		return strings.Join(out, "; ")
	case "images":
		return strings.Join(e.Images, "; ")
	case "doi":
		return e.DOI
	case "source":
		return strings.TrimSpace(e.Origin.Title + " " + e.Origin.URL)
	case "comments":
		return e.CommentsURL
	case "alternates":
		var out []string
		for _, a := range e.Alternates {
			out = append(out, a.Language+" "+a.URL)
		}
		return strings.Join(out, "; ")
	}
	return "no field " + field
}

// showMarkup marks HTML: "html:<b>x</b>".
func showMarkup(m news.Markup) string {
	if m.HTML {
		return "html:" + m.Body
	}
	return m.Body
}

// showDate writes a date as exactly as it is known, and its element.
func showDate(d news.Date) string {
	if !d.Known() {
		return ""
	}
	form := map[news.Precision]string{
		news.Second: time.RFC3339, news.Minute: "2006-01-02T15:04Z07:00", news.Day: time.DateOnly, news.Month: "2006-01", news.Year: "2006",
	}[d.Precision]
	return d.Time.Format(form) + " " + d.Origin
}

func showPeople(ps []news.Person) string {
	var out []string
	for _, p := range ps {
		s := p.Name
		if p.Email != "" {
			s += " <" + p.Email + ">"
		}
		if p.URL != "" {
			s += " (" + p.URL + ")"
		}
		out = append(out, strings.TrimSpace(s))
	}
	return strings.Join(out, "; ")
}

func showCategories(cs []news.Category) string {
	var out []string
	for _, c := range cs {
		s := c.Term
		if c.Scheme != "" {
			s += " in " + c.Scheme
		}
		if c.Label != "" {
			s += " as " + c.Label
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}
