package keep_test

import (
	"context"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/keep"
)

// old is a store with so many old issues.
type old struct {
	issues        int
	copies, audit time.Time
	returns       time.Time
}

func (o *old) RetireCopies(_ context.Context, before time.Time) (bool, error) {
	o.copies = before
	o.issues--
	return o.issues >= 0, nil
}

func (o *old) RetireAudit(_ context.Context, before time.Time) error {
	o.audit = before
	return nil
}

func (o *old) RetireReturns(_ context.Context, before time.Time) error {
	o.returns = before
	return nil
}

func TestRetain(t *testing.T) {
	t.Parallel()
	o := &old{issues: 3}
	if err := keep.Retain(t.Context(), o, evening); err != nil {
		t.Fatal(err)
	}
	if o.issues != -1 || evening.Sub(o.copies) != 90*24*time.Hour || evening.Sub(o.audit) != 365*24*time.Hour || evening.Sub(o.returns) != 30*24*time.Hour {
		t.Errorf("%d issues left over, copies before %s, audit before %s", o.issues, o.copies, o.audit)
	}
}
