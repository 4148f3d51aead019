package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"net/url"
	"slices"
	"strings"
)

// snapshot runs f over one moment of the database, however much is written
// meanwhile.
func (s *Store) snapshot(ctx context.Context, f func(tx *sql.Tx) error) error {
	var o *sql.TxOptions
	if s.pg {
		o = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := s.r.BeginTx(ctx, o)
	if err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	defer tx.Rollback() // nothing was written
	return f(tx)
}

// Digest is a fingerprint of everything the database holds, the same on SQLite
// and on PostgreSQL: 64 hexadecimal digits. It is keyed, so that it tells
// nobody without the key whether an address is among the rows.
func (s *Store) Digest(ctx context.Context) (digest string, err error) {
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		digest, err = digestOf(ctx, tx, s.pg, s.Key(KeyBooks))
		return err
	})
	return digest, err
}

// digestOf adds up the keyed hashes of all rows. A sum does not depend on the
// order of rows, in which the two databases differ; what is added is a MAC, so
// that nobody without the key can find other rows with the same sum.
func digestOf(ctx context.Context, tx *sql.Tx, pg bool, key []byte) (string, error) {
	tables, err := tablesOf(ctx, tx, pg)
	if err != nil {
		return "", err
	}
	slices.SortFunc(tables, func(a, b table) int { return strings.Compare(a.name, b.name) })
	all := hmac.New(sha256.New, key)
	for _, t := range tables {
		sum, rows, err := t.sum(ctx, tx, key)
		if err != nil {
			return "", fmt.Errorf("digest of %s: %w", t.name, err)
		}
		field(all, []byte(t.name))
		number(all, rows)
		field(all, sum[:])
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}

func number(h hash.Hash, n int64) { h.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) }

func field(h hash.Hash, b []byte) {
	number(h, int64(len(b)))
	h.Write(b)
}

// A table is one of ours with its columns in alphabetical order.
type table struct {
	name    string
	columns []string
}

// foreign are the tables that are not facts of ours: the engine's, the
// migrations', and the search index, which is made from the stories.
func foreign(name string) bool {
	for _, prefix := range []string{"goose_", "river_", "sqlite_", "story_search"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// tablesOf lists our tables; on SQLite in the order in which they were made,
// so that what a row refers to comes before it.
func tablesOf(ctx context.Context, q querier, pg bool) ([]table, error) {
	names, columns := `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid`, `SELECT name FROM pragma_table_info($1)`
	if pg {
		names = `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`
		columns = `SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1`
	}
	all, err := texts(ctx, q, names)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	var out []table
	for _, name := range all {
		if foreign(name) {
			continue
		}
		t := table{name: name}
		if t.columns, err = texts(ctx, q, columns, name); err != nil {
			return nil, fmt.Errorf("list the columns of %s: %w", name, err)
		}
		slices.Sort(t.columns)
		out = append(out, t)
	}
	return out, nil
}

func texts(ctx context.Context, q querier, query string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	return collect(rows, err, func(row scanner) (s string, err error) {
		err = row.Scan(&s)
		return s, err
	})
}

// each calls f with the values of every row: nil, int64, string or []byte. f
// must not keep the slice.
func (t table) each(ctx context.Context, q querier, f func(values []any) error) error {
	rows, err := q.QueryContext(ctx, `SELECT `+strings.Join(t.columns, ", ")+` FROM `+t.name)
	if err != nil {
		return err
	}
	defer rows.Close()
	values, into := make([]any, len(t.columns)), make([]any, len(t.columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, v := range values {
			if n, ok := v.(int32); ok {
				values[i] = int64(n)
			}
		}
		if err := f(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// sum adds the MACs of a table's rows, modulo 2^256, and counts them.
func (t table) sum(ctx context.Context, q querier, key []byte) (sum [32]byte, rows int64, err error) {
	mac := hmac.New(sha256.New, key)
	err = t.each(ctx, q, func(values []any) error {
		mac.Reset()
		field(mac, []byte(t.name))
		for i, v := range values {
			if err := digestValue(mac, t.columns[i], v); err != nil {
				return err
			}
		}
		rows++
		carry := 0
		for i, b := range slices.Backward(mac.Sum(nil)) {
			carry += int(sum[i]) + int(b)
			sum[i] = byte(carry)
			carry >>= 8
		}
		return nil
	})
	return sum, rows, err
}

func digestValue(h hash.Hash, column string, v any) error {
	field(h, []byte(column))
	switch v := v.(type) {
	case nil:
		field(h, []byte("nothing"))
	case int64:
		field(h, []byte("number"))
		number(h, v)
	case string:
		field(h, []byte("text"))
		field(h, []byte(v))
	case []byte:
		field(h, []byte("bytes"))
		field(h, v)
	default:
		return fmt.Errorf("column %s holds a %T", column, v)
	}
	return nil
}

// Examine reads the migration step and the digest of a SQLite database that
// nobody has open, and changes nothing, not even to a newer step.
func Examine(ctx context.Context, file string) (step int64, digest string, err error) {
	q := url.Values{"mode": {"ro"}, "immutable": {"1"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: q.Encode()}).String())
	if err != nil {
		return 0, "", fmt.Errorf("open %s: %w", file, err)
	}
	defer db.Close() // only read from
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return 0, "", fmt.Errorf("open %s: %w", file, err)
	}
	defer tx.Rollback() // nothing was written
	var key []byte
	if err := tx.QueryRowContext(ctx, `SELECT value FROM secrets WHERE name = $1`, KeyBooks).Scan(&key); err != nil {
		return 0, "", fmt.Errorf("%s: not a database of a desk: %w", file, err)
	}
	if step, err = stepOf(ctx, tx); err != nil {
		return 0, "", err
	}
	digest, err = digestOf(ctx, tx, false, key)
	return step, digest, err
}

// Step is how far up the ladder of migrations the database stands.
func (s *Store) Step(ctx context.Context) (int64, error) { return stepOf(ctx, s.r) }

func stepOf(ctx context.Context, q querier) (step int64, err error) {
	if err := q.QueryRowContext(ctx, `SELECT MAX(version_id) FROM goose_db_version`).Scan(&step); err != nil {
		return 0, fmt.Errorf("read the migration step: %w", err)
	}
	return step, nil
}
