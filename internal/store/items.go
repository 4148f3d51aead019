package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// itemColumns are read by scanItem, in this order, from items.
const itemColumns = `id, source, story, key, replaces, digest, canonical, url, title, text, language, published, seen, rest`

func scanItem(row scanner) (news.Item, error) {
	var it, col news.Item
	var published, seen int64
	var rest string
	err := row.Scan(&col.ID, &col.Source, &col.Story, &col.Key, &col.Replaces, &col.Digest, &col.Canonical, &col.URL, &col.Title, &col.Text,
		&col.Language, &published, &seen, &rest)
	if err != nil {
		return it, err
	}
	if err := fromJSON(rest, &it); err != nil {
		return it, fmt.Errorf("item %d: %w", col.ID, err)
	}
	it.ID, it.Source, it.Story, it.Key, it.Replaces, it.Digest = col.ID, col.Source, col.Story, col.Key, col.Replaces, col.Digest
	it.Canonical, it.URL, it.Title, it.Text, it.Language = col.Canonical, col.URL, col.Title, col.Text, col.Language
	it.Published.Time, it.Seen = at(published), at(seen)
	return it, nil
}

// itemRest is what of an item has no column, as it is stored.
func itemRest(it news.Item) string {
	it.ID, it.Source, it.Story, it.Key, it.Replaces, it.Digest = 0, 0, 0, "", 0, ""
	it.Canonical, it.URL, it.Title, it.Text, it.Language = "", "", "", "", ""
	return toJSON(it)
}

// StoryItems reads the items that tell a story in their current versions, the
// oldest first.
func (s *Store) StoryItems(ctx context.Context, id news.StoryID) ([]news.Item, error) {
	return itemsWhere(ctx, s.r, `WHERE story = $1 AND current = 1 ORDER BY seen, id`, id)
}

func itemsWhere(ctx context.Context, q querier, where string, args ...any) ([]news.Item, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+itemColumns+` FROM items `+where, args...)
	items, err := collect(rows, err, scanItem)
	if err != nil {
		return nil, fmt.Errorf("read items: %w", err)
	}
	return items, nil
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
		d.Story, d.Other = from.ID, next.ID
		_, err = insertDecision(ctx, tx, d, before, moved)
		return err
	})
	return next.ID, err
}
