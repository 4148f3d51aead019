package token_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/token"
)

func ring(t testing.TB, secrets ...byte) *token.Keyring {
	t.Helper()
	var all [][]byte
	for _, s := range secrets {
		all = append(all, bytes.Repeat([]byte{s}, token.MinSecretBytes))
	}
	k, err := token.NewKeyring(all[0], all[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var reader = [token.IDBytes]byte{1, 2, 3}

func TestMakeCheck(t *testing.T) {
	t.Parallel()
	k := ring(t, 'a')
	s := k.Make("unsubscribe", reader)
	if len(s) != 43 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		t.Errorf("Make = %q", s)
	}
	if s != k.Make("unsubscribe", reader) {
		t.Error("Make gives another token the second time")
	}
	tests := []struct {
		name, purpose, token string
		ring                 *token.Keyring
		ok                   bool
	}{
		{"ours", "unsubscribe", s, k, true},
		{"after rotation", "unsubscribe", s, ring(t, 'b', 'a'), true},
		{"another purpose", "preferences", s, k, false},
		{"another secret", "unsubscribe", s, ring(t, 'b'), false},
		{"cut", "unsubscribe", s[:42], k, false},
		{"longer", "unsubscribe", s + "A", k, false},
		{"padded", "unsubscribe", s + "=", k, false},
		{"empty", "unsubscribe", "", k, false},
		{"an expiring one", "unsubscribe", k.MakeExpiring("unsubscribe", reader, time.Now().Add(time.Hour)), k, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			id, err := tt.ring.Check(tt.purpose, tt.token)
			if tt.ok != (err == nil && id == reader) || !tt.ok && !errors.Is(err, token.ErrInvalid) {
				t.Errorf("Check = %v, %v", id, err)
			}
		})
	}
}

// TestOneChange: no token with one character changed is a token, not even
// one that decodes to the same bytes.
func TestOneChange(t *testing.T) {
	t.Parallel()
	k := ring(t, 'a')
	s := k.Make("unsubscribe", reader)
	for i := range s {
		for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_\n" {
			if changed := s[:i] + string(c) + s[i+1:]; changed != s {
				if _, err := k.Check("unsubscribe", changed); err == nil {
					t.Errorf("Check takes %q for %q", changed, s)
				}
			}
		}
	}
}

func TestExpiring(t *testing.T) {
	t.Parallel()
	k := ring(t, 'a')
	until := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	s := k.MakeExpiring("confirm", reader, until)
	if id, err := k.CheckExpiring("confirm", s, until); err != nil || id != reader {
		t.Errorf("at its last second: %v, %v", id, err)
	}
	if _, err := k.CheckExpiring("confirm", s, until.Add(time.Second)); !errors.Is(err, token.ErrExpired) {
		t.Errorf("a second later: %v", err)
	}
	if _, err := k.CheckExpiring("export", s, until); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("for another purpose: %v", err)
	}
	if _, err := k.CheckExpiring("confirm", k.Make("confirm", reader), until); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("one without an end: %v", err)
	}
}

func TestShortSecret(t *testing.T) {
	t.Parallel()
	if _, err := token.NewKeyring(make([]byte, 31)); err == nil {
		t.Error("NewKeyring takes 31 bytes")
	}
}

func FuzzCheck(f *testing.F) {
	k := ring(f, 'a')
	f.Add(k.Make("unsubscribe", reader))
	f.Add(k.MakeExpiring("unsubscribe", reader, time.Unix(0, 0)))
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := k.Check("unsubscribe", s); err == nil && s != k.Make("unsubscribe", id) {
			t.Errorf("Check takes %q, which Make would not make", s)
		}
	})
}
