package signup

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/compose"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// PreferencesLink is the link by which the reader of a token sees and changes
// their choices. It never shows or changes the address.
func (s *Service) PreferencesLink(t audience.Token) string {
	return s.o.Link("/preferences/" + s.o.Keys.Make(purposePreferences, t))
}

func (s *Service) chooserOf(preferences string) (audience.Token, error) {
	id, err := s.o.Keys.Check(purposePreferences, preferences)
	if err != nil {
		return audience.Token{}, fmt.Errorf("preferences link: %w: %w", err, news.ErrNotFound)
	}
	return audience.Token(id), nil
}

// Chosen is what a reader chose. It has no address.
type Chosen struct {
	audience.Preferences
	Paused time.Time // zero for no pause
	Active bool      // they are a reader now
	// Discreetly says that they may choose a discreet mail.
	Discreetly bool
	Key        *Key // nil: their mails are not encrypted
}

// A Key is what a reader sees of the OpenPGP key their mails are encrypted to.
type Key struct {
	Fingerprint string           // in groups of four; empty if the key cannot be read
	Expires     time.Time        // zero if that is not said
	Fault       compose.KeyFault // why it does not work now; empty: it does
}

func keyOf(r *audience.Reader, now time.Time) *Key {
	if len(r.OpenPGP) == 0 {
		return nil
	}
	var out Key
	k, err := compose.ReadKey(r.OpenPGP, now)
	if k != nil {
		out.Fingerprint, out.Expires = k.Fingerprint(), k.Expires(now)
	}
	if err != nil && !errors.As(err, &out.Fault) {
		out.Fault = compose.KeyUnreadable
	}
	return &out
}

// Chosen reads what the reader of a preferences link chose. The error wraps
// news.ErrNotFound when the link is not ours or nothing is kept of them.
func (s *Service) Chosen(ctx context.Context, preferences string) (Chosen, error) {
	t, err := s.chooserOf(preferences)
	if err != nil {
		return Chosen{}, err
	}
	r, err := s.store.Reader(ctx, t)
	if err != nil {
		return Chosen{}, err
	}
	if r.State == audience.Erased {
		return Chosen{}, fmt.Errorf("reader: erased: %w", news.ErrNotFound)
	}
	paused := r.Paused
	if !paused.After(s.o.Now()) {
		paused = time.Time{}
	}
	return Chosen{r.Preferences, paused, r.State == audience.Active, s.o.Discreet || r.Preferences.Discreet, keyOf(&r, s.o.Now())}, nil
}

// Choose changes what the reader of a preferences link gets, and until when
// they get nothing (zero: no pause). Errors wrap news.ErrInvalid,
// news.ErrNotFound, or news.ErrConflict when they are no reader now.
func (s *Service) Choose(ctx context.Context, preferences string, p audience.Preferences, paused time.Time) error {
	t, err := s.chooserOf(preferences)
	if err != nil {
		return err
	}
	now := s.o.Now()
	return s.store.ChangeReader(ctx, t, now, func(r *audience.Reader) (bool, audience.SuppressionReason, error) {
		if p.Discreet && !s.o.Discreet && !r.Preferences.Discreet {
			return false, "", fmt.Errorf("choose: this house cannot send discreet mails: %w", news.ErrInvalid)
		}
		return true, "", r.Choose(p, paused, now)
	})
}

// Encrypt has the mails of the reader of a preferences link encrypted to an
// uploaded OpenPGP key, or not any more if there is none. Errors are a
// compose.KeyFault, or wrap news.ErrNotFound, or news.ErrConflict when they are
// no reader now.
func (s *Service) Encrypt(ctx context.Context, preferences string, uploaded []byte) error {
	t, err := s.chooserOf(preferences)
	if err != nil {
		return err
	}
	now := s.o.Now()
	var key audience.PublicKey
	if len(uploaded) > 0 {
		k, err := compose.ReadKey(uploaded, now)
		if err != nil {
			return err
		}
		if key, err = k.Bytes(); err != nil {
			return err
		}
	}
	return s.store.ChangeReader(ctx, t, now, func(r *audience.Reader) (bool, audience.SuppressionReason, error) {
		return true, "", r.Encrypt(key, now)
	})
}

// AskLink takes the wish of somebody who lost their mails for a link to their
// choices. It does the same, in the same time, whoever they are. Errors wrap
// news.ErrInvalid for the form itself, or ErrBusy.
func (s *Service) AskLink(ctx context.Context, address string, from netip.Addr) error {
	a, err := audience.ParseAddress(address)
	if err != nil {
		return err
	}
	return s.wish(ctx, audience.Ask{Kind: audience.LetterLink, Address: a}, from)
}

// AskManage has a link that works for an hour mailed to the address on file of
// whoever a preferences link belongs to: what concerns the address itself is
// asked of its mailbox. Errors wrap news.ErrNotFound, or ErrBusy.
func (s *Service) AskManage(ctx context.Context, preferences string, from netip.Addr) error {
	t, err := s.chooserOf(preferences)
	if err != nil {
		return err
	}
	r, err := s.store.Reader(ctx, t)
	if err != nil {
		return err
	}
	if r.Address.IsZero() {
		return fmt.Errorf("reader: erased: %w", news.ErrNotFound)
	}
	return s.wish(ctx, audience.Ask{Kind: audience.LetterManage, Address: r.Address}, from)
}

// Managed reads everything kept of the reader a one-hour link belongs to. The
// error wraps news.ErrNotFound when it is too old or not ours.
func (s *Service) Managed(ctx context.Context, manage string) (audience.Reader, error) {
	id, err := s.o.Keys.CheckExpiring(purposeManage, manage, s.o.Now())
	if err != nil {
		return audience.Reader{}, fmt.Errorf("one-hour link: %w: %w", err, news.ErrNotFound)
	}
	r, err := s.store.Reader(ctx, audience.Token(id))
	if err == nil && r.Address.IsZero() {
		err = fmt.Errorf("reader: erased: %w", news.ErrNotFound)
	}
	return r, err
}

// EraseSelf forgets the reader a one-hour link belongs to.
func (s *Service) EraseSelf(ctx context.Context, manage string) error {
	r, err := s.Managed(ctx, manage)
	if err != nil {
		return err
	}
	now := s.o.Now()
	return s.store.EraseReader(ctx, r.Address, now, func(r *audience.Reader) { r.Erase(now) })
}

// Move asks a new address to take over from the reader a one-hour link belongs
// to: once confirmed there, the old one is forgotten. It does the same whoever
// the new address belongs to. Errors wrap news.ErrInvalid, news.ErrNotFound,
// or ErrBusy.
func (s *Service) Move(ctx context.Context, manage, address string, from netip.Addr) error {
	r, err := s.Managed(ctx, manage)
	if err != nil {
		return err
	}
	a, err := audience.ParseAddress(address)
	if err != nil {
		return err
	}
	return s.wish(ctx, audience.Ask{Kind: audience.LetterConfirm, Address: a, Preferences: r.Preferences, Text: r.Consent.Text, Replaces: r.Token}, from)
}
