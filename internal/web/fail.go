package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// A Problem is an error with the words a person is shown. Empty fields are
// filled in by its status.
type Problem struct {
	Status int
	Title  string
	Text   string // what happened
	Next   string // what to do now
	Link   string // where to do it; empty: the part's first page
	Leads  string // what following Link does, "Go to the queue"; empty: by Link
	Err    error  // for the log; nil if there is nothing to log
}

// Error is the text for a log.
func (p *Problem) Error() string {
	if p.Err != nil {
		return p.Err.Error()
	}
	return strings.TrimSpace(p.Title + " " + p.Text)
}

// Unwrap returns the error behind the problem.
func (p *Problem) Unwrap() error { return p.Err }

var (
	errSignIn    = errors.New("nobody is signed in, or not just now")
	errUnready   = errors.New("the account has no second factor yet")
	errForbidden = &Problem{Status: http.StatusForbidden}
)

// statusWords are what a status says where nothing better is known.
var statusWords = map[int]Problem{
	http.StatusBadRequest:            {Title: "We could not read that", Text: "The form or the address was not complete.", Next: "Go back, check what you entered and try again."},
	http.StatusUnauthorized:          {Title: "Please sign in", Text: "You are signed out, so nothing was changed.", Next: "Sign in and try again.", Link: SignInPath},
	http.StatusForbidden:             {Title: "Your account may not do this", Text: "This page belongs to another role.", Next: "Ask an administrator if you need it."},
	http.StatusNotFound:              {Title: "There is nothing here", Text: "The page does not exist, or is not public.", Next: "Begin again from the first page."},
	http.StatusMethodNotAllowed:      {Title: "That is not done this way", Text: "This address does not take such a request.", Next: "Begin again from the first page."},
	http.StatusConflict:              {Title: "This is not possible now", Text: "Something changed in the meantime.", Next: "Go back, reload the page and look again."},
	http.StatusRequestEntityTooLarge: {Title: "That is too long", Text: "The form holds more than we take.", Next: "Go back, shorten it and send it again."},
	http.StatusMisdirectedRequest:    {Title: "We do not go by that name", Text: "This server does not answer for the host name in your request.", Next: "Use our own address."},
	http.StatusUnprocessableEntity:   {Title: "Something is missing or wrong", Text: "", Next: "Go back, correct it and send it again."},
	http.StatusTooManyRequests:       {Title: "Too many tries", Text: "To protect the accounts here we wait a little.", Next: "Try again in a few minutes."},
	http.StatusInternalServerError:   {Title: "That is our fault", Text: "Something broke on our side. Nothing of yours is lost that was saved before.", Next: "Try again in a minute. If it happens again, tell the administrator the number below."},
}

// fail is the one place where an error becomes a status and a page. Our own
// faults are logged; what a person typed wrong is not.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error) {
	i := requestInfo(r.Context())
	switch {
	case errors.Is(err, errSignIn):
		s.sendTo(w, r, signInFor(r), &Problem{Status: http.StatusUnauthorized})
		return
	case errors.Is(err, errUnready):
		s.sendTo(w, r, AccountPath, &Problem{Status: http.StatusForbidden, Title: "One more step", Link: AccountPath,
			Text: "This desk asks for a passkey or codes beside the password.", Next: "Add one first."})
		return
	}
	p := problemOf(err)
	if p.Status >= 500 {
		s.log.ErrorContext(r.Context(), "request failed", "request", i.id, "route", i.route, "err", err)
	}
	page := errorPage{Problem: p, Request: i.id}
	if page.Link == "" {
		page.Link = map[string]string{"desk": "/desk", "admin": "/admin"}[part(r.URL.Path)]
	}
	if page.Link == "" {
		page.Link = "/"
	}
	if page.Leads == "" {
		page.Leads = leads(page.Link)
	}
	w.Header().Set("Cache-Control", "no-store")
	if IsFragment(r) {
		w.Header().Set("HX-Retarget", "#notice")
		w.Header().Set("HX-Reswap", "innerHTML")
		err = s.render(w, r, p.Status, "frame/error", "notice", page)
	} else {
		err = s.render(w, r, p.Status, "frame/error", "", page)
	}
	if err != nil {
		s.log.ErrorContext(r.Context(), "error page failed", "request", i.id, "err", err)
		http.Error(w, p.Title, p.Status)
	}
}

// leads says what following a link of an error page does.
func leads(link string) string {
	path, _, _ := strings.Cut(link, "?")
	if words, ok := map[string]string{"/": "Go to the first page", "/desk": "Go to the queue", "/admin": "Go to the administration",
		SignInPath: "Sign in", AccountPath: "Go to your account"}[path]; ok {
		return words
	}
	return "Go to " + path
}

// errorPage is what frame/error shows.
type errorPage struct {
	Problem
	Request string
}

// problemOf finds the words for an error.
func problemOf(err error) Problem {
	var p *Problem
	if !errors.As(err, &p) {
		p = &Problem{Status: statusOf(err), Err: err}
		if p.Status < 500 && p.Status != http.StatusNotFound && p.Status != http.StatusRequestEntityTooLarge {
			p.Text = Plain(err)
		}
	}
	out := *p
	if out.Status == 0 {
		out.Status = http.StatusInternalServerError
	}
	known, ok := statusWords[out.Status]
	if !ok {
		known = statusWords[http.StatusBadRequest]
	}
	if out.Title == "" {
		out.Title = known.Title
	}
	if out.Text == "" {
		out.Text = known.Text
	}
	if out.Next == "" {
		out.Next = known.Next
	}
	if out.Link == "" {
		out.Link = known.Link
	}
	return out
}

func statusOf(err error) int {
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, news.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, news.ErrConflict):
		return http.StatusConflict
	case errors.Is(err, news.ErrInvalid):
		return http.StatusUnprocessableEntity
	case errors.Is(err, news.ErrRefused):
		return http.StatusForbidden
	}
	return http.StatusInternalServerError
}

// Plain is an error as a sentence for a page: without the sentinel at its end.
func Plain(err error) string {
	text := err.Error()
	for _, sentinel := range []error{news.ErrInvalid, news.ErrConflict, news.ErrRefused} {
		text = strings.TrimSuffix(text, ": "+sentinel.Error())
	}
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// Where a person signs in to the desk, and looks after their own account.
const (
	SignInPath  = "/desk/login"
	AccountPath = "/desk/account"
)

// signInFor is the sign-in page that leads back to the page asked for.
func signInFor(r *http.Request) string {
	if r.Method != http.MethodGet || IsFragment(r) || r.URL.Path == "/desk" {
		return SignInPath
	}
	return SignInPath + "?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
}

// sendTo leads somebody who was reading to another page. Somebody who sent a
// form is told instead that it was not acted on.
func (s *Site) sendTo(w http.ResponseWriter, r *http.Request, to string, p *Problem) {
	switch {
	case IsFragment(r):
		w.Header().Set("HX-Redirect", to)
		w.WriteHeader(p.Status)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		http.Redirect(w, r, to, http.StatusSeeOther)
	default:
		s.fail(w, r, p)
	}
}

// Next returns the path of the request's "next" field if it is a page of the
// desk or the administration, else fallback: a sign-in never leads away.
func Next(r *http.Request, fallback string) string {
	next := r.FormValue("next")
	u, err := url.Parse(next)
	if err != nil || u.Host != "" || u.Scheme != "" || strings.ContainsAny(next, "\\\r\n\t") ||
		!strings.HasPrefix(next, "/desk") && !strings.HasPrefix(next, "/admin") {
		return fallback
	}
	return next
}
