package classify

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// A Model corrects the lexicon by what was decided: for each topic a weight a
// bucket, added to the lexicon's log-odds. It never changes once made.
type Model struct {
	topics  int
	rows    map[uint16][]float32 // bucket -> a weight a topic; absent is all zero
	lessons int
}

// Lessons is how many decisions it was learned from.
func (m *Model) Lessons() int { return m.lessons }

// shift adds up what the features say for each topic.
func (m *Model) shift(features []feature, out []float64) {
	if m == nil {
		return
	}
	for _, f := range features {
		for topic, w := range m.rows[f.bucket] {
			out[topic] += float64(w) * float64(f.value)
		}
	}
}

// says is what one feature says for one topic.
func (m *Model) says(f feature, topic int) float64 {
	if m == nil {
		return 0
	}
	if row := m.rows[f.bucket]; row != nil {
		return float64(row[topic]) * float64(f.value)
	}
	return 0
}

// The encoding of a model, all numbers as in encoding/binary's varints:
//
//	"rdm1"   the format
//	topics   how many, 30
//	lessons  how many decisions it holds
//	rows     how many buckets have a weight
//	then for each row, by ascending bucket:
//	  gap    bucket minus the bucket before it (the first: the bucket)
//	  count  topics with a weight
//	  then for each: topic minus the topic before it, and the weight in
//	  steps of 1/512, signed
const (
	modelMagic = "rdm1"
	weightStep = 512
)

// Bytes returns the model in its encoding; equal models give equal bytes.
func (m *Model) Bytes() []byte {
	b := []byte(modelMagic)
	b = binary.AppendUvarint(b, uint64(m.topics))
	b = binary.AppendUvarint(b, uint64(m.lessons))
	b = binary.AppendUvarint(b, uint64(len(m.rows)))
	last := 0
	for bucket := range buckets {
		row, ok := m.rows[uint16(bucket)]
		if !ok {
			continue
		}
		b = binary.AppendUvarint(b, uint64(bucket-last))
		last = bucket
		b = appendRow(b, row)
	}
	return b
}

func appendRow(b []byte, row []float32) []byte {
	n := 0
	for _, w := range row {
		if w != 0 {
			n++
		}
	}
	b = binary.AppendUvarint(b, uint64(n))
	last := 0
	for topic, w := range row {
		if w != 0 {
			b = binary.AppendUvarint(b, uint64(topic-last))
			b = binary.AppendVarint(b, int64(w*weightStep))
			last = topic
		}
	}
	return b
}

// ParseModel reads what Bytes wrote. It returns an error wrapping
// news.ErrInvalid for anything else, and takes no more memory than a model of
// full size.
func ParseModel(b []byte) (*Model, error) {
	rest, ok := bytes.CutPrefix(b, []byte(modelMagic))
	if !ok {
		return nil, fmt.Errorf("model: not of format %s: %w", modelMagic, news.ErrInvalid)
	}
	r := modelReader{bytes.NewReader(rest), nil}
	m := &Model{topics: r.count(uint64(len(news.Topics()))), lessons: r.count(math.MaxInt32), rows: map[uint16][]float32{}}
	if r.err == nil && m.topics != len(news.Topics()) {
		r.err = fmt.Errorf("it knows %d topics, there are %d", m.topics, len(news.Topics()))
	}
	rows, bucket := r.count(buckets), 0
	for i := 0; i < rows && r.err == nil; i++ {
		gap := r.count(buckets)
		bucket += gap
		if bucket >= buckets || i > 0 && gap == 0 {
			r.fail("row out of order")
			break
		}
		if row := r.row(m.topics); row != nil {
			m.rows[uint16(bucket)] = row
		}
	}
	if r.err == nil && r.Len() > 0 {
		r.fail("bytes after its end")
	}
	if r.err != nil {
		return nil, fmt.Errorf("model: %w: %w", r.err, news.ErrInvalid)
	}
	return m, nil
}

type modelReader struct {
	*bytes.Reader
	err error
}

func (r *modelReader) fail(why string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s", why)
	}
}

// count reads a number that must not pass a limit.
func (r *modelReader) count(limit uint64) int {
	if r.err != nil {
		return 0
	}
	n, err := binary.ReadUvarint(r)
	if err != nil {
		r.err = err
	} else if n > limit {
		r.fail("a number is too large")
	}
	if r.err != nil {
		return 0
	}
	return int(n)
}

func (r *modelReader) row(topics int) []float32 {
	row := make([]float32, topics)
	n, topic := r.count(uint64(topics)), 0
	if n == 0 {
		r.fail("a row without weights")
	}
	for i := 0; i < n && r.err == nil; i++ {
		gap := r.count(uint64(topics))
		topic += gap
		if topic >= topics || i > 0 && gap == 0 {
			r.fail("topic out of order")
			break
		}
		w, err := binary.ReadVarint(r)
		if err != nil {
			r.err = err
		} else if w == 0 || w > maxSteps || w < -maxSteps {
			r.fail("weight out of range")
		}
		row[topic] = float32(w) / weightStep
	}
	if r.err != nil {
		return nil
	}
	return row
}

// maxSteps bounds a weight; FTRL's regularisation keeps real ones far below.
const maxSteps = 1 << 16
