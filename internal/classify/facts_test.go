package classify_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/classify"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// A factCase is a text with what should be found in it, and what may be found
// without being wrong.
type factCase struct {
	Lang, Published, Title, Text string
	Want, May                    json.RawMessage
}

func factCases(t *testing.T, name string) []factCase {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "cases", name+".jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var out []factCase
	for line := range bytes.Lines(text) {
		var c factCase
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%s, %s: %v", name, line, err)
		}
		out = append(out, c)
	}
	return out
}

func (c factCase) read(t *testing.T, reader *classify.Classifier) news.Facts {
	t.Helper()
	text := classify.Text{Title: c.Title, Body: c.Text, Language: c.Lang}
	if c.Published != "" {
		at, err := time.Parse(time.DateOnly, c.Published)
		if err != nil {
			t.Fatal(err)
		}
		text.Published = at
	}
	return reader.Read(text)
}

// list reads a list of what is wanted; quotations are pairs of text and
// speaker.
func list(t *testing.T, raw json.RawMessage) []string {
	t.Helper()
	if raw == nil {
		return nil
	}
	var pairs [][2]string
	if json.Unmarshal(raw, &pairs) != nil {
		var plain []string
		if err := json.Unmarshal(raw, &plain); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		return plain
	}
	var plain []string
	for _, p := range pairs {
		plain = append(plain, p[0]+" — "+p[1])
	}
	return plain
}

// A tally counts what was found.
type tally struct{ right, wrong, missing int }

// TestFactTables reads tables of cases in seven languages, written before the
// rules were looked at: what is found must be right in nineteen of twenty.
// Run it with -v for the figures and every difference.
func TestFactTables(t *testing.T) {
	t.Parallel()
	reader, err := classify.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []struct {
		name   string
		found  func(news.Facts) []string
		recall float64 // to keep
	}{
		{"deadlines", foundDeadlines, 0.80},
		{"countries", func(f news.Facts) []string { return f.Countries }, 0.80},
		{"symbols", func(f news.Facts) []string { return f.UNSymbols }, 0.80},
		{"quotes", foundQuotes, 0.80},
		{"kinds", foundKind, 0.80},
		{"deadlines-second", foundDeadlines, 0.80},
		{"countries-second", func(f news.Facts) []string { return f.Countries }, 0.80},
		{"quotes-second", foundQuotes, 0.80},
		{"kinds-second", foundKind, 0.80},
	} {
		t.Run(table.name, func(t *testing.T) {
			t.Parallel()
			all, languages := tally{}, map[string]bool{}
			cases := factCases(t, table.name)
			for _, c := range cases {
				languages[c.Lang] = true
				if c.Want[0] == '"' {
					c.Want = json.RawMessage("[" + string(c.Want) + "]")
				}
				all.add(t, c, list(t, c.Want), list(t, c.May), table.found(c.read(t, reader)))
			}
			precision := float64(all.right) / float64(all.right+all.wrong)
			recall := float64(all.right) / float64(all.right+all.missing)
			t.Logf("%s: %d cases in %d languages, precision %.3f (%d of %d), recall %.3f (%d of %d)", table.name, len(cases), len(languages),
				precision, all.right, all.right+all.wrong, recall, all.right, all.right+all.missing)
			if precision < 0.95 || recall < table.recall || len(languages) < 7 {
				t.Errorf("%s: want precision 0.95 and recall %.2f, in seven languages", table.name, table.recall)
			}
		})
	}
}

func (a *tally) add(t *testing.T, c factCase, want, may, got []string) {
	for _, g := range got {
		switch {
		case slices.Contains(want, g):
			a.right++
		case !slices.Contains(may, g):
			a.wrong++
			t.Logf("%s: wrong %q in %q", c.Lang, g, strings.TrimSpace(c.Title+" / "+c.Text))
		}
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			a.missing++
			t.Logf("%s: missing %q in %q", c.Lang, w, strings.TrimSpace(c.Title+" / "+c.Text))
		}
	}
}

func foundDeadlines(f news.Facts) []string {
	var out []string
	for _, d := range f.Deadlines {
		out = append(out, strings.Join(strings.Fields(d.Date+" "+d.Time+" "+d.Zone), " "))
	}
	return out
}

func foundQuotes(f news.Facts) []string {
	var out []string
	for _, q := range f.Quotes {
		out = append(out, q.Text+" — "+q.Speaker)
	}
	return out
}

func foundKind(f news.Facts) []string { return []string{string(f.Kind)} }
