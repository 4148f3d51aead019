// Package door is the part of the site by which people come to the desk and
// leave it: sign-in, the one-time link that begins an account, and the page of
// one's own account.
package door

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/ifhhro/rightsdesk/internal/access"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/notices"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// A Server answers the door's requests.
type Server struct {
	site    *web.Site
	access  *access.Service
	notices *notices.Service
}

// New returns the door's pages over the service that keeps it, and the one
// that tells people of things by mail.
func New(site *web.Site, a *access.Service, n *notices.Service) *Server { return &Server{site, a, n} }

// Routes lists the door's routes with the permission each needs.
func (s *Server) Routes() []web.Route {
	return []web.Route{
		{Pattern: "GET /desk/login", Needs: web.Anyone, Secret: true, Do: s.signInPage},
		{Pattern: "POST /desk/login", Needs: web.Anyone, Secret: true, Do: s.signIn},
		// The second factor, after the password.
		{Pattern: "GET /desk/login/code", Needs: web.Anyone, Secret: true, Do: s.codePage},
		{Pattern: "POST /desk/login/code", Needs: web.Anyone, Secret: true, Do: s.signInCode},
		// A passkey instead of both; these two speak JSON with the script.
		{Pattern: "POST /desk/login/passkey/ask", Needs: web.Anyone, Secret: true, Do: s.askPasskey},
		{Pattern: "POST /desk/login/passkey", Needs: web.Anyone, Secret: true, Do: s.signInPasskey},
		// Signing out needs no live session: an old one is forgotten too.
		{Pattern: "POST /desk/logout", Needs: web.Anyone, Secret: true, Do: s.signOut},
		// The one-time link: its secret is the authority.
		{Pattern: "GET /desk/invitation/{secret}", Needs: web.Anyone, Secret: true, Do: s.invitationPage},
		{Pattern: "POST /desk/invitation/{secret}", Needs: web.Anyone, Secret: true, Do: s.takeInvitation},
		// One's own account.
		{Pattern: "GET /desk/account", Needs: web.SignedIn, Unready: true, Do: s.account},
		{Pattern: "POST /desk/account/password", Needs: web.SignedIn, Unready: true, Do: s.changePassword},
		{Pattern: "POST /desk/account/sessions", Needs: web.SignedIn, Unready: true, Do: s.endOthers},
		{Pattern: "POST /desk/account/passkeys/ask", Needs: web.SignedIn, Unready: true, Fresh: true, Do: s.askNewPasskey},
		{Pattern: "POST /desk/account/passkeys", Needs: web.SignedIn, Unready: true, Fresh: true, Do: s.addPasskey},
		{Pattern: "POST /desk/account/passkeys/drop", Needs: web.SignedIn, Fresh: true, Do: s.dropPasskey},
		{Pattern: "GET /desk/account/codes", Needs: web.SignedIn, Unready: true, Fresh: true, Do: s.codesPage},
		{Pattern: "POST /desk/account/codes", Needs: web.SignedIn, Unready: true, Fresh: true, Do: s.useCodes},
		{Pattern: "POST /desk/account/codes/drop", Needs: web.SignedIn, Fresh: true, Do: s.dropCodes},
		// Where one is told of things by mail: words of the desk leave the house.
		{Pattern: "POST /desk/account/notices", Needs: web.SignedIn, Fresh: true, Do: s.setNotices},
		{Pattern: "POST /desk/account/notices/drop", Needs: web.SignedIn, Do: s.stopNotices},
	}
}

// signInPage is what door/login shows.
type signInPage struct {
	Name  string
	Next  string
	Wrong string // why the last try did not work
	Empty bool   // nobody has a password yet
}

func (s *Server) signInPage(w http.ResponseWriter, r *http.Request) error {
	empty, err := s.access.Empty(r.Context())
	if err != nil {
		return err
	}
	return s.site.Render(w, r, "door/login", signInPage{Next: web.Next(r, ""), Empty: empty})
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	attempt := s.attempt(r, r.FormValue("name"))
	secret, half, err := s.access.SignIn(r.Context(), attempt)
	page := signInPage{Name: attempt.Name, Next: web.Next(r, "")}
	var wait *access.TooMany
	switch {
	case errors.As(err, &wait):
		page.Wrong = fmt.Sprintf("Too many tries. Please wait %s and try again.", inWords(wait.Wait))
		return s.site.RenderStatus(w, r, http.StatusTooManyRequests, "door/login", page)
	case errors.Is(err, access.ErrWrong):
		page.Wrong = "The name or the password is wrong."
		return s.site.RenderStatus(w, r, http.StatusUnprocessableEntity, "door/login", page)
	case err != nil:
		return err
	}
	s.site.SetSession(w, secret)
	to := web.Next(r, "/desk")
	if half {
		to = "/desk/login/code?" + url.Values{"next": {to}}.Encode()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// attempt reads what a form with a password says.
func (s *Server) attempt(r *http.Request, name string) access.Attempt {
	return access.Attempt{Name: name, Password: r.FormValue("password"), From: web.From(r), Old: s.site.Secret(r)}
}

// inWords is a wait as a person says it.
func inWords(d time.Duration) string {
	if seconds := int(d.Round(time.Second).Seconds()); seconds < 90 {
		return fmt.Sprintf("%d seconds", max(seconds, 1))
	}
	return fmt.Sprintf("%d minutes", int(d.Round(time.Minute).Minutes()))
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.access.SignOut(r.Context(), s.site.Secret(r)); err != nil {
		return err
	}
	s.site.ClearSession(w)
	http.Redirect(w, r, web.SignInPath, http.StatusSeeOther)
	return nil
}

// invitationPage is what door/invitation shows.
type invitationPage struct {
	Name      string
	MayRename bool
	Roles     []staff.Role
	Least     int
	Wrong     string
}

func (s *Server) invitation(r *http.Request) (invitationPage, error) {
	a, mayRename, err := s.access.Invited(r.Context(), r.PathValue("secret"))
	if errors.Is(err, news.ErrNotFound) {
		return invitationPage{}, &web.Problem{Status: http.StatusNotFound, Title: "This link does not work any more",
			Text: "It was used already, a newer one was made, or it is older than 72 hours.",
			Next: "Ask an administrator for a new one, or sign in if you have a password.", Link: web.SignInPath}
	}
	return invitationPage{Name: a.Name, MayRename: mayRename, Roles: a.Roles, Least: access.MinPasswordRunes}, err
}

func (s *Server) invitationPage(w http.ResponseWriter, r *http.Request) error {
	page, err := s.invitation(r)
	if err != nil {
		return err
	}
	if page.MayRename {
		page.Name = ""
	}
	return s.site.Render(w, r, "door/invitation", page)
}

func (s *Server) takeInvitation(w http.ResponseWriter, r *http.Request) error {
	page, err := s.invitation(r)
	if err != nil {
		return err
	}
	name := page.Name
	if page.MayRename {
		name = r.FormValue("name")
	}
	a, err := s.access.TakeInvitation(r.Context(), r.PathValue("secret"), name, r.FormValue("password"))
	if errors.Is(err, news.ErrInvalid) || errors.Is(err, news.ErrConflict) {
		page.Name, page.Wrong = name, web.Plain(err)
		return s.site.RenderStatus(w, r, http.StatusUnprocessableEntity, "door/invitation", page)
	}
	if err != nil {
		return err
	}
	secret, err := s.access.Begin(r.Context(), a, s.site.Secret(r))
	if err != nil {
		return err
	}
	s.site.SetSession(w, secret)
	http.Redirect(w, r, "/desk", http.StatusSeeOther)
	return nil
}

// accountPage is what door/account shows.
type accountPage struct {
	Account  staff.Account
	Least    int
	Unready  bool // a second factor must be added first
	Sessions []sessionLine
	Notices  noticesForm
	Wrong    string
	Done     string
}

type sessionLine struct {
	Began, Seen time.Time
	Here        bool
}

// dones say what was done, after the redirect that follows a form.
var dones = map[string]string{
	"password":     "Your password was changed. Everywhere else you were signed out.",
	"sessions":     "Everywhere else you were signed out.",
	"passkey":      "The passkey was added. From now on you can sign in with it alone.",
	"drop-passkey": "The passkey was taken away.",
	"codes":        "Codes are in use. From now on your password asks for one.",
	"drop-codes":   "Codes are not asked for any more.",
	"notices":      "From now on you get a mail when something concerns you.",
	"no-notices":   "Your address is forgotten. You get no mail from the desk.",
}

func (s *Server) account(w http.ResponseWriter, r *http.Request) error {
	page := accountPage{Done: dones[r.FormValue("done")]}
	return s.renderAccount(w, r, http.StatusOK, page)
}

// renderAccount shows the account with what page says already.
func (s *Server) renderAccount(w http.ResponseWriter, r *http.Request, status int, page accountPage) error {
	here := web.Session(r)
	page.Account, page.Least, page.Unready = here.Account, access.MinPasswordRunes, here.Unready
	if page.Notices.Wrong == "" {
		box, err := s.notices.Box(r.Context(), here.Account.ID)
		if err != nil {
			return err
		}
		page.Notices = formOf(box)
	}
	all, err := s.access.Sessions(r.Context())
	if err != nil {
		return err
	}
	for _, session := range all {
		if session.Account.ID == here.Account.ID {
			page.Sessions = append(page.Sessions, sessionLine{session.Created, session.Seen, string(session.Hash) == string(here.Hash)})
		}
	}
	return s.site.RenderStatus(w, r, status, "door/account", page)
}

// done begins a new session after a change that ended all of them, and leads
// back to the account.
func (s *Server) done(w http.ResponseWriter, r *http.Request, what string) error {
	secret, err := s.access.Begin(r.Context(), *web.Account(r), "")
	if err != nil {
		return err
	}
	s.site.SetSession(w, secret)
	http.Redirect(w, r, web.AccountPath+"?done="+what, http.StatusSeeOther)
	return nil
}

func (s *Server) changePassword(w http.ResponseWriter, r *http.Request) error {
	account := web.Account(r)
	err := s.access.ChangePassword(r.Context(), s.attempt(r, account.Name), r.FormValue("new"))
	var wait *access.TooMany
	switch {
	case errors.As(err, &wait):
		return s.renderAccount(w, r, http.StatusTooManyRequests, accountPage{Wrong: fmt.Sprintf("Too many tries. Please wait %s.", inWords(wait.Wait))})
	case errors.Is(err, news.ErrInvalid):
		return s.renderAccount(w, r, http.StatusUnprocessableEntity, accountPage{Wrong: web.Plain(err)})
	case err != nil:
		return err
	}
	return s.done(w, r, "password")
}

// endOthers signs the person out everywhere but here.
func (s *Server) endOthers(w http.ResponseWriter, r *http.Request) error {
	if err := s.access.EndOthers(r.Context(), web.Session(r)); err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/account?done=sessions", http.StatusSeeOther)
	return nil
}
