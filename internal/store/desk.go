package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// Queue lists the stories a filter chooses, newest first. The walk begins at
// the filter's place and stops after its size, along an index: it costs the
// same with a thousand stories stored and with a million. A filter with words
// to search for lists the story stored last first.
func (s *Store) Queue(ctx context.Context, f news.Filter) ([]news.Story, error) {
	state := f.State
	if state == "" {
		state = news.StoryQueued
	}
	if f.Query != "" {
		return s.found(ctx, f, state)
	}
	at, id := int64(math.MaxInt64), int64(math.MaxInt64)
	if f.After != (news.Place{}) {
		at, id = ms(f.After.At), int64(f.After.Story)
	}
	facets := f.Facets()
	args := []any{state, at, id, f.Size()}
	if len(facets) == 0 {
		open := ""
		if f.Open {
			open, args = ` AND (s.embargo <= $5 OR $6 <> '' AND (s.begun_by = $6 OR s.assigned = $6))`, append(args, ms(s.now()), f.Own)
		}
		return storiesWhere(ctx, s.r, `WHERE s.state = $1 AND (s.published, s.id) < ($2, $3)`+open+`
			ORDER BY s.published DESC, s.id DESC LIMIT $4`, args...)
	}
	args = append(args, facets[0])
	var also strings.Builder
	if f.Open {
		args = append(args, ms(s.now()), f.Own)
		also.WriteString(openOnly("f.story", 6))
	}
	for _, facet := range facets[1:] {
		args = append(args, facet)
		fmt.Fprintf(&also, ` AND EXISTS (SELECT 1 FROM story_facets g WHERE g.story = f.story AND g.facet = $%d)`, len(args))
	}
	return storiesWhere(ctx, s.r, `JOIN (
		SELECT f.story, f.published FROM story_facets f
		 WHERE f.facet = $5 AND f.state = $1 AND (f.published, f.story) < ($2, $3)`+also.String()+`
		 ORDER BY f.published DESC, f.story DESC LIMIT $4) found ON found.story = s.id
		ORDER BY found.published DESC, found.story DESC`, args...)
}

// openOnly is true of the stories that no embargo keeps back, or that an
// account began or looks after; its parameters are the time and the account,
// beginning at number n.
func openOnly(story string, n int) string {
	return fmt.Sprintf(` AND EXISTS (SELECT 1 FROM stories o WHERE o.id = %s AND (o.embargo <= $%d OR $%d <> '' AND (o.begun_by = $%d OR o.assigned = $%d)))`, story, n, n+1, n+1, n+1)
}

// Where counting stops: the desk says "more than a thousand" stories of a
// state, and "a hundred or more" with a facet.
const (
	CountCap = 1000
	FacetCap = 100
)

// QueueCounts counts the stories of each state, up to CountCap.
func (s *Store) QueueCounts(ctx context.Context) (map[news.StoryState]int, error) {
	out := map[news.StoryState]int{}
	for _, state := range news.StoryStates() {
		var n int
		err := s.r.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM stories WHERE state = $1 LIMIT $2) AS capped`, state, CountCap).Scan(&n)
		if err != nil {
			return nil, fmt.Errorf("count %s stories: %w", state, err)
		}
		out[state] = n
	}
	return out, nil
}

// FreeCount counts the approved stories that no issue holds yet and no embargo
// keeps back.
func (s *Store) FreeCount(ctx context.Context) (n int, err error) {
	err = s.r.QueryRowContext(ctx, `SELECT COUNT(*) FROM stories WHERE state = $1 AND issue = 0 AND embargo <= $2`, news.StoryApproved, ms(s.now())).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count free stories: %w", err)
	}
	return n, nil
}

// FacetCounts lists the facets of a state's stories with how many have each,
// up to FacetCap. It hops from facet to facet along the key.
func (s *Store) FacetCounts(ctx context.Context, state news.StoryState) (map[string]int, error) {
	rows, err := s.r.QueryContext(ctx, `
		WITH RECURSIVE names (facet) AS (
			SELECT MIN(facet) FROM story_facets
			UNION ALL
			SELECT (SELECT MIN(facet) FROM story_facets f WHERE f.facet > names.facet) FROM names WHERE names.facet IS NOT NULL)
		SELECT facet, (SELECT COUNT(*) FROM (SELECT 1 FROM story_facets g WHERE g.facet = names.facet AND g.state = $1 LIMIT $2) AS capped)
		  FROM names WHERE facet IS NOT NULL`, state, FacetCap)
	type count struct {
		facet string
		n     int
	}
	counts, err := collect(rows, err, func(row scanner) (c count, err error) {
		err = row.Scan(&c.facet, &c.n)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("count facets: %w", err)
	}
	out := map[string]int{}
	for _, c := range counts {
		if c.n > 0 {
			out[c.facet] = c.n
		}
	}
	return out, nil
}

// AddStory stores a story begun at the desk, with the first line of its
// history, and returns its id.
func (s *Store) AddStory(ctx context.Context, story news.Story, d news.Decision) (news.StoryID, error) {
	err := s.write(ctx, func(tx *sql.Tx) error {
		if err := insertStory(ctx, tx, &story); err != nil {
			return err
		}
		d.Story = story.ID
		_, err := insertDecision(ctx, tx, d, toJSON(story), nil)
		return err
	})
	return story.ID, err
}

// UpdateStories changes several stories in one step, as one decision that is
// undone in one go. A story that change refuses with news.ErrConflict stays as
// it is and is not among those returned; any other error leaves all as they
// were.
func (s *Store) UpdateStories(ctx context.Context, ids []news.StoryID, d news.Decision, change func(*news.Story) error) ([]news.StoryID, error) {
	var done []news.StoryID
	err := s.write(ctx, func(tx *sql.Tx) error {
		done = nil
		for _, id := range ids {
			story, err := storyByID(ctx, tx, id)
			if err != nil {
				return err
			}
			was, before := story, toJSON(story)
			if err := change(&story); errors.Is(err, news.ErrConflict) {
				continue
			} else if err != nil {
				return err
			}
			if err := uniqueName(ctx, tx, &story); err != nil {
				return err
			}
			if err := saveStory(ctx, tx, &story, d.Who); err != nil {
				return err
			}
			if was.State != story.State && story.State == news.StoryWithdrawn && story.Issue != 0 {
				if err := vanish(ctx, tx, &story, s.now()); err != nil {
					return err
				}
			}
			if err := tellOfStory(ctx, tx, &was, &story, d.Who, d.At); err != nil {
				return err
			}
			d.Story = id
			line, err := insertDecision(ctx, tx, d, before, nil)
			if err != nil {
				return err
			}
			if d.Batch == 0 {
				d.Batch = line
			}
			if news.Settles(d.What, &was, &story) {
				if err := settle(ctx, tx, line, &story); err != nil {
					return err
				}
			}
			done = append(done, id)
		}
		_, err := tx.ExecContext(ctx, `UPDATE decisions SET batch = $1 WHERE id = $1`, d.Batch)
		return err
	})
	return done, err
}

// uniqueName gives a story whose public name another has already the next
// free one: two headlines of a day may be the same.
func uniqueName(ctx context.Context, tx *sql.Tx, s *news.Story) error {
	if s.ApprovedAt.IsZero() {
		return nil
	}
	slug, day := s.Slug, s.ApprovedAt.Truncate(24*time.Hour)
	for n := 2; ; n++ {
		var taken int
		err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM stories WHERE approved_at >= $1 AND approved_at < $2 AND slug = $3 AND id <> $4`,
			ms(day), ms(day.AddDate(0, 0, 1)), s.Slug, s.ID).Scan(&taken)
		if err != nil {
			return fmt.Errorf("name story %d: %w", s.ID, err)
		}
		if taken == 0 {
			return nil
		}
		s.Slug = fmt.Sprintf("%s-%d", slug, n)
	}
}

const decisionColumns = `id, story, at, who, what, reason, batch, other, undone, undone_by`

func scanDecision(row scanner) (d news.Decision, err error) {
	var when int64
	err = row.Scan(&d.ID, &d.Story, &when, &d.Who, &d.What, &d.Reason, &d.Batch, &d.Other, &d.Undone, &d.UndoneBy)
	d.At = at(when)
	return d, err
}

// Decisions is the history of a story, oldest first, with what was merged
// into it and split off it.
func (s *Store) Decisions(ctx context.Context, story news.StoryID) ([]news.Decision, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT `+decisionColumns+` FROM decisions WHERE story = $1
		UNION SELECT `+decisionColumns+` FROM decisions WHERE other = $1 AND other <> 0 ORDER BY id`, story)
	out, err := collect(rows, err, scanDecision)
	if err != nil {
		return nil, fmt.Errorf("history of story %d: %w", story, err)
	}
	return out, nil
}

// LastDecision is the last thing an account decided that still stands.
func (s *Store) LastDecision(ctx context.Context, who string) (news.Decision, error) {
	d, err := scanDecision(s.r.QueryRowContext(ctx, `SELECT `+decisionColumns+` FROM decisions
		WHERE who = $1 AND undone = 0 AND what NOT IN ('begin', 'correct') ORDER BY id DESC LIMIT 1`, who))
	if err != nil {
		return d, notFound(err, "last decision of %s", who)
	}
	return d, nil
}

// A past decision with what is needed to take it back.
type past struct {
	news.Decision
	before news.Story
	moved  []news.ItemID
}

// Undo takes back a decision and those made in one go with it. undo says what
// the story becomes, given what it is and what it was. A decision that a later
// one builds on is refused with news.ErrConflict.
func (s *Store) Undo(ctx context.Context, decision int64, who string, undo func(now *news.Story, before news.Story) error) ([]news.StoryID, error) {
	var done []news.StoryID
	err := s.write(ctx, func(tx *sql.Tx) error {
		done = nil
		all, err := batchOf(ctx, tx, decision)
		if err != nil {
			return err
		}
		for _, p := range all {
			if err := undoOne(ctx, tx, p, who, undo); err != nil {
				return err
			}
			done = append(done, p.Story)
		}
		return nil
	})
	return done, err
}

// batchOf reads a decision and its batch, newest first.
func batchOf(ctx context.Context, tx *sql.Tx, decision int64) ([]past, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+decisionColumns+`, before, moved FROM decisions
		WHERE id = $1 OR (batch <> 0 AND batch = (SELECT batch FROM decisions WHERE id = $1)) ORDER BY id DESC`, decision)
	all, err := collect(rows, err, scanPast)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read decision %d: %w", decision, err)
	case len(all) == 0:
		return nil, fmt.Errorf("decision %d: %w", decision, news.ErrNotFound)
	}
	for _, p := range all {
		if p.Undone {
			return nil, fmt.Errorf("undo decision %d: it is undone already: %w", p.ID, news.ErrConflict)
		}
	}
	return all, nil
}

func scanPast(row scanner) (past, error) {
	var p past
	var when int64
	var before, moved string
	err := row.Scan(&p.ID, &p.Story, &when, &p.Who, &p.What, &p.Reason, &p.Batch, &p.Other, &p.Undone, &p.UndoneBy, &before, &moved)
	if err != nil {
		return p, err
	}
	p.At = at(when)
	return p, errors.Join(fromJSON(before, &p.before), fromJSON(moved, &p.moved))
}

func undoOne(ctx context.Context, tx *sql.Tx, p past, who string, undo func(now *news.Story, before news.Story) error) error {
	if err := p.Undoable(); err != nil {
		return err
	}
	var later int64
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM decisions WHERE story = $1 AND id > $2 AND undone = 0`, p.Story, p.ID).Scan(&later)
	if err != nil {
		return fmt.Errorf("undo decision %d: %w", p.ID, err)
	}
	if later > 0 {
		return fmt.Errorf("undo decision %d: something was decided about story %d since, undo that first: %w", p.ID, p.Story, news.ErrConflict)
	}
	story, err := storyByID(ctx, tx, p.Story)
	if err != nil {
		return err
	}
	was := story
	if err := undo(&story, p.before); err != nil {
		return err
	}
	if err := tellOfStory(ctx, tx, &was, &story, who, p.At); err != nil {
		return err
	}
	if err := moveItems(ctx, tx, p.moved, p.Story); err != nil {
		return err
	}
	if err := saveStory(ctx, tx, &story, who); err != nil {
		return err
	}
	if p.What == "split" {
		if err := emptySplit(ctx, tx, p, who); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE decisions SET undone = 1, undone_by = $1 WHERE id = $2`, who, p.ID); err != nil {
		return fmt.Errorf("undo decision %d: %w", p.ID, err)
	}
	return teach(ctx, tx)
}

// emptySplit closes the story that a split made, once its item went back.
func emptySplit(ctx context.Context, tx *sql.Tx, p past, who string) error {
	came, err := storyByID(ctx, tx, p.Other)
	if err != nil {
		return err
	}
	home, err := storyByID(ctx, tx, p.Story)
	if err != nil {
		return err
	}
	if err := home.Absorb(&came, who, p.At); err != nil {
		return fmt.Errorf("undo decision %d: %w", p.ID, err)
	}
	return saveStory(ctx, tx, &came, who)
}

func moveItems(ctx context.Context, tx *sql.Tx, items []news.ItemID, to news.StoryID) error {
	for _, item := range items {
		if _, err := tx.ExecContext(ctx, `UPDATE items SET story = $1 WHERE id = $2`, to, item); err != nil {
			return fmt.Errorf("move item %d: %w", item, err)
		}
	}
	return nil
}

// Merge joins stories into one in one step. rule acts on the pair; the items
// of from, all versions of them, move.
func (s *Store) Merge(ctx context.Context, into news.StoryID, from []news.StoryID, d news.Decision, rule func(into, from *news.Story) error) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		home, err := storyByID(ctx, tx, into)
		if err != nil {
			return err
		}
		for _, id := range from {
			other, err := storyByID(ctx, tx, id)
			if err != nil {
				return err
			}
			was, before := other, toJSON(other)
			if err := rule(&home, &other); err != nil {
				return err
			}
			if err := tellOfStory(ctx, tx, &was, &other, d.Who, d.At); err != nil {
				return err
			}
			items, err := itemsOf(ctx, tx, id)
			if err != nil {
				return err
			}
			if err := moveItems(ctx, tx, items, into); err != nil {
				return err
			}
			if err := saveStory(ctx, tx, &other, d.Who); err != nil {
				return err
			}
			d.Story, d.Other = id, into
			line, err := insertDecision(ctx, tx, d, before, items)
			if err != nil {
				return err
			}
			if err := settle(ctx, tx, line, &other); err != nil {
				return err
			}
			if d.Batch == 0 {
				d.Batch = line
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE decisions SET batch = $1 WHERE id = $1`, d.Batch); err != nil {
			return fmt.Errorf("record merge: %w", err)
		}
		return saveStory(ctx, tx, &home, d.Who)
	})
}

func itemsOf(ctx context.Context, tx *sql.Tx, story news.StoryID) ([]news.ItemID, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id FROM items WHERE story = $1`, story)
	ids, err := collect(rows, err, func(row scanner) (id news.ItemID, err error) {
		err = row.Scan(&id)
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("items of story %d: %w", story, err)
	}
	return ids, nil
}

// Split takes one item, with its earlier versions, out of a story. rule makes
// the story it begins.
func (s *Store) Split(ctx context.Context, item news.ItemID, d news.Decision, rule func(from *news.Story, it news.Item) (news.Story, error)) (news.StoryID, error) {
	var next news.Story
	err := s.write(ctx, func(tx *sql.Tx) error {
		items, err := itemsWhere(ctx, tx, `WHERE id = $1 AND current = 1`, item)
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return fmt.Errorf("item %d: %w", item, news.ErrNotFound)
		}
		from, err := storyByID(ctx, tx, items[0].Story)
		if err != nil {
			return err
		}
		before := toJSON(from)
		if next, err = rule(&from, items[0]); err != nil {
			return err
		}
		if err := insertStory(ctx, tx, &next); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `UPDATE items SET story = $1 WHERE source = $2 AND key = $3 AND story = $4 RETURNING id`,
			next.ID, items[0].Source, items[0].Key, from.ID)
		moved, err := collect(rows, err, func(row scanner) (id news.ItemID, err error) {
			err = row.Scan(&id)
			return id, err
		})
		if err != nil {
			return fmt.Errorf("move item %d: %w", item, err)
		}
		if err := saveStory(ctx, tx, &from, d.Who); err != nil {
			return err
		}
		if err := indexStory(ctx, tx, &next); err != nil {
			return err
		}
		d.Story, d.Other = from.ID, next.ID
		_, err = insertDecision(ctx, tx, d, before, moved)
		return err
	})
	return next.ID, err
}
