package news

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const maxSlugRunes = 60

// Slugify turns a headline into the last part of an address: lower case,
// letters and digits of any script, single hyphens, at most 60 characters cut
// at a word. A headline without letters gives "story".
func Slugify(headline string) string {
	var b strings.Builder
	n, gap := 0, false
	for _, r := range norm.NFKD.String(headline) {
		switch {
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
			// An accent or an apostrophe is no end of a word.
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if n >= maxSlugRunes {
				return strings.Trim(cutWord(b.String()), "-")
			}
			if gap && n > 0 {
				b.WriteByte('-')
				n++
			}
			gap = false
			b.WriteRune(unicode.ToLower(r))
			n++
		default:
			gap = true
		}
	}
	if n == 0 {
		return "story"
	}
	return norm.NFC.String(b.String())
}

func cutWord(s string) string {
	if i := strings.LastIndexByte(s, '-'); i > len(s)/2 {
		s = s[:i]
	}
	return norm.NFC.String(s)
}
