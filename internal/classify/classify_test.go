package classify

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/news"
)

func classifier(t testing.TB) *Classifier {
	t.Helper()
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTopics(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, language, title, body string
		want                        []news.Slug // assigned, any order
	}{
		{"doctors on trial", "en", "Nine surgeons on trial for treating protesters", "The court in the capital charged the doctors with helping an illegal assembly.",
			[]news.Slug{"health-workers-at-risk"}},
		{"hospital hit", "en", "Air strike hits maternity hospital", "Two nurses were killed and an ambulance was destroyed when rockets struck the hospital at noon.",
			[]news.Slug{"attacks-on-health-care"}},
		{"coverage", "en", "Universal health coverage stalls", "Millions still lack access to health care they can afford, a report on health financing says.",
			[]news.Slug{"right-to-health"}},
		{"sport", "en", "Midfielder signs for three years", "The club was delighted with the transfer, its manager said after the match.", nil},
		{"budget", "en", "Parliament passes the budget", "The finance minister welcomed the vote on the railway and the ports.", nil},
	}
	c := classifier(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := c.Read(Text{Title: tt.title, Body: tt.body, Language: tt.language})
			if len(f.Topics) != len(news.Topics()) {
				t.Fatalf("Read gave %d topics, want all %d", len(f.Topics), len(news.Topics()))
			}
			got := f.Assigned()
			for _, w := range tt.want {
				if !slices.Contains(got, w) {
					t.Errorf("Read(%q) assigned %v, want %v among them", tt.title, got, w)
				}
			}
			if len(tt.want) == 0 && len(got) > 0 {
				t.Errorf("Read(%q) assigned %v, want nothing", tt.title, got)
			}
		})
	}
}

func TestEvidenceStandsInTheText(t *testing.T) {
	t.Parallel()
	title, body := "Prisoners' health: überfüllt – overcrowded cells", "In the prison of X, tuberculosis spread; 14 inmates died in custody."
	for _, topic := range classifier(t).Read(Text{Title: title, Body: body, Language: "en"}).Topics {
		for _, e := range topic.Evidence {
			if !strings.Contains(title+"\n"+body, e) {
				t.Errorf("evidence %q of %s does not stand in the text", e, topic.Slug)
			}
		}
	}
}

// TestShippedLexicons: every embedded file compiles.
func TestShippedLexicons(t *testing.T) {
	t.Parallel()
	for _, language := range Languages() {
		if l := shipped(language); l.language != language {
			t.Errorf("shipped(%q) is of %q", language, l.language)
		}
	}
}

func TestLexiconErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"no section", "3 prison", "line 1"},
		{"no topic", "[prisons]\n3 prison", "no topic"},
		{"no weight", "[torture]\nprison", "weight"},
		{"unknown set", "[torture]\n3 @cells ~4 prison", "@cells is not defined"},
		{"weight too large", "[torture]\n12 prison", "12"},
		{"empty phrase", "[torture]\n3 prison | ~", "no word"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := newLexicon("en").add(tt.text)
			if !errors.Is(err, news.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("add(%q) = %v, want an ErrInvalid with %q", tt.text, err, tt.want)
			}
		})
	}
}

// BenchmarkStart is what the first item of each language costs: its lexicon
// is compiled. The bytes a lexicon keeps are reported; all seven and a full
// model together must stay below 40 MB.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		for _, language := range Languages() {
			shipped(language)
		}
	}
	b.StopTimer()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	kept := make([]*lexicon, 0, len(Languages()))
	for _, language := range Languages() {
		kept = append(kept, shipped(language))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB-lexicons")
	b.ReportMetric(float64(buckets*len(news.Topics())*4)/1e6, "MB-full-model")
	runtime.KeepAlive(kept)
}

func BenchmarkTopics(b *testing.B) {
	c := classifier(b)
	text := Text{Title: "Doctors arrested as hospitals come under fire", Language: "en",
		Body: strings.Repeat("Aid groups said on Monday that access to health care in the besieged towns has collapsed, that prisons are overcrowded and that children go hungry. ", 14)}
	b.SetBytes(int64(len(text.Body)))
	c.Read(text)
	for b.Loop() {
		c.Read(text)
	}
}
