package desk

import (
	"net/http"
	"slices"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// rhythmDays is how far back the picture of a source's rhythm goes.
const rhythmDays = 28

// A sourcesPage says how each source does, those in trouble first.
type sourcesPage struct {
	help
	Sources []sourceView
	Trouble int // how many do not do well
	Days    int
}

type sourceView struct {
	news.Polled
	State news.SourceState
	Bars  []bar
	Total int // items of the days drawn
}

// A bar is one day of a source's rhythm, in a picture 4 wide a day and 20
// high.
type bar struct{ X, Y, Height float64 }

func (s *Server) sourceList(w http.ResponseWriter, r *http.Request) error {
	polled, err := s.sources.Polled(r.Context(), s.now())
	if err != nil {
		return err
	}
	rhythm, err := s.sources.Rhythm(r.Context(), s.now(), rhythmDays)
	if err != nil {
		return err
	}
	return s.site.Render(w, r, "desk/sources", newSourcesPage(polled, rhythm))
}

func newSourcesPage(polled []news.Polled, rhythm map[news.SourceID][]int) *sourcesPage {
	page := &sourcesPage{help: newHelp(), Days: rhythmDays}
	for _, p := range polled {
		v := sourceView{Polled: p, State: p.State(), Bars: bars(rhythm[p.Source.ID])}
		for _, n := range rhythm[p.Source.ID] {
			v.Total += n
		}
		if trouble(v.State) {
			page.Trouble++
		}
		page.Sources = append(page.Sources, v)
	}
	slices.SortStableFunc(page.Sources, func(a, b sourceView) int { return rank(a.State) - rank(b.State) })
	return page
}

func trouble(state news.SourceState) bool {
	return state == news.SourceFailing || state == news.SourceResting
}

func rank(state news.SourceState) int {
	switch {
	case trouble(state):
		return 0
	case state == news.SourceOff || state == news.SourcePaused:
		return 2
	}
	return 1
}

// bars draws counts a day as bars, the highest as high as the picture.
func bars(counts []int) []bar {
	if len(counts) == 0 {
		return nil
	}
	top := max(slices.Max(counts), 1)
	var out []bar
	for i, n := range counts {
		if n > 0 {
			height := max(20*float64(n)/float64(top), 2)
			out = append(out, bar{float64(4 * i), 20 - height, height})
		}
	}
	return out
}
