package measure

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

// TestDrawCurve: the drawing is well-formed, holds every point and escapes its
// title.
func TestDrawCurve(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	points := []Point{{Decisions: 0, Micro: Interval{0.5, 0.4, 0.6}}, {Decisions: 100, Micro: Interval{0.7, 0.6, 0.8}}}
	if err := DrawCurve(&b, "F1 <of> a curator", points); err != nil {
		t.Fatal(err)
	}
	circles := 0
	d := xml.NewDecoder(strings.NewReader(b.String()))
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "circle" {
			circles++
		}
	}
	if circles != len(points) {
		t.Errorf("the drawing holds %d points, want %d", circles, len(points))
	}
}
