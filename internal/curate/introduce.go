package curate

import (
	"context"
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

// Introductions lists what the topics' pages say before their stories.
func (d *Desk) Introductions(ctx context.Context) ([]news.Introduction, error) {
	return d.store.Introductions(ctx)
}

// IntroductionHistory lists what was written of a topic in a language, latest
// first.
func (d *Desk) IntroductionHistory(ctx context.Context, topic news.Slug, language string) ([]news.Introduction, error) {
	return d.store.IntroductionHistory(ctx, topic, language)
}

// Introduce puts an introduction on a topic's page at once, or takes it off
// where i says nothing. seen is the one its writer began from, 0 for none; the
// error wraps news.ErrConflict when another is in force by now.
func (d *Desk) Introduce(ctx context.Context, i news.Introduction, seen int64) error {
	i, err := news.NewIntroduction(i, d.now())
	if err != nil {
		return err
	}
	how := "written"
	switch {
	case i.Text == "":
		how = "taken off the page"
	case i.Author != "":
		how = "written, signed " + i.Author
	}
	return d.store.Introduce(ctx, i, seen, introductionLine(i, "introduce topic", i.EditedBy, how, i.At))
}

// UndoIntroduction takes back the edit in force.
func (d *Desk) UndoIntroduction(ctx context.Context, who string, edit int64) error {
	return d.store.UndoIntroduction(ctx, edit, who, func(i news.Introduction) staff.AuditEntry {
		return introductionLine(i, "undo introduction", who, fmt.Sprintf("edit %d of %s", i.ID, i.EditedBy), d.now())
	})
}

func introductionLine(i news.Introduction, what, who, detail string, at time.Time) staff.AuditEntry {
	return staff.AuditEntry{At: at, Who: who, What: what, Subject: fmt.Sprintf("topic %s %s", i.Topic, i.Language), Detail: detail}
}
