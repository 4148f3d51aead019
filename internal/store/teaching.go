package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

// Taught is a number that grows whenever what the desk teaches may have
// changed: by a decision, its undoing, or an edit of the lexicon.
func (s *Store) Taught(ctx context.Context) (n int64, err error) {
	if err := s.r.QueryRowContext(ctx, `SELECT n FROM turns WHERE name = 'teaching'`).Scan(&n); err != nil {
		return 0, fmt.Errorf("what the desk teaches: %w", err)
	}
	return n, nil
}

func teach(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, `UPDATE turns SET n = n + 1 WHERE name = 'teaching'`); err != nil {
		return fmt.Errorf("note what the desk teaches: %w", err)
	}
	return nil
}

// settle marks the decision that settles what a story teaches, with the item
// that was read.
func settle(ctx context.Context, tx *sql.Tx, decision int64, story *news.Story) error {
	_, err := tx.ExecContext(ctx, `UPDATE decisions SET teaches = 1, item = COALESCE((
		SELECT MIN(id) FROM items WHERE story = $1 AND source = $2 AND url = $3 AND current = 1), 0) WHERE id = $4`,
		story.ID, story.SourceID, story.Link, decision)
	if err != nil {
		return fmt.Errorf("settle what story %d teaches: %w", story.ID, err)
	}
	return teach(ctx, tx)
}

// Lessons lists what the last decisions about stories teach, in the order they
// were made.
func (s *Store) Lessons(ctx context.Context) ([]news.Lesson, error) {
	topics, err := s.topicsOfTaught(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.r.QueryContext(ctx, `SELECT id, story, what, reason, item FROM decisions d
		 WHERE teaches = 1 AND undone = 0 AND NOT EXISTS (
			SELECT 1 FROM decisions later WHERE later.story = d.story AND later.id > d.id AND later.teaches = 1 AND later.undone = 0)
		 ORDER BY id`)
	type row struct {
		news.Decision
		item news.ItemID
	}
	all, err := collect(rows, err, func(sc scanner) (r row, err error) {
		err = sc.Scan(&r.ID, &r.Story, &r.What, &r.Reason, &r.item)
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("read lessons: %w", err)
	}
	var out []news.Lesson
	for _, r := range all {
		if l, ok := r.Teach(r.item, topics[r.Story]); ok {
			out = append(out, l)
		}
	}
	return out, nil
}

// topicsOfTaught reads the topics of the stories somebody decided about.
func (s *Store) topicsOfTaught(ctx context.Context) (map[news.StoryID][]news.Slug, error) {
	out := map[news.StoryID][]news.Slug{}
	rows, err := s.r.QueryContext(ctx, `SELECT t.story, t.topic FROM story_topics t
		 WHERE EXISTS (SELECT 1 FROM decisions d WHERE d.story = t.story AND d.teaches = 1 AND d.undone = 0) ORDER BY t.story, t.position`)
	_, err = collect(rows, err, func(row scanner) (none struct{}, err error) {
		var id news.StoryID
		var slug news.Slug
		if err := row.Scan(&id, &slug); err != nil {
			return none, err
		}
		out[id] = append(out[id], slug)
		return none, nil
	})
	if err != nil {
		return nil, fmt.Errorf("read topics that were taught: %w", err)
	}
	return out, nil
}

// ItemsByID reads items, whatever became of them, in no order.
func (s *Store) ItemsByID(ctx context.Context, ids []news.ItemID) ([]news.Item, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	marks, args := make([]string, len(ids)), make([]any, len(ids))
	for i, id := range ids {
		marks[i], args[i] = fmt.Sprintf("$%d", i+1), id
	}
	return itemsWhere(ctx, s.r, `WHERE id IN (`+strings.Join(marks, ", ")+`)`, args...)
}

const lexiconColumns = `id, topic, language, lines, instead, who, at, undone, undone_by`

func scanLexiconEdit(row scanner) (e news.LexiconEdit, err error) {
	var when int64
	err = row.Scan(&e.ID, &e.Topic, &e.Language, &e.Lines, &e.Instead, &e.Who, &when, &e.Undone, &e.UndoneBy)
	e.At = at(when)
	return e, err
}

// Lexicon lists the edits in force, by topic and language.
func (s *Store) Lexicon(ctx context.Context) ([]news.LexiconEdit, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+lexiconColumns+` FROM lexicon_edits WHERE id IN (
		SELECT MAX(id) FROM lexicon_edits WHERE undone = 0 GROUP BY topic, language) AND lines <> '' ORDER BY topic, language`)
	edits, err := collect(rows, err, scanLexiconEdit)
	if err != nil {
		return nil, fmt.Errorf("read the lexicon: %w", err)
	}
	return edits, nil
}

// LexiconHistory lists all edits of a topic in a language, latest first.
func (s *Store) LexiconHistory(ctx context.Context, topic news.Slug, language string) ([]news.LexiconEdit, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+lexiconColumns+` FROM lexicon_edits WHERE topic = $1 AND language = $2 ORDER BY id DESC`, topic, language)
	edits, err := collect(rows, err, scanLexiconEdit)
	if err != nil {
		return nil, fmt.Errorf("read the lexicon of %s in %s: %w", topic, language, err)
	}
	return edits, nil
}

// EditLexicon stores an edit with a line of the audit log. seen is the edit
// that was in force when its writer began, 0 for none; if another is by now,
// the error wraps news.ErrConflict.
func (s *Store) EditLexicon(ctx context.Context, e news.LexiconEdit, seen int64, line staff.AuditEntry) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		last, err := lexiconInForce(ctx, tx, e.Topic, e.Language)
		switch {
		case err != nil:
			return err
		case last != seen:
			return fmt.Errorf("lexicon of %s in %s: somebody changed it since you opened it: %w", e.Topic, e.Language, news.ErrConflict)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO lexicon_edits (topic, language, lines, instead, who, at) VALUES ($1, $2, $3, $4, $5, $6)`,
			e.Topic, e.Language, e.Lines, bit(e.Instead), e.Who, ms(e.At))
		if err != nil {
			return fmt.Errorf("edit the lexicon of %s in %s: %w", e.Topic, e.Language, err)
		}
		return errors.Join(teach(ctx, tx), s.appendAudit(ctx, tx, line))
	})
}

// UndoLexicon takes back the edit in force, so that the one before it is again,
// with a line of the audit log. It returns an error wrapping news.ErrConflict
// unless edit is in force.
func (s *Store) UndoLexicon(ctx context.Context, edit int64, who string, line func(news.LexiconEdit) staff.AuditEntry) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		e, err := scanLexiconEdit(tx.QueryRowContext(ctx, `SELECT `+lexiconColumns+` FROM lexicon_edits WHERE id = $1`, edit))
		if err != nil {
			return notFound(err, "edit %d of the lexicon", edit)
		}
		last, err := lexiconInForce(ctx, tx, e.Topic, e.Language)
		switch {
		case err != nil:
			return err
		case last != edit:
			return fmt.Errorf("undo edit %d of the lexicon: another one came after it: %w", edit, news.ErrConflict)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE lexicon_edits SET undone = 1, undone_by = $1 WHERE id = $2`, who, edit); err != nil {
			return fmt.Errorf("undo edit %d of the lexicon: %w", edit, err)
		}
		return errors.Join(teach(ctx, tx), s.appendAudit(ctx, tx, line(e)))
	})
}

func lexiconInForce(ctx context.Context, tx *sql.Tx, topic news.Slug, language string) (last int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0) FROM lexicon_edits WHERE topic = $1 AND language = $2 AND undone = 0`, topic, language).Scan(&last)
	if err != nil {
		return 0, fmt.Errorf("lexicon of %s in %s: %w", topic, language, err)
	}
	return last, nil
}
