// Package signup is a reader's life at the house: they ask, confirm, are
// imported, leave, and are forgotten. What a copy of an issue is, and how it
// reaches them, is for publish and deliver.
//
// Nobody learns here who subscribes: the page that takes a wish stores it
// unseen and says the same to everyone; a job answers it later. The address is
// told apart to the letter before the @: Ann@ and ann@ are two readers, for
// they may be two people; the domain's case means nothing.
package signup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/token"
)

// ConsentText is the version of the words a reader says yes to on our page.
const ConsentText = "page 2026-11"

// The purposes of our links.
const (
	purposeConfirm     = "confirm"
	purposeUnsubscribe = "unsubscribe"
	purposePreferences = "preferences"
	purposeManage      = "manage"
)

// maxWaiting bounds the sign-ups that wait for an answer.
const maxWaiting = 10_000

// Store is what signup needs remembered.
type Store interface {
	AddAsk(ctx context.Context, a audience.Ask, most int) error
	AnswerAsk(ctx context.Context, now time.Time, answer func(a audience.Ask, r *audience.Reader, barred *audience.Suppression, m audience.Mailed) (until time.Time, err error)) (more bool, err error)
	TakeLetters(ctx context.Context, now, next time.Time, limit int) ([]audience.Letter, error)
	PostponeLetter(ctx context.Context, id int64, next time.Time) error
	EndLetter(ctx context.Context, id int64) error
	LapseRequests(ctx context.Context, since, counted time.Time, lapse func(*audience.Reader) (drop bool, err error)) error
	Reader(ctx context.Context, token audience.Token) (audience.Reader, error)
	ReaderByRequest(ctx context.Context, request audience.Token) (audience.Reader, error)
	ReaderByAddress(ctx context.Context, a audience.Address) (audience.Reader, *audience.Suppression, error)
	ChangeReader(ctx context.Context, token audience.Token, now time.Time, change func(*audience.Reader) (changed bool, bars audience.SuppressionReason, err error)) error
	ChangeReaderAt(ctx context.Context, a audience.Address, now time.Time, change func(*audience.Reader) (changed bool, bars audience.SuppressionReason, err error)) error
	ConfirmReader(ctx context.Context, request audience.Token, now time.Time, confirm func(*audience.Reader) error, erase func(*audience.Reader)) error
	LiftReader(ctx context.Context, a audience.Address, now time.Time, lift func(r *audience.Reader, why audience.SuppressionReason) bool) error
	EraseReader(ctx context.Context, a audience.Address, now time.Time, erase func(*audience.Reader)) error
	ImportReaders(ctx context.Context, addresses []audience.Address, take func(i int, r *audience.Reader, barred bool) bool) error
	ReaderCounts(ctx context.Context) (map[audience.State]int, error)
	ReadersAfter(ctx context.Context, after audience.ReaderID, limit int) ([]audience.Reader, error)
}

// A Sender hands one message to a mail server, or to the catcher.
type Sender interface {
	Send(ctx context.Context, m smtpout.Message) (smtpout.Reply, error)
}

// Options is what a Service is made of besides its store.
type Options struct {
	Keys *token.Keyring
	// Link makes a path absolute.
	Link func(path string) string
	// Write composes a letter whose link leads to an absolute address.
	Write func(l audience.Letter, link string) (smtpout.Message, error)
	Send  Sender
	// Discreet says that the house has a neutral sender, so that readers may
	// choose mails whose outside says nothing of what is in them.
	Discreet bool
	// HouseCap bounds the letters mailed in 24 hours, to whomever; 0 is
	// audience.MailedToAll.
	HouseCap int
	Wake     func(kind string) // "letters"; nil wakes nobody
	Log      *slog.Logger      // nil discards
	Now      func() time.Time  // nil is time.Now
}

// A Service looks after readers. It is safe for concurrent use.
type Service struct {
	store  Store
	o      Options
	recent *recent
}

// New returns a Service over a store.
func New(store Store, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.HouseCap == 0 {
		o.HouseCap = audience.MailedToAll
	}
	if o.Wake == nil {
		o.Wake = func(string) {}
	}
	return &Service{store: store, o: o, recent: newRecent()}
}

// ErrBusy answers a sign-up that cannot be taken now, whoever sent it.
var ErrBusy = errors.New("too many sign-ups at once")

// Ask takes somebody's wish for the digest. It does the same, in the same
// time, whoever they are. Errors wrap news.ErrInvalid for what is wrong with
// the form itself, or ErrBusy when this network asks too often or too many
// wishes wait.
func (s *Service) Ask(ctx context.Context, address string, p audience.Preferences, from netip.Addr) error {
	a, err := audience.ParseAddress(address)
	if err != nil {
		return err
	}
	if err := p.Check(); err != nil {
		return err
	}
	return s.wish(ctx, audience.Ask{Kind: audience.LetterConfirm, Address: a, Preferences: p, Text: ConsentText}, from)
}

// wish stores what a form brought, to be answered later.
func (s *Service) wish(ctx context.Context, a audience.Ask, from netip.Addr) error {
	a.At = s.o.Now()
	if !s.recent.allow(from, a.At) {
		return ErrBusy
	}
	err := s.store.AddAsk(ctx, a, maxWaiting)
	if errors.Is(err, news.ErrRefused) {
		return ErrBusy
	}
	if err != nil {
		return err
	}
	s.o.Wake("letters")
	return nil
}

// errHouseCapped stops answering until the house may mail again.
var errHouseCapped = errors.New("the house has mailed its share of letters")

// answer is the rule by which a wish becomes a letter, or nothing. It returns
// until when the letter is owed; zero for none.
func (s *Service) answer(a audience.Ask, r *audience.Reader, barred *audience.Suppression, m audience.Mailed) (until time.Time, err error) {
	now := s.o.Now()
	next := *r
	switch {
	case now.Sub(a.At) > audience.ConfirmWithin || m.Capped(a.Kind):
	case a.Kind == audience.LetterConfirm:
		if (barred == nil || barred.Reason.MayReturn()) && next.Ask(a.Preferences, a.Text, now) {
			if !a.Replaces.IsZero() {
				next.Replaces = a.Replaces
			}
			until = now.Add(audience.ConfirmWithin)
		}
	case a.Kind == audience.LetterLink && r.State == audience.Active:
		until = now.Add(linkPatience)
	case a.Kind == audience.LetterManage && (r.State == audience.Active || r.State == audience.Left):
		until = now.Add(audience.ManageWithin)
	}
	switch {
	case until.IsZero():
		return until, nil
	case m.All >= s.o.HouseCap:
		return time.Time{}, errHouseCapped
	}
	*r = next
	return until, nil
}

// linkPatience is how long we try to mail somebody the way to their choices.
const linkPatience = 24 * time.Hour

// answerAll answers the wishes that wait.
func (s *Service) answerAll(ctx context.Context) error {
	for ctx.Err() == nil {
		more, err := s.store.AnswerAsk(ctx, s.o.Now(), s.answer)
		if errors.Is(err, errHouseCapped) {
			s.o.Log.WarnContext(ctx, "letters capped", "in_24_hours", s.o.HouseCap)
			return nil
		}
		if err != nil {
			return fmt.Errorf("answer sign-up: %w", err)
		}
		if !more {
			return nil
		}
	}
	return ctx.Err()
}

// requestOf reads a confirmation link's token. Every fault is
// news.ErrNotFound: nobody honest needs to know more.
func (s *Service) requestOf(confirm string) (audience.Token, error) {
	id, err := s.o.Keys.CheckExpiring(purposeConfirm, confirm, s.o.Now())
	if err != nil {
		return audience.Token{}, fmt.Errorf("confirmation link: %w: %w", err, news.ErrNotFound)
	}
	return audience.Token(id), nil
}

// Asked returns the language of whoever a confirmation link was mailed to. The
// error wraps news.ErrNotFound when the link is used, too old or not ours.
func (s *Service) Asked(ctx context.Context, confirm string) (language string, err error) {
	request, err := s.requestOf(confirm)
	if err != nil {
		return "", err
	}
	r, err := s.store.ReaderByRequest(ctx, request)
	return r.Preferences.Language, err
}

// Confirm makes the reader of a confirmation link active, once. The error
// wraps news.ErrNotFound when the link is used, too old or not ours.
func (s *Service) Confirm(ctx context.Context, confirm string) error {
	request, err := s.requestOf(confirm)
	if err != nil {
		return err
	}
	now := s.o.Now()
	err = s.store.ConfirmReader(ctx, request, now, func(r *audience.Reader) error { return r.Confirm(now) },
		func(replaced *audience.Reader) { replaced.Erase(now) })
	if errors.Is(err, news.ErrConflict) {
		err = fmt.Errorf("%w: %w", err, news.ErrNotFound)
	}
	return err
}

// Leaving returns the language of the reader an unsubscribe link belongs to,
// "en" when nothing is kept of them any more, and whether they have left
// already. The error wraps news.ErrNotFound when the link is not ours.
func (s *Service) Leaving(ctx context.Context, unsubscribe string) (language string, gone bool, err error) {
	t, err := s.readerOf(unsubscribe)
	if err != nil {
		return "", false, err
	}
	r, err := s.store.Reader(ctx, t)
	if errors.Is(err, news.ErrNotFound) {
		return "en", true, nil
	}
	return r.Preferences.Language, r.State != audience.Pending && r.State != audience.Active, err
}

func (s *Service) readerOf(unsubscribe string) (audience.Token, error) {
	id, err := s.o.Keys.Check(purposeUnsubscribe, unsubscribe)
	if err != nil {
		return audience.Token{}, fmt.Errorf("unsubscribe link: %w: %w", err, news.ErrNotFound)
	}
	return audience.Token(id), nil
}

// Unsubscribe lets the reader of a link go, for ever and any number of times;
// a reader of whom nothing is kept has left already. The error wraps
// news.ErrNotFound when the link is not ours.
func (s *Service) Unsubscribe(ctx context.Context, unsubscribe string) error {
	t, err := s.readerOf(unsubscribe)
	if err != nil {
		return err
	}
	now := s.o.Now()
	err = s.store.ChangeReader(ctx, t, now, func(r *audience.Reader) (bool, audience.SuppressionReason, error) {
		if !r.Unsubscribe(now) {
			return false, "", nil
		}
		return true, audience.Unsubscribed, nil
	})
	if errors.Is(err, news.ErrNotFound) {
		return nil
	}
	return err
}

// UnsubscribeLink is the link by which the reader of a token leaves.
func (s *Service) UnsubscribeLink(t audience.Token) string {
	return s.o.Link("/unsubscribe/" + s.o.Keys.Make(purposeUnsubscribe, t))
}

// countedFor is how long a mailed confirmation counts towards the caps.
const countedFor = 30 * 24 * time.Hour

// Lapse forgets what was asked for and not confirmed within 72 hours, but for
// the keyed hash that keeps the caps.
func (s *Service) Lapse(ctx context.Context) error {
	now := s.o.Now()
	return s.store.LapseRequests(ctx, now.Add(-audience.ConfirmWithin), now.Add(-countedFor), func(r *audience.Reader) (bool, error) {
		return r.Lapse(now)
	})
}
