package analyze

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// lid176 is fastText's compact language model, CC BY-SA 3.0 (see NOTICE). It is
// data: shipped as published, read at the first question.
//
//go:embed lid.176.ftz
var lid176 []byte

// languageModel reads the shipped model once. The test that asks for a
// language proves that it reads.
var languageModel = sync.OnceValue(func() *model {
	m, err := readModel(lid176)
	if err != nil {
		return &model{}
	}
	return m
})

// A model is a fastText classifier with product-quantised input vectors and a
// hierarchical softmax: the kind that lid.176.ftz is.
type model struct {
	dim, minn, maxn int
	bucket          uint32
	words           map[string]int32
	ngrams          map[int32]int32 // hash bucket to row, less the number of words
	labels          []string        // language codes
	input           quantised
	output          []float32 // one row of dim for every inner node
	tree            []node
}

// A quantised is a matrix whose rows are codes: each byte names a centroid for
// a piece of the row, one more byte its length.
type quantised struct {
	rows, pieces, width, last int
	codes, normCodes          []byte
	centroids, norms          []float32
}

type node struct{ left, right int32 }

var errModel = errors.New("not a quantised fastText model with hierarchical softmax")

const (
	modelMagic   = 793712314
	modelVersion = 12
	lossHS       = 1
	kindLabel    = 1
	centroids    = 256
	// Bounds on what a model may claim, so that reading a damaged one stays
	// cheap.
	maxModelRows = 1 << 22
	maxModelDim  = 1 << 12
)

// A cursor reads little-endian values and remembers the first time it could
// not.
type cursor struct {
	b   []byte
	err error
}

func (c *cursor) take(n int) []byte {
	if c.err != nil || n < 0 || n > len(c.b) {
		if c.err == nil {
			c.err = errModel
		}
		return make([]byte, min(max(n, 0), 8))
	}
	out := c.b[:n]
	c.b = c.b[n:]
	return out
}

func (c *cursor) int32() int    { return int(int32(binary.LittleEndian.Uint32(c.take(4)))) }
func (c *cursor) int64() int    { return int(int64(binary.LittleEndian.Uint64(c.take(8)))) }
func (c *cursor) byte() byte    { return c.take(1)[0] }
func (c *cursor) flag() bool    { return c.byte() != 0 }
func (c *cursor) fail(s string) { c.err = fmt.Errorf("%s: %w", s, errModel) }

func (c *cursor) floats(n int) []float32 {
	if n < 0 || n > len(c.b)/4 {
		c.fail("matrix")
		return nil
	}
	raw := c.take(4 * n)
	if c.err != nil {
		return nil
	}
	out := make([]float32, n)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return out
}

func (c *cursor) word() string {
	i := slices.Index(c.b, 0)
	if c.err != nil || i < 0 {
		c.fail("dictionary")
		return ""
	}
	s := string(c.b[:i])
	c.b = c.b[i+1:]
	return s
}

func readModel(b []byte) (*model, error) {
	c := &cursor{b: b}
	if c.int32() != modelMagic || c.int32() != modelVersion {
		return nil, errModel
	}
	m := &model{}
	m.readArgs(c)
	counts := m.readDictionary(c)
	if !c.flag() {
		c.fail("input is not quantised")
	}
	m.input = readQuantised(c)
	if c.flag() {
		c.fail("output is quantised")
	}
	rows, dim := c.int64(), c.int64()
	if dim != m.dim || rows != len(m.labels) || m.input.width*(m.input.pieces-1)+m.input.last != m.dim {
		c.fail("dimensions")
	}
	if c.err == nil {
		m.output = c.floats(rows * dim)
	}
	if c.err != nil {
		return nil, fmt.Errorf("read language model: %w", c.err)
	}
	m.tree = huffman(counts)
	return m, nil
}

// readArgs reads the training arguments; most of them are history.
func (m *model) readArgs(c *cursor) {
	var args [12]int
	for i := range args {
		args[i] = c.int32()
	}
	c.take(8) // sampling threshold
	m.dim, m.minn, m.maxn = args[0], args[9], args[10]
	m.bucket = uint32(args[8])
	wordNgrams, loss := args[5], args[6]
	if m.dim <= 0 || m.dim > maxModelDim || m.bucket == 0 || loss != lossHS || wordNgrams != 1 || m.minn < 1 || m.maxn < m.minn || m.maxn > 16 {
		c.fail("arguments")
	}
}

// readDictionary returns how often each label was seen, which shapes the tree.
func (m *model) readDictionary(c *cursor) (counts []int64) {
	size, nwords, nlabels := c.int32(), c.int32(), c.int32()
	c.take(8) // tokens seen in training
	pruned := c.int64()
	if size < 0 || nwords < 0 || nlabels < 2 || size != nwords+nlabels || size > maxModelRows || pruned < 0 || pruned > maxModelRows || c.err != nil {
		c.fail("dictionary size")
		return nil
	}
	m.words = make(map[string]int32, min(nwords, 1<<16))
	for i := range size {
		w, count, kind := c.word(), c.int64(), c.byte()
		if c.err != nil {
			return nil
		}
		if kind == kindLabel {
			m.labels = append(m.labels, strings.TrimPrefix(w, "__label__"))
			counts = append(counts, int64(count))
		} else {
			m.words[w] = int32(i)
		}
	}
	if len(m.labels) != nlabels {
		c.fail("labels")
	}
	m.ngrams = make(map[int32]int32, min(pruned, 1<<16))
	for range pruned {
		from, to := c.int32(), c.int32()
		if c.err != nil {
			return nil
		}
		m.ngrams[int32(from)] = int32(nwords + to)
	}
	return counts
}

func readQuantised(c *cursor) quantised {
	normed := c.flag()
	q := quantised{rows: c.int64()}
	c.int64() // columns
	size := c.int32()
	q.codes = c.take(size)
	c.int32() // dimension
	q.pieces, q.width, q.last = c.int32(), c.int32(), c.int32()
	if !normed || q.rows < 0 || q.rows > maxModelRows || q.pieces < 1 || q.width < 1 || q.width > maxModelDim || q.last < 1 || q.last > q.width || q.pieces > maxModelDim || size != q.rows*q.pieces {
		c.fail("quantised matrix")
		return q
	}
	q.centroids = c.floats((q.width*(q.pieces-1) + q.last) * centroids)
	q.normCodes = c.take(q.rows)
	for range 4 {
		c.int32() // the shape of the lengths' own table: one piece of one
	}
	q.norms = c.floats(centroids)
	return q
}

// add adds row i to v.
func (q *quantised) add(v []float32, i int32) {
	if i < 0 || int(i) >= q.rows {
		return
	}
	norm := q.norms[q.normCodes[i]]
	codes := q.codes[int(i)*q.pieces : (int(i)+1)*q.pieces]
	for p, code := range codes {
		width := q.width
		if p == q.pieces-1 {
			width = q.last
		}
		from := p*centroids*q.width + int(code)*width
		for j, x := range q.centroids[from : from+width] {
			v[p*q.width+j] += norm * x
		}
	}
}

// huffman rebuilds the tree of the softmax from the label counts, which come
// in falling order. Nodes below len(counts) are leaves.
func huffman(counts []int64) []node {
	n := len(counts)
	tree := make([]node, 2*n-1)
	weight := make([]int64, 2*n-1)
	copy(weight, counts)
	for i := n; i < len(weight); i++ {
		weight[i] = 1e15
	}
	leaf, inner := n-1, n
	for i := n; i < 2*n-1; i++ {
		var least [2]int
		for j := range least {
			if leaf >= 0 && weight[leaf] < weight[inner] {
				least[j] = leaf
				leaf--
			} else {
				least[j] = inner
				inner++
			}
		}
		tree[i] = node{int32(least[0]), int32(least[1])}
		weight[i] = weight[least[0]] + weight[least[1]]
	}
	return tree
}

// A guess is a language with its probability.
type guess struct {
	tag string
	p   float64
}

// guesses returns the languages of text with a probability of at least floor,
// best first. text is one line of words separated by blanks.
func (m *model) guesses(text string, floor float64) []guess {
	if len(m.tree) == 0 {
		return nil
	}
	hidden := m.hidden(text)
	if hidden == nil {
		return nil
	}
	var found []guess
	least := math.Log(floor)
	var walk func(n int32, score float64)
	walk = func(n int32, score float64) {
		if score < least {
			return
		}
		if int(n) < len(m.labels) {
			found = append(found, guess{m.labels[n], math.Exp(score)})
			return
		}
		row := m.output[(int(n)-len(m.labels))*m.dim:][:m.dim]
		var dot float64
		for i, x := range row {
			dot += float64(x) * float64(hidden[i])
		}
		right := 1 / (1 + math.Exp(-dot))
		walk(m.tree[n].left, score+math.Log(1-right+1e-12))
		walk(m.tree[n].right, score+math.Log(right+1e-12))
	}
	walk(int32(len(m.tree)-1), 0)
	slices.SortFunc(found, func(a, b guess) int {
		if a.p > b.p {
			return -1
		}
		return 1
	})
	return found
}

// hidden is the mean of the vectors of all words and pieces of words; nil if
// the model knows none of them.
func (m *model) hidden(text string) []float32 {
	v := make([]float32, m.dim)
	n := 0
	add := func(i int32) {
		m.input.add(v, i)
		n++
	}
	for word := range strings.FieldsSeq(text) {
		if i, ok := m.words[word]; ok {
			add(i)
		}
		m.pieces("<"+word+">", add)
	}
	if n == 0 {
		return nil
	}
	if i, ok := m.words["</s>"]; ok {
		add(i)
	}
	for i := range v {
		v[i] /= float32(n)
	}
	return v
}

// pieces calls add for every known run of minn to maxn characters of word.
func (m *model) pieces(word string, add func(int32)) {
	for i := range word {
		h, n := uint32(2166136261), 0
		for j := i; j < len(word) && n < m.maxn; {
			_, size := utf8.DecodeRuneInString(word[j:])
			for _, b := range []byte(word[j : j+size]) {
				h = (h ^ uint32(int8(b))) * 16777619 // the sign is fastText's own slip, and part of the model
			}
			j += size
			n++
			if n < m.minn || n == 1 && (i == 0 || j == len(word)) {
				continue
			}
			if row, ok := m.ngrams[int32(h%m.bucket)]; ok {
				add(row)
			}
		}
	}
}
