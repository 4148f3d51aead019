package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

const introductionColumns = `id, topic, language, text, notes, author, edited_by, at, undone, undone_by`

func scanIntroduction(row scanner) (i news.Introduction, err error) {
	var when int64
	err = row.Scan(&i.ID, &i.Topic, &i.Language, &i.Text, &i.Notes, &i.Author, &i.EditedBy, &when, &i.Undone, &i.UndoneBy)
	i.At = at(when)
	return i, err
}

// Introductions lists those in force of all topics, by topic and language.
func (s *Store) Introductions(ctx context.Context) ([]news.Introduction, error) {
	return s.introductionsInForce(ctx, `undone = 0`)
}

// IntroductionsOf lists those in force of one topic, by language.
func (s *Store) IntroductionsOf(ctx context.Context, topic news.Slug) ([]news.Introduction, error) {
	return s.introductionsInForce(ctx, `undone = 0 AND topic = $1`, topic)
}

func (s *Store) introductionsInForce(ctx context.Context, where string, args ...any) ([]news.Introduction, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+introductionColumns+` FROM introductions WHERE id IN (
		SELECT MAX(id) FROM introductions WHERE `+where+` GROUP BY topic, language) AND text <> '' ORDER BY topic, language`, args...)
	all, err := collect(rows, err, scanIntroduction)
	if err != nil {
		return nil, fmt.Errorf("read introductions: %w", err)
	}
	return all, nil
}

// IntroductionHistory lists all edits of a topic's introduction in a language,
// latest first.
func (s *Store) IntroductionHistory(ctx context.Context, topic news.Slug, language string) ([]news.Introduction, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+introductionColumns+` FROM introductions WHERE topic = $1 AND language = $2 ORDER BY id DESC`, topic, language)
	all, err := collect(rows, err, scanIntroduction)
	if err != nil {
		return nil, fmt.Errorf("read the introduction of %s in %s: %w", topic, language, err)
	}
	return all, nil
}

// Introduce stores an edit with a line of the audit log. seen is the one that
// was in force when its writer began, 0 for none; if another is by now, the
// error wraps news.ErrConflict.
func (s *Store) Introduce(ctx context.Context, i news.Introduction, seen int64, line staff.AuditEntry) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		last, err := introductionInForce(ctx, tx, i.Topic, i.Language)
		switch {
		case err != nil:
			return err
		case last != seen:
			return fmt.Errorf("introduction of %s in %s: somebody changed it since you opened it: %w", i.Topic, i.Language, news.ErrConflict)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO introductions (topic, language, text, notes, author, edited_by, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			i.Topic, i.Language, i.Text, i.Notes, i.Author, i.EditedBy, ms(i.At))
		if err != nil {
			return fmt.Errorf("introduce %s in %s: %w", i.Topic, i.Language, err)
		}
		return s.appendAudit(ctx, tx, line)
	})
}

// UndoIntroduction takes back the edit in force, so that the one before it is
// again, with a line of the audit log. It returns an error wrapping
// news.ErrConflict unless edit is in force.
func (s *Store) UndoIntroduction(ctx context.Context, edit int64, who string, line func(news.Introduction) staff.AuditEntry) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		i, err := scanIntroduction(tx.QueryRowContext(ctx, `SELECT `+introductionColumns+` FROM introductions WHERE id = $1`, edit))
		if err != nil {
			return notFound(err, "edit %d of an introduction", edit)
		}
		last, err := introductionInForce(ctx, tx, i.Topic, i.Language)
		switch {
		case err != nil:
			return err
		case last != edit:
			return fmt.Errorf("undo edit %d of an introduction: another one came after it: %w", edit, news.ErrConflict)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE introductions SET undone = 1, undone_by = $1 WHERE id = $2`, who, edit); err != nil {
			return fmt.Errorf("undo edit %d of an introduction: %w", edit, err)
		}
		return s.appendAudit(ctx, tx, line(i))
	})
}

func introductionInForce(ctx context.Context, tx *sql.Tx, topic news.Slug, language string) (last int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0) FROM introductions WHERE topic = $1 AND language = $2 AND undone = 0`, topic, language).Scan(&last)
	if err != nil {
		return 0, fmt.Errorf("introduction of %s in %s: %w", topic, language, err)
	}
	return last, nil
}
