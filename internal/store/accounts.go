package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

const accountColumns = `a.id, a.name, a.roles, a.password, a.handle, a.totp, a.totp_step, a.passkeys, a.disabled, a.created`

func scanAccount(row scanner) (staff.Account, error) {
	var a staff.Account
	err := readAccount(row, &a)
	return a, err
}

// readAccount scans accountColumns into a, and what stands after them into
// more.
func readAccount(row scanner, a *staff.Account, more ...any) error {
	var roles, passkeys string
	var created int64
	if err := row.Scan(append([]any{&a.ID, &a.Name, &roles, &a.Password, &a.Handle, &a.TOTP, &a.TOTPStep, &passkeys, &a.Disabled, &created}, more...)...); err != nil {
		return err
	}
	a.Created = at(created)
	if err := fromJSON(passkeys, &a.Passkeys); err != nil {
		return err
	}
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
			INSERT INTO accounts (name, roles, password, handle, disabled, created) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (name) DO NOTHING RETURNING id`,
			a.Name, toJSON(a.Roles), a.Password, a.Handle, bit(a.Disabled), ms(a.Created)).Scan(&a.ID)
		if err == sql.ErrNoRows {
			return fmt.Errorf("account %q: the name is taken: %w", a.Name, news.ErrConflict)
		}
		if err != nil {
			return fmt.Errorf("store account %q: %w", a.Name, err)
		}
		return s.appendAudit(ctx, tx, e)
	})
}

// AccountByHandle reads the account an authenticator names.
func (s *Store) AccountByHandle(ctx context.Context, handle []byte) (staff.Account, error) {
	a, err := scanAccount(s.r.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts a WHERE a.handle = $1`, handle))
	if err != nil {
		return a, notFound(err, "account")
	}
	return a, nil
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
// the account's sessions and voids its open invitations. One that is disabled
// or reset is told of nothing any more.
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
	if err := saveAccount(ctx, tx, found); err != nil {
		return err
	}
	if found.Disabled || found.Password == "" {
		if err := dropMailbox(ctx, tx, id); err != nil {
			return err
		}
	}
	for _, table := range []string{"sessions", "invitations", "ceremonies"} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE account = $1`, id); err != nil {
			return fmt.Errorf("end %s of account %q: %w", table, found.Name, err)
		}
	}
	return s.appendAudit(ctx, tx, e)
}

func saveAccount(ctx context.Context, tx *sql.Tx, a *staff.Account) error {
	passkeys := a.Passkeys
	if passkeys == nil {
		passkeys = []staff.Passkey{}
	}
	_, err := tx.ExecContext(ctx, `UPDATE accounts SET name = $1, roles = $2, password = $3, totp = $4, totp_step = $5, passkeys = $6, disabled = $7 WHERE id = $8`,
		a.Name, toJSON(a.Roles), a.Password, a.TOTP, a.TOTPStep, toJSON(passkeys), bit(a.Disabled), a.ID)
	if err != nil {
		return fmt.Errorf("save account %q: %w", a.Name, err)
	}
	return nil
}

// NoteAccount reads an account, lets note act on it and writes it back in one
// step, for what changes by use alone: its sessions live on, and the audit log
// says nothing.
func (s *Store) NoteAccount(ctx context.Context, id staff.AccountID, note func(*staff.Account) error) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		a, err := scanAccount(tx.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM accounts a WHERE a.id = $1`, id))
		if err != nil {
			return notFound(err, "account %d", id)
		}
		if err := note(&a); err != nil {
			return err
		}
		return saveAccount(ctx, tx, &a)
	})
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
		_, err := tx.ExecContext(ctx, `INSERT INTO sessions (hash, account, half, created, seen) VALUES ($1, $2, $3, $4, $5)`,
			session.Hash, session.Account.ID, bit(session.Half), ms(session.Created), ms(session.Seen))
		if err != nil {
			return fmt.Errorf("store session: %w", err)
		}
		return nil
	})
}

const sessionColumns = accountColumns + `, s.hash, s.half, s.created, s.seen FROM sessions s JOIN accounts a ON a.id = s.account`

func scanSession(row scanner) (staff.Session, error) {
	var session staff.Session
	var created, seen int64
	if err := readAccount(row, &session.Account, &session.Hash, &session.Half, &created, &seen); err != nil {
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

// AddCeremony stores what a browser was asked to prove, and forgets those that
// have expired, and the oldest when more than most are open.
func (s *Store) AddCeremony(ctx context.Context, challenge string, account staff.AccountID, data []byte, now, expires time.Time, most int) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM ceremonies WHERE expires <= $1`, ms(now)); err != nil {
			return fmt.Errorf("forget ceremonies: %w", err)
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM ceremonies WHERE challenge IN (SELECT challenge FROM ceremonies ORDER BY expires DESC LIMIT 1000000 OFFSET $1)`, most-1)
		if err != nil {
			return fmt.Errorf("forget ceremonies: %w", err)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO ceremonies (challenge, account, data, expires) VALUES ($1, $2, $3, $4)`, challenge, account, string(data), ms(expires))
		if err != nil {
			return fmt.Errorf("store ceremony: %w", err)
		}
		return nil
	})
}

// TakeCeremony returns what was asked with a challenge, once. The error wraps
// news.ErrNotFound when it was taken, has expired or was another account's.
func (s *Store) TakeCeremony(ctx context.Context, challenge string, account staff.AccountID, now time.Time) (data []byte, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		var text string
		err := tx.QueryRowContext(ctx, `DELETE FROM ceremonies WHERE challenge = $1 AND account = $2 AND expires > $3 RETURNING data`,
			challenge, account, ms(now)).Scan(&text)
		if err != nil {
			return notFound(err, "ceremony")
		}
		data = []byte(text)
		return nil
	})
	return data, err
}
