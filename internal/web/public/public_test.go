package public

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/curate"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/publish"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/web"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
	"github.com/mmcdole/gofeed"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func hostileStory() news.Story {
	h := webtest.Hostile
	return news.Story{ID: 1, State: news.StoryApproved, Slug: h, Language: h, Headline: h, Summary: h + "\n\n[x](" + webtest.HostileLink + ")", Commentary: h,
		By: h, Link: webtest.HostileLink, SourceName: h, Topics: []news.Slug{news.Slug(h)}, Countries: []string{h}, Deadline: h, ApprovedAt: noon, Updated: noon.Add(time.Hour),
		Quotes: []news.Quote{{Text: h, Speaker: h}}, Further: []news.Reference{{Title: h, URL: webtest.HostileLink}},
		Texts: []news.StoryText{{Language: "ar", Headline: h, Summary: h, Commentary: h}}}
}

func TestPages(t *testing.T) {
	t.Parallel()
	h, story := webtest.Hostile, hostileStory()
	issue := news.Issue{ID: 1, Name: h, Number: 1, Title: h, Introduction: h, Language: h, Frozen: noon,
		Blocks:      []news.Block{{Kind: news.AboutUs, URL: webtest.HostileLink, Texts: []news.BlockText{{Language: "en", Text: h}}}},
		Closing:     []news.Closing{{Date: h, Title: h, Language: h, URL: webtest.HostileLink}, {Date: "2026-12-01", Page: h}},
		Days:        []news.Observance{{Date: "2026-12-10", Names: map[string]string{"en": h}}, {Date: h}},
		Corrections: []news.Correction{{Issue: h, Text: h, Language: h, URL: webtest.HostileLink}}}
	samples := map[string][]any{}
	for _, lang := range news.Languages() {
		b := base{lang, web.Prefix(lang)}
		views := b.views([]news.Story{story, {}})
		own, _ := issue.In(lang)
		beside := append(b.beside(&issue), besideView{Heading: h, URL: webtest.HostileLink, Text: text{h, h}, Lines: []besideLine{{h, h, h, webtest.HostileLink, text{h, h}}, {Words: h}}})
		for name, list := range map[string][]any{
			"public/issue":  {&issuePage{base: b, Week: true}, &issuePage{base: b, Issue: issue, Text: own, Introduction: text{h, h}, Sections: []section{{h, views}, {}}, Beside: beside}},
			"public/issues": {&issuesPage{base: b}, &issuesPage{b, []news.Issue{issue, {}}}},
			"public/list": {&listPage{base: b}, &listPage{base: b, Title: h, Intro: h, Stories: views, Feed: "/topics/" + url.PathEscape(h), More: "/stories?after=1-1",
				About: &news.Introduction{Language: h, Text: h + "\n\n[x](" + webtest.HostileLink + ")", Notes: h, Author: h}}},
			"public/story":   {&storyPage{}, &storyPage{views[0], issue, []news.Correction{{Text: h, Language: h}}}},
			"public/topics":  {&topicsPage{}, &topicsPage{b, []topicGroup{{h, []topicCount{{topicLink{news.Slug(h), h, webtest.HostileLink}, 3}}}}}},
			"public/feeds":   {newFeedsPage(b)},
			"public/about":   {b},
			"public/privacy": {b},
		} {
			samples[name] = append(samples[name], list...)
		}
	}
	webtest.Pages(t, "public", samples)
}

type noComposer struct{}

func (noComposer) Render(news.Issue, []news.Story) ([]audience.Part, error) { return nil, nil }
func (noComposer) Mail([]audience.Part, audience.Variant, audience.Copy, time.Time) (publish.Mail, error) {
	return publish.Mail{}, nil
}

// A house is a store with a desk and its public pages.
type house struct {
	http.Handler
	desk  *curate.Desk
	issue *publish.Publish
}

func openHouse(t *testing.T) house {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	now := noon
	clock := func() time.Time { now = now.Add(time.Second); return now }
	slots, err := publish.ParseSlots("0 7 * * 1", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	issues := publish.New(s, noComposer{}, publish.Options{Slots: slots, Title: "Weekly", Language: "en", Domain: "digest.example.org", Key: s.Key(store.KeyBooks), Solo: true},
		func(string) {}, clock, slog.New(slog.DiscardHandler))
	site := webtest.Site(t)
	return house{site.Handler(New(site, issues, s, clock).Routes()), curate.New(s, clock), issues}
}

// approve begins and approves a story.
func (h house) approve(t *testing.T, headline string) news.StoryID {
	t.Helper()
	commentary, topics := "**We** welcome this.", []news.Slug{"torture"}
	id, err := h.desk.Begin(t.Context(), "anna", "en", "https://un.example/a?b=1&c=2", news.Approval{Headline: &headline, Commentary: &commentary, Topics: &topics})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.desk.Approve(t.Context(), "anna", id, 0, news.Approval{}); err != nil {
		t.Fatal(err)
	}
	return id
}

func (h house) send(t *testing.T) {
	t.Helper()
	i, err := h.issue.Draft(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.issue.Approve(t.Context(), i.ID, i.Revision, "anna"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.issue.Send(t.Context(), i.ID, "anna"); err != nil {
		t.Fatal(err)
	}
}

// everywhere are the addresses at which a public story stands.
var everywhere = []string{"/", "/issues/2026-48", "/stories", "/topics/torture", "/stories.rss", "/stories.atom", "/stories.json", "/feed.xml", "/issues.rss",
	"/topics/torture.atom", "/fr/stories", "/ar/", "/sitemap.xml"}

func TestAStoryIsPublicWithItsIssue(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	id := h.approve(t, "Nurses & doctors freed")
	const page = "/stories/2026-11-21-nurses-doctors-freed"
	for _, path := range append(everywhere, page) {
		if w := webtest.Get(h, path, ""); strings.Contains(w.Body.String(), "octors") {
			t.Errorf("before its issue is frozen the story stands at %s", path)
		}
	}
	if w := webtest.Get(h, "/issues/2026-48", ""); w.Code != 404 {
		t.Errorf("an issue that is a draft = %d, want 404", w.Code)
	}
	h.send(t)
	for _, path := range append(everywhere, page) {
		w := webtest.Get(h, path, "")
		if w.Code != 200 || !strings.Contains(w.Body.String(), "octors") && !strings.Contains(w.Body.String(), "doctors") {
			t.Errorf("%s = %d without the story", path, w.Code)
		}
		if strings.Contains(w.Body.String(), "/stories/2026") && strings.Contains(path, "fr") && !strings.Contains(w.Body.String(), `"/fr/stories/2026`) {
			t.Errorf("%s leads out of its language", path)
		}
	}
	if err := h.desk.Withdraw(t.Context(), "anna", id, "It was wrong"); err != nil {
		t.Fatal(err)
	}
	for _, path := range everywhere {
		if w := webtest.Get(h, path, ""); strings.Contains(w.Body.String(), "octors") {
			t.Errorf("after it was withdrawn the story stands at %s", path)
		}
	}
	if w := webtest.Get(h, page, ""); w.Code != 410 || strings.Contains(w.Body.String(), "octors") {
		t.Errorf("the page of a withdrawn story = %d, want 410 without its words", w.Code)
	}
}

// TestEmbargo: before its time a story goes into no issue, and so to no exit.
func TestEmbargo(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	id := h.approve(t, "Report on nurses")
	h.approve(t, "Another")
	if err := h.desk.HoldUntil(t.Context(), "anna", id, noon.AddDate(0, 1, 0)); err != nil {
		t.Fatal(err)
	}
	h.send(t)
	for _, path := range append(everywhere, "/stories/2026-11-21-report-on-nurses", "/countries/ua", "/issues/2026-48") {
		if w := webtest.Get(h, path, ""); strings.Contains(w.Body.String(), "eport on nurses") || w.Code == 200 && strings.Contains(path, "report") {
			t.Errorf("an embargoed story stands at %s", path)
		}
	}
}

func TestEveryAddress(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	for path, want := range map[string]int{
		"/": 200, "/issues": 200, "/stories": 200, "/stories?after=nonsense": 200, "/topics": 200, "/topics/torture": 200, "/topics/nothing": 404,
		"/topics/torture.rss": 200, "/topics/torture.pdf": 404, "/countries/ua": 200, "/countries/UA.json": 200, "/countries/zz9": 404, "/sources/none": 404,
		"/stories/2026-11-21-none": 404, "/stories/x": 404, "/stories/.rss": 404, "/issues/2026-01": 404, "/about": 200, "/privacy": 200, "/feeds": 200,
		"/feeds.opml": 200, "/robots.txt": 200, "/.well-known/security.txt": 200, "/ar/about": 200, "/zh/topics/torture": 200, "/xx/about": 404, "/feed.xml": 200,
	} {
		if w := webtest.Get(h, path, ""); w.Code != want {
			t.Errorf("GET %s = %d, want %d", path, w.Code, want)
		}
	}
	if body := webtest.Get(h, "/ar/about", "").Body.String(); !strings.Contains(body, `<html lang="ar" dir="rtl">`) || !strings.Contains(body, "الأمم المتحدة") {
		t.Errorf("the Arabic page:\n%s", body)
	}
}

func TestConditionalGet(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	h.approve(t, "First")
	h.send(t)
	for _, path := range []string{"/stories.rss", "/stories.atom", "/stories.json", "/issues.atom", "/sitemap.xml", "/feeds.opml"} {
		first := webtest.Get(h, path, "")
		tag := first.Header().Get("ETag")
		r := httptest.NewRequest("GET", webtest.Base+path, nil)
		r.Header.Set("If-None-Match", tag)
		if w := webtest.Do(h, r, ""); tag == "" || w.Code != 304 || w.Body.Len() != 0 {
			t.Errorf("%s again = %d with %d bytes, want 304", path, w.Code, w.Body.Len())
		}
		if modified := first.Header().Get("Last-Modified"); strings.HasPrefix(path, "/stories.") {
			r := httptest.NewRequest("GET", webtest.Base+path, nil)
			r.Header.Set("If-Modified-Since", modified)
			if w := webtest.Do(h, r, ""); modified == "" || w.Code != 304 {
				t.Errorf("%s since %q = %d, want 304", path, modified, w.Code)
			}
		}
	}
}

func TestFeedIdentity(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	id := h.approve(t, "Same headline")
	h.approve(t, "Same headline")
	h.send(t)
	read := func() *gofeed.Feed {
		feed, err := gofeed.NewParser().ParseString(webtest.Get(h, "/feed.xml", "").Body.String())
		if err != nil || len(feed.Items) != 2 {
			t.Fatalf("feed with %v, %v", feed, err)
		}
		return feed
	}
	before := read()
	if got, want := before.Items[1].GUID, fmt.Sprintf("tag:digest.example.org,2026-11-21:story/%d", id); got != want {
		t.Errorf("id = %q, want %q", got, want)
	}
	if before.Items[0].Link == before.Items[1].Link {
		t.Errorf("two stories share the address %q", before.Items[0].Link)
	}
	if !strings.Contains(before.Items[1].Content, "<strong>We</strong>") || before.Items[1].Categories[0] != "Torture and ill-treatment" {
		t.Errorf("item = %+v", before.Items[1])
	}
	headline := "Another headline"
	if err := h.desk.Edit(t.Context(), "anna", id, 0, news.Approval{Headline: &headline}); err != nil {
		t.Fatal(err)
	}
	after := read()
	if after.Items[1].GUID != before.Items[1].GUID || after.Items[1].Link != before.Items[1].Link || after.Items[1].Title != headline {
		t.Errorf("after an edit: %+v", after.Items[1])
	}
	if after.Items[1].Extensions["atom"]["updated"][0].Value <= before.Items[1].Extensions["atom"]["updated"][0].Value {
		t.Error("an edit did not move updated")
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	for i := range listed + 5 {
		h.approve(t, fmt.Sprintf("Story number %d.", i))
	}
	h.send(t)
	first := webtest.Get(h, "/stories", "").Body.String()
	_, rest, ok := strings.Cut(first, `href="/stories?after=`)
	if !ok || strings.Count(first, "Story number") != listed {
		t.Fatalf("the first page shows %d stories", strings.Count(first, "Story number"))
	}
	next, _, _ := strings.Cut(rest, `"`)
	second := webtest.Get(h, "/stories?after="+next, "").Body.String()
	if strings.Count(second, "Story number") != 5 || strings.Contains(second, "?after=") {
		t.Errorf("the last page shows %d stories", strings.Count(second, "Story number"))
	}
}

func TestRoutesAreForAnyone(t *testing.T) {
	t.Parallel()
	for _, r := range (&Server{}).Routes() {
		if r.Needs != web.Anyone || !strings.HasPrefix(r.Pattern, "GET ") || r.Secret {
			t.Errorf("%s: the public part reads only, for anyone", r.Pattern)
		}
	}
}

// What was put right after its issue went out says so where it stands, and the
// next issue tells it; a slip of the pen does not.
func TestCorrection(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	id := h.approve(t, "Sixty nurses arrested")
	h.send(t)
	story, _, err := h.desk.Story(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	const says = "Changed after it was mailed"
	pages := []string{"/stories/" + story.Name(), "/issues/2026-48", "/"}
	slip, headline := "Sixty nurses arrested.", "Six nurses arrested"
	if err := h.desk.Edit(t.Context(), "anna", id, 0, news.Approval{Headline: &slip}); err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if body := webtest.Get(h, page, "").Body.String(); strings.Contains(body, says) {
			t.Errorf("%s tells of a slip of the pen", page)
		}
	}
	if err := h.desk.Correct(t.Context(), "anna", id, 0, news.Approval{Headline: &headline}, "It was **six**, not sixty."); err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		if body := webtest.Get(h, page, "").Body.String(); !strings.Contains(body, says) || !strings.Contains(body, headline) {
			t.Errorf("%s does not say that the story was corrected", page)
		}
	}
	if body := webtest.Get(h, pages[0], "").Body.String(); !strings.Contains(body, "It was <strong>six</strong>, not sixty.") {
		t.Error("the story's page does not say what was wrong")
	}
	h.approve(t, "Another")
	h.send(t)
	if body := webtest.Get(h, "/", "").Body.String(); !strings.Contains(body, "It was <strong>six</strong>, not sixty.") || !strings.Contains(body, "/stories/"+story.Name()) {
		t.Error("the next issue does not carry the correction")
	}
	if err := h.desk.Correct(t.Context(), "anna", h.approve(t, "Not out yet"), 0, news.Approval{}, "x"); !errors.Is(err, news.ErrConflict) {
		t.Errorf("correcting what no issue brought: %v", err)
	}
}
