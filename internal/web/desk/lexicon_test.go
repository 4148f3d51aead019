package desk

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

// TestLexiconByForm: a curator lays lines over the shipped ones, sees what was
// wrong with others and still has them, and takes an edit back. Others read.
func TestLexiconByForm(t *testing.T) {
	t.Parallel()
	h, _ := openDesk(t)
	const path = "/desk/lexicon/prison-health/fr"
	page := func(account string) string { return webtest.Get(h, path, account).Body.String() }
	post := func(account string, form url.Values) (int, string) {
		w := webtest.Post(h, path, account, form.Encode())
		return w.Code, w.Body.String()
	}
	form := func(lines, how, seen string) url.Values {
		return url.Values{"lines": {lines}, "how": {how}, "seen": {seen}, "do": {"save"}}
	}
	if code := webtest.Get(h, "/desk/lexicon/nothing/fr", "cara").Code; code != http.StatusNotFound {
		t.Errorf("an unknown topic = %d, want 404", code)
	}
	if code := webtest.Get(h, "/desk/lexicon/prison-health/xx", "cara").Code; code != http.StatusNotFound {
		t.Errorf("an unknown language = %d, want 404", code)
	}
	if strings.Contains(page("edda"), "<textarea") {
		t.Error("an editor, who does not decide about stories, is offered a form")
	}
	if code, _ := post("edda", form("3 cachot", "added", "0")); code != http.StatusForbidden {
		t.Errorf("an editor's edit = %d, want 403", code)
	}
	code, body := post("cara", form("3 cachot\nthree maison centrale", "instead", "0"))
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, "line 2") || !strings.Contains(body, "three maison centrale") {
		t.Errorf("a mistake = %d; want 422, its line named, what was typed still there", code)
	}
	if code, body := post("cara", form("3 cachot\r\n3 maison centrale", "added", "0")); code != http.StatusSeeOther {
		t.Fatalf("an edit = %d: %s", code, body)
	}
	if code, _ := post("carl", form("3 geôle", "added", "0")); code != http.StatusConflict {
		t.Errorf("an edit over one not seen = %d, want 409", code)
	}
	if got := page("edda"); !strings.Contains(got, "3 cachot\n3 maison centrale") || !strings.Contains(got, "added to the shipped lines") {
		t.Error("the edit is not shown")
	}
	if list := webtest.Get(h, "/desk/lexicon", "cara").Body.String(); !strings.Contains(list, "French ✓") || !strings.Contains(list, "1 list was changed") {
		t.Error("the list of topics does not mark the edited one")
	}
	if code, _ := post("cara", url.Values{"seen": {"1"}, "do": {"shipped"}}); code != http.StatusSeeOther || !strings.Contains(page("cara"), "The shipped lines stand") {
		t.Errorf("back to the shipped lines = %d", code)
	}
	if code, _ := post("carl", url.Values{"undo": {"2"}}); code != http.StatusSeeOther || !strings.Contains(page("cara"), "Ours, added") {
		t.Errorf("undo = %d", code)
	}
}

// TestWhyNot: a story begun at the desk has no text; an unknown topic is no
// page.
func TestWhyNot(t *testing.T) {
	t.Parallel()
	h, desk := openDesk(t)
	begin(t, desk, "Our letter")
	if w := webtest.Get(h, "/desk/stories/1/why?topic=torture", "cara"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "begun at the desk") {
		t.Errorf("why = %d", w.Code)
	}
	if code := webtest.Get(h, "/desk/stories/1/why?topic=nothing", "cara").Code; code != http.StatusNotFound {
		t.Errorf("why an unknown topic = %d, want 404", code)
	}
}
