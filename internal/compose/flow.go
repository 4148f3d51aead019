package compose

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// flowWidth is where text lines are broken softly (RFC 3676 §4.2).
const flowWidth = 72

var manyBlankLines = regexp.MustCompile(`\n{4,}`)

// textLines makes a piece of text format=flowed: long lines are broken softly,
// what could be taken for a quotation or a mailbox separator is stuffed, lines
// end in CRLF.
func textLines(s string, delSp bool) []byte {
	s = strings.TrimLeft(manyBlankLines.ReplaceAllString(wholeCharacters(s), "\n\n\n"), "\n")
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		flow(&b, strings.TrimRight(line, " \t\r"), delSp)
	}
	return []byte(b.String())
}

// flow writes one line of any length.
func flow(b *strings.Builder, line string, delSp bool) {
	quote := line[:len(line)-len(strings.TrimLeft(line, "> "))]
	if strings.HasPrefix(quote, ">") {
		line = line[len(quote):]
		quote = strings.Repeat(">", strings.Count(quote, ">")) + " "
	} else {
		quote = ""
	}
	for {
		head, rest := breakLine(line, flowWidth-len(quote), delSp)
		b.WriteString(quote)
		if quote == "" && (strings.HasPrefix(head, " ") || strings.HasPrefix(head, ">") || strings.HasPrefix(head, "From ")) {
			b.WriteByte(' ')
		}
		b.WriteString(head)
		if rest == "" {
			b.WriteString("\r\n")
			return
		}
		b.WriteString(" \r\n")
		line = rest
	}
}

// breakLine cuts a line that is too wide at its last blank, or between two
// characters of a script that has none where delSp says the soft break's blank
// will be taken out again. The head lacks only the blank of the soft break.
func breakLine(s string, width int, delSp bool) (head, rest string) {
	col, at, skip := 0, 0, 0
	var before rune
	for i, r := range s {
		if delSp && i > 0 && isWide(r) && isWide(before) && !closes(r) {
			at, skip = i, i
		}
		if r == ' ' && i > 0 {
			at, skip = i, i+1
		}
		if col += runeWidth(r); col > width && at > 0 {
			break
		}
		before = r
	}
	if col <= width || at == 0 || strings.TrimSpace(s[skip:]) == "" {
		return s, ""
	}
	if delSp && skip > at {
		return s[:at] + " ", s[skip:]
	}
	return s[:at], s[skip:]
}

// joinsWithoutBlanks reports whether a language writes its words together.
func joinsWithoutBlanks(lang string) bool {
	return strings.HasPrefix(lang, "zh") || strings.HasPrefix(lang, "ja")
}

func isWide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r >= 0x3000 && r <= 0x303f || r >= 0xff01 && r <= 0xff60
}

// closes reports whether a line may not begin with r.
func closes(r rune) bool {
	return strings.ContainsRune("，。、；：？！）》」』】”’", r)
}

func runeWidth(r rune) int {
	switch {
	case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
		return 0
	case isWide(r):
		return 2
	}
	return 1
}

// underline is the line under a heading.
func underline(s string) string {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return strings.Repeat("-", min(max(n, 3), flowWidth, 4*utf8.RuneCountInString(s)+3))
}
