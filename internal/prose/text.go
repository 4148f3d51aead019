package prose

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/text/unicode/norm"
)

// breaks says what an element does to the lines of a plain text: one newline
// for a line of its own, two for a paragraph.
var breaks = map[string]int{
	"br": 1, "li": 1, "tr": 1, "dt": 1, "dd": 1, "option": 1, "hr": 2, "figcaption": 1, "caption": 1,
	"p": 2, "div": 2, "h1": 2, "h2": 2, "h3": 2, "h4": 2, "h5": 2, "h6": 2, "ul": 2, "ol": 2, "dl": 2, "table": 2,
	"blockquote": 2, "pre": 2, "section": 2, "article": 2, "header": 2, "footer": 2, "figure": 2, "aside": 2,
	"main": 2, "nav": 2, "address": 2, "form": 2, "fieldset": 2, "details": 2, "summary": 2, "center": 2, "body": 2,
}

// HTMLText returns the plain text of an HTML fragment, NFC, entities decoded,
// lines trimmed, paragraphs apart by an empty line. Scripts, styles and the
// like are no text.
func HTMLText(fragment string) string {
	var t textWriter
	walk(fragment, &t)
	return norm.NFC.String(strings.TrimSpace(t.b.String()))
}

// A textWriter lays words in lines: white space is one space, a break is owed
// until the next word comes.
type textWriter struct {
	b     strings.Builder
	owed  int // newlines owed
	space bool
	pre   int // depth of pre elements
}

func (t *textWriter) start(tag string, _ *html.Tokenizer, _ bool) { t.tag(tag, true) }
func (t *textWriter) end(tag string)                              { t.tag(tag, false) }

func (t *textWriter) tag(tag string, start bool) {
	switch tag {
	case "td", "th", "img":
		t.space = true
	case "br":
		if t.owed < 2 {
			t.owed++
		}
		return
	case "pre":
		if start {
			t.pre++
		} else {
			t.pre = max(0, t.pre-1)
		}
	}
	t.owed = max(t.owed, breaks[tag])
}

func (t *textWriter) words(s string) {
	s = visible(s)
	for _, r := range s {
		switch {
		case t.pre > 0 && r == '\n':
			t.owed = min(t.owed+1, 2)
		case isSpace(r):
			t.space = true
		default:
			t.word(r)
		}
	}
}

func (t *textWriter) word(r rune) {
	switch {
	case t.b.Len() == 0:
	case t.owed > 0:
		t.b.WriteString("\n\n"[:min(t.owed, 2)])
	case t.space:
		t.b.WriteByte(' ')
	}
	t.owed, t.space = 0, false
	t.b.WriteRune(r)
}

func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\r', '\f', 0xA0, 0x1680, 0x202F, 0x205F, 0x3000:
		return true
	}
	return r >= 0x2000 && r <= 0x200A
}

// tagLike finds what a browser could take for a tag, a comment or a
// declaration.
var tagLike = regexp.MustCompile(`(?s)<[a-zA-Z/!?]`)

// Text returns the plain text of a field that should hold no markup but, as
// the world goes, may: tags are dropped and entities decoded until neither is
// left, whether the publisher escaped once, twice or not at all. A bare "<"
// that opens no tag stays, "BMI < 18" is text. Lines are kept.
func Text(s string) string {
	s = norm.NFC.String(visible(s))
	for range 8 {
		next := s
		if strings.Contains(next, "&") {
			next = html.UnescapeString(next)
		}
		if tagLike.MatchString(next) {
			next = dropTags(next)
		}
		next = norm.NFC.String(visible(next))
		if next == s {
			break
		}
		s = next
	}
	for tagLike.MatchString(s) {
		s = norm.NFC.String(tagLike.ReplaceAllStringFunc(s, func(m string) string { return m[1:] }))
	}
	return strings.TrimSpace(s)
}

// Line is Text on one line, white space squeezed.
func Line(s string) string { return squeeze(Text(s)) }

// AsHTML decides how a field that was published as HTML, or as plain text, is
// to be read, and returns it as HTML. Markup that was escaped once too often is
// markup; plain text that is full of tags was mislabelled; other plain text is
// escaped, blank lines making paragraphs.
func AsHTML(body string, isHTML bool) string {
	if !isHTML {
		if wholeElements(body) {
			return body
		}
		return textHTML(body)
	}
	for range 2 {
		if !strings.Contains(body, "&lt;") && !strings.Contains(body, "&#") {
			return body
		}
		inner := HTMLText(body)
		if !wholeElements(inner) || hasElement(body) && !allMarkup(inner) {
			return body
		}
		body = inner
	}
	return body
}

// wholeElements reports whether s holds elements that are closed, or such as
// need no closing, so that it was meant as markup and not as words about it.
func wholeElements(s string) bool { return closing.MatchString(s) && hasElement(s) }

// allMarkup reports whether s is markup from end to end.
func allMarkup(s string) bool {
	s = strings.TrimSpace(s)
	return strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">")
}

var closing = regexp.MustCompile(`(?i)</[a-z][a-z0-9]*\s*>|<(?:br|hr|img|p)\b[^>]*>`)

func textHTML(s string) string {
	paragraphs := strings.Split(blankLines.ReplaceAllString(strings.TrimSpace(visible(s)), "\n\n"), "\n\n")
	if len(paragraphs) == 1 {
		return html.EscapeString(paragraphs[0])
	}
	for i, p := range paragraphs {
		paragraphs[i] = "<p>" + html.EscapeString(p) + "</p>"
	}
	return strings.Join(paragraphs, "")
}

var blankLines = regexp.MustCompile(`\n[ \t]*\n\s*`)

// dropTags takes the markup out of a text. What stands in angle brackets and
// is no HTML, a name or an address, keeps its words and loses the brackets.
func dropTags(s string) string {
	if hasElement(s) {
		return HTMLText(s)
	}
	return bracketed.ReplaceAllStringFunc(s, func(m string) string {
		return strings.Trim(m, "<>")
	})
}

var bracketed = regexp.MustCompile(`<[^<>\n]{0,300}>?`)

// hasElement reports whether s holds a tag of an element HTML knows, or one
// with attributes, or a comment.
func hasElement(s string) bool {
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		switch z.Next() {
		case html.ErrorToken:
			// What the input broke off in is a tag if it began like one.
			return brokenTag(z.Raw())
		case html.CommentToken, html.DoctypeToken:
			return true
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, attrs := z.TagName()
			if htmlElements[string(name)] || attrs && !strings.ContainsAny(string(name), ":@") {
				return true
			}
		}
	}
}

// htmlElements are the elements of HTML of all times, and the roots of its two
// guests.
var htmlElements = func() map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq(`a abbr acronym address applet area article aside audio b base
		basefont bdi bdo bgsound big blink blockquote body br button canvas caption center cite code col colgroup
		data datalist dd del details dfn dialog dir div dl dt em embed fieldset figcaption figure font footer form
		frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe image img input ins isindex kbd keygen
		label legend li link listing main map mark marquee math menu meta meter nav nobr noembed noframes noscript
		object ol optgroup option output p param picture plaintext portal pre progress q rb rp rt rtc ruby s samp
		script search section select slot small source spacer span strike strong style sub summary sup svg table
		tbody td template textarea tfoot th thead time title tr track tt u ul var video wbr xmp xml`) {
		m[name] = true
	}
	return m
}()

// brokenTag reports whether the rest of an input, cut inside angle brackets,
// began like a tag.
func brokenTag(raw []byte) bool {
	m := tagName.FindSubmatch(raw)
	return m != nil && htmlElements[strings.ToLower(string(m[1]))]
}

var tagName = regexp.MustCompile(`^</?([a-zA-Z][a-zA-Z0-9]*)[\s/>]`)
