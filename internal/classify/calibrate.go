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
// topic's, how long the text is and how many topics are stronger.
type shape [len(shapeNames)]float64

var shapeNames = [...]string{"always", "points", "share", "length", "rank"}

func shapeOf(points, best float64, rank, words int) shape {
	if points <= 0 {
		return shape{}
	}
	return shape{1, math.Log1p(points), points / best, math.Log(float64(max(words, 10)) / 80), float64(min(rank, 5)) / 5}
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
