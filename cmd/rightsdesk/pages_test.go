package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/feedlist"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/publish"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

// A seedPage is one of the issues that compose keeps as fixtures, written by us
// after the kinds of pages that IFHHRO sent in other years.
type seedPage struct {
	Day          string
	Title        string
	Introduction string
	Blocks       []struct{ Kind, Text, URL string }
	Stories      []seedStory
	Holds        []string // what must stand in the text and in the HTML
}

type seedStory struct {
	Headline, Summary, Commentary, By, Link, Source, Deadline string
	Topics                                                    []news.Slug
	Countries                                                 []string
	Quotes                                                    []struct{ Text, Speaker string }
	Further                                                   []struct{ Title, URL string }
}

func readSeed(t *testing.T, file string) seedPage {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var p seedPage
	if err := yaml.UnmarshalWithOptions(b, &p, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return p
}

// A seedDesk is a whole house whose clock stands still, with a person for
// everyone who signs a commentary.
type seedDesk struct {
	t     *testing.T
	house *house
	now   time.Time
	http.Handler
}

func newSeedDesk(t *testing.T, p seedPage) *seedDesk {
	t.Helper()
	day, err := time.Parse(time.DateOnly, p.Day)
	if err != nil {
		t.Fatal(err)
	}
	s := defaultSettings()
	s.dataDir, s.baseURL, s.catch, s.name = t.TempDir(), webtest.Base, true, "IFHHRO digest"
	s.from, s.slot, s.zone = "IFHHRO digest <digest@weekly.example.org>", fmt.Sprintf("0 7 * * %d", day.Weekday()), "Europe/Amsterdam"
	s.postalAddress = "IFHHRO, P.O. Box 1, Utrecht"
	if err := s.check(); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), s.dataDir)
	if err != nil {
		t.Fatal(err)
	}
	d := &seedDesk{t: t, now: day.AddDate(0, 0, -1).Add(12 * time.Hour)}
	d.house = &house{s: &s, log: slog.New(slog.DiscardHandler), now: func() time.Time { return d.now }, store: st}
	t.Cleanup(func() { _ = d.house.Close() })
	if err := d.house.build(); err != nil {
		t.Fatal(err)
	}
	people := []staff.Account{{Name: "cara", Roles: []staff.Role{staff.Curator}}, {Name: "edda", Roles: []staff.Role{staff.Editor}}, {Name: "emil", Roles: []staff.Role{staff.Editor}}}
	for _, story := range p.Stories {
		people = append(people, staff.Account{Name: story.By, Roles: []staff.Role{staff.Curator}})
	}
	site := webtest.Site(t, people...)
	d.Handler = site.Handler(d.house.routes(site)...)
	return d
}

// post sends a form as name and returns where it leads.
func (d *seedDesk) post(name, path string, form url.Values) string {
	d.t.Helper()
	w := webtest.Post(d, path, name, form.Encode())
	if w.Code != http.StatusSeeOther {
		d.t.Fatalf("POST %s as %s = %d\n%s", path, name, w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

// source makes a source and returns it.
func (d *seedDesk) source(n int, name string) news.SourceID {
	d.t.Helper()
	slug := fmt.Sprintf("source-%d", n)
	list, err := feedlist.Parse("feeds.yaml", fmt.Appendf(nil, "version: 1\nsources:\n  - slug: %s\n    name: %q\n    feed: https://%s.example/feed\n", slug, name, slug))
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.house.ingest.SyncSources(d.t.Context(), list); err != nil {
		d.t.Fatal(err)
	}
	sources, err := d.house.store.Sources(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	for _, s := range sources {
		if string(s.Slug) == slug {
			return s.ID
		}
	}
	d.t.Fatalf("no source %s", slug)
	return 0
}

// begin puts a story in the queue: from its source, or by a form where it is
// our own.
func (d *seedDesk) begin(n int, s seedStory) (path string) {
	d.t.Helper()
	if s.Source == "" {
		return d.post("cara", "/desk/new", url.Values{"headline": {s.Headline}, "link": {s.Link}, "language": {"en"}})
	}
	id, err := d.house.store.AddStory(d.t.Context(), news.Story{State: news.StoryQueued, Language: "en", Headline: "As the source has it", Link: s.Link,
		SourceID: d.source(n, s.Source), Countries: s.Countries, Published: d.now.AddDate(0, 0, -1), Created: d.now, Updated: d.now},
		news.Decision{At: d.now, Who: "", What: "begin"})
	if err != nil {
		d.t.Fatal(err)
	}
	return fmt.Sprintf("/desk/stories/%d", id)
}

// approve fills the story's form in and presses the button.
func (d *seedDesk) approve(path string, s seedStory) {
	d.t.Helper()
	form := url.Values{"do": {"approve"}, "revision": {d.revision(path)}, "headline": {s.Headline}, "summary": {s.Summary}, "commentary": {s.Commentary},
		"topics-shown": {"1"}, "deadline": {s.Deadline}, "countries": {strings.Join(s.Countries, " ")}}
	for _, topic := range s.Topics {
		form.Add("topic", string(topic))
	}
	var quotes, further []string
	for _, q := range s.Quotes {
		quotes = append(quotes, q.Text+"\n— "+q.Speaker)
	}
	for _, f := range s.Further {
		further = append(further, f.Title+" "+f.URL)
	}
	form.Set("quotes", strings.Join(quotes, "\n\n"))
	form.Set("further", strings.Join(further, "\n"))
	who := s.By
	if who == "" {
		who = "cara"
	}
	d.post(who, path, form)
}

func (d *seedDesk) revision(path string) string {
	d.t.Helper()
	_, after, ok := strings.Cut(webtest.Get(d, path, "edda").Body.String(), `name="revision" value="`)
	if !ok {
		// Who may not decide sees no form.
		_, after, ok = strings.Cut(webtest.Get(d, path, "cara").Body.String(), `name="revision" value="`)
	}
	if !ok {
		d.t.Fatalf("%s has no revision", path)
	}
	number, _, _ := strings.Cut(after, `"`)
	return number
}

// compose brings a page from its forms to the mail that a second person
// approved.
func (d *seedDesk) compose(p seedPage) publish.Mail {
	d.t.Helper()
	for n, b := range p.Blocks {
		d.post("edda", "/desk/blocks/0", url.Values{"kind": {b.Kind}, "url": {b.URL}, "text-en": {b.Text}, "position": {fmt.Sprint(n)}})
	}
	for n, s := range p.Stories {
		d.now = d.now.Add(time.Minute)
		d.approve(d.begin(n, s), s)
	}
	path := d.post("edda", "/desk/issues", nil)
	form := url.Values{"do": {"save"}, "revision": {d.revision(path)}, "title": {p.Title}, "introduction": {p.Introduction}, "line": {""}}
	for n := range p.Stories {
		form.Add("line", fmt.Sprintf("#story-%d", n+1))
	}
	d.post("edda", path, form)
	d.post("emil", path, url.Values{"do": {"approve"}, "revision": {d.revision(path)}})
	m, err := d.house.publish.Preview(d.t.Context(), 1, publish.Choice{Language: "en", Format: "html"})
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}

// TestSeedPages: issues of the kinds that IFHHRO sends lose nothing on their way
// from the desk's forms through the store into a mail.
func TestSeedPages(t *testing.T) {
	files, err := filepath.Glob("../../internal/compose/testdata/pages/*.yaml")
	if err != nil || len(files) != 5 {
		t.Fatalf("%d pages, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := readSeed(t, file)
			m := newSeedDesk(t, p).compose(p)
			// The HTML of the same pages is kept with compose.
			sameAsGolden(t, filepath.Join("testdata/pages", name+".txt"), []byte(m.Text))
			for form, body := range map[string]string{"HTML": m.HTML, "text": m.Text} {
				body = strings.NewReplacer(" \n> ", " ", " \n", " ", "\n", " ", "&#39;", "'", `<span dir="auto">`, "").Replace(body)
				for _, want := range p.Holds {
					if !strings.Contains(body, want) {
						t.Errorf("the %s lacks %q", form, want)
					}
				}
			}
		})
	}
}

// TestATestMail: an editor sends the issue to an address of their own; no
// reader's books learn of it.
func TestATestMail(t *testing.T) {
	t.Parallel()
	p := readSeed(t, "../../internal/compose/testdata/pages/page-1.yaml")
	d := newSeedDesk(t, p)
	d.compose(p)
	where := d.post("edda", "/desk/issues/1/preview", url.Values{"language": {"fr"}, "format": {"html"}, "topic": {"mental-health"}, "address": {"edda@desk.example"}})
	if !strings.HasSuffix(where, "#test") || !strings.Contains(where, "topic=mental-health") {
		t.Errorf("the test leads to %s", where)
	}
	files, err := filepath.Glob(filepath.Join(d.house.s.dataDir, mailDirectory, "new", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d mails caught, %v", len(files), err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || !strings.HasPrefix(subject, "[Test] ") || m.Header.Get("To") != "<edda@desk.example>" || !strings.Contains(m.Header.Get("Message-Id"), "test-") {
		t.Errorf("the test is %q, to %s, as %s, %v", subject, m.Header.Get("To"), m.Header.Get("Message-Id"), err)
	}
	if _, counts, err := d.house.publish.Status(t.Context(), 1); err != nil || counts != (news.Counts{}) {
		t.Errorf("the books say %+v, %v; want nothing", counts, err)
	}
	for address, want := range map[string]int{"nobody": http.StatusUnprocessableEntity, "a@desk.example\r\nBcc: b@desk.example": http.StatusUnprocessableEntity} {
		form := url.Values{"language": {"en"}, "format": {"html"}, "address": {address}}
		if w := webtest.Post(d, "/desk/issues/1/preview", "edda", form.Encode()); w.Code != want {
			t.Errorf("a test to %q = %d, want %d", address, w.Code, want)
		}
	}
	if w := webtest.Post(d, "/desk/issues/1/preview", "cara", "address=cara@desk.example"); w.Code != http.StatusForbidden {
		t.Errorf("a curator sends a test = %d, want 403", w.Code)
	}
}

func sameAsGolden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("differs from %s; run with -update, then read the diff (-want +got):\n%s", file, diff)
	}
}

// TestSeedPagesInABrowser looks at the same mails wide and light as on a phone
// and dark.
func TestSeedPagesInABrowser(t *testing.T) {
	axe := webtest.Axe(t, filepath.Join("..", ".."))
	files, err := filepath.Glob("../../internal/compose/testdata/pages/*.yaml")
	if err != nil || len(files) != 5 {
		t.Fatalf("%d pages, %v", len(files), err)
	}
	mails := map[string]string{}
	for _, file := range files {
		p := readSeed(t, file)
		// The window of the mail program is the landmark around a mail.
		mails["/"+filepath.Base(file)] = strings.NewReplacer(`<div role="article"`, `<main><div role="article"`, `</body>`, `</main></body>`).Replace(newSeedDesk(t, p).compose(p).HTML)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if mails[r.URL.Path] == "" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, mails[r.URL.Path]) // the browser is here
	}))
	t.Cleanup(server.Close)
	b := webtest.OpenBrowser(t, server.URL)
	for _, phone := range []bool{false, true} {
		b.Phone(phone)
		b.Dark(phone)
		for path := range mails {
			name := strings.Trim(strings.TrimSuffix(path, ".yaml"), "/") + map[bool]string{true: "-on-a-dark-phone"}[phone]
			b.Open(path)
			b.Judge(name, axe)
			b.Picture("mail-" + name)
		}
	}
}

// TestADraftInABrowser: axe finds nothing on the page of an issue that is being
// arranged, with all that can stand on it, wide and light as on a phone and
// dark.
func TestADraftInABrowser(t *testing.T) {
	axe := webtest.Axe(t, filepath.Join("..", ".."))
	base, invitation := startDemo(t)
	b := webtest.OpenBrowser(t, base)
	signIn(b, invitation)
	b.Open("/desk")
	b.Until("seven stories", rows+` === 7`)
	b.Press("j")
	b.Press("a")
	b.Until("one less", rows+` === 6`)
	b.Open("/desk/blocks/0")
	b.Do(chromedp.SendKeys("#text-en", "Our manual, in four languages.", chromedp.ByQuery), chromedp.SendKeys("#text-ar", "دليلنا", chromedp.ByQuery))
	b.Judge("a new block", axe)
	b.Do(chromedp.Click(`[value="save"]`, chromedp.ByQuery))
	b.Until("the library", `location.pathname === "/desk/blocks" && document.querySelector("tbody") !== null`)
	b.Judge("the blocks", axe)
	b.Open("/desk/issues")
	b.Do(chromedp.Click(`form[action="/desk/issues"] button`, chromedp.ByQuery))
	b.Until("the checks", `document.querySelector("#checks meter") !== null`)
	path := ""
	b.Read(`location.pathname`, &path)
	for _, phone := range []bool{false, true} {
		b.Phone(phone)
		b.Dark(phone)
		for name, page := range map[string]string{"draft": "", "checks": "/checks", "words": "/words?language=ar", "preview": "/preview?scheme=dark&width=phone"} {
			b.Open(path + page)
			if page == "" {
				b.Until("the checks", `document.querySelector("#checks meter") !== null`)
			}
			name += map[bool]string{true: "-on-a-dark-phone"}[phone]
			b.Judge(name, axe)
			b.Picture("composing-" + name)
		}
	}
}
