package publish

import (
	"context"
	"slices"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// Around is what stands beside the stories of an issue: what was fixed when it
// was approved, or what would be fixed now, with what its editor left out.
func (p *Publish) Around(ctx context.Context, i news.Issue) (news.Around, error) {
	if i.State != news.IssueDraft {
		return i.Around(), nil
	}
	return p.around(ctx, i)
}

// around gathers it: the blocks of the issue's day, the calls that close soon,
// the days of its week, what was put right in earlier issues.
func (p *Publish) around(ctx context.Context, i news.Issue) (a news.Around, err error) {
	day := i.Slot.In(p.opt.Slots.zone)
	blocks, err := p.store.Blocks(ctx)
	if err != nil {
		return a, err
	}
	for _, b := range blocks {
		if b.Stands(day) {
			a.Blocks = append(a.Blocks, b)
		}
	}
	if a.Corrections, err = p.store.Corrections(ctx); err != nil {
		return a, err
	}
	first, last := i.ClosingDays(p.now(), p.opt.Slots.zone)
	calls, err := p.store.Closing(ctx, i.ID, first, last)
	if err != nil {
		return a, err
	}
	for n := range calls {
		a.Closing = append(a.Closing, news.ClosingOf(&calls[n]))
	}
	begin := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
	a.Days = news.ObservancesBetween(begin, begin.AddDate(0, 0, 7))
	return a, nil
}

// dressed is an issue with what stands beside its stories.
func (p *Publish) dressed(ctx context.Context, i news.Issue) (news.Issue, error) {
	if i.State != news.IssueDraft {
		return i, nil
	}
	a, err := p.around(ctx, i)
	i.Surround(a)
	return i, err
}

// openCalls are the stories whose deadline lies ahead at the freeze.
func (p *Publish) openCalls(ctx context.Context, id news.IssueID, now time.Time) ([]news.Story, error) {
	i, err := p.store.Issue(ctx, id)
	if err != nil {
		return nil, err
	}
	_, last := i.ClosingDays(now, p.opt.Slots.zone)
	return p.store.Closing(ctx, id, now.In(p.opt.Slots.zone).Format(time.DateOnly), last)
}

// stillOpen leaves out what closed, or was withdrawn, since the approval.
func stillOpen(closing []news.Closing, open []news.Story) []news.Closing {
	return slices.DeleteFunc(slices.Clone(closing), func(c news.Closing) bool {
		return !slices.ContainsFunc(open, func(s news.Story) bool { return s.ID == c.Story })
	})
}

// stillRight leaves out the corrections of stories that were withdrawn since
// the approval.
func stillRight(corrections, waiting []news.Correction) []news.Correction {
	return slices.DeleteFunc(slices.Clone(corrections), func(c news.Correction) bool {
		return !slices.ContainsFunc(waiting, func(w news.Correction) bool { return w.ID == c.ID })
	})
}

// Undo takes the last edit of an issue back; seen is the revision the editor
// had before them. It returns an error wrapping news.ErrNotFound when there is
// none to take back.
func (p *Publish) Undo(ctx context.Context, id news.IssueID, seen int64, who string) (news.Issue, error) {
	i, err := p.store.Issue(ctx, id)
	if err != nil {
		return i, err
	}
	v, err := p.store.Version(ctx, id, i.Back)
	if err != nil {
		return i, err
	}
	return p.store.UpdateIssue(ctx, id, func(i *news.Issue) error { return i.Undo(v, seen, who) })
}

// Version reads how an issue was arranged at an earlier revision.
func (p *Publish) Version(ctx context.Context, id news.IssueID, revision int64) (news.Version, error) {
	return p.store.Version(ctx, id, revision)
}

// Blocks reads the library of standing blocks in the order of an issue.
func (p *Publish) Blocks(ctx context.Context) ([]news.Block, error) { return p.store.Blocks(ctx) }

// SaveBlock adds a block to the library, or changes the one of its id. It
// returns an error wrapping news.ErrInvalid that says all that is wrong.
func (p *Publish) SaveBlock(ctx context.Context, b news.Block, who string) (news.BlockID, error) {
	b.EditedBy = who
	if err := b.Check(); err != nil {
		return 0, err
	}
	return p.store.SaveBlock(ctx, b)
}

// DropBlock takes a block out of the library; issues that went out keep it.
func (p *Publish) DropBlock(ctx context.Context, id news.BlockID, who string) error {
	return p.store.DropBlock(ctx, id, who)
}
