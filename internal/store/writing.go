package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// SaveDraft keeps what somebody is typing about a story, in place of what they
// typed before. The error wraps news.ErrNotFound when there is no such story.
func (s *Store) SaveDraft(ctx context.Context, d news.Draft) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := storyByID(ctx, tx, d.Story); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO drafts (story, who, revision, body, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (story, who) DO UPDATE SET revision = excluded.revision, body = excluded.body, at = excluded.at`,
			d.Story, d.Who, d.Revision, toJSON(d.Fields), ms(d.At))
		if err != nil {
			return fmt.Errorf("keep draft of story %d: %w", d.Story, err)
		}
		return nil
	})
}

// DropDraft forgets what somebody typed about a story.
func (s *Store) DropDraft(ctx context.Context, story news.StoryID, who string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM drafts WHERE story = $1 AND who = $2`, story, who); err != nil {
			return fmt.Errorf("drop draft of story %d: %w", story, err)
		}
		return nil
	})
}

// Drafts reads what everybody is typing about a story, the latest first.
func (s *Store) Drafts(ctx context.Context, story news.StoryID) ([]news.Draft, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT story, who, revision, body, at FROM drafts WHERE story = $1 ORDER BY at DESC`, story)
	out, err := collect(rows, err, func(row scanner) (d news.Draft, err error) {
		var body string
		var when int64
		if err := row.Scan(&d.Story, &d.Who, &d.Revision, &body, &when); err != nil {
			return d, err
		}
		d.At = at(when)
		return d, fromJSON(body, &d.Fields)
	})
	if err != nil {
		return nil, fmt.Errorf("drafts of story %d: %w", story, err)
	}
	return out, nil
}

// AddNote stores a note and tells those it concerns: who wrote one on the
// story before, looks after it, began it or decided about it.
func (s *Store) AddNote(ctx context.Context, n news.Note) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := storyByID(ctx, tx, n.Story); err != nil {
			return err
		}
		if n.Parent != 0 {
			var there int64
			err := tx.QueryRowContext(ctx, `SELECT id FROM notes WHERE id = $1 AND story = $2`, n.Parent, n.Story).Scan(&there)
			if err != nil {
				return notFound(err, "note %d", n.Parent)
			}
		}
		err := tx.QueryRowContext(ctx, `INSERT INTO notes (story, parent, who, at, text) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
			n.Story, n.Parent, n.Who, ms(n.At), n.Text).Scan(&n.ID)
		if err != nil {
			return fmt.Errorf("note on story %d: %w", n.Story, err)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO notices (who, note)
			SELECT who, CAST($1 AS BIGINT) FROM (
				SELECT who FROM notes WHERE story = $2
				UNION SELECT assigned FROM stories WHERE id = $2
				UNION SELECT begun_by FROM stories WHERE id = $2
				UNION SELECT decided_by FROM stories WHERE id = $2) concerned
			WHERE who <> '' AND who <> $3`, n.ID, n.Story, n.Who)
		if err != nil {
			return fmt.Errorf("note on story %d: tell the others: %w", n.Story, err)
		}
		return tellOfNote(ctx, tx, n)
	})
}

const noteColumns = `n.id, n.story, n.parent, n.who, n.at, n.text`

func scanNote(row scanner) (n news.Note, err error) {
	var when int64
	err = row.Scan(&n.ID, &n.Story, &n.Parent, &n.Who, &when, &n.Text)
	n.At = at(when)
	return n, err
}

// Notes reads the notes on a story, oldest first.
func (s *Store) Notes(ctx context.Context, story news.StoryID) ([]news.Note, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+noteColumns+` FROM notes n WHERE n.story = $1 ORDER BY n.id`, story)
	out, err := collect(rows, err, scanNote)
	if err != nil {
		return nil, fmt.Errorf("notes on story %d: %w", story, err)
	}
	return out, nil
}

// Notices reads the notes that concern somebody and that they have not looked
// at, the latest first; at most twenty.
func (s *Store) Notices(ctx context.Context, who string) ([]news.Note, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+noteColumns+` FROM notices t JOIN notes n ON n.id = t.note WHERE t.who = $1 ORDER BY n.id DESC LIMIT 20`, who)
	out, err := collect(rows, err, scanNote)
	if err != nil {
		return nil, fmt.Errorf("notices for %s: %w", who, err)
	}
	return out, nil
}

// Noticed notes that somebody looked at a story.
func (s *Store) Noticed(ctx context.Context, who string, story news.StoryID) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM notices WHERE who = $1 AND note IN (SELECT id FROM notes WHERE story = $2)`, who, story)
		if err != nil {
			return fmt.Errorf("notices of story %d: %w", story, err)
		}
		return nil
	})
}
