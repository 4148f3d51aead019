// Package classify reads an item and says what it is about and what it tells:
// topics, kind, countries, deadlines and quotations, each with the words that
// earned it. What it says is a proposal; a curator decides, and the decision
// teaches it. Symbols of documents are read by package symbols, written dates
// by package dates, languages by package analyze; who stores decisions and
// texts is no concern of it.
package classify

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/symbols"
)

// A Text is an item as the classifier reads it: plain text, no tags.
type Text struct {
	Title     string
	Body      string
	Language  string      // BCP 47; empty or "und" when unknown
	Source    string      // slug of the source; may be empty
	Leans     []news.Slug // topics its source leans to: a prior, never a verdict
	Kind      news.Kind   // what items of its source usually are; may be empty
	Published time.Time   // zero when unknown
}

// A Classifier reads items. It never changes, so it is safe for concurrent
// use; With, WithLexicon and WithThresholds return another one.
type Classifier struct {
	lexicons   map[string]func() *lexicon
	start      func() *Model // what our own training texts teach
	model      *Model        // what the desk taught; nil before its first decision
	thresholds map[news.Slug]float64
}

//go:embed lexicon/*.txt
var lexiconFiles embed.FS

// Languages are the languages with a lexicon of their own, in a fixed order.
func Languages() []string { return []string{"en", "fr", "es", "ru", "ar", "zh", "nl"} }

// New returns a classifier with the shipped lexicon and model. It is cheap: a
// lexicon is compiled when its language is first met, the model read with the
// first text.
func New() (*Classifier, error) {
	return &Classifier{lexicons: shippedLexicons, start: shippedModel}, nil
}

// With returns a classifier that also knows what the desk taught; nil takes
// that away again.
func (c *Classifier) With(m *Model) *Classifier {
	out := *c
	out.model = m
	return &out
}

// shippedLexicons are shared by all classifiers.
var shippedLexicons = func() map[string]func() *lexicon {
	m := map[string]func() *lexicon{}
	for _, language := range Languages() {
		m[language] = sync.OnceValue(func() *lexicon { return shipped(language) })
	}
	return m
}()

// shipped compiles the lexicon of a language. The files are part of the
// program: a mistake in them is ours and stops the tests.
func shipped(language string) *lexicon {
	l := newLexicon(language)
	for _, name := range []string{"any", language} {
		text, err := lexiconFiles.ReadFile("lexicon/" + name + ".txt")
		if err == nil {
			err = l.add(string(text))
		}
		if err != nil {
			panic(fmt.Sprintf("classify: embedded lexicon %s: %v", name, err))
		}
	}
	return l
}

// Read says what a text is about and what it tells.
func (c *Classifier) Read(t Text) news.Facts {
	d, l := c.document(t)
	return news.Facts{
		Kind:      kindFinders[l.language]().kind(d, t.Kind),
		Topics:    c.topics(t, d, l),
		Countries: gazetteers[l.language]().countries(d),
		UNSymbols: symbolsIn(t.Title + "\n" + t.Body),
		Deadlines: deadlines(t, l.language),
		Quotes:    quotes(t.Body, l.language),
	}
}

// document makes a text ready, with the lexicon it is read by.
func (c *Classifier) document(t Text) (*document, *lexicon) {
	l := c.lexicons[c.lexiconFor(t)]()
	return newDocument(t.Title, t.Body, l.language), l
}

// symbolsIn spares the search where there cannot be one: every symbol holds a
// stroke.
func symbolsIn(text string) []string {
	if !strings.Contains(text, "/") {
		return nil
	}
	return symbols.InText(text)
}

func (c *Classifier) topics(t Text, d *document, l *lexicon) []news.TopicScore {
	signs := d.signs(l, t.Leans)
	features := d.features(t, signs)
	logits := c.logits(signs, features)
	out := make([]news.TopicScore, len(signs))
	for i, s := range signs {
		out[i] = news.TopicScore{Slug: s.slug, Score: round(sigmoid(logits[i])), Evidence: d.evidence(s.found)}
		if len(out[i].Evidence) < maxEvidence && out[i].Score > 0.1 {
			out[i].Evidence = append(out[i].Evidence, c.taughtWords(d, features, i, out[i].Evidence)...)
		}
	}
	slices.SortStableFunc(out, func(a, b news.TopicScore) int { return cmpFloat(b.Score, a.Score) })
	for i := range out[:MaxTopics] {
		out[i].Assigned = out[i].Score >= c.Threshold(out[i].Slug)
	}
	return out
}

// silentLogit is where a topic starts that the lexicon sees no word for.
const silentLogit = -6

// logits are the log-odds of the topics, in the order of news.Topics.
func (c *Classifier) logits(signs []sign, features []feature) []float64 {
	out := make([]float64, len(signs))
	for i, s := range signs {
		out[i] = silentLogit
		if s.shape[0] != 0 {
			out[i] = max(silentLogit, shippedCalibration().logit(s.shape))
		}
	}
	c.start().shift(features, out)
	c.model.shift(features, out)
	return out
}

// MaxTopics is the most an item is given.
const MaxTopics = 4

// threshold is where a topic is given. A little below even odds: a curator
// takes a wrong topic away faster than they think of a missing one.
const threshold = 0.45

// leanPoints is what a topic the source leans to gains once the text itself
// speaks for it.
const leanPoints = 1

// A sign is what the lexicon says for one topic of one text.
type sign struct {
	slug   news.Slug
	points float64
	found  []finding
	shape  shape
}

// elsewhereSet holds the words of fields that are none of ours.
const elsewhereSet = "@elsewhere"

// signs reads all topics, in the order of news.Topics.
func (d *document) signs(l *lexicon, leans []news.Slug) []sign {
	hits := d.search(l)
	elsewhere := 0
	if atom, ok := l.sets[elsewhereSet]; ok {
		elsewhere = len(hits[atom])
	}
	out := make([]sign, len(l.topics))
	best := 0.0
	for i, topic := range news.Topics() {
		points, found := d.topicScore(l, i, hits)
		if points > 0 && slices.Contains(leans, topic.Slug) {
			points += leanPoints
		}
		out[i] = sign{slug: topic.Slug, points: points, found: found}
		best = max(best, points)
	}
	for i := range out {
		rank := 0
		for j := range out {
			if out[j].points > out[i].points {
				rank++
			}
		}
		out[i].shape = d.shapeOf(&out[i], best, rank, elsewhere)
	}
	return out
}

// maxEvidence bounds the words shown for one topic.
const maxEvidence = 6

// evidence lists the words that earned a topic, as they stand in the text,
// best first.
func (d *document) evidence(found []finding) []string {
	var out []string
	for _, f := range found {
		if f.points <= 0 {
			continue
		}
		for _, p := range f.best.parts {
			if w := d.words(p.start, p.end); len(out) < maxEvidence && !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	return out
}

// taughtWords are the words that decisions, or our training texts, made speak
// for a topic, the strongest first, at most two.
func (c *Classifier) taughtWords(d *document, features []feature, topic int, have []string) []string {
	const enough = 0.15
	var out []string
	for _, clue := range c.taughtClues(d, features, topic) {
		if clue.Points > enough && len(out) < 2 && !slices.Contains(have, clue.Words[0]) {
			out = append(out, clue.Words[0])
		}
	}
	return out
}

// lexiconFor chooses the lexicon for a text: its own language, else a near
// relative by script or family.
func (c *Classifier) lexiconFor(t Text) string {
	base, _, _ := strings.Cut(strings.ToLower(t.Language), "-")
	if _, ok := c.lexicons[base]; ok {
		return base
	}
	if near, ok := relatives[base]; ok {
		return near
	}
	return guess(t.Title + "\n" + t.Body)
}

var relatives = map[string]string{
	"pt": "es", "gl": "es", "ca": "es", "it": "es", "uk": "ru", "be": "ru", "bg": "ru", "kk": "ru", "ky": "ru",
	"fa": "ar", "ur": "ar", "ja": "zh", "yue": "zh", "af": "nl", "de": "nl",
}

// guess tells the seven languages apart by script and their commonest words;
// it is the last resort for a text whose language nobody named.
func guess(text string) string {
	counts := map[string]int{}
	words := 0
	for w := range strings.FieldsSeq(strings.ToLower(text)) {
		if first, _ := utf8.DecodeRuneInString(w); scriptLanguage(first) != "" {
			counts[scriptLanguage(first)]++
		}
		if l, ok := commonWords[w]; ok {
			counts[l]++
		}
		if words++; words > 300 {
			break
		}
	}
	best := "en"
	for _, l := range slices.Sorted(maps.Keys(counts)) {
		if counts[l] > counts[best] {
			best = l
		}
	}
	return best
}

func scriptLanguage(r rune) string {
	switch {
	case r >= 0x400 && r < 0x530:
		return "ru"
	case r >= 0x600 && r < 0x700:
		return "ar"
	case r >= 0x4e00 && r < 0xa000:
		return "zh"
	}
	return ""
}

var commonWords = map[string]string{
	"the": "en", "of": "en", "and": "en", "to": "en", "in": "en", "for": "en", "is": "en",
	"le": "fr", "les": "fr", "des": "fr", "et": "fr", "à": "fr", "une": "fr", "du": "fr", "dans": "fr",
	"el": "es", "los": "es", "las": "es", "y": "es", "del": "es", "una": "es", "con": "es",
	"het": "nl", "een": "nl", "van": "nl", "voor": "nl", "met": "nl", "niet": "nl",
}
