// Package parse turns the bytes of a feed into a news.Document: it decodes,
// repairs and reads RSS 0.9 to 2.0, RDF, Atom 0.3 and 1.0 and JSON Feed, and
// says what it had to repair. It does no I/O. What an entry says is kept as
// published; package clean makes it safe, canonical and comparable.
//
// The reader is our own, because a feed that breaks a rule must lose the
// broken field and not the entries after it, and because whether a text is
// HTML, what language it is in and what its addresses stand against is written
// in places that a general feed structure drops. Undamaged feeds are read by
// gofeed too: entries that it finds and we do not are never lost in silence.
package parse

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// An Input is an answer to a feed request. Only Body is needed.
type Input struct {
	Body   []byte
	URL    string            // where it was fetched from; may be empty
	Header map[string]string // response headers, names in lower case; may be nil
}

var (
	errNoFeed = errors.New("this is not a feed")
	errPage   = errors.New("this is a web page, not a feed")
	errEmpty  = errors.New("the document is empty")
)

// Feed reads a feed. It fails, wrapping news.ErrInvalid, only where nothing
// like a feed could be saved; a feed without entries carries a warning.
func Feed(in Input) (*news.Document, error) {
	text, encoding, d, err := decode(in)
	if err != nil {
		return nil, fmt.Errorf("decode feed: %w: %w", err, news.ErrInvalid)
	}
	text, controls := dropControls(text)
	b := newBuilder(in)
	b.damage = d | controls
	b.doc.Encoding = encoding
	head := strings.TrimLeft(text, " \t\r\n\ufeff")
	switch {
	case strings.HasPrefix(head, "{"):
		err = readJSON(head, b)
	case strings.Contains(head[:min(len(head), 1024)], "jsonfeed.org/version"):
		b.damage |= damagedProlog
		err = readJSON(head[max(0, strings.IndexAny(head, `{"`)):], b)
	default:
		err = readXML(text, b)
	}
	if err != nil {
		return nil, fmt.Errorf("read feed: %w: %w", err, news.ErrInvalid)
	}
	if b.damage == 0 && b.doc.Format != news.JSON {
		b.secondOpinion(text)
	}
	b.finish()
	if len(b.doc.Entries) == 0 {
		b.doc.Warnings = append(b.doc.Warnings, "the feed has no entries")
	}
	return b.doc, nil
}

func readXML(text string, b *builder) error {
	r := newReader(text, b)
	r.read()
	b.damage |= r.sc.damage
	switch {
	case r.inFeed || b.total > 0:
		return nil
	case strings.TrimSpace(text) == "":
		return errEmpty
	case isPage(text):
		return errPage
	}
	return errNoFeed
}

func isPage(text string) bool {
	head := lower(text[:min(len(text), 2048)])
	return strings.Contains(head, "<html") || strings.Contains(head, "<!doctype html") || strings.Contains(head, "<head") || strings.Contains(head, "<body")
}
