// Package prose turns what people wrote into what we may show: the one HTML
// allow-list every foreign text goes through, HTML to plain text, Markdown of
// our own commentary to HTML and to plain text. It knows nothing of feeds,
// items or mails, fetches nothing, and never fails: what cannot be kept as
// markup is kept as text.
package prose

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Cut returns s, or its longest beginning of at most limit bytes that ends
// between two graphemes, so that no letter loses its accent.
func Cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	// A grapheme is settled by what follows it, so the cluster at the limit is
	// looked at whole, from a safe place a little before it.
	start := max(0, limit-512)
	for start > 0 && s[start] > ' ' {
		start--
	}
	if limit-start > 4096 {
		start = limit - 4096
		for start < limit && !utf8.RuneStart(s[start]) {
			start++
		}
	}
	end, state := start, -1
	rest := s[start:min(len(s), limit+4096)]
	for rest != "" {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if end+len(cluster) > limit {
			break
		}
		end += len(cluster)
	}
	return s[:end]
}

// invisible reports characters that show nothing and only hide things: control
// characters, soft hyphens, zero-width spaces, byte order marks, bidirectional
// embeddings, overrides and isolates (our pages isolate by element), and code
// points that are no characters. Joiners and directional marks stay: Persian,
// Hindi and emoji need the first, mixed lines the second.
func invisible(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x20, r >= 0x7F && r < 0xA0, r == 0xAD, r == 0x180E:
		return true
	case r == 0x200B, r == 0xFEFF, r >= 0x2060 && r <= 0x206F, r >= 0x202A && r <= 0x202E:
		return true
	case r >= 0xFFF9 && r <= 0xFFFC, r >= 0xFDD0 && r <= 0xFDEF, r&0xFFFE == 0xFFFE, r == 0x34F:
		return true
	}
	return false
}

// visible drops what invisible names and makes a line of every other kind of
// line break. What is not UTF-8 becomes U+FFFD.
func visible(s string) string {
	if isPlainASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == 0x85 || r == 0x2028 || r == 0x2029 || r == '\v' || r == '\f':
			return '\n'
		case invisible(r):
			return -1
		}
		return r
	}, strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n"))
}

func isPlainASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 0x7F || c < 0x20 && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// squeeze makes one space of every run of white space.
func squeeze(s string) string {
	return strings.Join(strings.FieldsFunc(s, unicode.IsSpace), " ")
}
