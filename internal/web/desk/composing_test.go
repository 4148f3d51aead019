package desk

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/curate"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

// hostileAround has a payload in every field that can stand beside an issue.
func hostileAround() news.Around {
	h := webtest.Hostile
	return news.Around{
		Blocks:      []news.Block{{ID: 1, Kind: news.BlockKind(h), URL: webtest.HostileLink, Texts: []news.BlockText{{Language: "en", Text: h}}, From: h, Until: h, EditedBy: h}},
		Closing:     []news.Closing{{Date: h, Title: h, Language: h, URL: webtest.HostileLink}},
		Days:        []news.Observance{{Date: h, Names: map[string]string{"en": h}}},
		Corrections: []news.Correction{{Issue: h, Text: h, Language: h}},
	}
}

// openIssue drafts an issue with stories of these headlines and returns its
// path.
func openIssue(t *testing.T, h http.Handler, desk *curate.Desk, headlines ...string) string {
	t.Helper()
	for _, headline := range headlines {
		id := begin(t, desk, headline)
		if w := webtest.Post(h, "/desk", "cara", fmt.Sprintf("approve=%d", id)); w.Code != 303 {
			t.Fatalf("approve = %d", w.Code)
		}
	}
	path := webtest.Post(h, "/desk/issues", "edda", "").Header().Get("Location")
	if path == "" {
		t.Fatal("no draft")
	}
	return path
}

var revisionField = regexp.MustCompile(`name="revision" value="(\d+)"`)

func revision(t *testing.T, h http.Handler, path string) string {
	t.Helper()
	m := revisionField.FindStringSubmatch(webtest.Get(h, path, "edda").Body.String())
	if m == nil {
		t.Fatalf("%s has no revision", path)
	}
	return m[1]
}

func holds(t *testing.T, page string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(page, w) {
			t.Errorf("the page lacks %q:\n%s", w, page)
		}
	}
}

func TestWordsInAnotherLanguage(t *testing.T) {
	t.Parallel()
	h, desk := openDesk(t)
	path := openIssue(t, h, desk, "First")
	form := url.Values{"language": {"fr"}, "title": {"Lettre"}, "introduction": {"Bonjour à toutes"}, "revision": {revision(t, h, path)}}
	if w := webtest.Post(h, path+"/words", "edda", form.Encode()); w.Code != 303 {
		t.Fatalf("save the French = %d %s", w.Code, w.Body)
	}
	holds(t, webtest.Get(h, path+"/words?language=fr", "edda").Body.String(), `value="Lettre"`, "Bonjour à toutes", "French · written")
	holds(t, webtest.Get(h, path, "edda").Body.String(), "French</a> ✓")
	// Who translates the same at the same time: nothing of either is lost.
	form.Set("title", "Autre lettre")
	w := webtest.Post(h, path+"/words", "edda", form.Encode())
	if w.Code != 409 {
		t.Errorf("save over a newer revision = %d, want 409", w.Code)
	}
	holds(t, w.Body.String(), `value="Autre lettre"`, "<strong>Lettre</strong>")
	for address, want := range map[string]int{"?language=en": 404, "?language=xx": 404, "": 404, "?language=ar": 200} {
		if w := webtest.Get(h, path+"/words"+address, "nell"); w.Code != want {
			t.Errorf("GET words%s = %d, want %d", address, w.Code, want)
		}
	}
	form.Set("title", "")
	form.Set("revision", revision(t, h, path))
	if w := webtest.Post(h, path+"/words", "edda", form.Encode()); w.Code != 422 {
		t.Errorf("an introduction without a title = %d, want 422", w.Code)
	}
	if w := webtest.Post(h, path+"/words", "cara", form.Encode()); w.Code != 403 {
		t.Errorf("a curator translates an issue = %d, want 403", w.Code)
	}
}

func TestBlockForm(t *testing.T) {
	t.Parallel()
	h, desk := openDesk(t)
	form := url.Values{"kind": {"donation"}, "url": {"https://example.org/give"}, "position": {"3"}, "text-en": {"Give **now**"}, "text-ar": {"تبرّع"}}
	if w := webtest.Post(h, "/desk/blocks/0", "edda", form.Encode()); w.Code != 303 {
		t.Fatalf("save a block = %d %s", w.Code, w.Body)
	}
	holds(t, webtest.Get(h, "/desk/blocks", "nell").Body.String(), "Donate", "Give now", "en ar", "for ever")
	holds(t, webtest.Get(h, "/desk/blocks/1", "edda").Body.String(), `value="donation" selected`, `value="https://example.org/give"`, "Give **now**", "تبرّع")
	path := openIssue(t, h, desk, "First")
	holds(t, webtest.Get(h, path, "edda").Body.String(), `value="block/1" checked`)
	// It is kept from standing in this issue.
	first := revision(t, h, path)
	save := url.Values{"do": {"save"}, "revision": {first}, "title": {"T"}, "line": {"", "#story-1"}, "beside": {"block/1"}}
	if w := webtest.Post(h, path, "edda", save.Encode()); w.Code != 303 {
		t.Fatalf("save = %d %s", w.Code, w.Body)
	}
	if page := webtest.Get(h, path, "edda").Body.String(); strings.Contains(page, `value="block/1" checked`) || !strings.Contains(page, `value="block/1"`) {
		t.Error("the block that was left out is ticked, or cannot be ticked again")
	}
	bad := url.Values{"kind": {"donation"}, "url": {"nowhere"}, "from": {"2026-12-01"}, "until": {"2026-11-01"}, "text-en": {"Kept"}}
	w := webtest.Post(h, "/desk/blocks/1", "edda", bad.Encode())
	if w.Code != 422 {
		t.Errorf("a block that cannot stand = %d, want 422", w.Code)
	}
	holds(t, w.Body.String(), "Kept", "before it begins", `value="nowhere"`)
	for address, want := range map[string]int{"/desk/blocks/9": 404, "/desk/blocks/x": 404, "/desk/blocks/0": 200} {
		if w := webtest.Get(h, address, "nell"); w.Code != want {
			t.Errorf("GET %s = %d, want %d", address, w.Code, want)
		}
	}
	if w := webtest.Post(h, "/desk/blocks/1", "edda", "do=drop"); w.Code != 303 {
		t.Errorf("drop = %d", w.Code)
	}
	if w := webtest.Post(h, "/desk/blocks/0", "cara", form.Encode()); w.Code != 403 {
		t.Errorf("a curator changes the blocks = %d, want 403", w.Code)
	}
}

// TestTwoArrangeAtOnce: who saves second loses nothing, and nothing of the
// first is undone in silence.
func TestTwoArrangeAtOnce(t *testing.T) {
	t.Parallel()
	h, desk := openDesk(t)
	path := openIssue(t, h, desk, "First", "Second")
	seen := revision(t, h, path)
	form := func(title, introduction string, line ...string) string {
		return url.Values{"do": {"save"}, "revision": {seen}, "title": {title}, "introduction": {introduction}, "line": line}.Encode()
	}
	if w := webtest.Post(h, path, "edda", form("Weekly 1", "Of Edda", "", "#story-2", "#story-1")); w.Code != 303 {
		t.Fatalf("the first = %d %s", w.Code, w.Body)
	}
	w := webtest.Post(h, path, "emil", form("Weekly of Emil", "Of Emil", "", "#story-1", "Last", "#story-2"))
	if w.Code != 409 {
		t.Fatalf("the second = %d, want 409", w.Code)
	}
	page := w.Body.String()
	holds(t, page, "edda changed this issue", `value="Weekly of Emil"`, "Of Emil</textarea>", "Of Edda", "Their order", `value="Last"`)
	if strings.Contains(page, "Their title") {
		t.Error("the title, which only one changed, stands as a conflict")
	}
	// Saved again it stands.
	m := revisionField.FindStringSubmatch(page)
	seen = m[1]
	if w := webtest.Post(h, path, "emil", form("Weekly of Emil", "Of Emil", "", "#story-1", "Last", "#story-2")); w.Code != 303 {
		t.Fatalf("again = %d", w.Code)
	}
	holds(t, webtest.Get(h, path, "edda").Body.String(), `value="Weekly of Emil"`, "Undo the last edit")
	// And is taken back.
	seen = revision(t, h, path)
	if w := webtest.Post(h, path, "emil", "do=undo&revision="+seen); w.Code != 303 {
		t.Fatalf("undo = %d", w.Code)
	}
	holds(t, webtest.Get(h, path, "edda").Body.String(), `value="Weekly 1"`, "Of Edda</textarea>")
	if w := webtest.Post(h, path, "emil", "do=by-topic&revision="+revision(t, h, path)); w.Code != 303 {
		t.Errorf("sections by topic = %d", w.Code)
	}
}

func TestMoveSection(t *testing.T) {
	t.Parallel()
	form := func(move string) url.Values {
		return url.Values{"line": {"A", "#story-1", "B", "#story-2", "C", "#story-3"}, "move": {move}}
	}
	for _, tt := range [][2]string{{"section-up:1", "BAC"}, {"section-down:1", "ACB"}, {"section-up:0", "ABC"}, {"section-down:2", "ABC"}, {"section-up:-4", "ABC"}, {"section-down:99", "ABC"}} {
		got := ""
		for _, s := range *arrangementOf(form(tt[0])).Sections {
			got += s.Heading
		}
		if got != tt[1] {
			t.Errorf("%s: %s, want %s", tt[0], got, tt[1])
		}
	}
}
