package audience

import "github.com/ifhhro/rightsdesk/internal/news"

// A Part is a piece of an issue's frozen text, encoded as it goes on the wire.
type Part struct {
	Language string
	Format   Format
	Name     string // what the piece is: "top", "story 12"; compose gives the names
	Body     []byte
}

// A Variant is one of the different mails an issue becomes: these stories in
// this order, in one language and format.
type Variant struct {
	Language string
	Format   Format
	Stories  []news.StoryID
}

// An Edition is an issue ready to be frozen: its text, and which mail each
// reader gets.
type Edition interface {
	// Parts are the frozen text.
	Parts() []Part
	// Assign gives a reader's share, from their token, choices and key. It
	// reports false when nothing in the issue is for them.
	Assign(Reader) (Share, bool)
	// Variants are all that Assign has given out, by number.
	Variants() []Variant
}

// A Share is what the freeze gives one reader.
type Share struct {
	Variant   int
	MessageID string // without angle brackets
	Discreet  bool
	Cover     Cover
	Sealed    []byte // of CoverSealed: the encrypted mail, as it is kept and sent
	// Excluded says in plain words why they get no mail though there is one for
	// them; empty: they get it.
	Excluded string
}

// A Cover is how what is in a copy is kept from who carries it.
type Cover string

// The covers of a copy.
const (
	CoverNone   Cover = ""
	CoverSealed Cover = "sealed" // encrypted to the reader's key at the freeze
	// CoverNotice: the reader asked for encryption and their key did not work
	// at the freeze. They are told that there is an issue, and nothing of it.
	CoverNotice Cover = "notice"
)
