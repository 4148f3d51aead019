package audience

import "time"

// MailedToAll is how many letters the house mails in 24 hours, where nothing
// else was set.
const MailedToAll = 2000

// A LetterKind says what a letter is for.
type LetterKind string

// The letters. Each carries one link.
const (
	LetterConfirm LetterKind = "confirm" // say yes to the digest
	LetterLink    LetterKind = "link"    // the way to one's choices, for who lost the mail
	LetterManage  LetterKind = "manage"  // one hour to see, move or delete what is kept
)

// ManageWithin is how long a link of LetterManage works.
const ManageWithin = time.Hour

// Capped reports whether an address has had its share of letters of a kind: we
// are no weapon against a mailbox. Who asks for LetterManage has shown a link
// from their own mail, so a little more is allowed.
func (m Mailed) Capped(kind LetterKind) bool {
	if kind == LetterManage {
		return m.Day >= 3 || m.Month >= 10
	}
	return m.Day >= 1 || m.Month >= 3
}

// An Ask is somebody's wish as a form brought it: unproven, and the same for
// us whoever they are until it is answered.
type Ask struct {
	ID          int64
	Kind        LetterKind // which letter would answer it
	Address     Address
	Preferences Preferences // of LetterConfirm
	Text        string      // version of the consent text that was shown
	Replaces    Token       // the reader who moves to this address; zero for nobody
	At          time.Time
}

// Mailed counts the letters that were mailed lately.
type Mailed struct {
	Day   int // of this kind to this address in 24 hours
	Month int // of this kind to this address in 30 days
	All   int // by the house in 24 hours
}

// A Letter is a small mail owed to one person.
type Letter struct {
	ID       int64
	Reader   Reader
	What     LetterKind
	Attempts int       // this one among them
	Until    time.Time // not sent after this
}
