package compose

import (
	"encoding/base64"
	"unicode/utf8"
)

// The two transfer encodings of a part (RFC 2045 §6).
const (
	quotedPrintable = "quoted-printable"
	base64Encoding  = "base64"
)

// lineOctets is the longest encoded line without its CRLF.
const lineOctets = 76

// appendEncoded appends src, whose lines end in CRLF, in a transfer encoding.
func appendEncoded(dst, src []byte, encoding string) []byte {
	if encoding == base64Encoding {
		return appendBase64(dst, src)
	}
	return appendQP(dst, src)
}

// appendBase64 appends src in lines of 76 characters. What it appends can be
// followed by more base64 if len(src) is a multiple of three.
func appendBase64(dst, src []byte) []byte {
	const perLine = lineOctets / 4 * 3
	for len(src) > 0 {
		n := min(perLine, len(src))
		dst = base64.StdEncoding.AppendEncode(dst, src[:n])
		dst = append(dst, '\r', '\n')
		src = src[n:]
	}
	return dst
}

const upperHex = "0123456789ABCDEF"

// appendQP appends src as quoted-printable. No line of it is a lone dot or
// begins with "From ", which some relays change; no character is split over
// two lines. It can be followed by more if src ends a line.
func appendQP(dst, src []byte) []byte {
	col := 0
	for i := 0; i < len(src); {
		if src[i] == '\r' && i+1 < len(src) && src[i+1] == '\n' {
			dst = append(dst, '\r', '\n')
			col, i = 0, i+2
			continue
		}
		n := 1
		if src[i] >= utf8.RuneSelf {
			_, n = utf8.DecodeRune(src[i:])
		}
		atEnd := i+n == len(src) || src[i+n] == '\r'
		plain := n == 1 && qpPlain(src[i:], col, atEnd)
		width := 3 * n
		if plain {
			width = 1
		}
		if room := lineOctets; col+width > room || col+width == room && !atEnd {
			dst = append(dst, '=', '\r', '\n')
			col = 0
			plain = n == 1 && qpPlain(src[i:], 0, atEnd)
			if width = 3 * n; plain {
				width = 1
			}
		}
		if plain {
			dst = append(dst, src[i])
		} else {
			for _, c := range src[i : i+n] {
				dst = append(dst, '=', upperHex[c>>4], upperHex[c&15])
			}
		}
		col += width
		i += n
	}
	if col > 0 && (len(src) < 2 || src[len(src)-1] != '\n') {
		dst = append(dst, '=', '\r', '\n')
	}
	return dst
}

// qpPlain reports whether the first byte of s may stand for itself.
func qpPlain(s []byte, col int, atEnd bool) bool {
	switch c := s[0]; {
	case c == '=' || c > '~':
		return false
	case c == ' ' || c == '\t':
		return !atEnd
	case c < ' ':
		return false
	case col == 0 && c == '.':
		return false
	case col == 0 && c == 'F' && len(s) >= 5 && string(s[:5]) == "From ":
		return false
	}
	return true
}
