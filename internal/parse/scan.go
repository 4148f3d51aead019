package parse

import (
	"strings"

	"github.com/ifhhro/rightsdesk/internal/prose"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota // of the document
	tokenStart
	tokenClose
	tokenText  // entities not yet decoded
	tokenCDATA // as it stands
)

// An attr is an attribute: its name in lower case with its prefix, its value
// with entities decoded.
type attr struct{ name, value string }

// A token is one piece of an XML document.
type token struct {
	kind   tokenKind
	name   string // of a tag, as written
	attrs  []attr // valid until the next token
	closed bool   // <name/>
	text   string
	cut    bool // the document ends inside this piece
}

// maxAttrs is how many attributes of one element are looked at.
const maxAttrs = 256

// A scanner cuts XML into tokens. It never fails: what is no markup is text,
// and what is wrong is noted as damage.
type scanner struct {
	s        string
	i        int
	damage   damage
	entities map[string]string // declared in the document type
	expanded int               // bytes they gave so far
	doctype  bool
	attrs    []attr
	cdataEnd int  // place of the next ]]>, once looked for; behind the end if there is none
	noMore   bool // no further comment is closed
	// known says whether a name is an element we know, and open which element
	// is the innermost open one: with them a lost > or ]]> can be told from
	// text.
	known func(name string) bool
	open  func() string
}

func (sc *scanner) next() token {
	for sc.i < len(sc.s) {
		if sc.s[sc.i] != '<' {
			return sc.text()
		}
		rest := sc.s[sc.i:]
		switch {
		case strings.HasPrefix(rest, "<!--"):
			sc.skipComment()
		case isCDATA(rest):
			if rest[:9] != "<![CDATA[" {
				sc.damage |= damagedCDATA
			}
			return sc.cdata()
		case strings.HasPrefix(rest, "<?"):
			sc.skipInstruction()
		case len(rest) > 2 && rest[1] == '!' && isNameStart(rest[2]):
			sc.skipDeclaration()
		case len(rest) > 2 && rest[1] == '/' && isNameStart(rest[2]):
			return sc.closeTag()
		case len(rest) > 1 && isNameStart(rest[1]):
			if t, ok := sc.startTag(); ok {
				return t
			}
			return sc.text()
		case len(rest) <= 2 || rest == "</" || strings.HasPrefix("<![CDATA[", rest):
			sc.i = len(sc.s) // a tag was about to begin
			return token{kind: tokenEnd, cut: true}
		default:
			return sc.text()
		}
	}
	return token{kind: tokenEnd}
}

// text takes everything up to the next <; one that stands at hand is text.
func (sc *scanner) text() token {
	from := sc.i
	if sc.s[sc.i] == '<' {
		sc.damage |= damagedLess
		sc.i++
	}
	if n := strings.IndexByte(sc.s[sc.i:], '<'); n >= 0 {
		sc.i += n
	} else {
		sc.i = len(sc.s)
	}
	return token{kind: tokenText, text: sc.s[from:sc.i], cut: sc.i == len(sc.s)}
}

func isNameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isName(c byte) bool {
	return isNameStart(c) || c >= '0' && c <= '9' || c == ':' || c == '-' || c == '.'
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (sc *scanner) skipSpace() {
	for sc.i < len(sc.s) && isSpace(sc.s[sc.i]) {
		sc.i++
	}
}

// skipComment drops a comment. One that is never closed ends at the first >,
// for otherwise the rest of the feed would be a comment.
func (sc *scanner) skipComment() {
	if !sc.noMore {
		if n := strings.Index(sc.s[sc.i+4:], "-->"); n >= 0 {
			sc.i += 4 + n + 3
			return
		}
		sc.noMore = true
	}
	sc.damage |= damagedComment
	sc.skipPast('>')
}

func (sc *scanner) skipPast(c byte) {
	if n := strings.IndexByte(sc.s[sc.i:], c); n >= 0 {
		sc.i += n + 1
		return
	}
	sc.i = len(sc.s)
}

// skipInstruction drops <?…?>; a < inside shows that its end is lost.
func (sc *scanner) skipInstruction() {
	rest := sc.s[sc.i:]
	if less := strings.IndexByte(rest[1:], '<'); less >= 0 {
		rest = rest[:less+1]
	}
	if end := strings.Index(rest, "?>"); end >= 0 {
		sc.i += end + 2
		return
	}
	sc.damage |= damagedComment
	if end := strings.IndexByte(rest, '>'); end >= 0 {
		sc.i += end + 1
		return
	}
	sc.i += len(rest)
}

// isCDATA reports whether s begins a CDATA section, if need be with two of its
// nine characters wrong.
func isCDATA(s string) bool {
	const open = "<![CDATA["
	if len(s) < len(open) || s[1] != '!' {
		return false
	}
	wrong := 0
	for i := 2; i < len(open); i++ {
		if s[i] != open[i] {
			wrong++
		}
	}
	return wrong == 0 || wrong <= 2 && s[2] != '-'
}

// cdata takes a CDATA section. One whose end is missing ends with the element
// it stands in: at the first such end tag that another CDATA section or the
// end of an entry follows before the next ]]>.
func (sc *scanner) cdata() token {
	start := sc.i + len("<![CDATA[")
	rest := sc.s[start:]
	end := sc.endOfCDATA(start)
	inner := rest
	if end >= 0 {
		inner = rest[:end]
	}
	if end < 0 || swallows(inner) {
		if n := sc.ownClose(inner); n >= 0 {
			sc.damage |= damagedCDATA
			sc.i = start + n
			return token{kind: tokenCDATA, text: inner[:n]}
		}
	}
	if end < 0 {
		sc.damage |= damagedCDATA
		sc.i = len(sc.s)
		return token{kind: tokenCDATA, text: strings.TrimRight(rest, "]"), cut: true}
	}
	sc.i = start + end + 3
	return token{kind: tokenCDATA, text: inner}
}

// endOfCDATA finds the next ]]>, counted from start, -1 if there is none.
func (sc *scanner) endOfCDATA(start int) int {
	if sc.cdataEnd < start {
		sc.cdataEnd = len(sc.s)
		if n := strings.Index(sc.s[start:], "]]>"); n >= 0 {
			sc.cdataEnd = start + n
		}
	}
	if sc.cdataEnd == len(sc.s) {
		return -1
	}
	return sc.cdataEnd - start
}

// swallows reports whether a CDATA section took more than its own element.
func swallows(inner string) bool {
	return strings.Contains(inner, "<![CDATA[") || strings.Contains(inner, "</item>") || strings.Contains(inner, "</entry>")
}

// ownClose finds the end tag of the innermost open element.
func (sc *scanner) ownClose(s string) int {
	name := sc.open()
	if name == "" {
		return -1
	}
	for from := 0; ; {
		n := strings.Index(s[from:], "</"+name)
		if n < 0 {
			return -1
		}
		after := from + n + 2 + len(name)
		if after >= len(s) || !isName(s[after]) {
			return from + n
		}
		from = after
	}
}

// maxDoctype is how long a document type may be, in bytes.
const maxDoctype = 64 << 10

// skipDeclaration drops a document type and takes the entities it declares.
// Any other declaration, and a second document type, ends at its > or the
// next <.
func (sc *scanner) skipDeclaration() {
	rest := sc.s[sc.i:]
	if sc.doctype || len(rest) < 9 || !strings.EqualFold(rest[:9], "<!doctype") {
		sc.damage |= damagedComment
		end := strings.IndexAny(rest[1:], "<>") + 1
		switch {
		case end == 0:
			end = len(rest)
		case rest[end] == '>':
			end++
		}
		sc.i += end
		return
	}
	sc.doctype = true
	quote, inside := byte(0), false
	for end := range min(len(rest), maxDoctype) {
		c := rest[end]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[':
			inside = true
		case c == ']':
			inside = false
		case c == '>' && !inside:
			sc.declare(rest[:end])
			sc.i += end + 1
			return
		}
	}
	sc.damage |= damagedComment
	sc.skipPast('>')
}

// Limits on entities a document declares: they hold text, not documents.
const (
	maxEntities    = 256
	maxEntityBytes = 1 << 10
)

func (sc *scanner) declare(s string) {
	for len(sc.entities) < maxEntities {
		_, rest, ok := strings.Cut(s, "<!ENTITY")
		if !ok {
			return
		}
		s = rest
		rest = strings.TrimLeft(rest, " \t\r\n")
		name, value, _ := strings.Cut(rest, " ")
		value = strings.TrimLeft(value, " \t\r\n")
		if value == "" || value[0] != '"' && value[0] != '\'' {
			continue
		}
		value, _, _ = strings.Cut(value[1:], value[:1])
		if len(value) > maxEntityBytes || strings.Contains(value, "<") {
			continue
		}
		if sc.entities == nil {
			sc.entities = map[string]string{}
		}
		if _, twice := sc.entities[name]; !twice {
			plain := scanner{}
			sc.entities[name] = plain.decode(value)
		}
	}
}

// closeTag takes </name>; its > may be missing.
func (sc *scanner) closeTag() token {
	from := sc.i + 2
	end := from
	for end < len(sc.s) && isName(sc.s[end]) {
		end++
	}
	t := token{kind: tokenClose, name: sc.s[from:end]}
	sc.i = end
	for sc.i < len(sc.s) && sc.s[sc.i] != '>' && sc.s[sc.i] != '<' {
		if !isSpace(sc.s[sc.i]) {
			sc.damage |= damagedTag
		}
		sc.i++
	}
	switch {
	case sc.i == len(sc.s):
		return token{kind: tokenEnd, cut: true}
	case sc.s[sc.i] == '<':
		sc.damage |= damagedTag
	default:
		sc.i++
	}
	return t
}

// startTag takes <name attributes>. It reports false, and moves nothing, where
// the < begins no tag but stands in text.
func (sc *scanner) startTag() (token, bool) {
	start := sc.i
	end := start + 1
	for end < len(sc.s) && isName(sc.s[end]) {
		end++
	}
	t := token{kind: tokenStart, name: sc.s[start+1 : end]}
	if end == len(sc.s) {
		sc.i = end
		return token{kind: tokenEnd, cut: true}, true
	}
	if c := sc.s[end]; !isSpace(c) && c != '>' && c != '/' && !sc.known(t.name) || t.name[len(t.name)-1] == ':' {
		return t, false
	}
	sc.i = end
	sc.attrs = sc.attrs[:0]
	before := sc.damage
	for {
		sc.skipSpace()
		if sc.i >= len(sc.s) {
			return token{kind: tokenEnd, cut: true}, true
		}
		switch c := sc.s[sc.i]; {
		case c == '>':
			sc.i++
			t.attrs = sc.attrs
			return t, true
		case c == '/' || c == '?':
			sc.i++
			t.closed = sc.i < len(sc.s) && sc.s[sc.i] == '>'
		case c == '<':
			if !sc.known(t.name) {
				sc.i, sc.damage = start, before
				return t, false
			}
			sc.damage |= damagedTag
			t.attrs = sc.attrs
			return t, true
		case !isNameStart(c):
			sc.damage |= damagedAttribute
			sc.i++
		default:
			sc.attribute()
		}
	}
}

// attribute takes name="value", also without its quotes or its value.
func (sc *scanner) attribute() {
	from := sc.i
	for sc.i < len(sc.s) && isName(sc.s[sc.i]) {
		sc.i++
	}
	a := attr{name: lower(sc.s[from:sc.i])}
	sc.skipSpace()
	if sc.i >= len(sc.s) || sc.s[sc.i] != '=' {
		sc.damage |= damagedAttribute
	} else {
		sc.i++
		sc.skipSpace()
		a.value = sc.decode(prose.Cut(sc.attributeValue(), maxLine))
	}
	if len(sc.attrs) >= maxAttrs {
		sc.damage |= damagedAttribute
		return
	}
	for _, b := range sc.attrs {
		if b.name == a.name {
			sc.damage |= damagedAttribute
			return
		}
	}
	sc.attrs = append(sc.attrs, a)
}

func (sc *scanner) attributeValue() string {
	if sc.i >= len(sc.s) {
		return ""
	}
	quote := sc.s[sc.i]
	if quote != '"' && quote != '\'' {
		sc.damage |= damagedAttribute
		return sc.takeUntil(func(c byte) bool { return isSpace(c) || c == '>' || c == '<' })
	}
	sc.i++
	rest := sc.s[sc.i:]
	end, ran := endOfValue(rest, quote)
	if end < 0 {
		sc.damage |= damagedAttribute
		if ran { // into the next element
			return sc.takeUntil(func(c byte) bool { return c == '>' || c == '<' })
		}
		return sc.takeUntil(func(c byte) bool { return c == '>' || c == '<' || c == '\n' })
	}
	value := rest[:end]
	if strings.IndexByte(value, '<') >= 0 {
		sc.damage |= damagedAttribute
	}
	if after := end + 1; after < len(rest) && isName(rest[after]) {
		sc.damage |= damagedAttribute
		if n := ranIntoNext(value); n >= 0 {
			sc.i += n
			return value[:n]
		}
	}
	sc.i += end + 1
	return value
}

// maxAfterLess is how far behind a < in it the end of a value is looked for.
const maxAfterLess = 256

// endOfValue finds the closing quote of a value, -1 if it has none. A tag
// inside shows that the value ran into the next element.
func endOfValue(s string, quote byte) (end int, ran bool) {
	less := -1
	for i := range len(s) {
		switch c := s[i]; {
		case c == quote:
			return i, false
		case c == '<' && less < 0:
			less = i
		case c == '>' && less >= 0:
			return -1, true
		case less >= 0 && i-less > maxAfterLess:
			return -1, true
		}
	}
	return -1, false
}

// ranIntoNext finds where a value ends that lacks its closing quote and so
// reads `value name=`.
func ranIntoNext(value string) int {
	if !strings.HasSuffix(value, "=") {
		return -1
	}
	n := strings.LastIndexAny(value, " \t\r\n")
	if n < 0 || n+2 > len(value)-1 {
		return -1
	}
	return n
}

// takeUntil takes an unquoted value; a slash before > belongs to the tag.
func (sc *scanner) takeUntil(stop func(byte) bool) string {
	from := sc.i
	for sc.i < len(sc.s) && !stop(sc.s[sc.i]) {
		sc.i++
	}
	if sc.i < len(sc.s) && sc.s[sc.i] == '>' && sc.i > from && sc.s[sc.i-1] == '/' {
		sc.i--
	}
	return strings.TrimRight(sc.s[from:sc.i], "\"' \t\r\n")
}

// lower is strings.ToLower without the copy where there is nothing to do.
func lower(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' || c >= 0x80 {
			return strings.ToLower(s)
		}
	}
	return s
}
