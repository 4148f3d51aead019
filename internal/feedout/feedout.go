// Package feedout writes stories and issues as RSS 2.0, Atom 1.0 and JSON Feed
// 1.1. What stands in a feed, and whether it may, is for its caller to say;
// texts arrive as safe HTML.
package feedout

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// A Feed is a list that can be followed.
type Feed struct {
	Title       string
	Description string
	Home        string // absolute address of the page that shows the same list
	Self        string // absolute address of the feed itself
	Language    string // BCP 47
	Author      string
	Updated     time.Time // of the entry changed last; zero in an empty feed
	Entries     []Entry   // newest first
}

// An Entry is one story or issue of a feed.
type Entry struct {
	ID         string // a tag: URI (RFC 4151), the same for ever
	URL        string // absolute address of our page
	Related    string // the publisher's page; may be empty
	Title      string // plain text
	Summary    string // plain text; may be empty
	HTML       string // safe HTML
	Language   string // BCP 47
	Author     string // who signs; empty: the feed's
	Source     string // the publisher's name; may be empty
	Published  time.Time
	Updated    time.Time
	Categories []Category
}

// A Category is what an entry is about.
type Category struct{ Term, Scheme, Label string }

// A Format is one of the three ways a feed can be written.
type Format string

// The formats, named as their addresses end.
const (
	RSS  Format = "rss"
	Atom Format = "atom"
	JSON Format = "json"
)

// Formats lists them in the order they are offered.
func Formats() []Format { return []Format{RSS, Atom, JSON} }

// MediaType is the Content-Type of a feed.
func (f Format) MediaType() string {
	return map[Format]string{RSS: "application/rss+xml; charset=utf-8", Atom: "application/atom+xml; charset=utf-8", JSON: "application/feed+json; charset=utf-8"}[f]
}

// Write returns the feed in a format. It fails with news.ErrInvalid on a
// format there is not.
func Write(f Feed, as Format) ([]byte, error) {
	switch as {
	case RSS:
		return document(rssOf(f))
	case Atom:
		return document(atomOf(f))
	case JSON:
		return json.MarshalIndent(jsonOf(f), "", " ")
	}
	return nil, fmt.Errorf("feed format %q: %w", as, news.ErrInvalid)
}

func document(v any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", " ")
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("write feed: %w", err)
	}
	return append(b.Bytes(), '\n'), nil
}

// StoryID is the name of a story in feeds for ever: tag:{host},{date of
// approval}:story/{id}.
func StoryID(host string, s *news.Story) string {
	return fmt.Sprintf("tag:%s,%s:story/%d", host, s.ApprovedAt.UTC().Format(time.DateOnly), s.ID)
}

// IssueID is the name of an issue in feeds for ever.
func IssueID(host string, i *news.Issue) string {
	return fmt.Sprintf("tag:%s,%s:issue/%s", host, i.Frozen.UTC().Format(time.DateOnly), i.Name)
}

// written is a time as Atom and JSON Feed write it.
func written(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
