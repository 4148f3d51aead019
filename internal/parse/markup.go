package parse

import (
	"encoding/base64"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
)

// looksHTML reports whether a text is HTML: it holds a tag of HTML or a
// character reference. "1 < 2", "AT&T" and "a <T> b" are text.
func looksHTML(s string) bool {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '<':
			if isTag(s[i:]) {
				return true
			}
		case '&':
			if isReference(s[i:]) {
				return true
			}
		}
	}
	return false
}

// hasTag reports whether a text holds a tag of HTML.
func hasTag(s string) bool {
	for i := strings.IndexByte(s, '<'); i >= 0; {
		if isTag(s[i:]) {
			return true
		}
		n := strings.IndexByte(s[i+1:], '<')
		if n < 0 {
			return false
		}
		i += 1 + n
	}
	return false
}

// isTag reports whether s begins with a tag of HTML or a comment.
func isTag(s string) bool {
	if strings.HasPrefix(s, "<!--") || strings.HasPrefix(s, "<![CDATA[") {
		return true
	}
	i := 1
	if i < len(s) && s[i] == '/' {
		i++
	}
	from := i
	for i < len(s) && i-from < 12 && (s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z' || s[i] >= '1' && s[i] <= '6') {
		i++
	}
	if i == from || i >= len(s) || !htmlNames[lower(s[from:i])] {
		return false
	}
	if c := s[i]; c == '>' {
		return true
	} else if !isSpace(c) && c != '/' {
		return false
	}
	end := strings.IndexAny(s[i:], "<>")
	return end >= 0 && s[i+end] == '>'
}

// isReference reports whether s begins with a character reference of HTML.
func isReference(s string) bool {
	end := strings.IndexByte(s[:min(len(s), maxReference)], ';')
	if end < 2 {
		return false
	}
	if s[1] == '#' {
		return html.UnescapeString(s[:end+1]) != s[:end+1]
	}
	for _, c := range []byte(s[1:end]) {
		if !isNameStart(c) && (c < '0' || c > '9') {
			return false
		}
	}
	return html.UnescapeString(s[:end+1]) != s[:end+1]
}

// markup reads a field whose format does not say whether it is HTML.
func (b *builder) markup(r *reader, n int) news.Markup {
	if r.hasElements(n) {
		return news.Markup{Body: r.inner(n), HTML: true, Base: b.baseOf(r, n)}
	}
	return b.sniff(r, n, r.text(n))
}

func (b *builder) sniff(r *reader, n int, s string) news.Markup {
	if !looksHTML(s) {
		return news.Markup{Body: s}
	}
	return news.Markup{Body: onceEncoded(s), HTML: true, Base: b.baseOf(r, n)}
}

// onceEncoded takes one layer off HTML that was encoded twice, which shows in
// that it holds references to tags and no tag.
func onceEncoded(s string) string {
	if hasTag(s) || !strings.Contains(s, "&lt;") {
		return s
	}
	if plain := html.UnescapeString(s); pairedTags(plain) {
		return plain
	}
	return s
}

// pairedTags reports whether a text holds an HTML element from its start to its
// end tag, and begins with a tag: so does markup, and hardly ever prose about
// markup.
func pairedTags(s string) bool {
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, "<") || !isTag(s) {
		return false
	}
	name := s[1:]
	for i := range len(name) {
		if !isName(name[i]) {
			name = name[:i]
			break
		}
	}
	return voidNames[lower(name)] || strings.Contains(s, "</"+name+">")
}

// htmlMarkup reads a field that is HTML by definition, as content:encoded.
func (b *builder) htmlMarkup(r *reader, n int) news.Markup {
	if r.hasElements(n) {
		return news.Markup{Body: r.inner(n), HTML: true, Base: b.baseOf(r, n)}
	}
	s := r.text(n)
	return news.Markup{Body: onceEncoded(s), HTML: s != "", Base: b.baseOf(r, n)}
}

// textConstruct reads a text of Atom 1.0 or 0.3 by its type and mode.
func (b *builder) textConstruct(r *reader, n int) news.Markup {
	attrs := r.nodes[n].attrs
	kind, mode := lower(strings.TrimSpace(value(attrs, "type"))), lower(strings.TrimSpace(value(attrs, "mode")))
	if div := r.onlyChild(n); div != 0 && !r.hasElements(div) && strings.HasSuffix(r.nodes[div].name, "div") && looksHTML(r.text(div)) {
		n = div // a wrapper about escaped HTML
	}
	if r.hasElements(n) {
		return news.Markup{Body: r.inner(n), HTML: true, Base: b.baseOf(r, n)}
	}
	s := r.text(n)
	if mode == "base64" || mode == "" && isBinary(kind) {
		s = fromBase64(s, mode == "base64" || isMedia(kind))
	}
	switch {
	case strings.Contains(kind, "html"):
		return news.Markup{Body: onceEncoded(s), HTML: s != "", Base: b.baseOf(r, n)}
	case kind == "text" || kind == "text/plain" && mode != "escaped":
		if pairedTags(s) { // mislabelled
			return news.Markup{Body: s, HTML: true, Base: b.baseOf(r, n)}
		}
		return news.Markup{Body: s}
	case isBinary(kind):
		if !looksHTML(s) {
			return news.Markup{Body: s}
		}
	}
	return b.sniff(r, n, s)
}

// isBinary reports whether Atom 1.0 wants content of this type in base64.
func isBinary(kind string) bool {
	return strings.Contains(kind, "/") && !strings.HasPrefix(kind, "text/") && !strings.HasSuffix(kind, "xml")
}

// isMedia reports whether a type is of something that is never text.
func isMedia(kind string) bool {
	top, _, _ := strings.Cut(kind, "/")
	return top == "image" || top == "audio" || top == "video" || kind == "application/pdf" || kind == "application/zip"
}

// fromBase64 decodes, where that gives text. Bytes that are no text say nothing
// to a reader; where it is not sure that s was encoded at all, s stays.
func fromBase64(s string, sure bool) string {
	packed := strings.Map(func(r rune) rune {
		if r <= ' ' || r == '=' {
			return -1
		}
		return r
	}, s)
	out, err := base64.RawStdEncoding.DecodeString(packed)
	switch {
	case err == nil && utf8.Valid(out) && strings.IndexByte(string(out), 0) < 0:
		return strings.TrimSpace(string(out))
	case err == nil && sure:
		return ""
	}
	return s
}

// inner writes the inside of a node as HTML. A single div about everything,
// Atom's wrapper, is left out.
func (r *reader) inner(n int) string {
	if only := r.onlyChild(n); only != 0 && (r.nodes[only].name == "xhtml:div" || r.nodes[only].name == "div") {
		n = only
	}
	var b strings.Builder
	r.write(&b, n)
	return strings.TrimSpace(b.String())
}

// onlyChild returns the one child element of a node that has no text beside it.
func (r *reader) onlyChild(n int) int {
	only := 0
	for k := r.nodes[n].first; k != 0; k = r.nodes[k].next {
		switch {
		case r.nodes[k].name == "" && strings.TrimSpace(r.nodes[k].text) == "":
		case r.nodes[k].name == "" || only != 0:
			return 0
		default:
			only = k
		}
	}
	return only
}

var escapeText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
var escapeValue = strings.NewReplacer("&", "&amp;", `"`, "&#34;", "<", "&lt;", ">", "&gt;")

func (r *reader) write(b *strings.Builder, n int) {
	for k := r.nodes[n].first; k != 0 && b.Len() <= maxBody; k = r.nodes[k].next {
		e := &r.nodes[k]
		if e.name == "" {
			_, _ = escapeText.WriteString(b, prose.Cut(e.text, max(0, maxBody-b.Len())))
			continue
		}
		name := lower(e.local)
		b.WriteByte('<')
		b.WriteString(name)
		for _, a := range e.attrs {
			if strings.Contains(a.name, ":") && a.name != "xml:lang" || a.name == "xmlns" {
				continue
			}
			b.WriteByte(' ')
			b.WriteString(strings.TrimPrefix(a.name, "xml:"))
			b.WriteString(`="`)
			_, _ = escapeValue.WriteString(b, a.value)
			b.WriteByte('"')
		}
		b.WriteByte('>')
		if voidNames[name] {
			continue
		}
		r.write(b, k)
		b.WriteString("</" + name + ">")
	}
}
