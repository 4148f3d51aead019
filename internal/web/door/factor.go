package door

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/access"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// codePage is what door/code shows.
type codePage struct {
	Next    string
	Codes   bool // the account has codes
	Passkey bool // the account has a passkey
	Wrong   string
}

// half is the page for somebody whose password was right.
func (s *Server) half(r *http.Request) (codePage, error) {
	session, err := s.access.Half(r.Context(), s.site.Secret(r))
	if errors.Is(err, news.ErrNotFound) {
		return codePage{}, &web.Problem{Status: http.StatusConflict, Title: "Please begin again", Next: "Sign in with your password first.",
			Text: "More than five minutes have passed since the password, or it was not entered here.", Link: web.SignInPath}
	}
	return codePage{Next: web.Next(r, ""), Codes: session.Account.TOTP != "", Passkey: len(session.Account.Passkeys) > 0}, err
}

func (s *Server) codePage(w http.ResponseWriter, r *http.Request) error {
	page, err := s.half(r)
	if err != nil {
		return err
	}
	return s.site.Render(w, r, "door/code", page)
}

func (s *Server) signInCode(w http.ResponseWriter, r *http.Request) error {
	page, err := s.half(r)
	if err != nil {
		return err
	}
	secret, err := s.access.SignInCode(r.Context(), s.site.Secret(r), r.FormValue("code"), s.attempt(r, ""))
	var wait *access.TooMany
	switch {
	case errors.As(err, &wait):
		page.Wrong = fmt.Sprintf("Too many tries. Please wait %s.", inWords(wait.Wait))
		return s.site.RenderStatus(w, r, http.StatusTooManyRequests, "door/code", page)
	case errors.Is(err, access.ErrWrong):
		page.Wrong = "That is not the code we expect now. Take the next one; each works once."
		return s.site.RenderStatus(w, r, http.StatusUnprocessableEntity, "door/code", page)
	case err != nil:
		return err
	}
	s.site.SetSession(w, secret)
	http.Redirect(w, r, web.Next(r, "/desk"), http.StatusSeeOther)
	return nil
}

// answerJSON sends what the script hands to the browser.
func answerJSON(w http.ResponseWriter, status int, body []byte) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the browser went away: nobody to tell
	return nil
}

// refuse tells the script why not, in words for a person.
func refuse(w http.ResponseWriter, why string) error {
	body, err := json.Marshal(struct {
		Error string `json:"error"`
	}{why})
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusUnprocessableEntity, body)
}

func (s *Server) askPasskey(w http.ResponseWriter, r *http.Request) error {
	options, err := s.access.AskPasskey(r.Context())
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusOK, options)
}

func (s *Server) signInPasskey(w http.ResponseWriter, r *http.Request) error {
	answer, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	secret, err := s.access.SignInPasskey(r.Context(), answer, s.site.Secret(r))
	if errors.Is(err, access.ErrWrong) {
		return refuse(w, "This passkey does not open any account here.")
	}
	if err != nil {
		return err
	}
	s.site.SetSession(w, secret)
	return answerJSON(w, http.StatusOK, []byte("{}"))
}

func (s *Server) askNewPasskey(w http.ResponseWriter, r *http.Request) error {
	options, err := s.access.AskNewPasskey(r.Context(), web.Account(r))
	if errors.Is(err, news.ErrConflict) {
		return refuse(w, web.Plain(err))
	}
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusOK, options)
}

// addPasskey takes the browser's answer; the name is in the address, because
// the body is the answer as the browser made it.
func (s *Server) addPasskey(w http.ResponseWriter, r *http.Request) error {
	answer, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	err = s.access.AddPasskey(r.Context(), web.Account(r), r.URL.Query().Get("name"), answer)
	if errors.Is(err, news.ErrInvalid) || errors.Is(err, news.ErrNotFound) {
		return refuse(w, "The passkey was not made. Please try again.")
	}
	if err != nil {
		return err
	}
	secret, err := s.access.Begin(r.Context(), *web.Account(r), "")
	if err != nil {
		return err
	}
	s.site.SetSession(w, secret)
	return answerJSON(w, http.StatusOK, []byte("{}"))
}

func (s *Server) dropPasskey(w http.ResponseWriter, r *http.Request) error {
	n, err := strconv.Atoi(r.FormValue("n"))
	if err != nil {
		return fmt.Errorf("passkey %q: %w", r.FormValue("n"), news.ErrNotFound)
	}
	if err := s.access.DropPasskey(r.Context(), web.Account(r), n); err != nil {
		return err
	}
	return s.done(w, r, "drop-passkey")
}

// codesPage is what door/codes shows.
type codesPage struct {
	access.Enrolment
	Wrong string
}

// Across is how wide the QR code is with its quiet zone, in modules.
func (p codesPage) Across() int { return p.Size + 8 }

// Grouped is the secret as a person types it.
func (p codesPage) Grouped() string {
	var b strings.Builder
	for i, r := range p.Secret {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (s *Server) codesPage(w http.ResponseWriter, r *http.Request) error {
	e, err := s.access.NewCodes(web.Account(r), "")
	if err != nil {
		return err
	}
	return s.site.Render(w, r, "door/codes", codesPage{Enrolment: e})
}

func (s *Server) useCodes(w http.ResponseWriter, r *http.Request) error {
	account, secret := web.Account(r), r.FormValue("secret")
	err := s.access.UseCodes(r.Context(), account, secret, r.FormValue("code"))
	if errors.Is(err, news.ErrInvalid) {
		e, again := s.access.NewCodes(account, secret)
		if again != nil {
			return again
		}
		return s.site.RenderStatus(w, r, http.StatusUnprocessableEntity, "door/codes", codesPage{e, web.Plain(err)})
	}
	if err != nil {
		return err
	}
	return s.done(w, r, "codes")
}

func (s *Server) dropCodes(w http.ResponseWriter, r *http.Request) error {
	if err := s.access.DropCodes(r.Context(), web.Account(r)); err != nil {
		return err
	}
	return s.done(w, r, "drop-codes")
}
