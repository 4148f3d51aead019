package classify

import (
	"strings"

	"github.com/ifhhro/rightsdesk/internal/analyze"
)

// maxRead bounds what is read of a body for topics: what an item is about
// stands at its beginning.
const maxRead = 8 << 10

// A document is a text made ready for the lexicon: title and body as one row
// of words.
type document struct {
	title, body string
	toks        []analyze.Token
	titleLen    int     // words of the title
	sentence    []int32 // of each word; the title is sentence 0
	sentences   int32
	zone        []zone
}

// A zone is where in the text a word stands; what an item is about stands in
// its title and at its beginning.
type zone byte

const (
	inTitle zone = iota
	inLead       // the first two sentences
	inBody
	inTail // far down in a long text
	zones
)

const (
	leadSentences = 2
	leadBytes     = 500
	tailFrom      = 2500
)

func newDocument(title, body, language string) *document {
	if len(body) > maxRead {
		body = strings.ToValidUTF8(body[:maxRead], "")
	}
	d := &document{title: title, body: body}
	d.toks = analyze.Tokens(title, language)
	d.titleLen = len(d.toks)
	d.toks = append(d.toks, analyze.Tokens(body, language)...)
	d.sentence = make([]int32, len(d.toks))
	d.zone = make([]zone, len(d.toks))
	d.placeWords(analyze.Sentences(body))
	return d
}

func (d *document) placeWords(sentences []analyze.Span) {
	d.sentences = int32(len(sentences)) + 1
	next := 0
	for i := d.titleLen; i < len(d.toks); i++ {
		at := d.toks[i].Start
		for next < len(sentences) && at >= sentences[next].End {
			next++
		}
		d.sentence[i] = int32(next) + 1
		switch {
		case next < leadSentences && at < leadBytes:
			d.zone[i] = inLead
		case at < tailFrom:
			d.zone[i] = inBody
		default:
			d.zone[i] = inTail
		}
	}
}

// words returns the words [from, to) as they stand in the text.
func (d *document) words(from, to int32) string {
	text := d.body
	if int(from) < d.titleLen {
		text = d.title
		to = min(to, int32(d.titleLen))
	}
	return text[d.toks[from].Start:d.toks[to-1].End]
}

// search finds every atom of the lexicon; a phrase never runs from the title
// into the body.
func (d *document) search(l *lexicon) [][]hit {
	hits := l.words.find(d.title, d.toks[:d.titleLen], l.atoms, 0, nil)
	hits = l.words.find(d.body, d.toks[d.titleLen:], l.atoms, int32(d.titleLen), hits)
	for _, m := range l.masks {
		if len(hits[m]) > 0 {
			maskAll(hits, hits[m])
		}
	}
	return hits
}

// maskAll takes out the hits that lie inside a mask and are shorter than it.
func maskAll(hits [][]hit, masks []hit) {
	for atom, list := range hits {
		if len(list) > 0 && anyCovered(list, masks) {
			hits[atom] = uncovered(list, masks)
		}
	}
}

func anyCovered(list, masks []hit) bool {
	for _, h := range list {
		if covered(h, masks) {
			return true
		}
	}
	return false
}

func uncovered(list, masks []hit) []hit {
	var out []hit
	for _, h := range list {
		if !covered(h, masks) {
			out = append(out, h)
		}
	}
	return out
}

func covered(h hit, masks []hit) bool {
	for _, m := range masks {
		if m.start <= h.start && h.end <= m.end && m.end-m.start > h.end-h.start {
			return true
		}
	}
	return false
}
