package parse

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// maxReference is the longest name of an entity worth looking up, in bytes.
const maxReference = 40

// maxExpanded is how much text all declared entities of a document together may
// give, in bytes.
const maxExpanded = 1 << 20

// decode replaces character references and entities: XML's five, those the
// document declares and, because feeds use them undeclared, HTML's. What is no
// reference stays as it is.
func (sc *scanner) decode(s string) string {
	amp := strings.IndexByte(s, '&')
	if amp < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for amp >= 0 {
		b.WriteString(s[:amp])
		s = s[amp:]
		used := sc.reference(&b, s)
		if used == 0 {
			sc.damage |= damagedAmpersand
			b.WriteByte('&')
			used = 1
		}
		s = s[used:]
		amp = strings.IndexByte(s, '&')
	}
	b.WriteString(s)
	return b.String()
}

// reference writes what the reference at the head of s stands for and returns
// its length, 0 if there is none.
func (sc *scanner) reference(b *strings.Builder, s string) int {
	end := strings.IndexByte(s[:min(len(s), maxReference)], ';')
	if end < 2 {
		return 0
	}
	name := s[1:end]
	if name[0] == '#' {
		return writeNumber(b, s, name[1:], end+1)
	}
	for i := range len(name) {
		if !isName(name[i]) {
			return 0
		}
	}
	switch name {
	case "amp":
		b.WriteByte('&')
	case "lt":
		b.WriteByte('<')
	case "gt":
		b.WriteByte('>')
	case "quot":
		b.WriteByte('"')
	case "apos":
		b.WriteByte('\'')
	default:
		return sc.named(b, s[:end+1], name)
	}
	return end + 1
}

func (sc *scanner) named(b *strings.Builder, whole, name string) int {
	if v, ok := sc.entities[name]; ok {
		if sc.expanded += len(v); sc.expanded > maxExpanded {
			v = whole
		}
		b.WriteString(v)
		return len(whole)
	}
	v := html.UnescapeString(whole)
	if v == whole || strings.HasSuffix(v, ";") {
		if !sc.doctype {
			sc.damage |= damagedEntity
		}
		b.WriteString(whole)
		return len(whole)
	}
	if !sc.doctype {
		sc.damage |= damagedEntity
	}
	b.WriteString(v)
	return len(whole)
}

// writeNumber writes the character of a numeric reference. Numbers of the C1
// block mean windows-1252, as in HTML, and two surrogates in a row are one
// character.
func writeNumber(b *strings.Builder, s, digits string, used int) int {
	base := 10
	if digits != "" && (digits[0] == 'x' || digits[0] == 'X') {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil {
		return 0
	}
	r := rune(n)
	switch {
	case n >= 0xD800 && n < 0xDC00:
		if low, more := lowSurrogate(s[used:]); more > 0 {
			b.WriteRune(0x10000 + (r-0xD800)<<10 + (low - 0xDC00))
			return used + more
		}
		r = utf8.RuneError
	case n >= 0x80 && n < 0xA0:
		r = charmap.Windows1252.DecodeByte(byte(n))
	case n < ' ' && n != '\t' && n != '\n' && n != '\r':
		return used
	case n > utf8.MaxRune || !utf8.ValidRune(r):
		r = utf8.RuneError
	}
	b.WriteRune(r)
	return used
}

// lowSurrogate reads a reference to the second half of a character.
func lowSurrogate(s string) (rune, int) {
	end := strings.IndexByte(s[:min(len(s), 12)], ';')
	if end < 4 || s[:2] != "&#" {
		return 0, 0
	}
	digits, base := s[2:end], 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n < 0xDC00 || n > 0xDFFF {
		return 0, 0
	}
	return rune(n), end + 1
}
