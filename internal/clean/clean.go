// Package clean turns the entries a feed published into news.Items: one
// canonical address per page, HTML through the allow-list, text fields that
// hold text, a key and a digest. It makes nothing up: what the publisher did
// not say stays empty, and it has no clock.
package clean

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/analyze"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
	"github.com/ifhhro/rightsdesk/internal/symbols"
)

// Options are what an entry does not say of itself.
type Options struct {
	Language string    // what the source usually is written in, BCP 47; may be empty
	Seen     time.Time // when our clock saw the document
}

// Document cleans all entries of a document, in order. It is what gives Keys:
// whether a guid identifies shows only beside the other entries.
func Document(doc *news.Document, o Options) []news.Item {
	items := make([]news.Item, len(doc.Entries))
	for i, e := range doc.Entries {
		items[i] = Item(doc, e, o)
	}
	setKeys(items)
	return items
}

// Item cleans one entry of doc. Its Key is what it would be if the entry stood
// alone; use Document for whole documents.
func Item(doc *news.Document, e news.Entry, o Options) news.Item {
	it := news.Item{
		GUID:        prose.Cut(prose.Line(e.ID), news.MaxLinkBytes),
		Title:       prose.Cut(prose.Line(plain(e.Title)), news.MaxTitleBytes),
		TitleHTML:   markupWithin(e.Title, news.MaxTitleBytes, prose.Inline),
		SummaryHTML: bodyHTML(e.Summary, e),
		ContentHTML: bodyHTML(e.Content, e),
		Published:   e.Published,
		Updated:     e.Updated,
		Authors:     people(e.Authors),
		Categories:  categories(e.Categories),
		Enclosures:  enclosures(e.Enclosures),
		Images:      webAddresses(e.Images),
		Origin:      news.Origin{Title: prose.Line(e.Origin.Title), URL: webAddress(e.Origin.URL)},
		CommentsURL: webAddress(e.CommentsURL),
		Alternates:  alternates(e.Alternates),
		Seen:        o.Seen,
	}
	if link := webAddress(e.URL); link != "" {
		it.URL = link
		it.Canonical, _ = URL(link)
	}
	it.Text = itemText(&it)
	it.Language, it.Dir = language(&it, doc, e, o)
	it.DOI = doi(e)
	it.UNSymbols = unSymbols(&it)
	it.Digest = digest(&it)
	it.Key = keysOf(&it)[0]
	return it
}

func firstOf(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}

// plain is the text of a field that may have been published as HTML.
func plain(m news.Markup) string {
	if m.HTML {
		return prose.HTMLText(prose.AsHTML(m.Body, true))
	}
	return m.Body
}

// markupWithin is a field as safe HTML of at most limit bytes; safe is the
// sanitiser for it.
func markupWithin(m news.Markup, limit int, safe func(string) string) string {
	body := prose.AsHTML(m.Body, m.HTML)
	for n := limit; ; n /= 2 {
		if out := safe(prose.Cut(body, n)); len(out) <= limit {
			return out
		}
	}
}

// bodyHTML is a summary or content as safe HTML, its links absolute.
func bodyHTML(m news.Markup, e news.Entry) string {
	base := firstOf(m.Base, e.URL)
	return markupWithin(withoutTagLines(m, e), news.MaxBodyBytes, func(s string) string { return prose.SanitiseAt(s, base) })
}

// itemText is the plain text of the content, else of the summary.
func itemText(it *news.Item) string {
	body := firstOf(it.ContentHTML, it.SummaryHTML)
	return prose.Cut(prose.Text(prose.HTMLText(body)), news.MaxBodyBytes)
}

// maxJudged is how much of a text its language is judged by, in bytes.
const maxJudged = 8 << 10

func language(it *news.Item, doc *news.Document, e news.Entry, o Options) (tag, dir string) {
	declared := firstOf(e.Language, doc.Feed.Language, o.Language)
	l := analyze.DetectLanguage(it.Title+"\n"+prose.Cut(it.Text, maxJudged), declared)
	if e.Direction == "ltr" || e.Direction == "rtl" {
		return l.Tag, e.Direction
	}
	return l.Tag, l.Dir
}

func people(in []news.Person) []news.Person {
	var out []news.Person
	for _, p := range in {
		p = news.Person{Name: prose.Cut(prose.Line(p.Name), news.MaxTitleBytes), Email: mailAddress(p.Email), URL: webAddress(p.URL)}
		if p != (news.Person{}) {
			out = append(out, p)
		}
	}
	return out
}

// mailAddress is what an author gives as one, or empty.
func mailAddress(s string) string {
	s = prose.Line(s)
	if at := strings.IndexByte(s, '@'); at <= 0 || len(s) > 254 || strings.ContainsAny(s, " <>\"") {
		return ""
	}
	return s
}

func categories(in []news.Category) []news.Category {
	var out []news.Category
	for _, c := range in {
		c = news.Category{
			Term:   prose.Cut(prose.Line(c.Term), news.MaxTitleBytes),
			Scheme: scheme(c.Scheme),
			Label:  prose.Cut(prose.Line(c.Label), news.MaxTitleBytes),
		}
		if c.Term != "" || c.Label != "" {
			out = append(out, c)
		}
	}
	return out
}

// scheme is where a category's terms come from: a name or an address, but none
// that runs.
func scheme(s string) string {
	s = prose.Cut(prose.Line(s), news.MaxLinkBytes)
	if runs.MatchString(s) {
		return ""
	}
	return s
}

var runs = regexp.MustCompile(`(?i)^\W*(?:javascript|vbscript|data):`)

func enclosures(in []news.Enclosure) []news.Enclosure {
	var out []news.Enclosure
	for _, e := range in {
		if u := webAddress(e.URL); u != "" {
			out = append(out, news.Enclosure{URL: u, Type: prose.Line(e.Type), Length: max(0, e.Length)})
		}
	}
	return out
}

func alternates(in []news.Alternate) []news.Alternate {
	var out []news.Alternate
	for _, a := range in {
		if u := webAddress(a.URL); u != "" {
			out = append(out, news.Alternate{Language: prose.Line(a.Language), URL: u})
		}
	}
	return out
}

func webAddresses(in []string) []string {
	var out []string
	for _, s := range in {
		if u := webAddress(s); u != "" {
			out = append(out, u)
		}
	}
	return out
}

func doi(e news.Entry) string {
	for _, s := range []string{e.DOI, e.ID, e.URL} {
		if d, ok := symbols.DOI(s); ok {
			return d
		}
	}
	return ""
}

func unSymbols(it *news.Item) []string {
	found := symbols.InText(it.Title + "\n" + it.Text)
	if s, ok := symbols.InURL(it.URL); ok {
		for _, f := range found {
			if f == s {
				return found
			}
		}
		found = append([]string{s}, found...)
	}
	return found
}

// digest is over what a reader would see of an item; dates are not in it,
// because publishers touch them without changing a word.
func digest(it *news.Item) string {
	h := sha256.New()
	write := func(s string) {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	write(it.Title)
	write(prose.HTMLText(it.SummaryHTML))
	write(prose.HTMLText(it.ContentHTML))
	write(it.Canonical)
	for _, e := range it.Enclosures {
		write(e.URL)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// setKeys gives every item the key that identifies it within its source: the
// first of its guid, its address and its digest that no other entry of the
// document bears too. A guid that is an address counts as the page it names,
// since publishers move from http to https and from one form to another. What
// still collides is one entry printed twice; the later one is marked.
func setKeys(items []news.Item) {
	borne := map[string]int{}
	for i := range items {
		for _, k := range keysOf(&items[i]) {
			borne[k]++
		}
	}
	taken := map[string]bool{}
	for i := range items {
		it := &items[i]
		candidates := keysOf(it)
		it.Key = candidates[len(candidates)-1]
		for _, k := range candidates {
			if borne[k] == 1 {
				it.Key = k
				break
			}
		}
		for taken[it.Key] {
			it.Key += "+"
		}
		taken[it.Key] = true
	}
}

// keysOf lists what may identify an item, best first, each once; the digest,
// which always can, last.
func keysOf(it *news.Item) []string {
	var keys []string
	add := func(k string) {
		if k != "" && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	if page, err := URL(it.GUID); err == nil {
		add(page)
	}
	add(it.GUID)
	add(it.Canonical)
	add("digest:" + it.Digest)
	return keys
}

// webAddress returns an address a reader may follow, as published where that
// is safe to print anywhere, else as browsers would write it; empty where there
// is none. Credentials are never part of it.
func webAddress(raw string) string {
	a, err := parse(raw)
	if err != nil {
		return ""
	}
	raw = strings.TrimSpace(raw)
	if !printable.MatchString(raw) {
		raw = a.String()
	}
	if len(raw) > news.MaxLinkBytes {
		return ""
	}
	return raw
}

// printable is an address without credentials, of visible ASCII characters of
// which none has a meaning in HTML but "&".
var printable = regexp.MustCompile("^https?://[^/?#@\"'<>`\\\\\\s\\x00-\\x20\\x7f-\\x{10ffff}]+(?:[/?#][^\"'<>`\\\\\\s\\x00-\\x20\\x7f-\\x{10ffff}]*)?$")

// tagLine is a line some publishers put before the text of an entry, naming
// its countries or sources.
var tagLine = regexp.MustCompile(`<div class="tag [a-z -]+">\s*[^<:]{1,40}:\s*([^<]+?)\s*</div>`)

// withoutTagLines drops the tag lines that only repeat what the entry says in
// its own elements.
func withoutTagLines(m news.Markup, e news.Entry) news.Markup {
	if !m.HTML || !strings.Contains(m.Body, `class="tag `) {
		return m
	}
	said := map[string]bool{}
	for _, c := range e.Categories {
		said[prose.Line(c.Term)] = true
	}
	for _, p := range e.Authors {
		said[prose.Line(p.Name)] = true
	}
	m.Body = tagLine.ReplaceAllStringFunc(m.Body, func(line string) string {
		names := prose.Line(tagLine.FindStringSubmatch(line)[1])
		if said[names] {
			return ""
		}
		for name := range strings.SplitSeq(names, ",") {
			if !said[strings.TrimSpace(name)] {
				return line
			}
		}
		return ""
	})
	return m
}
