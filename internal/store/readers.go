package store

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

const readerColumns = `r.id, r.token, r.address, r.state, r.language, r.format, r.topics, r.asked, r.confirmed, r.consent, r.request, r.replaces, r.paused, r.left_at, r.updated,
	r.discreet, r.openpgp`

func scanReader(row scanner) (audience.Reader, error) {
	var r audience.Reader
	err := readReader(row, &r)
	return r, err
}

// readReader scans readerColumns into r, and what stands before them into
// before.
func readReader(row scanner, r *audience.Reader, before ...any) error {
	var address, topics string
	var token, request, replaces []byte
	var asked, confirmed, paused, left, updated int64
	err := row.Scan(append(before, &r.ID, &token, &address, &r.State, &r.Preferences.Language, &r.Preferences.Format, &topics,
		&asked, &confirmed, &r.Consent.Text, &request, &replaces, &paused, &left, &updated, &r.Preferences.Discreet, (*[]byte)(&r.OpenPGP))...)
	if err != nil {
		return err
	}
	copy(r.Token[:], token)
	copy(r.Request[:], request)
	copy(r.Replaces[:], replaces)
	r.Consent.Asked, r.Consent.Confirmed, r.Paused, r.Left, r.Updated = at(asked), at(confirmed), at(paused), at(left), at(updated)
	if address != "" {
		if r.Address, err = audience.ParseAddress(address); err != nil {
			return fmt.Errorf("reader %d: stored %w", r.ID, err)
		}
	}
	return fromJSON(topics, &r.Preferences.Topics)
}

// blind is the keyed hash by which an address is found and barred. It covers
// the exact address: two that differ in anything but the case of the domain
// may be two people.
func (s *Store) blind(a audience.Address) []byte {
	mac := hmac.New(sha256.New, s.Key(KeyBlind))
	mac.Write([]byte("address " + a.Reveal()))
	return mac.Sum(nil)
}

// reader reads the one reader that where finds; its ID is zero if there is
// none.
func reader(ctx context.Context, q querier, where string, args ...any) (audience.Reader, error) {
	r, err := scanReader(q.QueryRowContext(ctx, `SELECT `+readerColumns+` FROM readers r WHERE `+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return audience.Reader{}, nil
	}
	if err != nil {
		return r, fmt.Errorf("read reader: %w", err)
	}
	return r, nil
}

// Reader reads a reader by their token.
func (s *Store) Reader(ctx context.Context, token audience.Token) (audience.Reader, error) {
	return found(reader(ctx, s.r, `r.token = $1`, token[:]))
}

// ReaderByRequest reads the pending reader who asked for what token names.
func (s *Store) ReaderByRequest(ctx context.Context, token audience.Token) (audience.Reader, error) {
	return found(reader(ctx, s.r, `r.request = $1`, token[:]))
}

// ReaderByAddress reads the reader of an exact address, and the line of the
// journal that bars it, nil if none does.
func (s *Store) ReaderByAddress(ctx context.Context, a audience.Address) (audience.Reader, *audience.Suppression, error) {
	barred, err := barring(ctx, s.r, s.blind(a))
	if err != nil {
		return audience.Reader{}, nil, err
	}
	r, err := reader(ctx, s.r, `r.blind = $1`, s.blind(a))
	return r, barred, err
}

// found turns a reader that is not there into news.ErrNotFound.
func found(r audience.Reader, err error) (audience.Reader, error) {
	if err == nil && r.ID == 0 {
		err = fmt.Errorf("reader: %w", news.ErrNotFound)
	}
	return r, err
}

// barring reads the last line of the journal about an address, nil when there
// is none or it was lifted.
func barring(ctx context.Context, q querier, blind []byte) (*audience.Suppression, error) {
	sup := audience.Suppression{Key: blind}
	var when int64
	err := q.QueryRowContext(ctx, `SELECT reason, at, lifted FROM suppressions WHERE blind = $1 ORDER BY id DESC LIMIT 1`, blind).
		Scan(&sup.Reason, &when, &sup.Lifted)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && sup.Lifted:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read suppressions: %w", err)
	}
	sup.At = at(when)
	return &sup, nil
}

// ChangeReader reads the reader of a token, lets change act on it, and writes
// it back when change reports true. bars is the reason to write into the
// suppression journal in the same step, or "" for none.
func (s *Store) ChangeReader(ctx context.Context, token audience.Token, now time.Time, change func(*audience.Reader) (changed bool, bars audience.SuppressionReason, err error)) error {
	return s.writeJournaled(ctx, func(tx *sql.Tx) error {
		r, err := found(reader(ctx, tx, `r.token = $1`, token[:]))
		if err != nil {
			return err
		}
		return s.apply(ctx, tx, r, now, change)
	})
}

// ChangeReaderAt is ChangeReader by exact address. Where there is no reader,
// change gets one that is empty but for the address, which is stored only when
// it got a state; the journal takes the reason all the same.
func (s *Store) ChangeReaderAt(ctx context.Context, a audience.Address, now time.Time, change func(*audience.Reader) (changed bool, bars audience.SuppressionReason, err error)) error {
	return s.writeJournaled(ctx, func(tx *sql.Tx) error {
		r, err := reader(ctx, tx, `r.blind = $1`, s.blind(a))
		if err != nil {
			return err
		}
		r.Address = a
		return s.apply(ctx, tx, r, now, change)
	})
}

func (s *Store) apply(ctx context.Context, tx *sql.Tx, r audience.Reader, now time.Time, change func(*audience.Reader) (bool, audience.SuppressionReason, error)) error {
	before := r.Address
	changed, bars, err := change(&r)
	if err != nil {
		return err
	}
	if bars != "" && !before.IsZero() {
		if err := s.journal(ctx, tx, audience.Suppression{Key: s.blind(before), Reason: bars, At: now}); err != nil {
			return err
		}
	}
	if !changed || r.State == "" {
		return nil
	}
	return s.saveReader(ctx, tx, &r)
}

// ConfirmReader lets confirm act on the reader whose request the token names,
// writes it back, and lifts what bars the address when the one barred may
// return by asking. The reader it replaces is forgotten by erase.
func (s *Store) ConfirmReader(ctx context.Context, request audience.Token, now time.Time, confirm func(*audience.Reader) error, erase func(*audience.Reader)) error {
	return s.writeJournaled(ctx, func(tx *sql.Tx) error {
		r, err := found(reader(ctx, tx, `r.request = $1`, request[:]))
		if err != nil {
			return err
		}
		if err := confirm(&r); err != nil {
			return err
		}
		barred, err := barring(ctx, tx, s.blind(r.Address))
		if err != nil {
			return err
		}
		if barred != nil {
			if !barred.Reason.MayReturn() {
				return fmt.Errorf("confirm: the address is barred: %w", news.ErrConflict)
			}
			if err := s.journal(ctx, tx, audience.Suppression{Key: barred.Key, Reason: barred.Reason, At: now, Lifted: true}); err != nil {
				return err
			}
		}
		if err := s.forgetReplaced(ctx, tx, &r, now, erase); err != nil {
			return err
		}
		return s.saveReader(ctx, tx, &r)
	})
}

// forgetReplaced erases the reader who moved to r's address.
func (s *Store) forgetReplaced(ctx context.Context, tx *sql.Tx, r *audience.Reader, now time.Time, erase func(*audience.Reader)) error {
	if r.Replaces.IsZero() {
		return nil
	}
	old, err := reader(ctx, tx, `r.token = $1`, r.Replaces[:])
	r.Replaces = audience.Token{}
	if err != nil || old.ID == 0 || old.Address.IsZero() || old.ID == r.ID {
		return err
	}
	if len(r.OpenPGP) == 0 { // who moves is still written to as they chose
		r.OpenPGP = old.OpenPGP
	}
	return s.eraseReader(ctx, tx, old, now, erase)
}

// saveReader writes a reader, new or changed. An erased one gives up its
// address, and the keyed hash of it too: that stays in the journal alone.
func (s *Store) saveReader(ctx context.Context, tx *sql.Tx, r *audience.Reader) error {
	if r.Token.IsZero() {
		r.Token = audience.NewToken()
	}
	blind := s.blind(r.Address)
	if r.Address.IsZero() {
		nobody := audience.NewToken()
		blind = nobody[:]
	}
	p := r.Preferences
	topics := p.Topics
	if topics == nil {
		topics = []news.Slug{}
	}
	values := []any{r.Address.Reveal(), blind, r.State, p.Language, p.Format, toJSON(topics), ms(r.Consent.Asked), ms(r.Consent.Confirmed),
		r.Consent.Text, orNull(r.Request), orNull(r.Replaces), ms(r.Paused), ms(r.Left), ms(r.Updated), bit(p.Discreet), []byte(r.OpenPGP)}
	if r.ID != 0 {
		_, err := tx.ExecContext(ctx, `UPDATE readers SET address = $1, blind = $2, state = $3, language = $4, format = $5, topics = $6, asked = $7,
			confirmed = $8, consent = $9, request = $10, replaces = $11, paused = $12, left_at = $13, updated = $14, discreet = $15, openpgp = $16 WHERE id = $17`, append(values, r.ID)...)
		if err != nil {
			return fmt.Errorf("save reader %d: %w", r.ID, err)
		}
		return nil
	}
	err := tx.QueryRowContext(ctx, `INSERT INTO readers (address, blind, state, language, format, topics, asked, confirmed, consent, request, replaces, paused, left_at, updated,
			discreet, openpgp, token)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) RETURNING id`, append(values, r.Token[:])...).Scan(&r.ID)
	if err != nil {
		return fmt.Errorf("store reader: %w", err)
	}
	return nil
}

// orNull is a token as it is stored where there may be none.
func orNull(t audience.Token) any {
	if t.IsZero() {
		return nil
	}
	return t[:]
}

// journal appends a line to the suppression journal.
func (s *Store) journal(ctx context.Context, tx *sql.Tx, sup audience.Suppression) error {
	before, err := lastLink(ctx, tx, "suppressions", "mac")
	if err != nil {
		return fmt.Errorf("suppressions: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO suppressions (blind, reason, at, lifted, mac) VALUES ($1, $2, $3, $4, $5)`,
		sup.Key, sup.Reason, ms(sup.At), bit(sup.Lifted), s.journalLink(before, sup))
	if err != nil {
		return fmt.Errorf("suppressions: %w", err)
	}
	return nil
}

func (s *Store) journalLink(before []byte, sup audience.Suppression) []byte {
	return s.chainLink("suppressions", before, ms(sup.At), string(sup.Key), string(sup.Reason), fmt.Sprint(sup.Lifted))
}

// CheckJournal walks the suppression journal and returns the number of the
// first line that was changed, or follows one that was taken out; 0 if there
// is none.
func (s *Store) CheckJournal(ctx context.Context) (broken int64, err error) {
	rows, err := s.r.QueryContext(ctx, `SELECT id, blind, reason, at, lifted, mac FROM suppressions ORDER BY id`)
	if err != nil {
		return 0, fmt.Errorf("read suppressions: %w", err)
	}
	defer rows.Close()
	var before []byte
	for rows.Next() {
		var id, when int64
		var sup audience.Suppression
		var mac []byte
		if err := rows.Scan(&id, &sup.Key, &sup.Reason, &when, &sup.Lifted, &mac); err != nil {
			return 0, fmt.Errorf("read suppressions: %w", err)
		}
		sup.At = at(when)
		if !bytes.Equal(mac, s.journalLink(before, sup)) {
			return id, nil
		}
		before = mac
	}
	return 0, rows.Err()
}

// AddReaders stores new readers in one step and sets their IDs.
func (s *Store) AddReaders(ctx context.Context, readers []audience.Reader) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		for i := range readers {
			if err := s.saveReader(ctx, tx, &readers[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// UpdateReader reads a reader, lets change act on it and writes it back, all
// in one step.
func (s *Store) UpdateReader(ctx context.Context, id audience.ReaderID, change func(*audience.Reader) error) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		r, err := found(reader(ctx, tx, `r.id = $1`, id))
		if err != nil {
			return err
		}
		if err := change(&r); err != nil {
			return err
		}
		return s.saveReader(ctx, tx, &r)
	})
}

// ImportReaders lets take act on the reader of each address in one step: one
// that is empty but for the address where there is none. Those for which take
// reports true are stored. barred says the journal bars the address.
func (s *Store) ImportReaders(ctx context.Context, addresses []audience.Address, take func(i int, r *audience.Reader, barred bool) bool) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		for i, a := range addresses {
			r, err := reader(ctx, tx, `r.blind = $1`, s.blind(a))
			if err != nil {
				return err
			}
			barred, err := barring(ctx, tx, s.blind(a))
			if err != nil {
				return err
			}
			r.Address = a
			if !take(i, &r, barred != nil) {
				continue
			}
			if err := s.saveReader(ctx, tx, &r); err != nil {
				return err
			}
		}
		return nil
	})
}

// ReaderCounts counts the readers in each state.
func (s *Store) ReaderCounts(ctx context.Context) (map[audience.State]int, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT state, COUNT(*) FROM readers GROUP BY state`)
	if err != nil {
		return nil, fmt.Errorf("count readers: %w", err)
	}
	defer rows.Close()
	counts := map[audience.State]int{}
	for rows.Next() {
		var state audience.State
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return nil, fmt.Errorf("count readers: %w", err)
		}
		counts[state] = n
	}
	return counts, rows.Err()
}

// ReadersAfter reads up to limit readers whose number is over after, in order.
func (s *Store) ReadersAfter(ctx context.Context, after audience.ReaderID, limit int) ([]audience.Reader, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+readerColumns+` FROM readers r WHERE r.id > $1 ORDER BY r.id LIMIT $2`, after, limit)
	list, err := collect(rows, err, scanReader)
	if err != nil {
		return nil, fmt.Errorf("read readers: %w", err)
	}
	return list, nil
}
