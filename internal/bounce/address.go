package bounce

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxAddress is the longest address there is (RFC 5321, 4.5.3.1.3).
const maxAddress = 254

// A span is an address and where it stands in a text.
type span struct {
	address    string
	start, end int
}

// findAddresses lists the addresses in a text, in its order.
func findAddresses(s string, limit int) []span {
	var out []span
	for pos := 0; pos < len(s) && len(out) < limit; {
		at := strings.IndexByte(s[pos:], '@')
		if at < 0 {
			break
		}
		at += pos
		start := localStart(s, at, pos)
		end := domainEnd(s, at+1)
		a := s[start:at] + "@" + s[at+1:end]
		if start < at && strings.Contains(s[at+1:end], ".") && len(a) <= maxAddress {
			out = append(out, span{a, start, end})
		}
		pos = max(end, at+1)
	}
	return out
}

// localStart goes back from the at sign over what a local part may hold, not
// before floor.
func localStart(s string, at, floor int) int {
	if at > floor && s[at-1] == '"' {
		if q := strings.LastIndexByte(s[floor:at-1], '"'); q >= 0 && at-q-floor < 70 {
			return q + floor
		}
	}
	start := at
	for start > floor && at-start < 200 {
		r, n := utf8.DecodeLastRuneInString(s[floor:start])
		if !isLocal(r) {
			break
		}
		start -= n
	}
	for start < at && strings.IndexByte("'.=/*`{|", s[start]) >= 0 {
		start++
	}
	return start
}

func isLocal(r rune) bool {
	return r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r)) ||
		r >= 0x80 && r != utf8.RuneError && unicode.In(r, unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Arabic, unicode.Devanagari) && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

func domainEnd(s string, start int) int {
	end := start
	for end < len(s) && end-start < maxAddress {
		r, n := utf8.DecodeRuneInString(s[end:])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '.' || r >= 0x80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
			break
		}
		end += n
	}
	for end > start && (s[end-1] == '.' || s[end-1] == '-') {
		end--
	}
	return end
}

// firstAddress is the first address in a header value, or "".
func firstAddress(v string) string {
	if found := findAddresses(v, 1); len(found) > 0 {
		return found[0].address
	}
	return ""
}

// isRobot tells the addresses under which mail systems themselves write.
func isRobot(address string) bool {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	switch local {
	case "mailer-daemon", "postmaster", "mailerdaemon", "mail-daemon", "mdaemon", "postmast", "double-bounce", "mailer_daemon", "maildelivery", "mailadmin", "mail-deamon", "mailer-deamon":
		return true
	}
	return strings.HasPrefix(local, "mailer-daemon") || strings.HasPrefix(local, "microsoftexchange") || strings.HasPrefix(local, "postmaster")
}
