package parse

import (
	"strings"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
)

// A node is an element, or a text where it has no name. Nodes live in the
// reader's arena and are addressed by their place in it; 0 is no node.
type node struct {
	name        string // as resolve gives it; empty for a text
	local       string // as written, without prefix
	attrs       []attr
	text        string // of a text: decoded
	scope       scope
	first, last int // children
	next        int // sibling
	cut         bool
}

// A scope is what an element inherits: xml:base as resolved, language,
// direction.
type scope struct {
	base, lang, dir string
}

// A frame is an element that is open.
type frame struct {
	raw      string // name as written
	name     string // as resolved
	node     int    // 0 for what only contains: the root, channel
	scope    scope
	bindings int // namespaces in force outside it
}

// maxDepth is how deep elements may nest; what lies deeper is flattened.
const maxDepth = 256

// Limits on what one piece may hold; what is more is dropped.
const (
	maxNodes     = 25_000
	maxNodeAttrs = 50_000
)

// maxMisses is how many end tags may match nothing before we stop looking far
// for what they could mean.
const maxMisses = 10_000

// maxLoose bounds how many elements outside entries wait for their meaning.
const maxLoose = 512

// A reader turns tokens into pieces: an entry, or an element that says
// something of the feed. Only one piece is in memory at a time.
type reader struct {
	sc       scanner
	names    map[qname]string
	bindings []binding
	stack    []frame
	over     int    // elements open that are not in the stack
	misses   int    // end tags that matched nothing
	nodes    []node // arena of the pieces at hand
	attrs    []attr
	loose    []int // pieces between entries
	piece    int   // place in the stack of the piece being read, -1 if none
	inFeed   bool  // the root of a feed has been seen
	isAtom   bool
	b        *builder
}

func newReader(text string, b *builder) *reader {
	r := &reader{names: map[qname]string{}, b: b, piece: -1, nodes: make([]node, 1, 256), attrs: make([]attr, 0, 64)}
	r.sc = scanner{s: text, known: r.known, open: r.innermost}
	return r
}

// known reports whether a tag's name is an element our readers know.
func (r *reader) known(name string) bool {
	_, ok := knownElements[r.resolve(name)]
	return ok
}

func (r *reader) innermost() string {
	if len(r.stack) == 0 || r.over > 0 {
		return ""
	}
	return r.stack[len(r.stack)-1].raw
}

// read goes through the document and hands every piece to the builder.
func (r *reader) read() {
	for {
		t := r.sc.next()
		switch t.kind {
		case tokenStart:
			r.start(t)
		case tokenClose:
			r.close(t.name)
		case tokenText:
			r.addText(t)
		case tokenCDATA:
			r.addText(t)
		case tokenEnd:
			r.end(t.cut)
			return
		}
		if r.b.total >= maxRead {
			r.sc.damage |= damagedEntries
			r.settle()
			return
		}
	}
}

// end closes what the document left open.
func (r *reader) end(cut bool) {
	for i := range r.stack {
		if n := r.stack[i].node; n != 0 {
			r.nodes[n].cut = true
			cut = true
		}
	}
	if cut || len(r.stack) > 0 {
		r.sc.damage |= damagedCut
	}
	r.popTo(0)
	r.settle()
}

func isEntry(name string) bool {
	return name == "item" || name == "entry" || name == "atom:entry"
}

// container reports whether an element only holds pieces.
func (r *reader) container(name string) bool {
	switch name {
	case "rss", "rdf:rdf", "rdf", "feed", "atom:feed", "channel", "items":
		return true
	}
	return !r.inFeed && !isEntry(name)
}

func (r *reader) start(t token) {
	outer := len(r.bindings)
	r.bind(t.attrs)
	name := r.name(t)
	if r.piece >= 0 && isEntry(name) && !r.insideMarkup() {
		r.sc.damage |= damagedUnclosed
		r.popTo(r.piece)
	}
	if at := r.endsField(name); at >= 0 {
		r.sc.damage |= damagedUnclosed
		again := r.stack[at].name == name
		r.popTo(at)
		if again && r.onlySpaceAhead() {
			r.bindings = r.bindings[:outer]
			return // <title>…<title> for <title>…</title>
		}
	}
	f := frame{raw: t.name, name: name, bindings: outer}
	f.scope = r.scopeOf(t.attrs)
	if r.piece < 0 && r.container(name) {
		r.open(f, t)
		return
	}
	if r.piece < 0 && isEntry(name) {
		if len(r.stack) == 0 && r.inFeed { // behind the end of the feed
			r.sc.damage |= damagedTag
		}
		r.settle()
		r.reset()
	}
	r.element(f, t)
}

// name resolves a tag's name; the root decides what is native.
func (r *reader) name(t token) string {
	name := r.resolve(t.name)
	if r.inFeed {
		return name
	}
	switch name {
	case "feed", "atom:feed":
		r.isAtom = true
		clear(r.names)
		return "feed"
	case "atom:entry":
		r.isAtom = true
		clear(r.names)
		return "entry"
	}
	return name
}

// open notes a container; the root of a feed begins the feed.
func (r *reader) open(f frame, t token) {
	if t.closed {
		r.bindings = r.bindings[:f.bindings]
	}
	switch f.name {
	case "rss", "rdf:rdf", "rdf", "feed", "channel":
		if !r.inFeed && len(r.stack) > 0 {
			r.sc.damage |= damagedProlog
		}
		r.inFeed = true
		r.b.container(f.name, t.attrs, f.scope, r)
	}
	if !t.closed && len(r.stack) < maxDepth {
		r.stack = append(r.stack, f)
	}
}

// element adds a node, under the innermost open one or as a new piece.
func (r *reader) element(f frame, t token) {
	if len(r.stack) >= maxDepth || len(r.nodes) >= maxNodes {
		r.sc.damage |= damagedDepth
		r.bindings = r.bindings[:f.bindings]
		if !t.closed {
			r.over++
		}
		return
	}
	local := t.name
	if i := strings.IndexByte(local, ':'); i >= 0 {
		local = local[i+1:]
	}
	at := len(r.attrs)
	if at < maxNodeAttrs {
		r.attrs = append(r.attrs, t.attrs...)
	}
	f.node = r.append(node{name: f.name, local: local, attrs: r.attrs[at:len(r.attrs):len(r.attrs)], scope: f.scope})
	r.stack = append(r.stack, f)
	if r.piece < 0 {
		r.piece = len(r.stack) - 1
	}
	if t.closed {
		r.pop()
		return
	}
	if isVoid(f.name) && r.piece < len(r.stack)-1 {
		if !strings.HasPrefix(r.sc.s[r.sc.i:], "</"+t.name) {
			r.sc.damage |= damagedUnclosed
		}
		r.pop()
	}
}

// append puts a node into the tree under the innermost open node.
func (r *reader) append(n node) int {
	id := len(r.nodes)
	r.nodes = append(r.nodes, n)
	if len(r.stack) == 0 {
		return id
	}
	if up := r.stack[len(r.stack)-1].node; up != 0 {
		p := &r.nodes[up]
		if p.last != 0 {
			r.nodes[p.last].next = id
		} else {
			p.first = id
		}
		p.last = id
	}
	return id
}

func (r *reader) addText(t token) {
	if r.piece < 0 {
		if !r.inFeed && strings.TrimLeft(t.text, " \t\r\n\ufeff") != "" {
			r.sc.damage |= damagedProlog
		}
		return
	}
	text := t.text
	if t.kind == tokenText {
		if t.cut {
			text = dropPartReference(text)
		}
		text = r.sc.decode(text)
	}
	if text != "" && len(r.nodes) < 2*maxNodes {
		r.append(node{text: text})
	}
}

// dropPartReference drops a reference that the end of the document cut.
func dropPartReference(s string) string {
	if i := strings.LastIndexByte(s, '&'); i >= 0 && len(s)-i < 9 && strings.IndexByte(s[i:], ';') < 0 && !strings.ContainsAny(s[i:], " \n") {
		return s[:i]
	}
	return s
}

// scopeOf is what an element passes on.
func (r *reader) scopeOf(attrs []attr) scope {
	s := r.b.scope
	if len(r.stack) > 0 {
		s = r.stack[len(r.stack)-1].scope
	}
	for _, a := range attrs {
		switch a.name {
		case "xml:base":
			if base := resolveAddress(first(s.base, r.b.docBase), a.value); len(base) <= news.MaxLinkBytes {
				s.base = base
			}
		case "xml:lang", "lang":
			s.lang = strings.TrimSpace(a.value)
		case "dir":
			if d := lower(strings.TrimSpace(a.value)); d == "rtl" || d == "ltr" {
				s.dir = d
			}
		}
	}
	return s
}

func first(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}

// insideMarkup reports whether the element at hand stands in content that may
// hold anything, entries too.
func (r *reader) insideMarkup() bool {
	at := r.piece + 1
	if at >= len(r.stack) {
		return false
	}
	f := r.stack[at]
	return (f.name == "content" || f.name == "atom:content") && strings.Contains(lower(value(r.nodes[f.node].attrs, "type")), "xml")
}

// endsField tells whether the start of an element shows that the field before
// it was never closed, <title>Ten years on<link>…, and returns that field's
// place in the stack; else -1.
func (r *reader) endsField(name string) int {
	if r.piece < 0 {
		return -1
	}
	at := r.piece
	if isEntry(r.stack[at].name) {
		at++
	}
	if at >= len(r.stack) || r.insideMarkup() {
		return -1
	}
	field, next := knownElements[r.stack[at].name], knownElements[name]
	switch {
	case field == plainField && next != 0,
		field == htmlField && next == plainField && !htmlNames[name],
		field == htmlField && next == emptyField,
		field == htmlField && r.stack[at].name == name && r.onlySpaceAhead():
		return at
	}
	return -1
}

// onlySpaceAhead reports whether nothing but space comes before the next tag.
func (r *reader) onlySpaceAhead() bool {
	rest := strings.TrimLeft(r.sc.s[r.sc.i:], " \t\r\n")
	return strings.HasPrefix(rest, "<")
}

// close handles an end tag: of the innermost element, of one further out whose
// children were not closed, or of one that is misspelt.
func (r *reader) close(raw string) {
	top := len(r.stack) - 1
	if r.over > 0 {
		if at := r.find(raw); at < 0 || !isEntry(r.stack[at].name) {
			r.over--
			return
		}
		r.over = 0
	}
	if at := r.find(raw); at >= 0 {
		if at != top && !r.onlyVoid(at) {
			r.sc.damage |= damagedUnclosed
		}
		r.popTo(at)
		return
	}
	name := r.resolve(raw)
	if isVoid(name) || top < 0 {
		return
	}
	r.sc.damage |= damagedTag
	switch {
	case similar(r.stack[top].raw, raw):
		r.rename(top, name)
		r.popTo(top)
	case isEntry(name) && r.piece < 0:
		r.entryOfLoose(name)
	case r.stack[top].node != 0 && top > 0 && similar(r.stack[top-1].raw, raw) && r.stack[top-1].node != 0:
		r.rename(top-1, name)
		r.popTo(top - 1)
	}
}

// onlyVoid reports whether all that is open above frame at is HTML's empty
// elements, which people do not close.
func (r *reader) onlyVoid(at int) bool {
	for _, f := range r.stack[at+1:] {
		if !isVoid(f.name) {
			return false
		}
	}
	return true
}

// find returns the place of the innermost open element of that name, -1 if
// there is none.
func (r *reader) find(raw string) int {
	from := 0
	if r.misses > maxMisses {
		from = max(0, len(r.stack)-8)
	}
	for i := len(r.stack) - 1; i >= from; i-- {
		if r.stack[i].raw == raw {
			return i
		}
	}
	for i := len(r.stack) - 1; i >= from; i-- {
		if strings.EqualFold(r.stack[i].raw, raw) {
			r.sc.damage |= damagedTag
			return i
		}
	}
	r.misses++
	return -1
}

// similar reports whether one name is likely the other misspelt.
func similar(a, b string) bool {
	a, b = lower(a), lower(b)
	if len(a) < 3 || len(b) < 3 {
		return false
	}
	return nearly(a, b, min(2, 1+min(len(a), len(b))/5))
}

// rename gives an element the name of its end tag where only that is known.
func (r *reader) rename(at int, name string) {
	f := &r.stack[at]
	if knownElements[f.name] != 0 || knownElements[name] == 0 && !isEntry(name) {
		return
	}
	f.name = name
	if f.node != 0 {
		r.nodes[f.node].name = name
	}
}

// popTo closes every element down to frame at, and that one.
func (r *reader) popTo(at int) {
	r.over = 0
	for len(r.stack) > at {
		r.pop()
	}
}

func (r *reader) pop() {
	top := len(r.stack) - 1
	f := r.stack[top]
	r.stack = r.stack[:top]
	r.bindings = r.bindings[:min(f.bindings, len(r.bindings))]
	if top != r.piece {
		return
	}
	r.piece = -1
	if !isEntry(f.name) {
		r.loose = append(r.loose, f.node)
		if len(r.loose) >= maxLoose || len(r.nodes) >= maxNodes/2 {
			r.settle()
			r.reset()
		}
		return
	}
	r.settle()
	r.b.entry(r, f.node)
	r.reset()
}

// settle gives the pieces since the last entry to the feed, whose they are.
func (r *reader) settle() {
	for _, n := range r.loose {
		r.b.aboutFeed(r, n)
	}
	r.loose = r.loose[:0]
}

// reset empties the arena; no piece may be open or waiting.
func (r *reader) reset() {
	clear(r.nodes[1:])
	r.nodes = r.nodes[:1]
	clear(r.attrs)
	r.attrs = r.attrs[:0]
}

// entryOfLoose makes an entry of the pieces that an end tag without a start
// tag closes. Before the first entry the feed's own pieces come first: the
// entry begins where a name comes the second time.
func (r *reader) entryOfLoose(name string) {
	from := 0
	if r.b.total == 0 {
		from = len(r.loose)
		seen := map[string]bool{}
		for i, n := range r.loose {
			if seen[r.nodes[n].name] {
				from = i
				break
			}
			seen[r.nodes[n].name] = true
		}
	}
	mine := r.loose[from:]
	if len(mine) == 0 {
		return
	}
	r.sc.damage |= damagedLostStart
	id := r.append(node{name: name, local: name, scope: r.nodes[mine[0]].scope})
	e := &r.nodes[id]
	e.first, e.last = mine[0], mine[len(mine)-1]
	for i, n := range mine[:len(mine)-1] {
		r.nodes[n].next = mine[i+1]
	}
	r.loose = r.loose[:from]
	r.settle()
	r.b.entry(r, id)
	r.reset()
}

// value returns an attribute by its name.
func value(attrs []attr, name string) string {
	for _, a := range attrs {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

// kids yields the child elements of a node.
func (r *reader) kids(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for k := r.nodes[n].first; k != 0; k = r.nodes[k].next {
			if r.nodes[k].name != "" && !yield(k) {
				return
			}
		}
	}
}

// Limits on a field as published, in bytes. They leave room for markup that
// cleaning takes out.
const (
	maxBody = 2 * news.MaxBodyBytes
	maxLine = 16 * news.MaxTitleBytes
)

// text returns all text under a node, trimmed, up to maxBody.
func (r *reader) text(n int) string {
	k := r.nodes[n].first
	if k != 0 && r.nodes[k].next == 0 && r.nodes[k].name == "" {
		return strings.TrimSpace(prose.Cut(strings.TrimSpace(r.nodes[k].text), maxBody))
	}
	var b strings.Builder
	r.collect(&b, n)
	return strings.TrimSpace(prose.Cut(strings.TrimSpace(b.String()), maxBody))
}

// line returns the text of a field that is one line, up to maxLine.
func (r *reader) line(n int) string { return prose.Cut(r.text(n), maxLine) }

func (r *reader) collect(b *strings.Builder, n int) {
	for k := r.nodes[n].first; k != 0 && b.Len() <= maxBody; k = r.nodes[k].next {
		if r.nodes[k].name == "" {
			b.WriteString(prose.Cut(r.nodes[k].text, max(0, maxBody-b.Len())))
		} else {
			r.collect(b, k)
		}
	}
}

// hasElements reports whether a node has child elements.
func (r *reader) hasElements(n int) bool {
	for range r.kids(n) {
		return true
	}
	return false
}
