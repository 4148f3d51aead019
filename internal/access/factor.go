package access

import (
	"context"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// Codes are six digits that change every 30 seconds (RFC 6238). One step of
// drift either way is taken, and no code works twice.
const (
	codeStep  = 30
	codeDrift = 1
)

// An Enrolment is a secret for codes that is not in use yet.
type Enrolment struct {
	Secret string // base32
	URL    string // otpauth://…, as authenticator apps read it
	QR     string // the same as the d of an SVG path, one unit a module
	Size   int    // of that, in modules
}

// NewCodes makes a secret for the codes of an account, or shows the one that
// was made before again.
func (s *Service) NewCodes(a *staff.Account, secret string) (Enrolment, error) {
	opts := totp.GenerateOpts{Issuer: s.name, AccountName: a.Name}
	if secret != "" {
		raw, err := base32Secret(secret)
		if err != nil {
			return Enrolment{}, err
		}
		opts.Secret = raw
	}
	key, err := totp.Generate(opts)
	if err != nil {
		return Enrolment{}, fmt.Errorf("make a secret for codes: %w", err)
	}
	path, size, err := qrPath(key)
	return Enrolment{key.Secret(), key.URL(), path, size}, err
}

// UseCodes makes an account ask for codes of a secret, once a code proves that
// its person has it. It ends all sessions of the account. Errors wrap
// news.ErrInvalid.
func (s *Service) UseCodes(ctx context.Context, a *staff.Account, secret, code string) error {
	if _, err := base32Secret(secret); err != nil {
		return err
	}
	step, ok := s.stepOf(secret, code)
	if !ok {
		return fmt.Errorf("the code is not the one we expect: look whether the clock of the device is right: %w", news.ErrInvalid)
	}
	return s.store.ChangeAccount(ctx, a.ID, s.entry(a.Name, "use codes", a.Name, ""), func(stored *staff.Account, _ []staff.Account) error {
		stored.TOTP, stored.TOTPStep = secret, step
		return nil
	})
}

// DropCodes ends the use of codes and all sessions of an account. The error
// wraps news.ErrConflict when nothing else would be left beside the password.
func (s *Service) DropCodes(ctx context.Context, a *staff.Account) error {
	return s.store.ChangeAccount(ctx, a.ID, s.entry(a.Name, "drop codes", a.Name, ""), func(stored *staff.Account, _ []staff.Account) error {
		stored.TOTP = ""
		return s.keepsFactor(stored)
	})
}

// keepsFactor refuses to leave an account with a password alone where the
// house asks for more.
func (s *Service) keepsFactor(a *staff.Account) error {
	if s.askFactor && !a.HasFactor() {
		return fmt.Errorf("account %q needs a passkey or codes, add another one first: %w", a.Name, news.ErrConflict)
	}
	return nil
}

func base32Secret(secret string) ([]byte, error) {
	raw, err := b32.DecodeString(secret)
	if err != nil || len(raw) < 16 {
		return nil, fmt.Errorf("the secret for codes was damaged: %w", news.ErrInvalid)
	}
	return raw, nil
}

// stepOf finds the time step a code belongs to.
func (s *Service) stepOf(secret, code string) (step int64, ok bool) {
	code = strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, code)
	now := s.now().Unix() / codeStep
	for d := int64(-codeDrift); d <= codeDrift; d++ {
		want, err := totp.GenerateCodeCustom(secret, time.Unix((now+d)*codeStep, 0), totp.ValidateOpts{Period: codeStep, Digits: otp.DigitsSix})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, ok = now+d, true
		}
	}
	return step, ok
}

// SignInCode finishes a sign-in that began with a password: half is the secret
// SignIn gave. It returns ErrWrong for a wrong or used code, *TooMany, or an
// error wrapping news.ErrNotFound when it began too long ago.
func (s *Service) SignInCode(ctx context.Context, half, code string, a Attempt) (secret string, err error) {
	session, err := s.Half(ctx, half)
	if err != nil {
		return "", err
	}
	a.Name = "\x00code of " + session.Account.Name // no account is called so
	keys := keysOf(a)
	if wait := s.delays.try(s.now(), keys...); wait > 0 {
		return "", &TooMany{wait}
	}
	err = s.store.NoteAccount(ctx, session.Account.ID, func(stored *staff.Account) error {
		step, ok := s.stepOf(stored.TOTP, code)
		if stored.TOTP == "" || !ok || step <= stored.TOTPStep {
			return ErrWrong
		}
		stored.TOTPStep = step
		return nil
	})
	if err != nil {
		return "", err
	}
	s.delays.succeeded(keys...)
	return s.Begin(ctx, session.Account, half)
}

// Half returns the session of somebody whose password was right and who has
// yet to show their second factor. The error wraps news.ErrNotFound.
func (s *Service) Half(ctx context.Context, secret string) (staff.Session, error) {
	session, err := s.store.Session(ctx, hashOf(secret))
	if err == nil && (!session.Half || !session.Live(s.now())) {
		err = fmt.Errorf("half a sign-in: %w", news.ErrNotFound)
	}
	return session, err
}
