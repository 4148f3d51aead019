// Package measure scores what the classifier says against what people said:
// F1 with its interval, recall of the first two suggestions, no topic,
// calibration, and which topics are taken for which. It knows scores and
// labels only; who made them is no concern of it.
package measure

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

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
	blocks, languages := stories(cases)
	var all tally
	for _, b := range blocks {
		all.add(&b)
	}
	r.Topics, r.Confusions = table(all), confusions(cases)
	r.Calibration = calibrationError(r.Bins)
	r.Micro = interval(blocks, func(t *tally) float64 { return t.total().F1() })
	r.Precision = interval(blocks, func(t *tally) float64 { return t.total().Precision() })
	r.Recall = interval(blocks, func(t *tally) float64 { return t.total().Recall() })
	r.Macro = interval(blocks, (*tally).macro)
	r.Core = interval(blocks, func(t *tally) float64 { return t.of(Core).F1() })
	r.FirstTwo = interval(blocks, func(t *tally) float64 { return ratio(t.firstTwo, t.wanted) })
	micro := func(t *tally) float64 { return t.total().F1() }
	r.English = interval(languages["en"], micro)
	var others []tally
	for _, language := range slices.Sorted(maps.Keys(languages)) {
		r.Languages[language] = interval(languages[language], micro)
		if language != "en" {
			others = append(others, languages[language]...)
		}
	}
	r.NotEnglish = interval(others, micro)
	return r
}

// A tally is what was counted over some items.
type tally struct {
	topics   [maxTopics]Count // in the order of news.Topics
	firstTwo int              // labels among the first two suggestions
	wanted   int              // labels
}

// maxTopics bounds the list of topics; there are 30.
const maxTopics = 64

func tallyOf(c Case) tally {
	var t tally
	t.wanted = len(c.Labels)
	for i, topic := range c.Topics {
		wanted := slices.Contains(c.Labels, topic.Slug)
		if i < 2 && topic.Score > 0 && wanted {
			t.firstTwo++
		}
		at := slices.IndexFunc(news.Topics(), func(n news.Topic) bool { return n.Slug == topic.Slug })
		switch {
		case topic.Assigned && wanted:
			t.topics[at].Right++
		case topic.Assigned:
			t.topics[at].Wrong++
		case wanted:
			t.topics[at].Missed++
		}
	}
	return t
}

func (t *tally) add(o *tally) {
	for i := range news.Topics() {
		t.topics[i].add(o.topics[i])
	}
	t.firstTwo += o.firstTwo
	t.wanted += o.wanted
}

func (t *tally) total() Count {
	var sum Count
	for _, c := range t.topics {
		sum.add(c)
	}
	return sum
}

func (t *tally) of(slugs []news.Slug) Count {
	var sum Count
	for i, topic := range news.Topics() {
		if slices.Contains(slugs, topic.Slug) {
			sum.add(t.topics[i])
		}
	}
	return sum
}

// macro is the mean F1 of the topics that occur.
func (t *tally) macro() float64 {
	var sum float64
	n := 0
	for _, c := range t.topics {
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

func table(t tally) []TopicRow {
	var out []TopicRow
	for i, topic := range news.Topics() {
		c := t.topics[i]
		out = append(out, TopicRow{topic.Slug, c.Right + c.Missed, c, c.Precision(), c.Recall(), c.F1()})
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
		for _, missed := range c.Topics {
			if missed.Assigned || !slices.Contains(c.Labels, missed.Slug) {
				continue
			}
			for _, given := range c.Topics {
				if given.Assigned && !slices.Contains(c.Labels, given.Slug) {
					count[[2]news.Slug{missed.Slug, given.Slug}]++
				}
			}
		}
	}
	var out []Confusion
	for pair, n := range count {
		out = append(out, Confusion{pair[0], pair[1], n})
	}
	slices.SortFunc(out, func(a, b Confusion) int {
		return cmp.Or(cmp.Compare(b.Items, a.Items), cmp.Compare(a.Missed, b.Missed), cmp.Compare(a.Given, b.Given))
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

func interval(blocks []tally, value func(*tally) float64) Interval {
	var all tally
	for i := range blocks {
		all.add(&blocks[i])
	}
	out := Interval{Value: value(&all)}
	out.Low, out.High = out.Value, out.Value
	if len(blocks) < 2 {
		return out
	}
	rng := rand.New(rand.NewPCG(1, 2))
	drawn := make([]float64, draws)
	for i := range drawn {
		var sample tally
		for range blocks {
			sample.add(&blocks[rng.IntN(len(blocks))])
		}
		drawn[i] = value(&sample)
	}
	slices.Sort(drawn)
	out.Low, out.High = drawn[draws*25/1000], drawn[draws*975/1000-1]
	return out
}

// stories counts the items of each story together, over all and by language.
func stories(cases []Case) (all []tally, languages map[string][]tally) {
	languages = map[string][]tally{}
	at := map[[2]string]int{}
	add := func(list []tally, key [2]string, t *tally) []tally {
		if i, ok := at[key]; ok && key[1] != "" {
			list[i].add(t)
			return list
		}
		at[key] = len(list)
		return append(list, *t)
	}
	for _, c := range cases {
		t := tallyOf(c)
		all = add(all, [2]string{"", c.Story}, &t)
		languages[c.Language] = add(languages[c.Language], [2]string{"in " + c.Language, c.Story}, &t)
	}
	return all, languages
}
