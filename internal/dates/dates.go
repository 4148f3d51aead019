// Package dates reads a written date: what a feed, a page or a title says
// about time, to an instant with its precision. It knows no clock: what is
// not written is not known, and a date is never "now".
package dates

import (
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// Options say how a written date is to be read where it can be read in more
// than one way. The zero value reads 03/04/2021 as the third of April.
type Options struct {
	MonthFirst bool // 03/04/2021 is the fourth of March
}

// layouts are the forms of RFC 3339 and RFC 5322 with their precision.
var layouts = []struct {
	form string
	is   news.Precision
}{
	{time.RFC3339, news.Second},
	{"Mon, 2 Jan 2006 15:04:05 -0700", news.Second},
	{"Mon, 2 Jan 2006 15:04:05 MST", news.Second},
	{"2 Jan 2006 15:04:05 -0700", news.Second},
	{"Mon, 2 Jan 2006 15:04 -0700", news.Minute},
	{time.DateOnly, news.Day},
}

// Parse reads a written date. Its Origin is left empty for the caller, who
// knows the element.
func Parse(s string, _ Options) (news.Date, bool) {
	s = strings.TrimSpace(s)
	for _, l := range layouts {
		if t, err := time.Parse(l.form, s); err == nil {
			return news.Date{Time: t.UTC(), Precision: l.is}, true
		}
	}
	return news.Date{}, false
}
