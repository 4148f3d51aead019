package admin

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// number reads a decimal; anything else is 0.
func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// peoplePage is what admin/people shows.
type peoplePage struct {
	Accounts []accountLine
	Roles    []roleChoice // for somebody new
	Name     string       // as typed, when it was wrong
	Wrong    string
	Done     string
	LinkFor  string // whom Link is for
	Link     string // a one-time link, shown once
}

// does says what a role may do, in a line.
var does = map[staff.Role]string{
	staff.Contributor:   "nominates stories and adds notes",
	staff.Curator:       "approves, edits and rejects stories",
	staff.Editor:        "composes and sends issues, with a second person",
	staff.Administrator: "looks after sources, accounts and readers",
}

func roleChoices(held []staff.Role) []roleChoice {
	var choices []roleChoice
	for _, role := range staff.Roles() {
		choices = append(choices, roleChoice{role, slices.Contains(held, role), does[role]})
	}
	return choices
}

func (s *Server) people(w http.ResponseWriter, r *http.Request) error {
	done := map[string]string{
		"roles":    "The roles were changed. The account was signed out everywhere.",
		"sessions": "The account was signed out everywhere.",
		"disable":  "The account is disabled and signed out everywhere.",
	}[r.FormValue("done")]
	return s.renderPeople(w, r, http.StatusOK, peoplePage{Done: done})
}

func (s *Server) renderPeople(w http.ResponseWriter, r *http.Request, status int, page peoplePage) error {
	accounts, err := s.access.Accounts(r.Context())
	if err != nil {
		return err
	}
	sessions, err := s.access.Sessions(r.Context())
	if err != nil {
		return err
	}
	for _, a := range accounts {
		line := accountLine{Account: a, Standing: a.Standing(), Roles: roleChoices(a.Roles), Self: a.ID == web.Account(r).ID}
		for _, session := range sessions {
			if session.Account.ID == a.ID && session.Seen.After(line.Seen) {
				line.Seen = session.Seen
			}
		}
		page.Accounts = append(page.Accounts, line)
	}
	if page.Roles == nil {
		page.Roles = roleChoices([]staff.Role{staff.Curator})
	}
	return s.site.RenderStatus(w, r, status, "admin/people", page)
}

// rolesOf reads the roles ticked in a form.
func rolesOf(r *http.Request) ([]staff.Role, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	var roles []staff.Role
	for _, role := range r.PostForm["role"] {
		roles = append(roles, staff.Role(role))
	}
	return roles, nil
}

// invite adds an account and shows its one-time link, this once.
func (s *Server) invite(w http.ResponseWriter, r *http.Request) error {
	roles, err := rolesOf(r)
	if err != nil {
		return err
	}
	name := r.PostForm.Get("name")
	secret, err := s.access.Invite(r.Context(), name, roles, web.Account(r).Name)
	if errors.Is(err, news.ErrInvalid) || errors.Is(err, news.ErrConflict) {
		return s.renderPeople(w, r, http.StatusUnprocessableEntity, peoplePage{Name: name, Roles: roleChoices(roles), Wrong: web.Plain(err)})
	}
	if err != nil {
		return err
	}
	return s.showLink(w, r, name, secret)
}

func (s *Server) showLink(w http.ResponseWriter, r *http.Request, name, secret string) error {
	return s.renderPeople(w, r, http.StatusOK, peoplePage{LinkFor: name, Link: s.site.Link("/desk/invitation/" + secret)})
}

func (s *Server) reset(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	secret, err := s.access.Reset(r.Context(), name, web.Account(r).Name)
	if err != nil {
		return err
	}
	return s.showLink(w, r, name, secret)
}

func (s *Server) disable(w http.ResponseWriter, r *http.Request) error {
	if err := s.access.Disable(r.Context(), r.PathValue("name"), web.Account(r).Name); err != nil {
		return err
	}
	http.Redirect(w, r, "/admin/people?done=disable", http.StatusSeeOther)
	return nil
}

func (s *Server) endSessions(w http.ResponseWriter, r *http.Request) error {
	if err := s.access.EndSessions(r.Context(), r.PathValue("name"), web.Account(r).Name); err != nil {
		return err
	}
	http.Redirect(w, r, "/admin/people?done=sessions", http.StatusSeeOther)
	return nil
}

func (s *Server) setRoles(w http.ResponseWriter, r *http.Request) error {
	roles, err := rolesOf(r)
	if err != nil {
		return err
	}
	if err := s.access.SetRoles(r.Context(), r.PathValue("name"), roles, web.Account(r).Name); err != nil {
		return err
	}
	http.Redirect(w, r, "/admin/people?done=roles", http.StatusSeeOther)
	return nil
}
