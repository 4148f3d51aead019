package classify

import (
	"strings"
	"unicode/utf8"

	"github.com/ifhhro/rightsdesk/internal/analyze"
)

// A step is one word of a phrase and how it must match.
type step struct {
	kind stepKind
	word string
}

type stepKind byte

const (
	byStem   stepKind = iota // the stems are equal
	byFold                   // the folded words are equal
	byCase                   // equal as written
	byPrefix                 // the folded word begins so
	byPlain                  // the stem of the word written without its marks
)

// A trie holds phrases as paths of words, so that a text is read once for all
// of them and a phrase is never found inside a word.
type trie struct {
	symbols  map[step]int32 // each word of any phrase
	edges    map[int64]int32
	ends     map[int32][]int32 // node -> atoms that end there
	included map[int32][]int32 // atom -> sets it is part of
	nodes    int32
	count    int32    // of symbols; a word and its plain form share one
	prefixes [24]bool // lengths, in runes, that some prefix has
	language string   // of texts in which Arabic prepositions are parted; may be empty
}

func newTrie() *trie {
	return &trie{symbols: map[step]int32{}, edges: map[int64]int32{}, ends: map[int32][]int32{}, included: map[int32][]int32{}, nodes: 1}
}

func (t *trie) add(steps []step, atom int32) {
	node := int32(0)
	for _, s := range steps {
		sym := t.symbol(s)
		if s.kind == byPrefix {
			t.prefixes[min(utf8.RuneCountInString(s.word), len(t.prefixes)-1)] = true
		}
		key := edge(node, sym)
		next, ok := t.edges[key]
		if !ok {
			next = t.nodes
			t.nodes++
			t.edges[key] = next
		}
		node = next
	}
	t.ends[node] = append(t.ends[node], atom)
}

// include makes every hit of one atom a hit of a set as well.
func (t *trie) include(atom, set int32) { t.included[atom] = append(t.included[atom], set) }

// symbol gives the number of a word, a new one at its first call.
func (t *trie) symbol(s step) int32 {
	sym, ok := t.symbols[s]
	if !ok {
		sym = t.count
		t.count++
		t.symbols[s] = sym
	}
	return sym
}

func edge(node, sym int32) int64 { return int64(node)<<32 | int64(sym) }

// A hit is an atom found at the words [start, end).
type hit struct{ start, end int32 }

// A finder walks one text.
type finder struct {
	trie *trie
	syms [][]int32 // the symbols each word may stand for
	hits [][]hit   // by atom, in the order of the text
}

// find returns the hits of every atom.
func (t *trie) find(text string, toks []analyze.Token, atoms int32, offset int32, hits [][]hit) [][]hit {
	if hits == nil {
		hits = make([][]hit, atoms)
	}
	f := finder{trie: t, syms: t.symbolsOf(text, toks), hits: hits}
	for i := range toks {
		if len(f.syms[i]) > 0 {
			f.walk(0, int32(i), int32(i), offset)
		}
	}
	return f.hits
}

func (t *trie) symbolsOf(text string, toks []analyze.Token) [][]int32 {
	out := make([][]int32, len(toks))
	var flat []int32
	for i, tok := range toks {
		from := len(flat)
		if s, ok := t.stem(tok); ok {
			flat = append(flat, s)
		}
		if s, ok := t.symbols[step{byFold, tok.Fold}]; ok {
			flat = append(flat, s)
		}
		if c := text[tok.Start]; c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf && !tok.Char {
			if s, ok := t.symbols[step{byCase, text[tok.Start:tok.End]}]; ok {
				flat = append(flat, s)
			}
		}
		flat = t.appendPrefixes(flat, tok.Fold)
		out[i] = flat[from:len(flat):len(flat)]
	}
	return out
}

// stem finds the symbol of a word by its stem. People leave marks out, above
// all in capitals, and the stem of "refugies" is not that of "réfugiés"; in
// Arabic, short prepositions are written as one with the word.
func (t *trie) stem(tok analyze.Token) (int32, bool) {
	if s, ok := t.symbols[step{byStem, tok.Stem}]; ok {
		return s, true
	}
	if s, ok := t.symbols[step{byPlain, tok.Stem}]; ok {
		return s, true
	}
	if t.language != "ar" || utf8.RuneCountInString(tok.Fold) < shortestPrefixed {
		return 0, false
	}
	for _, p := range arabicPrepositions {
		if rest, ok := strings.CutPrefix(tok.Fold, p); ok {
			if toks := analyze.Tokens(rest, t.language); len(toks) == 1 {
				s, ok := t.symbols[step{byStem, toks[0].Stem}]
				return s, ok
			}
		}
	}
	return 0, false
}

var arabicPrepositions = []string{"وب", "ول", "ب", "ل", "ك", "ف"}

// shortestPrefixed is how long an Arabic word must be to hold a preposition
// and a word of its own.
const shortestPrefixed = 5

// addPlain lets a word be found by the stem it has without its marks.
func (t *trie) addPlain(marked, plain string) {
	if _, ok := t.symbols[step{byPlain, plain}]; !ok && marked != plain {
		t.symbols[step{byPlain, plain}] = t.symbol(step{byStem, marked})
	}
}

func (t *trie) appendPrefixes(out []int32, word string) []int32 {
	runes := 0
	for at := range word {
		if runes < len(t.prefixes) && t.prefixes[runes] {
			if s, ok := t.symbols[step{byPrefix, word[:at]}]; ok {
				out = append(out, s)
			}
		}
		runes++
	}
	if runes < len(t.prefixes) && t.prefixes[runes] {
		if s, ok := t.symbols[step{byPrefix, word}]; ok {
			out = append(out, s)
		}
	}
	return out
}

func (f *finder) walk(node, start, at, offset int32) {
	if int(at) == len(f.syms) {
		return
	}
	for _, sym := range f.syms[at] {
		next, ok := f.trie.edges[edge(node, sym)]
		if !ok {
			continue
		}
		for _, atom := range f.trie.ends[next] {
			f.note(atom, hit{start + offset, at + 1 + offset})
		}
		f.walk(next, start, at+1, offset)
	}
}

func (f *finder) note(atom int32, h hit) {
	list := f.hits[atom]
	if n := len(list); n > 0 && list[n-1].start == h.start {
		list[n-1].end = max(list[n-1].end, h.end) // the longest at one place
	} else {
		f.hits[atom] = append(list, h)
	}
	for _, set := range f.trie.included[atom] {
		f.note(set, h)
	}
}
