package desk

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

// A form that was wrong comes back as it was sent, says what is wrong beside
// the field, gives it the focus, and nothing is saved.
func TestAWrongFormComesBack(t *testing.T) {
	t.Parallel()
	h, desk := openDesk(t)
	id := begin(t, desk, "First")
	story := fmt.Sprintf("/desk/stories/%d", id)
	long := strings.Repeat("й", 301)
	for _, tt := range []struct {
		name, path string
		form       url.Values
		field      string // that is marked and has the focus
		keeps      []string
	}{
		{"a headline too long", story, url.Values{"do": {"save"}, "revision": {"1"}, "headline": {long}, "summary": {"My summary"}, "quotes": {"Half a quotation"}, "topics-shown": {"1"}, "topic": {"torture"}},
			"headline", []string{long, "My summary", "Half a quotation", `value="torture" checked`, `name="revision" value="1"`}},
		{"no headline", story, url.Values{"do": {"approve"}, "revision": {"1"}, "headline": {" "}, "commentary": {"Kept"}}, "headline", []string{"Kept", "<h1 lang=\"en\" dir=\"auto\">First</h1>"}},
		{"further reading without a title", story, url.Values{"do": {"save"}, "revision": {"1"}, "headline": {"H"}, "further": {"https://x.example/a"}}, "further", []string{"https://x.example/a"}},
		{"a translation without a headline", story, url.Values{"do": {"save"}, "revision": {"1"}, "headline": {"H"}, "text-language": {"fr"}, "text-summary": {"Bonjour"}}, "text-headline", []string{"Bonjour"}},
		{"withdrawn without a reason", story, url.Values{"do": {"reject"}}, "own", nil},
		{"an embargo until nonsense", story, url.Values{"do": {"embargo"}, "until": {"soon"}}, "until", nil},
		{"an empty note", story + "/notes", url.Values{"text": {" "}}, "note", nil},
		{"a new story without a headline", "/desk/new", url.Values{"headline": {""}, "language": {"fr"}, "summary": {"Kept"}, "kind": {"letter"}}, "headline", []string{"Kept", `value="fr" selected`, `value="letter" selected`}},
		{"a new story with a bad link", "/desk/new", url.Values{"headline": {"H"}, "language": {"en"}, "link": {"javascript:alert(1)"}}, "link", []string{`value="javascript:alert(1)"`}},
	} {
		w := webtest.Post(h, tt.path, "cara", tt.form.Encode())
		body := w.Body.String()
		if w.Code != 422 || !strings.Contains(body, "<form") {
			t.Errorf("%s = %d, want the form with 422", tt.name, w.Code)
			continue
		}
		field := regexp.MustCompile(`<(?:input|textarea)[^>]* id="` + tt.field + `"[^>]*>`).FindString(body)
		if !strings.Contains(field, `aria-invalid="true" autofocus`) || !strings.Contains(field, tt.field+"-wrong") || !strings.Contains(body, `id="`+tt.field+`-wrong">`) {
			t.Errorf("%s: the field is not marked: %s", tt.name, field)
		}
		if n := strings.Count(body, "autofocus"); n != 1 {
			t.Errorf("%s: %d fields ask for the focus", tt.name, n)
		}
		for _, kept := range tt.keeps {
			if !strings.Contains(body, kept) {
				t.Errorf("%s: the form lost %.40q", tt.name, kept)
			}
		}
	}
	if got, _, err := desk.Story(t.Context(), id); err != nil || got.Revision != 1 || got.Headline != "First" {
		t.Errorf("a wrong form changed the story to %+v, %v", got, err)
	}
	if w := webtest.Post(h, "/desk", "cara", "do=approve&back="+url.QueryEscape("/desk?language=en")); w.Code != 422 || !strings.Contains(w.Body.String(), `id="story-`) || !strings.Contains(w.Body.String(), "Choose at least one story") {
		t.Errorf("a decision about nothing = %d, want the queue with why", w.Code)
	}
}

// The tabs are true after each decision, whether the page is loaded or a row
// swapped.
func TestCountsAfterADecision(t *testing.T) {
	t.Parallel()
	h, desk := openDesk(t)
	a := begin(t, desk, "First")
	begin(t, desk, "Second")
	fragment := func(form string) string {
		t.Helper()
		r := httptest.NewRequest("POST", webtest.Base+"/desk", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("HX-Request", "true")
		w := webtest.Do(h, r, "cara")
		if w.Code != 200 {
			t.Fatalf("%s = %d", form, w.Code)
		}
		return w.Body.String()
	}
	counted := func(body string, queued, approved int) {
		t.Helper()
		for state, n := range map[string]int{"queued": queued, "approved": approved} {
			want := regexp.MustCompile(fmt.Sprintf(`id="count-%s"[^>]*>%d<`, state, n))
			if !want.MatchString(body) {
				t.Errorf("no count of %d %s in\n%s", n, state, body)
			}
		}
	}
	body := fragment(fmt.Sprintf("approve=%d", a))
	counted(body, 1, 1)
	undo := regexp.MustCompile(`name="undo" value="(\d+)"`).FindStringSubmatch(body)
	counted(fragment("undo="+undo[1]), 2, 0)
	counted(webtest.Get(h, "/desk", "cara").Body.String(), 2, 0)
}

// polledSources are sources whose last answers are given.
type polledSources struct {
	noSources
	list []news.Polled
}

func (p polledSources) Polled(context.Context, time.Time) ([]news.Polled, error) { return p.list, nil }

// An empty queue says why it is empty and what to do.
func TestWhyTheQueueIsEmpty(t *testing.T) {
	t.Parallel()
	failing := news.Polled{Source: news.Source{ID: 1, Name: "One"}, Polling: news.Polling{Last: noon, Failures: 5, Error: "no such host"}}
	fine := news.Polled{Source: news.Source{ID: 2, Name: "Two"}, Polling: news.Polling{Last: noon, LastSuccess: noon}}
	off := news.Polled{Source: news.Source{ID: 3, Name: "Three", Off: "closed"}}
	for _, tt := range []struct {
		name    string
		sources []news.Polled
		want    string
		not     string
	}{
		{"no source", nil, "The desk has no source yet", "Nothing has come in yet"},
		{"all fail", []news.Polled{failing, failing, off}, "All 2 sources of the desk fail", "Nothing has come in yet"},
		{"one fails", []news.Polled{failing, fine}, "Nothing has come in yet", "No source answers"},
	} {
		h := openDeskOver(t, polledSources{list: tt.sources})
		body := webtest.Get(h, "/desk", "cara").Body.String()
		if !strings.Contains(body, tt.want) || strings.Contains(body, tt.not) {
			t.Errorf("%s: the queue does not say %q, or says %q", tt.name, tt.want, tt.not)
		}
	}
	h := openDeskOver(t, polledSources{list: []news.Polled{failing}})
	if body := webtest.Get(h, "/desk", "cara").Body.String(); !strings.Contains(body, "no such host") || !strings.Contains(body, `href="/desk/sources"`) {
		t.Error("the empty queue says neither what the source answered nor where to look")
	}
}

func openDeskOver(t *testing.T, sources Sources) http.Handler {
	t.Helper()
	h, _ := openDeskWith(t, sources)
	return h
}

// HTML in what a curator writes is told, in the preview and on the page.
func TestHTMLIsTold(t *testing.T) {
	t.Parallel()
	h, desk := openDesk(t)
	w := webtest.Post(h, "/desk/markdown", "nell", "field=commentary&commentary=A+<b>bold</b>+word")
	if body := w.Body.String(); !strings.Contains(body, "HTML is left out") || !strings.Contains(body, "&lt;b&gt;") {
		t.Errorf("the preview does not say that HTML goes: %s", body)
	}
	id := begin(t, desk, "First")
	path := fmt.Sprintf("/desk/stories/%d", id)
	webtest.Post(h, path, "cara", "do=save&revision=1&headline=First&commentary="+url.QueryEscape("A <b>bold</b> word"))
	if body := webtest.Get(h, path, "cara").Body.String(); !strings.Contains(body, "is HTML, which is left out") {
		t.Error("the story's page does not warn of HTML")
	}
}

// The hours of the desk are those of its zone: an embargo typed there is meant
// there.
func TestUntil(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	got, err := untilOf("2026-07-01T09:00", zone)
	if want := time.Date(2026, 7, 1, 7, 0, 0, 0, time.UTC); err != nil || !got.Equal(want) {
		t.Errorf("untilOf = %v, %v; want %v", got, err, want)
	}
	late := time.Date(2026, 11, 21, 23, 30, 0, 0, time.UTC)
	if got := dayName(late, noon.In(zone)); got != "Sunday, 22 November 2026" {
		t.Errorf("a story of half past midnight in Amsterdam stands under %q", got)
	}
}

// A story that was published is not changed in silence: its form asks what was
// wrong, unless that was a slip of the pen.
func TestAPublishedStoryIsCorrected(t *testing.T) {
	t.Parallel()
	h, desk := openDesk(t)
	id := begin(t, desk, "Sixty")
	if err := desk.Approve(t.Context(), "cara", id, 0, news.Approval{}); err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprintf("/desk/stories/%d", id)
	if body := webtest.Get(h, path, "cara").Body.String(); strings.Contains(body, `id="correction"`) {
		t.Error("the form asks for a correction of what no issue brought")
	}
	issue := webtest.Post(h, "/desk/issues", "edda", "").Header().Get("Location")
	for _, do := range []string{"do=approve&revision=1", "do=send"} {
		if w := webtest.Post(h, issue, "emil", do); w.Code != 303 {
			t.Fatalf("%s = %d: %s", do, w.Code, w.Body)
		}
	}
	form := func(more string) string {
		story, _, err := desk.Story(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("do=save&revision=%d&headline=Six%s", story.Revision, more)
	}
	if w := webtest.Post(h, path, "cara", form("")); w.Code != 422 || !strings.Contains(w.Body.String(), `id="correction-wrong"`) {
		t.Errorf("a change without a word = %d, want the form that asks", w.Code)
	}
	if w := webtest.Post(h, path, "cara", form("&slip=1")); w.Code != 303 {
		t.Errorf("a slip of the pen = %d", w.Code)
	}
	if w := webtest.Post(h, path, "cara", form("&correction=Six,+not+sixty")); w.Code != 303 {
		t.Errorf("a correction = %d", w.Code)
	}
	all, err := desk.Corrections(t.Context(), id)
	if err != nil || len(all) != 1 || all[0].Text != "Six, not sixty" || all[0].Who != "cara" {
		t.Errorf("Corrections = %+v, %v", all, err)
	}
	if body := webtest.Get(h, path, "cara").Body.String(); !strings.Contains(body, "Six, not sixty") {
		t.Error("the story's page at the desk does not list its corrections")
	}
}
