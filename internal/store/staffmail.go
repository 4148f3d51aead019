package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

const mailboxColumns = accountColumns + `, m.address, m.kinds, m.attempts, m.trouble, m.stopped, m.sent FROM staff_mail m JOIN accounts a ON a.id = m.account`

func scanMailbox(row scanner) (m staff.Mailbox, err error) {
	var address, kinds string
	var sent int64
	if err := readAccount(row, &m.Account, &address, &kinds, &m.Attempts, &m.Trouble, &m.Stopped, &sent); err != nil {
		return m, err
	}
	m.Address, m.Sent = staff.AddressOf(address), at(sent)
	return m, fromJSON(kinds, &m.Kinds)
}

// Mailbox reads where an account is told of things. The error wraps
// news.ErrNotFound when it gave no address.
func (s *Store) Mailbox(ctx context.Context, id staff.AccountID) (staff.Mailbox, error) {
	m, err := scanMailbox(s.r.QueryRowContext(ctx, `SELECT `+mailboxColumns+` WHERE m.account = $1`, id))
	if err != nil {
		return m, notFound(err, "mailbox of account %d", id)
	}
	return m, nil
}

// SaveMailbox stores where and of what an account is told from now on, with a
// line in the audit log. What went wrong before is forgotten, and so is what
// waits of a kind that is not wanted any more.
func (s *Store) SaveMailbox(ctx context.Context, m staff.Mailbox, e staff.AuditEntry) error {
	kinds := m.Kinds
	if kinds == nil {
		kinds = []staff.NoticeKind{}
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO staff_mail (account, address, kinds, next_try, attempts, trouble, stopped, sent)
			VALUES ($1, $2, $3, 0, 0, '', 0, 0)
			ON CONFLICT (account) DO UPDATE SET address = excluded.address, kinds = excluded.kinds, attempts = 0, trouble = '', stopped = 0,
				next_try = CASE WHEN staff_mail.attempts > 0 THEN 0 ELSE staff_mail.next_try END`,
			m.Account.ID, m.Address.Reveal(), toJSON(kinds))
		if err != nil {
			return fmt.Errorf("save mailbox of account %d: %w", m.Account.ID, err)
		}
		for _, k := range staff.NoticeKinds() {
			if m.Wants(k) {
				continue
			}
			if _, err := tx.ExecContext(ctx, `DELETE FROM staff_notices WHERE account = $1 AND kind = $2`, m.Account.ID, k); err != nil {
				return fmt.Errorf("save mailbox of account %d: %w", m.Account.ID, err)
			}
		}
		return s.appendAudit(ctx, tx, e)
	})
}

// DropMailbox forgets an account's address and what waits to be told, with a
// line in the audit log.
func (s *Store) DropMailbox(ctx context.Context, id staff.AccountID, e staff.AuditEntry) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if err := dropMailbox(ctx, tx, id); err != nil {
			return err
		}
		return s.appendAudit(ctx, tx, e)
	})
}

func dropMailbox(ctx context.Context, tx *sql.Tx, id staff.AccountID) error {
	for _, table := range []string{"staff_notices", "staff_mail"} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE account = $1`, id); err != nil {
			return fmt.Errorf("drop mailbox of account %d: %w", id, err)
		}
	}
	return nil
}

// WaitingNotices counts what an account is still to be told.
func (s *Store) WaitingNotices(ctx context.Context, id staff.AccountID) (n int, err error) {
	if n, err = count(ctx, s.r, `SELECT COUNT(*) FROM staff_notices WHERE account = $1 AND told = 0`, id); err != nil {
		return 0, fmt.Errorf("count notices of account %d: %w", id, err)
	}
	return n, nil
}

// TakeMailboxes claims up to limit mailboxes for which something is due, with
// what waits: their next try moves to next before anything is sent, so that a
// crash costs a wait and not a burst.
func (s *Store) TakeMailboxes(ctx context.Context, now, next time.Time, limit int) (out []staff.Mailbox, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		out = nil
		rows, err := tx.QueryContext(ctx, `UPDATE staff_mail SET attempts = attempts + 1, next_try = $1 WHERE account IN (
			SELECT m.account FROM staff_mail m JOIN accounts a ON a.id = m.account
			WHERE m.next_try <= $2 AND m.stopped = 0 AND a.disabled = 0
				AND EXISTS (SELECT 1 FROM staff_notices n WHERE n.account = m.account AND n.told = 0 AND n.due <= $2)
			ORDER BY m.next_try, m.account LIMIT $3) RETURNING account`, ms(next), ms(now), limit)
		ids, err := collect(rows, err, func(row scanner) (id staff.AccountID, err error) {
			err = row.Scan(&id)
			return id, err
		})
		if err != nil {
			return fmt.Errorf("take notices: %w", err)
		}
		for _, id := range ids {
			m, err := scanMailbox(tx.QueryRowContext(ctx, `SELECT `+mailboxColumns+` WHERE m.account = $1`, id))
			if err != nil {
				return fmt.Errorf("take notices of account %d: %w", id, err)
			}
			if m.Waiting, err = dueNotices(ctx, tx, id, now); err != nil {
				return err
			}
			out = append(out, m)
		}
		return nil
	})
	return out, err
}

func dueNotices(ctx context.Context, q querier, id staff.AccountID, now time.Time) ([]staff.Notice, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, kind, who, what, story, issue FROM staff_notices
		WHERE account = $1 AND told = 0 AND due <= $2 ORDER BY id`, id, ms(now))
	list, err := collect(rows, err, func(row scanner) (n staff.Notice, err error) {
		err = row.Scan(&n.ID, &n.Kind, &n.Who, &n.What, &n.Story, &n.Issue)
		return n, err
	})
	if err != nil {
		return nil, fmt.Errorf("read notices of account %d: %w", id, err)
	}
	return list, nil
}

// EndNotices forgets what an account was told; the next mail may go at next.
// sent is when the mail was taken, zero when there was nothing to send.
func (s *Store) EndNotices(ctx context.Context, id staff.AccountID, told []staff.Notice, sent, next time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		for _, n := range told {
			query := `DELETE FROM staff_notices WHERE id = $1`
			if n.Kind == staff.NoticeApproval {
				query = `UPDATE staff_notices SET told = 1 WHERE id = $1`
			}
			if _, err := tx.ExecContext(ctx, query, n.ID); err != nil {
				return fmt.Errorf("end notices of account %d: %w", id, err)
			}
		}
		_, err := tx.ExecContext(ctx, `UPDATE staff_mail SET attempts = 0, trouble = '', next_try = $1, sent = CASE WHEN CAST($2 AS BIGINT) = 0 THEN sent ELSE CAST($2 AS BIGINT) END WHERE account = $3`,
			ms(next), ms(sent), id)
		if err != nil {
			return fmt.Errorf("end notices of account %d: %w", id, err)
		}
		return nil
	})
}

// PutOffNotices says when a mail is tried again and why it was not taken;
// stop leaves the address alone until it is saved anew.
func (s *Store) PutOffNotices(ctx context.Context, id staff.AccountID, next time.Time, why string, stop bool) error {
	return s.exec(ctx, "put off notices", `UPDATE staff_mail SET next_try = $1, trouble = $2, stopped = $3 WHERE account = $4`, ms(next), why, bit(stop), id)
}

// owe writes down what the person of a name is to be told, if they want to be.
func owe(ctx context.Context, tx *sql.Tx, name string, n staff.Notice, happened time.Time) error {
	m, err := scanMailbox(tx.QueryRowContext(ctx, `SELECT `+mailboxColumns+` WHERE a.name = $1`, name))
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && (m.Account.Disabled || !m.Wants(n.Kind)):
		return nil
	case err != nil:
		return fmt.Errorf("owe a notice: %w", err)
	}
	return insertNotice(ctx, tx, m.Account.ID, n, happened)
}

func insertNotice(ctx context.Context, tx *sql.Tx, id staff.AccountID, n staff.Notice, happened time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO staff_notices (account, kind, who, what, story, issue, due, told) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)`,
		id, n.Kind, n.Who, n.What, n.Story, n.Issue, ms(happened.Add(n.Kind.Wait())))
	if err != nil {
		return fmt.Errorf("owe a notice: %w", err)
	}
	return nil
}

// tellOfStory owes what a change of a story by who means for others: whoever
// looks after it from now on, and whoever began it.
func tellOfStory(ctx context.Context, tx *sql.Tx, was, is *news.Story, who string, now time.Time) error {
	if is.Assigned != was.Assigned && is.Assigned != "" && is.Assigned != who {
		if err := owe(ctx, tx, is.Assigned, staff.Notice{Kind: staff.NoticeAssigned, Who: who, Story: is.ID}, now); err != nil {
			return err
		}
	}
	if is.State == was.State || is.BegunBy == "" || is.BegunBy == who {
		return nil
	}
	return owe(ctx, tx, is.BegunBy, staff.Notice{Kind: staff.NoticeDecided, Who: who, What: string(is.State), Story: is.ID}, now)
}

// tellOfIssue owes everybody who may approve an issue that it waits for them,
// once its editor has left it alone; one that waits no more is not told.
func tellOfIssue(ctx context.Context, tx *sql.Tx, i *news.Issue, now time.Time) error {
	if i.State != news.IssueDraft || i.EditedBy == "" || len(i.Stories()) == 0 {
		if _, err := tx.ExecContext(ctx, `DELETE FROM staff_notices WHERE issue = $1`, i.ID); err != nil {
			return fmt.Errorf("notices of issue %d: %w", i.ID, err)
		}
		return nil
	}
	// Every edit begins the wait again.
	if _, err := tx.ExecContext(ctx, `DELETE FROM staff_notices WHERE issue = $1 AND told = 0`, i.ID); err != nil {
		return fmt.Errorf("notices of issue %d: %w", i.ID, err)
	}
	rows, err := tx.QueryContext(ctx, `SELECT `+mailboxColumns+` WHERE NOT EXISTS (
		SELECT 1 FROM staff_notices n WHERE n.account = m.account AND n.issue = $1)`, i.ID)
	boxes, err := collect(rows, err, scanMailbox)
	if err != nil {
		return fmt.Errorf("notices of issue %d: %w", i.ID, err)
	}
	for _, m := range boxes {
		if !m.Wants(staff.NoticeApproval) || !m.Account.May(staff.ComposeIssues) || i.Alone(m.Account.Name) {
			continue
		}
		if err := insertNotice(ctx, tx, m.Account.ID, staff.Notice{Kind: staff.NoticeApproval, Who: i.EditedBy, Issue: i.ID}, now); err != nil {
			return err
		}
	}
	return nil
}

// tellOfNote owes those whom a note concerns that it was written.
func tellOfNote(ctx context.Context, tx *sql.Tx, n news.Note) error {
	rows, err := tx.QueryContext(ctx, `SELECT t.who, COALESCE(p.who, '') FROM notices t LEFT JOIN notes p ON p.id = $1 WHERE t.note = $2`, n.Parent, n.ID)
	type concerned struct{ who, answered string }
	all, err := collect(rows, err, func(row scanner) (c concerned, err error) {
		err = row.Scan(&c.who, &c.answered)
		return c, err
	})
	if err != nil {
		return fmt.Errorf("note on story %d: tell the others: %w", n.Story, err)
	}
	for _, c := range all {
		what := ""
		if c.who == c.answered {
			what = staff.Answered
		}
		if err := owe(ctx, tx, c.who, staff.Notice{Kind: staff.NoticeNote, Who: n.Who, What: what, Story: n.Story}, n.At); err != nil {
			return err
		}
	}
	return nil
}
