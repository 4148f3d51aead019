package access_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/access"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
)

// A desk is an access service over an empty store, with a clock to turn.
type desk struct {
	*access.Service
	store *store.Store
	now   time.Time
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	d := &desk{store: s, now: time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)}
	d.Service = access.New(s, access.Options{Now: func() time.Time { return d.now }, Cost: &access.Cost{Memory: 8, Time: 1}})
	return d
}

const good = "four plain words here"

// account makes an account with the password good.
func (d *desk) account(t *testing.T, name string, roles ...staff.Role) {
	t.Helper()
	secret, err := d.Invite(t.Context(), name, roles, "test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.TakeInvitation(t.Context(), secret, "", good); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) signIn(t *testing.T, name, password string) (string, error) {
	t.Helper()
	secret, _, err := d.SignIn(t.Context(), access.Attempt{Name: name, Password: password, From: netip.MustParseAddr("192.0.2.7")})
	return secret, err
}

func TestFirstAdministrator(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	stale, err := d.FirstLink(t.Context())
	if err != nil || stale == "" {
		t.Fatalf("FirstLink = %q, %v; want a link", stale, err)
	}
	secret, err := d.FirstLink(t.Context())
	if err != nil || secret == stale {
		t.Fatalf("the second FirstLink = %q, %v; want another link", secret, err)
	}
	if _, _, err := d.Invited(t.Context(), stale); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("the link of the start before: %v, want not found", err)
	}
	if _, mayRename, err := d.Invited(t.Context(), secret); err != nil || !mayRename {
		t.Errorf("Invited = rename %v, %v; want that the name is open", mayRename, err)
	}
	if _, err := d.TakeInvitation(t.Context(), secret, "Ada", "short"); !errors.Is(err, news.ErrInvalid) {
		t.Errorf("a short password: %v, want invalid", err)
	}
	a, err := d.TakeInvitation(t.Context(), secret, "Ada", good)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(staff.Roles(), d.byName(t, "Ada").Roles); diff != "" || a.Name != "Ada" {
		t.Errorf("the first account is %q and does not hold all roles: %s", a.Name, diff)
	}
	if _, err := d.TakeInvitation(t.Context(), secret, "Eve", good); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("the link works twice: %v", err)
	}
	if again, err := d.FirstLink(t.Context()); again != "" || err != nil {
		t.Errorf("FirstLink with an administrator there = %q, %v; want none", again, err)
	}
}

func (d *desk) byName(t *testing.T, name string) staff.Account {
	t.Helper()
	a, err := d.store.AccountByName(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestInvitationExpires(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	secret, err := d.Invite(t.Context(), "cara", []staff.Role{staff.Curator}, "test")
	if err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(access.InvitationLife)
	if _, err := d.TakeInvitation(t.Context(), secret, "", good); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("after 72 hours: %v, want not found", err)
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.account(t, "ada", staff.Administrator)
	d.account(t, "cara", staff.Curator)
	secret, err := d.signIn(t, "cara", good)
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Session(t.Context(), secret)
	if err != nil || s.Account.Name != "cara" {
		t.Fatalf("Session = %q, %v", s.Account.Name, err)
	}
	for name, try := range map[string][2]string{
		"wrong password": {"cara", good + "x"}, "no such name": {"nobody", good}, "no password": {"cara", ""},
		"other case": {"Cara", good}, "endless password": {"cara", strings.Repeat("x", 1<<20)},
	} {
		if _, err := d.signIn(t, try[0], try[1]); !errors.Is(err, access.ErrWrong) {
			t.Errorf("%s: %v, want ErrWrong", name, err)
		}
		d.now = d.now.Add(2 * time.Minute)
	}
	if err := d.Disable(t.Context(), "cara", "ada"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.signIn(t, "cara", good); !errors.Is(err, access.ErrWrong) {
		t.Errorf("a disabled account: %v, want ErrWrong", err)
	}
}

// Whoever can place a cookie must not know the session that follows.
func TestSessionFixation(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.account(t, "ada", staff.Administrator)
	planted, err := d.signIn(t, "ada", good)
	if err != nil {
		t.Fatal(err)
	}
	secret, _, err := d.SignIn(t.Context(), access.Attempt{Name: "ada", Password: good, Old: planted})
	if err != nil {
		t.Fatal(err)
	}
	if secret == planted || len(secret) < 43 {
		t.Errorf("the new session's secret is %q", secret)
	}
	if _, err := d.Session(t.Context(), planted); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("the planted session lives on: %v", err)
	}
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(*testing.T, *desk, string) error
		live bool
	}{
		{"29 idle minutes", func(_ *testing.T, d *desk, _ string) error { d.now = d.now.Add(29 * time.Minute); return nil }, true},
		{"30 idle minutes", func(_ *testing.T, d *desk, _ string) error { d.now = d.now.Add(30 * time.Minute); return nil }, false},
		{"12 busy hours", func(t *testing.T, d *desk, secret string) error {
			for range 71 {
				d.now = d.now.Add(10 * time.Minute)
				if _, err := d.Session(t.Context(), secret); err != nil {
					return err
				}
			}
			d.now = d.now.Add(10 * time.Minute)
			return nil
		}, false},
		{"signed out", func(t *testing.T, d *desk, secret string) error { return d.SignOut(t.Context(), secret) }, false},
		{"password changed", func(t *testing.T, d *desk, _ string) error {
			return d.ChangePassword(t.Context(), access.Attempt{Name: "cara", Password: good}, "another four plain words")
		}, false},
		{"roles changed", func(t *testing.T, d *desk, _ string) error {
			return d.SetRoles(t.Context(), "cara", []staff.Role{staff.Editor}, "ada")
		}, false},
		{"ended by an administrator", func(t *testing.T, d *desk, _ string) error { return d.EndSessions(t.Context(), "cara", "ada") }, false},
		{"disabled", func(t *testing.T, d *desk, _ string) error { return d.Disable(t.Context(), "cara", "ada") }, false},
		{"reset", func(t *testing.T, d *desk, _ string) error { _, err := d.Reset(t.Context(), "cara", "ada"); return err }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.account(t, "ada", staff.Administrator)
			d.account(t, "cara", staff.Curator)
			secret, err := d.signIn(t, "cara", good)
			if err != nil {
				t.Fatal(err)
			}
			if err := tt.do(t, d, secret); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Session(t.Context(), secret); (err == nil) != tt.live || err != nil && !errors.Is(err, news.ErrNotFound) {
				t.Errorf("Session: %v, want live %v", err, tt.live)
			}
		})
	}
}

func TestBruteForce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.account(t, "ada", staff.Administrator)
	mine, err := d.signIn(t, "ada", good)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for second := range 3600 {
		from := netip.AddrFrom4([4]byte{198, 51, byte(second), 1}) // a network each time
		if _, _, err := d.SignIn(t.Context(), access.Attempt{Name: "ada", Password: "guess", From: from}); errors.Is(err, access.ErrWrong) {
			tried++
		}
		d.now = d.now.Add(time.Second)
		if second%600 == 0 {
			if _, err := d.Session(t.Context(), mine); err != nil {
				t.Fatalf("a live session was locked out: %v", err)
			}
		}
	}
	if tried > 75 {
		t.Errorf("%d guesses in an hour from many networks, want at most 75", tried)
	}
	d.now = d.now.Add(time.Minute)
	if _, err := d.signIn(t, "ada", good); err != nil {
		t.Errorf("a minute after the last guess ada herself is kept out: %v", err)
	}
}

func TestBruteForceOfOneNetwork(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	tried := 0
	for i := range 3600 {
		from := netip.MustParseAddr(fmt.Sprintf("2001:db8:1:2%02x::%x", i%256, i)) // one /56
		if _, _, err := d.SignIn(t.Context(), access.Attempt{Name: fmt.Sprint("user", i), Password: "guess", From: from}); errors.Is(err, access.ErrWrong) {
			tried++
		}
		d.now = d.now.Add(time.Second)
	}
	if tried > 30 {
		t.Errorf("%d guesses in an hour from one network, want at most 30", tried)
	}
}

func TestGuessesAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.account(t, "ada", staff.Administrator)
	var wg sync.WaitGroup
	wrong := make(chan bool, 100)
	for range 100 {
		wg.Go(func() {
			_, _, err := d.SignIn(t.Context(), access.Attempt{Name: "ada", Password: "guess"})
			wrong <- errors.Is(err, access.ErrWrong)
		})
	}
	wg.Wait()
	close(wrong)
	tried := 0
	for w := range wrong {
		if w {
			tried++
		}
	}
	if tried > 3 {
		t.Errorf("%d of 100 guesses sent at once were tried, want 3", tried)
	}
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	for password, ok := range map[string]bool{
		"four plain words here": true, "пароль из слов": true, "correcthorse": true,
		"": false, "elevenchars": false, "aaaaaaaaaaaaaaaa": false, "cara.sanders1": false,
		strings.Repeat("abcdefgh", 129): false, "twelve\xffbytes!!": false,
	} {
		if err := access.CheckPassword(password, "cara.sanders"); (err == nil) != ok || err != nil && !errors.Is(err, news.ErrInvalid) {
			t.Errorf("CheckPassword(%q) = %v, want ok %v", password, err, ok)
		}
	}
}

func TestLastAdministratorStays(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.account(t, "ada", staff.Administrator)
	if err := d.Disable(t.Context(), "ada", "ada"); !errors.Is(err, news.ErrConflict) {
		t.Errorf("the last administrator was disabled: %v", err)
	}
	if err := d.SetRoles(t.Context(), "ada", []staff.Role{staff.Editor}, "ada"); !errors.Is(err, news.ErrConflict) {
		t.Errorf("the last administrator gave the role up: %v", err)
	}
	d.account(t, "bo", staff.Administrator)
	if err := d.Disable(t.Context(), "ada", "bo"); err != nil {
		t.Errorf("with another one there: %v", err)
	}
}

func TestAuditTellsWhatWasDone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.account(t, "ada", staff.Administrator)
	d.account(t, "cara", staff.Curator)
	if err := d.SetRoles(t.Context(), "cara", []staff.Role{staff.Editor}, "ada"); err != nil {
		t.Fatal(err)
	}
	log, err := d.AuditLog(t.Context(), " CARA ", 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range log {
		got = append(got, e.Who+": "+e.What+" "+e.Subject)
	}
	want := []string{"ada: change roles account cara", "cara: take invitation account cara", "test: add account account cara"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
