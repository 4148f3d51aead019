package bounce

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestReal measures how real returned mails are read, against what people
// said of them. RIGHTSDESK_BOUNCES names a folder with labels.tsv, one mail a
// line: file, label, the addresses it is about with a comma between. The labels
// are hard (an address is gone), soft, us (a refusal of us), delayed, other
// (vacations, receipts, what is no report at all), and "?" where a person
// cannot tell either: that one counts for its recipients alone. The mails
// belong to others and are not ours to keep here.
func TestReal(t *testing.T) {
	dir := os.Getenv("RIGHTSDESK_BOUNCES")
	if dir == "" {
		t.Skip("left out: real returned mails, because RIGHTSDESK_BOUNCES names no folder of them")
	}
	f, err := os.Open(filepath.Join(dir, "labels.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := csv.NewReader(f)
	in.Comma, in.FieldsPerRecord = '\t', 3
	lines, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var s score
	for _, l := range lines {
		s.add(t, filepath.Join(dir, l[0]), l[1], strings.FieldsFunc(l[2], func(r rune) bool { return r == ',' }))
	}
	precision, recall, found := ratio(s.right, s.right+s.wrong), ratio(s.right, s.right+s.missed), ratio(s.found, s.named)
	t.Logf("%d mails: hard precision %.3f (%d wrong), recall %.3f (%d missed), recipients %.3f (%d of %d), others taken for bounces %d, refusals of us taken for dead %d",
		len(lines), precision, s.wrong, recall, s.missed, found, s.found, s.named, s.taken, s.blamed)
	if precision < 0.98 || recall < 0.95 || found < 0.97 || s.taken > 0 || s.blamed > 0 {
		t.Error("below the bars: 0.98, 0.95, 0.97, 0, 0")
	}
}

// A score adds up what was read rightly.
type score struct{ right, wrong, missed, found, named, taken, blamed int }

func ratio(n, of int) float64 { return float64(n) / float64(max(of, 1)) }

func (s *score) add(t *testing.T, file, label string, about []string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rep, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	hard := slices.ContainsFunc(rep.Recipients, func(r Recipient) bool { return r.Hard })
	switch {
	case label == "?":
	case hard && label == "hard":
		s.right++
	case hard:
		s.wrong++
		t.Logf("%s (%s) is taken for dead: %+v", file, label, rep.Recipients)
	case label == "hard":
		s.missed++
		t.Logf("%s is not taken for dead: %s %+v", file, rep.Kind, rep.Recipients)
	}
	if label == "us" && hard {
		s.blamed++
	}
	if label == "other" {
		if rep.Kind == Bounce {
			s.taken++
			t.Logf("%s is taken for a bounce: %+v", file, rep.Recipients)
		}
		return
	}
	for _, a := range about {
		s.named++
		if slices.ContainsFunc(rep.Recipients, func(r Recipient) bool { return strings.EqualFold(r.Address, a) }) {
			s.found++
		}
	}
}
