// Package audience is the private half of our vocabulary: readers, their
// consent and choices, the copies we owe them and whom we must not write to.
// It says what each promises and which moves it may make, and does no I/O.
//
// Only the packages listed in internal/floors_test.go may import it: the
// fetcher, the curators' pages and the feeds cannot show a reader because they
// cannot name one.
package audience

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ifhhro/rightsdesk/internal/news"
	"golang.org/x/net/idna"
)

// MaxAddressBytes bounds an address before it is parsed (RFC 5321 §4.5.3.1.3
// less the angle brackets).
const MaxAddressBytes = 254

// An Address is a reader's e-mail address. It hides from every print, log and
// JSON encoder; code that must have it says so with Reveal.
type Address struct{ s string }

// ParseAddress reads an address by one strict grammar for every door: a
// dot-atom local part (RFC 5322 §3.2.3, UTF-8 as in RFC 6532), one @, and a
// domain name with a dot. The domain is kept in lower-case A-labels; the local
// part is kept to the letter, for dots, case and plus tags may be another
// person. Errors wrap news.ErrInvalid and do not repeat the address.
func ParseAddress(s string) (Address, error) {
	bad := func(why string) (Address, error) {
		return Address{}, fmt.Errorf("e-mail address: %s: %w", why, news.ErrInvalid)
	}
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return bad("is empty")
	case len(s) > MaxAddressBytes:
		return bad("is longer than 254 octets")
	case !utf8.ValidString(s):
		return bad("is not UTF-8")
	}
	at := strings.LastIndexByte(s, '@')
	if at < 1 {
		return bad("has no name before an @")
	}
	local, domain := s[:at], s[at+1:]
	if len(local) > 64 {
		return bad("has more than 64 octets before the @")
	}
	for _, atom := range strings.Split(local, ".") {
		if atom == "" || strings.IndexFunc(atom, notAtext) >= 0 {
			return bad("has a character before the @ that we do not accept")
		}
	}
	ascii, err := idna.Lookup.ToASCII(strings.ToLower(domain))
	if err != nil || !strings.Contains(ascii, ".") || len(ascii) > 253 {
		return bad("has no valid domain after the @")
	}
	for _, label := range strings.Split(ascii, ".") {
		if !validLabel(label) {
			return bad("has no valid domain after the @")
		}
	}
	if len(local)+1+len(ascii) > MaxAddressBytes {
		return bad("is longer than 254 octets")
	}
	return Address{local + "@" + ascii}, nil
}

// notAtext reports whether r may not stand in an atom.
func notAtext(r rune) bool {
	switch {
	case r < 0x80:
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r))
	case r == utf8.RuneError:
		return true
	}
	return !unicode.IsGraphic(r) || unicode.IsSpace(r)
}

func validLabel(l string) bool {
	if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	for i := range len(l) {
		c := l[i]
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// Reveal returns the address itself. Whoever calls it answers for where it goes.
func (a Address) Reveal() string { return a.s }

// IsZero reports whether there is no address (it was erased, or never given).
func (a Address) IsZero() bool { return a.s == "" }

// Domain is the part after the @, in lower-case A-labels.
func (a Address) Domain() string { return a.s[strings.LastIndexByte(a.s, '@')+1:] }

// NeedsUTF8 reports whether sending to it needs SMTPUTF8 (RFC 6531).
func (a Address) NeedsUTF8() bool {
	for i := range len(a.s) {
		if a.s[i] >= 0x80 {
			return true
		}
	}
	return false
}

const hidden = "[address]"

// Format, String, LogValue, MarshalText and GoString keep an address out of
// every print, log and encoder.
func (a Address) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) }

// String returns "[address]".
func (a Address) String() string { return hidden }

// GoString returns "[address]".
func (a Address) GoString() string { return hidden }

// LogValue returns "[address]".
func (a Address) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText returns "[address]"; JSON uses it too.
func (a Address) MarshalText() ([]byte, error) { return []byte(hidden), nil }
