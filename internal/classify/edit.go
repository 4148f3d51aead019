package classify

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// An Edit is what a curator made of the lexicon of one topic in one language:
// lines in the format of lexicon/README.md, without a section head.
type Edit struct {
	Topic    news.Slug
	Language string // one of Languages
	Lines    string
	// Instead puts the lines in the place of the shipped ones; else they are
	// added to them.
	Instead bool
}

// WithLexicon returns a classifier that reads with the edits laid over the
// shipped lexicon. It returns an error wrapping news.ErrInvalid that names the
// topic, the language and the line of the first mistake, so a desk can try an
// edit before it keeps it. A Learner made before knows nothing of it: make a
// new one and let it learn again.
func (c *Classifier) WithLexicon(edits []Edit) (*Classifier, error) {
	byLanguage := map[string][]Edit{}
	for _, e := range edits {
		if !e.Topic.Known() || !slices.Contains(Languages(), e.Language) {
			return nil, fmt.Errorf("lexicon of %s in %s: no such topic or language: %w", e.Topic, e.Language, news.ErrInvalid)
		}
		byLanguage[e.Language] = append(byLanguage[e.Language], e)
	}
	out := *c
	out.lexicons = maps.Clone(c.lexicons)
	for language, list := range byLanguage {
		l, err := edited(language, list)
		if err != nil {
			return nil, err
		}
		out.lexicons[language] = sync.OnceValue(func() *lexicon { return l })
	}
	return &out, nil
}

// edited compiles the shipped lexicon of a language with edits over it.
func edited(language string, edits []Edit) (*lexicon, error) {
	l := newLexicon(language)
	for _, name := range []string{"any", language} {
		text, err := lexiconFiles.ReadFile("lexicon/" + name + ".txt")
		if err != nil {
			return nil, fmt.Errorf("lexicon %s: %w", name, err)
		}
		if err := l.add(without(string(text), edits)); err != nil {
			return nil, err
		}
	}
	for _, e := range edits {
		if err := l.addTopic(topicIndex(e.Topic), e.Lines); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Topic, err)
		}
	}
	return l, nil
}

// without blanks the sections that edits stand in the place of, keeping the
// line numbers.
func without(text string, edits []Edit) string {
	var b strings.Builder
	gone := false
	for line := range strings.Lines(text) {
		if m := sectionLine.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			gone = slices.ContainsFunc(edits, func(e Edit) bool { return e.Instead && string(e.Topic) == m[1] })
		}
		if gone {
			line = "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// ShippedLines returns the lines a topic ships with in a language, as a curator
// reads and may edit them; empty for an unknown topic or language.
func ShippedLines(topic news.Slug, language string) string {
	text, err := lexiconFiles.ReadFile("lexicon/" + language + ".txt")
	if err != nil {
		return "" // not one of Languages
	}
	var b strings.Builder
	in := false
	for line := range strings.Lines(string(text)) {
		if m := sectionLine.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			in = m[1] == string(topic)
			continue
		}
		if in {
			b.WriteString(line)
		}
	}
	return strings.TrimSpace(b.String())
}

// WithThresholds returns a classifier that gives these topics from another
// score on. It returns an error wrapping news.ErrInvalid for an unknown topic
// or a threshold not between 0 and 1.
func (c *Classifier) WithThresholds(thresholds map[news.Slug]float64) (*Classifier, error) {
	for topic, v := range thresholds {
		if !topic.Known() || !(v > 0 && v < 1) {
			return nil, fmt.Errorf("threshold %v of topic %q: %w", v, topic, news.ErrInvalid)
		}
	}
	out := *c
	out.thresholds = maps.Clone(thresholds)
	return &out, nil
}

// Threshold is the score from which a topic is given.
func (c *Classifier) Threshold(topic news.Slug) float64 {
	if v, ok := c.thresholds[topic]; ok {
		return v
	}
	return threshold
}

// A Set is a row of words that several patterns use under one name.
type Set struct {
	Name    string // with its @
	Members string // lines as they ship
}

// ShippedSets lists the sets of a language, as a curator may use them.
func ShippedSets(language string) []Set {
	text, err := lexiconFiles.ReadFile("lexicon/" + language + ".txt")
	if err != nil {
		return nil // not one of Languages
	}
	var out []Set
	in := false
	for line := range strings.Lines(string(text)) {
		if m := sectionLine.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			if in = strings.HasPrefix(m[1], "@"); in {
				out = append(out, Set{Name: m[1]})
			}
			continue
		}
		if in {
			out[len(out)-1].Members += line
		}
	}
	for i := range out {
		out[i].Members = strings.TrimSpace(out[i].Members)
	}
	return out
}
