package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// Correct changes a story that an issue brought, with a line in its history
// and the words that tell the readers, in one step. change is given the issue
// too. What was approved without the correction must be approved again.
func (s *Store) Correct(ctx context.Context, c news.Correction, d news.Decision, change func(*news.Story, *news.Issue) error) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		story, err := storyByID(ctx, tx, c.Story)
		if err != nil {
			return err
		}
		var in news.Issue
		if story.Issue != 0 {
			if in, err = issueByID(ctx, tx, story.Issue); err != nil {
				return err
			}
		}
		before := toJSON(story)
		if err := change(&story, &in); err != nil {
			return err
		}
		if err := saveStory(ctx, tx, &story, d.Who); err != nil {
			return err
		}
		d.Story = story.ID
		if _, err := insertDecision(ctx, tx, d, before, nil); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO corrections (story, language, text, who, at) VALUES ($1, $2, $3, $4, $5)`,
			c.Story, c.Language, c.Text, c.Who, ms(c.At))
		if err != nil {
			return fmt.Errorf("correction of story %d: %w", c.Story, err)
		}
		return voidApprovals(ctx, tx, d.Who)
	})
}

// Corrections reads what the next issue tells of stories of earlier ones, the
// oldest first. A story that was withdrawn since says nothing more.
func (s *Store) Corrections(ctx context.Context) ([]news.Correction, error) {
	return s.corrections(ctx, `c.issue = 0 AND s.state = $1 AND s.embargo <= $2`, news.StoryApproved, ms(s.now()))
}

// StoryCorrections reads what was put right in a story, the oldest first.
func (s *Store) StoryCorrections(ctx context.Context, story news.StoryID) ([]news.Correction, error) {
	return s.corrections(ctx, `c.story = $1`, story)
}

func (s *Store) corrections(ctx context.Context, where string, args ...any) ([]news.Correction, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT c.id, c.story, c.language, c.text, c.who, c.at, s.slug, s.approved_at, COALESCE(i.name, '')
		FROM corrections c JOIN stories s ON s.id = c.story LEFT JOIN issues i ON i.id = s.issue WHERE `+where+` ORDER BY c.id`, args...)
	out, err := collect(rows, err, func(row scanner) (c news.Correction, err error) {
		var when, approved int64
		var story news.Story
		if err := row.Scan(&c.ID, &c.Story, &c.Language, &c.Text, &c.Who, &when, &story.Slug, &approved, &c.Issue); err != nil {
			return c, err
		}
		story.ApprovedAt = at(approved)
		c.At, c.Page = at(when), story.Name()
		return c, nil
	})
	if err != nil {
		return nil, fmt.Errorf("read corrections: %w", err)
	}
	return out, nil
}

// told notes that an issue carries its corrections, so that no other will.
func told(ctx context.Context, tx *sql.Tx, i *news.Issue) error {
	for _, c := range i.Corrections {
		if _, err := tx.ExecContext(ctx, `UPDATE corrections SET issue = $1 WHERE id = $2 AND issue = 0`, i.ID, c.ID); err != nil {
			return fmt.Errorf("corrections of issue %d: %w", i.ID, err)
		}
	}
	return nil
}

// vanish takes a story that was withdrawn out of the copies that wait and were
// never in doubt: they go out without it, or, when nothing else is in them or
// they are encrypted already, not at all. A copy that may have gone out keeps
// its bytes.
func vanish(ctx context.Context, tx *sql.Tx, story *news.Story, now time.Time) error {
	rows, err := tx.QueryContext(ctx, `SELECT variant, language, format, stories FROM issue_variants WHERE issue = $1 ORDER BY variant`, story.Issue)
	type numbered struct {
		n int
		audience.Variant
	}
	all, err := collect(rows, err, func(row scanner) (v numbered, err error) {
		var stories string
		if err := row.Scan(&v.n, &v.Language, &v.Format, &stories); err != nil {
			return v, err
		}
		return v, fromJSON(stories, &v.Stories)
	})
	if err != nil {
		return fmt.Errorf("withdraw story %d: read variants: %w", story.ID, err)
	}
	if len(all) == 0 {
		return nil // its issue was never frozen: no copy holds it
	}
	next := all[len(all)-1].n + 1
	for _, v := range all {
		if !slices.Contains(v.Stories, story.ID) {
			continue
		}
		v.Stories = slices.DeleteFunc(v.Stories, func(id news.StoryID) bool { return id == story.ID })
		const waiting = ` WHERE issue = $2 AND variant = $3 AND state = $4 AND fence = 0 AND uncertain = 0`
		gone := ``
		if len(v.Stories) > 0 {
			_, err := tx.ExecContext(ctx, `INSERT INTO issue_variants (issue, variant, language, format, stories) VALUES ($1, $2, $3, $4, $5)`,
				story.Issue, next, v.Language, v.Format, toJSON(v.Stories))
			if err == nil {
				_, err = tx.ExecContext(ctx, `UPDATE copies SET variant = $1`+waiting+` AND cover <> $5`, next, story.Issue, v.n, audience.Waiting, audience.CoverSealed)
			}
			if err != nil {
				return fmt.Errorf("withdraw story %d from copies that wait: %w", story.ID, err)
			}
			next++
			gone = ` AND cover = '` + string(audience.CoverSealed) + `'`
		}
		_, err := tx.ExecContext(ctx, `UPDATE copies SET state = '`+string(audience.Withdrawn)+`', next_try = 0, settled = $1`+waiting+gone,
			ms(now), story.Issue, v.n, audience.Waiting)
		if err != nil {
			return fmt.Errorf("withdraw story %d from copies that wait: %w", story.ID, err)
		}
	}
	return nil
}
