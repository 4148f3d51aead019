package bounce

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// Bounds on the shape of a message.
const (
	maxFields = 2000
	maxValue  = 16 << 10
	maxDepth  = 12
	maxParts  = 200
)

// A header is the fields of a message or part; names are lower case. Only the
// first maxFields are kept, and maxValue bytes of each.
type header []field

type field struct{ name, value string }

func (h header) get(name string) string {
	for _, f := range h {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

func (h header) all(name string) []string {
	var out []string
	for _, f := range h {
		if f.name == name {
			out = append(out, f.value)
		}
	}
	return out
}

// readHeader takes the fields at the start of b and returns what follows the
// blank line. A line that is no field ends the header where it would begin a
// body, and is skipped among fields.
func readHeader(b []byte) (header, []byte) {
	var h header
	var folded []byte // the lines that go on with the last field
	unfold := func() {
		if n := len(h); n > 0 && len(folded) > 0 {
			h[n-1].value = strings.TrimSpace(h[n-1].value + string(folded))
		}
		folded = folded[:0]
	}
	defer unfold()
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		if len(bytes.TrimRight(line, " \t")) == 0 {
			return h, rest
		}
		name, value, ok := fieldOf(line)
		switch {
		case line[0] == ' ' || line[0] == '\t':
			if len(folded) < maxValue {
				folded = append(append(folded, ' '), short(string(bytes.TrimSpace(line[:min(len(line), maxValue)])), maxValue)...)
			}
		case ok && len(h) < maxFields:
			unfold()
			h = append(h, field{name, value})
		case !ok && !bytes.HasPrefix(line, []byte("From ")) && !bytes.HasPrefix(line, []byte(">From ")):
			if next, _, _ := bytes.Cut(rest, []byte("\n")); !isField(next) {
				return h, b
			}
		}
		b = rest
	}
	return h, nil
}

func isField(line []byte) bool {
	_, _, ok := fieldOf(line)
	return ok
}

func fieldOf(line []byte) (name, value string, ok bool) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || colon > 100 {
		return "", "", false
	}
	n := bytes.TrimRight(line[:colon], " \t")
	for _, c := range n {
		if c <= ' ' || c >= 0x7f {
			return "", "", false
		}
	}
	v := line[colon+1:]
	if len(v) > maxValue {
		v = v[:maxValue]
	}
	return strings.ToLower(string(n)), strings.TrimSpace(string(v)), true
}

// A message is a returned mail taken apart.
type message struct {
	header    header
	subject   string // decoded
	texts     []string
	statuses  []string // message/delivery-status, decoded
	feedback  []string // message/feedback-report
	receipt   string   // message/disposition-notification, decoded; "none" of an empty one
	attached  []byte   // the first message inside this one, as it stands
	original  header   // of the mail that came back, as far as it is there
	parts     int
	room      int     // bytes of text that may still be kept
	prose     *string // of bouncedText, once asked
	elsewhere *string // of namedElsewhere, once asked
}

func open(b []byte) *message {
	m := &message{room: maxText}
	b = bytes.TrimLeft(b, "\n \t")
	h, body := readHeader(b)
	m.header = h
	m.subject = decodeWords(h.get("subject"))
	m.walk(h, body, 0)
	if m.original == nil {
		m.original = m.inlineOriginal()
	}
	return m
}

// walk sorts a part, and those inside it, by what it is for.
func (m *message) walk(h header, body []byte, depth int) {
	if m.parts++; m.parts > maxParts || depth > maxDepth {
		return
	}
	media, params := mediaOf(h.get("content-type"))
	switch {
	case strings.HasPrefix(media, "multipart/"):
		for _, p := range split(body, params["boundary"]) {
			ph, pb := readHeader(p)
			m.walk(ph, pb, depth+1)
		}
	case strings.HasSuffix(media, "delivery-status"):
		m.statuses = append(m.statuses, m.keep(toText(h, params, body)))
	case media == "message/feedback-report":
		m.feedback = append(m.feedback, m.keep(toText(h, params, body)))
	case media == "message/disposition-notification":
		m.receipt = cmp.Or(m.keep(toText(h, params, body)), "none")
	case isOriginal(media):
		m.takeOriginal(transferDecode(h, body))
	case media == "text/html":
		m.texts = append(m.texts, m.keep(htmlText(toText(h, params, body))))
	case media == "" || strings.HasPrefix(media, "text/"):
		m.texts = append(m.texts, m.keep(toText(h, params, body)))
	}
}

func (m *message) keep(s string) string {
	s = short(s, m.room)
	m.room -= len(s)
	return s
}

func isOriginal(media string) bool {
	switch media {
	case "message/rfc822", "text/rfc822-headers", "text/rfc822-header", "text/rfc822", "message/rfc822-headers", "message/global", "message/global-headers", "message/partial", "message/news":
		return true
	}
	return false
}

func (m *message) takeOriginal(b []byte) {
	h, _ := readHeader(bytes.TrimLeft(b, "\n"))
	if m.original == nil && len(h) > 0 {
		m.original, m.attached = h, b
	}
}

// mediaOf reads a Content-Type however carelessly written; "" if there is none.
func mediaOf(v string) (string, map[string]string) {
	media, params, err := mime.ParseMediaType(v)
	if err == nil && media != "" {
		return media, params
	}
	media, rest, _ := strings.Cut(v, ";")
	params = map[string]string{}
	for _, p := range strings.Split(rest, ";") {
		if name, value, ok := strings.Cut(p, "="); ok {
			params[strings.ToLower(strings.TrimSpace(name))] = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return strings.ToLower(strings.TrimSpace(media)), params
}

// split cuts a multipart body at its boundary, or at the one it seems to have.
func split(body []byte, boundary string) [][]byte {
	if boundary == "" || !bytes.Contains(body, []byte("--"+boundary)) {
		boundary = guessBoundary(body)
	}
	if boundary == "" {
		return [][]byte{append([]byte("\n"), body[:min(len(body), maxText)]...)}
	}
	var parts [][]byte
	mark := []byte("--" + boundary)
	start, pos := -1, 0
	for pos < len(body) && len(parts) < maxParts {
		end := len(body)
		if n := bytes.IndexByte(body[pos:], '\n'); n >= 0 {
			end = pos + n + 1
		}
		if tail, ok := bytes.CutPrefix(bytes.TrimRight(body[pos:end], " \t\n"), mark); ok && (len(tail) == 0 || string(tail) == "--") {
			if start >= 0 {
				parts = append(parts, body[start:pos])
			}
			start = end
			if len(tail) > 0 {
				return parts
			}
		}
		pos = end
	}
	if start >= 0 && start < len(body) {
		parts = append(parts, body[start:])
	}
	return parts
}

// guessBoundary finds a line "--something" that is followed by a part's
// header.
func guessBoundary(body []byte) string {
	rest := body[:min(len(body), maxText)]
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		if b, ok := bytes.CutPrefix(line, []byte("--")); ok && len(b) > 3 && len(rest) > 8 && strings.EqualFold(string(rest[:8]), "content-") {
			return strings.TrimSpace(string(b))
		}
	}
	return ""
}

// transferDecode undoes the Content-Transfer-Encoding; what breaks half way is
// kept up to there.
func transferDecode(h header, body []byte) []byte {
	var r io.Reader
	switch strings.ToLower(strings.TrimSpace(h.get("content-transfer-encoding"))) {
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, bytes.NewReader(body))
	case "quoted-printable":
		r = quotedprintable.NewReader(bytes.NewReader(body))
	default:
		return body
	}
	out, _ := io.ReadAll(io.LimitReader(r, 4*maxText)) // half a part is better than none
	if len(out) == 0 {
		return body
	}
	return plainLines(out)
}

func toText(h header, params map[string]string, body []byte) string {
	b := transferDecode(h, body)
	return decodeCharset(b[:min(len(b), 4*maxText)], params["charset"])
}

// decodeCharset gives valid UTF-8 whatever the label says.
func decodeCharset(b []byte, label string) string {
	enc, name := charset.Lookup(label)
	switch {
	case bytes.Contains(b, []byte("\x1b$")):
		enc, _ = charset.Lookup("iso-2022-jp")
	case (name == "utf-8" || enc == nil || name == "windows-1252") && utf8.Valid(b):
		return string(b)
	case enc == nil || name == "utf-8":
		return guessCharset(b)
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "�")
	}
	return string(out)
}

// guessCharset decodes bytes that are not UTF-8 and do not say what they are:
// the first encoding in which they hold a word that mail systems use.
func guessCharset(b []byte) string {
	for _, g := range [][]string{{"gb18030", "退信", "邮件", "郵件", "投递"}, {"big5", "郵件", "退信"}, {"windows-1251", "письм", "сообщ", "доставл", "Недоставл"}, {"koi8-r", "письм", "сообщ", "доставл", "Недоставл"}, {"shift_jis", "メール", "配信"}, {"euc-jp", "メール", "配信"}, {"euc-kr", "메일"}} {
		enc, _ := charset.Lookup(g[0])
		if out, err := enc.NewDecoder().Bytes(b); err == nil && hasAny(string(out), g[1:]) {
			return string(out)
		}
	}
	enc, _ := charset.Lookup("windows-1252")
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	return string(out)
}

var words = mime.WordDecoder{CharsetReader: func(label string, r io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxValue))
	return strings.NewReader(decodeCharset(b, label)), err
}}

// decodeWords undoes RFC 2047 in a header value; what cannot be is left.
func decodeWords(s string) string {
	if d, err := words.DecodeHeader(s); err == nil && utf8.ValidString(d) {
		return d
	}
	return decodeCharset([]byte(s), "")
}

// blocks are the elements that begin a new line.
var blocks = map[string]bool{"p": true, "br": true, "div": true, "tr": true, "td": true, "th": true, "li": true, "h1": true, "h2": true, "h3": true, "table": true, "pre": true, "hr": true, "center": true}

// htmlText is the text of a page, a line for each block.
func htmlText(s string) string {
	z := html.NewTokenizer(strings.NewReader(s))
	z.SetMaxBuf(maxText)
	var out strings.Builder
	skip := ""
	for {
		kind := z.Next()
		if kind == html.ErrorToken || out.Len() > maxText {
			return out.String()
		}
		switch kind {
		case html.TextToken:
			if skip == "" {
				out.WriteString(strings.Map(oneLine, html.UnescapeString(string(z.Raw()))))
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			if n := string(name); n == skip {
				skip = ""
			} else if (n == "style" || n == "script" || n == "title") && kind == html.StartTagToken {
				skip = n
			} else if blocks[n] {
				out.WriteByte('\n')
			}
		}
	}
}

func oneLine(r rune) rune {
	if r == '\n' || r == '\t' || r == '\u00a0' {
		return ' '
	}
	return r
}

// short cuts s to at most n bytes between two characters.
func short(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:max(n, 0)]
}
