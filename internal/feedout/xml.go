package feedout

import (
	"encoding/xml"
	"time"
)

// The names below hold their prefix because encoding/xml writes namespaces,
// but not prefixes; the root element declares them.

type rss struct {
	XMLName xml.Name `xml:"rss"`
	Version string   `xml:"version,attr"`
	Atom    string   `xml:"xmlns:atom,attr"`
	Content string   `xml:"xmlns:content,attr"`
	DC      string   `xml:"xmlns:dc,attr"`
	Channel struct {
		Title       string    `xml:"title"`
		Link        string    `xml:"link"`
		Self        rssLink   `xml:"atom:link"`
		Description string    `xml:"description"`
		Language    string    `xml:"language,omitempty"`
		Built       string    `xml:"lastBuildDate,omitempty"`
		Docs        string    `xml:"docs"`
		Items       []rssItem `xml:"item"`
	} `xml:"channel"`
}

type rssLink struct {
	Href string `xml:"href,attr"`
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
}

type rssItem struct {
	Title       string        `xml:"title"`
	Link        string        `xml:"link"`
	GUID        rssGUID       `xml:"guid"`
	Published   string        `xml:"pubDate"`
	Updated     string        `xml:"atom:updated,omitempty"`
	Creator     string        `xml:"dc:creator,omitempty"`
	Language    string        `xml:"dc:language,omitempty"`
	Source      string        `xml:"dc:source,omitempty"`
	Categories  []rssCategory `xml:"category"`
	Description string        `xml:"description,omitempty"`
	Content     string        `xml:"content:encoded,omitempty"`
}

type rssGUID struct {
	Permalink bool   `xml:"isPermaLink,attr"`
	ID        string `xml:",chardata"`
}

type rssCategory struct {
	Domain string `xml:"domain,attr,omitempty"`
	Label  string `xml:",chardata"`
}

func rssOf(f Feed) rss {
	out := rss{Version: "2.0", Atom: "http://www.w3.org/2005/Atom", Content: "http://purl.org/rss/1.0/modules/content/", DC: "http://purl.org/dc/elements/1.1/"}
	ch := &out.Channel
	ch.Title, ch.Link, ch.Description, ch.Language = f.Title, f.Home, f.Description, f.Language
	ch.Self = rssLink{f.Self, "self", "application/rss+xml"}
	ch.Docs = "https://www.rssboard.org/rss-specification"
	if !f.Updated.IsZero() {
		ch.Built = f.Updated.UTC().Format(time.RFC1123Z)
	}
	for _, e := range f.Entries {
		item := rssItem{Title: e.Title, Link: e.URL, GUID: rssGUID{ID: e.ID}, Published: e.Published.UTC().Format(time.RFC1123Z), Updated: written(e.Updated),
			Creator: e.Author, Language: e.Language, Source: e.Source, Description: e.Summary, Content: e.HTML}
		if item.Creator == "" {
			item.Creator = f.Author
		}
		for _, c := range e.Categories {
			item.Categories = append(item.Categories, rssCategory{c.Scheme, c.Label})
		}
		ch.Items = append(ch.Items, item)
	}
	return out
}

type atom struct {
	XMLName  xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang     string      `xml:"xml:lang,attr,omitempty"`
	ID       string      `xml:"id"`
	Title    string      `xml:"title"`
	Subtitle string      `xml:"subtitle,omitempty"`
	Updated  string      `xml:"updated"`
	Author   atomPerson  `xml:"author"`
	Links    []atomLink  `xml:"link"`
	Entries  []atomEntry `xml:"entry"`
}

type atomPerson struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	Lang       string         `xml:"xml:lang,attr,omitempty"`
	ID         string         `xml:"id"`
	Title      string         `xml:"title"`
	Links      []atomLink     `xml:"link"`
	Published  string         `xml:"published"`
	Updated    string         `xml:"updated"`
	Author     *atomPerson    `xml:"author"`
	Categories []atomCategory `xml:"category"`
	Summary    string         `xml:"summary,omitempty"`
	Content    atomText       `xml:"content"`
}

type atomCategory struct {
	Term   string `xml:"term,attr"`
	Scheme string `xml:"scheme,attr,omitempty"`
	Label  string `xml:"label,attr,omitempty"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Body string `xml:",chardata"`
}

// never is the date of a feed with no entry: Atom requires one, and it must
// not move when nothing did.
var never = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func atomOf(f Feed) atom {
	updated := f.Updated
	if updated.IsZero() {
		updated = never
	}
	out := atom{Lang: f.Language, ID: f.Self, Title: f.Title, Subtitle: f.Description, Updated: written(updated), Author: atomPerson{f.Author},
		Links: []atomLink{{"self", "application/atom+xml", f.Self}, {"alternate", "text/html", f.Home}}}
	for _, e := range f.Entries {
		entry := atomEntry{Lang: e.Language, ID: e.ID, Title: e.Title, Published: written(e.Published), Updated: written(e.Updated), Summary: e.Summary,
			Links: []atomLink{{"alternate", "text/html", e.URL}}, Content: atomText{"html", e.HTML}}
		if e.Related != "" {
			entry.Links = append(entry.Links, atomLink{Rel: "related", Href: e.Related})
		}
		if e.Author != "" {
			entry.Author = &atomPerson{e.Author}
		}
		for _, c := range e.Categories {
			entry.Categories = append(entry.Categories, atomCategory(c))
		}
		out.Entries = append(out.Entries, entry)
	}
	return out
}
