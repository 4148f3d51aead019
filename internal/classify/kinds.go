package classify

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ifhhro/rightsdesk/internal/news"
)

//go:embed kinds.txt
var kindsText string

// A kindFinder tells what an item is from phrases in its title and first
// sentences, in any language we read.
type kindFinder struct {
	words *trie
	kinds []news.Kind // in the order of trust
	atoms []kindAtom
}

type kindAtom struct {
	kind  int
	title bool // decides in the title; else in the first sentences
}

// kindFinders are one a language: the phrases are the same, their stems are not.
var kindFinders = func() map[string]func() *kindFinder {
	m := map[string]func() *kindFinder{}
	for _, language := range Languages() {
		m[language] = sync.OnceValue(func() *kindFinder {
			k, err := newKindFinder(language, kindsText)
			if err != nil {
				panic(fmt.Sprintf("classify: embedded kinds.txt: %v", err))
			}
			return k
		})
	}
	return m
}()

func newKindFinder(language, text string) (*kindFinder, error) {
	k := &kindFinder{words: newTrie()}
	lex := &lexicon{language: language, words: k.words}
	p := parser{lex: lex}
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			kind := news.Kind(strings.Trim(line, "[]"))
			if !kind.Known() {
				return nil, fmt.Errorf("%s is no kind: %w", line, news.ErrInvalid)
			}
			k.kinds = append(k.kinds, kind)
		default:
			where, phrases, _ := strings.Cut(line, " ")
			for phrase := range strings.SplitSeq(phrases, "|") {
				k.atoms = append(k.atoms, kindAtom{len(k.kinds) - 1, where == "t"})
				if err := p.addPhrase(phrase, lex.newAtom()); err != nil {
					return nil, fmt.Errorf("%q: %w: %w", line, err, news.ErrInvalid)
				}
			}
		}
	}
	return k, k.addCalendar(&p, language)
}

// addCalendar lets the name of an international day in the title decide.
func (k *kindFinder) addCalendar(p *parser, language string) error {
	kind := slices.Index(k.kinds, "observance")
	for _, day := range news.Calendar() {
		for _, name := range []string{day.Name(language), day.EN} {
			k.atoms = append(k.atoms, kindAtom{kind, true})
			if err := p.addPhrase(name, p.lex.newAtom()); err != nil {
				return err
			}
		}
	}
	return nil
}

// kind says what the document is: what its title calls it, else what its first
// sentences do, else what its source usually brings, else news.
func (k *kindFinder) kind(d *document, usual news.Kind) news.Kind {
	hits := k.words.find(d.title, d.toks[:d.titleLen], int32(len(k.atoms)), 0, nil)
	lead := d.titleLen
	for lead < len(d.toks) && d.zone[lead] == inLead {
		lead++
	}
	hits = k.words.find(d.body, d.toks[d.titleLen:lead], int32(len(k.atoms)), int32(d.titleLen), hits)
	best := len(k.kinds)
	for atom, list := range hits {
		a := k.atoms[atom]
		if a.kind < best && slices.ContainsFunc(list, func(h hit) bool { return (d.zone[h.start] == inTitle) == a.title }) {
			best = a.kind
		}
	}
	if best < len(k.kinds) {
		return k.kinds[best]
	}
	return cmp.Or(usual, "news")
}
