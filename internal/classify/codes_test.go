package classify

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// TestEveryCountryCanBeKept: a curator who saves a story keeps whatever country
// was found in it.
func TestEveryCountryCanBeKept(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("countries/en.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		code, _, ok := strings.Cut(line, " ")
		if !ok || len(code) != 2 || code == "--" { // a comment, or words of no country
			continue
		}
		n++
		s := news.Story{State: news.StoryQueued, Language: "en", Headline: "Clinic opens"}
		if err := s.Edit(news.Approval{Writing: news.Writing{Countries: &[]string{code}}}, "cara", time.Now()); err != nil || s.Countries[0] != code {
			t.Errorf("%s is kept as %q, %v", code, s.Countries, err)
		}
	}
	if n < 200 {
		t.Errorf("only %d countries", n)
	}
}
