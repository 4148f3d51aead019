package desk

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/ifhhro/rightsdesk/internal/curate"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// A writingView is what stands around the words of a story's editor.
type writingView struct {
	Warnings []curate.Warning
	Contacts bool // there is somebody to tick for
	Quotes   string
	Further  string
	Text     *news.StoryText // in another language, when one is being written
	Others   []choice        // the languages a text can be in; Here where there is one
	Starts   []choice        // texts to start Text from
	Threads  []thread
	Mine     *news.Draft // what the person typed and did not save
	Restored bool        // the form holds it
	Conflict bool        // it could not be saved because somebody else saved
	With     []string    // who else is typing now
	Me       string
}

type thread struct {
	news.Note
	Answers []news.Note
}

// presence is how long after typing somebody counts as being there.
const presence = 10 * time.Minute

func (s *Server) writing(r *http.Request, story *news.Story, items []news.Item) (writingView, error) {
	ctx, q := r.Context(), r.URL.Query()
	v := writingView{Me: who(r), Conflict: q.Get("conflict") != ""}
	drafts, err := s.desk.Drafts(ctx, story.ID)
	if err != nil {
		return v, err
	}
	for _, d := range drafts {
		switch {
		case d.Who == v.Me:
			v.Mine = &d
		case s.now().Sub(d.At) < presence:
			v.With = append(v.With, d.Who)
		}
	}
	if v.Mine != nil && q.Get("draft") != "" {
		restore(story, v.Mine.Fields)
		v.Restored = true
	}
	notes, err := s.desk.Notes(ctx, story.ID)
	if err != nil {
		return v, err
	}
	v.Threads = threads(notes)
	v.Warnings, v.Contacts = s.desk.Warnings(story, items), len(story.Contacts()) > 0
	v.Quotes, v.Further = quotesText(story.Quotes), furtherText(story.Further)
	v.languages(story, q)
	if v.Restored && len(v.Mine.Fields["text-language"]) > 0 {
		v.Text = textOf(v.Mine.Fields)
	}
	return v, nil
}

// languages fills in which other languages there are, and the text of the one
// that is being written.
func (v *writingView) languages(story *news.Story, q url.Values) {
	path := func(pairs ...string) string {
		next := url.Values{"back": q["back"]}
		for i := 0; i+1 < len(pairs); i += 2 {
			next.Set(pairs[i], pairs[i+1])
		}
		return fmt.Sprintf("/desk/stories/%d?%s#text-headline", story.ID, next.Encode())
	}
	for _, code := range news.Languages() {
		if code != story.Language {
			v.Others = append(v.Others, choice{Name: web.LanguageName(code), Path: code, Here: story.In(code).Language == code})
		}
	}
	lang := q.Get("text")
	if lang == "" || lang == story.Language {
		return
	}
	text := news.StoryText{Language: lang}
	if have := story.In(lang); have.Language == lang {
		text = have
	} else if from := q.Get("from"); from != "" {
		text = story.In(from)
		text.Language = lang
	}
	v.Text = &text
	v.Starts = append(v.Starts, choice{Name: web.LanguageName(story.Language), Path: path("text", lang, "from", story.Language)})
	for _, t := range story.Texts {
		if t.Language != lang {
			v.Starts = append(v.Starts, choice{Name: web.LanguageName(t.Language), Path: path("text", lang, "from", t.Language)})
		}
	}
}

// threads puts answers under the note they answer.
func threads(notes []news.Note) []thread {
	var out []thread
	at := map[int64]int{}
	for _, n := range notes {
		if i, ok := at[n.Parent]; ok && n.Parent != 0 {
			out[i].Answers = append(out[i].Answers, n)
			at[n.ID] = i
			continue
		}
		at[n.ID] = len(out)
		out = append(out, thread{Note: n})
	}
	return out
}

// restore puts what somebody typed over a story's words, for their form.
func restore(story *news.Story, fields map[string][]string) {
	form := url.Values(fields)
	for name, into := range map[string]*string{"headline": &story.Headline, "summary": &story.Summary, "commentary": &story.Commentary} {
		if form.Has(name) {
			*into = form.Get(name)
		}
	}
	w := writingOf(form)
	if w.Quotes != nil {
		story.Quotes = *w.Quotes
	}
	if w.Further != nil {
		story.Further = *w.Further
	}
	if w.Deadline != nil {
		story.Deadline = *w.Deadline
	}
	if w.Countries != nil {
		story.Countries = *w.Countries
	}
}

// writingOf reads the editor's further fields. One the form does not have stays
// as the story has it.
func writingOf(form url.Values) news.Writing {
	var w news.Writing
	if form.Has("quotes") {
		quotes := parseQuotes(form.Get("quotes"))
		w.Quotes = &quotes
	}
	if form.Has("further") {
		further := parseFurther(form.Get("further"))
		w.Further = &further
	}
	if form.Has("deadline") {
		day := strings.TrimSpace(form.Get("deadline"))
		w.Deadline = &day
	}
	if form.Has("countries") {
		codes := strings.FieldsFunc(form.Get("countries"), func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
		w.Countries = &codes
	}
	if form.Has("contacts-shown") {
		checked := form.Get("checked") != ""
		w.Checked = &checked
	}
	w.Text = textOf(form)
	return w
}

func textOf(form url.Values) *news.StoryText {
	if form.Get("text-language") == "" {
		return nil
	}
	return &news.StoryText{Language: form.Get("text-language"), Headline: text(form, "text-headline"), Summary: text(form, "text-summary"), Commentary: text(form, "text-commentary")}
}

// Quotations are written as paragraphs; the last line of one names its speaker
// behind a dash.

func quotesText(quotes []news.Quote) string {
	var out []string
	for _, q := range quotes {
		text := q.Text
		if q.Speaker != "" {
			text += "\n— " + q.Speaker
		}
		out = append(out, text)
	}
	return strings.Join(out, "\n\n")
}

func parseQuotes(text string) []news.Quote {
	out := []news.Quote{}
	for _, para := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		var q news.Quote
		var lines []string
		for _, line := range strings.Split(para, "\n") {
			line = strings.TrimSpace(line)
			if speaker, ok := cutDash(line); ok && len(lines) > 0 {
				q.Speaker = speaker
			} else if line != "" {
				lines = append(lines, line)
			}
		}
		if q.Text = strings.Join(lines, " "); q.Text != "" {
			out = append(out, q)
		}
	}
	return out
}

func cutDash(line string) (string, bool) {
	for _, dash := range []string{"—", "–", "--"} {
		if rest, ok := strings.CutPrefix(line, dash); ok {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}

// Further reading is a line each: the title, then the address.

func furtherText(list []news.Reference) string {
	var out []string
	for _, r := range list {
		out = append(out, r.Title+" "+r.URL)
	}
	return strings.Join(out, "\n")
}

func parseFurther(text string) []news.Reference {
	out := []news.Reference{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		last := len(words) - 1
		out = append(out, news.Reference{Title: strings.Join(words[:last], " "), URL: words[last]})
	}
	return out
}

// keepDraft keeps what somebody is typing, without a word.
func (s *Server) keepDraft(w http.ResponseWriter, r *http.Request) error {
	f, err := readStoryForm(r)
	if err != nil {
		return err
	}
	if err := s.desk.Keep(r.Context(), who(r), f.ID, f.Seen, f.Values); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// addNote says something to the others about a story.
func (s *Server) addNote(w http.ResponseWriter, r *http.Request) error {
	f, err := readStoryForm(r)
	if err != nil {
		return err
	}
	if _, _, err := s.read(r, f.ID); err != nil {
		return err
	}
	parent, _ := strconv.ParseInt(f.Get("parent"), 10, 64)
	if err := s.desk.Note(r.Context(), who(r), f.ID, parent, text(f.Values, "text")); err != nil {
		return s.storyAgain(w, r, f, err)
	}
	if err := s.desk.Noticed(r.Context(), who(r), f.ID); err != nil {
		return err
	}
	http.Redirect(w, r, fmt.Sprintf("/desk/stories/%d#notes", f.ID), http.StatusSeeOther)
	return nil
}

// seen takes the notices of a story off a person's list.
func (s *Server) seen(w http.ResponseWriter, r *http.Request) error {
	id, err := storyID(r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.desk.Noticed(r.Context(), who(r), id); err != nil {
		return err
	}
	http.Redirect(w, r, "/desk", http.StatusSeeOther)
	return nil
}

// A minePage lists what a person began, and what became of it.
type minePage struct {
	help
	Stories []news.Story
}

func (s *Server) mine(w http.ResponseWriter, r *http.Request) error {
	page := &minePage{help: newHelp()}
	for _, state := range news.StoryStates() {
		stories, _, err := s.desk.Queue(r.Context(), news.Filter{State: state, Begun: who(r)})
		if err != nil {
			return err
		}
		page.Stories = append(page.Stories, stories...)
	}
	return s.site.Render(w, r, "desk/mine", page)
}
