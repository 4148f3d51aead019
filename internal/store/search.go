package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/ifhhro/rightsdesk/internal/analyze"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// maxSearched bounds how much of one item's text is searched, in bytes.
const maxSearched = 32 << 10

// indexStory writes what a story is found by in a search. It must be called
// again when an item joins or leaves the story.
func indexStory(ctx context.Context, tx *sql.Tx, s *news.Story) error {
	terms := analyze.Terms(strings.Join([]string{s.Headline, s.Summary, s.Commentary, s.SourceName}, "\n"), s.Language)
	for _, t := range s.Texts {
		terms = append(terms, analyze.Terms(t.Headline+"\n"+t.Summary+"\n"+t.Commentary, t.Language)...)
	}
	items, err := itemsWhere(ctx, tx, `WHERE story = $1 AND current = 1`, s.ID)
	if err != nil {
		return err
	}
	for _, it := range items {
		text := it.Title + "\n" + it.Text
		terms = append(terms, analyze.Terms(text[:min(len(text), maxSearched)], it.Language)...)
	}
	slices.Sort(terms)
	facets := append(s.Facets(), "state:"+string(s.State))
	if _, err := tx.ExecContext(ctx, `DELETE FROM story_search WHERE rowid = $1`, s.ID); err != nil {
		return fmt.Errorf("index story %d: %w", s.ID, err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO story_search (rowid, terms, facets) VALUES ($1, $2, $3)`,
		s.ID, strings.Join(slices.Compact(terms), " "), strings.Join(facets, " "))
	if err != nil {
		return fmt.Errorf("index story %d: %w", s.ID, err)
	}
	return nil
}

// found lists the stories that hold all words of the filter's query, the last
// stored first.
func (s *Store) found(ctx context.Context, f news.Filter, state news.StoryState) ([]news.Story, error) {
	match := matching(f, state)
	if match == "" {
		return nil, nil
	}
	below := int64(math.MaxInt64)
	if f.After.Story != 0 {
		below = int64(f.After.Story)
	}
	rows, err := s.r.QueryContext(ctx, `SELECT rowid FROM story_search WHERE story_search MATCH $1 AND rowid < $2
		ORDER BY rowid DESC LIMIT $3`, match, below, f.Size())
	ids, err := collect(rows, err, func(row scanner) (id news.StoryID, err error) {
		err = row.Scan(&id)
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("search stories: %w", err)
	}
	var out []news.Story
	for _, id := range ids {
		story, err := storyByID(ctx, s.r, id)
		if err != nil {
			return nil, err
		}
		out = append(out, story)
	}
	return out, nil
}

// matching is a filter in FTS5's own words; empty when it asks for no word.
func matching(f news.Filter, state news.StoryState) string {
	var all []string
	for _, group := range analyze.Query(f.Query, f.Language) {
		var any []string
		for _, term := range group {
			if strings.IndexFunc(term, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) >= 0 {
				any = append(any, quoted(term))
			}
		}
		if len(any) > 0 {
			all = append(all, "{terms} : ("+strings.Join(any, " OR ")+")")
		}
	}
	if len(all) == 0 {
		return ""
	}
	for _, facet := range append(f.Facets(), "state:"+string(state)) {
		all = append(all, "{facets} : "+quoted(facet))
	}
	return strings.Join(all, " AND ")
}

// quoted is one term as FTS5 reads a string.
func quoted(term string) string { return `"` + strings.ReplaceAll(term, `"`, ``) + `"` }
