package classify

import (
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
)

// A shape is what a topic's points mean in their text, in numbers that weigh
// the same in every language: how many they are, what share of the strongest
// topic's, how long the text is, how many topics are stronger, how many points
// the title alone earned and how many different words earned them. A topic that
// one word in passing speaks for has the last two small.
type shape [len(shapeNames)]float64

var shapeNames = [...]string{"always", "points", "share", "length", "rank", "title", "words", "elsewhere"}

// shapeOf gives the shape of a sign; best is the strongest topic's points,
// rank how many topics are stronger, elsewhere how many words of other fields
// the text holds.
func (d *document) shapeOf(s *sign, best float64, rank, elsewhere int) shape {
	if s.points <= 0 {
		return shape{}
	}
	title, different := d.earned(s.found)
	return shape{
		1, math.Log1p(s.points), s.points / best, math.Log(float64(max(len(d.toks), 10)) / 80), float64(min(rank, 5)) / 5,
		math.Log1p(title), math.Log1p(float64(different)), math.Log1p(float64(elsewhere)),
	}
}

// earned adds up the points of the title and counts the different words that
// earned any.
func (d *document) earned(found []finding) (title float64, different int) {
	seen := map[string]bool{}
	for _, f := range found {
		if f.points <= 0 {
			continue
		}
		if f.best.zone == inTitle {
			title += f.points
		}
		for _, p := range f.best.parts {
			for at := p.start; at < p.end; at++ {
				seen[d.toks[at].Stem] = true
			}
		}
	}
	return title, len(seen)
}

// A calibration turns a shape into log-odds. It is learned from the project's
// own training texts (TestCalibration) and shipped as calibration.txt.
type calibration [len(shapeNames)]float64

//go:embed calibration.txt
var calibrationText string

// The file is part of the program: a mistake in it is ours and stops the tests.
var shippedCalibration = sync.OnceValue(func() calibration {
	c, err := parseCalibration(calibrationText)
	if err != nil {
		panic(fmt.Sprintf("classify: embedded calibration.txt: %v", err))
	}
	return c
})

func parseCalibration(text string) (calibration, error) {
	var c calibration
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != len(shapeNames) {
		return c, fmt.Errorf("%d lines, want %d", len(lines), len(shapeNames))
	}
	for i, line := range lines {
		name, value, _ := strings.Cut(line, " ")
		v, err := strconv.ParseFloat(value, 64)
		if err != nil || name != shapeNames[i] {
			return c, fmt.Errorf("line %d is %q, want %s and a number", i+1, line, shapeNames[i])
		}
		c[i] = v
	}
	return c, nil
}

// logit gives the log-odds of a topic; a topic without points has none.
func (c calibration) logit(s shape) float64 {
	var z float64
	for i, x := range s {
		z += c[i] * x
	}
	return z
}

// odds gives the probability of a topic; 0 without points.
func odds(c calibration, s shape) float64 {
	if s[0] == 0 {
		return 0
	}
	return sigmoid(c.logit(s))
}

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

func round(p float64) float64 { return math.Round(p*1e4) / 1e4 }
