package store

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// RetireCopies replaces the rows of one issue that was finished before then by
// their counts, and reports whether there was one.
func (s *Store) RetireCopies(ctx context.Context, before time.Time) (more bool, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		more = false
		issues, err := issuesWhere(ctx, tx, `WHERE state = $1 AND finished <> 0 AND finished < $2
			AND EXISTS (SELECT 1 FROM copies c WHERE c.issue = issues.id) ORDER BY id LIMIT 1`, news.IssueFinished, ms(before))
		if err != nil || len(issues) == 0 {
			return err
		}
		more = true
		return s.retireCopies(ctx, tx, issues[0].ID)
	})
	return more, err
}

func (s *Store) retireCopies(ctx context.Context, tx *sql.Tx, id news.IssueID) error {
	rows, err := tx.QueryContext(ctx, `SELECT issue, state, COUNT(*), SUM(CASE WHEN uncertain > 0 THEN 1 ELSE 0 END), '' FROM copies WHERE issue = $1 GROUP BY issue, state`, id)
	lines, err := collect(rows, err, scanCopyCount)
	if err != nil {
		return fmt.Errorf("count the copies of issue %d: %w", id, err)
	}
	for _, l := range lines {
		_, err := tx.ExecContext(ctx, `INSERT INTO copy_counts (issue, state, copies, uncertain, mac) VALUES ($1, $2, $3, $4, $5)`,
			id, l.state, l.copies, l.uncertain, s.copyCountMAC(l))
		if err != nil {
			return fmt.Errorf("keep the counts of issue %d: %w", id, err)
		}
	}
	for _, query := range []string{`DELETE FROM returns WHERE issue = $1`, `DELETE FROM sealed_copies WHERE issue = $1`, `DELETE FROM copies WHERE issue = $1`} {
		if _, err := tx.ExecContext(ctx, query, id); err != nil {
			return fmt.Errorf("retire the copies of issue %d: %w", id, err)
		}
	}
	return nil
}

// A copyCount is what is left of the copies of an issue that ended alike.
type copyCount struct {
	issue             news.IssueID
	state             audience.CopyState
	copies, uncertain int64
	mac               []byte
}

func scanCopyCount(row scanner) (l copyCount, err error) {
	err = row.Scan(&l.issue, &l.state, &l.copies, &l.uncertain, &l.mac)
	return l, err
}

func (s *Store) copyCountMAC(l copyCount) []byte {
	return s.chainLink("copy_counts", nil, int64(l.issue), string(l.state), fmt.Sprint(l.copies), fmt.Sprint(l.uncertain))
}

// checkCounts recomputes the MAC over what is left of an issue's copies.
func (s *Store) checkCounts(ctx context.Context, i news.Issue, add func(what, do string)) error {
	rows, err := s.r.QueryContext(ctx, `SELECT issue, state, copies, uncertain, mac FROM copy_counts WHERE issue = $1`, i.ID)
	lines, err := collect(rows, err, scanCopyCount)
	if err != nil {
		return fmt.Errorf("verify the counts of issue %d: %w", i.ID, err)
	}
	for _, l := range lines {
		if !hmac.Equal(l.mac, s.copyCountMAC(l)) {
			add(fmt.Sprintf("the count of %s copies was changed", l.state), restoreBackup)
		}
	}
	return nil
}

// RetireAudit takes the lines of the audit log before then away, but for the
// last there is: the oldest line kept is the anchor of the chain.
func (s *Store) RetireAudit(ctx context.Context, before time.Time) error {
	return s.exec(ctx, "retire audit log", `DELETE FROM audit WHERE id < (SELECT COALESCE(
		(SELECT MIN(id) FROM audit WHERE at >= $1), (SELECT MAX(id) FROM audit)))`, ms(before))
}
