package classify

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// A Lesson is what one decision of a curator teaches.
//
// An approval, or a correction of topics, teaches the topics that were left on
// the story. A rejection because the story is none of ours teaches no topics;
// other rejections (twice the same, too old, badly written) teach nothing and
// make no lesson.
type Lesson struct {
	ID       int64 // of the decision; unique among the lessons a learner holds
	Text     Text
	Topics   []news.Slug
	Rejected bool // weighs half: it may have been rejected for more than its subject
}

// A Learner holds the lessons of the desk and what they teach. It is safe for
// concurrent use.
//
// What it teaches is a function of the lessons it holds, in their order, and
// of the lexicon: taking one back leaves exactly what would be there had it
// never been learned, and learning all of them anew gives the same bytes.
//
// The method is FTRL-Proximal, one logistic regression a topic, on top of what
// the lexicon says. The lexicon's log-odds stand fixed, so that a model with
// few lessons changes little.
type Learner struct {
	base *Classifier

	mu      sync.Mutex
	lessons []lesson
	rows    map[uint16]*[]cell
	undo    []undoStep // of the last lessons, newest last
}

// A lesson is a Lesson made ready. A desk holds thousands of them for years, so
// the words, which share one value, are kept by their buckets alone.
type lesson struct {
	id      int64
	words   []uint16
	unit    float32 // value of each word
	others  []learned
	offsets []float32 // log-odds before any lesson, a topic each
	right   []bool
	weight  float32
}

// features are those of the text, in the order they were read.
func (ls *lesson) features() []learned {
	out := make([]learned, 0, len(ls.words)+len(ls.others))
	for _, bucket := range ls.words {
		out = append(out, learned{bucket, ls.unit})
	}
	return append(out, ls.others...)
}

type learned struct {
	bucket uint16
	value  float32
}

// A cell is FTRL's state for one bucket and topic.
type cell struct{ z, n float32 }

// An undoStep holds the rows a lesson changed as they were before it; nil for
// a row that was not there.
type undoStep map[uint16][]cell

// FTRL's settings, chosen on the simulated curator (docs/topics.md): the pace,
// and how strongly weights are held at zero and small.
const (
	pace   = 2.0
	smooth = 1.0
	lasso  = 0.0008
	ridge  = 0.3

	maxUndo = 16
)

// NewLearner returns a learner on top of what the classifier says without
// decisions; a model the classifier carries is left aside.
func NewLearner(c *Classifier) *Learner {
	base := *c
	base.model = nil
	return &Learner{base: &base, rows: map[uint16]*[]cell{}}
}

// Base is the classifier whose word the lessons are learned on top of, without
// what they teach.
func (l *Learner) Base() *Classifier { return l.base }

// Learn takes a lesson. It returns an error wrapping news.ErrConflict when a
// lesson of that decision is held already, news.ErrInvalid for unknown topics.
func (l *Learner) Learn(ls Lesson) error {
	if err := news.CheckTopics(ls.Topics); err != nil {
		return fmt.Errorf("learn decision %d: %w", ls.ID, err)
	}
	ready := l.prepare(ls)
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.ContainsFunc(l.lessons, func(o lesson) bool { return o.id == ls.ID }) {
		return fmt.Errorf("learn decision %d: it was learned already: %w", ls.ID, news.ErrConflict)
	}
	l.lessons = append(l.lessons, ready)
	step := undoStep{}
	l.study(&ready, step)
	if l.undo = append(l.undo, step); len(l.undo) > maxUndo {
		l.undo = slices.Delete(l.undo, 0, 1)
	}
	return nil
}

// Forget takes the lesson of a decision back. It reports whether it held one.
func (l *Learner) Forget(id int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.IndexFunc(l.lessons, func(o lesson) bool { return o.id == id })
	switch {
	case at < 0:
		return false
	case at == len(l.lessons)-1 && len(l.undo) > 0:
		l.restore()
		l.lessons = slices.Delete(l.lessons, at, at+1)
	default:
		l.lessons = slices.Delete(l.lessons, at, at+1)
		l.relearn()
	}
	return true
}

// restore puts back what the last lesson changed.
func (l *Learner) restore() {
	step := l.undo[len(l.undo)-1]
	l.undo = l.undo[:len(l.undo)-1]
	for bucket, row := range step {
		if row == nil {
			delete(l.rows, bucket)
			continue
		}
		l.rows[bucket] = &row
	}
}

// relearn studies all lessons anew.
func (l *Learner) relearn() {
	l.rows, l.undo = map[uint16]*[]cell{}, nil
	for i := range l.lessons {
		l.study(&l.lessons[i], nil)
	}
}

func (l *Learner) prepare(ls Lesson) lesson {
	d, lex := l.base.document(ls.Text)
	signs := d.signs(lex, ls.Text.Leans)
	out := lesson{id: ls.ID, weight: 1}
	if ls.Rejected {
		out.weight = 0.5
	}
	features := d.features(ls.Text, signs)
	out.keep(features)
	for _, z := range l.base.logits(signs, features) {
		out.offsets = append(out.offsets, float32(z))
	}
	for _, s := range signs {
		out.right = append(out.right, slices.Contains(ls.Topics, s.slug))
	}
	return out
}

// keep takes the features in: words first, as they stand.
func (ls *lesson) keep(features []feature) {
	n := slices.IndexFunc(features, func(f feature) bool { return f.from == f.to })
	if n < 0 {
		n = len(features)
	}
	ls.words = make([]uint16, n)
	for i, f := range features[:n] {
		ls.words[i], ls.unit = f.bucket, f.value
	}
	ls.others = make([]learned, len(features)-n)
	for i, f := range features[n:] {
		ls.others[i] = learned{f.bucket, f.value}
	}
}

// study makes one step for each topic. What it is about to change goes into
// step, if there is one. All sums are in float32, each rounded as written, so
// that the same lessons give the same bytes.
func (l *Learner) study(ls *lesson, step undoStep) {
	features := ls.features()
	rows := make([]*[]cell, len(features))
	for i, f := range features {
		row := l.rows[f.bucket]
		if step != nil {
			step.keep(f.bucket, row)
		}
		if row == nil {
			fresh := make([]cell, len(ls.offsets))
			row = &fresh
			l.rows[f.bucket] = row
		}
		rows[i] = row
	}
	for topic := range ls.offsets {
		z := ls.offsets[topic]
		for i, f := range features {
			z += float32(weight((*rows[i])[topic]) * f.value)
		}
		p := float32(sigmoid(float64(z)))
		if ls.right[topic] {
			p -= 1
		}
		gradient := float32(p * ls.weight)
		if gradient > -negligible && gradient < negligible {
			continue
		}
		for i, f := range features {
			nudge(&(*rows[i])[topic], float32(gradient*f.value))
		}
	}
}

// negligible errors teach nothing; most topics of most texts are of this sort.
const negligible = 0.01

func (s undoStep) keep(bucket uint16, row *[]cell) {
	if _, ok := s[bucket]; ok {
		return
	}
	if row == nil {
		s[bucket] = nil
		return
	}
	s[bucket] = slices.Clone(*row)
}

// weight is FTRL's closed form: zero until the evidence passes the lasso.
func weight(c cell) float32 {
	z := c.z
	if z > -lasso && z < lasso {
		return 0
	}
	if z > 0 {
		z -= lasso
	} else {
		z += lasso
	}
	root := float32(math.Sqrt(float64(c.n)))
	return -z / float32(float32((smooth+root)/pace)+ridge)
}

func nudge(c *cell, g float32) {
	squared := float32(g * g)
	before := float32(math.Sqrt(float64(c.n)))
	after := float32(math.Sqrt(float64(c.n + squared)))
	sigma := float32((after - before) / pace)
	c.z += g - float32(sigma*weight(*c))
	c.n += squared
}

// Lessons returns the ids of the lessons held, in their order.
func (l *Learner) Lessons() []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]int64, len(l.lessons))
	for i := range l.lessons {
		out[i] = l.lessons[i].id
	}
	return out
}

// Model returns what the lessons teach, to be given to a classifier.
func (l *Learner) Model() *Model {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := &Model{topics: len(news.Topics()), rows: map[uint16][]float32{}, lessons: len(l.lessons)}
	for bucket, cells := range l.rows {
		row := make([]float32, m.topics)
		any := false
		for topic, c := range *cells {
			steps := math.Round(float64(weight(c)) * weightStep)
			row[topic] = float32(max(-maxSteps, min(maxSteps, steps)) / weightStep)
			any = any || row[topic] != 0
		}
		if any {
			m.rows[bucket] = row
		}
	}
	return m
}
