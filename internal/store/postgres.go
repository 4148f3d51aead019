package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"golang.org/x/sys/unix"
)

// writerLock is the advisory lock a writing transaction holds on PostgreSQL.
// There, as on SQLite, one transaction writes at a time, so that a read that
// decides a write is never overtaken and both databases keep the same books by
// the same reasoning. Its second half is the schema, so that two houses in one
// database do not wait for each other.
const (
	writerLock    = 0x72696768 // "righ" in ASCII
	migrationLock = writerLock + 1
)

// maxConns bounds the connections of one process.
const maxConns = 16

// OpenPostgres opens the PostgreSQL database at an address
// (postgres://user@host/name) and brings its tables up to date. Several
// processes may have it open at once. A server that acknowledges commits
// before they are durable is refused: the error wraps news.ErrRefused.
func OpenPostgres(ctx context.Context, address string) (*Store, error) {
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		// The parser's error may repeat the address, password and all.
		return nil, fmt.Errorf("database address is not one PostgreSQL understands: %w", news.ErrInvalid)
	}
	db := stdlib.OpenDB(*cfg, stdlib.OptionAfterConnect(endsIdleTransactions))
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	s := &Store{w: db, r: db, pg: true, now: time.Now, stopped: make(chan struct{})}
	if err := s.durable(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s on %s: %w", cfg.Database, cfg.Host, err), s.Close())
	}
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s on %s: %w", cfg.Database, cfg.Host, err), s.Close())
	}
	return s, nil
}

// endsIdleTransactions lets the server end a transaction in which nothing
// happens. A machine that stands still, or is cut off, in the middle of one
// would else keep the writer's lock from all others for as long as it likes.
func endsIdleTransactions(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, `SET idle_in_transaction_session_timeout = '20s'`)
	return err
}

// durable refuses a server that loses acknowledged commits at a power cut.
func (s *Store) durable(ctx context.Context) error {
	var v string
	if err := s.r.QueryRowContext(ctx, `SELECT current_setting('synchronous_commit')`).Scan(&v); err != nil {
		return err
	}
	if v == "off" {
		return fmt.Errorf("synchronous_commit is off, a power cut would lose mails the books call sent (set it to on): %w", news.ErrRefused)
	}
	return nil
}

// lockMigrations keeps other processes from migrating at the same time, be it
// serve and a command beside it, or several serving a PostgreSQL.
func (s *Store) lockMigrations(ctx context.Context) (unlock func(), err error) {
	if !s.pg {
		return lockFile(filepath.Join(s.dir, File+".migrating"))
	}
	return s.lockSchema(ctx)
}

// lockFile waits for the lock on a file. It falls with the process.
func lockFile(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate: wait for another process: %w", err), f.Close())
	}
	return func() { _ = f.Close() }, nil // closing lets the lock go
}

// lockSchema takes an advisory lock that belongs to a connection of its own
// and falls with it.
func (s *Store) lockSchema(ctx context.Context) (unlock func(), err error) {
	c, err := s.w.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	if _, err := c.ExecContext(ctx, `SELECT pg_advisory_lock($1, hashtext(current_schema()))`, migrationLock); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate: wait for another process: %w", err), c.Close())
	}
	return func() {
		// A session lock outlives a return to the pool: give it back, or
		// throw the connection away.
		if _, err := c.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1, hashtext(current_schema()))`, migrationLock); err != nil {
			_ = c.Raw(func(any) error { return driver.ErrBadConn })
		}
		_ = c.Close() // back to the pool
	}, nil
}
