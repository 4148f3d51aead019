package classify

import (
	"math"
	"slices"
)

// Words are hashed into this many buckets, so that a model has the same size
// whatever the desk reads. Two words that share one blur each other a little.
const (
	bucketBits = 15
	buckets    = 1 << bucketBits
)

// A feature is a word, a pair of words, the source or what the lexicon says,
// by its bucket. From and to are the words it stands for, equal for none.
type feature struct {
	bucket   uint16
	value    float32
	from, to int32
}

// The kinds of features are kept apart by a first letter that no word has.
const (
	stemFeature   = "s\x00"
	titleFeature  = "t\x00"
	pairFeature   = "p\x00"
	sourceFeature = "o\x00"
	signFeature   = "l\x00"
)

// maxFeatureWords bounds the words of a text that are learned from.
const maxFeatureWords = 400

// features lists what a model sees of a text: each stem and each pair of
// neighbouring stems once, those of the title again, the source, and how sure
// the lexicon is of each topic. Words share one unit of length, so that a long
// text does not teach more than a short one.
func (d *document) features(t Text, signs []sign) []feature {
	n := min(len(d.toks), maxFeatureWords)
	out := make([]feature, 0, 2*n+8)
	add := func(kind, a, b string, from, to int32) {
		out = append(out, feature{bucket: bucketOf(kind, a, b), from: from, to: to})
	}
	for i := range n {
		stem := d.toks[i].Stem
		at := int32(i)
		if d.toks[i].Char || len(stem) > 2 {
			add(stemFeature, stem, "", at, at+1)
			if i < d.titleLen {
				add(titleFeature, stem, "", at, at+1)
			}
		}
		if i+1 < n && i+1 != d.titleLen && d.sentence[i] == d.sentence[i+1] {
			add(pairFeature, stem, d.toks[i+1].Stem, at, at+2)
		}
	}
	out = once(out)
	unit := float32(1 / math.Sqrt(float64(max(len(out), 1))))
	for i := range out {
		out[i].value = unit
	}
	if t.Source != "" {
		out = append(out, feature{bucket: bucketOf(sourceFeature, t.Source, ""), value: 0.3})
	}
	for _, s := range signs {
		if p := odds(shippedCalibration(), s.shape); p > 0.05 {
			out = append(out, feature{bucket: bucketOf(signFeature, string(s.slug), ""), value: float32(p)})
		}
	}
	return out
}

// once keeps the first feature of each bucket.
func once(list []feature) []feature {
	slices.SortStableFunc(list, func(a, b feature) int { return int(a.bucket) - int(b.bucket) })
	return slices.CompactFunc(list, func(a, b feature) bool { return a.bucket == b.bucket })
}

// bucketOf is FNV-1a over the parts, folded to the number of buckets. It is
// part of the model's format: changing it makes every stored model void.
func bucketOf(kind, a, b string) uint16 {
	h := uint32(2166136261)
	for _, s := range [...]string{kind, a, "\x00", b} {
		for i := 0; i < len(s); i++ {
			h = (h ^ uint32(s[i])) * 16777619
		}
	}
	return uint16((h ^ h>>bucketBits) & (buckets - 1))
}
