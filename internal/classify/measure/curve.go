package measure

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
)

// A Point is what a curator's decisions made of the classifier.
type Point struct {
	Decisions int      `json:"decisions"`
	Micro     Interval `json:"micro_f1"`
	First     Interval `json:"recall_first_two"`
}

// The size of the drawing and its margins.
const (
	curveWidth, curveHeight = 640, 360
	curveLeft, curveRight   = 56, 16
	curveTop, curveBottom   = 40, 48
)

// DrawCurve writes F1 against the number of decisions as SVG, with the band of
// its interval. Decisions run on a square-root scale: the first ones matter
// most.
func DrawCurve(w io.Writer, title string, points []Point) error {
	most := 1
	for _, p := range points {
		most = max(most, p.Decisions)
	}
	x := func(n int) float64 {
		return curveLeft + math.Sqrt(float64(n)/float64(most))*(curveWidth-curveLeft-curveRight)
	}
	y := func(v float64) float64 { return curveTop + (1-v)*(curveHeight-curveTop-curveBottom) }
	var line, low, high []string
	for _, p := range points {
		line = append(line, fmt.Sprintf("%.1f,%.1f", x(p.Decisions), y(p.Micro.Value)))
		low = append([]string{fmt.Sprintf("%.1f,%.1f", x(p.Decisions), y(p.Micro.Low))}, low...)
		high = append(high, fmt.Sprintf("%.1f,%.1f", x(p.Decisions), y(p.Micro.High)))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", curveWidth, curveHeight)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", curveWidth, curveHeight)
	b.WriteString(text(curveLeft, 22, "start", title))
	for i := range 6 {
		v := float64(i) / 5
		fmt.Fprintf(&b, `<path d="M%d %.1fH%d" stroke="#ddd"/>`+"\n", curveLeft, y(v), curveWidth-curveRight)
		b.WriteString(text(curveLeft-8, y(v)+4, "end", fmt.Sprintf("%.1f", v)))
	}
	fmt.Fprintf(&b, `<polygon points="%s" fill="#1f6f8b" fill-opacity="0.15"/>`+"\n", strings.Join(append(high, low...), " "))
	fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="#1f6f8b" stroke-width="2"/>`+"\n", strings.Join(line, " "))
	last := math.Inf(-1)
	for _, p := range points {
		fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3" fill="#1f6f8b"/>`+"\n", x(p.Decisions), y(p.Micro.Value))
		if x(p.Decisions)-last > 28 { // labels must not run into each other
			last = x(p.Decisions)
			b.WriteString(text(last, curveHeight-curveBottom+18, "middle", fmt.Sprint(p.Decisions)))
		}
	}
	b.WriteString(text((curveLeft+curveWidth-curveRight)/2, curveHeight-10, "middle", "decisions (square-root scale); micro F1 with its 95 % interval"))
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func text(x, y float64, anchor, s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes every write
	return fmt.Sprintf(`<text x="%.1f" y="%.1f" text-anchor="%s" fill="#333">%s</text>`+"\n", x, y, anchor, b.String())
}
