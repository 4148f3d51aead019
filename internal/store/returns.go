package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

const returnColumns = `issue, reader, verdict, hard, status, text, sent, at`

func scanReturn(row scanner) (r audience.Return, err error) {
	var sent, came int64
	err = row.Scan(&r.Issue, &r.Reader, &r.Verdict, &r.Hard, &r.Status, &r.Text, &sent, &came)
	r.Sent, r.At = at(sent), at(came)
	return r, err
}

// TakeReturn lets take decide about what came back of the copy that a reader
// got of an issue, knowing all their returns. It keeps the return that take
// gives, one a copy, and the reader when take gives a reason to bar them, with
// a line in the journal and in the audit log, all in one step. The error wraps
// news.ErrNotFound when there is no such copy.
func (s *Store) TakeReturn(ctx context.Context, issue news.IssueID, id audience.ReaderID, now time.Time,
	take func(c audience.Copy, r *audience.Reader, returns []audience.Return) (keep *audience.Return, bars audience.SuppressionReason, e staff.AuditEntry, err error)) error {
	return s.writeJournaled(ctx, func(tx *sql.Tx) error {
		c, err := scanCopy(tx.QueryRowContext(ctx, `SELECT `+copyColumns+` FROM copies c WHERE c.issue = $1 AND c.reader = $2`, issue, id))
		if err != nil {
			return notFound(err, "copy of issue %d", issue)
		}
		rows, err := tx.QueryContext(ctx, `SELECT `+returnColumns+` FROM returns WHERE reader = $1 ORDER BY issue`, id)
		returns, err := collect(rows, err, scanReturn)
		if err != nil {
			return fmt.Errorf("read returns: %w", err)
		}
		r, err := found(reader(ctx, tx, `r.id = $1`, id))
		if err != nil {
			return err
		}
		before := r.Address
		keep, bars, entry, err := take(c, &r, returns)
		if err != nil || keep == nil {
			return err
		}
		if err := saveReturn(ctx, tx, keep); err != nil {
			return err
		}
		if bars == "" {
			return nil
		}
		return s.barReader(ctx, tx, &r, before, audience.Suppression{Reason: bars, At: now}, entry)
	})
}

func (s *Store) barReader(ctx context.Context, tx *sql.Tx, r *audience.Reader, address audience.Address, sup audience.Suppression, e staff.AuditEntry) error {
	sup.Key = s.blind(address)
	return errors.Join(s.journal(ctx, tx, sup), s.saveReader(ctx, tx, r), s.appendAudit(ctx, tx, e))
}

func saveReturn(ctx context.Context, tx *sql.Tx, r *audience.Return) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO returns (issue, reader, verdict, hard, status, text, sent, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (issue, reader) DO UPDATE SET verdict = excluded.verdict, hard = excluded.hard, status = excluded.status, text = excluded.text, at = excluded.at`,
		r.Issue, r.Reader, r.Verdict, bit(r.Hard), r.Status, r.Text, ms(r.Sent), ms(r.At))
	if err != nil {
		return fmt.Errorf("keep a return: %w", err)
	}
	return nil
}

// LiftReader lifts what bars an address, forgets what came back from it, and
// lets lift act on its reader, if there is one. The error wraps
// news.ErrNotFound when nothing bars it.
func (s *Store) LiftReader(ctx context.Context, a audience.Address, now time.Time, lift func(r *audience.Reader, why audience.SuppressionReason) bool) error {
	return s.writeJournaled(ctx, func(tx *sql.Tx) error {
		barred, err := barring(ctx, tx, s.blind(a))
		if err != nil {
			return err
		}
		if barred == nil {
			return fmt.Errorf("nothing bars that address: %w", news.ErrNotFound)
		}
		if err := s.journal(ctx, tx, audience.Suppression{Key: barred.Key, Reason: barred.Reason, At: now, Lifted: true}); err != nil {
			return err
		}
		r, err := reader(ctx, tx, `r.blind = $1`, s.blind(a))
		if err != nil || r.ID == 0 || !lift(&r, barred.Reason) {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM returns WHERE reader = $1`, r.ID); err != nil {
			return fmt.Errorf("forget what came back: %w", err)
		}
		return s.saveReader(ctx, tx, &r)
	})
}

// ReturnCounts counts what came back of an issue, by verdict.
func (s *Store) ReturnCounts(ctx context.Context, id news.IssueID) (map[string]int, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT verdict, COUNT(*) FROM returns WHERE issue = $1 GROUP BY verdict`, id)
	if err != nil {
		return nil, fmt.Errorf("count returns: %w", err)
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var verdict string
		var n int
		if err := rows.Scan(&verdict, &n); err != nil {
			return nil, fmt.Errorf("count returns: %w", err)
		}
		counts[verdict] = n
	}
	return counts, rows.Err()
}

// RetireReturns forgets what servers said before then.
func (s *Store) RetireReturns(ctx context.Context, before time.Time) error {
	return s.exec(ctx, "retire what came back", `UPDATE returns SET text = '' WHERE at < $1 AND text <> ''`, ms(before))
}
