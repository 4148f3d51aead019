package curate

import (
	"context"
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// Correct changes the texts of a story that was published, and says what was
// wrong: its page says so at once, the next issue to its readers. seen is the
// revision the curator read. The error wraps news.ErrConflict while no issue
// brought the story.
func (d *Desk) Correct(ctx context.Context, who string, id news.StoryID, seen int64, a news.Approval, text string) error {
	story, err := d.store.Story(ctx, id)
	if err != nil {
		return err
	}
	c, err := news.NewCorrection(id, story.Language, text, who, d.now())
	if err != nil {
		return err
	}
	return d.store.Correct(ctx, c, d.decision(who, "correct", c.Text), func(s *news.Story, in *news.Issue) error {
		if !s.Public(in.IsFrozen(), d.now()) {
			return fmt.Errorf("correct story %d: no issue brought it yet, save it instead: %w", s.ID, news.ErrConflict)
		}
		if err := s.Unchanged(seen); err != nil {
			return err
		}
		return s.Edit(a, who, d.now())
	})
}

// Corrections are what was put right in a story, the oldest first.
func (d *Desk) Corrections(ctx context.Context, id news.StoryID) ([]news.Correction, error) {
	return d.store.StoryCorrections(ctx, id)
}
