package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// storyColumns are read by scanStory, in this order, from stories s.
const storyColumns = `s.id, s.state, s.revision, s.slug, s.language, s.headline, s.summary, s.commentary, s.signed, s.texts,
	s.link, s.source, s.published, s.kind, s.for_all, s.countries, s.deadline, s.facts, s.reason, s.decided_by, s.decided_at,
	s.approved_at, s.issue, s.created, s.updated, s.merged_into, s.begun_by,
	s.quotes, s.further, s.assigned, s.embargo, s.names_checked,
	COALESCE((SELECT name FROM sources WHERE sources.id = s.source), ''),
	(SELECT COUNT(*) FROM items WHERE items.story = s.id AND items.current = 1)`

func scanStory(row scanner) (news.Story, error) {
	var s news.Story
	var texts, countries, facts, quotes, further string
	var published, decided, approved, created, updated, embargo int64
	err := row.Scan(&s.ID, &s.State, &s.Revision, &s.Slug, &s.Language, &s.Headline, &s.Summary, &s.Commentary, &s.By, &texts,
		&s.Link, &s.SourceID, &published, &s.Kind, &s.ForAll, &countries, &s.Deadline, &facts, &s.Reason, &s.DecidedBy, &decided,
		&approved, &s.Issue, &created, &updated, &s.Into, &s.BegunBy,
		&quotes, &further, &s.Assigned, &embargo, &s.NamesChecked, &s.SourceName, &s.Items)
	if err != nil {
		return s, err
	}
	s.Published, s.DecidedAt, s.ApprovedAt, s.Created, s.Updated, s.Embargo = at(published), at(decided), at(approved), at(created), at(updated), at(embargo)
	for _, f := range []struct {
		text string
		into any
	}{{texts, &s.Texts}, {countries, &s.Countries}, {facts, &s.Facts}, {quotes, &s.Quotes}, {further, &s.Further}} {
		if err := fromJSON(f.text, f.into); err != nil {
			return s, fmt.Errorf("story %d: %w", s.ID, err)
		}
	}
	return s, nil
}

// storiesWhere reads stories with their topics. where may use $1 and on, and
// ends the statement (ORDER BY, LIMIT).
func storiesWhere(ctx context.Context, q querier, where string, args ...any) ([]news.Story, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+storyColumns+` FROM stories s `+where, args...)
	stories, err := collect(rows, err, scanStory)
	if err != nil {
		return nil, fmt.Errorf("read stories: %w", err)
	}
	return stories, withTopics(ctx, q, stories)
}

// withTopics reads the topics of stories, a hundred stories at a time.
func withTopics(ctx context.Context, q querier, stories []news.Story) error {
	at := map[news.StoryID]*news.Story{}
	for i := range stories {
		at[stories[i].ID] = &stories[i]
	}
	for part := range slices.Chunk(stories, 100) {
		marks, args := make([]string, len(part)), make([]any, len(part))
		for i, s := range part {
			marks[i], args[i] = fmt.Sprintf("$%d", i+1), s.ID
		}
		rows, err := q.QueryContext(ctx, `SELECT story, topic FROM story_topics WHERE story IN (`+strings.Join(marks, ", ")+`) ORDER BY story, position`, args...)
		_, err = collect(rows, err, func(row scanner) (none struct{}, err error) {
			var id news.StoryID
			var slug news.Slug
			if err := row.Scan(&id, &slug); err != nil {
				return none, err
			}
			at[id].Topics = append(at[id].Topics, slug)
			return none, nil
		})
		if err != nil {
			return fmt.Errorf("read topics of stories: %w", err)
		}
	}
	return nil
}

func storyByID(ctx context.Context, q querier, id news.StoryID) (news.Story, error) {
	stories, err := storiesWhere(ctx, q, `WHERE s.id = $1`, id)
	if err != nil {
		return news.Story{}, err
	}
	if len(stories) == 0 {
		return news.Story{}, fmt.Errorf("story %d: %w", id, news.ErrNotFound)
	}
	return stories[0], nil
}

// Story reads one story.
func (s *Store) Story(ctx context.Context, id news.StoryID) (news.Story, error) {
	return storyByID(ctx, s.r, id)
}

// insertStory stores a new story with its topics and sets its ID.
func insertStory(ctx context.Context, tx *sql.Tx, s *news.Story) error {
	if s.Revision == 0 {
		s.Revision = 1
	}
	err := tx.QueryRowContext(ctx, `
		INSERT INTO stories (state, revision, slug, language, headline, summary, commentary, signed, texts, link, source, published,
			kind, for_all, countries, deadline, facts, reason, decided_by, decided_at, approved_at, issue, created, updated,
			merged_into, begun_by, quotes, further, assigned, embargo, names_checked)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)
		RETURNING id`, storyValues(s)...).Scan(&s.ID)
	if err != nil {
		return fmt.Errorf("store story: %w", err)
	}
	return saveTopics(ctx, tx, s)
}

// saveStory writes a changed story with its topics. who changed it, and so
// cannot alone approve the issue that holds it.
func saveStory(ctx context.Context, tx *sql.Tx, s *news.Story, who string) error {
	var was int64
	if err := tx.QueryRowContext(ctx, `SELECT revision FROM stories WHERE id = $1`, s.ID).Scan(&was); err != nil {
		return notFound(err, "save story %d", s.ID)
	}
	if s.Issue != 0 && s.Revision != was {
		if err := voidApproval(ctx, tx, s.Issue, who); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `
		UPDATE stories SET state = $1, revision = $2, slug = $3, language = $4, headline = $5, summary = $6, commentary = $7,
			signed = $8, texts = $9, link = $10, source = $11, published = $12, kind = $13, for_all = $14, countries = $15,
			deadline = $16, facts = $17, reason = $18, decided_by = $19, decided_at = $20, approved_at = $21, issue = $22,
			created = $23, updated = $24, merged_into = $25, begun_by = $26, quotes = $27, further = $28, assigned = $29, embargo = $30,
			names_checked = $31
		WHERE id = $32`, append(storyValues(s), s.ID)...)
	if err != nil {
		return fmt.Errorf("save story %d: %w", s.ID, err)
	}
	return saveTopics(ctx, tx, s)
}

func storyValues(s *news.Story) []any {
	return []any{s.State, s.Revision, s.Slug, s.Language, s.Headline, s.Summary, s.Commentary, s.By, toJSON(s.Texts), s.Link,
		s.SourceID, ms(s.Published), s.Kind, bit(s.ForAll), toJSON(s.Countries), s.Deadline, toJSON(s.Facts), s.Reason,
		s.DecidedBy, ms(s.DecidedAt), ms(s.ApprovedAt), s.Issue, ms(s.Created), ms(s.Updated), s.Into, s.BegunBy,
		toJSON(s.Quotes), toJSON(s.Further), s.Assigned, ms(s.Embargo), bit(s.NamesChecked)}
}

// saveTopics writes what a story is found by: its topics in their order, and
// its facets.
func saveTopics(ctx context.Context, tx *sql.Tx, s *news.Story) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM story_topics WHERE story = $1`, s.ID); err != nil {
		return fmt.Errorf("save topics of story %d: %w", s.ID, err)
	}
	for i, topic := range s.Topics {
		if _, err := tx.ExecContext(ctx, `INSERT INTO story_topics (story, topic, position) VALUES ($1, $2, $3)`, s.ID, topic, i); err != nil {
			return fmt.Errorf("save topics of story %d: %w", s.ID, err)
		}
	}
	if err := saveFacets(ctx, tx, s); err != nil {
		return err
	}
	return indexStory(ctx, tx, s)
}

func saveFacets(ctx context.Context, tx *sql.Tx, s *news.Story) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM story_facets WHERE story = $1`, s.ID); err != nil {
		return fmt.Errorf("save facets of story %d: %w", s.ID, err)
	}
	for _, facet := range s.Facets() {
		_, err := tx.ExecContext(ctx, `INSERT INTO story_facets (facet, state, published, story) VALUES ($1, $2, $3, $4)
			ON CONFLICT DO NOTHING`, facet, s.State, ms(s.Published), s.ID)
		if err != nil {
			return fmt.Errorf("save facets of story %d: %w", s.ID, err)
		}
	}
	return nil
}

// UpdateStory reads a story, lets change act on it and writes it back with a
// line in its history, all in one step. what, who and reason go into the
// history; an error of change leaves everything as it was.
func (s *Store) UpdateStory(ctx context.Context, id news.StoryID, d news.Decision, change func(*news.Story) error) error {
	return s.write(ctx, func(tx *sql.Tx) error { return updateStory(ctx, tx, id, d, change) })
}

func updateStory(ctx context.Context, tx *sql.Tx, id news.StoryID, d news.Decision, change func(*news.Story) error) error {
	story, err := storyByID(ctx, tx, id)
	if err != nil {
		return err
	}
	before := toJSON(story)
	if err := change(&story); err != nil {
		return err
	}
	if err := saveStory(ctx, tx, &story, d.Who); err != nil {
		return err
	}
	d.Story = id
	_, err = insertDecision(ctx, tx, d, before, nil)
	return err
}

// insertDecision writes one line of a story's history with the story as it
// stood before and the items that moved.
func insertDecision(ctx context.Context, tx *sql.Tx, d news.Decision, before string, moved []news.ItemID) (id int64, err error) {
	if moved == nil {
		moved = []news.ItemID{}
	}
	err = tx.QueryRowContext(ctx, `
		INSERT INTO decisions (story, at, who, what, reason, before, batch, other, moved)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
		d.Story, ms(d.At), d.Who, d.What, d.Reason, before, d.Batch, d.Other, toJSON(moved)).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("record decision on story %d: %w", d.Story, err)
	}
	return id, nil
}
