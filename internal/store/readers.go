package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/audience"
)

// blind is the keyed hash by which an address is found without standing open
// in an index.
func (s *Store) blind(a audience.Address) []byte {
	m := hmac.New(sha256.New, s.Key(KeyBlind))
	m.Write([]byte(a.Reveal()))
	return m.Sum(nil)
}

// AddReaders stores new readers in one transaction and sets their IDs.
func (s *Store) AddReaders(ctx context.Context, readers []audience.Reader) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		for n := range readers {
			if err := s.insertReader(ctx, tx, &readers[n]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) insertReader(ctx context.Context, tx *sql.Tx, r *audience.Reader) error {
	err := tx.QueryRowContext(ctx, `
		INSERT INTO readers (token, address, blind, state, language, format, topics, asked, confirmed, consent, left_at, updated)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`,
		r.Token[:], r.Address.Reveal(), s.blind(r.Address), r.State, r.Preferences.Language, r.Preferences.Format,
		toJSON(r.Preferences.Topics), ms(r.Consent.Asked), ms(r.Consent.Confirmed), r.Consent.Text, ms(r.Left), ms(r.Updated)).Scan(&r.ID)
	if err != nil {
		return fmt.Errorf("store reader: %w", err)
	}
	return nil
}

// UpdateReader reads a reader, lets change act on it and writes it back, all
// in one step.
func (s *Store) UpdateReader(ctx context.Context, id audience.ReaderID, change func(*audience.Reader) error) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		r, err := readerByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := change(&r); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE readers SET state = $1, language = $2, format = $3, topics = $4, asked = $5, confirmed = $6, consent = $7, left_at = $8,
				updated = $9 WHERE id = $10`,
			r.State, r.Preferences.Language, r.Preferences.Format, toJSON(r.Preferences.Topics), ms(r.Consent.Asked),
			ms(r.Consent.Confirmed), r.Consent.Text, ms(r.Left), ms(r.Updated), id)
		if err != nil {
			return fmt.Errorf("save reader: %w", err)
		}
		return nil
	})
}

func readerByID(ctx context.Context, q querier, id audience.ReaderID) (audience.Reader, error) {
	var r audience.Reader
	var token []byte
	var address, topics string
	var asked, confirmed, left, updated int64
	err := q.QueryRowContext(ctx, `
		SELECT id, token, address, state, language, format, topics, asked, confirmed, consent, left_at, updated
		FROM readers WHERE id = $1`, id).Scan(&r.ID, &token, &address, &r.State, &r.Preferences.Language, &r.Preferences.Format, &topics,
		&asked, &confirmed, &r.Consent.Text, &left, &updated)
	if err != nil {
		return r, notFound(err, "reader")
	}
	copy(r.Token[:], token)
	r.Consent.Asked, r.Consent.Confirmed, r.Left, r.Updated = at(asked), at(confirmed), at(left), at(updated)
	if err := fromJSON(topics, &r.Preferences.Topics); err != nil {
		return r, err
	}
	if address != "" {
		r.Address, err = audience.ParseAddress(address)
	}
	return r, err
}
