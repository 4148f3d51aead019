// Package store keeps the facts: SQL and nothing else. It satisfies the small
// Store interface of each service without importing any of them, because those
// interfaces speak the words of floor 0 only. What a row may become is decided
// by news, audience and staff; here it is read, locked and written.
//
// One query text serves SQLite and PostgreSQL; only the migrations, full-text
// search and the row locks differ. Package storetest is the contract.
package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	_ "modernc.org/sqlite" // the database/sql driver "sqlite"
)

//go:embed migrations
var migrations embed.FS

// File is the name of the SQLite database in the data directory.
const File = "rightsdesk.db"

// A Store is an open database. It is safe for concurrent use.
type Store struct {
	w, r *sql.DB // on SQLite a writer of one, and readers; on PostgreSQL the same pool
	pg   bool
	now  func() time.Time
	keys map[string][]byte
	dir  string // of SQLite

	journalMu   sync.Mutex
	journalFile string // "" keeps none

	mu         sync.Mutex
	statements map[string]*sql.Stmt

	broken  atomic.Pointer[error] // the disk failed; no more is written
	stopped chan struct{}         // closed with broken
}

// Open opens the SQLite database in dir, making both if need be, and brings
// its tables up to date; the suppression journal is kept beside it. The caller
// closes it.
func Open(ctx context.Context, dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	file := filepath.Join(dir, File)
	if err := private(file); err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	w, err := sql.Open("sqlite", dsn(file, false))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	w.SetMaxOpenConns(1)
	r, err := sql.Open("sqlite", dsn(file, true))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", file, err), w.Close())
	}
	r.SetMaxOpenConns(8)
	s := &Store{w: w, r: r, now: time.Now, dir: dir, stopped: make(chan struct{})}
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", file, err), s.Close())
	}
	if err := s.KeepJournal(ctx, filepath.Join(dir, JournalFile)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) begin(ctx context.Context) error {
	if err := s.migrate(ctx); err != nil {
		return err
	}
	return s.loadKeys(ctx)
}

// private makes the file, if there is none, for our eyes only; SQLite's own
// files beside it take its mode.
func private(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// Close closes the database.
func (s *Store) Close() error {
	if s.pg {
		return s.w.Close()
	}
	return errors.Join(s.r.Close(), s.w.Close())
}

// dsn names the file with every pragma in it: a pragma sent as a statement
// would reach one connection of the pool only. FULL makes an acknowledged
// commit durable; immediate keeps two writers from deadlocking.
func dsn(file string, readOnly bool) string {
	q := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}}
	if readOnly {
		q = url.Values{"_pragma": {"busy_timeout(10000)", "query_only(1)"}}
	} else {
		q.Set("_txlock", "immediate")
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func (s *Store) migrate(ctx context.Context) error {
	ladder, dialect := "migrations/sqlite", database.DialectSQLite3
	if s.pg {
		ladder, dialect = "migrations/postgres", database.DialectPostgres
	}
	unlock, err := s.lockMigrations(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	dir, err := fs.Sub(migrations, ladder)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	p, err := goose.NewProvider(dialect, s.w, dir)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// A querier reads: a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// write runs f in one durable transaction. It is the only way anything here
// changes.
func (s *Store) write(ctx context.Context, f func(tx *sql.Tx) error) error {
	if err := s.usable(); err != nil {
		return err
	}
	return s.failed(s.transact(ctx, f))
}

func (s *Store) transact(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.w.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // after a commit it does nothing
	if s.pg {
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1, hashtext(current_schema()))`, writerLock); err != nil {
			return fmt.Errorf("begin: %w", err)
		}
	}
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// statement prepares a query of the writer once for the life of the store.
func (s *Store) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.statements[query]; st != nil {
		return st, nil
	}
	st, err := s.w.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	if s.statements == nil {
		s.statements = map[string]*sql.Stmt{}
	}
	s.statements[query] = st
	return st, nil
}

// The keys of a house, made at its first start and never changed.
const (
	KeyLinks = "links" // signs links and tokens
	KeyBlind = "blind" // blinds addresses
	KeyBooks = "books" // MACs over frozen texts, suppressions and audit
)

func (s *Store) loadKeys(ctx context.Context) error {
	s.keys = map[string][]byte{}
	return s.write(ctx, func(tx *sql.Tx) error {
		for _, name := range []string{KeyLinks, KeyBlind, KeyBooks} {
			fresh := make([]byte, 32)
			if _, err := rand.Read(fresh); err != nil {
				return fmt.Errorf("make key: %w", err)
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, fresh); err != nil {
				return fmt.Errorf("keep key %s: %w", name, err)
			}
			var value []byte
			if err := tx.QueryRowContext(ctx, `SELECT value FROM secrets WHERE name = $1`, name).Scan(&value); err != nil {
				return fmt.Errorf("read key %s: %w", name, err)
			}
			s.keys[name] = value
		}
		return nil
	})
}

// Key returns one of the house's keys. Do not change it.
func (s *Store) Key(name string) []byte { return s.keys[name] }

// ms is a time as it is stored; the zero time is 0.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// at is a stored time; 0 is the zero time.
func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// bit is a truth as it is stored.
func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// toJSON encodes a list or nested fact; the types here cannot fail to encode.
func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: encode %T: %v", v, err))
	}
	return string(b)
}

// fromJSON decodes what toJSON stored.
func fromJSON(s string, v any) error {
	if err := json.Unmarshal([]byte(s), v); err != nil {
		return fmt.Errorf("stored %T: %w", v, err)
	}
	return nil
}

// notFound turns "no rows" into news.ErrNotFound with what was looked for.
func notFound(err error, format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("%s: %w", what, news.ErrNotFound)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// collect scans every row of a query.
func collect[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// A scanner is one row: *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }
