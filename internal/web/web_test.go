package web_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/web"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

var (
	curator = staff.Account{Name: "cara", Roles: []staff.Role{staff.Curator}}
	admin   = staff.Account{Name: "ada", Roles: []staff.Role{staff.Administrator}}
)

func say(text string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func failWith(err error) web.Handler {
	return func(http.ResponseWriter, *http.Request) error { return err }
}

func testRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET /{$}", Needs: web.Anyone, Do: say("home")},
		{Pattern: "GET /desk", Needs: staff.ReadDesk, Do: say("queue")},
		{Pattern: "POST /desk/act", Needs: staff.DecideStories, Do: say("acted")},
		{Pattern: "GET /admin", Needs: staff.RunDesk, Do: say("admin")},
		{Pattern: "GET /token/{token}", Needs: web.Anyone, Secret: true, Do: say("button")},
		{Pattern: "POST /token/{token}", Needs: web.Anyone, Secret: true, AnyOrigin: true, Do: say("gone")},
		{Pattern: "GET /panic", Needs: web.Anyone, Do: func(http.ResponseWriter, *http.Request) error { panic("canary") }},
		{Pattern: "GET /conflict", Needs: web.Anyone, Do: failWith(fmt.Errorf("approve story 3: it is approved: %w", news.ErrConflict))},
		{Pattern: "GET /missing", Needs: web.Anyone, Do: failWith(fmt.Errorf("story 3: %w", news.ErrNotFound))},
		{Pattern: "GET /broken", Needs: web.Anyone, Do: failWith(errors.New("canary of the database"))},
		{Pattern: "POST /form", Needs: web.Anyone, Do: func(w http.ResponseWriter, r *http.Request) error { return r.ParseForm() }},
	}
}

func TestAdmission(t *testing.T) {
	t.Parallel()
	h := webtest.Site(t, curator, admin).Handler(testRoutes())
	tests := []struct {
		name, method, path, as string
		want                   int
	}{
		{"anyone reads a public page", "GET", "/", "", 200},
		{"signed out is led to the sign-in", "GET", "/desk", "", 303},
		{"a stale secret is signed out", "GET", "/desk", "nobody", 303},
		{"signed out may not act", "POST", "/desk/act", "", 401},
		{"a curator reads the desk", "GET", "/desk", "cara", 200},
		{"a curator acts", "POST", "/desk/act", "cara", 200},
		{"a curator is not an administrator", "GET", "/admin", "cara", 403},
		{"an administrator is no curator", "POST", "/desk/act", "ada", 403},
		{"HEAD needs what GET needs", "HEAD", "/admin", "cara", 403},
		{"no such page", "GET", "/nothing", "", 404},
		{"wrong method", "DELETE", "/desk", "cara", 405},
		{"OPTIONS does nothing", "OPTIONS", "/desk/act", "cara", 405},
		{"dots lead nowhere", "GET", "/desk/../admin", "cara", 307},
		{"doubled slashes lead nowhere", "GET", "//admin", "cara", 307},
		{"an encoded slash is not a slash", "GET", "/desk%2f..%2fadmin", "cara", 404},
		{"case matters", "GET", "/Admin", "cara", 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := webtest.Do(h, httptest.NewRequest(tt.method, webtest.Base+tt.path, nil), tt.as)
			if w.Code != tt.want {
				t.Errorf("%s %s as %q = %d, want %d", tt.method, tt.path, tt.as, w.Code, tt.want)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	h := webtest.Site(t, curator).Handler(testRoutes())
	for _, path := range []string{"/", "/nothing", "/panic", "/desk", "/static/none.css", "/token/x"} {
		head := webtest.Get(h, path, "cara").Header()
		for name, want := range map[string]string{
			"Content-Security-Policy":      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Strict-Transport-Security":    "max-age=31536000",
		} {
			if got := head.Get(name); got != want {
				t.Errorf("%s: %s = %q, want %q", path, name, got, want)
			}
		}
	}
	for path, want := range map[string]string{"/": "", "/desk": "no-store", "/token/x": "no-store"} {
		if got := webtest.Get(h, path, "cara").Header().Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control = %q, want %q", path, got, want)
		}
	}
}

func TestHost(t *testing.T) {
	t.Parallel()
	tests := []struct {
		base, host string
		want       int
	}{
		{"https://digest.example.org", "digest.example.org", 200},
		{"https://digest.example.org", "DIGEST.example.org:443", 200},
		{"https://digest.example.org", "evil.example", 421},
		{"https://digest.example.org", "digest.example.org.evil.example", 421},
		{"https://digest.example.org", "digest.example.org:8443", 421},
		{"https://digest.example.org", "localhost", 421},
		{"http://localhost:8080", "localhost:8080", 200},
		{"http://localhost:8080", "localhost:9999", 200},
		{"http://localhost:8080", "127.0.0.1:8080", 421},
		{"http://localhost:8080", "evil.example", 421},
		{"http://127.0.0.1:8080", "127.0.0.1:8080", 200},
	}
	for _, tt := range tests {
		s, err := web.New(web.Options{BaseURL: tt.base})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = tt.host
		w := webtest.Do(s.Handler(testRoutes()), r, "")
		if w.Code != tt.want {
			t.Errorf("base %s, Host %s = %d, want %d", tt.base, tt.host, w.Code, tt.want)
		}
	}
}

// TestNeutralHost: the name in discreet mails takes a one-click unsubscribe and
// leads on to our own; to everybody else it is nothing.
func TestNeutralHost(t *testing.T) {
	t.Parallel()
	s, err := web.New(web.Options{BaseURL: "https://digest.example.org", Neutral: "https://post.example", Name: "Canary digest"})
	if err != nil {
		t.Fatal(err)
	}
	took := ""
	h := s.Handler(testRoutes(), []web.Route{{Pattern: "POST /unsubscribe/{token}", Needs: web.Anyone, AnyOrigin: true, Do: func(_ http.ResponseWriter, r *http.Request) error {
		took = r.PathValue("token")
		return nil
	}}})
	for _, tt := range []struct {
		method, path string
		want         int
		location     string
	}{
		{"POST", "/unsubscribe/abc", 200, ""},
		{"GET", "/unsubscribe/abc", 303, "https://digest.example.org/unsubscribe/abc"},
		{"GET", "/preferences/abc", 303, "https://digest.example.org/preferences/abc"},
		{"POST", "/preferences/abc", 404, ""},
		{"GET", "/", 404, ""},
		{"GET", "/unsubscribe/", 404, ""},
		{"GET", "/static/style.css", 404, ""},
	} {
		r := httptest.NewRequest(tt.method, tt.path, nil)
		r.Host = "post.example"
		w := webtest.Do(h, r, "")
		if w.Code != tt.want || w.Header().Get("Location") != tt.location || strings.Contains(w.Body.String(), "Canary") {
			t.Errorf("%s %s = %d to %q, want %d to %q\n%s", tt.method, tt.path, w.Code, w.Header().Get("Location"), tt.want, tt.location, w.Body)
		}
	}
	if took != "abc" {
		t.Errorf("the one-click unsubscribe of %q came through", took)
	}
}

func TestBaseAddress(t *testing.T) {
	t.Parallel()
	for base, ok := range map[string]bool{
		"https://digest.example.org": true, "https://digest.example.org/": true, "http://localhost:8080": true, "http://[::1]:80": true,
		"http://digest.example.org": false, "digest.example.org": false, "https://": false, "https://h.example/path": false,
		"ftp://h.example": false, "https://u:p@h.example": false, "": false,
	} {
		if _, err := web.ParseBase(base); (err == nil) != ok || err != nil && !errors.Is(err, news.ErrInvalid) {
			t.Errorf("ParseBase(%q) = %v, want ok %v", base, err, ok)
		}
	}
}

// A form sent by another site does nothing, except where the token in the
// address is the authority (RFC 8058).
func TestOrigin(t *testing.T) {
	t.Parallel()
	h := webtest.Site(t, curator).Handler(testRoutes())
	tests := []struct {
		name, path, origin, site string
		want                     int
	}{
		{"our own page", "/desk/act", webtest.Base, "same-origin", 200},
		{"another site", "/desk/act", "https://evil.example", "cross-site", 403},
		{"another site, old browser", "/desk/act", "https://evil.example", "", 403},
		{"a neighbour", "/desk/act", "https://x.digest.example.org", "same-site", 403},
		{"a sandboxed frame", "/desk/act", "null", "cross-site", 403},
		{"one-click from anywhere", "/token/x", "https://mail.example", "cross-site", 200},
		{"one-click from a program", "/token/x", "", "", 200},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("POST", webtest.Base+tt.path, strings.NewReader("a=b"))
		for name, v := range map[string]string{"Origin": tt.origin, "Sec-Fetch-Site": tt.site} {
			if v != "" {
				r.Header.Set(name, v)
			}
		}
		if w := webtest.Do(h, r, "cara"); w.Code != tt.want {
			t.Errorf("%s = %d, want %d", tt.name, w.Code, tt.want)
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s, err := web.New(web.Options{BaseURL: webtest.Base, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	h := s.Handler(testRoutes())
	tests := []struct {
		path        string
		status      int
		says, hides string
	}{
		{"/panic", 500, "our fault", "canary"},
		{"/broken", 500, "our fault", "canary"},
		{"/conflict", 409, "Approve story 3: it is approved.", ": conflict"},
		{"/missing", 404, "nothing here", "story 3"},
		{"/nothing", 404, "nothing here", "404 page not found"},
	}
	for _, tt := range tests {
		w := webtest.Get(h, tt.path, "")
		body := w.Body.String()
		if w.Code != tt.status || !strings.Contains(body, tt.says) || strings.Contains(body, tt.hides) {
			t.Errorf("%s = %d, want %d with %q and without %q:\n%s", tt.path, w.Code, tt.status, tt.says, tt.hides, body)
		}
		id := w.Header().Get("X-Request-Id")
		if ours := tt.status >= 500; strings.Contains(log.String(), id) != ours || strings.Contains(body, id) != ours {
			t.Errorf("%s: the request's number must be in log and page exactly when the fault is ours", tt.path)
		}
	}
}

func TestLongForm(t *testing.T) {
	t.Parallel()
	h := webtest.Site(t).Handler(testRoutes())
	if w := webtest.Post(h, "/form", "", "a="+strings.Repeat("x", web.MaxForm-2)); w.Code != 200 {
		t.Errorf("a form of 64 KiB = %d, want 200", w.Code)
	}
	if w := webtest.Post(h, "/form", "", "a="+strings.Repeat("x", web.MaxForm)); w.Code != 413 {
		t.Errorf("a longer form = %d, want 413", w.Code)
	}
}

func TestFragmentErrors(t *testing.T) {
	t.Parallel()
	h := webtest.Site(t, curator).Handler(testRoutes())
	r := httptest.NewRequest("GET", webtest.Base+"/conflict", nil)
	r.Header.Set("HX-Request", "true")
	w := webtest.Do(h, r, "")
	if w.Header().Get("HX-Retarget") != "#notice" || strings.Contains(w.Body.String(), "<html") {
		t.Errorf("a fragment's error must be a notice, got %v %s", w.Header(), w.Body)
	}
	r = httptest.NewRequest("POST", webtest.Base+"/desk/act", nil)
	r.Header.Set("HX-Request", "true")
	if got := webtest.Do(h, r, "").Header().Get("HX-Redirect"); got != web.SignInPath {
		t.Errorf("signed out, HX-Redirect = %q", got)
	}
}

func TestStatic(t *testing.T) {
	t.Parallel()
	h := webtest.Site(t).Handler(testRoutes())
	page := webtest.Get(h, "/nothing", "").Body.String()
	_, rest, ok := strings.Cut(page, `rel="stylesheet" href="/static/`)
	if !ok {
		t.Fatalf("the page names no style sheet:\n%s", page)
	}
	file, _, _ := strings.Cut(rest, `"`)
	w := webtest.Get(h, "/static/"+file, "")
	if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("%s = %d %v", file, w.Code, w.Header())
	}
	if w := webtest.Get(h, "/static/app.css", ""); w.Code != 404 {
		t.Errorf("a static file without its hash = %d, want 404", w.Code)
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"https://digest.example.org": "__Host-rightsdesk=s; Path=/; HttpOnly; Secure; SameSite=Lax",
		"http://localhost:8080":      "rightsdesk-development=s; Path=/; HttpOnly; SameSite=Lax",
	} {
		s, err := web.New(web.Options{BaseURL: base})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		s.SetSession(w, "s")
		if got := w.Header().Get("Set-Cookie"); got != want {
			t.Errorf("%s: cookie = %q, want %q", base, got, want)
		}
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/desk/stories/4?tab=1": "/desk/stories/4?tab=1", "/admin": "/admin",
		"https://evil.example/desk": "/desk", "//evil.example/desk": "/desk", "/\\evil.example": "/desk", "/desk\r\nX: y": "/desk",
		"": "/desk", "/unsubscribe/x": "/desk", "javascript:alert(1)": "/desk",
	} {
		r := httptest.NewRequest("GET", webtest.Base+"/desk/login", nil)
		q := r.URL.Query()
		q.Set("next", next)
		r.URL.RawQuery = q.Encode()
		if got := web.Next(r, "/desk"); got != want {
			t.Errorf("Next(%q) = %q, want %q", next, got, want)
		}
	}
}

func TestRouteMustSayWhomItServes(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a route without a permission was taken")
		}
	}()
	webtest.Site(t).Handler([]web.Route{{Pattern: "GET /x", Do: say("x")}})
}

func TestLanguagePrefix(t *testing.T) {
	t.Parallel()
	h := webtest.Site(t, admin).Handler([]web.Route{
		{Pattern: "GET /stories/{name}", Needs: web.Anyone, Do: func(w http.ResponseWriter, r *http.Request) error {
			_, err := io.WriteString(w, web.Language(r)+" "+r.PathValue("name"))
			return err
		}},
		{Pattern: "GET /{$}", Needs: web.Anyone, Do: func(w http.ResponseWriter, r *http.Request) error {
			_, err := io.WriteString(w, web.Language(r))
			return err
		}},
		{Pattern: "GET /admin", Needs: staff.RunDesk, Do: say("admin")},
	})
	for path, want := range map[string]string{
		"/stories/a": "200 en a", "/fr/stories/a": "200 fr a", "/ar/stories/%D8%A3%2Fb": "200 ar أ/b", "/fr/": "200 fr",
		"/xx/stories/a": "404", "/en/stories/a": "404", "/fr/admin": "404", "/fr/fr/": "404", "/fr/static/app.css": "404",
	} {
		w := webtest.Get(h, path, "ada")
		got := fmt.Sprint(w.Code)
		if w.Code == 200 {
			got += " " + w.Body.String()
		}
		if got != want {
			t.Errorf("%s = %q, want %q", path, got, want)
		}
	}
	if page := webtest.Get(h, "/ar/nothing", "").Body.String(); !strings.Contains(page, `<html lang="ar" dir="rtl">`) {
		t.Errorf("an error page in Arabic is not: %s", page)
	}
}

func TestFramePages(t *testing.T) {
	t.Parallel()
	type sample struct {
		Title, Text, Next, Link, Leads, Request string
		Status                                  int
	}
	webtest.Pages(t, "frame", map[string][]any{"frame/error": {
		sample{},
		sample{webtest.Hostile, webtest.Hostile, webtest.Hostile, webtest.HostileLink, webtest.Hostile, webtest.Hostile, 500},
	}})
}
