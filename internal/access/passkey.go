package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

// Passkeys prove two things at once, that somebody has the device and that it
// knows them, so they need no password beside them.
const (
	ceremonyLife  = 5 * time.Minute
	maxCeremonies = 10_000
	maxPasskeys   = 20 // of one account
)

// newWebAuthn makes the relying party of a base address.
func (o Options) newWebAuthn() (*webauthn.WebAuthn, error) {
	if o.Base == nil {
		return nil, fmt.Errorf("passkeys: this desk has no address of its own: %w", news.ErrConflict)
	}
	return webauthn.New(&webauthn.Config{
		RPID: o.Base.Hostname(), RPDisplayName: o.Name, RPOrigins: []string{o.Base.Scheme + "://" + o.Base.Host},
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
	})
}

// A holder is an account as package webauthn wants it.
type holder struct {
	account *staff.Account
	keys    []webauthn.Credential
}

func newHolder(a *staff.Account) (*holder, error) {
	h := &holder{account: a}
	for _, p := range a.Passkeys {
		var c webauthn.Credential
		if err := json.Unmarshal(p.Data, &c); err != nil {
			return nil, fmt.Errorf("stored passkey of %q: %w", a.Name, err)
		}
		h.keys = append(h.keys, c)
	}
	return h, nil
}

func (h *holder) WebAuthnID() []byte                         { return h.account.Handle }
func (h *holder) WebAuthnName() string                       { return h.account.Name }
func (h *holder) WebAuthnDisplayName() string                { return h.account.Name }
func (h *holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

// AskNewPasskey returns what a browser needs to make a passkey for an account,
// as the JSON of PublicKeyCredentialCreationOptions.
func (s *Service) AskNewPasskey(ctx context.Context, a *staff.Account) ([]byte, error) {
	wa, err := s.webauthn()
	if err != nil {
		return nil, err
	}
	h, err := newHolder(a)
	if err != nil {
		return nil, err
	}
	if len(h.keys) >= maxPasskeys {
		return nil, fmt.Errorf("account %q has %d passkeys already: %w", a.Name, maxPasskeys, news.ErrConflict)
	}
	options, session, err := wa.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.keys).CredentialDescriptors()))
	if err != nil {
		return nil, fmt.Errorf("ask for a new passkey: %w", err)
	}
	return s.open(ctx, a.ID, session, options.Response)
}

// AddPasskey takes the answer of a browser to AskNewPasskey and ends all
// sessions of the account. Errors wrap news.ErrInvalid or news.ErrNotFound.
func (s *Service) AddPasskey(ctx context.Context, a *staff.Account, name string, answer []byte) error {
	wa, err := s.webauthn()
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return fmt.Errorf("the answer of the browser cannot be read: %w: %w", err, news.ErrInvalid)
	}
	session, err := s.take(ctx, parsed.Response.CollectedClientData.Challenge, a.ID)
	if err != nil {
		return err
	}
	name = strings.Join(strings.Fields(name), " ")
	if runes := []rune(name); len(runes) > 60 || name == "" {
		name = string(runes[:min(len(runes), 60)])
	}
	return s.store.ChangeAccount(ctx, a.ID, s.entry(a.Name, "add passkey", a.Name, ""), func(stored *staff.Account, _ []staff.Account) error {
		h, err := newHolder(stored)
		if err != nil {
			return err
		}
		c, err := wa.CreateCredential(h, session, parsed)
		if err != nil {
			return fmt.Errorf("the passkey does not prove what it should: %w: %w", err, news.ErrInvalid)
		}
		data, err := json.Marshal(c)
		if err != nil {
			return fmt.Errorf("keep passkey: %w", err)
		}
		stored.Passkeys = append(stored.Passkeys, staff.Passkey{Name: name, Data: data, Created: s.now()})
		return nil
	})
}

// DropPasskey ends the use of an account's n-th passkey, counted from 0, and
// all its sessions. The error wraps news.ErrNotFound, or news.ErrConflict when
// nothing else would be left beside the password.
func (s *Service) DropPasskey(ctx context.Context, a *staff.Account, n int) error {
	return s.store.ChangeAccount(ctx, a.ID, s.entry(a.Name, "drop passkey", a.Name, ""), func(stored *staff.Account, _ []staff.Account) error {
		if n < 0 || n >= len(stored.Passkeys) {
			return fmt.Errorf("passkey %d of %q: %w", n+1, a.Name, news.ErrNotFound)
		}
		stored.Passkeys = append(stored.Passkeys[:n:n], stored.Passkeys[n+1:]...)
		return s.keepsFactor(stored)
	})
}

// AskPasskey returns what a browser needs to sign in with whichever passkey
// its person has, as the JSON of PublicKeyCredentialRequestOptions.
func (s *Service) AskPasskey(ctx context.Context) ([]byte, error) {
	wa, err := s.webauthn()
	if err != nil {
		return nil, err
	}
	options, session, err := wa.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	return s.open(ctx, 0, session, options.Response)
}

// SignInPasskey takes the answer of a browser to AskPasskey and begins a
// session. It returns ErrWrong for whatever does not prove who somebody is.
func (s *Service) SignInPasskey(ctx context.Context, answer []byte, old string) (secret string, err error) {
	wa, err := s.webauthn()
	if err != nil {
		return "", err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return "", ErrWrong
	}
	session, err := s.take(ctx, parsed.Response.CollectedClientData.Challenge, 0)
	if errors.Is(err, news.ErrNotFound) {
		return "", ErrWrong
	}
	if err != nil {
		return "", err
	}
	var account staff.Account
	find := func(_, handle []byte) (webauthn.User, error) {
		if account, err = s.store.AccountByHandle(ctx, handle); err != nil {
			return nil, err
		}
		return newHolder(&account)
	}
	_, used, invalid := wa.ValidatePasskeyLogin(find, session, parsed)
	if invalid != nil || account.Disabled || account.Password == "" || used.Authenticator.CloneWarning {
		return "", ErrWrong
	}
	if err := s.noteUse(ctx, account.ID, used); err != nil {
		return "", err
	}
	return s.Begin(ctx, account, old)
}

// noteUse keeps the counter and flags a passkey came back with.
func (s *Service) noteUse(ctx context.Context, id staff.AccountID, used *webauthn.Credential) error {
	return s.store.NoteAccount(ctx, id, func(stored *staff.Account) error {
		h, err := newHolder(stored)
		if err != nil {
			return err
		}
		for i, c := range h.keys {
			if string(c.ID) != string(used.ID) {
				continue
			}
			data, err := json.Marshal(used)
			if err != nil {
				return fmt.Errorf("keep passkey: %w", err)
			}
			stored.Passkeys[i].Data, stored.Passkeys[i].Used = data, s.now()
		}
		return nil
	})
}

// open stores what a browser is asked to prove and encodes the question.
func (s *Service) open(ctx context.Context, id staff.AccountID, session *webauthn.SessionData, options any) ([]byte, error) {
	data, err := json.Marshal(session)
	if err != nil {
		return nil, fmt.Errorf("keep ceremony: %w", err)
	}
	now := s.now()
	if err := s.store.AddCeremony(ctx, session.Challenge, id, data, now, now.Add(ceremonyLife), maxCeremonies); err != nil {
		return nil, err
	}
	return json.Marshal(options)
}

// take finds what a browser was asked, once.
func (s *Service) take(ctx context.Context, challenge string, id staff.AccountID) (session webauthn.SessionData, err error) {
	data, err := s.store.TakeCeremony(ctx, challenge, id, s.now())
	if err != nil {
		return session, err
	}
	if err := json.Unmarshal(data, &session); err != nil {
		return session, fmt.Errorf("kept ceremony: %w", err)
	}
	return session, nil
}
