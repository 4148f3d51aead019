package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

// cookieName is __Host- where the world reaches us by https: such a cookie
// cannot be set by a neighbour or over a plain line. On plain localhost
// browsers refuse it, so development has a name of its own.
func (s *Site) cookieName() string {
	if s.secure() {
		return "__Host-rightsdesk"
	}
	return "rightsdesk-development"
}

// SetSession gives the browser the secret of its new session.
func (s *Site) SetSession(w http.ResponseWriter, secret string) { s.setCookie(w, secret, 0) }

// ClearSession makes the browser forget its session.
func (s *Site) ClearSession(w http.ResponseWriter) { s.setCookie(w, "", -1) }

func (s *Site) setCookie(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(), Value: value, Path: "/", MaxAge: maxAge,
		Secure: s.secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// Secret returns the session secret a browser sent, or "".
func (s *Site) Secret(r *http.Request) string {
	c, err := r.Cookie(s.cookieName())
	if err != nil {
		return ""
	}
	return c.Value
}

// signedIn finds the session of a request, or errSignIn.
func (s *Site) signedIn(r *http.Request) (*staff.Session, error) {
	secret := s.Secret(r)
	if secret == "" || s.sessions == nil {
		return nil, errSignIn
	}
	session, err := s.sessions.Session(r.Context(), secret)
	switch {
	case errors.Is(err, news.ErrNotFound):
		return nil, errSignIn
	case err != nil:
		return nil, fmt.Errorf("find session: %w", err)
	}
	return &session, nil
}
