package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// FreezeIssue fixes an issue and writes one copy for every active reader who
// gets a story, all in one durable transaction. plan decides about the issue
// and makes its edition from the stories it holds.
func (s *Store) FreezeIssue(ctx context.Context, id news.IssueID, plan func(*news.Issue, []news.Story) (audience.Edition, error)) (out news.Issue, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		i, err := issueByID(ctx, tx, id)
		if err != nil {
			return err
		}
		stories, err := storiesOf(ctx, tx, &i)
		if err != nil {
			return err
		}
		edition, err := plan(&i, stories)
		if err != nil {
			return err
		}
		if err := s.saveParts(ctx, tx, id, edition.Parts()); err != nil {
			return err
		}
		if i.Intended, err = s.writeCopies(ctx, tx, &i, edition); err != nil {
			return err
		}
		if err := saveVariants(ctx, tx, id, edition.Variants()); err != nil {
			return err
		}
		if err := told(ctx, tx, &i); err != nil {
			return err
		}
		out = i
		return saveIssue(ctx, tx, &i)
	})
	return out, err
}

func (s *Store) saveParts(ctx context.Context, tx *sql.Tx, id news.IssueID, parts []audience.Part) error {
	for _, p := range parts {
		_, err := tx.ExecContext(ctx, `INSERT INTO issue_parts (issue, language, format, name, body, mac) VALUES ($1, $2, $3, $4, $5, $6)`,
			id, p.Language, p.Format, p.Name, p.Body, s.partMAC(id, p))
		if err != nil {
			return fmt.Errorf("freeze text of issue %d: %w", id, err)
		}
	}
	return nil
}

func saveVariants(ctx context.Context, tx *sql.Tx, id news.IssueID, variants []audience.Variant) error {
	for n, v := range variants {
		_, err := tx.ExecContext(ctx, `INSERT INTO issue_variants (issue, variant, language, format, stories) VALUES ($1, $2, $3, $4, $5)`,
			id, n, v.Language, v.Format, toJSON(v.Stories))
		if err != nil {
			return fmt.Errorf("freeze variants of issue %d: %w", id, err)
		}
	}
	return nil
}

// A frozenReader is an active reader as the freeze sees them.
type frozenReader struct {
	audience.Reader
	suppressed bool // by the journal, though active
}

// How many readers the freeze holds in memory, and how many copies one
// statement writes.
const (
	freezePage = 1000
	freezeRows = 100
)

// writeCopies goes through the active readers page by page, so that memory
// does not grow with them, and returns how many copies it wrote.
func (s *Store) writeCopies(ctx context.Context, tx *sql.Tx, i *news.Issue, e audience.Edition) (int, error) {
	many, err := tx.PrepareContext(ctx, insertCopies+s.tuples(freezeRows, copyValues))
	if err != nil {
		return 0, fmt.Errorf("write copies of issue %d: %w", i.ID, err)
	}
	defer many.Close() // the transaction closes it too
	written, values := 0, make([]any, 0, freezeRows*copyValues)
	for last := audience.ReaderID(0); ; {
		page, err := activeReaders(ctx, tx, last, i.Frozen)
		if err != nil {
			return 0, err
		}
		for _, r := range page {
			last = r.ID
			row, err := s.copyRow(ctx, tx, i, e, r)
			if err != nil {
				return 0, err
			}
			if values = append(values, row...); len(values) == cap(values) {
				if _, err := many.ExecContext(ctx, values...); err != nil {
					return 0, fmt.Errorf("write copies of issue %d: %w", i.ID, err)
				}
				values = values[:0]
			}
			written += min(len(row), 1)
		}
		if len(page) < freezePage {
			return written, s.insertRest(ctx, tx, i.ID, values)
		}
	}
}

const insertCopies = `INSERT INTO copies (issue, reader, variant, token, address, domain, message_id, state, why, next_try, settled,
	attempts, uncertain, discreet, cover) VALUES `

// copyValues is how many values the freeze writes for a copy.
const copyValues = 15

func (s *Store) insertRest(ctx context.Context, tx *sql.Tx, id news.IssueID, values []any) error {
	if len(values) == 0 {
		return nil
	}
	if _, err := tx.ExecContext(ctx, insertCopies+s.tuples(len(values)/copyValues, copyValues), values...); err != nil {
		return fmt.Errorf("write copies of issue %d: %w", id, err)
	}
	return nil
}

// copyRow is what the freeze writes for a reader; nothing when the issue has
// no story for them. What is encrypted to them is kept beside the row.
func (s *Store) copyRow(ctx context.Context, tx *sql.Tx, i *news.Issue, e audience.Edition, r frozenReader) ([]any, error) {
	share, ok := e.Assign(r.Reader)
	if !ok {
		return nil, nil
	}
	if r.suppressed {
		share.Excluded = "suppressed"
	}
	variant, state, next, settled := share.Variant, audience.Waiting, ms(i.Frozen), int64(0)
	switch {
	case share.Excluded != "":
		variant, state, next, settled = -1, audience.Excluded, 0, ms(i.Frozen)
	case share.Cover == audience.CoverSealed:
		if err := s.keepSealed(ctx, tx, i.ID, r.ID, share.Sealed); err != nil {
			return nil, err
		}
	}
	return []any{i.ID, r.ID, variant, r.Token[:], r.Address.Reveal(), domainOf(r.Address.Reveal()), share.MessageID, state, share.Excluded,
		next, settled, 0, 0, bit(share.Discreet), share.Cover}, nil
}

// activeReaders reads a page of those who read and are not pausing.
func activeReaders(ctx context.Context, tx *sql.Tx, after audience.ReaderID, now time.Time) ([]frozenReader, error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT r.id, r.token, r.address, r.language, r.format, r.topics, r.discreet, r.openpgp,
			COALESCE((SELECT 1 - j.lifted FROM suppressions j WHERE j.blind = r.blind ORDER BY j.id DESC LIMIT 1), 0)
		FROM readers r WHERE r.state = $1 AND r.id > $2 AND r.paused <= $4 ORDER BY r.id LIMIT $3`, audience.Active, after, freezePage, ms(now))
	readers, err := collect(rows, err, func(row scanner) (frozenReader, error) {
		r := frozenReader{Reader: audience.Reader{State: audience.Active}}
		var token []byte
		var address, topics string
		err := row.Scan(&r.ID, &token, &address, &r.Preferences.Language, &r.Preferences.Format, &topics, &r.Preferences.Discreet,
			(*[]byte)(&r.OpenPGP), &r.suppressed)
		if err != nil {
			return r, err
		}
		copy(r.Token[:], token)
		if r.Address, err = audience.ParseAddress(address); err != nil {
			return r, fmt.Errorf("reader %d: stored %w", r.ID, err)
		}
		return r, fromJSON(topics, &r.Preferences.Topics)
	})
	if err != nil {
		return nil, fmt.Errorf("read readers: %w", err)
	}
	return readers, nil
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// tuples is "($1,$2),($3,$4)" for rows of so many columns.
func (s *Store) tuples(rows, columns int) string {
	var b strings.Builder
	for r := range rows {
		if r > 0 {
			b.WriteByte(',')
		}
		b.WriteString("(" + s.places(r*columns+1, columns) + ")")
	}
	return b.String()
}

// places is "$3,$4,$5": n of them from the first, which follow those before in
// the text too. On SQLite it is "?,?,?", which means the same: a place with a
// name costs it a search through all the names, at every run.
func (s *Store) places(first, n int) string {
	if !s.pg {
		return strings.TrimSuffix(strings.Repeat("?,", n), ",")
	}
	var b strings.Builder
	for k := range n {
		if k > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", first+k)
	}
	return b.String()
}

// Counts reads the books of an issue.
func (s *Store) Counts(ctx context.Context, id news.IssueID) (news.Counts, error) {
	return countsOf(ctx, s.r, id)
}

func countsOf(ctx context.Context, q querier, id news.IssueID) (news.Counts, error) {
	var c news.Counts
	if err := q.QueryRowContext(ctx, `SELECT intended FROM issues WHERE id = $1`, id).Scan(&c.Intended); err != nil {
		return c, notFound(err, "issue %d", id)
	}
	type line struct {
		state audience.CopyState
		n     int
	}
	rows, err := q.QueryContext(ctx, `
		SELECT state, COUNT(*) FROM copies WHERE issue = $1 AND next_try = 0 GROUP BY state
		UNION ALL SELECT '', COUNT(*) FROM copies WHERE issue = $1 AND next_try <> 0 AND fence = 0
		UNION ALL SELECT '', COUNT(*) FROM copies WHERE issue = $1 AND next_try <> 0 AND fence <> 0
		UNION ALL SELECT 'uncertain', COUNT(*) FROM copies WHERE issue = $1 AND uncertain > 0
		UNION ALL SELECT state, copies FROM copy_counts WHERE issue = $1
		UNION ALL SELECT 'uncertain', uncertain FROM copy_counts WHERE issue = $1`, id)
	lines, err := collect(rows, err, func(row scanner) (l line, err error) {
		err = row.Scan(&l.state, &l.n)
		return l, err
	})
	if err != nil {
		return c, fmt.Errorf("count copies of issue %d: %w", id, err)
	}
	into := map[audience.CopyState]*int{
		"": &c.Waiting, "uncertain": &c.Uncertain, audience.Sent: &c.Sent, audience.Refused: &c.Refused,
		audience.Excluded: &c.Excluded, audience.GivenUp: &c.GivenUp, audience.Withdrawn: &c.Withdrawn,
	}
	for _, l := range lines {
		if n, ok := into[l.state]; ok {
			*n += l.n
		}
	}
	return c, nil
}

// copyColumns are read by scanCopy, in this order, from copies c.
const copyColumns = `c.id, c.issue, c.reader, c.variant, c.token, c.address, c.message_id, c.state, c.why, c.code, c.attempts,
	c.uncertain, c.first_try, c.next_try, c.fence, c.settled, c.discreet, c.cover`

// scanCopy reads a copy, and what follows its columns into more.
func scanCopy(row scanner, more ...any) (audience.Copy, error) {
	var c audience.Copy
	var token []byte
	var address string
	var first, next, settled int64
	err := row.Scan(append([]any{&c.ID, &c.Issue, &c.Reader, &c.Variant, &token, &address, &c.MessageID, &c.State, &c.Why, &c.Code,
		&c.Attempts, &c.Uncertain, &first, &next, &c.Fence, &settled, &c.Discreet, &c.Cover}, more...)...)
	if err != nil {
		return c, err
	}
	copy(c.Token[:], token)
	c.FirstTry, c.NextTry, c.Settled = at(first), at(next), at(settled)
	if address != "" {
		if c.Address, err = audience.ParseAddress(address); err != nil {
			return c, fmt.Errorf("copy %d: %w", c.ID, err)
		}
	}
	return c, nil
}

// Lease opens a lease for a sender and returns its fencing number, which never
// comes again.
func (s *Store) Lease(ctx context.Context, holder string, until time.Time) (fence int64, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `INSERT INTO leases (holder, until) VALUES ($1, $2) RETURNING id`, holder, ms(until)).Scan(&fence)
		if err != nil {
			return fmt.Errorf("open lease: %w", err)
		}
		return nil
	})
	return fence, err
}

// RenewLease moves the end of a lease. It returns an error wrapping
// news.ErrConflict when the lease was taken away.
func (s *Store) RenewLease(ctx context.Context, fence int64, until time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE leases SET until = $1 WHERE id = $2`, ms(until), fence)
		if err != nil {
			return fmt.Errorf("renew lease %d: %w", fence, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return fmt.Errorf("renew lease %d: it was taken away: %w", fence, news.ErrConflict)
		}
		return nil
	})
}

// EndLease frees what is still held under a lease and was not begun. The
// sender must have settled everything it attempted.
func (s *Store) EndLease(ctx context.Context, fence int64) error {
	return s.write(ctx, func(tx *sql.Tx) error { return endLease(ctx, tx, fence, s.now()) })
}

// endLease gives back what a lease holds. What stands at attempting was held
// by a sender that died: it may have gone out, so it is marked and waits again.
func endLease(ctx context.Context, tx *sql.Tx, fence int64, now time.Time) error {
	for _, step := range []struct {
		query string
		args  []any
	}{
		{`UPDATE copies SET state = $1, uncertain = uncertain + 1, fence = 0, next_try = $2 WHERE fence = $3 AND fence <> 0 AND next_try <> 0 AND state = $4`,
			[]any{audience.Waiting, ms(now), fence, audience.Attempting}},
		{`UPDATE copies SET fence = 0 WHERE fence = $1 AND fence <> 0 AND next_try <> 0`, []any{fence}},
		{`DELETE FROM leases WHERE id = $1`, []any{fence}},
	} {
		if _, err := tx.ExecContext(ctx, step.query, step.args...); err != nil {
			return fmt.Errorf("end lease %d: %w", fence, err)
		}
	}
	return nil
}

// EndLeases ends the leases that ran out before now; all ends every one, for
// the start of the only process there is. It returns how many it ended.
func (s *Store) EndLeases(ctx context.Context, now time.Time, all bool) (ended int, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id FROM leases WHERE until < $1 OR $2 = 1 ORDER BY id`, ms(now), bit(all))
		fences, err := collect(rows, err, func(row scanner) (fence int64, err error) {
			err = row.Scan(&fence)
			return fence, err
		})
		if err != nil {
			return fmt.Errorf("find dead leases: %w", err)
		}
		ended = len(fences)
		for _, fence := range fences {
			if err := endLease(ctx, tx, fence, now); err != nil {
				return err
			}
		}
		return nil
	})
	return ended, err
}

// SendingIssues reads the issues whose copies go out now, the oldest first.
func (s *Store) SendingIssues(ctx context.Context) ([]news.Issue, error) {
	return issuesWhere(ctx, s.r, `WHERE state = $1 ORDER BY frozen, id`, news.IssueSending)
}

// TakeCopies takes up to limit due copies of an issue that is being sent under
// a lease, the longest due first, each with where its reader stands now. It
// returns an error wrapping news.ErrConflict when the lease was taken away:
// nobody would ever free what is taken under it.
func (s *Store) TakeCopies(ctx context.Context, issue news.IssueID, fence int64, now time.Time, limit int) (taken []audience.Copy, err error) {
	take, err := s.statement(ctx, takeCopies)
	if err != nil {
		return nil, err
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		held, err := count(ctx, tx, `SELECT COUNT(*) FROM leases WHERE id = $1`, fence)
		if err != nil {
			return fmt.Errorf("take copies of issue %d: %w", issue, err)
		}
		if held == 0 {
			return fmt.Errorf("take copies of issue %d: the lease was taken away: %w", issue, news.ErrConflict)
		}
		rows, err := tx.StmtContext(ctx, take).QueryContext(ctx, fence, issue, ms(now), news.IssueSending, limit)
		taken, err = collect(rows, err, scanTaken)
		if err != nil {
			return fmt.Errorf("take copies of issue %d: %w", issue, err)
		}
		return s.loadSealed(ctx, tx, taken)
	})
	slices.SortFunc(taken, func(a, b audience.Copy) int {
		return cmp.Or(a.NextTry.Compare(b.NextTry), cmp.Compare(a.ID, b.ID))
	})
	return taken, err
}

// SQLite knows the table by no other name in RETURNING.
var takeCopies = `
	UPDATE copies SET fence = $1 WHERE id IN (
		SELECT d.id FROM copies d JOIN issues i ON i.id = d.issue
		WHERE d.issue = $2 AND d.fence = 0 AND d.next_try <> 0 AND d.next_try <= $3 AND i.state = $4 AND i.withdrawn = 0
		ORDER BY d.next_try, d.id LIMIT $5)
	RETURNING ` + strings.ReplaceAll(copyColumns, "c.", "") + `, COALESCE((SELECT r.state FROM readers r WHERE r.id = copies.reader), ''),
		COALESCE((SELECT 1 - j.lifted FROM suppressions j JOIN readers r ON r.blind = j.blind WHERE r.id = copies.reader ORDER BY j.id DESC LIMIT 1), 0)`

// scanTaken reads a copy and where its reader stands.
func scanTaken(row scanner) (audience.Copy, error) {
	var state audience.State
	var suppressed bool
	c, err := scanCopy(row, &state, &suppressed)
	if c.Now = state; suppressed && state == audience.Active {
		c.Now = audience.Suppressed
	}
	return c, err
}

func scanCopyID(row scanner) (id audience.CopyID, err error) {
	err = row.Scan(&id)
	return id, err
}

// Settle writes what became of copies that were held, and which are about to
// be sent, in one durable transaction. begun are those of begin that may be sent:
// still held under the lease, of a reader who is still active and an issue
// still being sent. lost are those of done that were held no more: the lease
// had been taken away, and what the sender says comes too late.
func (s *Store) Settle(ctx context.Context, fence int64, now time.Time, done []audience.Copy, begin []audience.CopyID) (begun, lost []audience.CopyID, err error) {
	var sent []audience.CopyID
	var others []audience.Copy
	for _, c := range done {
		if c.State == audience.Sent && c.Why == "" && c.Code == 250 {
			sent = append(sent, c.ID)
		} else {
			others = append(others, c)
		}
	}
	takeSent, err := s.listStatement(ctx, recordSent, 4, len(sent))
	if err != nil {
		return nil, nil, err
	}
	takeBegun, err := s.listStatement(ctx, beginCopies, 6, len(begin))
	if err != nil {
		return nil, nil, err
	}
	err = s.write(ctx, func(tx *sql.Tx) error {
		if lost, err = saveResults(ctx, tx, fence, others); err != nil {
			return err
		}
		kept, err := takeSent.run(ctx, tx, sent, audience.Sent, ms(now), fence, audience.Attempting)
		if err != nil {
			return fmt.Errorf("record sent copies: %w", err)
		}
		lost = append(lost, missing(sent, kept)...)
		if err := countLate(ctx, tx, "copies", len(lost)); err != nil {
			return err
		}
		begun, err = takeBegun.run(ctx, tx, begin, audience.Attempting, ms(now), fence, audience.Waiting, audience.Active, news.IssueSending)
		if err != nil {
			return fmt.Errorf("begin copies: %w", err)
		}
		return nil
	})
	return begun, lost, err
}

// The two statements that nearly every copy goes through, once each. They are
// kept prepared, for reading them costs the database more than running them.
const (
	// The plain successes, which are nearly all results.
	recordSent = `UPDATE copies SET state = $1, why = '', code = 250, next_try = 0, fence = 0, settled = $2
		WHERE fence = $3 AND state = $4 AND id IN (%s) RETURNING id`
	// Copies that are about to be sent, less those whose reader or issue is no
	// more what the sender saw when it took them.
	beginCopies = `UPDATE copies SET state = $1, attempts = attempts + 1, first_try = CASE WHEN first_try = 0 THEN $2 ELSE first_try END
		WHERE fence = $3 AND state = $4
			AND EXISTS (SELECT 1 FROM readers r WHERE r.id = copies.reader AND r.state = $5)
			AND EXISTS (SELECT 1 FROM issues i WHERE i.id = copies.issue AND i.state = $6 AND i.withdrawn = 0)
			AND id IN (%s) RETURNING id`
)

// A listStatement is a prepared statement that ends in a list of copies.
type listStatement struct {
	*sql.Stmt
	size int // of the list
}

// listStatement prepares query, which has so many values before its list, for
// a list of n or somewhat more. Call it before the transaction: it may need
// the one connection itself.
func (s *Store) listStatement(ctx context.Context, query string, before, n int) (listStatement, error) {
	size := 1
	for size < n {
		size *= 2
	}
	st, err := s.statement(ctx, fmt.Sprintf(query, s.places(before+1, size)))
	return listStatement{st, size}, err
}

// run returns the copies of the list that were changed. What is missing of the
// list is filled with a number that no copy has.
func (l listStatement) run(ctx context.Context, tx *sql.Tx, list []audience.CopyID, before ...any) ([]audience.CopyID, error) {
	if len(list) == 0 {
		return nil, nil
	}
	args := before
	for n := range l.size {
		id := audience.CopyID(0)
		if n < len(list) {
			id = list[n]
		}
		args = append(args, id)
	}
	rows, err := tx.StmtContext(ctx, l.Stmt).QueryContext(ctx, args...)
	return collect(rows, err, scanCopyID)
}

// missing are those of all that are not in some.
func missing(all, some []audience.CopyID) []audience.CopyID {
	return slices.DeleteFunc(slices.Clone(all), func(id audience.CopyID) bool { return slices.Contains(some, id) })
}

// saveResults writes results one by one.
func saveResults(ctx context.Context, tx *sql.Tx, fence int64, done []audience.Copy) (lost []audience.CopyID, err error) {
	for _, c := range done {
		kept, err := saveResult(ctx, tx, fence, c)
		if err != nil {
			return nil, err
		}
		if !kept {
			lost = append(lost, c.ID)
		}
	}
	return lost, nil
}

func saveResult(ctx context.Context, tx *sql.Tx, fence int64, c audience.Copy) (kept bool, err error) {
	res, err := tx.ExecContext(ctx, `
		UPDATE copies SET state = $1, why = $2, code = $3, attempts = $4, uncertain = $5, first_try = $6, next_try = $7, fence = 0,
			settled = $8
		WHERE id = $9 AND fence = $10 AND next_try <> 0`,
		c.State, c.Why, c.Code, c.Attempts, c.Uncertain, ms(c.FirstTry), ms(c.NextTry), ms(c.Settled), c.ID, fence)
	if err != nil {
		return false, fmt.Errorf("record copy %d: %w", c.ID, err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// WithdrawWaiting settles every copy of an issue that waits as withdrawn, in
// the step that change makes of the issue.
func (s *Store) WithdrawWaiting(ctx context.Context, id news.IssueID, now time.Time, change func(*news.Issue) error) (out news.Issue, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		if out, err = changeIssue(ctx, tx, id, s.now(), change); err != nil {
			return err
		}
		return withdrawWaiting(ctx, tx, id, now)
	})
	return out, err
}

func withdrawWaiting(ctx context.Context, tx *sql.Tx, id news.IssueID, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE copies SET state = $1, next_try = 0, fence = 0, settled = $2 WHERE issue = $3 AND state = $4`,
		audience.Withdrawn, ms(now), id, audience.Waiting)
	if err != nil {
		return fmt.Errorf("withdraw copies of issue %d: %w", id, err)
	}
	return nil
}

// FinishIssues closes the issues being sent that have no copy left to send,
// and returns them. What came back to a withdrawn issue is withdrawn first.
func (s *Store) FinishIssues(ctx context.Context, finish func(i *news.Issue, waiting int) error) (finished []news.Issue, err error) {
	open, err := s.SendingIssues(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range open {
		counts, err := s.Counts(ctx, i.ID)
		if err != nil {
			return finished, err
		}
		if counts.Waiting > 0 && i.Withdrawn.IsZero() {
			continue
		}
		done, err := s.finishIssue(ctx, i.ID, finish)
		if err != nil {
			return finished, err
		}
		if done.State == news.IssueFinished {
			finished = append(finished, done)
		}
	}
	return finished, nil
}

func (s *Store) finishIssue(ctx context.Context, id news.IssueID, finish func(*news.Issue, int) error) (out news.Issue, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		out, err = changeIssue(ctx, tx, id, s.now(), func(i *news.Issue) error {
			if !i.Withdrawn.IsZero() {
				if err := withdrawWaiting(ctx, tx, id, i.Withdrawn); err != nil {
					return err
				}
			}
			counts, err := countsOf(ctx, tx, id)
			if err != nil || counts.Waiting > 0 || i.State != news.IssueSending {
				return err
			}
			return finish(i, counts.Waiting)
		})
		return err
	})
	return out, err
}

// NextTry is when the next free copy of any issue being sent falls due; zero
// when none waits.
func (s *Store) NextTry(ctx context.Context) (time.Time, error) {
	var next sql.NullInt64
	err := s.r.QueryRowContext(ctx, `
		SELECT MIN(c.next_try) FROM copies c JOIN issues i ON i.id = c.issue
		WHERE i.state = $1 AND i.withdrawn = 0 AND c.next_try <> 0 AND c.fence = 0`, news.IssueSending).Scan(&next)
	if err != nil {
		return time.Time{}, fmt.Errorf("next copy due: %w", err)
	}
	return at(next.Int64), nil
}

// ResumeIssue lets change release a held issue, and the days a copy is tried
// begin again for those that wait: they were not put off by their servers.
func (s *Store) ResumeIssue(ctx context.Context, id news.IssueID, change func(*news.Issue) error) (out news.Issue, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		if out, err = changeIssue(ctx, tx, id, s.now(), change); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE copies SET first_try = 0 WHERE issue = $1 AND state = $2`, id, audience.Waiting)
		if err != nil {
			return fmt.Errorf("resume issue %d: %w", id, err)
		}
		return nil
	})
	return out, err
}

// RestDomain puts off every copy of an issue to one domain that waits and is
// not held.
func (s *Store) RestDomain(ctx context.Context, issue news.IssueID, domain string, now, until time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE copies SET next_try = $1, first_try = CASE WHEN first_try = 0 THEN $2 ELSE first_try END
			WHERE issue = $3 AND domain = $4 AND fence = 0 AND next_try <> 0 AND next_try < $1`,
			ms(until), ms(now), issue, domain)
		if err != nil {
			return fmt.Errorf("rest a domain: %w", err)
		}
		return nil
	})
}
