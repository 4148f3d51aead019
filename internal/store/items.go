package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// itemColumns are read by scanItem, in this order, from items.
const itemColumns = `id, source, story, why, key, replaces, digest, canonical, fingerprint, url, title, text, language, published, seen, rest`

func scanItem(row scanner) (news.Item, error) {
	var it, col news.Item
	var published, seen int64
	var rest string
	err := row.Scan(&col.ID, &col.Source, &col.Story, &col.Why, &col.Key, &col.Replaces, &col.Digest, &col.Canonical, &col.Fingerprint,
		&col.URL, &col.Title, &col.Text, &col.Language, &published, &seen, &rest)
	if err != nil {
		return it, err
	}
	if err := fromJSON(rest, &it); err != nil {
		return it, fmt.Errorf("item %d: %w", col.ID, err)
	}
	it.ID, it.Source, it.Story, it.Why, it.Key, it.Replaces, it.Digest = col.ID, col.Source, col.Story, col.Why, col.Key, col.Replaces, col.Digest
	it.Canonical, it.Fingerprint, it.URL, it.Title, it.Text, it.Language = col.Canonical, col.Fingerprint, col.URL, col.Title, col.Text, col.Language
	it.Published.Time, it.Seen = at(published), at(seen)
	return it, nil
}

// itemRest is what of an item has no column, as it is stored.
func itemRest(it news.Item) string {
	it.ID, it.Source, it.Story, it.Why, it.Key, it.Replaces, it.Digest = 0, 0, 0, "", "", 0, ""
	it.Canonical, it.Fingerprint, it.URL, it.Title, it.Text, it.Language = "", "", "", "", "", ""
	return toJSON(it)
}

func itemsWhere(ctx context.Context, q querier, where string, args ...any) ([]news.Item, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+itemColumns+` FROM items `+where, args...)
	items, err := collect(rows, err, scanItem)
	if err != nil {
		return nil, fmt.Errorf("read items: %w", err)
	}
	return items, nil
}

// StoryItems reads the items that tell a story in their current versions, the
// oldest first.
func (s *Store) StoryItems(ctx context.Context, id news.StoryID) ([]news.Item, error) {
	return itemsWhere(ctx, s.r, `WHERE story = $1 AND current = 1 ORDER BY seen, id`, id)
}

// StoryVersions reads what the items of a story said before their publishers
// changed them, the oldest first.
func (s *Store) StoryVersions(ctx context.Context, id news.StoryID) ([]news.Item, error) {
	return itemsWhere(ctx, s.r, `WHERE story = $1 AND current = 0 ORDER BY id`, id)
}

// storeItems keeps what is new of a document: an item with a key never seen,
// or another version of one we have. Both stay unplaced.
func storeItems(ctx context.Context, tx *sql.Tx, src news.SourceID, items []news.Item) (news.Arrivals, error) {
	a := news.Arrivals{Seen: len(items)}
	for i := range items {
		it := &items[i]
		it.Source = src
		var digest string
		err := tx.QueryRowContext(ctx, `SELECT id, digest FROM items WHERE source = $1 AND key = $2 AND current = 1`, src, it.Key).
			Scan(&it.Replaces, &digest)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			a.New++
		case err != nil:
			return a, fmt.Errorf("look for item %q: %w", it.Key, err)
		case digest == it.Digest:
			continue
		default:
			a.Changed++
			if _, err := tx.ExecContext(ctx, `UPDATE items SET current = 0 WHERE id = $1`, it.Replaces); err != nil {
				return a, fmt.Errorf("replace item %d: %w", it.Replaces, err)
			}
		}
		if err := insertItem(ctx, tx, it); err != nil {
			return a, err
		}
	}
	return a, nil
}

func insertItem(ctx context.Context, tx *sql.Tx, it *news.Item) error {
	err := tx.QueryRowContext(ctx, `
		INSERT INTO items (source, key, replaces, digest, canonical, fingerprint, url, title, text, language, published, seen, rest)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING id`,
		it.Source, it.Key, it.Replaces, it.Digest, it.Canonical, it.Fingerprint, it.URL, it.Title, it.Text, it.Language,
		ms(it.Published.Time), ms(it.Seen), itemRest(*it)).Scan(&it.ID)
	if err != nil {
		return fmt.Errorf("store item %q: %w", it.Key, err)
	}
	return nil
}

// Unplaced lists items that stand in no story yet, the oldest first.
func (s *Store) Unplaced(ctx context.Context, limit int) ([]news.Item, error) {
	return itemsWhere(ctx, s.r, `WHERE story = 0 AND current = 1 ORDER BY id LIMIT $1`, limit)
}

// maxKin bounds how many items of one page or text are looked at: a page that
// everything points to says nothing.
const maxKin = 20

// PlaceItem puts an unplaced item into a story in one step that no other
// placing overlaps. decide is given what could tell the same story and what it
// needs to choose; it returns an error wrapping news.ErrConflict when the item
// was placed or replaced meanwhile.
func (s *Store) PlaceItem(ctx context.Context, id news.ItemID, decide func(news.Kin) (news.Placement, error)) (news.Placement, error) {
	var placed news.Placement
	err := s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE turns SET n = n + 1 WHERE name = 'placing'`); err != nil {
			return fmt.Errorf("wait to place item %d: %w", id, err)
		}
		kin, err := kinOf(ctx, tx, id)
		if err != nil {
			return err
		}
		if placed, err = decide(kin); err != nil {
			return err
		}
		if err := savePlacement(ctx, tx, &placed); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE items SET story = $1, why = $2 WHERE id = $3`, placed.Story.ID, placed.Why, id)
		if err != nil {
			return fmt.Errorf("place item %d: %w", id, err)
		}
		told, err := storyByID(ctx, tx, placed.Story.ID)
		if err != nil {
			return err
		}
		return indexStory(ctx, tx, &told)
	})
	return placed, err
}

func kinOf(ctx context.Context, tx *sql.Tx, id news.ItemID) (news.Kin, error) {
	var kin news.Kin
	items, err := itemsWhere(ctx, tx, `WHERE id = $1 AND story = 0 AND current = 1`, id)
	if err != nil {
		return kin, err
	}
	if len(items) == 0 {
		return kin, fmt.Errorf("place item %d: it is placed or replaced: %w", id, news.ErrConflict)
	}
	kin.Item = items[0]
	if kin.Before, err = placedBefore(ctx, tx, kin.Item.Replaces); err != nil {
		return kin, err
	}
	if kin.Before != nil {
		kin.Told, err = storyByID(ctx, tx, kin.Before.Story)
		return kin, err
	}
	for _, column := range []struct{ name, value string }{{"canonical", kin.Item.Canonical}, {"fingerprint", kin.Item.Fingerprint}} {
		if column.value == "" {
			continue
		}
		twins, err := itemsWhere(ctx, tx, `WHERE `+column.name+` = $1 AND `+column.name+` <> '' AND story <> 0 ORDER BY id LIMIT $2`, column.value, maxKin)
		if err != nil {
			return kin, err
		}
		kin.Twins = append(kin.Twins, twins...)
	}
	return kin, nil
}

// placedBefore finds the last version of an item that stands in a story; nil
// when there is none.
func placedBefore(ctx context.Context, tx *sql.Tx, id news.ItemID) (*news.Item, error) {
	for id != 0 {
		items, err := itemsWhere(ctx, tx, `WHERE id = $1`, id)
		if err != nil || len(items) == 0 {
			return nil, err
		}
		if items[0].Story != 0 {
			return &items[0], nil
		}
		id = items[0].Replaces
	}
	return nil, nil
}

// savePlacement stores the story of a placement where it is new or changed.
func savePlacement(ctx context.Context, tx *sql.Tx, p *news.Placement) error {
	switch {
	case p.Story.ID == 0:
		return insertStory(ctx, tx, &p.Story)
	case p.Changed:
		return saveStory(ctx, tx, &p.Story, "")
	}
	return nil
}
