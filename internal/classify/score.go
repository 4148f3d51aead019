package classify

import (
	"math"
	"slices"
)

// A match is one place where a rule's operands stand together.
type match struct {
	rule  *rule
	parts []hit // one hit for each operand, in the order of the rule
	zone  zone  // the best zone among the parts
}

// A finding is what one rule contributes to one topic.
type finding struct {
	rule   *rule
	best   match
	count  int // places, title and repeats included
	points float64
}

// zoneFactor weighs a hit by where it stands.
var zoneFactor = [zones]float64{inTitle: 1.7, inLead: 1.3, inBody: 0.9, inTail: 0.4}

const (
	repeatBonus = 0.22 // of the weight, for each doubling of the mentions
	claimedPart = 0.3  // what a hit still counts when other words earned the place
)

// topicScore adds up the findings of a topic: points and their reasons, best
// first.
func (d *document) topicScore(l *lexicon, topic int, hits [][]hit) (float64, []finding) {
	var own []hit
	for _, m := range l.ownMasks[topic] {
		own = append(own, hits[m]...)
	}
	var found []finding
	for i := range l.topics[topic] {
		r := &l.topics[topic][i]
		if f, ok := d.apply(r, hits, own); ok {
			found = append(found, f)
		}
	}
	slices.SortStableFunc(found, func(a, b finding) int {
		return cmpFloat(b.rule.weight*zoneFactor[b.best.zone], a.rule.weight*zoneFactor[a.best.zone])
	})
	return d.addUp(found), found
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// addUp lets each word count in full once: a second rule on the same words
// adds little.
func (d *document) addUp(found []finding) float64 {
	claimed := map[int32]bool{}
	var sum float64
	for i := range found {
		f := &found[i]
		w := f.rule.weight
		f.points = w * zoneFactor[f.best.zone]
		if w > 0 {
			total, taken := 0, 0
			for _, p := range f.best.parts {
				for at := p.start; at < p.end; at++ {
					total++
					if claimed[at] {
						taken++
					}
					claimed[at] = true
				}
			}
			if taken*2 >= total {
				f.points *= claimedPart
			}
			f.points += w * repeatBonus * math.Log2(float64(min(f.count, 16)))
		}
		sum += f.points
	}
	return sum
}

// apply finds the places of one rule.
func (d *document) apply(r *rule, hits [][]hit, own []hit) (finding, bool) {
	for _, op := range r.near {
		if len(hits[op.atom]) == 0 {
			return finding{}, false
		}
	}
	for _, op := range r.with {
		if len(hits[op.atom]) == 0 {
			return finding{}, false
		}
	}
	for _, op := range r.without {
		if len(hits[op.atom]) > 0 {
			return finding{}, false
		}
	}
	f := finding{rule: r}
	d.eachMatch(r, hits, func(m match) {
		if !d.placed(r, &m) || len(own) > 0 && allCovered(m.parts, own) {
			return
		}
		if f.count == 0 || m.zone < f.best.zone {
			f.best = match{r, slices.Clone(m.parts), m.zone}
		}
		f.count++
	})
	return f, f.count > 0
}

func (d *document) placed(r *rule, m *match) bool {
	m.zone = zones
	for _, p := range m.parts {
		m.zone = min(m.zone, d.zone[p.start])
	}
	switch r.place {
	case titleOnly:
		return m.zone == inTitle
	case leadOnly:
		return m.zone <= inLead
	}
	return true
}

func allCovered(parts, masks []hit) bool {
	for _, p := range parts {
		if covered(p, masks) {
			return true
		}
	}
	return false
}

// eachMatch calls do for each hit of the first operand that has the others
// near it in the same sentence. The match is only valid during the call.
func (d *document) eachMatch(r *rule, hits [][]hit, do func(match)) {
	var parts [4]hit
	for _, h := range hits[r.near[0].atom] {
		m := match{rule: r, parts: append(parts[:0], h)}
		ok := true
		for _, op := range r.near[1:] {
			n, found := d.nearest(hits[op.atom], m.parts, op.gap)
			if !found {
				ok = false
				break
			}
			m.parts = append(m.parts, n)
		}
		if ok {
			do(m)
		}
	}
}

// nearest returns the hit closest to the last part, within gap words of it, in
// its sentence and beside all parts.
func (d *document) nearest(list []hit, parts []hit, gap int) (hit, bool) {
	last := parts[len(parts)-1]
	best, bestGap := hit{}, int32(gap)+1
	for _, h := range list {
		if h.start-last.end > int32(gap) {
			break
		}
		between := max(h.start-last.end, last.start-h.end)
		if between >= bestGap || d.sentence[h.start] != d.sentence[last.start] || overlaps(h, parts) {
			continue
		}
		best, bestGap = h, between
	}
	return best, bestGap <= int32(gap)
}

func overlaps(h hit, parts []hit) bool {
	for _, p := range parts {
		if h.start < p.end && p.start < h.end {
			return true
		}
	}
	return false
}
