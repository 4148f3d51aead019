package classify

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/news"
)

var update = flag.Bool("update", false, "write what was learned to the files that ship")

// A lesson of our own writing.
type example struct {
	language, title, body string
	labels                []news.Slug
}

// examples reads training/: blocks of labels, title and text.
func examples(t testing.TB) []example {
	t.Helper()
	files, err := filepath.Glob("training/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no training texts: %v", err)
	}
	var out []example
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		language, _, _ := strings.Cut(filepath.Base(file), ".")
		for block := range strings.SplitSeq(string(text), "\n\n") {
			e, ok := exampleOf(language, block)
			if !ok {
				continue
			}
			if err := news.CheckTopics(e.labels); err != nil {
				t.Errorf("%s: %q: %v", file, e.title, err)
			}
			out = append(out, e)
		}
	}
	return out
}

func exampleOf(language, block string) (example, bool) {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSpace(block), "\n") {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	if len(lines) < 2 {
		return example{}, false
	}
	e := example{language: language, title: lines[1], body: strings.Join(lines[2:], " ")}
	for slug := range strings.SplitSeq(lines[0], ",") {
		if slug = strings.TrimSpace(slug); slug != "none" {
			e.labels = append(e.labels, news.Slug(slug))
		}
	}
	return e, true
}

// TestCalibration: the shipped calibration is what the project's own training
// texts teach, and nothing else.
func TestCalibration(t *testing.T) {
	var shapes []shape
	var right []float64
	for _, e := range examples(t) {
		d := newDocument(e.title, e.body, e.language)
		for _, s := range d.signs(shippedLexicons[e.language](), nil) {
			if s.shape[0] == 0 {
				continue
			}
			y := 0.0
			if slices.Contains(e.labels, s.slug) {
				y = 1
			}
			shapes, right = append(shapes, s.shape), append(right, y)
		}
	}
	learned := fit(shapes, right)
	if *update {
		var b strings.Builder
		for i, name := range shapeNames {
			fmt.Fprintf(&b, "%s %.3f\n", name, learned[i])
		}
		if err := os.WriteFile("calibration.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for i, v := range learned {
		if math.Abs(v-shippedCalibration()[i]) > 0.01 {
			t.Errorf("calibration.txt says %s %.3f, the training texts say %.3f: run with -update", shapeNames[i], shippedCalibration()[i], v)
		}
	}
}

// TestModel: the shipped model is what the project's own training texts teach,
// each once, and nothing else. Another processor may round another way, so a
// step or two of difference is let pass.
func TestModel(t *testing.T) {
	t.Parallel()
	l := NewLearner(&Classifier{lexicons: shippedLexicons, start: noModel})
	all := examples(t)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for i, e := range all {
		if err := l.Learn(Lesson{ID: int64(i), Text: Text{Title: e.title, Body: e.body, Language: e.language}, Topics: e.labels}); err != nil {
			t.Fatal(err)
		}
	}
	learned := l.Model()
	if *update {
		if err := os.WriteFile("start.rdm", learned.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	shipped := shippedModel()
	far := 0
	for bucket, row := range learned.rows {
		for topic, w := range row {
			have := float32(0)
			if s := shipped.rows[bucket]; s != nil {
				have = s[topic]
			}
			if w-have > 0.02 || have-w > 0.02 {
				far++
			}
		}
	}
	if far > 0 || len(learned.rows) != len(shipped.rows) {
		t.Errorf("start.rdm differs from what the training texts teach in %d weights (%d rows, want %d): run with -update", far, len(shipped.rows), len(learned.rows))
	}
}

// fit is logistic regression by Newton's method, with a little shrinking.
func fit(shapes []shape, right []float64) calibration {
	const n = len(shapeNames)
	const ridge = 20.0
	var w calibration
	for range 25 {
		var gradient [n]float64
		var hessian [n][n]float64
		for i, s := range shapes {
			p := sigmoid(w.logit(s))
			for j := range n {
				gradient[j] += (right[i] - p) * s[j]
				for k := range n {
					hessian[j][k] += p * (1 - p) * s[j] * s[k]
				}
			}
		}
		for j := 1; j < n; j++ {
			gradient[j] -= ridge * w[j]
			hessian[j][j] += ridge
		}
		for j, step := range solve(hessian, gradient) {
			w[j] += step
		}
	}
	return w
}

// solve is Gaussian elimination; the matrix is positive definite.
func solve(a [len(shapeNames)][len(shapeNames)]float64, b [len(shapeNames)]float64) [len(shapeNames)]float64 {
	n := len(b)
	for i := range n {
		for j := i + 1; j < n; j++ {
			f := a[j][i] / a[i][i]
			for k := i; k < n; k++ {
				a[j][k] -= f * a[i][k]
			}
			b[j] -= f * b[i]
		}
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			b[i] -= a[i][k] * b[k]
		}
		b[i] /= a[i][i]
	}
	return b
}
