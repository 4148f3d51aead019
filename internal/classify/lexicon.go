package classify

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/analyze"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// A lexicon is the words of one language that speak for or against topics,
// compiled. The file format is described in lexicon/README.md.
type lexicon struct {
	language string
	words    *trie
	topics   [][]rule // by the topic's place in news.Topics
	masks    []int32  // atoms whose words count for nothing
	ownMasks [][]int32
	sets     map[string]int32 // atom of each @set
	phrases  map[string]int32 // atom of each phrase of a rule, by its steps
	atoms    int32
}

// A rule is one pattern of a topic with its weight.
type rule struct {
	weight  float64
	place   place
	near    []operand
	with    []operand // each must stand somewhere in the text
	without []operand // none may
	source  string    // the pattern as written
}

// A place limits where a pattern counts.
type place byte

const (
	anywhere place = iota
	titleOnly
	leadOnly // title or first sentences
)

// An operand is a phrase or a set; gap is how many words may stand between it
// and the operand before it.
type operand struct {
	atom int32
	gap  int
}

// parser reads one lexicon text; line numbers are for errors.
type parser struct {
	lex     *lexicon
	section string
	topic   int  // -1 outside a topic
	only    bool // the text is of one topic: it opens no section
	line    int
}

var sectionLine = regexp.MustCompile(`^\[(@?[a-z0-9-]+|!)\]$`)

func newLexicon(language string) *lexicon {
	n := len(news.Topics())
	l := &lexicon{language: language, words: newTrie(), topics: make([][]rule, n), ownMasks: make([][]int32, n), sets: map[string]int32{}, phrases: map[string]int32{}}
	l.words.language = language
	return l
}

// add compiles a text into the lexicon. Errors wrap news.ErrInvalid and name
// the line.
func (l *lexicon) add(text string) error {
	p := parser{lex: l, topic: -1}
	return p.read(text)
}

// addTopic compiles the text of one topic, as a curator edits it.
func (l *lexicon) addTopic(topic int, text string) error {
	p := parser{lex: l, topic: topic, section: string(news.Topics()[topic].Slug), only: true}
	return p.read(text)
}

func (p *parser) read(text string) error {
	for line := range strings.SplitSeq(text, "\n") {
		p.line++
		if at := strings.IndexByte(line, '#'); at >= 0 {
			line = line[:at]
		}
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if err := p.take(line); err != nil {
			return fmt.Errorf("lexicon %s, line %d: %w: %w", p.lex.language, p.line, err, news.ErrInvalid)
		}
	}
	return nil
}

func (p *parser) take(line string) error {
	if m := sectionLine.FindStringSubmatch(line); m != nil {
		if p.only {
			return fmt.Errorf("%s: these are the lines of one topic, without a [section]", line)
		}
		return p.open(m[1])
	}
	switch {
	case p.section == "":
		return fmt.Errorf("%q stands before the first [section]", line)
	case strings.HasPrefix(p.section, "@"):
		return p.takeMembers(line)
	case p.section == "!":
		return p.takeMasks(&p.lex.masks, line)
	case strings.HasPrefix(line, "!"):
		return p.takeMasks(&p.lex.ownMasks[p.topic], line[1:])
	}
	return p.takeRules(line)
}

func (p *parser) open(section string) error {
	p.section, p.topic = section, -1
	if section == "!" {
		return nil
	}
	if strings.HasPrefix(section, "@") {
		if _, ok := p.lex.sets[section]; !ok {
			p.lex.sets[section] = p.lex.newAtom()
		}
		return nil
	}
	p.topic = topicIndex(news.Slug(section))
	if p.topic < 0 {
		return fmt.Errorf("[%s] is no topic and no @set", section)
	}
	return nil
}

func (p *parser) takeMembers(line string) error {
	atom := p.lex.sets[p.section]
	for member := range strings.SplitSeq(line, "|") {
		member = strings.TrimSpace(member)
		if strings.HasPrefix(member, "@") {
			if _, ok := p.lex.sets[member]; !ok {
				return fmt.Errorf("%s is not defined above", member)
			}
			p.lex.words.include(p.lex.sets[member], atom)
			continue
		}
		if err := p.addPhrase(member, atom); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) takeMasks(to *[]int32, line string) error {
	atom := p.lex.newAtom()
	for phrase := range strings.SplitSeq(line, "|") {
		if err := p.addPhrase(phrase, atom); err != nil {
			return err
		}
	}
	*to = append(*to, atom)
	return nil
}

var ruleLine = regexp.MustCompile(`^(-?\d+(?:\.\d+)?)([tl]?)\s+(.+)$`)

// takeRules reads `WEIGHT[t|l] pattern | pattern …`.
func (p *parser) takeRules(line string) error {
	m := ruleLine.FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("%q is not a weight and a pattern, such as \"3 right to health\"", line)
	}
	weight, err := strconv.ParseFloat(m[1], 64)
	if err != nil || weight < -maxWeight || weight > maxWeight || weight == 0 {
		return fmt.Errorf("weight %s is not between -%d and %d, or is 0", m[1], maxWeight, maxWeight)
	}
	where := map[string]place{"": anywhere, "t": titleOnly, "l": leadOnly}[m[2]]
	for pattern := range strings.SplitSeq(m[3], "|") {
		r, err := p.pattern(strings.TrimSpace(pattern))
		if err != nil {
			return err
		}
		r.weight, r.place = weight, where
		p.lex.keep(p.topic, r)
	}
	return nil
}

// keep enters a rule. Of two rules that match the same words ("tortured" and
// "tortures" have one stem) the weightier stands, so that no word counts twice
// for being written twice.
func (l *lexicon) keep(topic int, r rule) {
	for i := range l.topics[topic] {
		if old := &l.topics[topic][i]; old.same(&r) {
			if math.Abs(r.weight) > math.Abs(old.weight) {
				*old = r
			}
			return
		}
	}
	l.topics[topic] = append(l.topics[topic], r)
}

func (r *rule) same(o *rule) bool {
	return r.place == o.place && slices.Equal(r.near, o.near) && slices.Equal(r.with, o.with) && slices.Equal(r.without, o.without)
}

const maxWeight = 9

// near parts the operands of a pattern: "~6" allows six words between.
var near = regexp.MustCompile(`\s+~(\d*)\s+`)

const defaultGap = 5

// charsPerWord: gaps are counted in words, and a Chinese word has two characters.
const charsPerWord = 2

// pattern reads `operand ~6 operand & operand -& operand`.
func (p *parser) pattern(s string) (rule, error) {
	r := rule{source: s}
	parts := companion.Split(s, -1)
	signs := companion.FindAllString(s, -1)
	for i, part := range parts[1:] {
		op, err := p.operand(part)
		if err != nil {
			return r, err
		}
		if strings.Contains(signs[i], "-") {
			r.without = append(r.without, op)
		} else {
			r.with = append(r.with, op)
		}
	}
	gaps := near.FindAllStringSubmatch(parts[0], -1)
	for i, part := range near.Split(parts[0], -1) {
		op, err := p.operand(part)
		if err != nil {
			return r, err
		}
		if i > 0 {
			op.gap = defaultGap
			if g := gaps[i-1][1]; g != "" {
				op.gap, _ = strconv.Atoi(g) // digits by the expression; too long gives the largest gap
			}
			if p.lex.language == "zh" {
				op.gap *= charsPerWord
			}
		}
		r.near = append(r.near, op)
	}
	return r, nil
}

var companion = regexp.MustCompile(`\s+-?&\s+`)

func (p *parser) operand(s string) (operand, error) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "@") {
		atom, ok := p.lex.sets[s]
		if !ok {
			return operand{}, fmt.Errorf("%s is not defined above", s)
		}
		return operand{atom: atom}, nil
	}
	steps, err := p.steps(s)
	if err != nil {
		return operand{}, err
	}
	key := fmt.Sprint(steps)
	atom, ok := p.lex.phrases[key]
	if !ok {
		atom = p.lex.newAtom()
		p.lex.phrases[key] = atom
		p.lex.words.add(steps, atom)
	}
	return operand{atom: atom}, nil
}

func (l *lexicon) newAtom() int32 {
	l.atoms++
	return l.atoms - 1
}

// addPhrase enters a phrase under an atom.
func (p *parser) addPhrase(phrase string, atom int32) error {
	steps, err := p.steps(phrase)
	if err == nil {
		p.lex.words.add(steps, atom)
	}
	return err
}

// steps reads a phrase: words match by their stem, `=word` as it is, `^WORD`
// with its capitals, `word*` from its beginning.
func (p *parser) steps(phrase string) ([]step, error) {
	var steps []step
	for _, w := range strings.Fields(phrase) {
		kind, word := byStem, w
		switch {
		case strings.HasPrefix(w, "="):
			kind, word = byFold, w[1:]
		case strings.HasPrefix(w, "^"):
			kind, word = byCase, w[1:]
		case strings.HasSuffix(w, "*"):
			kind, word = byPrefix, w[:len(w)-1]
		}
		toks := analyze.Tokens(word, p.lex.language)
		for _, t := range toks {
			switch kind {
			case byStem:
				steps = append(steps, step{byStem, t.Stem})
				for _, plain := range analyze.Tokens(t.Fold, p.lex.language) {
					p.lex.words.addPlain(t.Stem, plain.Stem)
				}
			case byCase:
				steps = append(steps, step{byCase, word[t.Start:t.End]})
			default:
				steps = append(steps, step{kind, t.Fold})
			}
		}
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("%q holds no word", phrase)
	}
	return steps, nil
}

func topicIndex(s news.Slug) int {
	for i, t := range news.Topics() {
		if t.Slug == s {
			return i
		}
	}
	return -1
}
