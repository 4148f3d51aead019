package reader

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/compose"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/signup"
	"github.com/ifhhro/rightsdesk/internal/web"
	"github.com/ifhhro/rightsdesk/templates/words"
)

// lostPage is what reader/lost shows.
type lostPage struct {
	spoken
	Address, Wrong string
}

func (s *Server) lost(w http.ResponseWriter, r *http.Request) error {
	return s.site.Render(w, r, "reader/lost", &lostPage{spoken: spoken{words.In(web.Language(r))}})
}

// askLink mails the way to their choices to whoever reads at an address, and
// says the same to everybody.
func (s *Server) askLink(w http.ResponseWriter, r *http.Request) error {
	say := words.In(web.Language(r))
	err := s.readers.AskLink(r.Context(), r.FormValue("email"), web.From(r))
	switch {
	case errors.Is(err, signup.ErrBusy):
		return s.busy(w, r, say)
	case errors.Is(err, news.ErrInvalid):
		return s.site.RenderStatus(w, r, http.StatusUnprocessableEntity, "reader/lost",
			&lostPage{spoken{say}, r.FormValue("email"), say.Say("reader.wrong-address")})
	case err != nil:
		return err
	}
	return s.say(w, r, http.StatusOK, message{say, "reader.sent-title", "reader.lost-sent", "", ""})
}

// choicesPage is what reader/choices shows. It has no address.
type choicesPage struct {
	*formPage
	Token      string
	Saved      bool
	Pauses     []choice
	Discreetly bool // it may be chosen
	Discreet   bool
	Key        *keyView // nil: their mails are not encrypted
	WrongKey   string
}

// keyView is the key that a reader's mails are encrypted to.
type keyView struct{ Fingerprint, Until, Broken string }

func (s *Server) choices(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	c, err := s.readers.Chosen(r.Context(), token)
	if errors.Is(err, news.ErrNotFound) {
		return s.broken(w, r)
	}
	if err != nil {
		return err
	}
	say := words.In(c.Language)
	if !c.Active {
		return s.notReading(w, r, say)
	}
	return s.site.Render(w, r, "reader/choices", newChoices(say, token, c, r.URL.Query().Get("saved") != ""))
}

func (s *Server) notReading(w http.ResponseWriter, r *http.Request, say *words.Words) error {
	return s.say(w, r, http.StatusOK, message{say, "reader.not-reading-title", "reader.not-reading", "reader.again", "/subscribe"})
}

// pauses are how long a pause may last, in months.
var pauses = []int{1, 3, 6}

func newChoices(say *words.Words, token string, c signup.Chosen, saved bool) *choicesPage {
	page := &choicesPage{formPage: newForm(say, c.Preferences), Token: token, Saved: saved, Discreetly: c.Discreetly, Discreet: c.Discreet}
	if k := c.Key; k != nil {
		page.Key = &keyView{Fingerprint: k.Fingerprint}
		switch {
		case k.Fault != "":
			page.Key.Broken = sayFault(say, k.Fault)
		case !k.Expires.IsZero():
			page.Key.Until = say.Say("reader.key-until", "date", say.Date(k.Expires))
		}
	}
	page.Pauses = append(page.Pauses, choice{"", say.Say("reader.pause-none"), c.Paused.IsZero()})
	if !c.Paused.IsZero() {
		page.Pauses = append(page.Pauses, choice{"keep", say.Say("reader.pause-until", "date", say.Date(c.Paused)), true})
	}
	for _, months := range pauses {
		page.Pauses = append(page.Pauses, choice{fmt.Sprint(months), say.Say(fmt.Sprint("reader.pause-", months)), false})
	}
	return page
}

func (s *Server) choose(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	before, err := s.readers.Chosen(r.Context(), token)
	if errors.Is(err, news.ErrNotFound) {
		return s.broken(w, r)
	}
	if err != nil {
		return err
	}
	p, err := chosen(r)
	if err != nil {
		return err
	}
	err = s.readers.Choose(r.Context(), token, p, pausedUntil(r.PostForm.Get("pause"), before.Paused, time.Now()))
	if errors.Is(err, news.ErrConflict) {
		return s.notReading(w, r, words.In(before.Language))
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/preferences/"+token+"?saved=1", http.StatusSeeOther)
	return nil
}

// sayFault says in plain words what is wrong with a key.
func sayFault(say *words.Words, f compose.KeyFault) string {
	name, known := map[compose.KeyFault]string{
		compose.KeyTooLarge: "too-large", compose.KeySecret: "secret", compose.KeyExpired: "expired",
		compose.KeyRevoked: "revoked", compose.KeySignsOnly: "signs-only",
	}[f]
	if !known {
		name = "unreadable"
	}
	return say.Say("reader.key-" + name)
}

// encrypt takes an OpenPGP public key, as a file or pasted, or takes the one
// there is away.
func (s *Server) encrypt(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	before, err := s.readers.Chosen(r.Context(), token)
	if errors.Is(err, news.ErrNotFound) {
		return s.broken(w, r)
	}
	if err != nil {
		return err
	}
	uploaded, err := uploadedKey(r)
	if err != nil {
		return err
	}
	say := words.In(before.Language)
	var fault compose.KeyFault
	if r.PostForm.Get("remove") != "" {
		uploaded = nil
	} else if len(uploaded) == 0 {
		fault = compose.KeyUnreadable
	}
	if fault == "" {
		err = s.readers.Encrypt(r.Context(), token, uploaded)
	}
	switch {
	case fault != "" || errors.As(err, &fault):
		page := newChoices(say, token, before, false)
		page.WrongKey = sayFault(say, fault)
		return s.site.RenderStatus(w, r, http.StatusUnprocessableEntity, "reader/choices", page)
	case errors.Is(err, news.ErrConflict):
		return s.notReading(w, r, say)
	case err != nil:
		return err
	}
	http.Redirect(w, r, "/preferences/"+token+"?saved=1", http.StatusSeeOther)
	return nil
}

// uploadedKey reads the key of a form: the file, or else what was pasted.
func uploadedKey(r *http.Request) ([]byte, error) {
	const inMemory = 4 * compose.MaxKeyBytes // all of it: nothing goes to disk
	if err := r.ParseMultipartForm(inMemory); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return nil, fmt.Errorf("read the form: %w", err)
	}
	if f, _, err := r.FormFile("keyfile"); err == nil {
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, compose.MaxKeyBytes+1))
		if err != nil {
			return nil, fmt.Errorf("read the key: %w", err)
		}
		if len(b) > 0 {
			return b, nil
		}
	}
	return []byte(strings.TrimSpace(r.PostForm.Get("key"))), nil
}

// pausedUntil reads the pause of a form: so many months from now, as it was,
// or none.
func pausedUntil(value string, before, now time.Time) time.Time {
	if value == "keep" {
		return before
	}
	for _, months := range pauses {
		if value == fmt.Sprint(months) {
			return now.AddDate(0, months, 0)
		}
	}
	return time.Time{}
}

// askManage mails the one-hour link to the address on file.
func (s *Server) askManage(w http.ResponseWriter, r *http.Request) error {
	c, err := s.readers.Chosen(r.Context(), r.PathValue("token"))
	if err == nil {
		err = s.readers.AskManage(r.Context(), r.PathValue("token"), web.From(r))
	}
	switch {
	case errors.Is(err, news.ErrNotFound):
		return s.broken(w, r)
	case errors.Is(err, signup.ErrBusy):
		return s.busy(w, r, words.In(c.Language))
	case err != nil:
		return err
	}
	return s.say(w, r, http.StatusOK, message{words.In(c.Language), "reader.sent-title", "reader.data-sent", "", ""})
}

// managePage is what reader/manage shows.
type managePage struct {
	spoken
	Path           string // of the one-hour link
	Address, Wrong string // as typed, when it was wrong
}

// managed reads who a one-hour link belongs to. done is true when the answer
// was given: the link is too old.
func (s *Server) managed(w http.ResponseWriter, r *http.Request) (reader audience.Reader, done bool, err error) {
	reader, err = s.readers.Managed(r.Context(), r.PathValue("token"))
	if errors.Is(err, news.ErrNotFound) {
		return reader, true, s.say(w, r, http.StatusNotFound,
			message{words.In(web.Language(r)), "reader.expired-title", "reader.expired", "reader.lost-title", "/preferences"})
	}
	return reader, err != nil, err
}

func (s *Server) newManage(r *http.Request, reader audience.Reader) *managePage {
	return &managePage{spoken: spoken{words.In(reader.Preferences.Language)}, Path: "/manage/" + r.PathValue("token")}
}

func (s *Server) manage(w http.ResponseWriter, r *http.Request) error {
	reader, done, err := s.managed(w, r)
	if done {
		return err
	}
	return s.site.Render(w, r, "reader/manage", s.newManage(r, reader))
}

// export sends all that is kept of one reader, to them.
func (s *Server) export(w http.ResponseWriter, r *http.Request) error {
	reader, done, err := s.managed(w, r)
	if done {
		return err
	}
	body, err := json.MarshalIndent(struct {
		Address   string          `json:"address"`
		State     audience.State  `json:"state"`
		Language  string          `json:"language"`
		Format    audience.Format `json:"format"`
		Topics    []news.Slug     `json:"topics"`
		Discreet  bool            `json:"discreet"`
		OpenPGP   []byte          `json:"openpgp_key,omitempty"` // in base64
		Asked     time.Time       `json:"asked,omitzero"`
		Confirmed time.Time       `json:"confirmed,omitzero"`
		Consent   string          `json:"consent_text,omitempty"`
		Paused    time.Time       `json:"paused_until,omitzero"`
		Left      time.Time       `json:"left,omitzero"`
	}{reader.Address.Reveal(), reader.State, reader.Preferences.Language, reader.Preferences.Format, reader.Preferences.Topics,
		reader.Preferences.Discreet, reader.OpenPGP,
		reader.Consent.Asked, reader.Consent.Confirmed, reader.Consent.Text, reader.Paused, reader.Left}, "", "  ")
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="my-data.json"`)
	_, _ = w.Write(append(body, '\n')) // the browser went away: nobody to tell
	return nil
}

func (s *Server) move(w http.ResponseWriter, r *http.Request) error {
	reader, done, err := s.managed(w, r)
	if done {
		return err
	}
	page := s.newManage(r, reader)
	err = s.readers.Move(r.Context(), r.PathValue("token"), r.FormValue("email"), web.From(r))
	switch {
	case errors.Is(err, news.ErrInvalid):
		page.Address, page.Wrong = r.FormValue("email"), page.Say("reader.wrong-address")
		return s.site.RenderStatus(w, r, http.StatusUnprocessableEntity, "reader/manage", page)
	case errors.Is(err, signup.ErrBusy):
		return s.busy(w, r, page.Words)
	case err != nil:
		return err
	}
	return s.say(w, r, http.StatusOK, message{page.Words, "reader.sent-title", "reader.sent", "", ""})
}

func (s *Server) erase(w http.ResponseWriter, r *http.Request) error {
	reader, done, err := s.managed(w, r)
	if done {
		return err
	}
	if err := s.readers.EraseSelf(r.Context(), r.PathValue("token")); err != nil {
		return err
	}
	return s.say(w, r, http.StatusOK, message{words.In(reader.Preferences.Language), "reader.erased-title", "reader.erased", "", ""})
}
