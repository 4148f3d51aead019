package compose_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

// TestInABrowser opens the mail of each language, light on a screen and dark on
// a phone: nothing is asked of anybody, nothing is wider than the
// window, and axe finds nothing. RIGHTSDESK_PICTURES names a folder for
// pictures of those and the other way around.
func TestInABrowser(t *testing.T) {
	r := render(t, sample())
	served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		lang := strings.Trim(req.URL.Path, "/")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		doc := r.HTML(audience.Variant{Language: lang, Format: audience.FormatHTML, Stories: all})
		// A mail program shows it as the main part of its own page.
		fmt.Fprint(w, strings.NewReplacer(`<div role="article"`, `<main><div role="article"`, "</body>", "</main></body>").Replace(doc))
	}))
	t.Cleanup(served.Close)
	axe := webtest.Axe(t, filepath.Join("..", ".."))
	b := webtest.OpenBrowser(t, served.URL)
	for _, lang := range audience.Languages() {
		for _, phone := range []bool{false, true} {
			for _, dark := range []bool{false, true} {
				// Colours do not depend on the width: each is judged once.
				if phone != dark && os.Getenv("RIGHTSDESK_PICTURES") == "" {
					continue
				}
				b.Phone(phone)
				b.Dark(dark)
				b.Open("/" + lang)
				name := "mail-" + lang + map[bool]string{false: "-desktop", true: "-phone"}[phone] + map[bool]string{false: "-light", true: "-dark"}[dark]
				b.Judge(name, axe)
				b.Picture(name)
			}
		}
	}
}
