// Package webtest holds what the tests of web's four parts share: every page
// rendered with empty and hostile samples, and a Site to try routes on.
package webtest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/web"
	"golang.org/x/net/html"
)

// Base is the base address of the test site.
const Base = "https://digest.example.org"

// Hostile is a text that runs as script, breaks out of an attribute and turns
// the line around wherever it is not escaped. Put it in every field of a
// sample that a person or a feed fills in.
const Hostile = `"'><script>alert(1)</script><img src=x onerror=alert(1)></title></textarea><style>*{}</style>javascript:alert(1) ‮{{.}}`

// HostileLink is an address that must never become a link.
const HostileLink = `javascript:alert(1)//"onmouseover="alert(1)`

// Site returns a site whose sessions are the given accounts: the secret of an
// account is its name.
func Site(t testing.TB, accounts ...staff.Account) *web.Site {
	t.Helper()
	s, err := web.New(web.Options{BaseURL: Base, Name: "Test digest", Sessions: sessions(accounts)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type sessions []staff.Account

func (all sessions) Session(_ context.Context, secret string) (staff.Session, error) {
	for _, a := range all {
		if a.Name == secret {
			return staff.Session{Account: a, Created: time.Now()}, nil
		}
	}
	return staff.Session{}, fmt.Errorf("session: %w", news.ErrNotFound)
}

// Cookie is the header that signs in as an account of Site.
func Cookie(name string) string { return "__Host-rightsdesk=" + name }

// Get asks h for a page, signed in as name unless it is empty.
func Get(h http.Handler, path, name string) *httptest.ResponseRecorder {
	return Do(h, httptest.NewRequest(http.MethodGet, Base+path, nil), name)
}

// Post sends a form as our own page would.
func Post(h http.Handler, path, name, form string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, Base+path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", Base)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return Do(h, r, name)
}

// Do sends r, signed in as name unless it is empty.
func Do(h http.Handler, r *http.Request, name string) *httptest.ResponseRecorder {
	if name != "" {
		r.Header.Set("Cookie", Cookie(name))
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Pages renders every page of a part with its samples and fails where a page
// has none, does not render, or lets a sample do something.
func Pages(t *testing.T, part string, samples map[string][]any) {
	t.Helper()
	s := Site(t)
	for _, name := range s.Pages(part) {
		if len(samples[name]) == 0 {
			t.Errorf("page %q has no sample", name)
		}
	}
	for name, list := range samples {
		for i, sample := range list {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, Base+"/"+part, nil)
			if err := s.Render(w, r, name, sample); err != nil {
				t.Errorf("page %q, sample %d: %v", name, i, err)
				continue
			}
			for _, fault := range Faults(w.Body.String()) {
				t.Errorf("page %q, sample %d: %s", name, i, fault)
			}
		}
	}
}

// Faults lists what must not stand in a page of ours: live constructs, inline
// style (the policy forbids it), remote resources, and what keeps a page from
// being read by everyone.
func Faults(page string) []string {
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return []string{err.Error()}
	}
	var faults []string
	report := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	labels, controls, headings, ids := map[string]bool{}, []string{}, 0, map[string]bool{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		attr := attributes(n)
		elementFaults(n, attr, report)
		if id := attr["id"]; id != "" {
			if ids[id] {
				report("two elements have the id %q", id)
			}
			ids[id] = true
		}
		switch n.Data {
		case "h1":
			headings++
		case "label":
			labels[attr["for"]] = true
		case "input", "select", "textarea":
			if attr["type"] != "hidden" && attr["type"] != "submit" && attr["aria-label"] == "" && !inside(n, "label") {
				controls = append(controls, attr["id"])
			}
		}
	}
	if headings != 1 {
		report("it has %d h1", headings)
	}
	for _, id := range controls {
		if !labels[id] || id == "" {
			report("the control %q has no label", id)
		}
	}
	return faults
}

func elementFaults(n *html.Node, attr map[string]string, report func(string, ...any)) {
	switch n.Data {
	case "script":
		if !strings.HasPrefix(attr["src"], "/static/") || n.FirstChild != nil {
			report("it has a script of its own")
		}
	case "style":
		report("it has a style element")
	case "img":
		if _, ok := attr["alt"]; !ok {
			report("an image has no alt")
		}
	case "html":
		if attr["lang"] == "" || attr["dir"] == "" {
			report("html has no lang or dir")
		}
	}
	for name, value := range attr {
		switch {
		case strings.HasPrefix(name, "on"):
			report("<%s> has the handler %s", n.Data, name)
		case name == "style":
			report("<%s> has inline style", n.Data)
		case name == "href" || name == "action" || name == "formaction":
			if strings.HasPrefix(strings.ToLower(strings.TrimSpace(value)), "javascript:") {
				report("<%s> leads to %s", n.Data, value)
			}
		case name == "src" || n.Data == "link" && name == "href":
			if !strings.HasPrefix(value, "/") || strings.HasPrefix(value, "//") {
				report("<%s> loads %s", n.Data, value)
			}
		}
	}
}

func attributes(n *html.Node) map[string]string {
	m := map[string]string{}
	for _, a := range n.Attr {
		m[a.Key] = a.Val
	}
	return m
}

func inside(n *html.Node, element string) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == element {
			return true
		}
	}
	return false
}
