package analyze

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Span is a part of a text, in bytes.
type Span struct{ Start, End int }

// Sentences cuts a text into sentences, trimmed of white space. An empty line
// ends one; a full stop ends one unless it follows an initial, a common
// abbreviation or a number that goes on, or the next word begins small.
func Sentences(text string) []Span {
	var out []Span
	start := 0
	cut := func(end int) {
		if s, ok := trim(text, start, end); ok {
			out = append(out, s)
		}
		start = end
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		i += n
		switch r {
		case '。', '！', '？', '؟', '۔', '…':
			cut(closing(text, i))
		case '!', '?':
			if end := closing(text, i); end == len(text) || isSpaceAt(text, end) {
				cut(end)
			}
		case '.':
			if end := closing(text, i); endsSentence(text, start, i, end) {
				cut(end)
			}
		case '\n':
			if blankLineAt(text, i) {
				cut(i)
			}
		case '•', '\u2028', '\u2029':
			cut(i)
		}
		i = max(i, start)
	}
	cut(len(text))
	return out
}

func trim(text string, start, end int) (Span, bool) {
	s := text[start:end]
	left := len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
	s = strings.TrimSpace(s)
	return Span{start + left, start + left + len(s)}, s != ""
}

// closing moves past quotation marks and brackets that close with the sentence.
func closing(text string, i int) int {
	for i < len(text) {
		r, n := utf8.DecodeRuneInString(text[i:])
		if !strings.ContainsRune("\"'”’»)]』」.!?", r) {
			return i
		}
		i += n
	}
	return i
}

func isSpaceAt(text string, i int) bool {
	r, _ := utf8.DecodeRuneInString(text[i:])
	return unicode.IsSpace(r)
}

// blankLineAt reports whether the line that begins at i is empty.
func blankLineAt(text string, i int) bool {
	for ; i < len(text); i++ {
		switch text[i] {
		case '\n':
			return true
		case ' ', '\t', '\r':
		default:
			return false
		}
	}
	return false
}

// endsSentence decides about the full stop before i; what follows it begins
// at end.
func endsSentence(text string, start, i, end int) bool {
	if end < len(text) && !isSpaceAt(text, end) {
		return false
	}
	next := strings.TrimLeftFunc(text[end:], unicode.IsSpace)
	r, _ := utf8.DecodeRuneInString(next)
	if next != "" && unicode.IsLower(r) {
		return false
	}
	word := text[start : i-1]
	if at := strings.LastIndexFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && r != '.' }); at >= 0 {
		_, n := utf8.DecodeRuneInString(word[at:])
		word = word[at+n:]
	}
	if utf8.RuneCountInString(word) == 1 {
		first, _ := utf8.DecodeRuneInString(word)
		return !unicode.IsUpper(first) || next == ""
	}
	return !abbreviations[strings.ToLower(word)] || next == ""
}

// abbreviations that stand before a name or a number, so that their stop ends
// nothing.
var abbreviations = map[string]bool{}

func init() {
	const list = "mr mrs ms dr prof st gen col lt sgt capt rev hon sen rep gov no nos art arts para paras p pp vol fig ch sec vs cf approx " +
		"e.g i.e u.s u.n a.m p.m jan feb mar apr jun jul aug sep sept oct nov dec " +
		"m mm mme mlle mgr me av bd env sr sra srta dra ud uds núm pág ej lic ing dhr mevr drs ir nr blz bijv ca o.a d.w.z " +
		"г гг ул им т д др проф стр рис ст п пп см напр обл р"
	for w := range strings.FieldsSeq(list) {
		abbreviations[w] = true
	}
}
