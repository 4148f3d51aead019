package access

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

// ErrWrong is the one answer to every sign-in that fails: a name that does not
// exist, an account that is disabled and a wrong password look alike.
var ErrWrong = errors.New("name or password is wrong")

// A TooMany error asks somebody to wait before the next try.
type TooMany struct{ Wait time.Duration }

func (e *TooMany) Error() string { return fmt.Sprintf("too many tries, wait %s", e.Wait) }

// An Attempt is one try to sign in.
type Attempt struct {
	Name, Password string
	From           netip.Addr // of the browser; may be invalid
	Old            string     // the session secret the browser sent, ends with the new one
}

// SignIn checks a password and begins a session, whose secret only the browser
// keeps. half says that it opens nothing until the account's second factor was
// shown too. It returns ErrWrong, or a *TooMany when this account or network
// failed too often. Sessions that exist are never touched by failures.
func (s *Service) SignIn(ctx context.Context, a Attempt) (secret string, half bool, err error) {
	account, err := s.checkPassword(ctx, a)
	if err != nil {
		return "", false, err
	}
	if !account.HasFactor() {
		secret, err = s.Begin(ctx, account, a.Old)
		return secret, false, err
	}
	secret, err = s.begin(ctx, account, a.Old, true)
	return secret, true, err
}

func (s *Service) checkPassword(ctx context.Context, a Attempt) (account staff.Account, err error) {
	keys := keysOf(a)
	if wait := s.delays.try(s.now(), keys...); wait > 0 {
		return account, &TooMany{wait}
	}
	account, err = s.store.AccountByName(ctx, a.Name)
	if err != nil && !errors.Is(err, news.ErrNotFound) {
		return account, err
	}
	if account.Disabled || len(a.Password) > MaxPasswordBytes {
		account.Password, a.Password = "", ""
	}
	ok, err := s.hasher.matches(ctx, a.Password, account.Password)
	if err != nil {
		return account, err
	}
	if !ok {
		return account, ErrWrong
	}
	s.delays.succeeded(keys...)
	return account, nil
}

// Begin starts a session with a fresh secret for somebody who has proved who
// they are. The secret their browser brought along, old, is never taken over
// and ends.
func (s *Service) Begin(ctx context.Context, a staff.Account, old string) (string, error) {
	secret, err := s.begin(ctx, a, old, false)
	if err != nil {
		return "", err
	}
	if err := s.Audit(ctx, s.entry(a.Name, "sign in", a.Name, "")); err != nil {
		return "", err
	}
	return secret, nil
}

func (s *Service) begin(ctx context.Context, a staff.Account, old string, half bool) (string, error) {
	secret, hash := newSecret()
	now := s.now()
	var replaces []byte
	if old != "" {
		replaces = hashOf(old)
	}
	err := s.store.AddSession(ctx, staff.Session{Hash: hash, Account: a, Half: half, Created: now, Seen: now}, replaces)
	return secret, err
}

// EndOthers ends every session of an account but this one.
func (s *Service) EndOthers(ctx context.Context, keep *staff.Session) error {
	all, err := s.store.Sessions(ctx)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.Account.ID == keep.Account.ID && !bytes.Equal(other.Hash, keep.Hash) {
			if err := s.store.EndSession(ctx, other.Hash); err != nil {
				return err
			}
		}
	}
	return nil
}

// Session returns the live session of a secret and notes, to the minute, that
// it was seen. The error wraps news.ErrNotFound when there is none or it is
// over.
func (s *Service) Session(ctx context.Context, secret string) (staff.Session, error) {
	now := s.now()
	session, err := s.store.Session(ctx, hashOf(secret))
	if err != nil {
		return session, err
	}
	if session.Half {
		return staff.Session{}, fmt.Errorf("session: its second factor is still to come: %w", news.ErrNotFound)
	}
	session.Unready = s.askFactor && !session.Account.HasFactor()
	if !session.Live(now) {
		if err := s.store.EndSession(ctx, session.Hash); err != nil {
			return staff.Session{}, err
		}
		return staff.Session{}, fmt.Errorf("session is over: %w", news.ErrNotFound)
	}
	if now.Sub(session.Seen) >= time.Minute {
		if err := s.store.TouchSession(ctx, session.Hash, now); err != nil {
			return staff.Session{}, err
		}
		session.Seen = now
	}
	return session, nil
}

// Sessions lists the live sessions of all accounts, the latest seen first.
func (s *Service) Sessions(ctx context.Context) ([]staff.Session, error) {
	now := s.now()
	if err := s.store.EndStaleSessions(ctx, now.Add(-staff.SessionIdle), now.Add(-staff.SessionLife)); err != nil {
		return nil, err
	}
	all, err := s.store.Sessions(ctx)
	return slices.DeleteFunc(all, func(session staff.Session) bool { return session.Half }), err
}

// SignOut ends the session of a secret.
func (s *Service) SignOut(ctx context.Context, secret string) error {
	return s.store.EndSession(ctx, hashOf(secret))
}

// ChangePassword gives an account a new password after checking the old one,
// and ends all its sessions. Failures count as failed sign-ins.
func (s *Service) ChangePassword(ctx context.Context, a Attempt, next string) error {
	keys := keysOf(a)
	if wait := s.delays.try(s.now(), keys...); wait > 0 {
		return &TooMany{wait}
	}
	account, err := s.store.AccountByName(ctx, a.Name)
	if err != nil {
		return err
	}
	ok, err := s.hasher.matches(ctx, a.Password, account.Password)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("the old password is wrong: %w", news.ErrInvalid)
	}
	s.delays.succeeded(keys...)
	if err := CheckPassword(next, a.Name); err != nil {
		return err
	}
	phc, err := s.hasher.hash(ctx, next)
	if err != nil {
		return err
	}
	return s.store.ChangeAccount(ctx, account.ID, s.entry(a.Name, "change password", a.Name, ""), func(stored *staff.Account, _ []staff.Account) error {
		if stored.Password != account.Password {
			return fmt.Errorf("the password was changed in the meantime: %w", news.ErrConflict)
		}
		stored.Password = phc
		return nil
	})
}
