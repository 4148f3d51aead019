// Package parse turns the bytes of a feed into a news.Document: it decodes,
// repairs and reads RSS, RDF, Atom and JSON Feed, and says what it had to
// repair. It does no I/O. What an entry says is kept as published; package
// clean makes it safe, canonical and comparable.
package parse

import (
	"errors"
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// An Input is an answer to a feed request. Only Body is needed.
type Input struct {
	Body   []byte
	URL    string            // where it was fetched from; may be empty
	Header map[string]string // response headers, names in lower case; may be nil
}

var errNoFeed = errors.New("not a feed")

// Feed reads a feed. It fails, wrapping news.ErrInvalid, only where nothing
// like a feed could be saved; a feed without entries carries a warning.
func Feed(in Input) (*news.Document, error) {
	text, encoding, err := decode(in)
	if err != nil {
		return nil, fmt.Errorf("decode feed: %w: %w", err, news.ErrInvalid)
	}
	doc, err := readWithGofeed(text)
	if err != nil {
		return nil, fmt.Errorf("read feed: %w: %w", err, news.ErrInvalid)
	}
	doc.Encoding = encoding
	if len(doc.Entries) == 0 {
		doc.Warnings = append(doc.Warnings, "the feed has no entries")
	}
	return doc, nil
}
