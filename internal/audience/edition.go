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
	// Assign gives the number of the reader's variant and the Message-ID of
	// their copy, without angle brackets, from their token and preferences. It
	// reports false when nothing in the issue is for them.
	Assign(Reader) (variant int, messageID string, ok bool)
	// Variants are all that Assign has given out, by number.
	Variants() []Variant
}
