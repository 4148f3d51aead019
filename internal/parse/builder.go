package parse

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/dates"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// maxRead is how many entries of one document are looked at.
const maxRead = 100_000

// maxEntries is how many entries of one document are kept, the newest.
const maxEntries = 2000

// A builder makes a Document of the pieces a reader hands it.
type builder struct {
	in       Input
	doc      *news.Document
	docBase  string // what an xml:base of the document stands against
	location string // Content-Location, absolute
	scope    scope  // what the document as a whole passes on
	total    int    // entries seen
	sawFeed  bool
	root     string // name of the root element
	damage   damage

	learner dates.Learner
	late    []lateDate // dates that no one order of day and month was known for

	feedRanks ranks
	period    string // of the syndication module
	frequency int
	owners    []news.Person // of a podcast: its authors where no other are named
}

// A lateDate is a date that waits for the order of day and month.
type lateDate struct {
	entry   int // place in Entries; -1 for the feed
	updated bool
	written string
	origin  string
}

// maxLate bounds how many dates may wait.
const maxLate = 4 * maxEntries

func newBuilder(in Input) *builder {
	b := &builder{in: in, doc: &news.Document{}}
	if l := in.Header["content-location"]; l != "" {
		b.location = resolveAddress(in.URL, l)
	} else if l := in.Header["content-base"]; l != "" {
		b.location = resolveAddress(in.URL, l)
	}
	if !isAbsolute(b.location) {
		b.location = ""
	}
	b.docBase = first(b.location, in.URL)
	return b
}

// container takes what the attributes of the root or the channel say.
func (b *builder) container(name string, attrs []attr, s scope, r *reader) {
	f := &b.doc.Feed
	if b.root == "" {
		b.root = name
		b.doc.Version = strings.TrimSpace(value(attrs, "version"))
	}
	switch name {
	case "rss":
		b.doc.Format = news.RSS
	case "rdf:rdf", "rdf":
		b.doc.Format = news.RDF
		b.doc.Version = rdfVersion(attrs)
	case "feed":
		b.doc.Format = news.Atom
		if b.doc.Version == "" {
			b.doc.Version = atomVersion(attrs)
		}
	case "channel":
		if b.doc.Format == "" {
			b.doc.Format = news.RSS
		}
		for _, a := range attrs {
			if strings.HasSuffix(a.name, ":about") || a.name == "about" {
				f.ID = strings.TrimSpace(a.value)
			}
		}
	}
	f.Language = first(f.Language, s.lang)
}

func rdfVersion(attrs []attr) string {
	for _, a := range attrs {
		if !strings.HasPrefix(a.name, "xmlns") {
			continue
		}
		switch plainNamespace(a.value) {
		case "purl.org/rss/1.0":
			return "1.0"
		case "my.netscape.com/rdf/simple/0.9", "channel.netscape.com/rdf/simple/0.9":
			return "0.90"
		case "purl.org/net/rss1.1":
			return "1.1"
		}
	}
	return ""
}

func atomVersion(attrs []attr) string {
	for _, a := range attrs {
		if !strings.HasPrefix(a.name, "xmlns") {
			continue
		}
		switch plainNamespace(a.value) {
		case "purl.org/atom/ns":
			return "0.3"
		case "www.w3.org/2005/atom":
			return "1.0"
		}
	}
	return ""
}

// A slot is a field that several elements may fill.
type slot uint8

const (
	slotTitle slot = iota
	slotSummary
	slotContent
	slotLink
	slotID
	slotImage
	slotLanguage
	slotPublished
	slotUpdated
	slots
)

// A ranks remembers from how good a source each slot was filled, rank plus
// one: less is better, and the first of equals stays.
type ranks [slots]uint8

// take reports whether a source of that rank may fill the slot, and notes it.
func (rs *ranks) take(s slot, rank int) bool {
	if old := int(rs[s]); old != 0 && old <= rank+1 {
		return false
	}
	rs[s] = uint8(rank + 1)
	return true
}

// A dateField says which date an element gives, and how good a source it is.
type dateField struct {
	updated bool
	rank    int
	origin  string
}

var dateFields = map[string]dateField{
	"pubdate":                {false, 0, "pubDate"},
	"published":              {false, 0, "published"},
	"issued":                 {false, 0, "issued"},
	"atom:published":         {false, 1, "atom:published"},
	"atom:issued":            {false, 1, "atom:issued"},
	"dcterms:issued":         {false, 2, "dcterms:issued"},
	"dc:date":                {false, 3, "dc:date"},
	"dcterms:date":           {false, 3, "dcterms:date"},
	"prism:publicationdate":  {false, 4, "prism:publicationDate"},
	"prism:coverdate":        {false, 5, "prism:coverDate"},
	"date":                   {false, 5, "date"},
	"publicationdate":        {false, 5, "publicationDate"},
	"created":                {false, 6, "created"},
	"atom:created":           {false, 6, "atom:created"},
	"dcterms:created":        {false, 6, "dcterms:created"},
	"dcterms:available":      {false, 7, "dcterms:available"},
	"updated":                {true, 0, "updated"},
	"modified":               {true, 0, "modified"},
	"atom:updated":           {true, 1, "atom:updated"},
	"atom:modified":          {true, 1, "atom:modified"},
	"dcterms:modified":       {true, 2, "dcterms:modified"},
	"prism:modificationdate": {true, 3, "prism:modificationDate"},
	"lastbuilddate":          {true, 4, "lastBuildDate"},
}

// feedDates are the elements that mean another thing of a feed than of an entry.
var feedDates = map[string]dateField{
	"lastbuilddate": {true, 0, "lastBuildDate"},
	"dc:date":       {true, 3, "dc:date"},
	"dcterms:date":  {true, 3, "dcterms:date"},
}

// date reads a date field of an entry or, with entry -1, of the feed. A date
// whose order of day and month is open waits for the end of the document.
func (b *builder) date(rs *ranks, f dateField, entry int, to *news.Date, written string) {
	written = strings.TrimSpace(written)
	if written == "" {
		return
	}
	b.learner.See(written)
	d, ok := dates.Parse(written, dates.Options{})
	if !ok {
		if _, open := dates.Parse(written, dates.Options{Order: dates.DayFirst}); open && len(b.late) < maxLate {
			b.late = append(b.late, lateDate{entry, f.updated, written, f.origin})
		}
		return
	}
	field := slotPublished
	if f.updated {
		field = slotUpdated
	}
	if rs.take(field, f.rank) {
		d.Origin = f.origin
		*to = d
	}
}

// keep adds a finished entry and, when there are too many, drops the oldest.
func (b *builder) keep(e news.Entry) {
	b.doc.Entries = append(b.doc.Entries, e)
	if len(b.doc.Entries) >= 2*maxEntries {
		b.prune()
	}
}

// prune keeps the newest entries in their order. One without a date counts as
// new as the one before it.
func (b *builder) prune() {
	if len(b.doc.Entries) <= maxEntries {
		return
	}
	b.damage |= damagedEntries
	b.settleDates()
	type aged struct {
		at   time.Time
		next int
	}
	order := make([]aged, len(b.doc.Entries))
	last := time.Unix(1<<40, 0)
	for i := range b.doc.Entries {
		e := &b.doc.Entries[i]
		if e.Published.Known() {
			last = e.Published.Time
		} else if e.Updated.Known() {
			last = e.Updated.Time
		}
		order[i] = aged{last, i}
	}
	slices.SortStableFunc(order, func(x, y aged) int { return y.at.Compare(x.at) })
	order = order[:maxEntries]
	slices.SortFunc(order, func(x, y aged) int { return cmp.Compare(x.next, y.next) })
	kept := make([]news.Entry, 0, 2*maxEntries)
	for _, a := range order {
		kept = append(kept, b.doc.Entries[a.next])
	}
	b.doc.Entries = kept
}

// settleDates reads the dates that waited, in the order the document's other
// dates taught.
func (b *builder) settleDates() {
	order := b.learner.Order(b.doc.Feed.Language)
	if order == dates.OrderUnknown {
		b.late = nil
		return
	}
	for _, l := range b.late {
		d, ok := dates.Parse(l.written, dates.Options{Order: order})
		if !ok {
			continue
		}
		d.Origin = l.origin
		published, updated := &b.doc.Feed.Published, &b.doc.Feed.Updated
		if l.entry >= 0 {
			published, updated = &b.doc.Entries[l.entry].Published, &b.doc.Entries[l.entry].Updated
		}
		to := published
		if l.updated {
			to = updated
		}
		if !to.Known() {
			*to = d
		}
	}
	b.late = nil
}

// finish completes what only the whole document tells.
func (b *builder) finish() {
	b.prune()
	b.settleDates()
	f := &b.doc.Feed
	f.Language = first(f.Language, contentLanguage(b.in.Header))
	if len(f.Authors) == 0 {
		f.Authors = b.owners
	}
	site := ""
	if isWeb(f.Link) {
		site = f.Link
	}
	for i := range b.doc.Entries {
		e := &b.doc.Entries[i]
		e.Language = first(e.Language, f.Language)
		if b.doc.Format == news.Atom && len(e.Authors) == 0 {
			e.Authors = f.Authors
		}
		if site != "" && e.URL != "" && !isAbsolute(e.URL) { // the site's address came after it
			e.URL = resolveAddress(site, e.URL)
		}
	}
	b.doc.Recovered = b.damage&^damagedEntries != 0
	b.doc.Warnings = append(b.doc.Warnings, b.damage.warnings()...)
}

// contentLanguage takes the header where it names one language.
func contentLanguage(h map[string]string) string {
	l := strings.TrimSpace(h["content-language"])
	if strings.ContainsAny(l, ", ") {
		return ""
	}
	return l
}
