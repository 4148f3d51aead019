// Package access says who may come to the desk: accounts, the one-time links
// that begin them, passwords, passkeys and codes, sessions and the audit log. What an account may
// do once it is in is staff's to say; readers are another matter altogether
// and unknown here.
package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

// InvitationLife is how long a one-time link works.
const InvitationLife = 72 * time.Hour

// FirstName is the name the first account has until its person chooses one.
const FirstName = "administrator"

// Store is what access needs remembered.
type Store interface {
	AddAccount(ctx context.Context, a *staff.Account, e staff.AuditEntry) error
	Accounts(ctx context.Context) ([]staff.Account, error)
	AccountByName(ctx context.Context, name string) (staff.Account, error)
	AccountByHandle(ctx context.Context, handle []byte) (staff.Account, error)
	NoteAccount(ctx context.Context, id staff.AccountID, note func(*staff.Account) error) error
	ChangeAccount(ctx context.Context, id staff.AccountID, e staff.AuditEntry, change func(a *staff.Account, others []staff.Account) error) error
	AddInvitation(ctx context.Context, hash []byte, id staff.AccountID, expires time.Time) error
	Invited(ctx context.Context, hash []byte, now time.Time) (staff.Account, error)
	TakeInvitation(ctx context.Context, hash []byte, now time.Time, e staff.AuditEntry, change func(a *staff.Account, others []staff.Account) error) error
	AddSession(ctx context.Context, s staff.Session, replaces []byte) error
	Session(ctx context.Context, hash []byte) (staff.Session, error)
	Sessions(ctx context.Context) ([]staff.Session, error)
	TouchSession(ctx context.Context, hash []byte, seen time.Time) error
	EndSession(ctx context.Context, hash []byte) error
	EndStaleSessions(ctx context.Context, idle, begun time.Time) error
	AddCeremony(ctx context.Context, challenge string, account staff.AccountID, data []byte, now, expires time.Time, most int) error
	TakeCeremony(ctx context.Context, challenge string, account staff.AccountID, now time.Time) ([]byte, error)
	Audit(ctx context.Context, e staff.AuditEntry) error
	AuditLog(ctx context.Context, text string, before int64, limit int) ([]staff.AuditEntry, error)
}

// Options is what a Service is made of besides its store.
type Options struct {
	// Base is the address of the desk: passkeys are bound to its host. Nil:
	// there are no passkeys.
	Base *url.URL
	Name string // of the house, as an authenticator shows it; "" = rightsdesk
	// AskFactor: a password alone opens nothing but the page that adds a
	// passkey or codes.
	AskFactor bool
	Now       func() time.Time // nil = time.Now
	Cost      *Cost            // of a password hash; nil = 64 MiB, three passes
}

// A Service is the door to the desk. It is safe for concurrent use.
type Service struct {
	store     Store
	name      string
	askFactor bool
	now       func() time.Time
	hasher    *hasher
	delays    *delays
	webauthn  func() (*webauthn.WebAuthn, error)
}

// New returns a Service over a store.
func New(store Store, o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Name == "" {
		o.Name = "rightsdesk"
	}
	if o.Cost == nil {
		o.Cost = &Cost{Memory: 64 << 10, Time: 3}
	}
	return &Service{store: store, name: o.Name, askFactor: o.AskFactor, now: o.Now, hasher: newHasher(*o.Cost), delays: newDelays(),
		webauthn: sync.OnceValues(o.newWebAuthn)}
}

// Audit appends a line to the audit log; a zero At is now. No line ever holds
// a reader's address.
func (s *Service) Audit(ctx context.Context, e staff.AuditEntry) error {
	if e.At.IsZero() {
		e.At = s.now()
	}
	return s.store.Audit(ctx, e)
}

// AuditLog reads up to limit lines that hold text, latest first, from before
// the line of that number (0 = from the end).
func (s *Service) AuditLog(ctx context.Context, text string, before int64, limit int) ([]staff.AuditEntry, error) {
	return s.store.AuditLog(ctx, strings.TrimSpace(text), before, limit)
}

// Accounts lists all accounts by name.
func (s *Service) Accounts(ctx context.Context) ([]staff.Account, error) {
	return s.store.Accounts(ctx)
}

// entry is a line of the audit log about an account.
func (s *Service) entry(by, what, name, detail string) staff.AuditEntry {
	return staff.AuditEntry{At: s.now(), Who: by, What: what, Subject: "account " + name, Detail: detail}
}

// Invite adds an account and returns the secret of its one-time link. by is
// who did it, for the audit log. The first account of a house holds all roles.
// Errors wrap news.ErrInvalid or news.ErrConflict.
func (s *Service) Invite(ctx context.Context, name string, roles []staff.Role, by string) (secret string, err error) {
	a, err := staff.NewAccount(strings.TrimSpace(name), roles, s.now())
	if err != nil {
		return "", err
	}
	if err := s.store.AddAccount(ctx, &a, s.entry(by, "add account", a.Name, "")); err != nil {
		return "", err
	}
	return s.invite(ctx, a.ID)
}

func (s *Service) invite(ctx context.Context, id staff.AccountID) (string, error) {
	secret, hash := newSecret()
	if err := s.store.AddInvitation(ctx, hash, id, s.now().Add(InvitationLife)); err != nil {
		return "", err
	}
	return secret, nil
}

// Reset takes an account's password, passkeys and codes away, ends its sessions
// and returns the secret of a new one-time link.
func (s *Service) Reset(ctx context.Context, name, by string) (secret string, err error) {
	a, err := s.change(ctx, name, "reset account", "", by, func(a *staff.Account, _ []staff.Account) error {
		a.Password, a.TOTP, a.Passkeys, a.Disabled = "", "", nil, false
		return nil
	})
	if err != nil {
		return "", err
	}
	return s.invite(ctx, a.ID)
}

// Disable keeps an account out and ends its sessions. The last administrator
// cannot be disabled: the error wraps news.ErrConflict.
func (s *Service) Disable(ctx context.Context, name, by string) error {
	_, err := s.change(ctx, name, "disable account", "", by, func(a *staff.Account, others []staff.Account) error {
		before := *a
		a.Disabled = true
		return staff.KeepsAdministrator(before, *a, others)
	})
	return err
}

// EndSessions signs an account out everywhere, and voids its open link.
func (s *Service) EndSessions(ctx context.Context, name, by string) error {
	_, err := s.change(ctx, name, "end sessions", "", by, func(*staff.Account, []staff.Account) error { return nil })
	return err
}

// SetRoles gives an account other roles and ends its sessions. The last
// administrator stays one: the error wraps news.ErrConflict.
func (s *Service) SetRoles(ctx context.Context, name string, roles []staff.Role, by string) error {
	checked, err := staff.NewAccount(name, roles, s.now())
	if err != nil {
		return err
	}
	_, err = s.change(ctx, name, "change roles", fmt.Sprint(checked.Roles), by, func(a *staff.Account, others []staff.Account) error {
		before := *a
		a.Roles = checked.Roles
		return staff.KeepsAdministrator(before, *a, others)
	})
	return err
}

func (s *Service) change(ctx context.Context, name, what, detail, by string, change func(*staff.Account, []staff.Account) error) (staff.Account, error) {
	a, err := s.store.AccountByName(ctx, name)
	if err != nil {
		return a, err
	}
	return a, s.store.ChangeAccount(ctx, a.ID, s.entry(by, what, name, detail), change)
}

// FirstLink returns the secret of a one-time link that makes the first
// administrator, or "" once any account has a password. Each call voids the
// link of the call before.
func (s *Service) FirstLink(ctx context.Context) (secret string, err error) {
	all, err := s.store.Accounts(ctx)
	if err != nil {
		return "", err
	}
	var first *staff.Account
	for i := range all {
		switch {
		case all[i].Password != "":
			return "", nil
		case first == nil && !all[i].Disabled && slices.Contains(all[i].Roles, staff.Administrator):
			first = &all[i]
		}
	}
	if first == nil {
		return s.Invite(ctx, FirstName, staff.Roles(), "first start")
	}
	return s.invite(ctx, first.ID)
}

// Empty reports whether nobody can sign in yet: no account has a password.
func (s *Service) Empty(ctx context.Context) (bool, error) {
	all, err := s.store.Accounts(ctx)
	for _, a := range all {
		if a.Password != "" {
			return false, nil
		}
	}
	return err == nil, err
}

// Invited returns the account a one-time link is for, and whether its person
// may still choose its name. The error wraps news.ErrNotFound when the link was
// used, replaced or is older than 72 hours.
func (s *Service) Invited(ctx context.Context, secret string) (a staff.Account, mayRename bool, err error) {
	a, err = s.store.Invited(ctx, hashOf(secret), s.now())
	return a, a.Name == FirstName, err
}

// TakeInvitation uses a one-time link up and gives its account a password, and
// a name where that is still open. Errors wrap news.ErrNotFound or
// news.ErrInvalid; then the link still works.
func (s *Service) TakeInvitation(ctx context.Context, secret, name, password string) (staff.Account, error) {
	a, mayRename, err := s.Invited(ctx, secret)
	if err != nil {
		return a, err
	}
	if mayRename && strings.TrimSpace(name) != "" {
		renamed, err := staff.NewAccount(strings.TrimSpace(name), a.Roles, s.now())
		if err != nil {
			return a, err
		}
		a.Name = renamed.Name
	}
	if err := CheckPassword(password, a.Name); err != nil {
		return a, err
	}
	phc, err := s.hasher.hash(ctx, password)
	if err != nil {
		return a, err
	}
	err = s.store.TakeInvitation(ctx, hashOf(secret), s.now(), s.entry(a.Name, "take invitation", a.Name, ""), func(stored *staff.Account, others []staff.Account) error {
		for _, o := range others {
			if o.Name == a.Name {
				return fmt.Errorf("account %q: the name is taken: %w", a.Name, news.ErrConflict)
			}
		}
		stored.Name, stored.Password = a.Name, phc
		return nil
	})
	return a, err
}

// newSecret makes 256 random bits and the hash under which they are kept.
func newSecret() (secret string, hash []byte) {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	secret = base64.RawURLEncoding.EncodeToString(b)
	return secret, hashOf(secret)
}

func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
