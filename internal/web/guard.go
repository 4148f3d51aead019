package web

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// policy is the content security policy of every page (SAFETY, "Pages").
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// mailPolicy is the policy of a composed or caught mail shown inside our own
// page: its own document, sandboxed, no script, its inline style allowed.
const mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; " +
	"frame-ancestors 'self'; base-uri 'none'"

// guard is what every request passes, whatever its route.
func (s *Site) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i := &info{id: requestID(), lang: "en"}
		r = r.WithContext(context.WithValue(r.Context(), infoKey{}, i))
		rec := &recorder{ResponseWriter: w}
		began := time.Now()
		s.harden(rec.Header(), i.id)
		defer s.finish(rec, r, i, began)
		if s.neutral != nil && names(s.neutral, r.Host) {
			s.neutrally(rec, r, next)
			return
		}
		if !s.knows(r.Host) {
			s.fail(rec, r, &Problem{Status: http.StatusMisdirectedRequest})
			return
		}
		next.ServeHTTP(rec, r)
	})
}

// harden sets the headers every answer carries.
func (s *Site) harden(h http.Header, id string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Request-Id", id)
	if s.secure() {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// finish is the panic barrier and the request log. It logs the route's
// pattern: a path may hold a token, and who asked is nobody's business.
func (s *Site) finish(w *recorder, r *http.Request, i *info, began time.Time) {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler {
			panic(p)
		}
		s.log.ErrorContext(r.Context(), "handler panicked", "request", i.id, "route", i.route, "panic", p, "stack", string(debug.Stack()))
		if w.status == 0 {
			s.fail(w, r, &Problem{Status: http.StatusInternalServerError})
		}
	}
	s.log.DebugContext(r.Context(), "request", "request", i.id, "method", r.Method, "route", i.route, "status", w.status, "took", time.Since(began))
}

// knows reports whether host is the one the world knows us by. On a machine of
// one's own every port of localhost is, because a forwarded port is another.
func (s *Site) knows(host string) bool {
	host = strings.ToLower(host)
	if names(s.base, host) {
		return true
	}
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	return s.base.Scheme == "http" && name == "localhost"
}

// names reports whether host is the one of a base address.
func names(base *url.URL, host string) bool {
	host = strings.ToLower(host)
	return host == base.Host || host == base.Hostname()+":"+defaultPort(base.Scheme)
}

// neutrally answers under the name that says nothing of us: it takes a
// one-click unsubscribe (RFC 8058) itself, sends whoever follows a link of a
// mail on to our own name, and knows nothing else.
func (s *Site) neutrally(w http.ResponseWriter, r *http.Request, next http.Handler) {
	first, token, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	link := token != "" && slices.Contains([]string{"unsubscribe", "preferences", "confirm", "manage"}, first)
	switch {
	case link && first == "unsubscribe" && r.Method == http.MethodPost:
		next.ServeHTTP(w, r)
	case link && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, s.base.String()+r.URL.EscapedPath(), http.StatusSeeOther)
	default:
		http.Error(w, http.StatusText(http.StatusNotFound), http.StatusNotFound)
	}
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// A recorder notes the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
