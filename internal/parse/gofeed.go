package parse

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/dates"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/mmcdole/gofeed"
)

// readWithGofeed reads a clean document with gofeed.
func readWithGofeed(text string) (*news.Document, error) {
	f, err := gofeed.NewParser().Parse(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, errNoFeed
	}
	doc := &news.Document{
		Format:  news.Format(f.FeedType),
		Version: f.FeedVersion,
		Feed: news.Feed{
			Title:       markup(f.Title),
			Link:        f.Link,
			Self:        f.FeedLink,
			Description: markup(f.Description),
			Language:    f.Language,
			Updated:     date("updated", f.Updated),
			Published:   date("published", f.Published),
			Copyright:   f.Copyright,
			Generator:   f.Generator,
			Authors:     persons(f.Authors),
			Categories:  categories(f.Categories),
		},
	}
	if f.Image != nil {
		doc.Feed.Image = f.Image.URL
	}
	for _, it := range f.Items {
		doc.Entries = append(doc.Entries, entryOfGofeed(it))
	}
	return doc, nil
}

func entryOfGofeed(it *gofeed.Item) news.Entry {
	e := news.Entry{
		ID:         it.GUID,
		URL:        strings.TrimSpace(it.Link),
		Title:      markup(it.Title),
		Summary:    markup(it.Description),
		Content:    markup(it.Content),
		Published:  date("published", it.Published),
		Updated:    date("updated", it.Updated),
		Authors:    persons(it.Authors),
		Categories: categories(it.Categories),
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

// markup takes a text for HTML where it holds a tag or an entity.
func markup(s string) news.Markup {
	return news.Markup{Body: strings.TrimSpace(s), HTML: strings.ContainsAny(s, "<&")}
}

func date(origin, s string) news.Date {
	d, _ := dates.Parse(s, dates.Options{})
	if d.Known() {
		d.Origin = origin
	}
	return d
}

func persons(ps []*gofeed.Person) []news.Person {
	var out []news.Person
	for _, p := range ps {
		if p != nil && cmp.Or(p.Name, p.Email) != "" {
			out = append(out, news.Person{Name: p.Name, Email: p.Email})
		}
	}
	return out
}

func categories(terms []string) []news.Category {
	var out []news.Category
	for _, t := range terms {
		out = append(out, news.Category{Term: t})
	}
	return out
}
