package desk

import (
	"net/url"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

func TestChecksLeadToThePlaceToMend(t *testing.T) {
	t.Parallel()
	h, desk := openDesk(t)
	path := openIssue(t, h, desk, "It happened yesterday")
	form := url.Values{"do": {"save"}, "revision": {revision(t, h, path)}, "title": {"T"}, "introduction": {"We met yesterday."}, "line": {"", "#story-1"}}
	webtest.Post(h, path, "edda", form.Encode())
	w := webtest.Get(h, path+"/checks", "nell")
	if w.Code != 200 {
		t.Fatalf("checks = %d", w.Code)
	}
	holds(t, w.Body.String(), "is read from the day", `href="/desk/stories/1#words"`, `href="/desk/issues/1#introduction"`, `href="/desk/issues/1/words?language=ar"`, "title and introduction, 1 of 1 stories")
	if w := webtest.Get(h, "/desk/issues/9/checks", "nell"); w.Code != 404 {
		t.Errorf("checks of no issue = %d, want 404", w.Code)
	}
}

func TestInScheme(t *testing.T) {
	t.Parallel()
	const mail = `<meta name="color-scheme" content="light dark"><style>@media (prefers-color-scheme:dark){a{}}</style>`
	for scheme, want := range map[string]string{
		"dark":  `<meta name="color-scheme" content="dark"><style>@media all{a{}}</style>`,
		"light": `<meta name="color-scheme" content="light"><style>@media not all{a{}}</style>`,
	} {
		if got := inScheme(mail, scheme); got != want {
			t.Errorf("%s: %s, want %s", scheme, got, want)
		}
	}
}

func TestPreviewAsAReaderOfSeveralTopics(t *testing.T) {
	t.Parallel()
	h, desk := openDesk(t)
	path := openIssue(t, h, desk, "One")
	page := webtest.Get(h, path+"/preview?topic=torture&topic=children&scheme=dark", "nell").Body.String()
	holds(t, page, "As a reader of 2 chosen topics", "scheme=dark", "topic=torture&amp;topic=children", `value="torture" checked`)
	if !strings.Contains(page, `<option value="dark" selected>`) {
		t.Error("the screen chosen is not selected")
	}
}
