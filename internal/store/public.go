package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// public is true of the stories that may be seen outside the desk: approved,
// in an issue whose text is frozen.
const public = `s.state = 'approved' AND s.issue <> 0 AND s.issue IN (SELECT id FROM issues WHERE frozen <> 0)`

// PublicStories lists what the public may see, the story approved last first.
// Of the filter it looks at topic, source, language, country, place and size;
// a place's time is that of the approval.
func (s *Store) PublicStories(ctx context.Context, f news.Filter) ([]news.Story, error) {
	at, id := int64(math.MaxInt64), int64(math.MaxInt64)
	if f.After != (news.Place{}) {
		at, id = ms(f.After.At), int64(f.After.Story)
	}
	where := `WHERE ` + public + ` AND s.approved_at <> 0 AND (s.approved_at, s.id) < ($1, $2)`
	args := []any{at, id, f.Size(), ms(s.now())}
	where += ` AND s.embargo <= $4`
	for _, facet := range f.Facets() {
		args = append(args, facet)
		where += fmt.Sprintf(` AND EXISTS (SELECT 1 FROM story_facets f WHERE f.story = s.id AND f.facet = $%d)`, len(args))
	}
	return storiesWhere(ctx, s.r, where+` ORDER BY s.approved_at DESC, s.id DESC LIMIT $3`, args...)
}

// PublicStory finds a story by its public name, and the issue that brought it.
// One that was withdrawn is found, too, in that state: its page says so.
func (s *Store) PublicStory(ctx context.Context, name string) (news.Story, news.Issue, error) {
	missing := fmt.Errorf("story %q: %w", name, news.ErrNotFound)
	if len(name) < len(time.DateOnly)+2 || name[len(time.DateOnly)] != '-' {
		return news.Story{}, news.Issue{}, missing
	}
	day, err := time.Parse(time.DateOnly, name[:len(time.DateOnly)])
	if err != nil {
		return news.Story{}, news.Issue{}, missing
	}
	stories, err := storiesWhere(ctx, s.r, `WHERE s.approved_at >= $1 AND s.approved_at < $2 AND s.slug = $3
		AND s.embargo <= $4 AND s.state IN ('approved', 'withdrawn') AND s.issue IN (SELECT id FROM issues WHERE frozen <> 0)`,
		ms(day), ms(day.AddDate(0, 0, 1)), name[len(time.DateOnly)+1:], ms(s.now()))
	if err != nil {
		return news.Story{}, news.Issue{}, err
	}
	if len(stories) == 0 {
		return news.Story{}, news.Issue{}, missing
	}
	i, err := issueByID(ctx, s.r, stories[0].Issue)
	return stories[0], i, err
}

// PublicTopics counts the public stories of each topic.
func (s *Store) PublicTopics(ctx context.Context) (map[news.Slug]int, error) {
	rows, err := s.r.QueryContext(ctx, `SELECT t.topic, COUNT(*) FROM stories s JOIN story_topics t ON t.story = s.id
		WHERE s.approved_at <> 0 AND s.embargo <= $1 AND `+public+` GROUP BY t.topic`, ms(s.now()))
	out := map[news.Slug]int{}
	_, err = collect(rows, err, func(row scanner) (none struct{}, err error) {
		var slug news.Slug
		var n int
		err = row.Scan(&slug, &n)
		out[slug] = n
		return none, err
	})
	if err != nil {
		return nil, fmt.Errorf("count topics: %w", err)
	}
	return out, nil
}
