package parse

import (
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
)

// A jsonValue is a value of JSON. Numbers, true and false keep their text.
type jsonValue struct {
	kind byte // '{', '[', '"', '0' for a number, 't' and 'f', 'n' for null
	text string
	keys []string // of an object
	list []jsonValue
}

// get returns the last member of that name that is not null.
func (v jsonValue) get(names ...string) jsonValue {
	for _, name := range names {
		for i := len(v.keys) - 1; i >= 0; i-- {
			if v.keys[i] == name && v.list[i].kind != 'n' {
				return v.list[i]
			}
		}
	}
	return jsonValue{kind: 'n'}
}

// str returns a text; a number counts as one.
func (v jsonValue) str() string {
	if v.kind == '"' || v.kind == '0' {
		return strings.TrimSpace(prose.Cut(strings.TrimSpace(v.text), maxBody))
	}
	return ""
}

// line returns a text that is one line.
func (v jsonValue) line() string { return prose.Cut(v.str(), maxLine) }

func (v jsonValue) items() []jsonValue {
	if v.kind == '[' {
		return v.list
	}
	return nil
}

// maxValues bounds what is kept of one entry.
const maxValues = 20000

// A jsonReader reads JSON as it is found: with a comma too many or too few,
// unescaped signs in strings, an end that is missing.
type jsonReader struct {
	s      string
	i      int
	depth  int
	values int // kept of the value being read
	damage damage
}

// readJSON reads a JSON Feed entry by entry.
func readJSON(text string, b *builder) error {
	j := &jsonReader{s: text}
	b.doc.Format = news.JSON
	if strings.HasPrefix(text, "{") {
		j.i = 1
	}
	head := jsonValue{kind: '{'}
	isFeed := false
	for j.more('}') {
		key, ok := j.key()
		if !ok {
			continue
		}
		if nearly(key, "items", 1) && j.listAhead() {
			isFeed = true
			j.readItems(b)
			continue
		}
		j.values = 0
		head.keys, head.list = append(head.keys, key), append(head.list, j.value())
		if len(head.keys) > maxValues {
			break
		}
	}
	version := head.get("version").line()
	if !isFeed && !strings.Contains(version, "jsonfeed") {
		return errNoFeed
	}
	b.damage |= j.damage
	b.jsonHead(head, version)
	return nil
}

// listAhead goes behind the [ of the entries, or to the { of the first where
// the [ is lost; it reports whether there is either.
func (j *jsonReader) listAhead() bool {
	switch j.peek() {
	case '[':
		j.i++
		return true
	case '{':
		j.damage |= damagedJSON
		return true
	case 'n', '"', 0:
		return false
	}
	_, n := utf8.DecodeRuneInString(j.s[j.i:])
	if strings.HasPrefix(strings.TrimLeft(j.s[j.i+n:], " \t\r\n"), "{") {
		j.damage |= damagedJSON
		j.i += n
		return true
	}
	return false
}

// readItems reads the entries, each from its { or, where that is lost, from
// its first key.
func (j *jsonReader) readItems(b *builder) {
	for j.more(']') || j.resumes() {
		if b.total >= maxRead {
			b.damage |= damagedEntries
			j.i = len(j.s)
			return
		}
		j.values = 0
		c := j.peek()
		if c == '"' && j.keyAhead() {
			j.damage |= damagedJSON
			b.jsonEntry(j.members(), false)
			continue
		}
		cutBefore := j.damage & damagedCut
		v := j.value()
		if v.kind != '{' {
			j.damage |= damagedJSON
			continue
		}
		b.jsonEntry(v, j.damage&damagedCut != cutBefore)
	}
}

var itemStart = regexp.MustCompile(`\{\s*"(id|url|title|content_html|content_text|summary)"\s*:`)

// resumes looks for another entry behind a closing bracket that damage before
// it may have put out of place.
func (j *jsonReader) resumes() bool {
	if j.damage&damagedJSON == 0 || j.i >= len(j.s) {
		return false
	}
	at := itemStart.FindStringIndex(j.s[j.i:])
	if at == nil {
		return false
	}
	j.i += at[0]
	return true
}

// texts are the members that say something even when the document ends in
// their middle.
var texts = map[string]bool{"title": true, "content_html": true, "content_text": true, "summary": true, "items": true}

func (j *jsonReader) skipSpace() {
	for j.i < len(j.s) && isSpace(j.s[j.i]) {
		j.i++
	}
}

// peek returns the next sign that is no space, 0 at the end.
func (j *jsonReader) peek() byte {
	j.skipSpace()
	if j.i >= len(j.s) {
		return 0
	}
	return j.s[j.i]
}

// more goes on to the next member; it reports false after the closing sign or
// at the end of the document.
func (j *jsonReader) more(closing byte) bool {
	commas := 0
	for {
		switch c := j.peek(); c {
		case 0:
			j.damage |= damagedCut
			return false
		case ',':
			j.i++
			commas++
		case closing:
			if commas > 0 {
				j.damage |= damagedJSON
			}
			j.i++
			return false
		default:
			return true
		}
	}
}

// key reads "name": and reports whether there was one; what is none is
// skipped.
func (j *jsonReader) key() (string, bool) {
	if j.peek() != '"' {
		j.damage |= damagedJSON
		j.i++
		return "", false
	}
	name := j.str(":")
	if j.peek() == ':' {
		j.i++
		return name, true
	}
	j.damage |= damagedJSON
	_, n := utf8.DecodeRuneInString(j.s[j.i:])
	if rest := j.s[j.i+n:]; rest != "" && strings.IndexByte(`"[{`, rest[0]) >= 0 && strings.IndexByte(",]}", j.s[j.i]) < 0 {
		j.i += n // the colon is another sign
		return name, true
	}
	return "", false
}

// keyAhead reports whether a string at hand is followed by a colon.
func (j *jsonReader) keyAhead() bool {
	end := strings.IndexByte(j.s[j.i+1:], '"')
	if end < 0 {
		return false
	}
	rest := strings.TrimLeft(j.s[j.i+end+2:], " \t\r\n")
	return strings.HasPrefix(rest, ":")
}

func (j *jsonReader) value() jsonValue {
	j.values++
	switch c := j.peek(); {
	case c == '{' && j.depth < maxDepth:
		j.i++
		return j.members()
	case c == '[' && j.depth < maxDepth:
		j.i++
		return j.elements()
	case c == '"':
		return jsonValue{kind: '"', text: j.str(",}]{")}
	case c == '{' || c == '[':
		j.damage |= damagedDepth
		j.i++
		return jsonValue{kind: 'n'}
	}
	return j.bare()
}

// members reads an object behind its {.
func (j *jsonReader) members() jsonValue {
	v := jsonValue{kind: '{'}
	j.depth++
	defer func() { j.depth-- }()
	for j.more('}') {
		if c := j.peek(); c == '{' || c == ']' { // its } is lost
			j.damage |= damagedJSON
			break
		}
		key, ok := j.key()
		if !ok {
			continue
		}
		m := j.value()
		if j.damage&damagedCut != 0 && !texts[key] {
			break // half a text says something, half an address does not
		}
		if j.values < maxValues {
			v.keys, v.list = append(v.keys, key), append(v.list, m)
		}
	}
	return v
}

// elements reads an array behind its [.
func (j *jsonReader) elements() jsonValue {
	v := jsonValue{kind: '['}
	j.depth++
	defer func() { j.depth-- }()
	for j.more(']') {
		if c := j.peek(); c == '}' || c == ':' || c == '"' && j.keyAhead() { // its ] is lost
			j.damage |= damagedJSON
			break
		}
		if m := j.value(); j.values < maxValues {
			v.list = append(v.list, m)
		}
	}
	return v
}

// bare reads a number, true, false, null, and what has no quotes and should.
func (j *jsonReader) bare() jsonValue {
	from := j.i
	for j.i < len(j.s) && !isSpace(j.s[j.i]) && strings.IndexByte(",:{}[]\"", j.s[j.i]) < 0 {
		j.i++
	}
	word := j.s[from:j.i]
	switch {
	case word == "":
		j.damage |= damagedJSON
		j.i++ // a sign out of place
	case word == "true" || word == "false":
		return jsonValue{kind: word[0], text: word}
	case word == "null":
	case word[0] == '-' || word[0] >= '0' && word[0] <= '9':
		return jsonValue{kind: '0', text: word}
	default:
		j.damage |= damagedJSON
	}
	return jsonValue{kind: 'n'}
}

// str reads a string. Its end is a quote that one of the signs in ends, or
// the end of the document, follows; other quotes stand unescaped in it.
func (j *jsonReader) str(ends string) string {
	j.i++
	from := j.i
	for j.i < len(j.s) {
		switch c := j.s[j.i]; c {
		case '\\':
			j.i += 2
			continue
		case '"':
			rest := strings.TrimLeft(j.s[j.i+1:], " \t\r\n")
			if rest == "" || strings.IndexByte(ends, rest[0]) >= 0 || ends == ":" {
				text := j.s[from:j.i]
				j.i++
				return j.unescape(text)
			}
			j.damage |= damagedJSON
		case '\n':
			j.damage |= damagedJSON
			if rest := strings.TrimLeft(j.s[j.i:], " \t\r\n"); ends != ":" && startsMember(rest) {
				return j.unescape(strings.TrimRight(j.s[from:j.i], ", \r\n"))
			}
		}
		j.i++
	}
	j.i = len(j.s)
	j.damage |= damagedCut
	text := j.s[min(from, len(j.s)):]
	if n := strings.LastIndexByte(text, '\\'); n >= 0 && len(text)-n < 6 { // an escape cut short
		text = text[:n]
	}
	return j.unescape(text)
}

// startsMember reports whether a line begins with "name":.
func startsMember(s string) bool {
	if s == "" || s[0] != '"' {
		return false
	}
	end := strings.IndexByte(s[1:min(len(s), 60)], '"')
	return end > 0 && strings.HasPrefix(strings.TrimLeft(s[end+2:], " \t"), ":")
}

// unescape replaces the escapes of a string.
func (j *jsonReader) unescape(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i >= 0 {
		b.WriteString(s[:i])
		s = s[i:]
		n := j.escape(&b, s)
		s = s[n:]
		i = strings.IndexByte(s, '\\')
	}
	b.WriteString(s)
	return b.String()
}

// escape writes what the escape at the head of s stands for and returns its
// length.
func (j *jsonReader) escape(b *strings.Builder, s string) int {
	if len(s) < 2 {
		j.damage |= damagedJSON
		return len(s)
	}
	switch c := s[1]; c {
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'r':
		b.WriteByte('\r')
	case 'b', 'f':
		b.WriteByte(' ')
	case 'u':
		return j.unicodeEscape(b, s)
	case '"', '\\', '/':
		b.WriteByte(c)
	default:
		j.damage |= damagedJSON
		b.WriteString(s[:2])
	}
	return 2
}

func (j *jsonReader) unicodeEscape(b *strings.Builder, s string) int {
	r, ok := hex4(s)
	if !ok {
		j.damage |= damagedJSON
		b.WriteString(s[:2])
		return 2
	}
	used := 6
	if utf16.IsSurrogate(r) {
		low, ok := hex4(s[6:])
		r = utf16.DecodeRune(r, low)
		if ok && r != utf8.RuneError {
			used = 12
		}
	}
	if r >= ' ' || r == '\n' || r == '\t' || r == '\r' {
		b.WriteRune(r)
	}
	return used
}

// hex4 reads \uXXXX.
func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 32)
	return rune(n), err == nil
}

// jsonHead takes what the feed says of itself.
func (b *builder) jsonHead(v jsonValue, version string) {
	f := &b.doc.Feed
	if i := strings.LastIndexByte(version, '/'); i >= 0 {
		b.doc.Version = version[i+1:]
	}
	base := first(b.location, b.in.URL)
	f.Title = b.guess(v.get("title").line())
	f.Description = b.guess(v.get("description").line())
	f.Link = resolveAddress(base, v.get("home_page_url").line())
	f.Self = resolveAddress(base, v.get("feed_url").line())
	f.ID = first(v.get("id").line(), f.Self)
	f.Language = v.get("language").line()
	f.Image = resolveAddress(base, v.get("icon", "favicon").line())
	f.Copyright = v.get("copyright").line()
	f.Authors = b.jsonAuthors(v)
	for i := range b.doc.Entries {
		e := &b.doc.Entries[i]
		if len(e.Authors) == 0 {
			e.Authors = f.Authors
		}
		if !isAbsolute(e.URL) {
			e.URL = resolveAddress(first(f.Link, f.Self), e.URL)
		}
	}
}

func (b *builder) jsonAuthors(v jsonValue) []news.Person {
	var out []news.Person
	list := v.get("authors").items()
	if len(list) == 0 {
		list = []jsonValue{v.get("author")}
	}
	for _, a := range list {
		p := news.Person{Name: a.get("name").line(), URL: resolveAddress(b.docBase, a.get("url").line()), Email: a.get("email").line()}
		if s := a.line(); s != "" {
			p = person(s)
		}
		if mail, ok := strings.CutPrefix(p.URL, "mailto:"); ok {
			p.URL, p.Email = "", first(p.Email, mail)
		}
		out = addPerson(out, p)
	}
	return out
}

// jsonEntry makes an entry and keeps it, unless it says nothing, or was cut
// before it said enough.
func (b *builder) jsonEntry(v jsonValue, cut bool) {
	base := first(b.location, b.in.URL)
	at := func(names ...string) string { return resolveAddress(base, v.get(names...).line()) }
	d := &draft{builder: b, linkRank: noLink}
	e := &d.e
	e.ID = v.get("id").line()
	e.Title = b.guess(v.get("title").line())
	e.Summary = b.guess(v.get("summary").str())
	if h := v.get("content_html").str(); h != "" {
		e.Content = news.Markup{Body: h, HTML: true, Base: first(at("url"), base)}
	} else {
		e.Content = news.Markup{Body: v.get("content_text").str()}
	}
	e.Language = v.get("language").line()
	b.date(&d.ranks, dateField{origin: "date_published"}, len(b.doc.Entries), &e.Published, v.get("date_published").line())
	b.date(&d.ranks, dateField{updated: true, origin: "date_modified"}, len(b.doc.Entries), &e.Updated, v.get("date_modified").line())
	e.Authors = b.jsonAuthors(v)
	for _, t := range v.get("tags").items() {
		e.Categories = addCategory(e.Categories, news.Category{Term: html.UnescapeString(t.line())})
	}
	d.setLink(0, at("url"))
	d.setLink(1, at("external_url"))
	if isWeb(e.ID) {
		d.setLink(2, e.ID)
	}
	d.image(at("image"))
	d.image(at("banner_image"))
	for _, a := range v.get("attachments").items() {
		d.enclose(resolveAddress(base, a.get("url").line()), a.get("mime_type").line(), a.get("size_in_bytes").line())
	}
	b.total++
	if d.complete() || len(v.keys) > 0 && !cut {
		b.keep(*e)
	}
}
