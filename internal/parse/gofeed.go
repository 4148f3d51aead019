package parse

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/mmcdole/gofeed"

	"github.com/ifhhro/rightsdesk/internal/dates"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// maxSecond bounds what is read a second time, in bytes.
const maxSecond = 2 << 20

// secondOpinion has gofeed read an undamaged document and counts what came
// out. Where it finds entries and we find none, they are taken as it gives
// them; where it finds more than we do, the document says so.
func (b *builder) secondOpinion(text string) {
	if len(text) > maxSecond {
		return
	}
	f, err := gofeed.NewParser().Parse(strings.NewReader(text))
	if err != nil || f == nil || len(f.Items) <= b.total {
		return
	}
	b.doc.Warnings = append(b.doc.Warnings, fmt.Sprintf("%d entries were read where there are %d", b.total, len(f.Items)))
	if b.total > 0 {
		return
	}
	for _, it := range f.Items {
		b.keep(b.entryOfGofeed(it))
	}
}

func (b *builder) entryOfGofeed(it *gofeed.Item) news.Entry {
	e := news.Entry{
		ID:        it.GUID,
		URL:       resolveAddress(b.docBase, it.Link),
		Title:     b.guess(it.Title),
		Summary:   b.guess(it.Description),
		Content:   b.guess(it.Content),
		Published: dateOf("published", it.Published),
		Updated:   dateOf("updated", it.Updated),
	}
	for _, p := range it.Authors {
		if p != nil && cmp.Or(p.Name, p.Email) != "" {
			e.Authors = addPerson(e.Authors, news.Person{Name: p.Name, Email: p.Email})
		}
	}
	for _, t := range it.Categories {
		e.Categories = addCategory(e.Categories, news.Category{Term: t})
	}
	for _, enc := range it.Enclosures {
		n, err := strconv.ParseInt(enc.Length, 10, 64)
		if err != nil {
			n = 0
		}
		e.Enclosures = append(e.Enclosures, news.Enclosure{URL: enc.URL, Type: enc.Type, Length: n})
	}
	return e
}

// guess reads a text of which nobody said what it is.
func (b *builder) guess(s string) news.Markup {
	s = strings.TrimSpace(s)
	if !looksHTML(s) {
		return news.Markup{Body: s}
	}
	return news.Markup{Body: onceEncoded(s), HTML: true, Base: first(b.docBase, b.doc.Feed.Link)}
}

func dateOf(origin, s string) news.Date {
	d, ok := dates.Parse(s, dates.Options{})
	if ok {
		d.Origin = origin
	}
	return d
}
