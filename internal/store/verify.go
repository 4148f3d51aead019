package store

import (
	"context"
	"crypto/hmac"
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// What a person does about rows that contradict each other.
const (
	restoreBackup = "the database was changed by other means than this program: restore a backup, or ask for help with this line"
	textChanged   = "do not send or show this issue: restore the text from a backup"
)

// CheckIssue looks for what is wrong with an issue: its frozen text was
// changed, its stories disagree, its copies contradict themselves.
func (s *Store) CheckIssue(ctx context.Context, i news.Issue) ([]news.Finding, error) {
	out, err := s.checkParts(ctx, i)
	if err != nil {
		return nil, err
	}
	add := func(what, do string) { out = append(out, news.Finding{What: what, Where: i.Where(), Do: do}) }
	if err := s.checkStories(ctx, i, add); err != nil {
		return nil, err
	}
	if err := s.checkCounts(ctx, i, add); err != nil {
		return nil, err
	}
	for _, c := range copyChecks {
		n, err := count(ctx, s.r, c.query, append([]any{i.ID}, c.args...)...)
		if err != nil {
			return nil, fmt.Errorf("verify issue %d: %w", i.ID, err)
		}
		if n > 0 {
			add(fmt.Sprintf("%d copies %s", n, c.what), restoreBackup)
		}
	}
	return out, nil
}

// checkParts recomputes the MAC of every frozen part.
func (s *Store) checkParts(ctx context.Context, i news.Issue) ([]news.Finding, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT language, format, name, body, mac FROM issue_parts WHERE issue = $1`, i.ID)
	if err != nil {
		return nil, fmt.Errorf("verify the text of issue %d: %w", i.ID, err)
	}
	defer rows.Close()
	var out []news.Finding
	parts := 0
	for ; rows.Next(); parts++ {
		var p audience.Part
		var mac []byte
		if err := rows.Scan(&p.Language, &p.Format, &p.Name, &p.Body, &mac); err != nil {
			return nil, fmt.Errorf("verify the text of issue %d: %w", i.ID, err)
		}
		if !hmac.Equal(mac, s.partMAC(i.ID, p)) {
			out = append(out, news.Finding{What: fmt.Sprintf("the frozen text %q (%s, %s) was changed", p.Name, p.Language, p.Format),
				Where: i.Where(), Do: textChanged})
		}
	}
	if i.IsFrozen() != (parts > 0) {
		out = append(out, news.Finding{What: fmt.Sprintf("the issue is %s and has %d pieces of frozen text", i.State, parts),
			Where: i.Where(), Do: restoreBackup})
	}
	return out, rows.Err()
}

// checkStories sees that an issue and its stories name each other.
func (s *Store) checkStories(ctx context.Context, i news.Issue, add func(what, do string)) error {
	in := map[news.StoryID]bool{}
	for _, id := range i.Stories() {
		in[id] = true
	}
	rows, err := s.r.QueryContext(ctx, `SELECT id FROM stories WHERE issue = $1`, i.ID)
	ids, err := collect(rows, err, func(row scanner) (id news.StoryID, err error) {
		err = row.Scan(&id)
		return id, err
	})
	if err != nil {
		return fmt.Errorf("verify the stories of issue %d: %w", i.ID, err)
	}
	for _, id := range ids {
		if !in[id] {
			add(fmt.Sprintf("story %d says it stands in the issue, which does not hold it", id), restoreBackup)
		}
		delete(in, id)
	}
	for id := range in {
		add(fmt.Sprintf("the issue holds story %d, which says otherwise", id), restoreBackup)
	}
	return nil
}

// A check counts the rows that break a promise.
type check struct {
	what  string
	query string
	args  []any
}

var copyChecks = []check{
	{"are in a state that does not exist", `SELECT COUNT(*) FROM copies WHERE issue = $1 AND state NOT IN ($2, $3, $4, $5, $6, $7, $8)`,
		[]any{audience.Waiting, audience.Attempting, audience.Sent, audience.Refused, audience.Excluded, audience.GivenUp, audience.Withdrawn}},
	{"wait and have no time to be tried at", `SELECT COUNT(*) FROM copies WHERE issue = $1 AND state IN ($2, $3) AND next_try = 0`,
		[]any{audience.Waiting, audience.Attempting}},
	{"are settled and would be tried again", `SELECT COUNT(*) FROM copies WHERE issue = $1 AND state NOT IN ($2, $3) AND next_try <> 0`,
		[]any{audience.Waiting, audience.Attempting}},
	{"are settled and do not say when", `SELECT COUNT(*) FROM copies WHERE issue = $1 AND state NOT IN ($2, $3) AND settled = 0`,
		[]any{audience.Waiting, audience.Attempting}},
	{"are being attempted by nobody", `SELECT COUNT(*) FROM copies c WHERE c.issue = $1 AND c.state = $2
		AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.id = c.fence)`, []any{audience.Attempting}},
	{"are held under a lease that does not exist", `SELECT COUNT(*) FROM copies c WHERE c.issue = $1 AND c.fence <> 0 AND c.next_try <> 0
		AND NOT EXISTS (SELECT 1 FROM leases l WHERE l.id = c.fence)`, nil},
	{"are of a mail that was not frozen", `SELECT COUNT(*) FROM copies c WHERE c.issue = $1 AND c.variant >= 0
		AND NOT EXISTS (SELECT 1 FROM issue_variants v WHERE v.issue = c.issue AND v.variant = c.variant)`, nil},
	{"are encrypted and their text is gone", `SELECT COUNT(*) FROM copies c WHERE c.issue = $1 AND c.cover = $2 AND c.address <> ''
		AND NOT EXISTS (SELECT 1 FROM sealed_copies s WHERE s.issue = c.issue AND s.reader = c.reader)`, []any{audience.CoverSealed}},
	{"bear a Message-ID that another bears too", `SELECT COUNT(*) - COUNT(DISTINCT message_id) FROM copies WHERE issue = $1`, nil},
}

var houseChecks = []check{
	{"copies belong to no issue", `SELECT COUNT(*) FROM copies c WHERE NOT EXISTS (SELECT 1 FROM issues i WHERE i.id = c.issue)`, nil},
	{"copies belong to an issue that is not frozen", `SELECT COUNT(*) FROM copies c JOIN issues i ON i.id = c.issue WHERE i.frozen = 0`, nil},
	{"stories stand in an issue that does not exist", `SELECT COUNT(*) FROM stories s WHERE s.issue <> 0
		AND NOT EXISTS (SELECT 1 FROM issues i WHERE i.id = s.issue)`, nil},
	{"items belong to a story that does not exist", `SELECT COUNT(*) FROM items t WHERE t.story <> 0
		AND NOT EXISTS (SELECT 1 FROM stories s WHERE s.id = t.story)`, nil},
}

// CheckHouse looks for what is wrong beside the issues: rows that belong to
// nothing, broken chains, a damaged file.
func (s *Store) CheckHouse(ctx context.Context) ([]news.Finding, error) {
	out, err := s.checkFile(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range houseChecks {
		n, err := count(ctx, s.r, c.query, c.args...)
		if err != nil {
			return nil, fmt.Errorf("verify: %w", err)
		}
		if n > 0 {
			out = append(out, news.Finding{What: fmt.Sprintf("%d %s", n, c.what), Where: File, Do: restoreBackup})
		}
	}
	for _, chain := range []struct {
		name  string
		check func(context.Context) (int64, error)
	}{{"the journal of suppressions", s.CheckJournal}, {"the audit log", s.CheckAudit}} {
		broken, err := chain.check(ctx)
		if err != nil {
			return nil, fmt.Errorf("verify %s: %w", chain.name, err)
		}
		if broken != 0 {
			out = append(out, news.Finding{What: fmt.Sprintf("%s was changed at line %d", chain.name, broken), Where: chain.name, Do: restoreBackup})
		}
	}
	return out, nil
}

// checkFile asks the database about itself. It finds pages that contradict
// each other, not every flipped bit; the MACs are for the rest. PostgreSQL
// looks after its own files.
func (s *Store) checkFile(ctx context.Context) ([]news.Finding, error) {
	if s.pg {
		return nil, nil
	}
	rows, err := s.r.QueryContext(ctx, `PRAGMA integrity_check(20)`)
	lines, err := collect(rows, err, func(row scanner) (line string, err error) {
		err = row.Scan(&line)
		return line, err
	})
	if err != nil {
		return nil, fmt.Errorf("check the database file: %w", err)
	}
	var out []news.Finding
	for _, line := range lines {
		if line != "ok" {
			out = append(out, news.Finding{What: "the database is damaged: " + line, Where: File, Do: "stop serving and restore a backup"})
		}
	}
	return out, nil
}

func count(ctx context.Context, q querier, query string, args ...any) (n int, err error) {
	err = q.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, err
}
