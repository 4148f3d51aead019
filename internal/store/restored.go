package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

// HoldRestored makes a database that came out of a backup safe to serve: no
// mail goes out before a person says so, and nobody is signed in who may have
// signed out since. What waited when the backup was made may have gone out
// since: it is marked as uncertain. It returns how many issues it held.
func (s *Store) HoldRestored(ctx context.Context, why string, now time.Time) (held int, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		if held, err = holdAll(ctx, tx, why); err != nil {
			return err
		}
		for _, step := range []struct {
			query string
			args  []any
		}{
			{`UPDATE copies SET state = $1, uncertain = uncertain + 1, fence = 0 WHERE next_try <> 0 AND state IN ($1, $2)`,
				[]any{audience.Waiting, audience.Attempting}},
			{`DELETE FROM leases`, nil},
			{`UPDATE hosts SET holder = '', until = 0, fence = fence + 1 WHERE holder <> ''`, nil},
			{`DELETE FROM letters`, nil},
			{`DELETE FROM staff_notices`, nil},
			{`DELETE FROM asks`, nil},
			{`DELETE FROM sessions`, nil},
			{`DELETE FROM invitations`, nil},
		} {
			if _, err := tx.ExecContext(ctx, step.query, step.args...); err != nil {
				return fmt.Errorf("hold what was restored: %w", err)
			}
		}
		return s.appendAudit(ctx, tx, staff.AuditEntry{At: now, Who: "restore", What: "restore backup", Detail: why})
	})
	return held, err
}

func holdAll(ctx context.Context, tx *sql.Tx, why string) (held int, err error) {
	issues, err := issuesWhere(ctx, tx, `WHERE state IN ($1, $2) ORDER BY id`, news.IssueSending, news.IssueApproved)
	if err != nil {
		return 0, err
	}
	for _, i := range issues {
		if !i.Restored(why) {
			continue
		}
		if err := saveIssue(ctx, tx, &i); err != nil {
			return 0, err
		}
		held++
	}
	return held, nil
}
