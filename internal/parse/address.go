package parse

import (
	"net/url"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// resolveAddress makes an address absolute. What cannot be resolved stays as
// it is.
func resolveAddress(base, s string) string {
	s = trimAddress(s)
	if s == "" || base == "" || len(s) > news.MaxLinkBytes || isAbsolute(s) {
		return s
	}
	b, err := url.Parse(base)
	if err != nil {
		return s
	}
	u, err := url.Parse(s)
	if err != nil {
		return s
	}
	return b.ResolveReference(u).String()
}

// trimAddress drops the spaces about an address and the line ends inside it.
func trimAddress(s string) string {
	s = strings.TrimSpace(s)
	if !strings.ContainsAny(s, "\r\n\t") {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == '\t' {
			return -1
		}
		return r
	}, s)
}

// isAbsolute reports whether an address has a scheme.
func isAbsolute(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case c == ':':
			return i > 0
		case !isName(c) && c != '+' || c >= 0x80:
			return false
		}
	}
	return false
}

// isWeb reports whether an address is of the web and absolute.
func isWeb(s string) bool {
	head, rest, ok := strings.Cut(s, "://")
	return ok && rest != "" && (strings.EqualFold(head, "http") || strings.EqualFold(head, "https"))
}

// baseOf is what relative addresses in a node stand against: xml:base, the
// document's own Content-Location, for RSS the site's address, the address it
// was fetched from.
func (b *builder) baseOf(r *reader, n int) string {
	return b.base(r.nodes[n].scope, r.isAtom)
}

func (b *builder) base(s scope, isAtom bool) string {
	if s.base != "" {
		return s.base
	}
	if b.location != "" {
		return b.location
	}
	if !isAtom && isWeb(b.doc.Feed.Link) {
		return b.doc.Feed.Link
	}
	return first(b.in.URL, b.doc.Feed.Link)
}

// address resolves an address that stands in a node.
func (b *builder) address(r *reader, n int, s string) string {
	return resolveAddress(b.baseOf(r, n), s)
}
