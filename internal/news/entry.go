package news

import "time"

// A Format is the family a feed document belongs to.
type Format string

// The formats of the contract.
const (
	RSS  Format = "rss"
	Atom Format = "atom"
	RDF  Format = "rdf"
	JSON Format = "json"
)

// A Precision is how exactly a date was written.
type Precision string

// The precisions of the contract.
const (
	Second Precision = "second"
	Minute Precision = "minute"
	Day    Precision = "day"
	Month  Precision = "month"
	Year   Precision = "year"
)

// A Date is a publisher's claim about time. The zero Date is "not said".
type Date struct {
	Time      time.Time // UTC; for precision day and coarser at 00:00:00
	Precision Precision
	Origin    string // the element it was read from, "pubDate", "dc:date", "url"
}

// Known reports whether the publisher said anything.
func (d Date) Known() bool { return !d.Time.IsZero() }

// A Markup is a text as published, with what it is.
type Markup struct {
	Body string
	HTML bool   // Body is HTML; else it is plain text
	Base string // absolute; relative addresses in an HTML Body stand against it; empty when unknown
}

// A Person is an author as published.
type Person struct {
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	URL   string `json:"url,omitempty"`
}

// A Category is a publisher's own label.
type Category struct {
	Term   string `json:"term"`
	Scheme string `json:"scheme,omitempty"`
	Label  string `json:"label,omitempty"`
}

// An Enclosure is a file a publisher attached. It is linked, never fetched.
type Enclosure struct {
	URL    string `json:"url"`
	Type   string `json:"type,omitempty"`
	Length int64  `json:"length,omitempty"` // bytes; 0 = not said
}

// An Origin is the publication an entry was taken over from.
type Origin struct {
	Title string `json:"title,omitempty"`
	URL   string `json:"url,omitempty"`
}

// A Document is one feed as parsed: what it says of itself and its entries in
// document order, nothing cleaned yet but charset, addresses made absolute.
type Document struct {
	Format    Format
	Version   string // "2.0", "1.0"; empty when not said
	Encoding  string // what the bytes were decoded from, "utf-8"
	Recovered bool   // damaged: this is what could be saved
	Warnings  []string
	Feed      Feed
	Entries   []Entry
}

// A Feed is what a document says of itself.
type Feed struct {
	ID          string
	Title       Markup
	Link        string
	Self        string
	Description Markup
	Language    string
	Updated     Date
	Published   Date
	Copyright   string
	Generator   string
	Image       string
	TTLMinutes  int           // rss ttl; 0 = not said
	PollEvery   time.Duration // sy:updatePeriod and sy:updateFrequency; 0 = not said
	SkipHours   []int         // UTC hours 0 to 23 in which asking is useless
	SkipDays    []string      // English day names
	Authors     []Person
	Categories  []Category
}

// An Entry is one entry of a feed as the publisher wrote it. Addresses are
// absolute where a base was known; markup has not been made safe.
type Entry struct {
	ID          string // guid, atom:id, rdf:about; empty if absent
	URL         string // the page it points to
	Title       Markup
	Summary     Markup
	Content     Markup
	Language    string // declared for this entry or inherited
	Direction   string // "ltr", "rtl" if declared
	Published   Date
	Updated     Date
	Authors     []Person
	Categories  []Category
	Enclosures  []Enclosure
	Images      []string
	DOI         string
	Origin      Origin
	CommentsURL string
	Alternates  []Alternate // the same page in other languages
}

// An Alternate is the same page in another language.
type Alternate struct {
	Language string `json:"language"`
	URL      string `json:"url"`
}
