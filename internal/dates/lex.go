package dates

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

type kind uint8

const (
	number kind = iota
	word
	mark // one character of punctuation
)

// A tok is one piece of a written date.
type tok struct {
	kind  kind
	n     int64  // of a number
	width int    // of a number: its digits
	text  string // of a word: lower case, no marks above or below letters
	char  byte   // of a mark
}

func (t tok) is(c byte) bool { return t.kind == mark && t.char == c }

// lex cuts a written date into numbers, words and marks; spaces only separate.
// It returns nil for what is too long to be a date.
func lex(s string) []tok {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxWritten {
		return nil
	}
	s = fold(s)
	toks := make([]tok, 0, 20)
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ':
			i++
		case c >= '0' && c <= '9':
			t, n := lexNumber(s[i:])
			toks = append(toks, t)
			i += n
		case c >= 'a' && c <= 'z' || c >= utf8.RuneSelf:
			t, n := lexWord(s[i:])
			if n == 0 { // some sign nobody writes in a date
				_, n = utf8.DecodeRuneInString(s[i:])
			} else {
				toks = append(toks, t)
			}
			i += n
		default:
			toks = append(toks, tok{kind: mark, char: c})
			i++
		}
	}
	return toks
}

func lexNumber(s string) (tok, int) {
	t := tok{kind: number}
	for t.width < len(s) && s[t.width] >= '0' && s[t.width] <= '9' {
		if t.width < 18 {
			t.n = t.n*10 + int64(s[t.width]-'0')
		}
		t.width++
	}
	return t, t.width
}

// lexWord takes a run of letters. A Chinese character is a word by itself,
// and Chinese numerals before the sign of a date part are a number.
func lexWord(s string) (tok, int) {
	r, n := utf8.DecodeRuneInString(s)
	if unicode.Is(unicode.Han, r) {
		if t, n := lexHanNumber(s); n > 0 {
			return t, n
		}
		return tok{kind: word, text: s[:n]}, n
	}
	end := 0
	for end < len(s) {
		r, n := utf8.DecodeRuneInString(s[end:])
		if !unicode.IsLetter(r) || unicode.Is(unicode.Han, r) {
			break
		}
		end += n
	}
	return tok{kind: word, text: s[:end]}, end
}

const hanDigits = "〇一二三四五六七八九"

// lexHanNumber reads 二〇二一 and 二十一 where a sign of a date part follows.
func lexHanNumber(s string) (tok, int) {
	t := tok{kind: number}
	end, ten := 0, false
	for end < len(s) {
		r, n := utf8.DecodeRuneInString(s[end:])
		if r == '零' {
			r = '〇'
		}
		d := strings.IndexRune(hanDigits, r)
		switch {
		case r == '十' && !ten:
			t.n, ten = max(t.n, 1)*10, true
		case d >= 0 && ten:
			t.n += int64(d / 3)
		case d >= 0:
			t.n = t.n*10 + int64(d/3)
		default:
			if t.width == 0 || partSign(s[end:end+n]) == 0 {
				return tok{}, 0
			}
			return t, end
		}
		t.width++
		end += n
	}
	return tok{}, 0
}

// partSign tells what the sign after a number says the number is: y, o(month),
// d, h, m, s; 0 for none.
func partSign(w string) byte {
	switch w {
	case "年", "년":
		return 'y'
	case "月", "월":
		return 'o'
	case "日", "号", "號", "일":
		return 'd'
	case "时", "時", "点", "點", "시":
		return 'h'
	case "分", "분":
		return 'm'
	case "秒", "초":
		return 's'
	}
	return 0
}

// fold lowers case, drops marks on letters and invisible signs, makes all
// digits ASCII and all spaces one.
func fold(s string) string {
	ascii := true
	lower := true
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			ascii = false
			break
		}
		if c >= 'A' && c <= 'Z' || c < ' ' {
			lower = false
		}
	}
	if ascii && lower {
		return s
	}
	if ascii {
		return strings.Map(foldRune, s)
	}
	return norm.NFC.String(strings.Map(foldRune, norm.NFD.String(s)))
}

func foldRune(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		if r < ' ' {
			return ' '
		}
		return unicode.ToLower(r)
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r):
		return -1
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsDigit(r):
		return '0' + digitValue(r)
	}
	if to, ok := sameSign[r]; ok {
		return to
	}
	return unicode.ToLower(r)
}

// digitValue is the value of a decimal digit of any script: each script keeps
// its ten digits in a row.
func digitValue(r rune) rune {
	zero := r
	for n := 0; n < 9 && unicode.IsDigit(zero-1); n++ {
		zero--
	}
	return (r - zero) % 10
}

// sameSign maps letters and signs that writers use for one another.
var sameSign = map[rune]rune{
	'ı': 'i', 'ي': 'ی', 'ى': 'ی', 'ك': 'ک', 'ة': 'ه', 'ـ': -1,
	'−': '-', '–': '-', '—': '-', '‐': '-', '‑': '-', '／': '/', '．': '.', '：': ':', '，': ',', '、': ',', '،': ',',
	'’': '\'', '‘': '\'', 'º': -1, 'ª': -1, '°': -1,
}
