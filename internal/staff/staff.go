// Package staff is the smallest of our vocabularies: the desk's accounts, the
// roles they hold, what each role may do, and the audit log of what was done.
// It does no I/O.
package staff

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// A Role is a set of permissions. A person may hold several.
type Role string

// The roles of SAFETY, "Pages".
const (
	Contributor   Role = "contributor"   // nominates, drafts
	Curator       Role = "curator"       // approves stories
	Editor        Role = "editor"        // composes and sends, with a second person
	Administrator Role = "administrator" // sources, users, readers
)

// Roles lists all roles, least first.
func Roles() []Role { return []Role{Contributor, Curator, Editor, Administrator} }

// Known reports whether r is a role.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// A Permission is one thing an account may do at the desk.
type Permission string

// The permissions routes ask for.
const (
	ReadDesk      Permission = "read-desk"      // queue, stories, issues
	Nominate      Permission = "nominate"       // begin a story, add a note
	DecideStories Permission = "decide-stories" // approve, reject, edit, merge
	ComposeIssues Permission = "compose-issues" // arrange, approve, send, hold
	SeeEmbargoed  Permission = "see-embargoed"  // stories under embargo that others began
	SeeReaders    Permission = "see-readers"    // readers, copies by name, catcher
	RunDesk       Permission = "run-desk"       // sources, accounts, audit
)

var grants = map[Role][]Permission{
	Contributor:   {ReadDesk, Nominate},
	Curator:       {ReadDesk, Nominate, DecideStories, SeeEmbargoed},
	Editor:        {ReadDesk, Nominate, ComposeIssues, SeeEmbargoed},
	Administrator: {ReadDesk, SeeReaders, RunDesk, SeeEmbargoed},
}

// An AccountID numbers a stored Account.
type AccountID int64

// An Account is a person at the desk.
type Account struct {
	ID       AccountID
	Name     string // unique; what `--as` and the audit log say
	Roles    []Role
	Password string // argon2id, PHC string; empty until the invitation is taken
	// Handle is 32 random bytes by which authenticators know the account.
	Handle   []byte
	TOTP     string // base32 secret of the codes (RFC 6238); empty without
	TOTPStep int64  // the last time step a code was used for: none works twice
	Passkeys []Passkey
	Disabled bool
	Created  time.Time
}

// A Passkey is one authenticator that can prove who somebody is.
type Passkey struct {
	Name    string // as its person calls it
	Data    []byte // the whole credential, JSON; package access reads it
	Created time.Time
	Used    time.Time // zero until it was
}

// HasFactor reports whether the account has more than a password: a passkey or
// codes.
func (a *Account) HasFactor() bool { return a.TOTP != "" || len(a.Passkeys) > 0 }

var accountName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N} ._'-]{0,62}$`)

// NewAccount returns an account that keeps its promises, or an error wrapping
// news.ErrInvalid.
func NewAccount(name string, roles []Role, now time.Time) (Account, error) {
	if !accountName.MatchString(name) {
		return Account{}, fmt.Errorf("account name %q: 1 to 63 letters, digits, blanks and . _ ' -, beginning with a letter or digit: %w", name, news.ErrInvalid)
	}
	if len(roles) == 0 {
		return Account{}, fmt.Errorf("account %q needs a role, one of %v: %w", name, Roles(), news.ErrInvalid)
	}
	for _, r := range roles {
		if !r.Known() {
			return Account{}, fmt.Errorf("role %q is not one of %v: %w", r, Roles(), news.ErrInvalid)
		}
	}
	handle := make([]byte, 32)
	rand.Read(handle) // never fails
	return Account{Name: name, Roles: slices.Compact(slices.Sorted(slices.Values(roles))), Handle: handle, Created: now}, nil
}

// May reports whether the account may do p.
func (a *Account) May(p Permission) bool {
	if a.Disabled {
		return false
	}
	for _, r := range a.Roles {
		if slices.Contains(grants[r], p) {
			return true
		}
	}
	return false
}

// An AuditEntry is one line of the log of what was done at the desk. Entries
// are chained: Hash covers the entry and the hash before it.
type AuditEntry struct {
	ID      int64
	At      time.Time
	Who     string // account name, or "clock" or "command line"
	What    string // "approve story", "send issue"
	Subject string // "story 12"
	Detail  string // never an address
	Hash    []byte
}

// Standing is where the account stands, in a word: active, invited (it has no
// password yet) or disabled.
func (a *Account) Standing() string {
	switch {
	case a.Disabled:
		return "disabled"
	case a.Password == "":
		return "invited"
	}
	return "active"
}

// KeepsAdministrator returns an error wrapping news.ErrConflict when a change
// of an account from before to after would leave nobody who can run the desk.
func KeepsAdministrator(before, after Account, others []Account) error {
	if !before.May(RunDesk) || after.May(RunDesk) {
		return nil
	}
	for _, o := range others {
		if o.May(RunDesk) && o.Password != "" {
			return nil
		}
	}
	return fmt.Errorf("account %q is the last administrator, make another one first: %w", after.Name, news.ErrConflict)
}
