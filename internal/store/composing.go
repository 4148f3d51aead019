package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// keptVersions is how many edits of an issue can be undone at most.
const keptVersions = 50

// keepVersion remembers how an issue was arranged before an edit.
func keepVersion(ctx context.Context, tx *sql.Tx, id news.IssueID, v news.Version) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO issue_revisions (issue, revision, body) VALUES ($1, $2, $3)
		ON CONFLICT (issue, revision) DO UPDATE SET body = excluded.body`, id, v.Revision, toJSON(v))
	if err != nil {
		return fmt.Errorf("keep revision %d of issue %d: %w", v.Revision, id, err)
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM issue_revisions WHERE issue = $1 AND revision <= $2`, id, v.Revision-keptVersions)
	if err != nil {
		return fmt.Errorf("forget old revisions of issue %d: %w", id, err)
	}
	return nil
}

// Version reads how an issue was arranged at a revision that an edit replaced.
func (s *Store) Version(ctx context.Context, id news.IssueID, revision int64) (news.Version, error) {
	var v news.Version
	var body string
	err := s.r.QueryRowContext(ctx, `SELECT body FROM issue_revisions WHERE issue = $1 AND revision = $2`, id, revision).Scan(&body)
	if err != nil {
		return v, notFound(err, "revision %d of issue %d", revision, id)
	}
	return v, fromJSON(body, &v)
}

// Blocks reads the standing blocks in the order in which an issue shows them.
func (s *Store) Blocks(ctx context.Context) ([]news.Block, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT id, kind, position, url, texts, first_day, last_day, edited_by FROM blocks ORDER BY position, id`)
	blocks, err := collect(rows, err, func(row scanner) (b news.Block, err error) {
		var texts string
		if err := row.Scan(&b.ID, &b.Kind, &b.Position, &b.URL, &texts, &b.From, &b.Until, &b.EditedBy); err != nil {
			return b, err
		}
		return b, fromJSON(texts, &b.Texts)
	})
	if err != nil {
		return nil, fmt.Errorf("read blocks: %w", err)
	}
	news.SortBlocks(blocks)
	return blocks, nil
}

// SaveBlock adds a block, or changes the one of its id. What was approved with
// other blocks must be approved again.
func (s *Store) SaveBlock(ctx context.Context, b news.Block) (news.BlockID, error) {
	err := s.write(ctx, func(tx *sql.Tx) error {
		if b.ID == 0 {
			err := tx.QueryRowContext(ctx, `INSERT INTO blocks (kind, position, url, texts, first_day, last_day, edited_by)
				VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
				b.Kind, b.Position, b.URL, toJSON(b.Texts), b.From, b.Until, b.EditedBy).Scan(&b.ID)
			if err != nil {
				return fmt.Errorf("add block: %w", err)
			}
			return voidApprovals(ctx, tx, b.EditedBy)
		}
		var there news.BlockID
		err := tx.QueryRowContext(ctx, `UPDATE blocks SET kind = $1, position = $2, url = $3, texts = $4, first_day = $5, last_day = $6, edited_by = $7
			WHERE id = $8 RETURNING id`, b.Kind, b.Position, b.URL, toJSON(b.Texts), b.From, b.Until, b.EditedBy, b.ID).Scan(&there)
		if err != nil {
			return notFound(err, "block %d", b.ID)
		}
		return voidApprovals(ctx, tx, b.EditedBy)
	})
	return b.ID, err
}

// DropBlock takes a block out of the library.
func (s *Store) DropBlock(ctx context.Context, id news.BlockID, who string) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		var there news.BlockID
		if err := tx.QueryRowContext(ctx, `DELETE FROM blocks WHERE id = $1 RETURNING id`, id).Scan(&there); err != nil {
			return notFound(err, "block %d", id)
		}
		return voidApprovals(ctx, tx, who)
	})
}

// voidApprovals tells every issue that is not frozen that what stands beside
// its stories changed: it has a new revision, which nobody has read.
func voidApprovals(ctx context.Context, tx *sql.Tx, who string) error {
	open, err := issuesWhere(ctx, tx, `WHERE state IN ($1, $2)`, news.IssueDraft, news.IssueApproved)
	if err != nil {
		return err
	}
	for _, i := range open {
		if err := voidApproval(ctx, tx, i.ID, who); err != nil {
			return err
		}
	}
	return nil
}

// Closing reads the stories of an issue and of those that went out before whose
// deadline is one of the days from first to last, 2006-01-02, the nearest
// first. A story that is withdrawn or under embargo is not among them.
func (s *Store) Closing(ctx context.Context, id news.IssueID, first, last string) ([]news.Story, error) {
	stories, err := storiesWhere(ctx, s.r, `WHERE s.deadline >= $1 AND s.deadline <= $2 AND s.state = $3 AND s.embargo <= $4
		AND (s.issue = $5 OR s.issue IN (SELECT id FROM issues WHERE frozen <> 0)) ORDER BY s.deadline, s.id`,
		first, last, news.StoryApproved, ms(s.now()), id)
	if err != nil {
		return nil, fmt.Errorf("read what closes soon: %w", err)
	}
	return stories, nil
}
