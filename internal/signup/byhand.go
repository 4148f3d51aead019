package signup

import (
	"context"
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// Find reads the reader of an exact address, and the line of the journal that
// bars it, nil if none does. The reader's State is empty when there is none.
func (s *Service) Find(ctx context.Context, address string) (audience.Reader, *audience.Suppression, error) {
	a, err := audience.ParseAddress(address)
	if err != nil {
		return audience.Reader{}, nil, err
	}
	return s.store.ReaderByAddress(ctx, a)
}

// Add makes somebody a reader who gave their consent elsewhere. The error
// wraps news.ErrConflict when they are one, or left or were barred: an
// operator cannot bring back who left, only their own confirmation can.
func (s *Service) Add(ctx context.Context, address string, p audience.Preferences, consent string) error {
	a, err := audience.ParseAddress(address)
	if err != nil {
		return err
	}
	if err := p.Check(); err != nil {
		return err
	}
	now, added := s.o.Now(), false
	err = s.store.ImportReaders(ctx, []audience.Address{a}, func(_ int, r *audience.Reader, barred bool) bool {
		added = !barred && r.Import(p, nil, audience.Consent{Asked: now, Confirmed: now, Text: consent}, now)
		return added
	})
	if err == nil && !added {
		err = fmt.Errorf("add reader: they are one already, or left, or are barred: %w", news.ErrConflict)
	}
	return err
}

// Suppress bars an address for good, whether or not it is a reader's.
func (s *Service) Suppress(ctx context.Context, address string) error {
	a, err := audience.ParseAddress(address)
	if err != nil {
		return err
	}
	now := s.o.Now()
	return s.store.ChangeReaderAt(ctx, a, now, func(r *audience.Reader) (bool, audience.SuppressionReason, error) {
		if r.State == "" {
			return false, audience.ByHand, nil
		}
		return r.Suppress(now), audience.ByHand, nil
	})
}

// Lift takes back what bars an address. Whose address was thought dead reads
// again at once. The error wraps news.ErrNotFound when nothing bars it.
func (s *Service) Lift(ctx context.Context, address string) error {
	a, err := audience.ParseAddress(address)
	if err != nil {
		return err
	}
	now := s.o.Now()
	return s.store.LiftReader(ctx, a, now, func(r *audience.Reader, why audience.SuppressionReason) bool { return r.Lift(why, now) })
}

// Erase forgets a reader. Only a keyed hash stays in the suppression journal,
// so that an import cannot mail them again. The error wraps news.ErrNotFound
// when there is no such reader.
func (s *Service) Erase(ctx context.Context, address string) error {
	a, err := audience.ParseAddress(address)
	if err != nil {
		return err
	}
	now := s.o.Now()
	return s.store.EraseReader(ctx, a, now, func(r *audience.Reader) { r.Erase(now) })
}

// Counts counts the readers in each state.
func (s *Service) Counts(ctx context.Context) (map[audience.State]int, error) {
	return s.store.ReaderCounts(ctx)
}
