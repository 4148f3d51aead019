package parse

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"mime"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"

	"github.com/gogs/chardet"
)

// maxDocument is how much of a document is read, in bytes.
const maxDocument = 25 << 20

var errNotText = errors.New("neither text nor a feed")

// decode returns the document as clean UTF-8 and the name of what it was
// written in: the byte order mark decides, then the HTTP header, then the
// document's own declaration, each only if the bytes bear it out; without any
// of them the bytes are judged alone. Valid UTF-8 wins over a wrong label.
func decode(in Input) (text, name string, d damage, err error) {
	body, d, err := unzip(in.Body)
	if err != nil {
		return "", "", d, err
	}
	if len(body) > maxDocument {
		body, d = body[:maxDocument], d|damagedSize
	}
	if enc, name, skip := byteOrder(body); enc != nil || skip > 0 {
		return decodeAs(body[skip:], enc, name, d)
	}
	labels := []string{headerCharset(in.Header), declaredCharset(body)}
	if text, name, ok := decodeShifting(body, labels); ok {
		return text, name, d, nil
	}
	if whole := body[:len(body)-partRune(body)]; len(whole) < len(body) && utf8.Valid(whole) {
		body, d = whole, d|damagedCut
	}
	if utf8.Valid(body) {
		return string(body), utf8Name(body, labels), d, nil
	}
	return decodeLegacy(body, labels, d)
}

// decodeShifting decodes the encodings whose bytes are all ASCII and so would
// pass for UTF-8: ISO-2022-JP and HZ.
func decodeShifting(body []byte, labels []string) (string, string, bool) {
	escapes := bytes.Contains(body, []byte("\x1b$")) || bytes.Contains(body, []byte("\x1b("))
	for _, l := range labels {
		var enc encoding.Encoding
		switch {
		case escapes && strings.HasPrefix(l, "iso-2022-jp"):
			enc = japanese.ISO2022JP
		case l == "hz-gb-2312" && bytes.Contains(body, []byte("~{")):
			enc = simplifiedchinese.HZGB2312
		default:
			continue
		}
		text, _ := decodeWith(enc, body)
		return text, l, true
	}
	if escapes && bytes.Contains(body, []byte("\x1b$B")) {
		text, _ := decodeWith(japanese.ISO2022JP, body)
		return text, "iso-2022-jp", true
	}
	return "", "", false
}

// partRune is how many bytes at the end begin a character that is cut off.
func partRune(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if c >= 0xC0 && !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

// unzip takes off gzip, which some servers send unasked, within the bounds of
// a document.
func unzip(body []byte) ([]byte, damage, error) {
	if len(body) < 3 || body[0] != 0x1f || body[1] != 0x8b {
		return body, 0, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, 0, errNotText
	}
	out, err := io.ReadAll(io.LimitReader(z, maxDocument+1))
	if err != nil {
		return out, damagedCut, nil
	}
	return out, 0, nil
}

// byteOrder finds a byte order mark, or the pattern of zeros that < leaves in
// UTF-16 and UTF-32. Without a decoder and with skip the rest is UTF-8.
func byteOrder(b []byte) (enc encoding.Encoding, name string, skip int) {
	u32be, u32le := utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)
	u16be, u16le := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	switch {
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		return nil, "utf-8", 3
	case bytes.HasPrefix(b, []byte{0, 0, 0xFE, 0xFF}):
		return u32be, "utf-32be", 4
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE, 0, 0}):
		return u32le, "utf-32le", 4
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return u16be, "utf-16be", 2
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		return u16le, "utf-16le", 2
	case len(b) < 4:
		return nil, "", 0
	}
	switch first := binary.BigEndian.Uint32(b); {
	case first < 0x80 && first != 0:
		return u32be, "utf-32be", 0
	case b[0] != 0 && first<<8 == 0:
		return u32le, "utf-32le", 0
	case b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0:
		return u16be, "utf-16be", 0
	case b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0:
		return u16le, "utf-16le", 0
	}
	return nil, "", 0
}

// decodeAs decodes what a byte order mark decided.
func decodeAs(body []byte, enc encoding.Encoding, name string, d damage) (string, string, damage, error) {
	if enc == nil {
		if utf8.Valid(body) {
			return string(body), name, d, nil
		}
		text, _ := repairUTF8(body)
		return text, name, d | damagedBytes, nil
	}
	if unit := len(body) % 4; strings.HasPrefix(name, "utf-32") && unit != 0 {
		body, d = body[:len(body)-unit], d|damagedCut
	} else if len(body)%2 != 0 {
		body, d = body[:len(body)-1], d|damagedCut
	}
	text, over := decodeWith(enc, body)
	d |= sizeDamage(over)
	if strings.ContainsRune(text, utf8.RuneError) {
		d |= damagedBytes
	}
	return text, name, d, nil
}

// decodeWith decodes up to the size of a document and reports whether there
// was more.
func decodeWith(enc encoding.Encoding, body []byte) (string, bool) {
	var b strings.Builder
	b.Grow(min(len(body)+len(body)/2, maxDocument) + utf8.UTFMax)
	from := transform.NewReader(bytes.NewReader(body), enc.NewDecoder())
	_, err := io.CopyN(&b, from, maxDocument)
	return b.String(), err == nil
}

func headerCharset(h map[string]string) string {
	_, params, err := mime.ParseMediaType(h["content-type"])
	if err != nil {
		_, rest, _ := strings.Cut(lower(h["content-type"]), "charset=")
		rest, _, _ = strings.Cut(rest, ";")
		return strings.Trim(rest, " \"'")
	}
	return lower(strings.Trim(params["charset"], " \"'"))
}

// declaredCharset reads encoding="…" of the XML declaration.
func declaredCharset(b []byte) string {
	head := string(b[:min(len(b), 1024)])
	_, head, ok := strings.Cut(head, "<?xml")
	if !ok {
		return ""
	}
	head, _, _ = strings.Cut(head, ">")
	_, head, ok = strings.Cut(head, "encoding")
	if !ok {
		return ""
	}
	head = strings.TrimLeft(head, " \t\r\n=")
	if head == "" || head[0] != '"' && head[0] != '\'' {
		return ""
	}
	head, _, _ = strings.Cut(head[1:], head[:1])
	return lower(strings.TrimSpace(head))
}

// utf8Name names valid UTF-8. Plain ASCII keeps the label it has.
func utf8Name(body []byte, labels []string) string {
	for _, c := range body {
		if c >= utf8.RuneSelf {
			return "utf-8"
		}
	}
	for _, l := range labels {
		if l == "us-ascii" || l == "ascii" {
			return "us-ascii"
		}
		if _, _, ok := encodingOf(l); ok {
			return l
		}
	}
	return "utf-8"
}

// encodingOf finds the decoder of a label and the name the Web knows it by.
func encodingOf(label string) (encoding.Encoding, string, bool) {
	if label == "" {
		return nil, "", false
	}
	enc, err := htmlindex.Get(aliases(label))
	if err != nil {
		enc, err = ianaindex.IANA.Encoding(aliases(label)) // the code pages of old machines
		return enc, label, err == nil && enc != nil
	}
	name, err := htmlindex.Name(enc)
	return enc, name, err == nil && name != "replacement" && !strings.HasPrefix(name, "utf-16")
}

// aliases adds labels that feeds use and the Web does not know.
func aliases(label string) string {
	switch label {
	case "cp932", "ms932", "shift-jis", "windows-932", "sjis":
		return "shift_jis"
	case "cp936", "gb_2312", "x-gb2312", "euc-cn":
		return "gb18030"
	case "cp949", "ms949", "uhc", "ks_c_5601", "x-windows-949":
		return "euc-kr"
	case "cp950", "big-5", "big5hkscs":
		return "big5"
	case "utf8", "utf-8-sig", "unicode-1-1-utf-8":
		return "utf-8"
	case "eucjp", "x-euc-jp":
		return "euc-jp"
	case "latin-1", "iso8859-1", "iso_8859-1", "iso-latin-1":
		return "iso-8859-1"
	case "koi8r", "koi-8":
		return "koi8-r"
	}
	if rest, ok := strings.CutPrefix(label, "win-"); ok {
		return "windows-" + rest
	}
	if rest, ok := strings.CutPrefix(label, "windows"); ok && rest != "" && rest[0] != '-' {
		return "windows-" + rest
	}
	return label
}

// decodeLegacy decodes what is not valid UTF-8: by the first label that the
// bytes bear out, else as UTF-8 with a few bad bytes, else by what the bytes
// look like. A sample of the lines that are not ASCII is enough to judge.
func decodeLegacy(body []byte, labels []string, d damage) (string, string, damage, error) {
	if bytes.IndexByte(body[:min(len(body), 4096)], 0) >= 0 && bytes.Count(body, []byte{0}) > len(body)/64 {
		return "", "", d, errNotText
	}
	sample := sampleText(body)
	for _, l := range labels {
		enc, name, ok := encodingOf(l)
		if !ok || name == "utf-8" || strings.HasSuffix(l, "ascii") { // the bytes refute it
			continue
		}
		if bearsOut(enc, sample) {
			text, over := decodeWith(enc, body)
			return text, labelled(l, name, body), d | sizeDamage(over), nil
		}
	}
	text, bad := repairUTF8(sample)
	good := nonASCII(text) - bad
	enc, name := detect(sample)
	if good >= max(bad, 1) || saysUTF8(labels) && (bad <= 2 || good*3 >= bad) || enc == nil {
		text, _ = repairUTF8(body)
		return text, "utf-8", d | damagedBytes, nil
	}
	text, over := decodeWith(enc, body)
	return text, name, d | sizeDamage(over), nil
}

func sizeDamage(over bool) damage {
	if over {
		return damagedSize
	}
	return 0
}

func saysUTF8(labels []string) bool {
	for _, l := range labels {
		if _, name, ok := encodingOf(l); ok {
			return name == "utf-8"
		}
	}
	return false
}

// labelled is the name reported for a decoded document: its own label, but
// windows-1252 where bytes that Latin 1 does not have show that it is that.
func labelled(label, name string, body []byte) string {
	if name != "windows-1252" {
		return label
	}
	for _, c := range body {
		if c >= 0x80 && c < 0xA0 {
			return name
		}
	}
	return label
}

// bearsOut reports whether bytes are text in an encoding: at most one bad
// character in 200 that are not ASCII, and one is forgiven.
func bearsOut(enc encoding.Encoding, sample []byte) bool {
	text, _ := decodeWith(enc, sample)
	return strings.Count(text, string(utf8.RuneError))*200 <= max(nonASCII(text), 200)
}

func nonASCII(s string) int {
	n := 0
	for _, r := range s {
		if r >= utf8.RuneSelf {
			n++
		}
	}
	return n
}

// detect judges an undeclared legacy encoding by its bytes.
func detect(sample []byte) (encoding.Encoding, string) {
	r, err := chardet.NewHtmlDetector().DetectBest(sample)
	if err != nil {
		return nil, ""
	}
	label := lower(r.Charset)
	enc, _, ok := encodingOf(label)
	if !ok {
		return nil, ""
	}
	return enc, label
}

// maxSample is how much text is judged, in bytes.
const maxSample = 64 << 10

// sampleText takes the lines of a document that are not ASCII.
func sampleText(body []byte) []byte {
	var out []byte
	for line := range bytes.Lines(body) {
		for i, c := range line {
			if c >= utf8.RuneSelf {
				line = line[max(0, i-256):]
				out = append(out, line[:min(len(line), maxSample-len(out))]...)
				break
			}
		}
		if len(out) >= maxSample {
			break
		}
	}
	return out
}

// repairUTF8 reads UTF-8 with bad bytes in it. A bad byte beside an ASCII
// letter is read as windows-1252, for so they mostly came in; others are the
// remains of a character. It returns how many there were.
func repairUTF8(body []byte) (string, int) {
	var b strings.Builder
	b.Grow(len(body) + 16)
	bad := 0
	for i := 0; i < len(body); {
		r, n := utf8.DecodeRune(body[i:])
		if r != utf8.RuneError || n > 1 {
			b.Write(body[i : i+n])
			i += n
			continue
		}
		bad++
		n = brokenLength(body[i:])
		if n == 1 && (i > 0 && isLetter(body[i-1]) || i+1 < len(body) && isLetter(body[i+1])) {
			r = charmap.Windows1252.DecodeByte(body[i])
		}
		b.WriteRune(r)
		i += n
	}
	return b.String(), bad
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// brokenLength is how many bytes of a broken character to skip: its first byte
// and those that continue it.
func brokenLength(b []byte) int {
	want := 1
	switch c := b[0]; {
	case c >= 0xF0 && c < 0xF8:
		want = 4
	case c >= 0xE0:
		want = 3
	case c >= 0xC2:
		want = 2
	}
	n := 1
	for n < want && n < len(b) && b[n]&0xC0 == 0x80 {
		n++
	}
	return n
}

// dropControls drops the control characters XML does not allow, and what is no
// character at all.
func dropControls(s string) (string, damage) {
	found := false
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			found = true
			break
		}
	}
	if !found {
		return s, 0
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, s), damagedControl
}
