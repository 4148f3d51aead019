package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// servedSettings is the line of the settings table that says what the serving
// process was started with.
const servedSettings = "served"

// KeepServed remembers the settings the desk is served with, those that shape
// mails, by the names of their flags.
func (s *Store) KeepServed(ctx context.Context, settings map[string]string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, servedSettings, toJSON(settings))
		if err != nil {
			return fmt.Errorf("keep settings: %w", err)
		}
		return nil
	})
}

// Served reads what KeepServed remembered; nil when the desk was never served.
func (s *Store) Served(ctx context.Context) (settings map[string]string, err error) {
	var value string
	err = s.r.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = $1`, servedSettings).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return settings, fromJSON(value, &settings)
}
