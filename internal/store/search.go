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

// maxTerm is the longest term a tsvector takes, in bytes.
const maxTerm = 2046

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
	terms = slices.DeleteFunc(terms, func(t string) bool { return len(t) > maxTerm })
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
	asked := asking(f)
	if len(asked) == 0 {
		return nil, nil
	}
	facets := append(f.Facets(), "state:"+string(state))
	below := int64(math.MaxInt64)
	if f.After.Story != 0 {
		below = int64(f.After.Story)
	}
	query, args := `SELECT rowid FROM story_search WHERE story_search MATCH $1 AND rowid < $2`, []any{fts5(asked, facets), below}
	if s.pg {
		query = `SELECT rowid FROM story_search WHERE term_words @@ $1::tsquery AND facet_words @@ $2::tsquery AND rowid < $3`
		args = []any{tsquery(asked), joined(facets, " & ", lexeme), below}
	}
	if f.Open {
		query += openOnly("story_search.rowid", len(args)+1)
		args = append(args, ms(s.now()), f.Own)
	}
	args = append(args, f.Size())
	query += fmt.Sprintf(` ORDER BY rowid DESC LIMIT $%d`, len(args))
	rows, err := s.r.QueryContext(ctx, query, args...)
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

// asking is what a filter's query asks for: of each group one term must be
// there.
func asking(f news.Filter) [][]string {
	var all [][]string
	for _, group := range analyze.Query(f.Query, f.Language) {
		var words []string
		for _, term := range group {
			if len(term) <= maxTerm && strings.IndexFunc(term, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) >= 0 {
				words = append(words, term)
			}
		}
		if len(words) > 0 {
			all = append(all, words)
		}
	}
	return all
}

// fts5 is a search in FTS5's own words.
func fts5(asked [][]string, facets []string) string {
	var all []string
	for _, words := range asked {
		all = append(all, "{terms} : ("+joined(words, " OR ", quoted)+")")
	}
	all = append(all, "{facets} : ("+joined(facets, " AND ", quoted)+")")
	return strings.Join(all, " AND ")
}

// tsquery is what is asked for in PostgreSQL's words.
func tsquery(asked [][]string) string {
	var all []string
	for _, words := range asked {
		all = append(all, "("+joined(words, " | ", lexeme)+")")
	}
	return strings.Join(all, " & ")
}

func joined(words []string, with string, as func(string) string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = as(w)
	}
	return strings.Join(out, with)
}

// quoted is one term as FTS5 reads a string.
func quoted(term string) string { return `"` + strings.ReplaceAll(term, `"`, ``) + `"` }

// lexeme is one term as a tsquery reads it.
func lexeme(term string) string {
	return "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(term) + "'"
}
