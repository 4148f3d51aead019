package desk

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ifhhro/rightsdesk/internal/analyze"
)

// A part is a piece of a text, marked or not.
type part struct {
	Text string
	Mark bool
}

// mark cuts a text into parts so that every phrase that stands in it, whatever
// its case, is marked. Words that only contain a phrase are not.
func mark(text string, phrases []string) []part {
	text = strings.ToValidUTF8(text, "\uFFFD")
	var spans []span
	lower := foldSame(text)
	for _, phrase := range phrases {
		phrase = foldSame(strings.TrimSpace(phrase))
		if utf8.RuneCountInString(phrase) < 2 {
			continue
		}
		for at := 0; ; {
			i := strings.Index(lower[at:], phrase)
			if i < 0 {
				break
			}
			from, to := at+i, at+i+len(phrase)
			if wordEdge(lower, from) && wordEdge(lower, to) {
				spans = append(spans, span{from, to})
			}
			at = to
		}
	}
	return cut(text, spans)
}

// markHits cuts a text into parts so that the words of a search are marked.
// Each group of words holds the forms one word was searched in.
func markHits(text, language string, groups [][]string) []part {
	wanted := map[string]bool{}
	for _, group := range groups {
		for _, term := range group {
			wanted[term] = true
		}
	}
	var spans []span
	tokens := analyze.Tokens(text, language)
	for i, t := range tokens {
		if wanted[t.Fold] || wanted[t.Stem] || wanted[t.Bare] {
			spans = append(spans, span{t.Start, t.End})
		}
		if next := i + 1; t.Char && next < len(tokens) && tokens[next].Char && wanted[t.Fold+tokens[next].Fold] {
			spans = append(spans, span{t.Start, tokens[next].End})
		}
	}
	return cut(text, spans)
}

// A span is a part of a text, in bytes.
type span struct{ from, to int }

// cut cuts a text at the spans, which may overlap, and marks what is inside.
func cut(text string, spans []span) []part {
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	var merged []span
	for _, sp := range spans {
		if n := len(merged) - 1; n >= 0 && sp.from < merged[n].to {
			merged[n].to = max(merged[n].to, sp.to)
		} else {
			merged = append(merged, sp)
		}
	}
	var parts []part
	end := 0
	for _, sp := range merged {
		if sp.from > end {
			parts = append(parts, part{Text: text[end:sp.from]})
		}
		parts = append(parts, part{text[sp.from:sp.to], true})
		end = sp.to
	}
	if end < len(text) {
		parts = append(parts, part{Text: text[end:]})
	}
	return parts
}

// foldSame lowers the letters whose lower case is as long, so that positions
// stay those of the text.
func foldSame(s string) string {
	return strings.Map(func(r rune) rune {
		if l := unicode.ToLower(r); utf8.RuneLen(l) == utf8.RuneLen(r) {
			return l
		}
		return r
	}, s)
}

// wordEdge reports whether no word goes through position i of s. Scripts that
// are written without blanks have edges everywhere.
func wordEdge(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[i:])
	inWord := func(r rune) bool {
		return (unicode.IsLetter(r) || unicode.IsDigit(r)) && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
	}
	return !inWord(before) || !inWord(after)
}
