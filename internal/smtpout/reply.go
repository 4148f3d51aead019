package smtpout

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits on one reply. A server that exceeds them is cut off.
const (
	maxReplyBytes = 1 << 20
	maxReplyLines = 500
	maxReplyText  = 500 // runes kept
)

// An answer is one reply as read, with the lines after the first for EHLO.
type answer struct {
	code  int
	lines []string // without code and separator
}

var errLongReply = errors.New("the reply is longer than a server may talk")

// readAnswer reads one reply of one or more lines.
func readAnswer(r *bufio.Reader) (answer, error) {
	var a answer
	for left := maxReplyBytes; ; {
		line, n, err := readLine(r, left)
		if err != nil {
			return a, err
		}
		left -= n
		code, text, more, ok := splitLine(line)
		if !ok || a.code != 0 && code != a.code {
			return a, fmt.Errorf("the server answers with what is no SMTP reply: %q", bounded(line))
		}
		a.code = code
		a.lines = append(a.lines, text)
		if !more {
			return a, nil
		}
		if len(a.lines) == maxReplyLines {
			return a, errLongReply
		}
	}
}

// readLine returns a line without its end, cut to what we would keep, and how
// many bytes it took.
func readLine(r *bufio.Reader, left int) (string, int, error) {
	var kept []byte
	for n := 0; ; {
		part, err := r.ReadSlice('\n')
		n += len(part)
		if room := 4*maxReplyText - len(kept); room > 0 {
			kept = append(kept, part[:min(room, len(part))]...)
		}
		switch {
		case n > left:
			return "", n, errLongReply
		case err == nil:
			return strings.TrimRight(string(kept), "\r\n"), n, nil
		case errors.Is(err, io.EOF) && n == 0:
			return "", 0, io.EOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", n, err
		}
	}
}

func splitLine(s string) (code int, text string, more, ok bool) {
	if len(s) < 3 || s[0] < '2' || s[0] > '5' || s[1] < '0' || s[1] > '9' || s[2] < '0' || s[2] > '9' {
		return 0, "", false, false
	}
	code = int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0')
	if len(s) == 3 {
		return code, "", false, true
	}
	if s[3] != ' ' && s[3] != '-' {
		return 0, "", false, false
	}
	return code, s[4:], s[3] == '-', true
}

var enhancedCode = regexp.MustCompile(`^([245]\.\d{1,3}\.\d{1,3})(?:[ \t]+|$)`)

// reply makes the answer to a stage fit for the books. The recipient is
// redacted even where the server writes it in a form of its own.
func (a answer) reply(stage Stage, to string) Reply {
	r := Reply{Stage: stage, Code: a.code}
	lines := make([]string, len(a.lines))
	for i, l := range a.lines {
		if m := enhancedCode.FindStringSubmatch(l); m != nil {
			if r.Enhanced == "" && m[1][0] == '0'+byte(a.code/100) {
				r.Enhanced = m[1]
			}
			l = l[len(m[0]):]
		}
		lines[i] = l
	}
	r.Text = clean(strings.Join(lines, " "), to)
	return r
}

// An address, also as VERP (=), percent and xtext encoding write the @.
var anyAddress = regexp.MustCompile(`[^\s<>()\[\],;:"']*[^\s<>()\[\],;:"'=](?:@|＠|=40|%40|\+40|&#0*64;|=)[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+`)

const redacted = "[address]"

// clean bounds a server's text, escapes what could move a terminal or break a
// line, and takes every address out.
func clean(s, to string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if lower := strings.ToLower(s); to != "" {
		if strings.Contains(lower, strings.ToLower(to)) {
			s = replaceAll(s, `(?i)`+regexp.QuoteMeta(to), redacted)
		}
		if local, _, ok := strings.Cut(to, "@"); ok && len(local) > 2 && strings.Contains(lower, strings.ToLower(local)) {
			s = replaceAll(s, `(?i)(^|[^\p{L}\p{N}])`+regexp.QuoteMeta(local)+`([^\p{L}\p{N}]|$)`, "${1}"+redacted+"${2}")
		}
	}
	if strings.ContainsAny(s, "@=%+&\uff20") {
		s = anyAddress.ReplaceAllString(s, redacted)
	}
	return bounded(escaped(strings.Join(strings.Fields(s), " ")))
}

func replaceAll(s, pattern, with string) string {
	return regexp.MustCompile(pattern).ReplaceAllString(s, with)
}

// escaped writes control and direction characters as \x1b and \u202e.
func escaped(s string) string {
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func hidden(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

func bounded(s string) string {
	if utf8.RuneCountInString(s) <= maxReplyText {
		return s
	}
	return string([]rune(s)[:maxReplyText-1]) + "…"
}
