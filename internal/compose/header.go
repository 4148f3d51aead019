package compose

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ifhhro/rightsdesk/internal/news"
	"golang.org/x/net/idna"
)

// Lengths of RFC 5322 §2.1.1 and RFC 2047 §2.
const (
	headerLine  = 76 // of a line that has an encoded-word, without CRLF
	encodedWord = 75
)

// appendText appends an unstructured field, folded at blanks; words outside
// ASCII, or too long to fold, go as encoded-words (RFC 2047).
func appendText(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	return append(foldText(dst, len(name)+2, value), "\r\n"...)
}

func foldText(dst []byte, col int, value string) []byte {
	value = wholeCharacters(strings.Join(strings.Fields(value), " "))
	if needsEncoding(value, col) {
		return foldEncoded(dst, col, value)
	}
	for i, word := range strings.Split(value, " ") {
		switch {
		case i > 0 && col+1+len(word) > headerLine:
			dst = append(dst, "\r\n "...)
			col = 1
		case i > 0:
			dst = append(dst, ' ')
			col++
		}
		dst = append(dst, word...)
		col += len(word)
	}
	return dst
}

// wholeCharacters puts a mark where bytes are no UTF-8: what says that it is
// must be.
func wholeCharacters(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

// needsEncoding reports whether a text cannot stand as it is.
func needsEncoding(s string, col int) bool {
	if strings.Contains(s, "=?") {
		return true
	}
	for i, word := range strings.Split(s, " ") {
		at := 1
		if i == 0 {
			at = col
		}
		if at+len(word) > headerLine {
			return true
		}
		for j := range len(word) {
			if word[j] <= ' ' || word[j] > '~' {
				return true
			}
		}
	}
	return false
}

// foldEncoded writes a text as encoded-words, in whichever of B and Q is
// shorter, one a line after the first.
func foldEncoded(dst []byte, col int, s string) []byte {
	const overhead = len("=?utf-8?B??=")
	q := qLength(s) <= (len(s)+2)/3*4
	for first := true; s != "" || first; first = false {
		if !first {
			dst = append(dst, "\r\n "...)
			col = 1
		}
		room := min(encodedWord, headerLine-col) - overhead
		n := fits(s, room, q)
		dst = appendWord(dst, s[:n], q)
		s = s[n:]
	}
	return dst
}

// fits is how many bytes of s, whole characters, and at least one, go into an
// encoded-word with that much room.
func fits(s string, room int, q bool) int {
	n, used := 0, 0
	for n < len(s) {
		_, size := utf8.DecodeRuneInString(s[n:])
		if q {
			used += qLength(s[n : n+size])
		} else {
			used = (n + size + 2) / 3 * 4
		}
		if used > room && n > 0 {
			break
		}
		n += size
	}
	return n
}

func qLength(s string) int {
	n := 0
	for i := range len(s) {
		if n++; !qSafe(s[i]) && s[i] != ' ' {
			n += 2
		}
	}
	return n
}

// qSafe is the set that may also stand in a phrase (RFC 2047 §5 (3)).
func qSafe(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("!*+-/", c) >= 0
}

func appendWord(dst []byte, s string, q bool) []byte {
	if !q {
		dst = append(dst, "=?utf-8?B?"...)
		return append(base64.StdEncoding.AppendEncode(dst, []byte(s)), "?="...)
	}
	dst = append(dst, "=?utf-8?Q?"...)
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			dst = append(dst, '_')
		case qSafe(c):
			dst = append(dst, c)
		default:
			dst = append(dst, '=', upperHex[c>>4], upperHex[c&15])
		}
	}
	return append(dst, "?="...)
}

// appendMailbox appends a field with one address and its name.
func appendMailbox(dst []byte, field string, m *mail.Address) []byte {
	return appendNamed(dst, field, m.Name, m.Address)
}

// appendNamed appends a field of a phrase and something in angle brackets.
func appendNamed(dst []byte, field, phrase, angle string) []byte {
	start := len(dst)
	dst = append(append(dst, field...), ": "...)
	if phrase != "" {
		dst = appendPhrase(dst, len(field)+2, phrase)
		lineStart := max(start, bytes.LastIndexByte(dst, '\n')+1)
		if len(dst)-lineStart+len(" <>")+len(angle) > headerLine {
			dst = append(dst, '\r', '\n')
		}
		dst = append(dst, ' ')
	}
	dst = append(append(append(dst, '<'), angle...), '>')
	return append(dst, "\r\n"...)
}

// appendPhrase appends a display name: plain words, a quoted-string, or
// encoded-words.
func appendPhrase(dst []byte, col int, s string) []byte {
	s = wholeCharacters(strings.Join(strings.Fields(s), " "))
	quoted := false
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || len(s) > headerLine-col-2 || strings.Contains(s, "=?") {
			return foldEncoded(dst, col, s)
		}
		quoted = quoted || !qSafe(c) && strings.IndexByte(" '_", c) < 0
	}
	if !quoted {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

// parseMailbox reads one of our own addresses, ASCII only: the house's mail
// must reach readers whose relay has no SMTPUTF8.
func parseMailbox(s string) (*mail.Address, error) {
	m, err := mail.ParseAddress(s)
	if err != nil {
		return nil, fmt.Errorf("is no mail address: %w", news.ErrInvalid)
	}
	at := strings.LastIndexByte(m.Address, '@')
	domain, err := idna.Lookup.ToASCII(m.Address[at+1:])
	if err != nil || !domainName(domain) || strings.ContainsFunc(m.Address[:at], notLocal) {
		return nil, fmt.Errorf("is no mail address we can send from: %w", news.ErrInvalid)
	}
	m.Address = m.Address[:at+1] + domain
	return m, nil
}

func notLocal(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", r))
}

// domainName reports whether s is a host name in A-labels. One label is
// enough, for tests and intranets.
func domainName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for _, label := range strings.Split(s, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-')
		}) {
			return false
		}
	}
	return true
}

// mustMailbox reads an address that check has passed.
func mustMailbox(s string) *mail.Address {
	m, err := parseMailbox(s)
	if err != nil {
		return &mail.Address{Address: s}
	}
	return m
}

// A head is the header of every copy in one language, without what is the
// reader's own and without what depends on the form.
type head struct {
	Fields  string // whole lines, all but Subject and the MIME fields
	Subject string // the whole field
}

// fixedHead is the head of an ordinary copy.
func (in *Input) fixedHead(v *view) head {
	h := &in.House
	b := h.appendSender(nil)
	b = appendDate(b, in.instant())
	b = appendNamed(b, "List-Id", h.Name, h.ListDomain)
	b = appendField(b, "List-Help", "<"+h.BaseURL+"/about>")
	b = appendField(b, "List-Subscribe", "<"+h.BaseURL+"/subscribe>")
	b = appendField(b, "List-Owner", "<mailto:"+mustMailbox(h.owner()).Address+">")
	b = appendField(b, "List-Archive", "<"+h.BaseURL+"/issues>")
	b = appendField(b, "Archived-At", "<"+v.IssueURL+">")
	b = in.appendBulk(b, h.ListDomain, h.Complaints)
	return head{string(b), string(appendText(nil, "Subject", v.Subject))}
}

// discreetHead is the head of a copy whose outside says nothing of what is in
// it: everything in it is of the neutral sender.
func (in *Input) discreetHead(v *view) head {
	h := in.House.Neutral
	b := h.appendSender(nil)
	b = appendDate(b, in.instant())
	b = appendNamed(b, "List-Id", h.Name, h.ListDomain)
	b = appendField(b, "List-Owner", "<mailto:"+mustMailbox(h.owner()).Address+">")
	b = in.appendBulk(b, h.ListDomain, h.Complaints)
	subject := v.Words.Say("discreet.subject", "date", v.Words.Date(in.instant().In(v.zone)))
	return head{string(b), string(appendText(nil, "Subject", subject))}
}

func (h *House) appendSender(dst []byte) []byte {
	dst = appendMailbox(dst, "From", mustMailbox(h.From))
	if h.ReplyTo != "" {
		dst = appendMailbox(dst, "Reply-To", mustMailbox(h.ReplyTo))
	}
	return dst
}

// appendBulk appends what says to machines that this is a list's mail.
func (in *Input) appendBulk(dst []byte, domain, complaints string) []byte {
	dst = appendField(dst, "Precedence", "bulk")
	dst = appendField(dst, "Feedback-ID", in.Issue.Name+":digest:"+domain)
	if complaints != "" {
		dst = appendField(dst, "CFBL-Address", mustMailbox(complaints).Address+"; report=arf")
	}
	return dst
}

func appendField(dst []byte, name, value string) []byte {
	return append(dst, name+": "+value+"\r\n"...)
}

func (h *House) owner() string {
	if h.Owner == "" {
		return h.From
	}
	return h.Owner
}

func appendDate(dst []byte, t time.Time) []byte {
	return append(t.UTC().AppendFormat(append(dst, "Date: "...), "Mon, 02 Jan 2006 15:04:05 +0000"), "\r\n"...)
}
