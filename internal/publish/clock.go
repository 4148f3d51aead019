package publish

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// maxJump is how far the wall clock may move against the time that passed.
const maxJump = 24 * time.Hour

// A watch compares the wall clock with one that only runs forward. Time in
// which nothing ran is no jump: both are asked in one process.
type watch struct {
	built   time.Time
	elapsed func() time.Duration

	mu     sync.Mutex
	wall   time.Time // when last asked; zero before
	passed time.Duration
}

// doubt says why the wall clock cannot be believed, or "". A jump is told once:
// what follows from it is for a person.
func (w *watch) doubt(now time.Time) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, passed := now.Round(0), w.elapsed()
	jump := now.Sub(w.wall) - (passed - w.passed)
	first := w.wall.IsZero()
	w.wall, w.passed = now, passed
	switch {
	case now.Before(w.built):
		return fmt.Sprintf("the clock says %s, before this program was built: set the clock", now.UTC().Format(time.DateOnly))
	case !first && jump.Abs() > maxJump:
		return fmt.Sprintf("the clock jumped by %v: see that it is right, then go on", jump.Round(time.Minute))
	}
	return ""
}

// keepBack leaves everything that would go out to a person.
func (p *Publish) keepBack(ctx context.Context, why string) error {
	p.log.ErrorContext(ctx, "nothing goes out by itself", "why", why)
	sending, err := p.store.SendingIssues(ctx)
	if err != nil {
		return err
	}
	open, err := p.store.EditableIssues(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, i := range append(sending, open...) {
		_, err := p.store.UpdateIssue(ctx, i.ID, func(i *news.Issue) error { i.KeepBack(why); return nil })
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
