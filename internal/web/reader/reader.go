// Package reader is the part of the site for readers: they ask for the digest,
// confirm, and leave. Whoever they are, the page that takes their address says
// the same; a GET never changes anything; and no page shows an address but the
// one just typed.
package reader

import (
	"errors"
	"net/http"
	"slices"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/compose"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/signup"
	"github.com/ifhhro/rightsdesk/internal/web"
	"github.com/ifhhro/rightsdesk/templates/words"
)

// A Server answers readers' requests.
type Server struct {
	site    *web.Site
	readers *signup.Service
}

// New returns the readers' pages over the service that looks after them.
func New(site *web.Site, readers *signup.Service) *Server { return &Server{site, readers} }

// Routes lists the readers' routes. They are for anyone: what a link may do is
// in its token.
func (s *Server) Routes() []web.Route {
	return []web.Route{
		{Pattern: "GET /subscribe", Needs: web.Anyone, Do: s.form},
		{Pattern: "POST /subscribe", Needs: web.Anyone, Secret: true, Do: s.ask},
		{Pattern: "GET /subscribe/sent", Needs: web.Anyone, Do: s.sent},
		{Pattern: "GET /confirm/{token}", Needs: web.Anyone, Secret: true, Do: s.confirmButton},
		{Pattern: "POST /confirm/{token}", Needs: web.Anyone, Secret: true, Do: s.confirm},
		{Pattern: "GET /unsubscribe/{token}", Needs: web.Anyone, Secret: true, Do: s.leaveButton},
		// Also the one-click target (RFC 8058): from anywhere, without cookie,
		// whatever its body says, any number of times.
		{Pattern: "POST /unsubscribe/{token}", Needs: web.Anyone, Secret: true, AnyOrigin: true, Do: s.leave},
		// One's choices, and the way to them for who lost the mail.
		{Pattern: "GET /preferences", Needs: web.Anyone, Do: s.lost},
		{Pattern: "POST /preferences", Needs: web.Anyone, Secret: true, Do: s.askLink},
		{Pattern: "GET /preferences/{token}", Needs: web.Anyone, Secret: true, Do: s.choices},
		{Pattern: "POST /preferences/{token}", Needs: web.Anyone, Secret: true, Do: s.choose},
		{Pattern: "POST /preferences/{token}/key", Needs: web.Anyone, Secret: true, MaxBody: 4 * compose.MaxKeyBytes, Do: s.encrypt},
		{Pattern: "POST /preferences/{token}/manage", Needs: web.Anyone, Secret: true, Do: s.askManage},
		// What concerns the address itself, by a link that works for an hour.
		{Pattern: "GET /manage/{token}", Needs: web.Anyone, Secret: true, Do: s.manage},
		{Pattern: "POST /manage/{token}/export", Needs: web.Anyone, Secret: true, Do: s.export},
		{Pattern: "POST /manage/{token}/move", Needs: web.Anyone, Secret: true, Do: s.move},
		{Pattern: "POST /manage/{token}/erase", Needs: web.Anyone, Secret: true, Do: s.erase},
	}
}

// A spoken page is in one language.
type spoken struct{ Words *words.Words }

// Language is the language of the page.
func (s spoken) Language() string { return s.Words.Language() }

// Say is a sentence in the page's language.
func (s spoken) Say(key string, pairs ...any) string { return s.Words.Say(key, pairs...) }

// formPage is what reader/subscribe shows.
type formPage struct {
	spoken
	Address   string
	Wrong     string
	Languages []choice
	Formats   []choice
	Groups    []topicGroup
	Others    []language // in which the page can be had
}

type choice struct {
	Value, Name string
	On          bool
}

type topicGroup struct {
	Name   string
	Topics []choice
}

type language struct{ Code, Name, Path string }

// newForm is the form with what was chosen so far.
func newForm(w *words.Words, p audience.Preferences) *formPage {
	page := &formPage{spoken: spoken{w}}
	for _, code := range audience.Languages() {
		own := words.In(code).LanguageName(code)
		page.Languages = append(page.Languages, choice{code, own, code == p.Language})
		if code != w.Language() {
			page.Others = append(page.Others, language{code, own, web.Prefix(code) + "/subscribe"})
		}
	}
	for _, f := range audience.Formats() {
		page.Formats = append(page.Formats, choice{string(f), w.Say("reader.format-" + string(f)), f == p.Format})
	}
	page.Groups = topicGroups(w, p.Topics)
	return page
}

// topicGroups are all topics under the names of their groups, those chosen
// marked.
func topicGroups(w *words.Words, chosen []news.Slug) []topicGroup {
	var groups []topicGroup
	last := ""
	for _, t := range news.Topics() {
		if t.Group != last {
			groups = append(groups, topicGroup{Name: named(w, "group."+t.Group, news.TopicGroups()[t.Group])})
			last = t.Group
		}
		g := &groups[len(groups)-1]
		g.Topics = append(g.Topics, choice{string(t.Slug), named(w, "topic."+string(t.Slug), t.Name), slices.Contains(chosen, t.Slug)})
	}
	return groups
}

// named is a name in the page's language, or in English where it has none.
func named(w *words.Words, key, english string) string {
	if name := w.Say(key); name != key {
		return name
	}
	return english
}

func (s *Server) form(w http.ResponseWriter, r *http.Request) error {
	lang := web.Language(r)
	return s.site.Render(w, r, "reader/subscribe", newForm(words.In(lang), audience.Preferences{Language: lang, Format: audience.FormatHTML}))
}

func (s *Server) ask(w http.ResponseWriter, r *http.Request) error {
	p, err := chosen(r)
	if err != nil {
		return err
	}
	p.Discreet = false // is chosen by who reads already
	err = s.readers.Ask(r.Context(), r.PostForm.Get("email"), p, web.From(r))
	say := words.In(web.Language(r))
	switch {
	case errors.Is(err, signup.ErrBusy):
		return s.busy(w, r, say)
	case errors.Is(err, news.ErrInvalid):
		page := newForm(say, p)
		page.Address, page.Wrong = r.PostForm.Get("email"), say.Say("reader.wrong-address")
		return s.site.RenderStatus(w, r, http.StatusUnprocessableEntity, "reader/subscribe", page)
	case err != nil:
		return err
	}
	http.Redirect(w, r, web.Prefix(say.Language())+"/subscribe/sent", http.StatusSeeOther)
	return nil
}

// chosen reads the choices of a form.
func chosen(r *http.Request) (audience.Preferences, error) {
	if err := r.ParseForm(); err != nil {
		return audience.Preferences{}, err
	}
	p := audience.Preferences{Language: r.PostForm.Get("language"), Format: audience.Format(r.PostForm.Get("format")),
		Discreet: r.PostForm.Get("discreet") != ""}
	for _, topic := range r.PostForm["topic"] {
		p.Topics = append(p.Topics, news.Slug(topic))
	}
	return p, nil
}

// busy asks somebody to come back in an hour.
func (s *Server) busy(w http.ResponseWriter, r *http.Request, say *words.Words) error {
	return s.say(w, r, http.StatusTooManyRequests, message{say, "reader.busy-title", "reader.busy", "", ""})
}

// A message is a page that says one thing, in the keys of its words. Next may
// be empty; it leads to Link.
type message struct {
	words                   *words.Words
	title, text, next, link string
}

// messagePage is what reader/message shows.
type messagePage struct {
	spoken
	Title, Text, Next, Link string
}

func (s *Server) say(w http.ResponseWriter, r *http.Request, status int, m message) error {
	page := &messagePage{spoken: spoken{m.words}, Title: m.words.Say(m.title), Text: m.words.Say(m.text)}
	if m.next != "" {
		page.Next, page.Link = m.words.Say(m.next), web.Prefix(m.words.Language())+m.link
	}
	return s.site.RenderStatus(w, r, status, "reader/message", page)
}

func (s *Server) sent(w http.ResponseWriter, r *http.Request) error {
	return s.say(w, r, http.StatusOK, message{words.In(web.Language(r)), "reader.sent-title", "reader.sent", "", ""})
}

// buttonPage is what reader/button shows: a GET explains, the button acts.
type buttonPage struct {
	spoken
	Title, Text, Button string
}

func (s *Server) button(w http.ResponseWriter, r *http.Request, lang, key string) error {
	say := words.In(lang)
	return s.site.Render(w, r, "reader/button", &buttonPage{spoken{say}, say.Say(key + "-title"), say.Say(key), say.Say(key + "-button")})
}

func (s *Server) confirmButton(w http.ResponseWriter, r *http.Request) error {
	lang, err := s.readers.Asked(r.Context(), r.PathValue("token"))
	if errors.Is(err, news.ErrNotFound) {
		return s.gone(w, r)
	}
	if err != nil {
		return err
	}
	return s.button(w, r, lang, "reader.confirm")
}

// gone says that a confirmation link was used or is too old.
func (s *Server) gone(w http.ResponseWriter, r *http.Request) error {
	return s.say(w, r, http.StatusNotFound, message{words.In(web.Language(r)), "reader.gone-title", "reader.gone", "reader.again", "/subscribe"})
}

func (s *Server) confirm(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	lang, err := s.readers.Asked(r.Context(), token)
	if err == nil {
		err = s.readers.Confirm(r.Context(), token)
	}
	if errors.Is(err, news.ErrNotFound) {
		return s.gone(w, r)
	}
	if err != nil {
		return err
	}
	return s.say(w, r, http.StatusOK, message{words.In(lang), "reader.confirmed-title", "reader.confirmed", "reader.archive", "/issues"})
}

func (s *Server) leaveButton(w http.ResponseWriter, r *http.Request) error {
	lang, gone, err := s.readers.Leaving(r.Context(), r.PathValue("token"))
	switch {
	case errors.Is(err, news.ErrNotFound):
		return s.broken(w, r)
	case err != nil:
		return err
	case gone:
		return s.left(w, r, lang)
	}
	return s.button(w, r, lang, "reader.leave")
}

// left says that somebody has left, just now or long ago.
func (s *Server) left(w http.ResponseWriter, r *http.Request, lang string) error {
	return s.say(w, r, http.StatusOK, message{words.In(lang), "reader.left-title", "reader.left", "reader.again", "/subscribe"})
}

// broken says that an unsubscribe link is not one of ours.
func (s *Server) broken(w http.ResponseWriter, r *http.Request) error {
	return s.say(w, r, http.StatusNotFound, message{words.In(web.Language(r)), "reader.broken-title", "reader.broken", "", ""})
}

func (s *Server) leave(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	lang, _, err := s.readers.Leaving(r.Context(), token)
	if err == nil {
		err = s.readers.Unsubscribe(r.Context(), token)
	}
	if errors.Is(err, news.ErrNotFound) {
		return s.broken(w, r)
	}
	if err != nil {
		return err
	}
	return s.left(w, r, lang)
}
