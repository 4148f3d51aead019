package classify

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/news"
)

func TestWithLexicon(t *testing.T) {
	t.Parallel()
	c := classifier(t)
	text := Text{Title: "Nodding syndrome returns", Body: "Doctors count ninety cases of nodding syndrome.", Language: "en"}
	given := func(c *Classifier) bool {
		facts := c.Read(text)
		return slices.Contains(facts.Assigned(), "children")
	}
	if given(c) {
		t.Fatal("the shipped lexicon knows the syndrome already")
	}
	more, err := c.WithLexicon([]Edit{{Topic: "children", Language: "en", Lines: "5 nodding syndrome"}})
	if err != nil || !given(more) || given(c) {
		t.Errorf("an added line: %v; given %v, without it %v", err, given(more), given(c))
	}
	other, err := c.WithLexicon([]Edit{{Topic: "torture", Language: "en", Lines: "5 waterboarding", Instead: true}})
	if err != nil {
		t.Fatal(err)
	}
	facts := other.Read(Text{Title: "Torture in custody", Body: "The committee against torture heard victims of torture.", Language: "en"})
	if slices.Contains(facts.Assigned(), "torture") {
		t.Error("lines that were replaced still count")
	}
	for _, e := range []Edit{
		{Topic: "torture", Language: "en", Lines: "5 cell\nfive cells"}, {Topic: "torture", Language: "xx", Lines: "5 cell"},
		{Topic: "weather", Language: "en", Lines: "5 rain"}, {Topic: "torture", Language: "en", Lines: "3 @nosuch ~4 cell"},
	} {
		if _, err := c.WithLexicon([]Edit{e}); !errors.Is(err, news.ErrInvalid) {
			t.Errorf("WithLexicon(%+v) = %v, want ErrInvalid", e, err)
		}
	}
}

func TestShippedLines(t *testing.T) {
	t.Parallel()
	for _, language := range Languages() {
		for _, topic := range news.Topics() {
			lines := ShippedLines(topic.Slug, language)
			if lines == "" {
				t.Errorf("%s ships no lines in %s", topic.Slug, language)
			}
		}
		if _, err := classifier(t).WithLexicon([]Edit{{Topic: "torture", Language: language, Lines: ShippedLines("torture", language), Instead: true}}); err != nil {
			t.Errorf("the shipped lines of torture in %s are refused as an edit: %v", language, err)
		}
	}
	if ShippedLines("torture", "xx") != "" || ShippedLines("weather", "en") != "" {
		t.Error("an unknown topic or language ships lines")
	}
}

func TestThresholds(t *testing.T) {
	t.Parallel()
	c := classifier(t)
	strict, err := c.WithThresholds(map[news.Slug]float64{"pandemics": 0.999})
	if err != nil {
		t.Fatal(err)
	}
	text := Text{Title: "Cholera outbreak", Body: "The epidemic spreads.", Language: "en"}
	loose, tight := c.Read(text), strict.Read(text)
	if !slices.Contains(loose.Assigned(), "pandemics") || slices.Contains(tight.Assigned(), "pandemics") {
		t.Errorf("assigned %v, with a threshold of 0.999 %v", loose.Assigned(), tight.Assigned())
	}
	for topic, v := range map[news.Slug]float64{"pandemics": 1.5, "weather": 0.5} {
		if _, err := c.WithThresholds(map[news.Slug]float64{topic: v}); !errors.Is(err, news.ErrInvalid) {
			t.Errorf("WithThresholds(%s: %v) = %v, want ErrInvalid", topic, v, err)
		}
	}
}

func TestWhy(t *testing.T) {
	t.Parallel()
	c := classifier(t)
	text := Text{Title: "Prisoners without a doctor", Body: "In the overcrowded prison one inmate in ten has tuberculosis.", Language: "en"}
	r, err := c.Why(text, "prison-health")
	if err != nil || !r.Assigned || len(r.Clues) == 0 || r.Points <= 0 || r.Score < r.Threshold {
		t.Fatalf("Why(prison-health) = %+v, %v", r, err)
	}
	for _, clue := range r.Clues {
		if len(clue.Words) == 0 || clue.Pattern == "" || clue.Where == "" || clue.Times == 0 {
			t.Errorf("clue %+v lacks something", clue)
		}
		for _, w := range clue.Words {
			if !strings.Contains(text.Title+text.Body, w) {
				t.Errorf("clue %q does not stand in the text", w)
			}
		}
	}
	not, err := c.Why(text, "tuberculosis")
	if err != nil || not.Assigned && not.Score < not.Threshold {
		t.Errorf("Why(tuberculosis) = %+v, %v", not, err)
	}
	if none, _ := c.Why(text, "sdgs"); none.Assigned || len(none.Clues) != 0 || len(none.Stronger) == 0 {
		t.Errorf("Why(sdgs) = %+v", none)
	}
	if _, err := c.Why(text, "weather"); !errors.Is(err, news.ErrInvalid) {
		t.Errorf("Why(weather) = %v, want ErrInvalid", err)
	}
}
