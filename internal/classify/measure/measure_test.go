package measure

import (
	"math"
	"slices"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// item says what was given with which score; what scores 0.5 is assigned.
func item(language string, labels []news.Slug, given map[news.Slug]float64) Case {
	c := Case{Language: language, Labels: labels}
	for _, t := range news.Topics() {
		c.Topics = append(c.Topics, news.TopicScore{Slug: t.Slug, Score: given[t.Slug], Assigned: given[t.Slug] >= 0.5})
	}
	slices.SortStableFunc(c.Topics, func(a, b news.TopicScore) int { return int(math.Copysign(1, b.Score-a.Score)) })
	return c
}

func TestRun(t *testing.T) {
	t.Parallel()
	r := Run([]Case{
		item("en", []news.Slug{"torture", "prison-health"}, map[news.Slug]float64{"torture": 0.9, "death-penalty": 0.6, "prison-health": 0.3}),
		item("fr", []news.Slug{"right-to-health"}, map[news.Slug]float64{"right-to-health": 0.8}),
		item("fr", nil, map[news.Slug]float64{"sdgs": 0.2}),
	})
	near := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	near("micro", r.Micro.Value, 2*2.0/(2*2+1+1))
	near("macro", r.Macro.Value, 2.0/3) // torture and right-to-health 1, prison-health 0
	near("core", r.Core.Value, 1)
	near("first two", r.FirstTwo.Value, 2.0/3)
	near("English", r.English.Value, 0.5)
	near("not English", r.NotEnglish.Value, 1)
	near("no topic recall", r.NoTopic.Recall, 1)
	near("calibration", r.Calibration, (0.1+0.6+0.7+0.2+0.2)/5)
	if len(r.Confusions) != 1 || r.Confusions[0] != (Confusion{"prison-health", "death-penalty", 1}) {
		t.Errorf("confusions = %v", r.Confusions)
	}
	if r.Micro.Low > r.Micro.Value || r.Micro.High < r.Micro.Value {
		t.Errorf("interval %v does not hold its value", r.Micro)
	}
}
