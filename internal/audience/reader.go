package audience

import (
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// ReaderID numbers a stored Reader; zero until stored. It never leaves the
// house: what the outside sees is Token.
type ReaderID int64

// TokenBytes is the length of a reader's opaque name.
const TokenBytes = 16

// A Token is a reader's opaque, random name, the only one that appears in a
// link, an envelope or a header.
type Token [TokenBytes]byte

// NewToken returns a random token.
func NewToken() (t Token) {
	rand.Read(t[:]) // never fails
	return t
}

// IsZero reports whether there is no token.
func (t Token) IsZero() bool { return t == Token{} }

// A State is where a reader stands.
type State string

// The states of a reader.
const (
	Pending    State = "pending" // asked, has not confirmed
	Active     State = "active"
	Left       State = "left"       // unsubscribed
	Suppressed State = "suppressed" // we must not write there: dead address or complaint
	Erased     State = "erased"     // forgotten: the address is gone, the row keeps counts honest
)

// A Format is the form of mail a reader chose.
type Format string

// The formats a reader can choose.
const (
	FormatHTML Format = "html" // HTML with its text version
	FormatText Format = "text" // text alone
	FormatLite Format = "lite" // short text for poor lines
)

// Formats lists the formats in the order they are offered.
func Formats() []Format { return []Format{FormatHTML, FormatText, FormatLite} }

// Known reports whether f can be chosen.
func (f Format) Known() bool { return slices.Contains(Formats(), f) }

// Languages a reader can choose, as BCP 47, in the order they are offered.
func Languages() []string { return news.Languages() }

// Preferences are what a reader chose.
type Preferences struct {
	Language string
	Topics   []news.Slug // none = all
	Format   Format
	Discreet bool // a mail whose outside says nothing of what is in it
}

// Check returns an error wrapping news.ErrInvalid that names the first thing
// that cannot be chosen.
func (p Preferences) Check() error {
	switch {
	case !slices.Contains(Languages(), p.Language):
		return fmt.Errorf("language %q is not one of %v: %w", p.Language, Languages(), news.ErrInvalid)
	case !p.Format.Known():
		return fmt.Errorf("format %q is not one of %v: %w", p.Format, Formats(), news.ErrInvalid)
	}
	return news.CheckTopics(p.Topics)
}

// Consent is when and to which words a reader said yes. No name, no IP, no
// agent is kept.
type Consent struct {
	Asked     time.Time
	Confirmed time.Time // zero until confirmed
	Text      string    // version of the text that was shown, or the one an import names
}

// ConfirmWithin is how long a confirmation link works.
const ConfirmWithin = 72 * time.Hour

// A Reader is somebody who asked for the digest.
type Reader struct {
	ID          ReaderID
	Token       Token
	Address     Address // zero once erased
	State       State
	Preferences Preferences
	Consent     Consent
	// Request names what a pending reader asked for; the confirmation link
	// carries it and confirming uses it up. Zero when nothing is open.
	Request Token
	// Replaces is the reader a pending one moves from, who is forgotten when
	// the new address is confirmed. Zero for nobody.
	Replaces Token
	OpenPGP  PublicKey // their mails are encrypted to it; none: they are not
	Paused   time.Time // gets nothing until then; zero is no pause
	Left     time.Time // when they left last, zero once they are back
	Updated  time.Time
}

// Confirm makes a pending reader active. Confirming twice changes nothing. It
// returns an error wrapping news.ErrConflict when the link is too old or the
// reader left since.
func (r *Reader) Confirm(now time.Time) error {
	switch {
	case r.State == Active:
		return nil
	case r.State != Pending:
		return fmt.Errorf("confirm: the reader is %s: %w", r.State, news.ErrConflict)
	case now.Sub(r.Consent.Asked) > ConfirmWithin:
		return fmt.Errorf("confirm: the link is older than 72 hours: %w", news.ErrConflict)
	}
	r.State, r.Consent.Confirmed, r.Updated = Active, now, now
	r.Request, r.Left = Token{}, time.Time{}
	return nil
}

// Ask begins for somebody new, or again for somebody who is pending or left;
// for an active reader it changes nothing, and a suppressed one stays
// suppressed. It reports whether a confirmation should be mailed. Asking again
// keeps the request's name, so that the earlier mail's link works too; and who
// was written to discreetly or encrypted once is so again, until they choose.
func (r *Reader) Ask(p Preferences, text string, now time.Time) (mail bool) {
	switch r.State {
	case "", Pending, Left:
		p.Discreet = p.Discreet || r.Preferences.Discreet
		r.State, r.Preferences, r.Updated = Pending, p, now
		r.Consent = Consent{Asked: now, Text: text}
		if r.Request.IsZero() {
			r.Request = NewToken()
		}
		return true
	}
	return false
}

// MaxPause bounds a pause: a reader who forgets it must come back some day.
const MaxPause = 366 * 24 * time.Hour

// Choose changes what an active reader gets, and until when they get nothing
// (zero: no pause). It returns an error wrapping news.ErrInvalid, or
// news.ErrConflict when they are no reader now.
func (r *Reader) Choose(p Preferences, paused, now time.Time) error {
	if r.State != Active {
		return fmt.Errorf("choose: the reader is %s: %w", r.State, news.ErrConflict)
	}
	if err := p.Check(); err != nil {
		return err
	}
	if !paused.IsZero() && (!paused.After(now) || paused.Sub(now) > MaxPause) {
		return fmt.Errorf("choose: a pause ends within a year from now: %w", news.ErrInvalid)
	}
	r.Preferences, r.Paused, r.Updated = p, paused, now
	return nil
}

// Encrypt has an active reader's mails encrypted to a key, or none of them any
// more. It returns an error wrapping news.ErrConflict when they are no reader
// now.
func (r *Reader) Encrypt(key PublicKey, now time.Time) error {
	if r.State != Active {
		return fmt.Errorf("encrypt: the reader is %s: %w", r.State, news.ErrConflict)
	}
	r.OpenPGP, r.Updated = key, now
	return nil
}

// Lapse ends a request that was not confirmed in time: somebody who had left
// before has left again, and of somebody new nothing is to be kept (drop). It
// returns an error wrapping news.ErrConflict when there is nothing to end.
func (r *Reader) Lapse(now time.Time) (drop bool, err error) {
	if r.State != Pending || now.Sub(r.Consent.Asked) <= ConfirmWithin {
		return false, fmt.Errorf("lapse: the reader is %s: %w", r.State, news.ErrConflict)
	}
	if r.Left.IsZero() {
		return true, nil
	}
	r.State, r.Request, r.Replaces, r.Updated = Left, Token{}, Token{}, now
	return false, nil
}

// Import takes in somebody whose consent was given elsewhere: new or pending
// becomes active. It reports false, and changes nothing, for everybody else:
// who reads already keeps their choices, and who left is not brought back.
func (r *Reader) Import(p Preferences, key PublicKey, c Consent, now time.Time) bool {
	if r.State != "" && (r.State != Pending || !r.Left.IsZero()) {
		return false
	}
	r.State, r.Preferences, r.OpenPGP, r.Consent, r.Request, r.Updated = Active, p, key, c, Token{}, now
	return true
}

// Unsubscribe lets a reader go. It works from any state, for ever, twice, and
// reports whether anything changed.
func (r *Reader) Unsubscribe(now time.Time) bool {
	switch r.State {
	case Pending, Active:
		r.State, r.Left, r.Updated, r.Request = Left, now, now, Token{}
		return true
	}
	return false
}

// Suppress bars the reader for good, until somebody at the house lifts it. It
// reports whether anything changed.
func (r *Reader) Suppress(now time.Time) bool {
	switch r.State {
	case Suppressed, Erased:
		return false
	}
	r.State, r.Updated, r.Request = Suppressed, now, Token{}
	return true
}

// Lift takes back that a reader was suppressed: whose address was thought dead
// reads again; who complained, or was barred by hand, may ask again. It reports
// whether anything changed.
func (r *Reader) Lift(why SuppressionReason, now time.Time) bool {
	if r.State != Suppressed {
		return false
	}
	r.State, r.Updated = Left, now
	if r.Left.IsZero() && !r.Consent.Confirmed.IsZero() && why == DeadAddress {
		r.State = Active
	}
	if r.State == Left && r.Left.IsZero() {
		r.Left = now
	}
	return true
}

// Erase forgets the reader: address, choices and consent go, the row stays
// without them so that counts remain honest.
func (r *Reader) Erase(now time.Time) {
	*r = Reader{ID: r.ID, Token: r.Token, State: Erased, Updated: now,
		Preferences: Preferences{Language: "en", Format: FormatHTML}}
}

// A SuppressionReason is why an address must not be written to.
type SuppressionReason string

// The reasons of the suppression journal.
const (
	Unsubscribed SuppressionReason = "unsubscribed"
	Complained   SuppressionReason = "complained"
	DeadAddress  SuppressionReason = "dead-address"
	Forgotten    SuppressionReason = "erased"
	ByHand       SuppressionReason = "by-hand"
)

// MayReturn reports whether somebody barred for this reason can come back by
// asking and confirming: their own leave they can take back. A dead address, a
// complaint and what was barred by hand stay barred until somebody at the
// house lifts it.
func (s SuppressionReason) MayReturn() bool { return s == Unsubscribed || s == Forgotten }

// A Suppression is one line of the append-only journal of whom we must not
// write to. Key is a keyed hash of the address: the journal names nobody.
type Suppression struct {
	Key    []byte
	Reason SuppressionReason
	At     time.Time
	Lifted bool // this line lifts an earlier one: the reader asked and confirmed again
}

// Bar does to the reader what a line of the journal says was done, and reports
// whether anything changed. A line that lifts an earlier one changes nothing:
// only the reader's own confirmation makes them active.
func (r *Reader) Bar(s Suppression, now time.Time) bool {
	switch {
	case s.Lifted || r.State == Erased:
		return false
	case s.Reason == Forgotten:
		r.Erase(now)
		return true
	case s.Reason == Unsubscribed:
		return r.Unsubscribe(now)
	}
	return r.Suppress(now)
}

// Replayed is what came of reading a journal after a restore.
type Replayed struct {
	Lines   int // that the database did not know
	Readers int // let go, barred or erased because of them
	Damaged int // lines that are not as we wrote them
	Gaps    int // places where lines are missing
}
