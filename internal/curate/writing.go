package curate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ifhhro/rightsdesk/internal/dates"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
)

// Assign gives a story to somebody to look after, or back with "".
func (d *Desk) Assign(ctx context.Context, who string, id news.StoryID, to string) error {
	return d.one(ctx, id, d.decision(who, "assign", to), func(s *news.Story) error { return s.Assign(to, d.now()) })
}

// HoldUntil puts a story under embargo; the zero time lifts it.
func (d *Desk) HoldUntil(ctx context.Context, who string, id news.StoryID, until time.Time) error {
	reason := "lifted"
	if !until.IsZero() {
		reason = "until " + until.UTC().Format("2 January 2006, 15:04 UTC")
	}
	return d.one(ctx, id, d.decision(who, "embargo", reason), func(s *news.Story) error { return s.HoldUntil(until, d.now()) })
}

// Note says something to the other curators about a story, and tells those it
// concerns.
func (d *Desk) Note(ctx context.Context, who string, id news.StoryID, parent int64, text string) error {
	n, err := news.NewNote(id, parent, who, text, d.now())
	if err != nil {
		return err
	}
	return d.store.AddNote(ctx, n)
}

// Notes are what was said about a story, oldest first.
func (d *Desk) Notes(ctx context.Context, id news.StoryID) ([]news.Note, error) {
	return d.store.Notes(ctx, id)
}

// Notices are the notes that concern somebody and wait to be looked at.
func (d *Desk) Notices(ctx context.Context, who string) ([]news.Note, error) {
	return d.store.Notices(ctx, who)
}

// Noticed says that somebody has looked at a story's notes.
func (d *Desk) Noticed(ctx context.Context, who string, id news.StoryID) error {
	return d.store.Noticed(ctx, who, id)
}

// Keep keeps what somebody is typing.
func (d *Desk) Keep(ctx context.Context, who string, id news.StoryID, seen int64, fields map[string][]string) error {
	return d.store.SaveDraft(ctx, news.Draft{Story: id, Who: who, Revision: seen, Fields: fields, At: d.now()})
}

// Forget drops what somebody typed and did not save.
func (d *Desk) Forget(ctx context.Context, who string, id news.StoryID) error {
	return d.store.DropDraft(ctx, id, who)
}

// Drafts are what everybody is typing about a story, the latest first.
func (d *Desk) Drafts(ctx context.Context, id news.StoryID) ([]news.Draft, error) {
	return d.store.Drafts(ctx, id)
}

// A Warning is something a curator should look at before a story goes out.
type Warning struct {
	Words string // as they stand in the text
	Why   string
}

// Warnings are what in a story's words a weekly mail should not say as it is:
// days that mean another day when it arrives, quotations that stand in no
// item, and signs of private persons.
func (d *Desk) Warnings(s *news.Story, items []news.Item) []Warning {
	var out []Warning
	for _, t := range append([]news.StoryText{s.In(s.Language)}, s.Texts...) {
		for _, text := range []string{t.Summary, t.Commentary} {
			for _, piece := range prose.RawHTML(text) {
				out = append(out, Warning{piece, "is HTML, which is left out; write Markdown"})
			}
		}
		for _, text := range []string{t.Headline, t.Summary, t.Commentary} {
			for _, w := range relative(text, t.Language, d.now()) {
				if !slices.Contains(out, w) {
					out = append(out, w)
				}
			}
		}
	}
	for _, q := range s.Quotes {
		if !quoted(q, items) {
			out = append(out, Warning{q.Text, "this quotation does not stand so in any item of the story"})
		}
	}
	if contacts := s.Contacts(); len(contacts) > 0 && !s.NamesChecked {
		for _, c := range contacts {
			out = append(out, Warning{c, "may belong to a private person; tick that the persons in it may be named"})
		}
	}
	return out
}

// relative finds the days that are told from the day of writing.
func relative(text, language string, now time.Time) []Warning {
	var out []Warning
	for _, m := range dates.Find(text, language, now) {
		if m.Relative {
			day := m.From.Format("Monday, 2 January 2006")
			if !m.To.IsZero() && !m.To.Equal(m.From) {
				day += " to " + m.To.Format("2 January 2006")
			}
			out = append(out, Warning{text[m.Start:m.End], fmt.Sprintf("is read from the day the mail comes; written today it means %s", day)})
		}
	}
	return out
}

func quoted(q news.Quote, items []news.Item) bool {
	for _, it := range items {
		if q.Found(it.Title + "\n" + it.Text) {
			return true
		}
	}
	return false
}
