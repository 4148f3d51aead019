package main

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

// hostile are texts that run something in a page that trusts them.
var hostile = []string{
	`"'><img src=x onerror="window.pwned=1"><script>window.pwned=1</script>`,
	`</textarea></title></style></script><svg onload=window.pwned=1>{{.}}`,
	"[read](javascript:window.pwned=1) ![see](https://elsewhere.example/x.png) <a href='javascript:window.pwned=1'>x</a>",
	"javascript:window.pwned=1//\u202etxt.exe",
}

// leaves are addresses that would end the walk.
var leaves = regexp.MustCompile(`sign-?out|logout`)

// A form of a page, as a stranger sees it: where it goes and what it asks.
type seenForm struct {
	Index  int
	Action string
	Texts  []string
	Button string
}

// A stranger walks from page to page, fills every form with hostile texts and
// notes what a page let run.
type stranger struct {
	t     *testing.T
	b     *webtest.Browser
	todo  []string
	seen  map[string]bool // patterns of addresses met
	forms map[string]bool // forms sent
	pages int
}

// What varies between the rows of a list: numbers, tokens and
// languages.
var (
	varying  = regexp.MustCompile(`[0-9]+|[A-Za-z0-9_-]{20,}`)
	language = regexp.MustCompile(`^/(es|fr|nl|ru|zh)(/|$)`)
	inner    = regexp.MustCompile(`(/[^/]+)/(ar|en|es|fr|nl|ru|zh)(/|$)`)
)

// pattern is an address without what varies between rows of one list. Arabic
// stands for every language but English.
func pattern(path string) string {
	path = inner.ReplaceAllString(language.ReplaceAllString(path, "/ar$2"), "$1/L$3")
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if _, topic := news.TopicBySlug(news.Slug(s)); topic {
			segments[i] = "T"
		}
	}
	path = strings.Join(segments, "/")
	path, query, _ := strings.Cut(path, "?")
	var fields []string
	for f := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(f, "=")
		fields = append(fields, name)
	}
	slices.Sort(fields)
	return varying.ReplaceAllString(path, "N") + "?" + strings.Join(slices.Compact(fields), "&")
}

func (s *stranger) meet(paths ...string) {
	for _, path := range paths {
		if p := pattern(path); !s.seen[p] && !leaves.MatchString(path) {
			s.seen[p] = true
			s.todo = append(s.todo, path)
		}
	}
}

// look fails the test for a page that ran a hostile text or would at a click,
// and remembers where the page leads.
func (s *stranger) look(at string) []seenForm {
	s.t.Helper()
	s.pages++
	var page struct {
		Pwned bool
		Live  []string
		Links []string
		Forms []seenForm
	}
	var out string
	s.b.Read(`JSON.stringify({
		Pwned: Boolean(window.pwned) || [...document.querySelectorAll("iframe")].some(f => { try { return f.contentWindow.pwned } catch { return false } }),
		Live: [...document.querySelectorAll("*")].filter(e => [...e.attributes].some(a => /^on/i.test(a.name) || /^(href|src|action|formaction|xlink:href|srcdoc)$/i.test(a.name) && /^\s*(javascript|data|vbscript):/i.test(a.value)) && !(e.localName === "iframe" && e.hasAttribute("sandbox")) && !(e.localName === "link"))
			.map(e => e.outerHTML.slice(0, 200)),
		Links: [...document.querySelectorAll("a[href]")].filter(a => a.origin === location.origin && !a.hasAttribute("download") && !/\.(rss|atom|json|opml|xml|ics|csv|eml)$/.test(a.pathname)).map(a => a.pathname + a.search),
		Forms: [...document.forms].map((f, i) => f.closest("dialog:not([open])") ? null : ({Index: i, Action: f.getAttribute("action") || location.pathname,
			Texts: [...f.elements].filter(e => e.localName === "textarea" || e.localName === "input" && /^(text|search|url|email|tel|)$/.test(e.type)).map(e => e.name),
			Button: [...f.elements].find(e => e.type === "submit" && !e.disabled)?.value || ""})).filter(Boolean)})`, &out)
	if err := json.Unmarshal([]byte(out), &page); err != nil {
		s.t.Fatal(err)
	}
	if page.Pwned {
		s.t.Errorf("%s ran a hostile text", at)
	}
	for _, live := range page.Live {
		s.t.Errorf("%s holds something that runs: %s", at, live)
	}
	s.meet(page.Links...)
	return page.Forms
}

// fill sends one form of the page at path with hostile texts in every field.
func (s *stranger) fill(path string, f seenForm) {
	s.t.Helper()
	s.b.Open(path)
	texts, err := json.Marshal(hostile)
	if err != nil {
		s.t.Fatal(err)
	}
	var sent bool
	s.b.Read(fmt.Sprintf(`(() => { const f = document.forms[%d], texts = %s; if (!f) return false; let i = 0;
		f.noValidate = true; f.removeAttribute("target");
		for (const e of f.elements) if (e.localName === "textarea" || e.localName === "input" && /^(text|search|url|email|tel|)$/.test(e.type)) { e.removeAttribute("maxlength"); e.value = texts[i++ %% texts.length]; e.dispatchEvent(new Event("input", {bubbles: true})) }
		const b = [...f.elements].find(e => e.type === "submit" && !e.disabled); if (!b) return false;
		window.leaving = true; f.requestSubmit(b); return true })()`, f.Index, texts), &sent)
	if !sent {
		return
	}
	s.b.Settle(2 * time.Second)
	s.look(path + " after " + f.Action)
}

// TestHostileTextsInEveryField: a source whose items are hostile in every
// element, and a stranger who fills every form of the desk, of the
// administration and of the readers' pages with more of it. Nothing runs, on
// any page; the browser reports no breach of the policy, and no request leaves
// the origin.
func TestHostileTextsInEveryField(t *testing.T) {
	if testing.Short() {
		t.Skip("left out: no browser in a short run")
	}
	feed := &publisher{}
	for i, text := range hostile {
		feed.publish(i+1, html.EscapeString("Hospital attacked "+text), html.EscapeString(html.EscapeString(text)+text+" A hospital was attacked and two doctors were wounded."))
	}
	source := httptest.NewServer(feed)
	t.Cleanup(source.Close)
	d, base, invitation := serveForBrowser(t, source.URL)
	d.readers("email,topics,format\nnora@reader.example,,html\ntom@reader.example,,text\n")
	b := webtest.OpenBrowser(t, base)
	signIn(b, invitation)
	b.Reopen("the hostile stories", "/desk", rows+` === `+fmt.Sprint(len(hostile)))
	d.sendAlone("", "--commentary", strings.Join(hostile, " "), "--for-all")
	feed.publish(9, html.EscapeString("Clinic attacked "+hostile[0]), html.EscapeString(hostile[1]))
	d.command(0, append([]string{"fetch"}, d.fetch...)...)
	b.Reopen("one in the queue", "/desk", rows+` === 1`)
	s := &stranger{t: t, b: b, seen: map[string]bool{}, forms: map[string]bool{}}
	s.meet("/stories", "/issues", "/admin/mail", "/desk", "/admin", "/", "/ar/", "/subscribe", "/desk/new", "/desk/stories/1", "/desk/issues", "/desk/account", "/admin/people", "/admin/readers", "/admin/audit")
	for len(s.todo) > 0 && s.pages < 300 {
		path := s.todo[0]
		s.todo = s.todo[1:]
		b.Open(path)
		for _, f := range s.look(path) {
			if key := pattern(f.Action) + strings.Join(f.Texts, ",") + f.Button; len(f.Texts) > 0 && !s.forms[key] && !leaves.MatchString(f.Action) {
				s.forms[key] = true
				s.fill(path, f)
			}
		}
	}
	if s.pages < 40 || len(s.forms) < 10 {
		t.Errorf("the walk met %d pages and %d forms only", s.pages, len(s.forms))
	}
	t.Logf("%d pages looked at, %d kinds of address, %d kinds of form sent", s.pages, len(s.seen), len(s.forms))
}

// serveForBrowser serves a desk with one source and returns it, its address and
// the link that makes the first administrator.
func serveForBrowser(t *testing.T, feed string) (d *testDesk, base, invitation string) {
	t.Helper()
	dir := t.TempDir()
	list := filepath.Join(dir, "feeds.yaml")
	if err := os.WriteFile(list, []byte("version: 1\nsources:\n  - slug: publisher\n    name: A publisher\n    feed: "+feed+"\n    every: 15m\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close() // for the program, which is told the whole address
	_, port, _ := strings.Cut(address, ":")
	d = &testDesk{t: t, where: []string{"--data-dir", filepath.Join(dir, "data")}}
	d.fetch = append(slices.Clone(d.where), "--feeds", list, "--fetch-allow-cidr", "127.0.0.0/8")
	d.flags = append(slices.Clone(d.fetch), "--catch", "--solo",
		"--from", "IFHHRO digest <digest@weekly.example>", "--base-url", "http://localhost:"+port)
	ctx, stop := context.WithCancel(context.Background())
	out := &greeting{link: make(chan string, 1)}
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, append([]string{"serve", "--listen", address}, d.flags...), noEnv, strings.NewReader(""), out, io.Discard)
	}()
	t.Cleanup(func() {
		stop()
		if code := <-done; code != exitDone {
			t.Errorf("serve ended with %d", code)
		}
	})
	select {
	case invitation = <-out.link:
	case <-time.After(time.Minute):
		t.Fatal("serve did not greet us")
	}
	base, _, _ = strings.Cut(invitation, "/desk/")
	return d, base, strings.TrimPrefix(invitation, base)
}
