package token

import (
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/mail"
	"strings"
	"time"
)

// maxMailboxName is how long the name of a mailbox may be, so that what is
// added to it fits the 64 octets of RFC 5321 §4.5.3.1.1.
const maxMailboxName = 64 - len("+u") - leaveChars

// The lengths of what is added, in base32.
const (
	returnBytes = 4 + 8 + 2 // issue, reader, day
	returnChars = (returnBytes + macBytes) * 8 / 5
	leaveChars  = ((IDBytes+macBytes)*8 + 4) / 5
)

// The purposes of our addresses.
const (
	purposeReturn = "return"
	purposeHide   = "return hidden"
	purposeLeave  = "leave by mail"
)

// mailEncoding is one that survives a relay which folds case.
var mailEncoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// A Mailbox makes the addresses that lead back to one mailbox of ours, and
// reads them: name+token@domain. Each kind has a letter before its token:
//
//	bounces+r…@example.org   the envelope sender of one copy; mail to it is about that copy
//	bounces+u…@example.org   mail to it unsubscribes one reader, for ever
type Mailbox struct {
	keys         *Keyring
	name, domain string
	other        *Mailbox // nil: none
}

// A Return says which copy came back: one reader's of one issue.
type Return struct {
	Issue  int64 // less than 1<<32
	Reader int64
}

// NewMailbox takes an address of ours, ASCII, whose server delivers name+…@
// where it delivers name@.
func NewMailbox(keys *Keyring, address string) (*Mailbox, error) {
	a, err := mail.ParseAddress(address)
	if err != nil || a.Address != address {
		return nil, fmt.Errorf("%q is no mail address", address)
	}
	name, domain, _ := strings.Cut(address, "@")
	switch {
	case len(name) > maxMailboxName:
		return nil, fmt.Errorf("%q is longer than %d characters, a signed name would not fit behind it", name, maxMailboxName)
	case strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '+' }):
		return nil, fmt.Errorf("%q is more than plain letters", address)
	}
	return &Mailbox{keys: keys, name: name, domain: domain}, nil
}

// Also returns another address of the same mailbox. What it makes is read by
// both.
func (m *Mailbox) Also(address string) (*Mailbox, error) {
	other, err := NewMailbox(m.keys, address)
	if err != nil {
		return nil, err
	}
	m.other, other.other = other, m
	return other, nil
}

// Return is the envelope sender of a copy. What comes back to it is believed
// until the end of that day (UTC). Neither number can be read from it, and
// the same copy and day give the same address.
func (m *Mailbox) Return(r Return, until time.Time) string {
	b := make([]byte, 0, returnBytes)
	b = binary.BigEndian.AppendUint32(b, uint32(r.Issue))
	b = binary.BigEndian.AppendUint64(b, uint64(r.Reader))
	b = binary.BigEndian.AppendUint16(b, day(until))
	secret := m.keys.secrets[0]
	sum := mac(secret, purposeReturn, b)
	hide(secret, sum, b)
	return m.address('r', append(sum, b...))
}

// Unsubscribe is the address whose mail lets a reader go.
func (m *Mailbox) Unsubscribe(reader [IDBytes]byte) string {
	return m.address('u', append(reader[:], mac(m.keys.secrets[0], purposeLeave, reader[:])...))
}

func (m *Mailbox) address(kind byte, b []byte) string {
	return m.name + "+" + string(kind) + mailEncoding.EncodeToString(b) + "@" + m.domain
}

// ReadReturn reads an envelope sender of ours, in whatever case. It returns
// ErrInvalid for any other address and ErrExpired for one that is too old.
func (m *Mailbox) ReadReturn(address string, now time.Time) (Return, error) {
	b, ok := m.open(address, 'r', returnBytes+macBytes)
	if !ok {
		return Return{}, ErrInvalid
	}
	for _, secret := range m.keys.secrets {
		sum, fields := b[:macBytes], append([]byte(nil), b[macBytes:]...)
		hide(secret, sum, fields)
		if subtle.ConstantTimeCompare(sum, mac(secret, purposeReturn, fields)) != 1 {
			continue
		}
		r := Return{int64(binary.BigEndian.Uint32(fields)), int64(binary.BigEndian.Uint64(fields[4:]))}
		if day(now) > binary.BigEndian.Uint16(fields[12:]) {
			return r, ErrExpired
		}
		return r, nil
	}
	return Return{}, ErrInvalid
}

// ReadUnsubscribe reads an address of Unsubscribe, or returns ErrInvalid.
func (m *Mailbox) ReadUnsubscribe(address string) ([IDBytes]byte, error) {
	b, ok := m.open(address, 'u', IDBytes+macBytes)
	if !ok {
		return [IDBytes]byte{}, ErrInvalid
	}
	for _, secret := range m.keys.secrets {
		if subtle.ConstantTimeCompare(b[IDBytes:], mac(secret, purposeLeave, b[:IDBytes])) == 1 {
			return [IDBytes]byte(b), nil
		}
	}
	return [IDBytes]byte{}, ErrInvalid
}

// open takes the bytes out of an address of ours.
func (m *Mailbox) open(address string, kind byte, size int) ([]byte, bool) {
	if !m.holds(address) && m.other != nil && m.other.holds(address) {
		m = m.other
	}
	rest, ok := strings.CutPrefix(strings.ToLower(address), strings.ToLower(m.name)+"+"+string(kind))
	if !ok {
		return nil, false
	}
	text, ok := strings.CutSuffix(rest, "@"+strings.ToLower(m.domain))
	if !ok || len(text) != mailEncoding.EncodedLen(size) {
		return nil, false
	}
	b, err := mailEncoding.DecodeString(text)
	return b, err == nil && mailEncoding.EncodeToString(b) == text // one spelling for one token
}

// Holds reports whether an address leads to this mailbox, signed or not.
func (m *Mailbox) Holds(address string) bool {
	return m.holds(address) || m.other != nil && m.other.holds(address)
}

func (m *Mailbox) holds(address string) bool {
	at := strings.LastIndexByte(address, '@')
	if at < 0 || !strings.EqualFold(address[at+1:], m.domain) {
		return false
	}
	name, _, _ := strings.Cut(address[:at], "+")
	return strings.EqualFold(name, m.name)
}

// hide covers or uncovers b, and needs the sum over it for either.
func hide(secret, sum, b []byte) {
	subtle.XORBytes(b, b, mac(secret, purposeHide, sum)[:len(b)])
}

// day is the number of a day in UTC, good until 2149.
func day(t time.Time) uint16 { return uint16(t.Unix() / 86400) }
