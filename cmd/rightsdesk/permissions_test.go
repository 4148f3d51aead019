package main

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/access"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/web"
)

var update = flag.Bool("update", false, "write the files that a person then reads")

// permissionTable is the written table: who may send which request.
const permissionTable = "../../docs/permissions.md"

// A visitor is somebody who tries every route.
type visitor struct {
	name   string
	cookie string // empty: signed out
}

// A deskWalk is a whole house with one account of each role.
type deskWalk struct {
	http.Handler
	routes   []web.Route
	base     string
	visitors []*visitor
}

// newWalk builds a house at a base address and signs one account of each role
// in.
func newWalk(t *testing.T, base string) *deskWalk {
	t.Helper()
	s := defaultSettings()
	s.dataDir, s.baseURL, s.catch = t.TempDir(), base, true
	a := &app{getenv: noEnv, stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}
	h, err := a.openHouse(t.Context(), &s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	// The same door with a hinge that costs less.
	h.access = access.New(h.store, access.Options{Base: s.base, AskFactor: s.base.Scheme == "https", Cost: &access.Cost{Memory: 8, Time: 1}})
	site, err := web.New(web.Options{BaseURL: base, Sessions: h.access})
	if err != nil {
		t.Fatal(err)
	}
	w := &deskWalk{Handler: site.Handler(h.routes(site)...), base: base, visitors: []*visitor{{name: "anyone"}}}
	for _, list := range h.routes(site) {
		w.routes = append(w.routes, list...)
	}
	slices.SortFunc(w.routes, func(a, b web.Route) int { return strings.Compare(order(a.Pattern), order(b.Pattern)) })
	// The first account holds all roles; it is not one of those who walk.
	if _, err := h.access.Invite(t.Context(), "first", staff.Roles(), "test"); err != nil {
		t.Fatal(err)
	}
	cookie := "rightsdesk-development="
	if strings.HasPrefix(base, "https") {
		cookie = "__Host-rightsdesk="
	}
	for _, role := range staff.Roles() {
		link, err := h.access.Invite(t.Context(), string(role), []staff.Role{role}, "test")
		if err != nil {
			t.Fatal(err)
		}
		account, err := h.access.TakeInvitation(t.Context(), link, "", "four plain words here")
		if err != nil {
			t.Fatal(err)
		}
		secret, err := h.access.Begin(t.Context(), account, "")
		if err != nil {
			t.Fatal(err)
		}
		w.visitors = append(w.visitors, &visitor{string(role), cookie + secret})
	}
	return w
}

// order sorts patterns by path, then method.
func order(pattern string) string {
	method, path, _ := strings.Cut(pattern, " ")
	return path + " " + method
}

// send sends one request as our own page would and returns how it ended: "yes"
// when a handler answered, "no" when the frame turned it away, "nothing" when
// no route was there, or the status of a fault.
func (w *deskWalk) send(v *visitor, method, path string, change func(*http.Request)) string {
	r := httptest.NewRequest(method, w.base+path, strings.NewReader(""))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", w.base)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if v.cookie != "" {
		r.Header.Set("Cookie", v.cookie)
	}
	if change != nil {
		change(r)
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	// A change of one's own account begins a new session.
	for _, c := range rec.Result().Cookies() {
		if c.Value != "" && v.cookie != "" {
			v.cookie = c.Name + "=" + c.Value
		}
	}
	to := rec.Header().Get("Location")
	switch {
	case rec.Code == http.StatusUnauthorized, rec.Code == http.StatusForbidden,
		rec.Code == http.StatusSeeOther && (strings.HasPrefix(to, web.SignInPath) || to == web.AccountPath):
		return "no"
	case rec.Code == http.StatusNotFound && strings.Contains(rec.Body.String(), "There is nothing here"),
		rec.Code == http.StatusMethodNotAllowed, rec.Code == http.StatusTemporaryRedirect: // to the path without the trick
		return "nothing"
	case rec.Code >= 500:
		return fmt.Sprint(rec.Code)
	}
	return "yes"
}

// requestFor fills a pattern's wildcards in.
func requestFor(pattern string) (method, path string) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = "GET", method
	}
	for strings.Contains(path, "{") {
		before, rest, _ := strings.Cut(path, "{")
		name, after, _ := strings.Cut(rest, "}")
		switch name {
		case "$":
			path = before + after
		case "id":
			path = before + "1" + after
		default:
			path = before + "x" + after
		}
	}
	return method, path
}

// asked is what the table says of a permission: who holds it.
func asked(needs staff.Permission, v *visitor) bool {
	if needs == web.Anyone {
		return true
	}
	if v.cookie == "" {
		return false
	}
	account := staff.Account{Roles: []staff.Role{staff.Role(v.name)}}
	return needs == web.SignedIn || account.May(needs)
}

func saidYes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// TestPermissions walks every route as everybody. The written table, the
// routes and what really happens must be the same.
func TestPermissions(t *testing.T) {
	t.Parallel()
	w := newWalk(t, "http://localhost:8080")
	var table strings.Builder
	fmt.Fprint(&table, "# Who may send which request\n\n"+
		"A test walks every route of the program as somebody who is signed out and as an account of each role, and fails where\n"+
		"this table and the program differ. A person may hold several roles; the first account holds all.\n\n"+
		"A story under embargo is shown to curators, editors and administrators, and to who began it or looks after it. Nobody else\n"+
		"finds it before its time, on any page, in any feed or mail, or on the command line; TestEmbargo walks them all.\n\n| request |")
	for _, v := range w.visitors {
		fmt.Fprintf(&table, " %s |", v.name)
	}
	fmt.Fprint(&table, "\n| --- |"+strings.Repeat(" --- |", len(w.visitors))+"\n")
	for _, route := range w.routes {
		method, at := requestFor(route.Pattern)
		fmt.Fprintf(&table, "| `%s` |", route.Pattern)
		for _, v := range w.visitors {
			may := asked(route.Needs, v)
			fmt.Fprintf(&table, " %s |", map[bool]string{true: "yes", false: "–"}[may])
			// Signing out in the middle of the walk would end it.
			if strings.HasSuffix(route.Pattern, "/logout") {
				continue
			}
			if got := w.send(v, method, at, nil); (got == "no") == may || len(got) == 3 && got[0] == '5' {
				t.Errorf("%s %s as %s: %s, the route says %s", method, at, v.name, got, saidYes(may))
			}
		}
		fmt.Fprintln(&table)
	}
	if *update {
		if err := os.WriteFile(permissionTable, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(permissionTable)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != table.String() {
		t.Errorf("%s is not what the program does; run with -update, then read the difference", permissionTable)
	}
}

// TestPermissionTricks tries what could slip past a check that looks at the
// path or the method in another way than the router does.
func TestPermissionTricks(t *testing.T) {
	t.Parallel()
	w := newWalk(t, "http://localhost:8080")
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for _, route := range w.routes {
		if route.Needs == web.Anyone {
			continue
		}
		method, at := requestFor(route.Pattern)
		for _, v := range w.visitors {
			if asked(route.Needs, v) {
				continue
			}
			for name, got := range map[string]string{
				"HEAD":                   w.send(v, strings.Replace(method, "GET", "HEAD", 1), at, nil),
				"OPTIONS":                w.send(v, "OPTIONS", at, nil),
				"a trailing slash":       w.send(v, method, at+"/", nil),
				"a doubled slash":        w.send(v, method, "/"+at, nil),
				"a dot":                  w.send(v, method, "/."+at, nil),
				"dots":                   w.send(v, method, "/subscribe/.."+at, nil),
				"encoded dots":           w.send(v, method, "/subscribe/%2e%2e"+at, nil),
				"an encoded slash":       w.send(v, method, strings.Replace(at, "/desk/", "/desk%2f", 1), nil),
				"capitals":               w.send(v, method, strings.ToUpper(at), nil),
				"a language":             w.send(v, method, "/fr"+at, nil),
				"a parameter":            w.send(v, method, at+";x=/subscribe", nil),
				"a query":                w.send(v, method, at+"?next=/subscribe&_method=GET", nil),
				"the method overridden":  w.send(v, "POST", at, header("X-HTTP-Method-Override", method)),
				"the address rewritten":  w.send(v, method, at, header("X-Original-URL", "/subscribe")),
				"a forwarded host":       w.send(v, method, at, header("X-Forwarded-Host", "localhost")),
				"a forged role":          w.send(v, method, at, header("X-Role", "administrator")),
				"a second cookie before": w.send(v, method, at, header("Cookie", "rightsdesk-development=x; "+v.cookie)),
				"somebody's name":        w.send(v, method, at, header("Cookie", "rightsdesk-development=administrator")),
				"htmx":                   w.send(v, method, at, header("HX-Request", "true")),
			} {
				if got == "yes" || got[0] == '5' {
					t.Errorf("%s %s as %s with %s = %s", method, at, v.name, name, got)
				}
			}
		}
	}
}

// TestNothingOpensWithoutASecondFactor: where the house asks for one, an
// account that has none reaches its own page and nothing else; words of the
// desk are not mailed to it either.
func TestNothingOpensWithoutASecondFactor(t *testing.T) {
	t.Parallel()
	w := newWalk(t, "https://digest.example.org")
	for _, route := range w.routes {
		method, at := requestFor(route.Pattern)
		if route.Needs == web.Anyone {
			continue
		}
		for _, v := range w.visitors[1:] {
			own := strings.HasPrefix(at, web.AccountPath) && !strings.HasSuffix(at, "/drop") && !strings.HasSuffix(at, "/notices")
			if got := w.send(v, method, at, nil); (got == "yes") != own {
				t.Errorf("%s %s as %s without a second factor = %s, want %s", method, at, v.name, got, saidYes(own))
			}
		}
	}
}
