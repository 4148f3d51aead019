package store

import (
	"context"
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
