package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

const accountColumns = `a.id, a.name, a.roles, a.password, a.disabled, a.created`

func scanAccount(row scanner) (staff.Account, error) {
	var a staff.Account
	err := readAccount(row, &a)
	return a, err
}

// readAccount scans accountColumns into a, and what stands after them into
// more.
func readAccount(row scanner, a *staff.Account, more ...any) error {
	var roles string
	var created int64
	if err := row.Scan(append([]any{&a.ID, &a.Name, &roles, &a.Password, &a.Disabled, &created}, more...)...); err != nil {
		return err
	}
	a.Created = at(created)
	return fromJSON(roles, &a.Roles)
}

// AddAccount stores a new account with a line in the audit log, and sets its
// ID. The first account of a house holds all roles. It returns an error
// wrapping news.ErrConflict when the name is taken.
func (s *Store) AddAccount(ctx context.Context, a *staff.Account, e staff.AuditEntry) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var others int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM accounts`).Scan(&others); err != nil {
			return fmt.Errorf("count accounts: %w", err)
		}
		if others == 0 {
			a.Roles = staff.Roles()
		}
		err := tx.QueryRowContext(ctx, `
			INSERT INTO accounts (name, roles, password, disabled, created) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (name) DO NOTHING RETURNING id`,
			a.Name, toJSON(a.Roles), a.Password, bit(a.Disabled), ms(a.Created)).Scan(&a.ID)
		if err == sql.ErrNoRows {
			return fmt.Errorf("account %q: the name is taken: %w", a.Name, news.ErrConflict)
		}
		if err != nil {
			return fmt.Errorf("store account %q: %w", a.Name, err)
		}
		return s.appendAudit(ctx, tx, e)
	})
}

// Accounts lists every account by name.
func (s *Store) Accounts(ctx context.Context) ([]staff.Account, error) { return accounts(ctx, s.r) }

func accounts(ctx context.Context, q querier) ([]staff.Account, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+accountColumns+` FROM accounts a ORDER BY a.name`)
	list, err := collect(rows, err, scanAccount)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return list, nil
}

// AccountByName reads one account.
func (s *Store) AccountByName(ctx context.Context, name string) (staff.Account, error) {
	a, err := scanAccount(s.r.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts a WHERE a.name = $1`, name))
	if err != nil {
		return a, notFound(err, "account %q", name)
	}
	return a, nil
}

// ChangeAccount reads an account and all others, lets change act on it and
// writes it back with a line in the audit log, in one step. Every change ends
// the account's sessions and voids its open invitations.
func (s *Store) ChangeAccount(ctx context.Context, id staff.AccountID, e staff.AuditEntry, change func(a *staff.Account, others []staff.Account) error) error {
	return s.write(ctx, func(tx *sql.Tx) error { return s.changeAccount(ctx, tx, id, e, change) })
}

func (s *Store) changeAccount(ctx context.Context, tx *sql.Tx, id staff.AccountID, e staff.AuditEntry, change func(*staff.Account, []staff.Account) error) error {
	all, err := accounts(ctx, tx)
	if err != nil {
		return err
	}
	var found *staff.Account
	var others []staff.Account
	for i := range all {
		if all[i].ID == id {
			found = &all[i]
		} else {
			others = append(others, all[i])
		}
	}
	if found == nil {
		return fmt.Errorf("account %d: %w", id, news.ErrNotFound)
	}
	if err := change(found, others); err != nil {
		return err
	}
	return s.saveAccount(ctx, tx, found, e)
}

func (s *Store) saveAccount(ctx context.Context, tx *sql.Tx, a *staff.Account, e staff.AuditEntry) error {
	for _, step := range []struct {
		query string
		args  []any
	}{
		{`UPDATE accounts SET name = $1, roles = $2, password = $3, disabled = $4 WHERE id = $5`,
			[]any{a.Name, toJSON(a.Roles), a.Password, bit(a.Disabled), a.ID}},
		{`DELETE FROM sessions WHERE account = $1`, []any{a.ID}},
		{`DELETE FROM invitations WHERE account = $1`, []any{a.ID}},
	} {
		if _, err := tx.ExecContext(ctx, step.query, step.args...); err != nil {
			return fmt.Errorf("save account %q: %w", a.Name, err)
		}
	}
	return s.appendAudit(ctx, tx, e)
}

// AddInvitation stores a one-time link by the hash of its secret. Earlier ones
// of the account are void.
func (s *Store) AddInvitation(ctx context.Context, hash []byte, id staff.AccountID, expires time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM invitations WHERE account = $1`, id); err != nil {
			return fmt.Errorf("void invitations: %w", err)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO invitations (hash, account, expires) VALUES ($1, $2, $3)`, hash, id, ms(expires))
		if err != nil {
			return fmt.Errorf("store invitation: %w", err)
		}
		return nil
	})
}

const invited = `SELECT ` + accountColumns + ` FROM invitations i JOIN accounts a ON a.id = i.account WHERE i.hash = $1 AND i.expires > $2`

// Invited reads the account of an invitation that has not expired.
func (s *Store) Invited(ctx context.Context, hash []byte, now time.Time) (staff.Account, error) {
	a, err := scanAccount(s.r.QueryRowContext(ctx, invited, hash, ms(now)))
	if err != nil {
		return a, notFound(err, "invitation")
	}
	return a, nil
}

// TakeInvitation uses an invitation up: change acts on its account, which is
// written back as ChangeAccount does.
func (s *Store) TakeInvitation(ctx context.Context, hash []byte, now time.Time, e staff.AuditEntry, change func(a *staff.Account, others []staff.Account) error) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		a, err := scanAccount(tx.QueryRowContext(ctx, invited, hash, ms(now)))
		if err != nil {
			return notFound(err, "invitation")
		}
		return s.changeAccount(ctx, tx, a.ID, e, change)
	})
}

// AddSession stores a session; replaces, if not nil, is the hash of the one
// the browser had before and ends with it.
func (s *Store) AddSession(ctx context.Context, session staff.Session, replaces []byte) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE hash = $1`, replaces); err != nil {
			return fmt.Errorf("replace session: %w", err)
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sessions (hash, account, created, seen) VALUES ($1, $2, $3, $4)`,
			session.Hash, session.Account.ID, ms(session.Created), ms(session.Seen))
		if err != nil {
			return fmt.Errorf("store session: %w", err)
		}
		return nil
	})
}

const sessionColumns = accountColumns + `, s.hash, s.created, s.seen FROM sessions s JOIN accounts a ON a.id = s.account`

func scanSession(row scanner) (staff.Session, error) {
	var session staff.Session
	var created, seen int64
	if err := readAccount(row, &session.Account, &session.Hash, &created, &seen); err != nil {
		return session, err
	}
	session.Created, session.Seen = at(created), at(seen)
	return session, nil
}

// Session reads a session by its hash, with its account as it stands now.
func (s *Store) Session(ctx context.Context, hash []byte) (staff.Session, error) {
	session, err := scanSession(s.r.QueryRowContext(ctx, `SELECT `+sessionColumns+` WHERE s.hash = $1`, hash))
	if err != nil {
		return session, notFound(err, "session")
	}
	return session, nil
}

// Sessions lists the sessions of all accounts, the latest seen first.
func (s *Store) Sessions(ctx context.Context) ([]staff.Session, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+sessionColumns+` ORDER BY s.seen DESC, s.created DESC`)
	list, err := collect(rows, err, scanSession)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	return list, nil
}

// TouchSession notes when a session was last seen.
func (s *Store) TouchSession(ctx context.Context, hash []byte, seen time.Time) error {
	return s.exec(ctx, "touch session", `UPDATE sessions SET seen = $1 WHERE hash = $2 AND seen < $1`, ms(seen), hash)
}

// EndSession forgets one session.
func (s *Store) EndSession(ctx context.Context, hash []byte) error {
	return s.exec(ctx, "end session", `DELETE FROM sessions WHERE hash = $1`, hash)
}

// EndStaleSessions forgets sessions that are over: not seen since idle, or
// begun before begun.
func (s *Store) EndStaleSessions(ctx context.Context, idle, begun time.Time) error {
	return s.exec(ctx, "end stale sessions", `DELETE FROM sessions WHERE seen < $1 OR created < $2`, ms(idle), ms(begun))
}

// exec writes with one statement.
func (s *Store) exec(ctx context.Context, what, query string, args ...any) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	})
}
