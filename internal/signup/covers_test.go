package signup_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/gopenpgp/v3/crypto"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/compose"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// publicKey makes a key that works for a year from the house's clock.
func publicKey(t *testing.T, h *house) (armored string) {
	t.Helper()
	secret, err := crypto.PGP().KeyGeneration().AddUserId("Canary", canary).GenerationTime(h.now.Add(-time.Hour).Unix()).
		Lifetime(365 * 24 * 3600).New().GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	if armored, err = secret.GetArmoredPublicKey(); err != nil {
		t.Fatal(err)
	}
	return armored
}

// preferencesToken is the token of a reader's preferences link.
func (h *house) preferencesToken(t *testing.T, address string) string {
	t.Helper()
	r, _, err := h.Find(t.Context(), address)
	if err != nil || r.ID == 0 {
		t.Fatalf("find reader: %v", err)
	}
	link := h.PreferencesLink(r.Token)
	return link[strings.LastIndexByte(link, '/')+1:]
}

func TestEncrypt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.active(t, canary)
	link := h.preferencesToken(t, canary)
	if err := h.Encrypt(t.Context(), link, []byte("no key")); !errors.Is(err, compose.KeyUnreadable) {
		t.Errorf("Encrypt to no key: %v", err)
	}
	if c, err := h.Chosen(t.Context(), link); err != nil || c.Key != nil {
		t.Errorf("after it: %+v, %v", c.Key, err)
	}
	if err := h.Encrypt(t.Context(), link, []byte(publicKey(t, h))); err != nil {
		t.Fatal(err)
	}
	c, err := h.Chosen(t.Context(), link)
	if err != nil || c.Key == nil || c.Key.Fault != "" || c.Key.Fingerprint == "" || !c.Key.Expires.After(h.now) {
		t.Fatalf("Chosen: %+v, %v", c.Key, err)
	}
	h.now = h.now.AddDate(2, 0, 0)
	if c, err := h.Chosen(t.Context(), link); err != nil || c.Key == nil || c.Key.Fault != compose.KeyExpired {
		t.Errorf("two years later: %+v, %v", c.Key, err)
	}
	if err := h.Encrypt(t.Context(), link, nil); err != nil {
		t.Fatal(err)
	}
	if c, err := h.Chosen(t.Context(), link); err != nil || c.Key != nil {
		t.Errorf("after taking it away: %+v, %v", c.Key, err)
	}
}

// TestDiscreetNeedsASender: what the house cannot do is not promised, and who
// chose it before keeps it.
func TestDiscreetNeedsASender(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.active(t, canary)
	link := h.preferencesToken(t, canary)
	p := english
	p.Discreet = true
	if err := h.Choose(t.Context(), link, p, time.Time{}); !errors.Is(err, news.ErrInvalid) {
		t.Errorf("Choose discreet of a house that has no sender for it: %v", err)
	}
	if c, err := h.Chosen(t.Context(), link); err != nil || c.Discreetly || c.Discreet {
		t.Errorf("Chosen: %+v, %v", c, err)
	}
}

// TestCoversTravel: an export and an import of it lose neither the key nor the
// wish for discretion, and print neither.
func TestCoversTravel(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	k, err := compose.ReadKey([]byte(publicKey(t, h)), h.now)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := k.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	file := "email,discreet,openpgp\n" + canary + ",yes," + base64.StdEncoding.EncodeToString(raw) + "\n" +
		"b@example.org,perhaps,\nc@example.org,no,canary\n"
	done, err := h.Import(t.Context(), strings.NewReader(file), func(int) {})
	if err != nil || done.Added != 1 || len(done.Badness) != 2 {
		t.Fatalf("Import = %+v, %v", done, err)
	}
	for _, bad := range done.Badness {
		if strings.Contains(bad.Error(), "canary") {
			t.Errorf("a bad line is reported as %v", bad)
		}
	}
	r, _, err := h.Find(t.Context(), canary)
	if err != nil || !r.Preferences.Discreet || !bytes.Equal(r.OpenPGP, raw) {
		t.Fatalf("imported: discreet %v, a key of %d bytes, %v", r.Preferences.Discreet, len(r.OpenPGP), err)
	}
	var out bytes.Buffer
	if err := h.Export(t.Context(), &out, func(int) {}); err != nil {
		t.Fatal(err)
	}
	other := newHouse(t)
	if done, err := other.Import(t.Context(), &out, func(int) {}); err != nil || done.Added != 1 {
		t.Fatalf("Import of the export = %+v, %v", done, err)
	}
	if again, _, err := other.Find(t.Context(), canary); err != nil || !again.Preferences.Discreet || !bytes.Equal(again.OpenPGP, raw) {
		t.Errorf("after the journey: discreet %v, a key of %d bytes, %v", again.Preferences.Discreet, len(again.OpenPGP), err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("reader", "reader", r, "key", r.OpenPGP)
	printed := log.String() + fmt.Sprintf("%v %+v %s %x %q", r, r, r.OpenPGP, r.OpenPGP, []audience.PublicKey{r.OpenPGP})
	if strings.Contains(strings.ToLower(printed), "canary") || strings.Contains(printed, fmt.Sprintf("%x", raw[:8])) {
		t.Errorf("a key is printed: %s", printed)
	}
}
