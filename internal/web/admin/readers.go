package admin

import (
	"errors"
	"net/http"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// readersPage is what admin/readers shows.
type readersPage struct {
	Counts []stateCount
	Wrong  string
	Done   string
	Found  *readerLine // the reader that was searched for
}

type stateCount struct {
	State audience.State
	Count int
}

// readerLine is all that is kept of one reader.
type readerLine struct {
	Address   string
	State     audience.State // empty when they are none
	Language  string
	Format    audience.Format
	Topics    []news.Slug
	Asked     time.Time
	Confirmed time.Time
	Consent   string
	Left      time.Time
	Barred    string // why we must not write there; empty if we may
	Since     time.Time
}

// May say what can be done about the reader.
func (l readerLine) MaySuppress() bool { return l.Barred == "" || l.State == audience.Active }

// MayErase reports whether there is anything to forget.
func (l readerLine) MayErase() bool { return l.State != "" }

func (s *Server) readersPage(w http.ResponseWriter, r *http.Request) error {
	done := map[string]string{
		"suppress": "We will not write to that address again.",
		"erase":    "The reader is forgotten. Only a keyed hash stays, so that no import mails them again.",
	}[r.FormValue("done")]
	return s.renderReaders(w, r, http.StatusOK, readersPage{Done: done})
}

func (s *Server) renderReaders(w http.ResponseWriter, r *http.Request, status int, page readersPage) error {
	counts, err := s.readers.Counts(r.Context())
	if err != nil {
		return err
	}
	for _, state := range []audience.State{audience.Active, audience.Pending, audience.Left, audience.Suppressed, audience.Erased} {
		page.Counts = append(page.Counts, stateCount{state, counts[state]})
	}
	return s.site.RenderStatus(w, r, status, "admin/readers", page)
}

func (s *Server) findReader(w http.ResponseWriter, r *http.Request) error {
	address := r.FormValue("address")
	reader, barred, err := s.readers.Find(r.Context(), address)
	if errors.Is(err, news.ErrInvalid) {
		return s.renderReaders(w, r, http.StatusUnprocessableEntity, readersPage{Wrong: web.Plain(err)})
	}
	if err != nil {
		return err
	}
	if err := s.note(r, "look up reader", "readers"); err != nil {
		return err
	}
	line := &readerLine{Address: address, State: reader.State, Language: reader.Preferences.Language, Format: reader.Preferences.Format,
		Topics: reader.Preferences.Topics, Asked: reader.Consent.Asked, Confirmed: reader.Consent.Confirmed,
		Consent: reader.Consent.Text, Left: reader.Left}
	if barred != nil {
		line.Barred, line.Since = string(barred.Reason), barred.At
	}
	return s.renderReaders(w, r, http.StatusOK, readersPage{Found: line})
}

func (s *Server) suppressReader(w http.ResponseWriter, r *http.Request) error {
	if err := s.readers.Suppress(r.Context(), r.FormValue("address")); err != nil {
		return err
	}
	if err := s.note(r, "suppress reader", "readers"); err != nil {
		return err
	}
	http.Redirect(w, r, "/admin/readers?done=suppress", http.StatusSeeOther)
	return nil
}

func (s *Server) eraseReader(w http.ResponseWriter, r *http.Request) error {
	if err := s.readers.Erase(r.Context(), r.FormValue("address")); err != nil {
		return err
	}
	if err := s.note(r, "erase reader", "readers"); err != nil {
		return err
	}
	http.Redirect(w, r, "/admin/readers?done=erase", http.StatusSeeOther)
	return nil
}
