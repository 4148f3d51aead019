package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
)

var evening = time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)

func addAccount(t *testing.T, s *store.Store, name string, roles ...staff.Role) staff.Account {
	t.Helper()
	a := staff.Account{Name: name, Roles: roles, Handle: []byte("handle of " + name), Created: evening}
	if err := s.AddAccount(t.Context(), &a, staff.AuditEntry{At: evening, Who: "test", What: "add account", Subject: "account " + name}); err != nil {
		t.Fatal(err)
	}
	return a
}

func accounts(t *testing.T, open Opener) {
	t.Run("an account comes back as it went in", func(t *testing.T) {
		s := open(t)
		addAccount(t, s, "ada", staff.Administrator)
		want := addAccount(t, s, "cara", staff.Curator, staff.Editor)
		got, err := s.AccountByName(t.Context(), "cara")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
		if got, err := s.AccountByHandle(t.Context(), want.Handle); err != nil || got.Name != "cara" {
			t.Errorf("AccountByHandle = %q, %v", got.Name, err)
		}
		first, err := s.AccountByName(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(staff.Roles(), first.Roles); diff != "" {
			t.Errorf("the first account does not hold all roles: %s", diff)
		}
	})
	t.Run("a name is taken once", func(t *testing.T) {
		s := open(t)
		addAccount(t, s, "ada")
		err := s.AddAccount(t.Context(), &staff.Account{Name: "ada", Handle: []byte("another")}, staff.AuditEntry{})
		if !errors.Is(err, news.ErrConflict) {
			t.Errorf("AddAccount = %v, want conflict", err)
		}
		if _, err := s.AccountByName(t.Context(), "nobody"); !errors.Is(err, news.ErrNotFound) {
			t.Errorf("AccountByName = %v, want not found", err)
		}
	})
	t.Run("a change ends sessions and invitations, an error changes nothing", func(t *testing.T) {
		s := open(t)
		a := addAccount(t, s, "ada")
		hash, link := []byte("session"), []byte("link")
		begin := func() {
			t.Helper()
			if err := s.AddSession(t.Context(), staff.Session{Hash: hash, Account: a, Created: evening, Seen: evening}, hash); err != nil {
				t.Fatal(err)
			}
			if err := s.AddInvitation(t.Context(), link, a.ID, evening.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		begin()
		stop := errors.New("stop")
		if err := s.ChangeAccount(t.Context(), a.ID, staff.AuditEntry{}, func(a *staff.Account, _ []staff.Account) error { a.Disabled = true; return stop }); !errors.Is(err, stop) {
			t.Fatalf("ChangeAccount = %v, want the error of change", err)
		}
		if got, err := s.Session(t.Context(), hash); err != nil || got.Account.Disabled {
			t.Errorf("after an error: %+v, %v", got, err)
		}
		if err := s.ChangeAccount(t.Context(), a.ID, staff.AuditEntry{}, func(a *staff.Account, _ []staff.Account) error { a.Disabled = true; return nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Session(t.Context(), hash); !errors.Is(err, news.ErrNotFound) {
			t.Errorf("the session lives on: %v", err)
		}
		if _, err := s.Invited(t.Context(), link, evening); !errors.Is(err, news.ErrNotFound) {
			t.Errorf("the invitation lives on: %v", err)
		}
	})
	t.Run("a note keeps sessions, and factors come back as they went in", func(t *testing.T) {
		s := open(t)
		a := addAccount(t, s, "ada")
		session := staff.Session{Hash: []byte("session"), Account: a, Half: true, Created: evening, Seen: evening}
		if err := s.AddSession(t.Context(), session, nil); err != nil {
			t.Fatal(err)
		}
		want := []staff.Passkey{{Name: "laptop", Data: []byte(`{"id":"x"}`), Created: evening, Used: evening}}
		err := s.NoteAccount(t.Context(), a.ID, func(a *staff.Account) error {
			a.Passkeys, a.TOTP, a.TOTPStep = want, "SECRET", 7
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Session(t.Context(), session.Hash)
		if err != nil || !got.Half || got.Account.TOTP != "SECRET" || got.Account.TOTPStep != 7 {
			t.Errorf("Session = %+v, %v", got, err)
		}
		if diff := cmp.Diff(want, got.Account.Passkeys); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a ceremony is taken once, by its account, in time", func(t *testing.T) {
		s := open(t)
		add := func(challenge string, account staff.AccountID, most int) {
			t.Helper()
			if err := s.AddCeremony(t.Context(), challenge, account, []byte("data of "+challenge), evening, evening.Add(time.Minute), most); err != nil {
				t.Fatal(err)
			}
		}
		take := func(challenge string, account staff.AccountID, now time.Time) bool {
			t.Helper()
			data, err := s.TakeCeremony(t.Context(), challenge, account, now)
			if err != nil && !errors.Is(err, news.ErrNotFound) {
				t.Fatal(err)
			}
			return string(data) == "data of "+challenge
		}
		add("a", 1, 9)
		if take("a", 2, evening) || take("a", 1, evening.Add(time.Minute)) {
			t.Error("taken by another account, or too late")
		}
		if !take("a", 1, evening) || take("a", 1, evening) {
			t.Error("not taken, or twice")
		}
		for _, challenge := range []string{"b", "c", "d"} {
			add(challenge, 0, 2)
		}
		open := 0
		for _, challenge := range []string{"b", "c", "d"} {
			if take(challenge, 0, evening) {
				open++
			}
		}
		if open != 2 {
			t.Errorf("%d ceremonies are open, want the bound of 2", open)
		}
	})
	t.Run("an invitation is taken once", func(t *testing.T) {
		s := open(t)
		a := addAccount(t, s, "ada")
		link := []byte("link")
		if err := s.AddInvitation(t.Context(), link, a.ID, evening); err != nil {
			t.Fatal(err)
		}
		set := func(a *staff.Account, _ []staff.Account) error { a.Password = "x"; return nil }
		if err := s.TakeInvitation(t.Context(), link, evening, staff.AuditEntry{}, set); !errors.Is(err, news.ErrNotFound) {
			t.Errorf("an expired one: %v, want not found", err)
		}
		before := evening.Add(-time.Second)
		if err := s.TakeInvitation(t.Context(), link, before, staff.AuditEntry{}, set); err != nil {
			t.Fatal(err)
		}
		if err := s.TakeInvitation(t.Context(), link, before, staff.AuditEntry{}, set); !errors.Is(err, news.ErrNotFound) {
			t.Errorf("the second time: %v, want not found", err)
		}
	})
	t.Run("sessions are seen, listed and forgotten", func(t *testing.T) {
		s := open(t)
		a := addAccount(t, s, "ada")
		for i, name := range []string{"old", "new"} {
			when := evening.Add(time.Duration(i) * time.Hour)
			if err := s.AddSession(t.Context(), staff.Session{Hash: []byte(name), Account: a, Created: when, Seen: when}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.TouchSession(t.Context(), []byte("old"), evening.Add(2*time.Hour)); err != nil {
			t.Fatal(err)
		}
		list, err := s.Sessions(t.Context())
		if err != nil || len(list) != 2 || string(list[0].Hash) != "old" {
			t.Fatalf("Sessions = %v, %v; want old, seen last, first", list, err)
		}
		if err := s.EndStaleSessions(t.Context(), evening.Add(time.Hour+time.Second), evening); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Session(t.Context(), []byte("new")); !errors.Is(err, news.ErrNotFound) {
			t.Errorf("an idle session lives on: %v", err)
		}
		if err := s.EndSession(t.Context(), []byte("old")); err != nil {
			t.Fatal(err)
		}
		if list, err := s.Sessions(t.Context()); err != nil || len(list) != 0 {
			t.Errorf("Sessions = %v, %v; want none", list, err)
		}
	})
}

func audit(t *testing.T, open Opener) {
	t.Run("is read backwards, in pages, and searched", func(t *testing.T) {
		s := open(t)
		for _, what := range []string{"approve story", "send issue", "100% sure", "send issue"} {
			if err := s.Audit(t.Context(), staff.AuditEntry{At: evening, Who: "ada", What: what, Subject: "s"}); err != nil {
				t.Fatal(err)
			}
		}
		read := func(text string, before int64, limit int) (got []string) {
			t.Helper()
			log, err := s.AuditLog(t.Context(), text, before, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range log {
				got = append(got, e.What)
			}
			return got
		}
		for _, tt := range []struct {
			text   string
			before int64
			limit  int
			want   []string
		}{
			{"", 0, 2, []string{"send issue", "100% sure"}},
			{"", 3, 2, []string{"send issue", "approve story"}},
			{"SEND", 0, 9, []string{"send issue", "send issue"}},
			{"0%", 0, 9, []string{"100% sure"}},
			{"_", 0, 9, nil},
		} {
			if diff := cmp.Diff(tt.want, read(tt.text, tt.before, tt.limit)); diff != "" {
				t.Errorf("AuditLog(%q, %d, %d): %s", tt.text, tt.before, tt.limit, diff)
			}
		}
		if broken, err := s.CheckAudit(t.Context()); broken != 0 || err != nil {
			t.Errorf("CheckAudit = %d, %v; want an unbroken chain", broken, err)
		}
	})
}
