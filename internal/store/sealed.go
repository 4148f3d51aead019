package store

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// keepSealed keeps the mail that was encrypted to a reader at the freeze:
// encrypting it again would give other bytes.
func (s *Store) keepSealed(ctx context.Context, tx *sql.Tx, issue news.IssueID, reader audience.ReaderID, body []byte) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO sealed_copies (issue, reader, body, mac) VALUES ($1, $2, $3, $4)`,
		issue, reader, body, s.sealedMAC(issue, reader, body))
	if err != nil {
		return fmt.Errorf("keep an encrypted copy of issue %d: %w", issue, err)
	}
	return nil
}

// loadSealed reads what was encrypted of copies, and checks that nobody
// changed it.
func (s *Store) loadSealed(ctx context.Context, q querier, copies []audience.Copy) error {
	for n := range copies {
		c := &copies[n]
		if c.Cover != audience.CoverSealed {
			continue
		}
		var mac []byte
		err := q.QueryRowContext(ctx, `SELECT body, mac FROM sealed_copies WHERE issue = $1 AND reader = $2`, c.Issue, c.Reader).Scan(&c.Sealed, &mac)
		if err != nil {
			return notFound(err, "encrypted copy %d", c.ID)
		}
		if !hmac.Equal(mac, s.sealedMAC(c.Issue, c.Reader, c.Sealed)) {
			return fmt.Errorf("encrypted copy %d was changed after the freeze: %w", c.ID, news.ErrConflict)
		}
	}
	return nil
}

// sealedMAC covers whose copy of which issue the text is.
func (s *Store) sealedMAC(issue news.IssueID, reader audience.ReaderID, body []byte) []byte {
	return s.chainLink("sealed_copies", nil, int64(issue), fmt.Sprint(reader), string(body))
}
