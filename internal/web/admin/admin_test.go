package admin

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/access"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/signup"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

func TestPages(t *testing.T) {
	t.Parallel()
	evil := webtest.Hostile
	now := time.Now()
	entry := staff.AuditEntry{ID: 1, At: now, Who: evil, What: evil, Subject: evil, Detail: evil}
	account := accountLine{Account: staff.Account{Name: evil, Roles: []staff.Role{staff.Role(evil)}}, Standing: evil, Seen: now,
		Roles: roleChoices(nil), Self: true}
	message := caught{Name: evil, To: evil, Subject: evil, At: now}
	webtest.Pages(t, "admin", map[string][]any{
		"admin/overview": {overviewPage{}, overviewPage{Accounts: 2, Invited: 1, Catching: true, Active: 3, Recent: []staff.AuditEntry{entry}}},
		"admin/people":   {peoplePage{}, peoplePage{Accounts: []accountLine{account}, Roles: roleChoices(nil), Name: evil, Wrong: evil, Done: evil, LinkFor: evil, Link: webtest.HostileLink}},
		"admin/readers": {readersPage{}, readersPage{Found: &readerLine{}}, readersPage{Counts: []stateCount{{audience.State(evil), 1}}, Wrong: evil, Done: evil,
			Found: &readerLine{Address: evil, State: audience.Active, Language: evil, Format: audience.Format(evil), Topics: []news.Slug{news.Slug(evil)}, Asked: now, Confirmed: now, Consent: evil, Left: now, Barred: evil, Since: now}}},
		"admin/copies": {copiesPage{}, copiesPage{Issue: news.Issue{ID: 1, Title: evil}, Which: evil, Parts: []copiesPart{{evil, evil, true}}, Older: 7,
			Copies: []copyLine{{}, {audience.Copy{State: audience.CopyState(evil), Why: evil, Settled: now}, evil}}}},
		"admin/audit":   {auditPage{}, auditPage{Query: evil, Entries: []staff.AuditEntry{entry}, Older: 7}, auditPage{Query: evil}},
		"admin/mail":    {mailPage{}, mailPage{Catching: true}, mailPage{Messages: []caught{message, {}}, Older: evil}},
		"admin/message": {messagePage{}, messagePage{caught: message, From: evil, Headers: []headerLine{{evil, evil}}, Text: evil, HasHTML: true, Links: []string{webtest.HostileLink}}},
	})
}

// A house is the administrators' pages over an empty store, with one
// administrator and one curator.
type house struct {
	http.Handler
	access  *access.Service
	readers *signup.Service
	store   *store.Store
	dir     string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	return newHouseWith(t, nil)
}

// newHouseWith has other books than its store.
func newHouseWith(t *testing.T, books Books) *house {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h := &house{store: s, dir: filepath.Join(t.TempDir(), "mail"), readers: signup.New(s, signup.Options{}),
		access: access.New(s, access.Options{Cost: &access.Cost{Memory: 8, Time: 1}})}
	site := webtest.Site(t, staff.Account{ID: 1, Name: "ada", Roles: []staff.Role{staff.Administrator}}, staff.Account{Name: "cara", Roles: []staff.Role{staff.Curator, staff.Editor}})
	if books == nil {
		books = s
	}
	h.Handler = site.Handler(New(site, h.access, h.readers, books, h.dir).Routes())
	if _, err := h.access.Invite(t.Context(), "ada", []staff.Role{staff.Administrator}, "test"); err != nil {
		t.Fatal(err)
	}
	return h
}

// Every page of the administration is for administrators alone.
func TestOnlyAdministrators(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, route := range New(nil, nil, nil, nil, "").Routes() {
		if route.Needs != staff.RunDesk && route.Needs != staff.SeeReaders {
			t.Errorf("%s asks for %s", route.Pattern, route.Needs)
		}
		method, path, _ := strings.Cut(route.Pattern, " ")
		path = strings.NewReplacer("{name}", "ada", "{id}", "1").Replace(path)
		var code int
		if method == "GET" {
			code = webtest.Get(h, path, "cara").Code
		} else {
			code = webtest.Post(h, path, "cara", "name=x&role=curator&address=a@example.org").Code
		}
		if code != http.StatusForbidden {
			t.Errorf("%s as a curator = %d, want 403", route.Pattern, code)
		}
	}
}

// TestCopies: the readers behind an issue's books are named on request alone,
// and the look is noted.
func TestCopies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if w := webtest.Get(h, "/admin/issues/7", "ada"); w.Code != http.StatusNotFound {
		t.Errorf("an issue that is not there = %d, want 404", w.Code)
	}
	h = newHouseWith(t, oneCopy{})
	if w := webtest.Get(h, "/admin/issues/7", "ada"); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "@") {
		t.Errorf("before anybody asked = %d:\n%s", w.Code, w.Body)
	}
	for which, want := range map[string]int{"refused": 200, "uncertain": 200, "sent": 404, "": 404} {
		w := webtest.Post(h, "/admin/issues/7", "ada", "which="+which)
		if w.Code != want || want == 200 && !strings.Contains(w.Body.String(), "ann@reader.example") {
			t.Errorf("which=%q = %d, want %d:\n%s", which, w.Code, want, w.Body)
		}
	}
	log, err := h.access.AuditLog(t.Context(), "look at readers", 0, 9)
	if err != nil || len(log) != 2 {
		t.Errorf("the audit has %d looks, %v; want 2", len(log), err)
	}
}

// oneCopy is an issue with one copy, whatever part is asked for.
type oneCopy struct{}

func (oneCopy) Issue(_ context.Context, id news.IssueID) (news.Issue, error) {
	return news.Issue{ID: id}, nil
}

func (o oneCopy) CopiesIn(ctx context.Context, id news.IssueID, _ audience.CopyState, _ audience.CopyID, _ int) ([]audience.Copy, error) {
	return o.UncertainCopies(ctx, id)
}

func (oneCopy) UncertainCopies(context.Context, news.IssueID) ([]audience.Copy, error) {
	a, err := audience.ParseAddress("ann@reader.example")
	return []audience.Copy{{ID: 3, Address: a, State: audience.Refused, Code: 550}}, err
}

func TestInviteDisableReset(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	w := webtest.Post(h, "/admin/people", "ada", url.Values{"name": {"Bo ü."}, "role": {"curator", "editor"}}.Encode())
	if w.Code != 200 || !strings.Contains(w.Body.String(), webtest.Base+"/desk/invitation/") {
		t.Fatalf("inviting = %d:\n%s", w.Code, w.Body)
	}
	if w := webtest.Post(h, "/admin/people", "ada", "name=x"); w.Code != 422 {
		t.Errorf("without a role = %d, want 422", w.Code)
	}
	path := "/admin/people/" + url.PathEscape("Bo ü.")
	for _, step := range []struct {
		path, form string
		code       int
		standing   string
	}{
		{"/roles", "role=contributor", 303, "invited"},
		{"/sessions", "", 303, "invited"},
		{"/disable", "", 303, "disabled"},
		{"/reset", "", 200, "invited"},
	} {
		if w := webtest.Post(h, path+step.path, "ada", step.form); w.Code != step.code {
			t.Errorf("%s = %d, want %d", step.path, w.Code, step.code)
		}
		a, err := h.store.AccountByName(t.Context(), "Bo ü.")
		if err != nil || a.Standing() != step.standing {
			t.Errorf("after %s: %s, %v; want %s", step.path, a.Standing(), err, step.standing)
		}
	}
	if w := webtest.Get(h, "/admin/audit?q=reset", "ada"); !strings.Contains(w.Body.String(), "account Bo ü.") {
		t.Errorf("the audit log does not tell of the reset:\n%s", w.Body)
	}
}

func TestLookUpAReader(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const address = "canary@clinic.example.org"
	if err := h.readers.Add(t.Context(), address, audience.Preferences{Language: "fr", Format: "html"}, "by hand"); err != nil {
		t.Fatal(err)
	}
	search := url.Values{"address": {address}}.Encode()
	if w := webtest.Post(h, "/admin/readers", "ada", search); w.Code != 200 || !strings.Contains(w.Body.String(), "French") || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("looking up = %d %v:\n%s", w.Code, w.Header(), w.Body)
	}
	if w := webtest.Post(h, "/admin/readers", "ada", "address=nonsense"); w.Code != 422 {
		t.Errorf("an address that is none = %d", w.Code)
	}
	if w := webtest.Post(h, "/admin/readers/suppress", "ada", search); w.Code != 303 {
		t.Errorf("suppress = %d", w.Code)
	}
	if w := webtest.Post(h, "/admin/readers/erase", "ada", search); w.Code != 303 {
		t.Errorf("erase = %d", w.Code)
	}
	if w := webtest.Post(h, "/admin/readers", "ada", search); !strings.Contains(w.Body.String(), "No reader has this address") || !strings.Contains(w.Body.String(), "Erased, since") {
		t.Errorf("after erasing:\n%s", w.Body)
	}
	for _, page := range []string{"/admin", "/admin/readers", "/admin/audit"} {
		if strings.Contains(webtest.Get(h, page, "ada").Body.String(), "canary") {
			t.Errorf("%s shows an address nobody asked for", page)
		}
	}
}

func TestCaughtMail(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if w := webtest.Get(h, "/admin/mail", "ada"); w.Code != 200 || !strings.Contains(w.Body.String(), "Nothing was caught") {
		t.Errorf("an empty catcher = %d:\n%s", w.Code, w.Body)
	}
	catcher, err := smtpout.NewCatcher(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile("testdata/digest.eml")
	if err != nil {
		t.Fatal(err)
	}
	raw = []byte(strings.ReplaceAll(string(raw), "\n", "\r\n"))
	if _, err := catcher.Send(t.Context(), smtpout.Message{From: "digest@example.org", To: "ann@example.org", Body: raw}); err != nil {
		t.Fatal(err)
	}
	list := webtest.Get(h, "/admin/mail", "ada").Body.String()
	if !strings.Contains(list, "Santé: une semaine") || !strings.Contains(list, "ann@example.org") {
		t.Fatalf("the list does not show the mail:\n%s", list)
	}
	_, rest, _ := strings.Cut(list, `href="/admin/mail/`)
	name, _, _ := strings.Cut(rest, `"`)
	page := webtest.Get(h, "/admin/mail/"+name, "ada").Body.String()
	if !strings.Contains(page, "Les soignants — sept arrêtés") || !strings.Contains(page, `<a href="https://digest.example.org/confirm/x"`) || !strings.Contains(page, "<iframe") {
		t.Errorf("the message page:\n%s", page)
	}
	w := webtest.Get(h, "/admin/mail/"+name+"/html", "ada")
	if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "sandbox;") || !strings.Contains(csp, "frame-ancestors 'self'") || strings.Contains(csp, "script") {
		t.Errorf("the policy of a mail's HTML is %q", csp)
	}
	if !strings.Contains(w.Body.String(), "<b>sept</b>") {
		t.Errorf("the HTML: %s", w.Body)
	}
	if w := webtest.Get(h, "/admin/mail/"+name+"/source", "ada"); w.Body.String() != string(raw) || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Errorf("the source is not the message: %v", w.Header())
	}
	for _, trick := range []string{"..%2f..%2fsecret", "%2e%2e", "new%2f" + name, "no-such"} {
		if w := webtest.Get(h, "/admin/mail/"+trick, "ada"); w.Code != 404 {
			t.Errorf("/admin/mail/%s = %d, want 404", trick, w.Code)
		}
	}
}
