package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/staff"
)

// What a route can ask for besides the permissions of package staff.
const (
	Anyone   staff.Permission = "anyone"    // no session is looked at
	SignedIn staff.Permission = "signed-in" // any account
)

// MaxForm bounds the body of a request, in bytes.
const MaxForm = 64 << 10

// A Handler answers one request. It reads the request, calls one service and
// renders; an error becomes a status and a page in one place, [Site.fail].
type Handler func(w http.ResponseWriter, r *http.Request) error

// A Route is one line of a part's route list.
type Route struct {
	Pattern string           // "GET /desk/queue", as http.ServeMux reads it
	Needs   staff.Permission // Anyone, SignedIn or a permission; never empty
	Do      Handler
	// Secret: the address or the page holds a secret (a token), so nothing
	// may keep a copy. Routes that need a session are never kept anyway.
	Secret bool
	// Unready: the route is open to somebody who has yet to add the second
	// factor the house asks for.
	Unready bool
	// Fresh: its person must have proved who they are within
	// staff.SessionFresh; else they sign in again first.
	Fresh bool
	// AnyOrigin: the request may be sent by another site, because its
	// authority is the token in its address and not a cookie (RFC 8058).
	AnyOrigin bool
	// MaxBody replaces MaxForm where a route takes more; 0 = MaxForm.
	MaxBody int64
}

// Handler serves the routes of one listener: the lists given, and the static
// files. It panics on a route that is written wrong, as http.ServeMux does.
func (s *Site) Handler(lists ...[]Route) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /static/{file}", http.HandlerFunc(s.serveStatic))
	for _, list := range lists {
		for _, route := range list {
			if route.Needs == "" || route.Do == nil {
				panic(fmt.Sprintf("web: route %q does not say whom it serves, or how", route.Pattern))
			}
			mux.Handle(route.Pattern, s.route(route))
		}
	}
	return s.guard(s.dispatch(mux))
}

// dispatch hands a request to mux and shows our own page where mux has only a
// status to say.
func (s *Site) dispatch(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = withLanguage(r)
		h, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		bare := &bareStatus{header: w.Header()}
		h.ServeHTTP(bare, r)
		w.Header().Del("Content-Type")
		s.fail(w, r, &Problem{Status: bare.status})
	})
}

// bareStatus keeps the status and headers of an answer and drops its body.
type bareStatus struct {
	header http.Header
	status int
}

func (b *bareStatus) Header() http.Header         { return b.header }
func (b *bareStatus) Write(p []byte) (int, error) { return len(p), nil }
func (b *bareStatus) WriteHeader(status int)      { b.status = status }

// route puts the checks that differ from route to route before its handler.
func (s *Site) route(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := route.MaxBody
		if limit == 0 {
			limit = MaxForm
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		info := requestInfo(r.Context())
		info.route, info.secret = route.Pattern, route.Secret
		if err := s.admit(w, r, route, info); err != nil {
			s.fail(w, r, err)
			return
		}
		if err := route.Do(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

// admit checks origin, session and permission.
func (s *Site) admit(w http.ResponseWriter, r *http.Request, route Route, info *info) error {
	if route.Secret || route.Needs != Anyone {
		w.Header().Set("Cache-Control", "no-store")
	}
	if !route.AnyOrigin {
		if err := s.origin.Check(r); err != nil {
			return &Problem{Status: http.StatusForbidden, Title: "This form was sent from another site",
				Text: "For your safety it was not acted on.", Next: "Open our own page and send it from there."}
		}
	}
	if route.Needs == Anyone {
		return nil
	}
	session, err := s.signedIn(r)
	if err != nil {
		return err
	}
	info.session = session
	switch {
	case session.Unready && !route.Unready:
		return errUnready
	case route.Fresh && !session.Fresh(s.now()):
		return errSignIn
	}
	if route.Needs != SignedIn && !session.Account.May(route.Needs) {
		return errForbidden
	}
	return nil
}

// info is what the frame knows about one request. It travels in the context.
type info struct {
	id      string
	lang    string         // of the address's prefix; "en" without one
	route   string         // the pattern, never the path: paths hold tokens
	secret  bool           // the route's
	session *staff.Session // nil where nobody is signed in or nobody looked
}

type infoKey struct{}

func requestInfo(ctx context.Context) *info {
	if i, ok := ctx.Value(infoKey{}).(*info); ok {
		return i
	}
	return &info{lang: "en"}
}

// Account returns who sent a request. It is nil on routes for anyone, and
// never nil on the others.
func Account(r *http.Request) *staff.Account {
	if s := requestInfo(r.Context()).session; s != nil {
		return &s.Account
	}
	return nil
}

// Session returns the session of a request; nil where Account is.
func Session(r *http.Request) *staff.Session { return requestInfo(r.Context()).session }

// htmx reports whether a request was sent by htmx, which swaps the answer into
// the page it is on.
func htmx(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// IsFragment reports whether the answer is to be swapped into a page, so that a
// handler can render a block instead of the whole.
func IsFragment(r *http.Request) bool { return htmx(r) && r.Header.Get("HX-Boosted") != "true" }

// part is the part of the site a path belongs to.
func part(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch first {
	case "desk", "admin":
		return first
	}
	return "public"
}
