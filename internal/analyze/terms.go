package analyze

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A Token is one word of a text, or one character where words are not parted
// by spaces (Chinese, Japanese, Thai and their neighbours).
type Token struct {
	Start, End int    // bytes of the text it was read from
	Fold       string // NFKC, lower case, marks stripped, letter forms unified
	Stem       string // Fold cut to its stem in the language asked for; equal to Fold where there is none
	Bare       string // the stem of Fold: what the word is cut to when it is typed without its marks
	Char       bool   // one character of a script without spaces
}

// Tokens cuts a text into its words. The language (BCP 47) chooses the
// stemmer and nothing else; an unknown or empty one leaves words unstemmed.
func Tokens(text, language string) []Token {
	st := stemmerOf(language)
	out := make([]Token, 0, len(text)/6+1)
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case isChar(r):
			end := i + n
			for end < len(text) { // marks stay with the character before them
				m, k := utf8.DecodeRuneInString(text[end:])
				if !unicode.Is(unicode.Mn, m) {
					break
				}
				end += k
			}
			c := foldChar(text[i:end])
			out = append(out, Token{i, end, c, c, c, true})
			i = end
		case isWord(r):
			end := i + n
			for end < len(text) {
				c, k := utf8.DecodeRuneInString(text[end:])
				if !isInner(c) || isChar(c) {
					break
				}
				end += k
			}
			if t, ok := wordToken(text[i:end], st); ok {
				t.Start, t.End = i, end
				out = append(out, t)
			}
			i = end
		default:
			i += n
		}
	}
	return out
}

// Terms returns what a full-text index keeps of a text, in the order of the
// text: every word folded, its stem beside it where that differs, with its marks
// and without, and pairs of
// neighbouring characters where a script has no spaces (a lone character
// stands by itself). What it returns holds no spaces.
func Terms(text, language string) []string {
	toks := Tokens(text, language)
	out := make([]string, 0, len(toks)+len(toks)/2)
	for i, t := range toks {
		if t.Char {
			out = appendPairs(out, toks, i)
			continue
		}
		out = append(out, t.Fold)
		if t.Stem != t.Fold {
			out = append(out, t.Stem)
		}
		if t.Bare != t.Stem && t.Bare != t.Fold {
			out = append(out, t.Bare)
		}
	}
	return out
}

// Query returns what a reader's words must find: each group is one word, and
// any term of the group will do. Without a language the stems of every
// language we stem in the word's script stand in the group.
func Query(words, language string) [][]string {
	toks := Tokens(words, language)
	var out [][]string
	for i, t := range toks {
		if t.Char {
			for _, pair := range appendPairs(nil, toks, i) {
				out = append(out, []string{pair})
			}
			continue
		}
		group := []string{t.Fold}
		for _, stem := range stemsOf(words[t.Start:t.End], t, language) {
			if !slices.Contains(group, stem) {
				group = append(group, stem)
			}
		}
		out = append(out, group)
	}
	return out
}

func stemsOf(word string, t Token, language string) []string {
	if stemmerOf(language) != nil {
		return []string{t.Stem, t.Bare}
	}
	var out []string
	for _, l := range stemmed {
		if st, ok := wordToken(word, stemmerOf(l)); ok {
			out = append(out, st.Stem, st.Bare)
		}
	}
	return out
}

// appendPairs adds the pair that character i makes with the one before it; a
// character with neighbours on neither side stands alone.
func appendPairs(out []string, toks []Token, i int) []string {
	t := toks[i]
	before := i > 0 && toks[i-1].Char && toks[i-1].End == t.Start
	after := i+1 < len(toks) && toks[i+1].Char && toks[i+1].Start == t.End
	switch {
	case before:
		return append(out, toks[i-1].Fold+t.Fold)
	case !after:
		return append(out, t.Fold)
	}
	return out
}

// wordToken folds and stems one word. A word of marks alone is no word.
func wordToken(word string, st stemmer) (Token, bool) {
	plain := lower(word)
	if plain == "" {
		return Token{}, false
	}
	t := Token{Fold: unify(plain)}
	t.Stem = t.Fold
	if st != nil && t.Fold != "" {
		t.Stem = unify(st(plain))
		if t.Stem == "" {
			t.Stem = t.Fold
		}
	}
	t.Bare = t.Stem
	if st != nil && isASCII(t.Fold) && !isASCII(plain) {
		t.Bare = cmp.Or(st(t.Fold), t.Fold)
	}
	return t, t.Fold != ""
}

// Fold returns a word or phrase as Tokens would fold it, words parted by one
// space.
func Fold(text string) string {
	var b strings.Builder
	for i, t := range Tokens(text, "") {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.Fold)
	}
	return b.String()
}

// lower brings a word to NFKC and lower case and drops what is invisible:
// soft hyphens, joiners, the Arabic stretching stroke.
func lower(word string) string {
	if isLowerASCII(word) {
		return word
	}
	if isASCII(word) {
		return strings.ToLower(word)
	}
	word = norm.NFKC.String(word)
	return strings.Map(func(r rune) rune {
		if isInvisible(r) || r == 'ـ' {
			return -1
		}
		return unicode.ToLower(r)
	}, word)
}

// unify strips the marks of scripts that read without them and brings the
// letter forms of Arabic and Persian, ё, ß and their like to one.
func unify(word string) string {
	if isASCII(word) {
		return word
	}
	var b strings.Builder
	b.Grow(len(word))
	for _, r := range norm.NFD.String(word) {
		if unicode.Is(unicode.Mn, r) && strippable(r) {
			continue
		}
		if s, ok := letterForms[r]; ok {
			b.WriteString(s)
			continue
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}

// letterForms are letters that writers exchange freely.
var letterForms = map[rune]string{
	'ٱ': "ا", 'ى': "ي", 'ی': "ي", 'ې': "ي", 'ة': "ه", 'ۀ': "ه", 'ک': "ك", 'ہ': "ه",
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ı': "i", 'ς': "σ",
	'٠': "0", '١': "1", '٢': "2", '٣': "3", '٤': "4", '٥': "5", '٦': "6", '٧': "7", '٨': "8", '٩': "9",
	'۰': "0", '۱': "1", '۲': "2", '۳': "3", '۴': "4", '۵': "5", '۶': "6", '۷': "7", '۸': "8", '۹': "9",
}

// strippable reports whether a mark belongs to a script that is read without
// its marks; in Indic scripts the vowels are marks.
func strippable(r rune) bool {
	return r >= 0x300 && r <= 0x36f || r >= 0x591 && r <= 0x5c7 || r >= 0x610 && r <= 0x61a ||
		r >= 0x64b && r <= 0x65f || r == 0x670 || r >= 0x6d6 && r <= 0x6ed || r >= 0x8d3 && r <= 0x8ff
}

func foldChar(c string) string {
	c = norm.NFKC.String(c)
	if s, ok := traditional[c]; ok {
		return s
	}
	return c
}

// isChar: scripts that part no words.
func isChar(r rune) bool {
	if r < 0xe00 {
		return false
	}
	return r >= 0x4e00 && r <= 0x9fff || r >= 0x3400 && r <= 0x4dbf || r >= 0x20000 && r <= 0x3ffff ||
		r >= 0xf900 && r <= 0xfaff || r >= 0x3040 && r <= 0x30ff || r >= 0xac00 && r <= 0xd7a3 ||
		unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) && unicode.IsLetter(r)
}

func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

func isInner(r rune) bool {
	if r < utf8.RuneSelf {
		return isWord(r)
	}
	return isWord(r) || unicode.IsMark(r) || isInvisible(r)
}

func isInvisible(r rune) bool {
	return r == 0xad || r >= 0x200b && r <= 0x200f || r == 0x2060 || r == 0xfeff
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isLowerASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf || s[i] >= 'A' && s[i] <= 'Z' {
			return false
		}
	}
	return true
}
