package extract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"unicode"

	"github.com/ledongthuc/pdf"
	"golang.org/x/text/unicode/norm"
)

// PDFMain is the other side of Reader.PDF: it reads a document from in, writes
// the answer to out and returns the exit code. It runs in a process of its
// own, because it limits the memory and time of the whole process first.
func PDFMain(in io.Reader, out io.Writer) int {
	if err := limitProcess(pdfMemory, pdfCPU); err != nil {
		return answerPDF(out, pdfAnswer{Error: err.Error()})
	}
	body, err := io.ReadAll(io.LimitReader(in, MaxPDF+1))
	if err != nil {
		return answerPDF(out, pdfAnswer{Error: err.Error()})
	}
	return answerPDF(out, parsePDF(body))
}

func answerPDF(out io.Writer, a pdfAnswer) int {
	if err := json.NewEncoder(out).Encode(a); err != nil {
		return 1
	}
	return 0
}

// parsePDF reads every page; the reader panics on broken documents.
func parsePDF(body []byte) (a pdfAnswer) {
	defer func() {
		if p := recover(); p != nil {
			a.Error = fmt.Sprintf("the document is broken: %v", p)
		}
	}()
	if i := bytes.Index(body[:min(len(body), 1024)], []byte("%PDF-")); i > 0 {
		body = body[i:]
	}
	r, err := pdf.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return pdfAnswer{Error: err.Error()}
	}
	n := r.NumPage()
	if n > maxPDFPages {
		n, a.Cut = maxPDFPages, true
	}
	var pages [][]textLine
	size := 0
	for i := 1; i <= n && size < maxPDFText; i++ {
		p := r.Page(i)
		lines, ok := readLines(p)
		if !ok {
			a.Broken++
		}
		for _, l := range lines {
			size += len(l.text)
		}
		pages = append(pages, lines)
		a.Pictures = a.Pictures || hasPicture(p)
	}
	a.Cut = a.Cut || size >= maxPDFText
	toLogicalOrder(pages)
	for _, lines := range pages {
		a.Pages = append(a.Pages, joinLines(lines))
	}
	a.Title = pdfTitle(r.Trailer().Key("Info").Key("Title").Text(), pages)
	a.Author = r.Trailer().Key("Info").Key("Author").Text()
	return a
}

// A textLine is what stands on one line of a page.
type textLine struct {
	text   string
	y      float64
	height float64 // size of its largest letters
}

// readLines puts the letters of a page into lines, in the order they were
// written in, which is the order of reading in all but odd documents.
func readLines(p pdf.Page) (lines []textLine, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	var cur textLine
	var b strings.Builder
	flush := func() {
		if cur.text = strings.Join(strings.Fields(b.String()), " "); cur.text != "" {
			lines = append(lines, cur)
		}
		b.Reset()
		cur = textLine{}
	}
	var last pdf.Text
	for i, t := range p.Content().Text {
		size := math.Abs(t.FontSize)
		if i > 0 && startsLine(last, t, size) {
			flush()
		} else if i > 0 && wordGap(last, t, size) {
			b.WriteByte(' ')
		}
		if cur.height == 0 {
			cur.y = t.Y
		}
		cur.height = max(cur.height, size)
		b.WriteString(t.S)
		last = t
	}
	flush()
	return lines, true
}

// startsLine: another height, or a jump back by more than a letter.
func startsLine(last, t pdf.Text, size float64) bool {
	size = max(size, math.Abs(last.FontSize), 1)
	return math.Abs(t.Y-last.Y) > 0.5*size || t.X < last.X-1.5*size
}

// wordGap: where widths are known, a gap wider than a fifth of a letter parts
// words.
func wordGap(last, t pdf.Text, size float64) bool {
	return last.W > 0 && t.X-(last.X+last.W) > 0.2*max(size, 1)
}

func hasPicture(p pdf.Page) (found bool) {
	defer func() {
		if recover() != nil {
			found = false
		}
	}()
	objects := p.Resources().Key("XObject")
	for _, name := range objects.Keys() {
		if objects.Key(name).Key("Subtype").Name() == "Image" {
			return true
		}
	}
	return false
}

// joinLines makes paragraphs of lines: a gap of more than the usual one, or
// another size of letters, begins the next.
func joinLines(lines []textLine) string {
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			prev := lines[i-1]
			text := b.String()
			switch {
			case prev.y-l.y > 1.7*max(prev.height, 1) || l.y > prev.y || math.Abs(prev.height-l.height) > 0.2*max(prev.height, 1):
				b.WriteString("\n\n")
			case hyphenated.MatchString(text[max(0, len(text)-16):]) && startsSmall(l.text):
				b.Reset()
				b.WriteString(strings.TrimSuffix(strings.TrimSuffix(text, "-"), "\u00AD"))
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteString(l.text)
	}
	return b.String()
}

var hyphenated = regexp.MustCompile(`\p{L}[-\x{AD}]$`)

func startsSmall(s string) bool {
	for _, r := range s {
		return unicode.IsLower(r)
	}
	return false
}

var madeUpTitle = regexp.MustCompile(`(?i)^(microsoft|untitled|document\d*$|slide \d|layout \d|.*\.(docx?|odt|html?|indd|pdf|pptx?|xlsx?|rtf|qxd)$|[A-Z]?\d{5,}.*$|\W*$)`)

// pdfTitle is what the document says its title is, unless a program made it
// up; else the lines in the largest letters of the first page.
func pdfTitle(said string, pages [][]textLine) string {
	said = strings.TrimSpace(said)
	if said != "" && !madeUpTitle.MatchString(said) {
		return said
	}
	if len(pages) == 0 {
		return ""
	}
	largest := 0.0
	for _, l := range pages[0] {
		if letterCount(l.text) > 3 {
			largest = max(largest, l.height)
		}
	}
	var title []string
	for _, l := range pages[0] {
		if largest > 0 && l.height > 0.95*largest && len(title) < 4 {
			title = append(title, l.text)
		} else if len(title) > 0 {
			break
		}
	}
	return strings.Join(title, " ")
}

// toLogicalOrder turns lines that were written as they look, from left to
// right, into the order they are read in, where a document writes Arabic or
// Hebrew so; and makes letters of the shapes of letters.
func toLogicalOrder(pages [][]textLine) {
	visual := 0
	for _, lines := range pages {
		for _, l := range lines {
			visual += visualVotes(shapesToLetters(l.text))
		}
	}
	for _, lines := range pages {
		for i := range lines {
			if visual > 0 && strings.ContainsFunc(lines[i].text, rightToLeft) {
				lines[i].text = reorder(lines[i].text)
			}
			lines[i].text = shapesToLetters(lines[i].text)
		}
	}
}

func rightToLeft(r rune) bool {
	return unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana)
}

// shapesToLetters replaces presentation forms and ligatures.
func shapesToLetters(s string) string {
	if !strings.ContainsFunc(s, isShape) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if isShape(r) {
			b.WriteString(norm.NFKC.String(string(r)))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isShape(r rune) bool { return r >= 0xFB00 && r <= 0xFDFF || r >= 0xFE70 && r <= 0xFEFC }

// visualVotes counts the words of a line that are spelt backwards against
// those that are not: the Arabic article and the letters that only end words
// give it away, as do the final letters of Hebrew and small words of Persian.
func visualVotes(line string) (votes int) {
	for word := range strings.FieldsFuncSeq(line, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
		switch {
		case strings.HasPrefix(word, "ال"), endsAs(word, "ةى\u05DA\u05DD\u05DF\u05E3\u05E5"), word == "است", word == "این", word == "برای":
			votes--
		case strings.HasSuffix(word, "لا"), startsAs(word, "ةى\u05DA\u05DD\u05DF\u05E3\u05E5"), word == "تسا", word == "نیا", word == "یارب":
			votes++
		}
	}
	return votes
}

func startsAs(word, letters string) bool {
	for _, r := range word {
		return strings.ContainsRune(letters, r)
	}
	return false
}

func endsAs(word, letters string) bool {
	runes := []rune(word)
	return len(runes) > 1 && strings.ContainsRune(letters, runes[len(runes)-1])
}

// leftToRight finds what keeps its order inside a line that runs the other
// way: words in Latin letters, numbers, symbols of documents.
var leftToRight = regexp.MustCompile(`[\p{Latin}\p{N}](?:[\p{Latin}\p{N}\p{P}\p{S} ]*[\p{Latin}\p{N}])?`)

// reorder reverses a line, but for the runs in it that read from the left, and
// turns brackets over.
func reorder(line string) string {
	runes := []rune(line)
	for i, j := 0, len(runes)-1; i < j; i, j = i+1, j-1 {
		runes[i], runes[j] = runes[j], runes[i]
	}
	for i, r := range runes {
		if m, ok := mirrored[r]; ok {
			runes[i] = m
		}
	}
	return leftToRight.ReplaceAllStringFunc(string(runes), func(run string) string {
		out := []rune(run)
		for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
			out[i], out[j] = out[j], out[i]
		}
		for i, r := range out {
			if m, ok := mirrored[r]; ok {
				out[i] = m
			}
		}
		return string(out)
	})
}

var mirrored = map[rune]rune{'(': ')', ')': '(', '[': ']', ']': '[', '{': '}', '}': '{', '<': '>', '>': '<', '«': '»', '»': '«'}
