package news

import "time"

// ItemID numbers a stored Item; zero until stored.
type ItemID int64

// Limits on what one item may hold (SAFETY, "Fetching"). What is longer is cut
// on a grapheme, never refused.
const (
	MaxTitleBytes = 1 << 10
	MaxLinkBytes  = 2 << 10
	MaxBodyBytes  = 512 << 10
)

// An Item is one entry of one source, cleaned and ready to compare. A stored
// Item never changes: a publisher's edit is a new Item that points at the old
// one through Replaces.
type Item struct {
	ID       ItemID
	Source   SourceID
	Story    StoryID // zero until placed
	Replaces ItemID  // zero if this is the first version

	Key       string // identity within its source; never empty, stable between fetches
	GUID      string // as published; may be empty
	URL       string // absolute http or https; may be empty when the entry had none
	Canonical string // the key by which we know the page; empty without URL

	Title       string // plain text, NFC; may be empty
	TitleHTML   string // sanitised
	SummaryHTML string // sanitised
	ContentHTML string // sanitised
	Text        string // plain text of the content, else of the summary
	Language    string // BCP 47; "und" when unknown
	Dir         string // "ltr" or "rtl"

	Published   Date
	Updated     Date
	Authors     []Person
	Categories  []Category
	Enclosures  []Enclosure
	Images      []string
	DOI         string
	UNSymbols   []string
	Origin      Origin
	CommentsURL string
	Alternates  []Alternate

	Seen   time.Time // when our clock first saw this version, UTC; never zero once stored
	Digest string    // of what a reader would see: another digest is another version

	Fingerprint string // equal for equal texts; empty when the text is too short to say anything
	Why         string // why it stands in its story; empty until placed
}

// Age is the instant an item sorts by: its publication, but never later than
// when we saw it, so that a date in the future cannot sit on top for ever.
func (it *Item) Age() time.Time {
	if it.Published.Known() && it.Published.Time.Before(it.Seen) {
		return it.Published.Time
	}
	return it.Seen
}
