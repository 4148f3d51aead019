package desk

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

// TestIntroductionByForm: a curator writes what a topic's page says, starts
// another language from it and takes it back. Others read.
func TestIntroductionByForm(t *testing.T) {
	t.Parallel()
	h, _ := openDesk(t)
	const en, fr = "/desk/topics/torture/en", "/desk/topics/torture/fr"
	page := func(path, account string) string { return webtest.Get(h, path, account).Body.String() }
	post := func(path, account string, pairs ...string) (int, string) {
		form := url.Values{"do": {"save"}}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		w := webtest.Post(h, path, account, form.Encode())
		return w.Code, w.Body.String()
	}
	for _, path := range []string{"/desk/topics/nothing/en", "/desk/topics/torture/de"} {
		if code := webtest.Get(h, path, "cara").Code; code != http.StatusNotFound {
			t.Errorf("%s = %d, want 404", path, code)
		}
	}
	if list := page("/desk/topics", "cara"); strings.Count(list, "<h3>") != len(news.Topics()) || !strings.Contains(list, "None is written yet") {
		t.Error("the empty list does not name all topics and its next step")
	}
	if strings.Contains(page(en, "edda"), "<textarea") {
		t.Error("an editor, who does not decide about stories, is offered a form")
	}
	if code, _ := post(en, "edda", "introduction", "x"); code != http.StatusForbidden {
		t.Errorf("an editor's edit = %d, want 403", code)
	}
	if code, body := post(en, "cara", "notes", "1. A book"); code != http.StatusUnprocessableEntity || !strings.Contains(body, "introduction-wrong") || !strings.Contains(body, "1. A book") {
		t.Errorf("notes alone = %d; want 422, the field named, what was typed still there", code)
	}
	if code, body := post(en, "cara", "do", "look", "introduction", "A **look**"); code != http.StatusOK || !strings.Contains(body, "<strong>look</strong>") {
		t.Errorf("a look = %d; want it shown", code)
	}
	if code, body := post(en, "cara", "seen", "0", "introduction", "Never <b>justified</b>.\r\n\r\n**Ever.**", "notes", "1. A book", "author", "Cara C."); code != http.StatusSeeOther {
		t.Fatalf("an edit = %d: %s", code, body)
	}
	if got := page(en, "edda"); !strings.Contains(got, "<strong>Ever.</strong>") || !strings.Contains(got, "Cara C.") || strings.Contains(got, "<b>") {
		t.Error("the edit is not shown, or shown with its HTML")
	}
	if list := page("/desk/topics", "edda"); !strings.Contains(list, "English ✓") || !strings.Contains(list, "1 introduction is written") {
		t.Error("the list does not mark what is written")
	}
	if got := page(fr+"?from=en", "cara"); !strings.Contains(got, "**Ever.**") || !strings.Contains(got, "holds the text in English") || !strings.Contains(got, `name="seen" value="0"`) {
		t.Error("French is not started from the English text")
	}
	if code, _ := post(en, "carl", "seen", "1", "do", "drop"); code != http.StatusSeeOther || !strings.Contains(page(en, "cara"), "Taken off the page") {
		t.Errorf("taking it off = %d", code)
	}
	if code, _ := post(en, "carl", "undo", "2"); code != http.StatusSeeOther || !strings.Contains(page(en, "cara"), "<strong>Ever.</strong>") {
		t.Errorf("undo = %d", code)
	}
}

// TestIntroductionConflict: of two who wrote at once nothing is lost.
func TestIntroductionConflict(t *testing.T) {
	t.Parallel()
	h, _ := openDesk(t)
	const path = "/desk/topics/torture/en"
	post := func(account, seen, text, notes string) (int, string) {
		w := webtest.Post(h, path, account, url.Values{"do": {"save"}, "seen": {seen}, "introduction": {text}, "notes": {notes}}.Encode())
		return w.Code, w.Body.String()
	}
	if code, _ := post("cara", "0", "First", "note"); code != http.StatusSeeOther {
		t.Fatalf("first = %d", code)
	}
	if code, _ := post("carl", "1", "Theirs", "note of carl"); code != http.StatusSeeOther {
		t.Fatalf("second = %d", code)
	}
	code, body := post("cara", "1", "Mine", "note")
	if code != http.StatusConflict {
		t.Fatalf("over one not seen = %d, want 409", code)
	}
	for _, want := range []string{"carl saved this introduction", "<p>Theirs</p>", ">Mine</textarea>", ">note of carl</textarea>", `name="seen" value="2"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the conflict does not show %q", want)
		}
	}
	if code, _ := post("carl", "1", " Theirs\r\n", "note of carl"); code != http.StatusSeeOther {
		t.Errorf("the same twice = %d, want it taken as once", code)
	}
	if code, _ := post("cara", "2", "Mine", "note of carl"); code != http.StatusSeeOther {
		t.Errorf("saved knowingly = %d", code)
	}
	if body := webtest.Get(h, path, "cara").Body.String(); !strings.Contains(body, ">Mine</textarea>") || !strings.Contains(body, "<p>Theirs</p>") {
		t.Error("one of the two is lost")
	}
	for _, id := range []string{"3", "2", "1"} {
		if code := webtest.Post(h, path, "carl", "undo="+id).Code; code != http.StatusSeeOther {
			t.Fatalf("undo of %s = %d", id, code)
		}
	}
	if code, body := post("cara", "3", "Again", ""); code != http.StatusConflict || !strings.Contains(body, "Somebody undid this introduction") || !strings.Contains(body, ">Again</textarea>") {
		t.Errorf("over one that was undone = %d; want 409 that says so", code)
	}
}
