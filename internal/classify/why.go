package classify

import (
	"fmt"
	"slices"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// A Reason answers "why this topic?" and "why not?".
type Reason struct {
	Topic     news.Slug
	Score     float64
	Threshold float64
	Assigned  bool
	Points    float64 // what the clues add up to
	Clues     []Clue  // for and against, the strongest first
	// Taught are words that decisions at the desk, or the training texts the
	// program ships with, made speak for the topic (positive) or against it,
	// the strongest first.
	Taught []Clue
	// Stronger are the topics with a higher score; at most four are given.
	Stronger []news.Slug
}

// A Clue is one thing in the text that speaks for or against a topic.
type Clue struct {
	Words   []string // as they stand in the text
	Pattern string   // of the lexicon; empty for a taught clue
	Weight  float64  // as written in the lexicon
	Points  float64  // what it counted for here, by place and repetition
	Where   string   // "title", "beginning", "text" or "end"
	Times   int
}

var zoneNames = [zones]string{inTitle: "title", inLead: "beginning", inBody: "text", inTail: "end"}

// Why says what speaks for and against a topic of a text. It returns an error
// wrapping news.ErrInvalid for an unknown topic.
func (c *Classifier) Why(t Text, topic news.Slug) (Reason, error) {
	at := topicIndex(topic)
	if at < 0 {
		return Reason{}, fmt.Errorf("why topic %q: %w", topic, news.ErrInvalid)
	}
	d, l := c.document(t)
	signs := d.signs(l, t.Leans)
	r := Reason{Topic: topic, Threshold: c.Threshold(topic), Points: signs[at].points}
	for _, score := range c.topics(t, d, l) {
		if score.Slug == topic {
			r.Score, r.Assigned = score.Score, score.Assigned
			break
		}
		r.Stronger = append(r.Stronger, score.Slug)
	}
	for _, f := range signs[at].found {
		r.Clues = append(r.Clues, d.clue(f))
	}
	r.Taught = c.taughtClues(d, d.features(t, signs), at)
	return r, nil
}

func (d *document) clue(f finding) Clue {
	out := Clue{Pattern: f.rule.source, Weight: f.rule.weight, Points: f.points, Where: zoneNames[f.best.zone], Times: f.count}
	for _, p := range f.best.parts {
		out.Words = append(out.Words, d.words(p.start, p.end))
	}
	return out
}

const maxTaught = 6

func (c *Classifier) taughtClues(d *document, features []feature, topic int) []Clue {
	var out []Clue
	for _, f := range features {
		says := c.start().says(f, topic) + c.model.says(f, topic)
		if f.from == f.to || says > -0.05 && says < 0.05 {
			continue
		}
		out = append(out, Clue{Words: []string{d.words(f.from, f.to)}, Points: says, Where: zoneNames[d.zone[f.from]], Times: 1})
	}
	slices.SortStableFunc(out, func(a, b Clue) int { return cmpFloat(max(b.Points, -b.Points), max(a.Points, -a.Points)) })
	return out[:min(len(out), maxTaught)]
}
