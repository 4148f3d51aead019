package reader

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/ProtonMail/gopenpgp/v3/crypto"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

// TestChoicesInABrowser opens a reader's choices, with a key that has expired,
// in a script that runs to the right and one that runs to the left.
func TestChoicesInABrowser(t *testing.T) {
	h := newHouse(t)
	h.active(t, "ann@example.org")
	path := h.choices(t, "ann@example.org")
	base, err := url.Parse(webtest.Base)
	if err != nil {
		t.Fatal(err)
	}
	served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = base.Host
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(served.Close)
	secret, err := crypto.PGP().KeyGeneration().AddUserId("", "ann@example.org").GenerationTime(h.now.Add(-time.Hour).Unix()).Lifetime(24 * 3600).New().GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	public, err := secret.GetPublicKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.readers.Encrypt(t.Context(), path[len("/preferences/"):], public); err != nil {
		t.Fatal(err)
	}
	h.now = h.now.AddDate(0, 1, 0)
	axe := webtest.Axe(t, filepath.Join("..", "..", ".."))
	b := webtest.OpenBrowser(t, served.URL)
	for _, lang := range []string{"en", "ar"} {
		c := audience.Preferences{Language: lang, Format: audience.FormatHTML}
		if err := h.readers.Choose(t.Context(), path[len("/preferences/"):], c, time.Time{}); err != nil {
			t.Fatal(err)
		}
		for _, phone := range []bool{false, true} {
			b.Phone(phone)
			name := "choices-" + lang + map[bool]string{false: "-desktop", true: "-phone"}[phone]
			b.Open(path + "?" + name + "#encrypted")
			b.Judge(name, axe)
			b.Picture(name)
		}
	}
}
