package public

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

// TestTopicIntroduced: a topic's page begins with its introduction, in the
// page's language or else in English, which it says; other languages are no
// answer, and later pages and feeds go without.
func TestTopicIntroduced(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	page := func(path string) string {
		t.Helper()
		w := webtest.Get(h, path, "")
		if w.Code != http.StatusOK {
			t.Fatalf("%s = %d", path, w.Code)
		}
		return w.Body.String()
	}
	introduce := func(language, text string) {
		t.Helper()
		err := h.desk.Introduce(t.Context(), news.Introduction{Topic: "torture", Language: language, Text: text, Notes: "1. <i>A</i> book", Author: "Cara C.", EditedBy: "cara"}, 0)
		if err != nil {
			t.Fatal(err)
		}
	}
	const about = `class="about`
	if strings.Contains(page("/topics/torture"), about) {
		t.Error("an introduction nobody wrote")
	}
	introduce("fr", "Jamais **justifiée**.")
	if strings.Contains(page("/topics/torture"), about) || strings.Contains(page("/ar/topics/torture"), about) {
		t.Error("French stands on pages of other languages")
	}
	introduce("en", "Never **justified**.")
	for path, want := range map[string][]string{
		"/topics/torture":    {"Never <strong>justified</strong>.", `lang="en" dir="ltr"`, "Cara C.", "Notes and sources", "A book", "No story here yet"},
		"/fr/topics/torture": {"Jamais <strong>justifiée</strong>.", `lang="fr" dir="ltr"`, "Notes et sources"},
		"/ar/topics/torture": {"Never <strong>justified</strong>.", `class="about reading" lang="en" dir="ltr"`, "وهي هنا بالإنجليزية", "Notes and sources"},
	} {
		body := page(path)
		for _, words := range want {
			if !strings.Contains(body, words) {
				t.Errorf("%s does not say %q", path, words)
			}
		}
		if elsewhere := strings.Contains(body, `<p class="notice">`); elsewhere != strings.HasPrefix(path, "/ar") {
			t.Errorf("%s says that it is in another language: %t", path, elsewhere)
		}
	}
	for _, path := range []string{"/topics/torture?after=1-1", "/topics/torture.rss", "/topics/abortion"} {
		if strings.Contains(page(path), "justified") {
			t.Errorf("%s has the introduction", path)
		}
	}
}
