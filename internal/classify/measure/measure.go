// Package measure scores what the classifier says against what people said:
// F1 with its interval, recall of the first two suggestions, no topic,
// calibration, and which topics are taken for which. It knows scores and
// labels only; who made them is no concern of it.
package measure

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// A Case is one labelled item with what the classifier said of it.
type Case struct {
	ID       string
	Language string
	Story    string // items of one story are drawn together; empty means the item stands alone
	Labels   []news.Slug
	Topics   []news.TopicScore // best first
}

// A Count is how often a topic was given rightly, wrongly and not given.
type Count struct {
	Right  int `json:"right"`
	Wrong  int `json:"wrong"`
	Missed int `json:"missed"`
}

func (c *Count) add(o Count) { c.Right += o.Right; c.Wrong += o.Wrong; c.Missed += o.Missed }

// Precision is the share of what was given that was right; 0 when nothing was.
func (c Count) Precision() float64 { return ratio(c.Right, c.Right+c.Wrong) }

// Recall is the share of what should be given that was; 0 when there is none.
func (c Count) Recall() float64 { return ratio(c.Right, c.Right+c.Missed) }

// F1 is the harmonic mean of precision and recall.
func (c Count) F1() float64 { return ratio(2*c.Right, 2*c.Right+c.Wrong+c.Missed) }

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// An Interval is a value with the 95 % of its bootstrap draws.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

func (i Interval) String() string { return fmt.Sprintf("%.3f (%.2f to %.2f)", i.Value, i.Low, i.High) }

// A TopicRow is one line of the table.
type TopicRow struct {
	Slug      news.Slug `json:"slug"`
	Items     int       `json:"items"` // labelled so
	Count     Count     `json:"count"`
	Precision float64   `json:"precision"`
	Recall    float64   `json:"recall"`
	F1        float64   `json:"f1"`
}

// A Confusion says how often an item that should have one topic was given
// another it should not have.
type Confusion struct {
	Missed news.Slug `json:"missed"`
	Given  news.Slug `json:"given"`
	Items  int       `json:"items"`
}

// A Bin is the scores of one tenth: how sure we were, how often we were right.
type Bin struct {
	From  float64 `json:"from"`
	Items int     `json:"items"`
	Mean  float64 `json:"mean"`
	Right float64 `json:"right"`
}

// A NoTopic is how items that should have none were treated.
type NoTopic struct {
	Items     int     `json:"items"` // labelled with nothing
	Left      int     `json:"left"`  // of these, given nothing
	Given     int     `json:"given"` // items given nothing in all
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
}

// A Report is everything measured.
type Report struct {
	Items       int                 `json:"items"`
	Micro       Interval            `json:"micro_f1"`
	Precision   Interval            `json:"precision"`
	Recall      Interval            `json:"recall"`
	Macro       Interval            `json:"macro_f1"` // over topics that occur
	Core        Interval            `json:"core_f1"`  // the three topics the desk is for
	FirstTwo    Interval            `json:"recall_first_two"`
	English     Interval            `json:"english_micro_f1"`
	NotEnglish  Interval            `json:"not_english_micro_f1"`
	Languages   map[string]Interval `json:"languages"`
	NoTopic     NoTopic             `json:"no_topic"`
	Calibration float64             `json:"calibration_error"` // scores above 0.1
	Bins        []Bin               `json:"calibration"`
	Topics      []TopicRow          `json:"topics"`
	Confusions  []Confusion         `json:"confusions"`
}

// Core are the topics the desk is for.
var Core = []news.Slug{"right-to-health", "attacks-on-health-care", "health-workers-at-risk"}

const draws = 1000

// Run measures the cases. The bootstrap draws whole stories, always the same
// way, so equal input gives equal output.
func Run(cases []Case) Report {
	r := Report{Items: len(cases), Languages: map[string]Interval{}, Bins: bins(cases), NoTopic: noTopic(cases)}
	all := byTopic(cases)
	r.Topics, r.Confusions = table(all), confusions(cases)
	r.Calibration = calibrationError(r.Bins)
	r.Micro = interval(cases, func(c []Case) float64 { return total(byTopic(c)).F1() })
	r.Precision = interval(cases, func(c []Case) float64 { return total(byTopic(c)).Precision() })
	r.Recall = interval(cases, func(c []Case) float64 { return total(byTopic(c)).Recall() })
	r.Macro = interval(cases, func(c []Case) float64 { return macro(byTopic(c)) })
	r.Core = interval(cases, func(c []Case) float64 { return total(only(byTopic(c), Core)).F1() })
	r.FirstTwo = interval(cases, firstTwo)
	groups := map[string][]Case{}
	var english, others []Case
	for _, c := range cases {
		groups[c.Language] = append(groups[c.Language], c)
		if c.Language == "en" {
			english = append(english, c)
		} else {
			others = append(others, c)
		}
	}
	micro := func(c []Case) float64 { return total(byTopic(c)).F1() }
	r.English, r.NotEnglish = interval(english, micro), interval(others, micro)
	for language, group := range groups {
		r.Languages[language] = interval(group, micro)
	}
	return r
}

// CountOf compares what was given with what should have been.
func CountOf(c Case) map[news.Slug]Count {
	out := map[news.Slug]Count{}
	for _, t := range c.Topics {
		wanted := slices.Contains(c.Labels, t.Slug)
		switch {
		case t.Assigned && wanted:
			out[t.Slug] = Count{Right: 1}
		case t.Assigned:
			out[t.Slug] = Count{Wrong: 1}
		case wanted:
			out[t.Slug] = Count{Missed: 1}
		}
	}
	return out
}

func byTopic(cases []Case) map[news.Slug]Count {
	out := map[news.Slug]Count{}
	for _, c := range cases {
		for slug, n := range CountOf(c) {
			sum := out[slug]
			sum.add(n)
			out[slug] = sum
		}
	}
	return out
}

func only(m map[news.Slug]Count, slugs []news.Slug) map[news.Slug]Count {
	out := map[news.Slug]Count{}
	for _, s := range slugs {
		out[s] = m[s]
	}
	return out
}

func total(m map[news.Slug]Count) Count {
	var c Count
	for _, n := range m {
		c.add(n)
	}
	return c
}

func macro(m map[news.Slug]Count) float64 {
	var sum float64
	n := 0
	for _, c := range m {
		if c.Right+c.Missed > 0 {
			sum += c.F1()
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

func firstTwo(cases []Case) float64 {
	right, wanted := 0, 0
	for _, c := range cases {
		wanted += len(c.Labels)
		for _, t := range c.Topics[:min(2, len(c.Topics))] {
			if t.Score > 0 && slices.Contains(c.Labels, t.Slug) {
				right++
			}
		}
	}
	return ratio(right, wanted)
}

func table(m map[news.Slug]Count) []TopicRow {
	var out []TopicRow
	for _, t := range news.Topics() {
		c := m[t.Slug]
		out = append(out, TopicRow{t.Slug, c.Right + c.Missed, c, c.Precision(), c.Recall(), c.F1()})
	}
	return out
}

func noTopic(cases []Case) NoTopic {
	var n NoTopic
	for _, c := range cases {
		given := slices.ContainsFunc(c.Topics, func(t news.TopicScore) bool { return t.Assigned })
		if len(c.Labels) == 0 {
			n.Items++
			if !given {
				n.Left++
			}
		}
		if !given {
			n.Given++
		}
	}
	n.Precision, n.Recall = ratio(n.Left, n.Given), ratio(n.Left, n.Items)
	return n
}

// confusions lists the closest pairs: within one item, each topic missed with
// each given wrongly.
func confusions(cases []Case) []Confusion {
	count := map[[2]news.Slug]int{}
	for _, c := range cases {
		n := CountOf(c)
		for missed, m := range n {
			for given, g := range n {
				if m.Missed > 0 && g.Wrong > 0 {
					count[[2]news.Slug{missed, given}]++
				}
			}
		}
	}
	var out []Confusion
	for pair, n := range count {
		out = append(out, Confusion{pair[0], pair[1], n})
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.Items != b.Items {
			return a.Items > b.Items
		}
		return a.Missed+a.Given < b.Missed+b.Given
	})
	return out[:min(len(out), 10)]
}

// scoreFloor: below it a score says "no", and there are so many of them that
// they would hide the rest.
const scoreFloor = 0.1

func bins(cases []Case) []Bin {
	out := make([]Bin, 9)
	for i := range out {
		out[i].From = float64(i+1) / 10
	}
	for _, c := range cases {
		for _, t := range c.Topics {
			if t.Score <= scoreFloor {
				continue
			}
			b := &out[min(int(t.Score*10), 9)-1]
			b.Items++
			b.Mean += t.Score
			if slices.Contains(c.Labels, t.Slug) {
				b.Right++
			}
		}
	}
	for i := range out {
		if n := float64(out[i].Items); n > 0 {
			out[i].Mean /= n
			out[i].Right /= n
		}
	}
	return out
}

// calibrationError is the mean distance between how sure we were and how often
// we were right, weighed by the items of each tenth.
func calibrationError(bins []Bin) float64 {
	var sum float64
	n := 0
	for _, b := range bins {
		sum += math.Abs(b.Mean-b.Right) * float64(b.Items)
		n += b.Items
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

func interval(cases []Case, value func([]Case) float64) Interval {
	out := Interval{Value: value(cases)}
	out.Low, out.High = out.Value, out.Value
	blocks := stories(cases)
	if len(blocks) < 2 {
		return out
	}
	rng := rand.New(rand.NewPCG(1, 2))
	drawn := make([]float64, draws)
	for i := range drawn {
		var sample []Case
		for range blocks {
			sample = append(sample, blocks[rng.IntN(len(blocks))]...)
		}
		drawn[i] = value(sample)
	}
	slices.Sort(drawn)
	out.Low, out.High = drawn[draws*25/1000], drawn[draws*975/1000-1]
	return out
}

func stories(cases []Case) [][]Case {
	var out [][]Case
	at := map[string]int{}
	for _, c := range cases {
		if i, ok := at[c.Story]; ok && c.Story != "" {
			out[i] = append(out[i], c)
			continue
		}
		at[c.Story] = len(out)
		out = append(out, []Case{c})
	}
	return out
}
