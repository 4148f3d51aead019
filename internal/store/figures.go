package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// figures are the questions behind Figures: each gives a state, which may be
// empty, and a number. $1 is the present in milliseconds. Readers are not
// counted: whoever watches the number could tell when one of them left.
var figures = []struct{ name, query string }{
	{"stories", `SELECT state, COUNT(*) FROM stories GROUP BY state`},
	{"issues", `SELECT state, COUNT(*) FROM issues GROUP BY state`},
	{"sources", `SELECT CASE WHEN polled = 0 OR paused = 1 THEN 'off' WHEN failures > 0 THEN 'failing' ELSE 'ok' END AS state, COUNT(*)
		FROM sources GROUP BY 1`},
	{"sources_overdue", `SELECT '', COUNT(*) FROM sources WHERE polled = 1 AND paused = 0 AND next_poll < CAST($1 AS BIGINT) - 900000`},
	{"items_unplaced", `SELECT '', COUNT(*) FROM items WHERE story = 0 AND current = 1`},
	{"copies", `SELECT state, SUM(n) FROM (SELECT state, COUNT(*) AS n FROM copies GROUP BY state
		UNION ALL SELECT state, copies FROM copy_counts) AS ended GROUP BY state`},
	{"copies_uncertain", `SELECT '', (SELECT COUNT(*) FROM copies WHERE uncertain > 0) + (SELECT COALESCE(SUM(uncertain), 0) FROM copy_counts)`},
	{"results_late", `SELECT kind AS state, results FROM late_results`},
	{"letters_waiting", `SELECT '', COUNT(*) FROM letters`},
}

// Figures counts the house's work, for those who watch it.
func (s *Store) Figures(ctx context.Context, now time.Time) ([]news.Figure, error) {
	var out []news.Figure
	for _, f := range figures {
		// Every question takes the time, so that all are asked alike.
		rows, err := s.r.QueryContext(ctx, `SELECT * FROM (`+f.query+`) AS figure WHERE CAST($1 AS BIGINT) > 0`, now.UnixMilli())
		list, err := collect(rows, err, func(row scanner) (news.Figure, error) {
			g := news.Figure{Name: f.name}
			err := row.Scan(&g.State, &g.Value)
			return g, err
		})
		if err != nil {
			return nil, fmt.Errorf("count %s: %w", f.name, err)
		}
		out = append(out, list...)
	}
	var due int64
	err := s.r.QueryRowContext(ctx, `SELECT COALESCE(MIN(c.next_try), 0) FROM copies c JOIN issues i ON i.id = c.issue
		WHERE i.state = $1 AND c.state = $2 AND c.next_try <> 0`, news.IssueSending, audience.Waiting).Scan(&due)
	if err != nil {
		return nil, fmt.Errorf("find the longest waiting copy: %w", err)
	}
	late := 0.0
	if due != 0 {
		late = max(0, now.Sub(at(due)).Seconds())
	}
	return append(out, news.Figure{Name: "copies_overdue_seconds", Value: late}), nil
}
