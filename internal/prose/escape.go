package prose

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// EscapeMarkdown writes plain text as Markdown that means just that text, for
// a publisher's words that a curator may go on writing in. It marks no more
// than it must: an underscore inside a word, a dash inside a line stay as they
// are.
func EscapeMarkdown(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		line = strings.TrimSpace(line)
		mark := lineMark(line)
		lines[i] = escapeInline(line[:mark]) + `\` + escapeInline(line[mark:])
		if mark == len(line) {
			lines[i] = escapeInline(line)
		}
	}
	return strings.Join(lines, "\n")
}

// lineMark is where the character stands that would make a line a heading, a
// list, a quotation or a rule; the length of the line if there is none.
func lineMark(line string) int {
	rest := strings.TrimLeft(line, "0123456789")
	if digits := len(line) - len(rest); digits > 0 {
		if digits <= 9 && rest != "" && (rest[0] == '.' || rest[0] == ')') && (len(rest) == 1 || rest[1] == ' ') {
			return digits
		}
		return len(line)
	}
	if line != "" && strings.ContainsRune("#-+>=", rune(line[0])) {
		return 0
	}
	return len(line)
}

// escapeInline marks what would be emphasis, code, a link, a tag or an entity.
func escapeInline(s string) string {
	var b strings.Builder
	var last rune
	for i, r := range s {
		next, _ := utf8.DecodeRuneInString(s[i+utf8.RuneLen(max(r, 0)):])
		switch r {
		case '\\', '`', '*', '[', ']', '<', '~', '|':
			b.WriteByte('\\')
		case '_':
			if !isWord(last) || !isWord(next) {
				b.WriteByte('\\')
			}
		case '&':
			if next == '#' || unicode.IsLetter(next) {
				b.WriteByte('\\')
			}
		}
		b.WriteRune(r)
		last = r
	}
	return b.String()
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
