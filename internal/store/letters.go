package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// AddAsk stores a sign-up to be answered. It returns an error wrapping
// news.ErrRefused when most already wait.
func (s *Store) AddAsk(ctx context.Context, a audience.Ask, most int) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var waiting int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM asks`).Scan(&waiting); err != nil {
			return fmt.Errorf("count sign-ups: %w", err)
		}
		if waiting >= most {
			return fmt.Errorf("sign-up: %d wait already: %w", waiting, news.ErrRefused)
		}
		topics := a.Preferences.Topics
		if topics == nil {
			topics = []news.Slug{}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO asks (address, language, format, topics, discreet, consent, kind, replaces, at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			a.Address.Reveal(), a.Preferences.Language, a.Preferences.Format, toJSON(topics), bit(a.Preferences.Discreet), a.Text, a.Kind, orNull(a.Replaces), ms(a.At))
		if err != nil {
			return fmt.Errorf("store sign-up: %w", err)
		}
		return nil
	})
}

func scanAsk(row scanner) (audience.Ask, error) {
	var a audience.Ask
	var address, topics string
	var when int64
	var replaces []byte
	if err := row.Scan(&a.ID, &address, &a.Preferences.Language, &a.Preferences.Format, &topics, &a.Preferences.Discreet, &a.Text, &a.Kind, &replaces, &when); err != nil {
		return a, err
	}
	copy(a.Replaces[:], replaces)
	a.At = at(when)
	var err error
	if a.Address, err = audience.ParseAddress(address); err != nil {
		return a, fmt.Errorf("sign-up %d: stored %w", a.ID, err)
	}
	err = fromJSON(topics, &a.Preferences.Topics)
	return a, err
}

// AnswerAsk takes the oldest wish and lets answer act on its reader: one that
// is empty but for the address where there is none. barred is the line of the
// journal that bars the address, nil if none does. When answer reports until
// when a letter is owed, the reader is stored, with its letter. The wish is
// gone after it, unless answer returns an error. more is false when there was
// none.
func (s *Store) AnswerAsk(ctx context.Context, now time.Time, answer func(a audience.Ask, r *audience.Reader, barred *audience.Suppression, m audience.Mailed) (until time.Time, err error)) (more bool, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		a, err := scanAsk(tx.QueryRowContext(ctx, `DELETE FROM asks WHERE id = (SELECT MIN(id) FROM asks)
			RETURNING id, address, language, format, topics, discreet, consent, kind, replaces, at`))
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("take sign-up: %w", err)
		}
		more = true
		return s.answerAsk(ctx, tx, a, now, answer)
	})
	return more, err
}

func (s *Store) answerAsk(ctx context.Context, tx *sql.Tx, a audience.Ask, now time.Time, answer func(audience.Ask, *audience.Reader, *audience.Suppression, audience.Mailed) (time.Time, error)) error {
	blind := s.blind(a.Address)
	r, err := reader(ctx, tx, `r.blind = $1`, blind)
	if err != nil {
		return err
	}
	r.Address = a.Address
	barred, err := barring(ctx, tx, blind)
	if err != nil {
		return err
	}
	var m audience.Mailed
	err = tx.QueryRowContext(ctx, `SELECT
			(SELECT COUNT(*) FROM confirmations WHERE blind = $1 AND kind = $2 AND at > $3),
			(SELECT COUNT(*) FROM confirmations WHERE blind = $1 AND kind = $2 AND at > $4),
			(SELECT COUNT(*) FROM confirmations WHERE at > $3)`,
		blind, a.Kind, ms(now.Add(-24*time.Hour)), ms(now.Add(-30*24*time.Hour))).Scan(&m.Day, &m.Month, &m.All)
	if err != nil {
		return fmt.Errorf("count confirmations: %w", err)
	}
	until, err := answer(a, &r, barred, m)
	if err != nil || until.IsZero() {
		return err
	}
	if err := s.saveReader(ctx, tx, &r); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO confirmations (blind, kind, at) VALUES ($1, $2, $3)`, blind, a.Kind, ms(now)); err != nil {
		return fmt.Errorf("count confirmation: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO letters (reader, what, next_try, until) VALUES ($1, $2, $3, $4)`,
		r.ID, a.Kind, ms(now), ms(until))
	if err != nil {
		return fmt.Errorf("owe letter: %w", err)
	}
	return nil
}

// TakeLetters claims up to limit letters that are due: their next try moves to
// next before anything is sent, so that a crash costs a wait and not a burst.
func (s *Store) TakeLetters(ctx context.Context, now, next time.Time, limit int) ([]audience.Letter, error) {
	var letters []audience.Letter
	err := s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM letters WHERE until <= $1`, ms(now)); err != nil {
			return fmt.Errorf("drop stale letters: %w", err)
		}
		rows, err := tx.QueryContext(ctx, `UPDATE letters SET attempts = attempts + 1, next_try = $1
			WHERE next_try <= $2 AND id IN (SELECT id FROM letters WHERE next_try <= $2 ORDER BY next_try, id LIMIT $3)
			RETURNING id`, ms(next), ms(now), limit)
		ids, err := collect(rows, err, func(row scanner) (id int64, err error) {
			err = row.Scan(&id)
			return id, err
		})
		if err != nil {
			return fmt.Errorf("take letters: %w", err)
		}
		for _, id := range ids {
			l, err := scanLetter(tx.QueryRowContext(ctx, `SELECT l.id, l.what, l.attempts, l.until, `+readerColumns+`
				FROM letters l JOIN readers r ON r.id = l.reader WHERE l.id = $1`, id))
			if err != nil {
				return fmt.Errorf("read letter: %w", err)
			}
			letters = append(letters, l)
		}
		return nil
	})
	return letters, err
}

func scanLetter(row scanner) (audience.Letter, error) {
	var l audience.Letter
	var until int64
	err := readReader(row, &l.Reader, &l.ID, &l.What, &l.Attempts, &until)
	l.Until = at(until)
	return l, err
}

// PostponeLetter says when a letter is tried again.
func (s *Store) PostponeLetter(ctx context.Context, id int64, next time.Time) error {
	return s.exec(ctx, "postpone letter", `UPDATE letters SET next_try = $1 WHERE id = $2`, ms(next), id)
}

// EndLetter forgets a letter that was sent, or never can be.
func (s *Store) EndLetter(ctx context.Context, id int64) error {
	return s.exec(ctx, "end letter", `DELETE FROM letters WHERE id = $1`, id)
}

// LapseRequests lets lapse act on every pending reader who asked before since;
// those it says to drop are deleted, the others written back. Confirmations
// mailed before counted no longer count.
func (s *Store) LapseRequests(ctx context.Context, since, counted time.Time, lapse func(*audience.Reader) (drop bool, err error)) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT `+readerColumns+` FROM readers r WHERE r.state = $1 AND r.asked < $2`, audience.Pending, ms(since))
		stale, err := collect(rows, err, scanReader)
		if err != nil {
			return fmt.Errorf("read requests: %w", err)
		}
		for _, r := range stale {
			if err := s.lapse(ctx, tx, r, lapse); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM confirmations WHERE at < $1`, ms(counted)); err != nil {
			return fmt.Errorf("forget confirmations: %w", err)
		}
		return nil
	})
}

func (s *Store) lapse(ctx context.Context, tx *sql.Tx, r audience.Reader, lapse func(*audience.Reader) (bool, error)) error {
	drop, err := lapse(&r)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM letters WHERE reader = $1`, r.ID); err != nil {
		return fmt.Errorf("drop letters: %w", err)
	}
	if !drop {
		return s.saveReader(ctx, tx, &r)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM readers WHERE id = $1`, r.ID); err != nil {
		return fmt.Errorf("drop request: %w", err)
	}
	return nil
}

// EraseReader lets erase act on the reader of an address and takes the address
// out of everything that holds it: their row, sign-ups, letters and copies. It
// returns an error wrapping news.ErrNotFound when there is no such reader.
func (s *Store) EraseReader(ctx context.Context, a audience.Address, now time.Time, erase func(*audience.Reader)) error {
	return s.writeJournaled(ctx, func(tx *sql.Tx) error {
		r, err := found(reader(ctx, tx, `r.blind = $1`, s.blind(a)))
		if err != nil {
			return err
		}
		return s.eraseReader(ctx, tx, r, now, erase)
	})
}

func (s *Store) eraseReader(ctx context.Context, tx *sql.Tx, r audience.Reader, now time.Time, erase func(*audience.Reader)) error {
	for _, step := range []struct {
		query string
		arg   any
	}{
		{`DELETE FROM asks WHERE address = $1`, r.Address.Reveal()},
		{`DELETE FROM letters WHERE reader = $1`, r.ID},
		{`UPDATE copies SET address = '' WHERE reader = $1`, r.ID},
		{`DELETE FROM sealed_copies WHERE reader = $1`, r.ID},
	} {
		if _, err := tx.ExecContext(ctx, step.query, step.arg); err != nil {
			return fmt.Errorf("erase reader: %w", err)
		}
	}
	return s.apply(ctx, tx, r, now, func(r *audience.Reader) (bool, audience.SuppressionReason, error) {
		erase(r)
		return true, audience.Forgotten, nil
	})
}
