// Package cluster says whether two items tell one story, with the reason. It
// joins only what is safe to join without a person: the same page, or the same
// text under titles that do not contradict each other. It keeps nothing and
// decides nothing; where an item goes is package ingest's step.
package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/ifhhro/rightsdesk/internal/analyze"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// enough is how much text must be equal before its being equal says anything:
// letters and digits, where a Han character counts for three. "Please refer to
// the attached file" and its like stay below.
const enough = 200

// Fingerprint is equal for texts with the same words; it is empty for a text
// that is too short to say anything.
func Fingerprint(text string) string {
	words := analyze.Fold(text)
	weight := 0
	for _, r := range words {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
			weight += 3
		case r != ' ':
			weight++
		}
	}
	if weight < enough {
		return ""
	}
	sum := sha256.Sum256([]byte(words))
	return hex.EncodeToString(sum[:16])
}

// Same reports whether a and b are one text, and why.
func Same(a, b *news.Item) (why string, same bool) {
	switch {
	case a.Canonical != "" && a.Canonical == b.Canonical && isPage(a.Canonical) && (a.Source != b.Source || titles(a, b)):
		return "the same address", true
	case a.Fingerprint != "" && a.Fingerprint == b.Fingerprint && titles(a, b):
		return "the same text", true
	}
	return "", false
}

// isPage reports whether an address names one page: a site's front page is
// where everything and nothing stands.
func isPage(canonical string) bool {
	u, err := url.Parse(canonical)
	return err == nil && (strings.Trim(u.Path, "/") != "" || u.RawQuery != "")
}

// titles reports whether two titles can head one text. One may say more than
// the other ("Ukraine: …", "… [EN/RU]"), but they must not say different
// things, and their numbers must be the same: report 20 is not report 19.
func titles(a, b *news.Item) bool {
	short, long := words(a.Title), words(b.Title)
	if len(short) > len(long) {
		short, long = long, short
	}
	for _, w := range short {
		if !slices.Contains(long, w) {
			return false
		}
	}
	for _, w := range long {
		if strings.ContainsFunc(w, unicode.IsDigit) && !slices.Contains(short, w) {
			return false
		}
	}
	return true
}

// words are the words of a title without what a publisher puts in brackets at
// its end: languages, mostly.
func words(title string) []string {
	title = strings.TrimSpace(title)
	if i := strings.LastIndexByte(title, '['); i > 0 && strings.HasSuffix(title, "]") {
		title = title[:i]
	}
	return strings.Fields(analyze.Fold(title))
}
