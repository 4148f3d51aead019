// Package extract reads a web page or a PDF and finds the article in it: its
// title, text, day, authors, language and the documents it links to. It does
// no network I/O; the only I/O is the subprocess of ourselves that reads PDFs,
// because their reader can loop and crash on broken files. Nothing it returns
// is HTML, and nothing it does not find is guessed.
package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/analyze"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/symbols"
)

// MaxPage is how much of a page is read, in bytes (SAFETY, "Fetching").
const MaxPage = 4 << 20

// An Input is an answer to a request for a page. Only Body is needed.
type Input struct {
	Body   []byte
	URL    string            // where it was fetched from; may be empty
	Header map[string]string // response headers, names in lower case; may be nil
}

// An Article is what a page is about. Text fields are plain text, NFC.
type Article struct {
	Title     string
	Text      string // paragraphs apart by an empty line
	Published news.Date
	Updated   news.Date
	Authors   []news.Person
	Language  string // BCP 47; "und" when unknown
	Dir       string // "ltr" or "rtl"
	Canonical string // what the page says its address is, absolute; else where it was fetched from
	UNSymbols []string
	PDFLinks  []string // absolute, in order, each once
	Pages     []string // the text of each page of a PDF, the first first; nil for a web page
	Scanned   bool     // a PDF of pictures: there is no text in it to find
	Warnings  []string
}

// A Reader reads pages.
type Reader struct {
	// PDF is the command that runs ourselves as PDFMain: the program and its
	// arguments. Without it PDFs are refused.
	PDF []string
	// PDFTime is how long one PDF may take; zero is 20 s.
	PDFTime time.Duration
}

var errKind = errors.New("neither a web page nor a PDF")

// Read finds the article in a web page or PDF. It fails, wrapping
// news.ErrInvalid, where there is nothing to read.
func (r *Reader) Read(ctx context.Context, in Input) (Article, error) {
	var a Article
	var err error
	declared := ""
	switch {
	case isPDF(in.Body):
		a, err = r.readPDF(ctx, in)
	case len(bytes.TrimSpace(in.Body)) == 0:
		return a, fmt.Errorf("read page: it is empty: %w", news.ErrInvalid)
	case isBinary(in):
		return a, fmt.Errorf("read page: %w: %w", errKind, news.ErrInvalid)
	default:
		if err := waitIfBig(ctx, len(in.Body)); err != nil {
			return a, fmt.Errorf("read page: %w", err)
		}
		a, declared, err = readHTML(in)
		doneIfBig(len(in.Body))
	}
	if err != nil {
		return a, err
	}
	l := analyze.DetectLanguage(a.Title+"\n"+a.Text, declared)
	a.Language, a.Dir = l.Tag, l.Dir
	a.UNSymbols = symbols.InText(a.Title + "\n" + a.Text)
	if s, ok := symbols.InURL(in.URL); ok && len(a.UNSymbols) == 0 {
		a.UNSymbols = []string{s}
	}
	return a, nil
}

// Trees take many times the memory of their pages: two big ones at a time.
const bigPage = 512 << 10

var bigPages = make(chan struct{}, 2)

func waitIfBig(ctx context.Context, size int) error {
	if size < bigPage {
		return nil
	}
	select {
	case bigPages <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func doneIfBig(size int) {
	if size >= bigPage {
		<-bigPages
	}
}

func isPDF(body []byte) bool {
	return bytes.Contains(body[:min(len(body), 1024)], []byte("%PDF-"))
}

// isBinary reports an answer that is a picture, an archive or the like.
func isBinary(in Input) bool {
	kind, _, _ := strings.Cut(strings.ToLower(in.Header["content-type"]), ";")
	switch kind = strings.TrimSpace(kind); {
	case strings.HasPrefix(kind, "image/"), strings.HasPrefix(kind, "audio/"), strings.HasPrefix(kind, "video/"):
		return true
	}
	return bytes.HasPrefix(in.Body, []byte("PK\x03\x04")) || bytes.HasPrefix(in.Body, []byte("\x89PNG")) || bytes.HasPrefix(in.Body, []byte("\xff\xd8\xff"))
}

// absolute resolves a link against the page; empty unless it leads to the web.
func absolute(base *url.URL, ref string) string {
	u, err := url.Parse(strings.TrimSpace(ref))
	if err != nil || ref == "" {
		return ""
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	u.User = nil
	return u.String()
}
