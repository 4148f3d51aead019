package token

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

func testMailbox(t testing.TB, secret byte, older ...byte) *Mailbox {
	t.Helper()
	var rest [][]byte
	for _, o := range older {
		rest = append(rest, bytes.Repeat([]byte{o}, 32))
	}
	keys, err := NewKeyring(bytes.Repeat([]byte{secret}, 32), rest...)
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewMailbox(keys, "bounces@example.org")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestReturn: the copy comes back from its address, in any case, to the end of
// its last day, and from no other.
func TestReturn(t *testing.T) {
	t.Parallel()
	m, until := testMailbox(t, 1), time.Date(2026, 12, 22, 3, 0, 0, 0, time.UTC)
	want := Return{Issue: 47, Reader: 123456789}
	a := m.Return(want, until)
	if local, _, _ := strings.Cut(a, "@"); len(local) > 64 || a != m.Return(want, until) {
		t.Errorf("address %s: local part of %d octets", a, len(local))
	}
	for _, spelled := range []string{a, strings.ToUpper(a)} {
		if got, err := m.ReadReturn(spelled, until.Add(20*time.Hour)); got != want || err != nil {
			t.Errorf("ReadReturn(%s) = %v, %v", spelled, got, err)
		}
	}
	if _, err := m.ReadReturn(a, until.Add(22*time.Hour)); !errors.Is(err, ErrExpired) {
		t.Errorf("a day late: %v", err)
	}
	if got, err := testMailbox(t, 2, 1).ReadReturn(a, until); got != want || err != nil {
		t.Errorf("with the secret replaced: %v, %v", got, err)
	}
	for _, other := range []string{"", "bounces@example.org", "bounces+r@example.org", strings.Replace(a, "+r", "+u", 1),
		strings.Replace(a, "example.org", "example.com", 1), "x" + a, a + "x", m.Unsubscribe([16]byte{1})} {
		if _, err := m.ReadReturn(other, until); !errors.Is(err, ErrInvalid) {
			t.Errorf("ReadReturn(%q): %v", other, err)
		}
	}
	if _, err := testMailbox(t, 3).ReadReturn(a, until); !errors.Is(err, ErrInvalid) {
		t.Errorf("with another secret: %v", err)
	}
}

// TestReturnForged: one character changed anywhere, and it is not ours.
func TestReturnForged(t *testing.T) {
	t.Parallel()
	m, now := testMailbox(t, 1), time.Date(2026, 12, 22, 3, 0, 0, 0, time.UTC)
	a := []byte(m.Return(Return{1, 2}, now))
	for i := range bytes.IndexByte(a, '@') {
		for _, c := range []byte("0v") {
			forged := bytes.Clone(a)
			if forged[i] == c {
				continue
			}
			forged[i] = c
			if got, err := m.ReadReturn(string(forged), now); err == nil {
				t.Errorf("%s reads as %v", forged, got)
			}
		}
	}
}

// TestUnsubscribeAddress: it works for ever, for its reader alone.
func TestUnsubscribeAddress(t *testing.T) {
	t.Parallel()
	m, id := testMailbox(t, 1), [IDBytes]byte{7, 8, 9}
	a := m.Unsubscribe(id)
	if local, _, _ := strings.Cut(a, "@"); len(local) > 64 {
		t.Errorf("local part of %d octets", len(local))
	}
	if got, err := m.ReadUnsubscribe(strings.ToUpper(a)); got != id || err != nil {
		t.Errorf("ReadUnsubscribe = %v, %v", got, err)
	}
	for i := range a {
		forged := a[:i] + "w" + a[i+1:]
		if got, err := m.ReadUnsubscribe(forged); err == nil && got != id {
			t.Errorf("%s lets %v go", forged, got)
		}
	}
}

// TestNewMailbox: what cannot carry a token is refused at start.
func TestNewMailbox(t *testing.T) {
	t.Parallel()
	keys := testMailbox(t, 1).keys
	for address, good := range map[string]bool{
		"bounces@example.org": true, "b@h": true, "tencharsok@example.org": true,
		"elevenchars@example.org": false, "a+b@example.org": false, "Us <us@example.org>": false, "ü@example.org": false, "nobody": false, "": false,
	} {
		if _, err := NewMailbox(keys, address); (err == nil) != good {
			t.Errorf("NewMailbox(%q): %v", address, err)
		}
	}
	m := testMailbox(t, 1)
	for address, want := range map[string]bool{"bounces@EXAMPLE.org": true, "Bounces+x@example.org": true, "bounces@example.com": false, "b@example.org": false, "": false} {
		if m.Holds(address) != want {
			t.Errorf("Holds(%q) = %v", address, !want)
		}
	}
}

func FuzzMailbox(f *testing.F) {
	m, now := testMailbox(f, 1), time.Unix(1_800_000_000, 0)
	real := m.Return(Return{1, 2}, now)
	f.Add(real)
	f.Add(m.Unsubscribe([16]byte{1}))
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := m.ReadReturn(s, now); err == nil && !strings.EqualFold(s, real) {
			t.Errorf("%q is a copy's", s)
		}
	})
}

// TestAlso: two addresses of one mailbox read what either makes, and nobody
// else's.
func TestAlso(t *testing.T) {
	t.Parallel()
	m, now := testMailbox(t, 1), time.Unix(1_800_000_000, 0)
	quiet, err := m.Also("post@post.example")
	if err != nil {
		t.Fatal(err)
	}
	want, id := Return{7, 8}, [IDBytes]byte{9}
	for name, a := range map[string]string{"the first": m.Return(want, now), "the other": quiet.Return(want, now)} {
		for _, reads := range []*Mailbox{m, quiet} {
			if got, err := reads.ReadReturn(a, now); got != want || err != nil || !reads.Holds(a) {
				t.Errorf("ReadReturn of %s address = %+v, %v", name, got, err)
			}
		}
	}
	if got, err := m.ReadUnsubscribe(quiet.Unsubscribe(id)); got != id || err != nil {
		t.Errorf("ReadUnsubscribe = %v, %v", got, err)
	}
	a := quiet.Return(want, now)
	if strings.Contains(a, "bounces") || strings.Contains(a, "example.org") {
		t.Errorf("the other address names the first: %s", a)
	}
	if m.Holds("other@post.example") || m.Holds("bounces@post.example") {
		t.Error("the mailbox holds an address that is not its own")
	}
}
