package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// Snapshot writes one moment of the database to file, which must not exist or
// be empty, as a SQLite database of its own. Nobody waits for it.
func (s *Store) Snapshot(ctx context.Context, file string) error {
	if s.pg {
		return s.snapshotPostgres(ctx, file)
	}
	// A connection of its own: neither the one writer nor a reader, which may
	// not write files, is taken up.
	db, err := sql.Open("sqlite", dsn(filepath.Join(s.dir, File), false))
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	defer db.Close() // it wrote to another file only
	if _, err := db.ExecContext(ctx, `VACUUM INTO $1`, file); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	return nil
}

func (s *Store) snapshotPostgres(ctx context.Context, file string) error {
	dir, err := os.MkdirTemp(filepath.Dir(file), "snapshot-")
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	defer os.RemoveAll(dir)
	lite, err := Open(ctx, dir)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	if err := errors.Join(s.CopyTo(ctx, lite), lite.Snapshot(ctx, file), lite.Close()); err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	return nil
}

// CopyTo copies every row to an empty database of the other make, its keys
// among them, in one transaction there. It returns an error wrapping
// news.ErrConflict unless to is empty.
func (s *Store) CopyTo(ctx context.Context, to *Store) error {
	lite := s
	if s.pg {
		lite = to
	}
	tables, err := tablesOf(ctx, lite.r, false)
	if err != nil {
		return err
	}
	err = s.snapshot(ctx, func(from *sql.Tx) error {
		return to.write(ctx, func(tx *sql.Tx) error { return to.receive(ctx, tx, from, tables) })
	})
	if err != nil {
		return err
	}
	return to.loadKeys(ctx)
}

func (s *Store) receive(ctx context.Context, tx, from *sql.Tx, tables []table) error {
	if err := empty(ctx, tx); err != nil {
		return err
	}
	for _, t := range tables {
		// What the migrations and the first start put there.
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+t.name); err != nil {
			return fmt.Errorf("clear %s: %w", t.name, err)
		}
	}
	for _, t := range tables {
		if err := s.copyTable(ctx, t, from, tx); err != nil {
			return fmt.Errorf("copy %s: %w", t.name, err)
		}
		if err := s.moveCounter(ctx, tx, t); err != nil {
			return err
		}
	}
	return reindex(ctx, tx)
}

// empty refuses a database that somebody works with.
func empty(ctx context.Context, q querier) error {
	for _, t := range []string{"accounts", "readers", "suppressions", "sources", "stories", "issues", "audit"} {
		n, err := count(ctx, q, `SELECT COUNT(*) FROM `+t)
		if err != nil {
			return fmt.Errorf("look into the new database: %w", err)
		}
		if n > 0 {
			return fmt.Errorf("the new database is not empty, it has %d %s: %w", n, t, news.ErrConflict)
		}
	}
	return nil
}

// copyRows is how many rows one statement writes.
const copyRows = 100

func (s *Store) copyTable(ctx context.Context, t table, from querier, to *sql.Tx) error {
	var values []any
	flush := func() error {
		if len(values) == 0 {
			return nil
		}
		_, err := to.ExecContext(ctx, `INSERT INTO `+t.name+` (`+strings.Join(t.columns, ", ")+`) VALUES `+
			s.tuples(len(values)/len(t.columns), len(t.columns)), values...)
		values = values[:0]
		return err
	}
	err := t.each(ctx, from, func(row []any) error {
		if values = append(values, row...); len(values) == copyRows*len(t.columns) {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// moveCounter makes numbers go on after those that were copied. A lease's
// number never comes again: those that copies remember count too.
func (s *Store) moveCounter(ctx context.Context, tx *sql.Tx, t table) error {
	last := `SELECT COALESCE(MAX(id), 0) FROM ` + t.name
	if t.name == "leases" {
		last = `SELECT MAX(n) FROM (SELECT COALESCE(MAX(id), 0) AS n FROM leases UNION ALL SELECT COALESCE(MAX(fence), 0) FROM copies) AS numbers`
	}
	var err error
	switch {
	case s.pg && t.numbered():
		_, err = tx.ExecContext(ctx, `SELECT setval(pg_get_serial_sequence($1, 'id'), GREATEST((`+last+`), 1), (`+last+`) > 0)`, t.name)
	case !s.pg && t.name == "leases":
		if _, err = tx.ExecContext(ctx, `DELETE FROM sqlite_sequence WHERE name = 'leases'`); err == nil {
			_, err = tx.ExecContext(ctx, `INSERT INTO sqlite_sequence (name, seq) SELECT 'leases', (`+last+`)`)
		}
	}
	if err != nil {
		return fmt.Errorf("go on numbering %s: %w", t.name, err)
	}
	return nil
}

func (t table) numbered() bool {
	for _, c := range t.columns {
		if c == "id" {
			return true
		}
	}
	return false
}

// reindex makes the search index of all stories anew.
func reindex(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT id FROM stories ORDER BY id`)
	ids, err := collect(rows, err, func(row scanner) (id news.StoryID, err error) {
		err = row.Scan(&id)
		return id, err
	})
	if err != nil {
		return fmt.Errorf("index stories: %w", err)
	}
	for _, id := range ids {
		story, err := storyByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := indexStory(ctx, tx, &story); err != nil {
			return err
		}
	}
	return nil
}
