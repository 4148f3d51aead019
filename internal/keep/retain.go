package keep

import (
	"context"
	"errors"
	"time"
)

// How long things are kept.
const (
	KeepCopies  = 90 * 24 * time.Hour  // which reader got which issue; the counts stay
	KeepReturns = 30 * 24 * time.Hour  // what a server said of a copy that came back
	KeepAudit   = 365 * 24 * time.Hour // who did what at the desk
)

// A Retirer forgets what is old.
type Retirer interface {
	RetireCopies(ctx context.Context, before time.Time) (more bool, err error)
	RetireAudit(ctx context.Context, before time.Time) error
	RetireReturns(ctx context.Context, before time.Time) error
}

// Retain forgets what has been kept long enough. Called too often it does
// nothing.
func Retain(ctx context.Context, s Retirer, now time.Time) error {
	for {
		more, err := s.RetireCopies(ctx, now.Add(-KeepCopies))
		if err != nil {
			return err
		}
		if !more {
			return errors.Join(s.RetireAudit(ctx, now.Add(-KeepAudit)), s.RetireReturns(ctx, now.Add(-KeepReturns)))
		}
	}
}
