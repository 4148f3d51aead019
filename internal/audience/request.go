package audience

import "time"

// How often a confirmation is mailed: we are no weapon against a mailbox.
const (
	MailedADay   = 1    // to one address in 24 hours
	MailedAMonth = 3    // to one address in 30 days
	MailedToAll  = 2000 // by the house in 24 hours, where nothing else was set
)

// An Ask is somebody's wish for the digest as the form brought it: unproven,
// and the same for us whoever they are until it is answered.
type Ask struct {
	ID          int64
	Address     Address
	Preferences Preferences
	Text        string // version of the consent text that was shown
	At          time.Time
}

// Mailed counts the confirmations that were mailed lately.
type Mailed struct {
	Day   int // to this address in 24 hours
	Month int // to this address in 30 days
	All   int // by the house in 24 hours
}

// Capped reports whether this address has had its share.
func (m Mailed) Capped() bool { return m.Day >= MailedADay || m.Month >= MailedAMonth }

// A Letter is a small mail owed to one person.
type Letter struct {
	ID       int64
	Reader   Reader
	What     LetterKind
	Attempts int       // this one among them
	Until    time.Time // not sent after this
}

// A LetterKind says what a letter is for.
type LetterKind string

// LetterConfirm asks somebody to confirm that they want the digest.
const LetterConfirm LetterKind = "confirm"
