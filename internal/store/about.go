package store

import (
	"context"
	"database/sql"
	"fmt"
)

// About says what the database is and how it keeps what it acknowledged.
func (s *Store) About(ctx context.Context) (string, error) {
	step, err := s.Step(ctx)
	if err != nil {
		return "", err
	}
	query, form := `SELECT sqlite_version()`, "SQLite %s in WAL mode, step %d, synchronous is FULL"
	if s.pg {
		query, form = `SELECT split_part(current_setting('server_version'), ' ', 1)`, "PostgreSQL %s, step %d, synchronous_commit is on"
	}
	var version string
	if err := s.r.QueryRowContext(ctx, query).Scan(&version); err != nil {
		return "", fmt.Errorf("ask the database: %w", err)
	}
	if s.pg {
		if err := s.durable(ctx); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf(form, version, step), nil
}

// Writable makes one durable write that changes nothing, and says why it could
// not.
func (s *Store) Writable(ctx context.Context) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE turns SET n = n WHERE name = 'placing'`); err != nil {
			return fmt.Errorf("write to the database: %w", err)
		}
		return nil
	})
}
