package parse

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
	"github.com/ifhhro/rightsdesk/internal/symbols"
)

// A draft is an entry in the making.
type draft struct {
	*builder
	r     *reader
	e     news.Entry
	ranks ranks
	// sources that only count where better ones are missing
	credits  []news.Person // itunes:author, media:credit, the source's authors
	native   news.Markup   // RSS description
	short    news.Markup   // RSS summary
	link     string
	linkRank int
}

// noLink is worse than every rank of a link.
const noLink = 99

// entry makes an entry of the element n and keeps it, unless it says nothing.
func (b *builder) entry(r *reader, n int) {
	b.sawFeed = true
	if b.doc.Format == "" {
		b.doc.Format = news.RSS
		if r.isAtom {
			b.doc.Format = news.Atom
		}
	}
	d := &draft{builder: b, r: r, linkRank: noLink}
	s := r.nodes[n].scope
	d.e.Language, d.e.Direction = s.lang, s.dir
	for _, a := range r.nodes[n].attrs {
		if strings.HasSuffix(a.name, ":about") || a.name == "about" {
			d.e.ID = strings.TrimSpace(a.value)
			d.setLink(6, d.address(r, n, a.value))
		}
		if a.name == "href" { // as the Channel Definition Format has it
			d.setLink(6, d.address(r, n, a.value))
		}
	}
	late := len(b.late)
	for k := range r.kids(n) {
		d.field(k)
	}
	b.total++
	if !d.complete() && (r.nodes[n].cut || !r.hasElements(n)) {
		b.late = b.late[:late]
		return
	}
	b.keep(d.e)
}

// complete settles what the fields together say; it reports whether the entry
// says enough to be one when its end is missing.
func (d *draft) complete() bool {
	e := &d.e
	if d.short.Body != "" { // RSS with summary and description: the latter is the text
		if d.native.Body != "" && e.Content.Body == "" {
			e.Content = d.native
		}
		e.Summary = d.short
	} else if d.native.Body != "" {
		e.Summary = d.native
	}
	e.URL = d.link
	if len(e.Authors) == 0 {
		e.Authors = d.credits
	}
	if e.DOI == "" {
		if doi, ok := symbols.DOI(e.ID); ok {
			e.DOI = doi
		}
	}
	return e.Title.Body != "" || e.URL != "" || e.Summary.Body != "" || e.Content.Body != "" || e.ID != "" || len(e.Enclosures) > 0
}

func (d *draft) setLink(rank int, u string) {
	u = trimAddress(u)
	if u == "" {
		return
	}
	if !isWeb(u) && isAbsolute(u) {
		rank += 50 // not of the web: only if there is nothing else
	}
	if rank < d.linkRank {
		d.link, d.linkRank = u, rank
	}
}

// field takes one child of an entry. What the end of the document cut short is
// taken only where half of it still says something: a text, not an address.
func (d *draft) field(n int) {
	e := &d.r.nodes[n]
	if f, ok := dateFields[e.name]; ok {
		to := &d.e.Published
		if f.updated {
			to = &d.e.Updated
		}
		if !e.cut {
			d.date(&d.ranks, f, len(d.doc.Entries), to, d.r.line(n))
		}
		return
	}
	if d.textField(n, e.name) || e.cut {
		return
	}
	if d.addressField(n, e.name) || d.mediaField(n, e.name) {
		return
	}
	d.factField(n, e.name)
}

// textField takes titles and texts.
func (d *draft) textField(n int, name string) bool {
	b, r := d.builder, d.r
	switch name {
	case "title", "atom:title":
		d.title(n, 0, b.titleOf(r, n))
	case "dc:title", "dcterms:title":
		d.title(n, 1, b.markup(r, n))
	case "itunes:title":
		d.title(n, 2, b.markup(r, n))
	case "media:title":
		d.title(n, 3, b.markup(r, n))
	case "description":
		if m := b.markup(r, n); d.native.Body == "" {
			d.native = m
			d.speaks(n)
		}
	case "summary":
		if r.isAtom {
			d.summary(n, 0, b.textConstruct(r, n))
		} else if d.short.Body == "" {
			d.short = b.markup(r, n)
		}
	case "atom:summary":
		d.summary(n, 1, b.textConstruct(r, n))
	case "dc:description", "dcterms:abstract", "dcterms:description", "abstract":
		d.summary(n, 2, b.markup(r, n))
	case "itunes:summary", "googleplay:description":
		d.summary(n, 3, b.markup(r, n))
	case "itunes:subtitle", "prism:teaser", "subtitle":
		d.summary(n, 4, b.markup(r, n))
	case "media:description":
		d.summary(n, 5, b.markup(r, n))
	case "content", "atom:content":
		d.atomContent(n)
	default:
		return d.fullText(n, name)
	}
	return true
}

// fullText takes the elements in which RSS feeds bring a whole text.
func (d *draft) fullText(n int, name string) bool {
	switch name {
	case "content:encoded":
		d.content(n, 0, d.htmlMarkup(d.r, n))
	case "encoded":
		d.content(n, 1, d.htmlMarkup(d.r, n))
	case "xhtml:body", "xhtml:div", "body", "fullitem":
		d.content(n, 2, d.markup(d.r, n))
	case "yandex:full-text", "full-text":
		d.content(n, 3, d.markup(d.r, n))
	case "prodlink", "media:text":
		d.content(n, 5, d.markup(d.r, n))
	case "content:items":
		if v := d.find(n, "rdf:value"); v != 0 {
			d.content(v, 4, d.markup(d.r, v))
		}
	default:
		return false
	}
	return true
}

// find returns the first descendant of that name, 0 if there is none.
func (d *draft) find(n int, name string) int {
	for k := range d.r.kids(n) {
		if d.r.nodes[k].name == name {
			return k
		}
		if v := d.find(k, name); v != 0 {
			return v
		}
	}
	return 0
}

// titleOf reads a title: a text construct in Atom, else what it looks like.
func (b *builder) titleOf(r *reader, n int) news.Markup {
	if r.isAtom || r.nodes[n].name == "atom:title" {
		return b.textConstruct(r, n)
	}
	return b.markup(r, n)
}

func (d *draft) title(n, rank int, m news.Markup) {
	if m.Body != "" && d.ranks.take(slotTitle, rank) {
		m.Body = prose.Cut(m.Body, maxLine)
		d.e.Title = m
		d.speaks(n)
	}
}

func (d *draft) summary(n, rank int, m news.Markup) {
	if m.Body != "" && d.ranks.take(slotSummary, rank) {
		d.e.Summary = m
		d.speaks(n)
	}
}

func (d *draft) content(n, rank int, m news.Markup) {
	if m.Body != "" && d.ranks.take(slotContent, rank) {
		d.e.Content = m
		d.speaks(n)
	}
}

// speaks takes language and direction of an entry from its texts where the
// entry itself declares none.
func (d *draft) speaks(n int) {
	s := d.r.nodes[n].scope
	if d.e.Language == "" {
		d.e.Language = s.lang
	}
	if d.e.Direction == "" {
		d.e.Direction = s.dir
	}
}

func (d *draft) atomContent(n int) {
	attrs := d.r.nodes[n].attrs
	if src := value(attrs, "src"); src != "" {
		d.setLink(8, d.address(d.r, n, src))
	}
	d.content(n, 1, d.textConstruct(d.r, n))
}

// addressField takes what points somewhere.
func (d *draft) addressField(n int, name string) bool {
	r := d.r
	switch name {
	case "link", "atom:link":
		d.linkField(n)
	case "feedburner:origlink", "pheedo:origlink":
		d.setLink(0, d.address(r, n, r.line(n)))
	case "guid":
		d.guid(n)
	case "id", "atom:id":
		if id := r.line(n); id != "" && d.ranks.take(slotID, 1) {
			d.e.ID = id
			if isWeb(id) {
				d.setLink(9, id)
			}
		}
	case "url":
		d.setLink(7, d.address(r, n, r.line(n)))
	case "prism:url":
		d.setLink(5, d.address(r, n, r.line(n)))
	case "dc:identifier", "dcterms:identifier":
		d.identifier(r.line(n))
	case "prism:doi":
		if doi, ok := symbols.DOI(r.line(n)); ok {
			d.e.DOI = doi
		}
	case "comments":
		if u := d.address(r, n, r.line(n)); d.e.CommentsURL == "" {
			d.e.CommentsURL = u
		}
	case "xhtml:link":
		d.alternate(r.nodes[n].attrs, d.address(r, n, value(r.nodes[n].attrs, "href")))
	default:
		return false
	}
	return true
}

// guid reads RSS's guid. It is a link too unless it says no or is no address.
func (d *draft) guid(n int) {
	id := d.r.line(n)
	if id == "" || !d.ranks.take(slotID, 0) {
		return
	}
	d.e.ID = id
	said := lower(strings.TrimSpace(value(d.r.nodes[n].attrs, "ispermalink")))
	switch {
	case said == "false" || said == "no" || said == "0":
	case isWeb(id):
		d.setLink(4, id)
	case said == "true" && !isAbsolute(id) && !strings.ContainsAny(id, " "):
		d.setLink(4, d.address(d.r, n, id))
	}
}

func (d *draft) identifier(id string) {
	if doi, ok := symbols.DOI(id); ok && d.e.DOI == "" {
		d.e.DOI = doi
	}
	if id != "" && d.e.ID == "" && d.ranks.take(slotID, 3) {
		d.e.ID = id
	}
	if isWeb(id) {
		d.setLink(7, id)
	}
}

// linkField reads a link of RSS, which is a text, or of Atom, which is
// attributes.
func (d *draft) linkField(n int) {
	r := d.r
	attrs := r.nodes[n].attrs
	href := value(attrs, "href")
	if href == "" {
		text := r.line(n)
		if text == "" {
			text = attrOf(attrs, "resource")
		}
		d.setLink(1, d.address(r, n, text))
		return
	}
	u := d.address(r, n, href)
	kind := lower(value(attrs, "type"))
	switch relOf(attrs) {
	case "", "alternate":
		d.alternate(attrs, u)
		rank := 2
		if kind != "" && !strings.Contains(kind, "html") {
			rank = 3
		}
		if r.isAtom {
			rank--
		}
		d.setLink(rank, u)
	case "enclosure":
		d.enclose(u, kind, value(attrs, "length"))
	case "replies":
		if d.e.CommentsURL == "" && (kind == "" || strings.Contains(kind, "html")) {
			d.e.CommentsURL = u
		}
	case "related", "via":
		d.setLink(10, u)
	case "icon", "thumbnail", "image", "preview":
		d.image(u)
	}
}

// relOf returns the relation of a link, without the register's address.
func relOf(attrs []attr) string {
	rel := lower(strings.TrimSpace(value(attrs, "rel")))
	for _, p := range []string{"http://www.iana.org/assignments/relation/", "https://www.iana.org/assignments/relation/"} {
		rel = strings.TrimPrefix(rel, p)
	}
	return rel
}

// attrOf returns an attribute by its name, with any prefix.
func attrOf(attrs []attr, local string) string {
	for _, a := range attrs {
		if a.name == local || strings.HasSuffix(a.name, ":"+local) {
			return strings.TrimSpace(a.value)
		}
	}
	return ""
}

// alternate notes the same page in another language.
func (d *draft) alternate(attrs []attr, u string) {
	lang := strings.TrimSpace(value(attrs, "hreflang"))
	if lang == "" || u == "" {
		return
	}
	a := news.Alternate{Language: lang, URL: u}
	if len(d.e.Alternates) < maxList && !slices.Contains(d.e.Alternates, a) {
		d.e.Alternates = append(d.e.Alternates, a)
	}
}

// factField takes people, labels and the rest.
func (d *draft) factField(n int, name string) {
	r, e := d.r, &d.e
	switch name {
	case "author", "atom:author", "managingeditor":
		e.Authors = addPerson(e.Authors, d.author(r, n))
	case "dc:creator", "dcterms:creator", "creator", "dc:author":
		e.Authors = addPerson(e.Authors, d.author(r, n))
	case "itunes:author", "media:credit", "googleplay:author":
		if role := value(r.nodes[n].attrs, "role"); role == "" || role == "author" {
			d.credits = addPerson(d.credits, d.author(r, n))
		}
	case "category", "atom:category", "dc:subject", "dcterms:subject", "media:category", "itunes:category":
		e.Categories = addCategory(e.Categories, category(r, n))
	case "itunes:keywords", "media:keywords", "keywords", "prism:keyword":
		e.Categories = addKeywords(e.Categories, r.line(n))
	case "dc:language", "dcterms:language", "language":
		if l := r.line(n); l != "" {
			e.Language = l
		}
	case "source", "atom:source":
		d.source(n)
	case "dc:source", "dcterms:source":
		d.dcSource(r.line(n))
	}
}

func (d *draft) dcSource(s string) {
	if isWeb(s) {
		d.e.Origin.URL = first(d.e.Origin.URL, s)
		return
	}
	d.e.Origin.Title = first(d.e.Origin.Title, s)
}

// source reads where an entry was taken over from: a text with an address in
// RSS, the head of the other feed in Atom.
func (d *draft) source(n int) {
	r, o := d.r, &d.e.Origin
	if !r.hasElements(n) {
		o.Title = first(o.Title, r.line(n))
		o.URL = first(o.URL, d.address(r, n, value(r.nodes[n].attrs, "url")))
		return
	}
	id := ""
	for k := range r.kids(n) {
		attrs := r.nodes[k].attrs
		switch strings.TrimPrefix(r.nodes[k].name, "atom:") {
		case "title":
			o.Title = first(o.Title, r.line(k))
		case "link":
			if rel := relOf(attrs); rel == "" || rel == "alternate" {
				o.URL = first(o.URL, d.address(r, k, value(attrs, "href")))
			}
		case "id":
			id = r.line(k)
		case "author":
			d.credits = addPerson(d.credits, d.author(r, k))
		}
	}
	if o.URL == "" && isWeb(id) {
		o.URL = id
	}
}

// category reads a label: RSS has a text and a domain, Atom attributes.
func category(r *reader, n int) news.Category {
	attrs := r.nodes[n].attrs
	c := news.Category{
		Term:   strings.TrimSpace(first(value(attrs, "term"), value(attrs, "text"))),
		Scheme: strings.TrimSpace(first(value(attrs, "scheme"), value(attrs, "domain"))),
		Label:  strings.TrimSpace(value(attrs, "label")),
	}
	if c.Term == "" {
		c.Term = r.line(n)
	}
	if c.Term == "" {
		c.Term = attrOf(attrs, "resource")
	}
	return c
}

// maxList bounds every list of one entry.
const maxList = 200

// addKeywords adds labels that stand in one text between commas.
func addKeywords(to []news.Category, s string) []news.Category {
	for term := range strings.SplitSeq(s, ",") {
		if len(to) >= maxList {
			break
		}
		to = addCategory(to, news.Category{Term: strings.TrimSpace(term)})
	}
	return to
}

func addCategory(to []news.Category, c news.Category) []news.Category {
	if c.Term == "" && c.Label == "" || len(to) >= maxList || slices.Contains(to, c) {
		return to
	}
	return append(to, c)
}

// mediaField takes files and pictures.
func (d *draft) mediaField(n int, name string) bool {
	r := d.r
	attrs := r.nodes[n].attrs
	switch name {
	case "enclosure":
		d.enclose(d.address(r, n, first(value(attrs, "url"), value(attrs, "href"), attrOf(attrs, "resource"))), value(attrs, "type"), first(value(attrs, "length"), value(attrs, "filesize")))
	case "media:group":
		for k := range r.kids(n) {
			d.mediaChild(k)
		}
	case "media:content":
		d.mediaContent(n)
	case "media:thumbnail", "itunes:image", "googleplay:image", "image", "thumbnail", "podcast:image":
		d.image(d.imageAddress(r, n))
	default:
		return false
	}
	return true
}

// mediaChild takes what stands inside media:group and media:content.
func (d *draft) mediaChild(n int) {
	name := d.r.nodes[n].name
	if !strings.HasPrefix(name, "media:") || d.textField(n, name) || d.mediaField(n, name) {
		return
	}
	d.factField(n, name)
}

func (d *draft) mediaContent(n int) {
	attrs := d.r.nodes[n].attrs
	u, kind := d.address(d.r, n, value(attrs, "url")), value(attrs, "type")
	if kind == "" && value(attrs, "medium") == "image" {
		d.image(u)
	}
	d.enclose(u, kind, value(attrs, "filesize"))
	for k := range d.r.kids(n) {
		d.mediaChild(k)
	}
}

// enclose adds a file once; a picture is an image of the entry too.
func (d *draft) enclose(u, kind, length string) {
	if u == "" {
		return
	}
	if strings.HasPrefix(lower(kind), "image/") {
		d.image(u)
	}
	enc := news.Enclosure{URL: u, Type: strings.TrimSpace(kind), Length: size(length)}
	for i := range d.e.Enclosures {
		if old := &d.e.Enclosures[i]; old.URL == u {
			old.Type = first(old.Type, enc.Type)
			old.Length = max(old.Length, enc.Length)
			return
		}
	}
	if len(d.e.Enclosures) < maxList {
		d.e.Enclosures = append(d.e.Enclosures, enc)
	}
}

func size(s string) int64 {
	n, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(s), ",", ""), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func (d *draft) image(u string) {
	if u != "" && len(d.e.Images) < maxList && !slices.Contains(d.e.Images, u) {
		d.e.Images = append(d.e.Images, u)
	}
}

// imageAddress finds the address of a picture: an attribute, a child, the text.
func (b *builder) imageAddress(r *reader, n int) string {
	attrs := r.nodes[n].attrs
	if u := first(value(attrs, "url"), value(attrs, "href"), value(attrs, "src"), attrOf(attrs, "resource")); u != "" {
		return b.address(r, n, u)
	}
	for k := range r.kids(n) {
		if r.nodes[k].name == "url" {
			return b.address(r, k, r.line(k))
		}
	}
	if r.hasElements(n) {
		return ""
	}
	return b.address(r, n, r.line(n))
}
