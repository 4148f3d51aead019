package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// Ledger opens the books of an issue up, all of one moment.
func (s *Store) Ledger(ctx context.Context, id news.IssueID) (l news.Ledger, err error) {
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		if l.Counts, err = countsOf(ctx, tx, id); err != nil {
			return err
		}
		if err := domainsOf(ctx, tx, id, &l); err != nil {
			return fmt.Errorf("ledger of issue %d: %w", id, err)
		}
		if l.LeftOut, err = leftOutOf(ctx, tx, id); err != nil {
			return fmt.Errorf("ledger of issue %d: %w", id, err)
		}
		var next sql.NullInt64
		err := tx.QueryRowContext(ctx, `SELECT MIN(next_try) FROM copies WHERE issue = $1 AND next_try <> 0 AND fence = 0`, id).Scan(&next)
		if err != nil {
			return fmt.Errorf("ledger of issue %d: %w", id, err)
		}
		l.Next = at(next.Int64)
		return nil
	})
	return l, err
}

// domainsOf counts the copies of an issue by domain and state.
func domainsOf(ctx context.Context, q querier, id news.IssueID, l *news.Ledger) error {
	type line struct {
		domain       string
		state        audience.CopyState
		n, uncertain int
	}
	rows, err := q.QueryContext(ctx, `SELECT domain, state, COUNT(*), SUM(CASE WHEN uncertain > 0 THEN 1 ELSE 0 END)
		FROM copies WHERE issue = $1 GROUP BY domain, state ORDER BY domain`, id)
	lines, err := collect(rows, err, func(row scanner) (x line, err error) {
		err = row.Scan(&x.domain, &x.state, &x.n, &x.uncertain)
		return x, err
	})
	if err != nil {
		return err
	}
	var all []news.DomainCounts
	l.Marked = map[string]int{}
	for _, x := range lines {
		if len(all) == 0 || all[len(all)-1].Domain != x.domain {
			all = append(all, news.DomainCounts{Domain: x.domain})
		}
		state := x.state
		if state == audience.Attempting {
			l.OnTheWay += x.n
			state = audience.Waiting
		}
		c := &all[len(all)-1].Counts
		c.Intended += x.n
		c.Uncertain += x.uncertain
		*column(c, state) += x.n
		l.Marked[string(state)] += x.uncertain
	}
	l.Domains = news.GroupDomains(all)
	return nil
}

// column is where copies of a state are counted.
func column(c *news.Counts, state audience.CopyState) *int {
	switch state {
	case audience.Sent:
		return &c.Sent
	case audience.Refused:
		return &c.Refused
	case audience.Excluded:
		return &c.Excluded
	case audience.GivenUp:
		return &c.GivenUp
	case audience.Withdrawn:
		return &c.Withdrawn
	}
	return &c.Waiting
}

func leftOutOf(ctx context.Context, q querier, id news.IssueID) ([]news.LeftOut, error) {
	rows, err := q.QueryContext(ctx, `SELECT why, COUNT(*) FROM copies WHERE issue = $1 AND state = $2 AND next_try = 0
		GROUP BY why ORDER BY COUNT(*) DESC, why`, id, audience.Excluded)
	return collect(rows, err, func(row scanner) (x news.LeftOut, err error) {
		err = row.Scan(&x.Why, &x.N)
		return x, err
	})
}

// CopiesIn reads the copies of an issue in a state, Waiting with those being
// attempted, from after an id on.
func (s *Store) CopiesIn(ctx context.Context, id news.IssueID, state audience.CopyState, after audience.CopyID, limit int) ([]audience.Copy, error) {
	also := state
	if state == audience.Waiting {
		also = audience.Attempting
	}
	return s.copiesWhere(ctx, `c.state IN ($2, $3) AND c.id > $4 ORDER BY c.id LIMIT $5`, id, state, also, after, limit)
}

// UncertainCopies reads the copies of an issue that may have gone out more
// than once: a sender died, or its server fell silent, while it held them.
func (s *Store) UncertainCopies(ctx context.Context, id news.IssueID) ([]audience.Copy, error) {
	return s.copiesWhere(ctx, `c.uncertain > 0 ORDER BY c.id`, id)
}

func (s *Store) copiesWhere(ctx context.Context, where string, id news.IssueID, more ...any) ([]audience.Copy, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+copyColumns+` FROM copies c WHERE c.issue = $1 AND `+where, append([]any{id}, more...)...)
	copies, err := collect(rows, err, func(row scanner) (audience.Copy, error) { return scanCopy(row) })
	if err != nil {
		return nil, fmt.Errorf("read copies of issue %d: %w", id, err)
	}
	return copies, nil
}
