package door

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/access"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/notices"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/web"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
	"github.com/pquerna/otp/totp"
)

func TestPages(t *testing.T) {
	t.Parallel()
	evil := webtest.Hostile
	hostile := staff.Account{Name: evil, Roles: []staff.Role{staff.Role(evil)}, TOTP: evil, Passkeys: []staff.Passkey{{Name: evil}, {}}}
	webtest.Pages(t, "door", map[string][]any{
		"door/login":      {signInPage{}, signInPage{Name: evil, Next: webtest.HostileLink, Wrong: evil, Empty: true}},
		"door/invitation": {invitationPage{MayRename: true}, invitationPage{Name: evil, Roles: hostile.Roles, Wrong: evil}},
		"door/code":       {codePage{}, codePage{Next: webtest.HostileLink, Codes: true, Passkey: true, Wrong: evil}},
		"door/codes":      {codesPage{}, codesPage{access.Enrolment{Secret: evil, URL: webtest.HostileLink, QR: evil, Size: 21}, evil}},
		"door/account": {accountPage{Unready: true}, accountPage{Account: hostile, Wrong: evil, Done: evil,
			Notices:  noticesForm{Address: evil, Given: true, Kinds: []noticeLine{{staff.NoticeKind(evil), evil, true}}, NoWay: true, Waiting: 2, Trouble: evil, Wrong: evil},
			Sessions: []sessionLine{{time.Now(), time.Now(), true}, {}}}},
	})
}

// A house is the door over an empty store.
type house struct {
	http.Handler
	access  *access.Service
	notices *notices.Service
	now     time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h := &house{now: time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)}
	h.access = access.New(s, access.Options{Now: func() time.Time { return h.now }, Cost: &access.Cost{Memory: 8, Time: 1}})
	h.notices = notices.New(s, notices.Options{Now: func() time.Time { return h.now }, Check: func(a string) (string, error) {
		if !strings.Contains(a, "@") {
			return "", fmt.Errorf("e-mail address: has no name before an @: %w", news.ErrInvalid)
		}
		return a, nil
	}})
	site, err := web.New(web.Options{BaseURL: webtest.Base, Sessions: h.access, Now: func() time.Time { return h.now }})
	if err != nil {
		t.Fatal(err)
	}
	queue := web.Route{Pattern: "GET /desk", Needs: staff.ReadDesk, Do: func(w http.ResponseWriter, r *http.Request) error {
		_, err := w.Write([]byte("queue of " + web.Account(r).Name))
		return err
	}}
	h.Handler = site.Handler(New(site, h.access, h.notices).Routes(), []web.Route{queue})
	return h
}

const good = "four plain words here"

// cookie is the session a response set, as the secret alone.
func cookie(w *httptest.ResponseRecorder) string {
	for _, c := range w.Result().Cookies() {
		return c.Value
	}
	return ""
}

func form(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v.Encode()
}

func TestFromTheFirstLinkToTheQueue(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if page := webtest.Get(h, "/desk/login", "").Body.String(); !strings.Contains(page, "one-time link") {
		t.Errorf("the sign-in page of an empty house does not say what to do:\n%s", page)
	}
	link, err := h.access.FirstLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	path := "/desk/invitation/" + link
	for range 2 { // looking at it changes nothing
		if w := webtest.Get(h, path, ""); w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("GET invitation = %d", w.Code)
		}
	}
	if w := webtest.Post(h, path, "", form("name", "Ada", "password", "short")); w.Code != 422 || !strings.Contains(w.Body.String(), "at least 12") {
		t.Errorf("a short password = %d: %s", w.Code, w.Body)
	}
	w := webtest.Post(h, path, "", form("name", "Ada", "password", good))
	if w.Code != 303 || w.Header().Get("Location") != "/desk" {
		t.Fatalf("POST invitation = %d %v", w.Code, w.Header())
	}
	if got := webtest.Get(h, "/desk", cookie(w)).Body.String(); got != "queue of Ada" {
		t.Errorf("after the invitation: %q", got)
	}
	if w := webtest.Get(h, path, ""); w.Code != 404 {
		t.Errorf("the link works twice: %d", w.Code)
	}
}

// ada makes the first account and signs it out.
func (h *house) ada(t *testing.T) {
	t.Helper()
	link, err := h.access.FirstLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.access.TakeInvitation(t.Context(), link, "Ada", good); err != nil {
		t.Fatal(err)
	}
}

func TestSignInAndOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ada(t)
	if w := webtest.Get(h, "/desk", ""); w.Header().Get("Location") != "/desk/login" {
		t.Errorf("signed out, the queue leads to %q", w.Header().Get("Location"))
	}
	if w := webtest.Post(h, "/desk/login", "", form("name", "Ada", "password", "wrong")); w.Code != 422 || cookie(w) != "" {
		t.Errorf("a wrong password = %d", w.Code)
	}
	w := webtest.Post(h, "/desk/login", "planted", form("name", "Ada", "password", good, "next", "https://evil.example/"))
	secret := cookie(w)
	if w.Code != 303 || w.Header().Get("Location") != "/desk" || secret == "planted" || secret == "" {
		t.Fatalf("signing in = %d to %q with %q", w.Code, w.Header().Get("Location"), secret)
	}
	if w := webtest.Post(h, "/desk/logout", secret, ""); w.Code != 303 || !strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("signing out = %d %q", w.Code, w.Header().Get("Set-Cookie"))
	}
	if w := webtest.Get(h, "/desk", secret); w.Code != 303 {
		t.Errorf("after signing out the secret still opens the desk: %d", w.Code)
	}
}

// The answer to a wrong password and to a name that does not exist is the
// same, and so is the work behind it.
func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ada(t)
	var pages []string
	for _, name := range []string{"Ada", "Bob"} {
		w := webtest.Post(h, "/desk/login", "", form("name", name, "password", "wrong"))
		pages = append(pages, strings.ReplaceAll(w.Body.String(), name, "NAME"))
	}
	if pages[0] != pages[1] {
		t.Error("the page for a known and an unknown name differ")
	}
}

func TestTooManyTries(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ada(t)
	code := 0
	for range 5 {
		code = webtest.Post(h, "/desk/login", "", form("name", "Ada", "password", "wrong")).Code
	}
	if code != 429 {
		t.Errorf("the fifth try = %d, want 429", code)
	}
}

func TestOwnAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ada(t)
	signIn := func() string {
		return cookie(webtest.Post(h, "/desk/login", "", form("name", "Ada", "password", good)))
	}
	here, there := signIn(), signIn()
	if page := webtest.Get(h, "/desk/account", here).Body.String(); strings.Count(page, "this browser") != 1 || strings.Count(page, "<tr>") != 3 {
		t.Errorf("two sessions are shown as:\n%s", page)
	}
	if w := webtest.Post(h, "/desk/account/sessions", here, ""); w.Code != 303 {
		t.Errorf("ending the others = %d", w.Code)
	}
	if w := webtest.Get(h, "/desk", there); w.Code != 303 {
		t.Errorf("the other session lives on: %d", w.Code)
	}
	if w := webtest.Post(h, "/desk/account/password", here, form("password", "wrong", "new", "another four plain words")); w.Code != 422 {
		t.Errorf("with a wrong password = %d", w.Code)
	}
	w := webtest.Post(h, "/desk/account/password", here, form("password", good, "new", "another four plain words"))
	if w.Code != 303 {
		t.Fatalf("changing the password = %d: %s", w.Code, w.Body)
	}
	if old := webtest.Get(h, "/desk", here); old.Code != 303 {
		t.Errorf("the session from before the change lives on: %d", old.Code)
	}
	if w := webtest.Get(h, "/desk", cookie(w)); w.Code != 200 {
		t.Errorf("the browser that changed it was signed out: %d", w.Code)
	}
}

func TestSignInWithACode(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ada(t)
	here := cookie(webtest.Post(h, "/desk/login", "", form("name", "Ada", "password", good)))
	page := webtest.Get(h, "/desk/account/codes", here).Body.String()
	_, rest, _ := strings.Cut(page, `name="secret" value="`)
	key, _, ok := strings.Cut(rest, `"`)
	if !ok || !strings.Contains(page, "<svg") {
		t.Fatalf("the page shows no key:\n%s", page)
	}
	code := func() string {
		c, err := totp.GenerateCode(key, h.now)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if w := webtest.Post(h, "/desk/account/codes", here, form("secret", key, "code", "000000")); w.Code != 422 || !strings.Contains(w.Body.String(), key) {
		t.Errorf("a wrong code = %d", w.Code)
	}
	w := webtest.Post(h, "/desk/account/codes", here, form("secret", key, "code", code()))
	if w.Code != 303 || webtest.Get(h, "/desk", cookie(w)).Code != 200 || webtest.Get(h, "/desk", here).Code != 303 {
		t.Fatalf("enrolling = %d", w.Code)
	}
	h.now = h.now.Add(time.Minute)
	w = webtest.Post(h, "/desk/login", "", form("name", "Ada", "password", good, "next", "/desk/account"))
	half := cookie(w)
	if got := w.Header().Get("Location"); got != "/desk/login/code?next=%2Fdesk%2Faccount" {
		t.Errorf("after the password: %q", got)
	}
	if w := webtest.Get(h, "/desk", half); w.Code != 303 {
		t.Errorf("the password alone opens the desk: %d", w.Code)
	}
	if w := webtest.Get(h, "/desk/login/code", half); w.Code != 200 {
		t.Errorf("the code page = %d", w.Code)
	}
	if w := webtest.Post(h, "/desk/login/code", half, form("code", "000000")); w.Code != 422 {
		t.Errorf("a wrong code = %d", w.Code)
	}
	w = webtest.Post(h, "/desk/login/code", half, form("code", code(), "next", "/desk/account"))
	if w.Code != 303 || w.Header().Get("Location") != "/desk/account" || webtest.Get(h, "/desk", cookie(w)).Code != 200 {
		t.Errorf("the right code = %d to %q", w.Code, w.Header().Get("Location"))
	}
	if w := webtest.Get(h, "/desk/login/code", ""); w.Code != 409 {
		t.Errorf("the code page without a password = %d", w.Code)
	}
}

// What a borrowed browser must not do asks for the password again.
func TestFactorsNeedAFreshSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ada(t)
	here := cookie(webtest.Post(h, "/desk/login", "", form("name", "Ada", "password", good)))
	h.now = h.now.Add(staff.SessionFresh)
	if w := webtest.Get(h, "/desk/account/codes", here); w.Header().Get("Location") != "/desk/login?next=%2Fdesk%2Faccount%2Fcodes" {
		t.Errorf("after ten minutes the codes page leads to %q", w.Header().Get("Location"))
	}
	for _, path := range []string{"/desk/account/codes", "/desk/account/codes/drop", "/desk/account/passkeys/ask", "/desk/account/passkeys", "/desk/account/passkeys/drop"} {
		if w := webtest.Post(h, path, here, "n=0"); w.Code != 401 {
			t.Errorf("POST %s after ten minutes = %d, want 401", path, w.Code)
		}
	}
}

func TestNoticesAreSetAndStopped(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ada(t)
	here := cookie(webtest.Post(h, "/desk/login", "", form("name", "Ada", "password", good)))
	if w := webtest.Post(h, "/desk/account/notices", here, form("address", "nobody", "kind", "note")); w.Code != 422 || !strings.Contains(w.Body.String(), `value="nobody"`) {
		t.Errorf("an address that is none = %d", w.Code)
	}
	if w := webtest.Post(h, "/desk/account/notices", here, form("address", "ada@staff.example", "kind", "note")); w.Code != 303 {
		t.Fatalf("saving an address = %d: %s", w.Code, w.Body)
	}
	page := webtest.Get(h, "/desk/account?done=notices", here).Body.String()
	for _, want := range []string{`value="ada@staff.example"`, `value="note" checked`, `value="assigned">`, "sends no mail yet", "Forget my address"} {
		if !strings.Contains(page, want) {
			t.Errorf("the account page lacks %q", want)
		}
	}
	h.now = h.now.Add(20 * time.Minute) // a session that is not fresh
	if w := webtest.Post(h, "/desk/account/notices", here, form("address", "eve@staff.example", "kind", "note")); w.Code == 303 && strings.Contains(w.Header().Get("Location"), "done=") {
		t.Errorf("a borrowed browser gave another address: %d", w.Code)
	}
	if w := webtest.Post(h, "/desk/account/notices/drop", here, ""); w.Code != 303 {
		t.Errorf("stopping = %d", w.Code)
	}
	if page := webtest.Get(h, "/desk/account", here).Body.String(); strings.Contains(page, "staff.example") {
		t.Error("the address is still there")
	}
}
