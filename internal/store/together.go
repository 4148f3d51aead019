package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// countLate adds to the results of a kind of work that came too late.
func countLate(ctx context.Context, tx *sql.Tx, kind string, n int) error {
	if n == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO late_results (kind, results) VALUES ($1, $2)
		ON CONFLICT (kind) DO UPDATE SET results = late_results.results + EXCLUDED.results`, kind, n)
	if err != nil {
		return fmt.Errorf("count late results: %w", err)
	}
	return nil
}

// Senders counts the processes that hold a sending lease at now. One that died
// counts until its lease runs out.
func (s *Store) Senders(ctx context.Context, now time.Time) (n int, err error) {
	if n, err = count(ctx, s.r, `SELECT COUNT(DISTINCT holder) FROM leases WHERE until >= $1`, ms(now)); err != nil {
		return 0, fmt.Errorf("count senders: %w", err)
	}
	return n, nil
}

// ShareAttempts tells the other senders of an issue the latest attempts of
// one, and returns those of all, the oldest first for each sender. With again,
// the holder has shared before: it is an error wrapping news.ErrConflict when
// that was forgotten meanwhile, for then the issue was held, and whoever
// resumed it starts afresh.
func (s *Store) ShareAttempts(ctx context.Context, issue news.IssueID, holder string, own []audience.Attempt, again bool) (all []audience.Attempt, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		if all, err = otherAttempts(ctx, tx, issue, holder, again); err != nil {
			return fmt.Errorf("attempts at issue %d: %w", issue, err)
		}
		all = append(all, own...)
		_, err := tx.ExecContext(ctx, `INSERT INTO recent_attempts (issue, holder, attempts) VALUES ($1, $2, $3)
			ON CONFLICT (issue, holder) DO UPDATE SET attempts = EXCLUDED.attempts`, issue, holder, toJSON(own))
		if err != nil {
			return fmt.Errorf("attempts at issue %d: %w", issue, err)
		}
		return nil
	})
	return all, err
}

func otherAttempts(ctx context.Context, tx *sql.Tx, issue news.IssueID, holder string, again bool) (all []audience.Attempt, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT holder, attempts FROM recent_attempts WHERE issue = $1 ORDER BY holder`, issue)
	mine := false
	_, err = collect(rows, err, func(row scanner) (none struct{}, err error) {
		var who, list string
		var some []audience.Attempt
		if err := errors.Join(row.Scan(&who, &list), fromJSON(list, &some)); err != nil {
			return none, err
		}
		if who == holder {
			mine = true
		} else {
			all = append(all, some...)
		}
		return none, nil
	})
	if err == nil && again && !mine {
		err = fmt.Errorf("they were forgotten: %w", news.ErrConflict)
	}
	return all, err
}

// ForgetAttempts drops what the senders of an issue told each other.
func (s *Store) ForgetAttempts(ctx context.Context, issue news.IssueID) error {
	return s.exec(ctx, "forget attempts", `DELETE FROM recent_attempts WHERE issue = $1`, issue)
}
