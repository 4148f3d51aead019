package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/ifhhro/rightsdesk/internal/staff"
)

// Audit appends a line to the audit log.
func (s *Store) Audit(ctx context.Context, e staff.AuditEntry) error {
	return s.write(ctx, func(tx *sql.Tx) error { return s.appendAudit(ctx, tx, e) })
}

func (s *Store) appendAudit(ctx context.Context, tx *sql.Tx, e staff.AuditEntry) error {
	before, err := lastLink(ctx, tx, "audit", "hash")
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO audit (at, who, what, subject, detail, hash) VALUES ($1, $2, $3, $4, $5, $6)`,
		ms(e.At), e.Who, e.What, e.Subject, e.Detail, s.auditLink(before, e))
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

func (s *Store) auditLink(before []byte, e staff.AuditEntry) []byte {
	return s.chainLink("audit", before, ms(e.At), e.Who, e.What, e.Subject, e.Detail)
}

// lastLink reads the last link of a chained table. One transaction writes at a
// time, so no two lines can hang on one link.
func lastLink(ctx context.Context, tx *sql.Tx, table, column string) ([]byte, error) {
	var link []byte
	err := tx.QueryRowContext(ctx, `SELECT `+column+` FROM `+table+` ORDER BY id DESC LIMIT 1`).Scan(&link)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read the chain: %w", err)
	}
	return link, nil
}

// chainLink is the MAC over one line of a chained table and the link before
// it. Each field is preceded by its length, so that no two lines read alike.
func (s *Store) chainLink(table string, before []byte, at int64, fields ...string) []byte {
	mac := hmac.New(sha256.New, s.Key(KeyBooks))
	number := func(n int) { mac.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) }
	for _, field := range append([]string{table, string(before)}, fields...) {
		number(len(field))
		mac.Write([]byte(field))
	}
	number(int(at))
	return mac.Sum(nil)
}

const auditColumns = `id, at, who, what, subject, detail, hash`

func scanAudit(row scanner) (staff.AuditEntry, error) {
	var e staff.AuditEntry
	var when int64
	err := row.Scan(&e.ID, &when, &e.Who, &e.What, &e.Subject, &e.Detail, &e.Hash)
	e.At = at(when)
	return e, err
}

// AuditLog reads up to limit lines, latest first, that hold text in any field
// (all lines when it is empty) and stand before the line numbered before (0 =
// from the end).
func (s *Store) AuditLog(ctx context.Context, text string, before int64, limit int) ([]staff.AuditEntry, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	rows, err := s.r.QueryContext(ctx, `SELECT `+auditColumns+` FROM audit
		WHERE id < $1 AND ($2 = '' OR LOWER(who || ' ' || what || ' ' || subject || ' ' || detail) LIKE '%' || LOWER($2) || '%' ESCAPE '\')
		ORDER BY id DESC LIMIT $3`, before, likeText(text), limit)
	list, err := collect(rows, err, scanAudit)
	if err != nil {
		return nil, fmt.Errorf("read audit log: %w", err)
	}
	return list, nil
}

// likeText makes a text mean itself in LIKE … ESCAPE '\'.
func likeText(s string) string {
	var b []byte
	for i := range len(s) {
		if s[i] == '\\' || s[i] == '%' || s[i] == '_' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return string(b)
}

// CheckAudit walks the audit chain and returns the number of the first line
// that was changed, or follows one that was taken out; 0 if there is none. The
// oldest line kept is the chain's anchor: those before it were retired.
func (s *Store) CheckAudit(ctx context.Context) (broken int64, err error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+auditColumns+` FROM audit ORDER BY id`)
	if err != nil {
		return 0, fmt.Errorf("read audit log: %w", err)
	}
	defer rows.Close()
	var before []byte
	for first := true; rows.Next(); first = false {
		e, err := scanAudit(rows)
		if err != nil {
			return 0, fmt.Errorf("read audit log: %w", err)
		}
		anchor := first && e.ID != 1
		if !anchor && !hmac.Equal(e.Hash, s.auditLink(before, e)) {
			return e.ID, nil
		}
		before = e.Hash
	}
	return 0, rows.Err()
}
