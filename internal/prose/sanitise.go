package prose

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/unicode/norm"
)

// Sanitise returns the part of an HTML fragment that is safe on every page, in
// every mail and in every feed of ours: an allow-list of text elements with
// dir, lang and little else, links to http, https and mailto only, nothing
// that makes a client fetch something. The result is well formed, and
// Sanitise(Sanitise(x)) == Sanitise(x). Text survives whatever happens to the
// markup around it, except what stood in script, style and their like.
func Sanitise(fragment string) string { return untilStable(writer{}, fragment) }

// SanitiseAt is Sanitise for a fragment that stood at the address base:
// relative links in it are resolved, but for those to a place in the same
// page, which is not ours. An empty base resolves nothing.
func SanitiseAt(fragment, base string) string {
	at, err := url.Parse(base)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" {
		at = nil
	}
	return untilStable(writer{base: at}, fragment)
}

// Inline is Sanitise for a headline: what stands inside a line stays, blocks
// and links are their words.
func Inline(fragment string) string { return untilStable(writer{lineOnly: true}, fragment) }

// untilStable repeats the pass until nothing changes. One is nearly always
// enough; the second one proves it.
func untilStable(with writer, fragment string) string {
	for range 5 {
		next := with.pass(fragment)
		if next == fragment {
			return next
		}
		fragment = next
	}
	return with.pass(html.EscapeString(HTMLText(fragment)))
}

// Where an element may stand and what it does to what is open before it.
type kind int

const (
	inline kind = iota + 1 // inside a line of text
	block                  // closes an open paragraph
	void                   // has no end tag
	unwrap                 // not allowed; its content is
)

// elements is the allow-list; what is not in it is unwrapped.
var elements = map[atom.Atom]kind{
	atom.A: inline, atom.Abbr: inline, atom.B: inline, atom.Bdi: inline, atom.Bdo: inline, atom.Cite: inline,
	atom.Code: inline, atom.Del: inline, atom.Dfn: inline, atom.Em: inline, atom.I: inline, atom.Ins: inline,
	atom.Kbd: inline, atom.Mark: inline, atom.Q: inline, atom.Rp: inline, atom.Rt: inline, atom.Ruby: inline,
	atom.S: inline, atom.Samp: inline, atom.Small: inline, atom.Span: inline, atom.Strong: inline, atom.Sub: inline,
	atom.Sup: inline, atom.Time: inline, atom.U: inline, atom.Var: inline,

	atom.Blockquote: block, atom.Caption: block, atom.Dd: block, atom.Div: block, atom.Dl: block, atom.Dt: block,
	atom.Figcaption: block, atom.Figure: block, atom.H1: block, atom.H2: block, atom.H3: block, atom.H4: block,
	atom.H5: block, atom.H6: block, atom.Li: block, atom.Ol: block, atom.P: block, atom.Pre: block,
	atom.Section: block, atom.Table: block, atom.Tbody: block, atom.Td: block, atom.Tfoot: block, atom.Th: block,
	atom.Thead: block, atom.Tr: block, atom.Ul: block,

	atom.Br: void, atom.Hr: void, atom.Wbr: void,
}

// renamed are elements of old pages that have a living twin.
var renamed = map[string]atom.Atom{
	"strike": atom.S, "tt": atom.Code, "dir": atom.Ul, "menu": atom.Ul, "center": atom.Div, "article": atom.Div,
	"aside": atom.Div, "header": atom.Div, "footer": atom.Div, "main": atom.Div, "address": atom.Div, "nav": atom.Div,
	"details": atom.Div, "summary": atom.P, "acronym": atom.Abbr, "xmp": atom.Pre, "listing": atom.Pre,
	"fieldset": atom.Div, "legend": atom.P, "hgroup": atom.Div, "search": atom.Div, "form": atom.Div, "body": atom.Div,
}

var (
	dirValue   = regexp.MustCompile(`^(ltr|rtl|auto)$`)
	langValue  = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$`)
	countValue = regexp.MustCompile(`^[1-9][0-9]{0,2}$`)
	startValue = regexp.MustCompile(`^-?[0-9]{1,6}$`)
	typeValue  = regexp.MustCompile(`^[1aAiI]$`)
	scopeValue = regexp.MustCompile(`^(row|col|rowgroup|colgroup)$`)
	timeValue  = regexp.MustCompile(`^[0-9TZPWYMDHS:+. -]{1,40}$`)
	titleValue = regexp.MustCompile(`^[^<>\x00-\x1f]{1,200}$`)
	emptyValue = regexp.MustCompile(`^$`)
)

// attributes says which attributes an element may keep beside dir and lang,
// and what they must look like. Addresses have their own check.
var attributes = map[atom.Atom]map[string]*regexp.Regexp{
	atom.Td:   {"colspan": countValue, "rowspan": countValue},
	atom.Th:   {"colspan": countValue, "rowspan": countValue, "scope": scopeValue},
	atom.Ol:   {"start": startValue, "type": typeValue, "reversed": emptyValue},
	atom.Li:   {"value": startValue},
	atom.Time: {"datetime": timeValue},
	atom.Abbr: {"title": titleValue},
	atom.A:    {"hreflang": langValue},
}

// policy is the same allow-list in the words of the library.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	for a, k := range elements {
		if k == inline || k == block || k == void {
			p.AllowElements(a.String())
			p.AllowNoAttrs().OnElements(a.String())
		}
		for name, re := range attributes[a] {
			p.AllowAttrs(name).Matching(re).OnElements(a.String())
		}
	}
	p.AllowAttrs("dir").Matching(dirValue).Globally()
	p.AllowAttrs("lang").Matching(langValue).Globally()
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("cite").OnElements("blockquote", "q", "del", "ins")
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.AllowURLSchemes("http", "https", "mailto")
	return p
})

// link returns an address a reader may follow, or false. A relative one needs a
// base. Credentials are cut out: they serve nobody but a deceiver.
func link(raw string, base *url.URL) (string, bool) {
	raw = strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return -1 // as browsers do
		}
		return r
	}, strings.TrimSpace(raw))
	if strings.HasPrefix(raw, "//") {
		raw = "https:" + raw
	}
	raw = strings.ReplaceAll(raw, " ", "%20")
	u, err := url.Parse(raw)
	if err != nil {
		return "", false
	}
	if u.Scheme == "" && base != nil && raw != "" && raw[0] != '#' {
		u = base.ResolveReference(u)
	}
	switch u.Scheme {
	case "http", "https":
		u.User = nil
		if u.Hostname() == "" {
			return "", false
		}
	case "mailto":
		if !strings.Contains(u.Opaque, "@") {
			return "", false
		}
	default:
		return "", false
	}
	return u.String(), true
}

// maxDepth is how deep elements may nest; what lies deeper is text.
const maxDepth = 64

// A writer rebuilds a fragment from its tags with a stack of its own, in one
// pass and in memory linear in the input, which the full HTML algorithm does
// not promise. A start tag is written only once something stands in it, so
// empty elements vanish.
type writer struct {
	out      strings.Builder
	text     strings.Builder // not yet written, so that a letter and its accent meet
	stack    []open
	written  int      // how many of stack are in out
	lineOnly bool     // no blocks, no links
	base     *url.URL // of relative links; may be nil
}

// pass rebuilds a fragment well formed and then lets the policy library look
// at every tag again: two independent readings have to agree before an
// attribute gets through.
func (w writer) pass(fragment string) string {
	walk(fragment, &w)
	w.closeTo(0)
	w.flushText()
	safe := policy().Sanitize(w.out.String())
	if w.lineOnly {
		return squeeze(safe)
	}
	return strings.TrimSpace(safe)
}

type open struct {
	atom atom.Atom
	attr string // rendered, with a leading space
}

// known gives the element of a tag and what to do with it.
func (w *writer) known(name string) (atom.Atom, kind) {
	a, ok := renamed[name]
	if !ok {
		a = atom.Lookup([]byte(name))
	}
	k, ok := elements[a]
	if !ok || w.lineOnly && (k != inline || a == atom.A) && a != atom.Wbr {
		return a, unwrap
	}
	return a, k
}

func (w *writer) start(name string, z *html.Tokenizer, attrs bool) {
	a, k := w.known(name)
	if k == unwrap {
		if blockish[name] || w.lineOnly && breaks[name] > 0 {
			w.words(" ")
		}
		return
	}
	attr, href := w.attrsOf(z, a, attrs)
	if a == atom.A && !href {
		return
	}
	w.place(a, k)
	if k == void {
		w.flushOpen()
		w.flushText()
		w.out.WriteString("<" + a.String() + attr + ">")
		return
	}
	if len(w.stack) >= maxDepth {
		return
	}
	if slices.Contains(tableParts, a) && w.find(atom.Table) < 0 {
		return
	}
	w.stack = append(w.stack, open{a, attr})
	if a == atom.Td || a == atom.Th || a == atom.Pre {
		w.flushOpen() // empty cells hold their column, blanks in pre count
	}
}

// blockish are elements that are not kept but part words.
var blockish = map[string]bool{"img": true, "option": true, "input": true, "button": true, "select": true, "optgroup": true, "head": true, "object": true, "video": true, "audio": true, "html": true}

func (w *writer) attrsOf(z *html.Tokenizer, a atom.Atom, more bool) (rendered string, href bool) {
	var b strings.Builder
	seen := map[string]bool{}
	for more {
		var k, v []byte
		k, v, more = z.TagAttr()
		key, val := string(k), string(v)
		if seen[key] {
			continue
		}
		seen[key] = true
		val, ok := w.attrValue(a, key, val)
		if !ok {
			continue
		}
		href = href || key == "href"
		b.WriteString(" " + key + `="` + html.EscapeString(val) + `"`)
	}
	return b.String(), href
}

func (w *writer) attrValue(a atom.Atom, key, val string) (string, bool) {
	switch key {
	case "dir":
		val = strings.ToLower(strings.TrimSpace(val))
		return val, dirValue.MatchString(val)
	case "lang", "xml:lang":
		val = strings.TrimSpace(val)
		return val, key == "lang" && langValue.MatchString(val)
	case "href":
		if a != atom.A {
			return "", false
		}
		return link(val, w.base)
	case "cite":
		if a != atom.Blockquote && a != atom.Q && a != atom.Del && a != atom.Ins {
			return "", false
		}
		return link(val, w.base)
	}
	re := attributes[a][key]
	if re == nil {
		return "", false
	}
	if key == "reversed" {
		val = ""
	}
	val = norm.NFC.String(visible(val))
	return val, re.MatchString(val)
}

var tableParts = []atom.Atom{atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr, atom.Td, atom.Th}

// find gives the place of the innermost open a, or -1.
func (w *writer) find(a ...atom.Atom) int {
	for i := len(w.stack) - 1; i >= 0; i-- {
		if slices.Contains(a, w.stack[i].atom) {
			return i
		}
	}
	return -1
}

// place closes what cannot stay open when a comes, and opens what a needs
// around it.
func (w *writer) place(a atom.Atom, k kind) {
	switch a {
	case atom.A:
		if i := w.find(atom.A); i >= 0 {
			w.closeTo(i)
		}
	case atom.Li:
		w.closeSibling([]atom.Atom{atom.Li}, atom.Ul, atom.Ol)
		if w.top() != atom.Ul && w.top() != atom.Ol {
			w.closeParagraph()
			w.push(atom.Ul)
		}
		return
	case atom.Dt, atom.Dd:
		w.closeSibling([]atom.Atom{atom.Dt, atom.Dd}, atom.Dl)
		if w.top() != atom.Dl {
			w.closeParagraph()
			w.push(atom.Dl)
		}
		return
	case atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot:
		if i := w.find(atom.Table); i >= 0 {
			w.closeTo(i + 1)
		}
		return
	case atom.Tr:
		if t := w.find(atom.Table); t >= 0 {
			if i := w.find(atom.Thead, atom.Tbody, atom.Tfoot); i > t {
				t = i
			}
			w.closeTo(t + 1)
		}
		return
	case atom.Td, atom.Th:
		t := w.find(atom.Table)
		if t < 0 {
			return
		}
		if r := w.find(atom.Tr); r > t {
			w.closeTo(r + 1)
			return
		}
		w.place(atom.Tr, block)
		w.push(atom.Tr)
		return
	}
	if k == block || a == atom.Hr {
		w.closeParagraph()
	}
	w.imply()
}

// imply opens the element that content needs where only certain children may
// stand.
func (w *writer) imply() {
	switch w.top() {
	case atom.Ul, atom.Ol:
		w.push(atom.Li)
	case atom.Dl:
		w.push(atom.Dd)
	case atom.Table, atom.Thead, atom.Tbody, atom.Tfoot:
		w.push(atom.Tr)
		w.push(atom.Td)
	case atom.Tr:
		w.push(atom.Td)
	}
}

func (w *writer) push(a atom.Atom) { w.stack = append(w.stack, open{atom: a}) }

func (w *writer) top() atom.Atom {
	if len(w.stack) == 0 {
		return 0
	}
	return w.stack[len(w.stack)-1].atom
}

// closeSibling closes the innermost of those, unless one of the boundaries is
// nearer.
func (w *writer) closeSibling(those []atom.Atom, boundary ...atom.Atom) {
	i := w.find(those...)
	if b := w.find(append(boundary, atom.Table)...); i > b {
		w.closeTo(i)
	} else if b >= 0 && w.stack[b].atom != atom.Table {
		w.closeTo(b + 1)
	}
}

var boundaries = []atom.Atom{atom.Td, atom.Th, atom.Caption, atom.Li, atom.Dd, atom.Dt, atom.Blockquote, atom.Figure, atom.Figcaption, atom.Div, atom.Section, atom.Table}

// closeParagraph ends an open paragraph or heading before a block.
func (w *writer) closeParagraph() {
	i := w.find(atom.P, atom.Pre, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6)
	if i >= 0 && i > w.find(boundaries...) {
		w.closeTo(i)
	}
}

func (w *writer) end(name string) {
	a, k := w.known(name)
	switch {
	case w.lineOnly && breaks[name] > 0:
		w.words(" ")
		return
	case name == "br" || name == "p" && w.find(atom.P) < 0:
		// A lone </p> or </br> is a line break to browsers, and to us.
		w.imply()
		w.flushOpen()
		w.flushText()
		w.out.WriteString("<br>")
		return
	case k == unwrap && blockish[name]:
		w.words(" ")
		return
	case k != inline && k != block:
		return
	}
	i := w.find(a)
	if i < 0 || k == inline && i < w.find(boundaries...) {
		return
	}
	if a != atom.Table && i < w.find(atom.Table) {
		return
	}
	w.closeTo(i)
}

// closeTo closes open elements until n are left.
func (w *writer) closeTo(n int) {
	for len(w.stack) > n {
		last := w.stack[len(w.stack)-1]
		if w.written == len(w.stack) {
			w.flushText()
			w.out.WriteString("</" + last.atom.String() + ">")
			w.written--
		}
		w.stack = w.stack[:len(w.stack)-1]
	}
}

func (w *writer) words(s string) {
	s = visible(s)
	if strings.TrimSpace(s) == "" {
		w.text.WriteString(s)
		return
	}
	w.imply()
	w.flushOpen()
	w.text.WriteString(s)
}

// flushOpen writes the start tags that were waiting for content.
func (w *writer) flushOpen() {
	if w.written == len(w.stack) {
		return
	}
	w.flushText()
	for ; w.written < len(w.stack); w.written++ {
		o := w.stack[w.written]
		w.out.WriteString("<" + o.atom.String() + o.attr + ">")
	}
}

func (w *writer) flushText() {
	if w.text.Len() == 0 {
		return
	}
	w.out.WriteString(html.EscapeString(norm.NFC.String(w.text.String())))
	w.text.Reset()
}
