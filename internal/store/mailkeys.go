package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/audience"
)

func scanMailKey(row scanner) (k audience.MailKey, err error) {
	var made, begun, ended int64
	err = row.Scan(&k.ID, &k.Domain, &k.Selector, &k.Algorithm, &k.Private, &made, &begun, &ended)
	k.Made, k.Begun, k.Ended = at(made), at(begun), at(ended)
	return k, err
}

func mailKeys(ctx context.Context, q querier) ([]audience.MailKey, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, domain, selector, algorithm, private, made, begun, ended FROM mail_keys ORDER BY id`)
	keys, err := collect(rows, err, scanMailKey)
	if err != nil {
		return nil, fmt.Errorf("read mail keys: %w", err)
	}
	return keys, nil
}

// MailKeys reads the keys that sign mail, the oldest first.
func (s *Store) MailKeys(ctx context.Context) ([]audience.MailKey, error) { return mailKeys(ctx, s.r) }

// ChangeMailKeys lets change act on all mail keys in one step: those it
// returns are stored, those without an ID as new ones.
func (s *Store) ChangeMailKeys(ctx context.Context, change func([]audience.MailKey) ([]audience.MailKey, error)) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		keys, err := mailKeys(ctx, tx)
		if err != nil {
			return err
		}
		if keys, err = change(keys); err != nil {
			return err
		}
		for i := range keys {
			if err := saveMailKey(ctx, tx, &keys[i]); err != nil {
				return fmt.Errorf("keep mail key %s: %w", keys[i].Selector, err)
			}
		}
		return nil
	})
}

func saveMailKey(ctx context.Context, tx *sql.Tx, k *audience.MailKey) error {
	if k.ID != 0 {
		_, err := tx.ExecContext(ctx, `UPDATE mail_keys SET begun = $1, ended = $2 WHERE id = $3`, ms(k.Begun), ms(k.Ended), k.ID)
		return err
	}
	return tx.QueryRowContext(ctx, `INSERT INTO mail_keys (domain, selector, algorithm, private, made, begun, ended)
		VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`, k.Domain, k.Selector, k.Algorithm, k.Private, ms(k.Made), ms(k.Begun), ms(k.Ended)).Scan(&k.ID)
}
