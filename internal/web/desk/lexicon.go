package desk

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/classify"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// A lexiconPage lists the words of all topics.
type lexiconPage struct {
	help
	Groups  []lexiconGroup
	Edited  int // lists that differ from the shipped ones
	Lessons int // stories that were learned from
}

type lexiconGroup struct {
	Name   string
	Topics []lexiconTopic
}

type lexiconTopic struct {
	news.Topic
	Languages []choice // Here: edited
}

func (s *Server) lexicon(w http.ResponseWriter, r *http.Request) error {
	edits, err := s.reader.Lexicon(r.Context())
	if err != nil {
		return err
	}
	page := newLexiconPage(edits)
	if page.Lessons, err = s.reader.Lessons(r.Context()); err != nil {
		return err
	}
	return s.site.Render(w, r, "desk/lexicon", page)
}

func newLexiconPage(edits []news.LexiconEdit) *lexiconPage {
	page := &lexiconPage{help: newHelp(), Edited: len(edits)}
	edited := map[string]bool{}
	for _, e := range edits {
		edited[lexiconPath(e.Topic, e.Language)] = true
	}
	for _, g := range topicGroups(nil) {
		group := lexiconGroup{Name: g.Name}
		for _, t := range g.Topics {
			topic := lexiconTopic{Topic: t.Topic}
			for _, code := range classify.Languages() {
				path := lexiconPath(t.Slug, code)
				topic.Languages = append(topic.Languages, choice{Name: web.LanguageName(code), Path: path, Here: edited[path]})
			}
			group.Topics = append(group.Topics, topic)
		}
		page.Groups = append(page.Groups, group)
	}
	return page
}

func lexiconPath(topic news.Slug, language string) string {
	return fmt.Sprintf("/desk/lexicon/%s/%s", topic, language)
}

// A wordsPage is the words of one topic in one language: what ships, and what
// curators made of it.
type wordsPage struct {
	help
	Topic    news.Topic
	Language string
	Shipped  string
	Any      string // of every language
	Sets     []classify.Set
	Now      news.LexiconEdit // in force; the zero edit when the shipped lines stand
	Lines    string           // in the form
	Instead  bool
	Mistake  string
	History  []wordsEdit
	Seen     int64 // the last edit not undone
	Edit     bool
	Others   []choice
}

type wordsEdit struct {
	news.LexiconEdit
	Words string
	Undo  bool
}

// words reads which list a request is about.
func words(r *http.Request) (news.Topic, string, error) {
	topic, ok := news.TopicBySlug(news.Slug(r.PathValue("topic")))
	language := r.PathValue("language")
	if !ok || !slices.Contains(classify.Languages(), language) {
		return topic, "", fmt.Errorf("lexicon of %q in %q: %w", r.PathValue("topic"), language, news.ErrNotFound)
	}
	return topic, language, nil
}

func (s *Server) topicWords(w http.ResponseWriter, r *http.Request) error {
	page, err := s.newWordsPage(r)
	if err != nil {
		return err
	}
	page.Lines, page.Instead = page.Now.Lines, page.Now.Instead
	if r.FormValue("from") == "shipped" {
		page.Lines, page.Instead = page.Shipped, true
	}
	return s.site.Render(w, r, "desk/words", page)
}

func (s *Server) newWordsPage(r *http.Request) (*wordsPage, error) {
	topic, language, err := words(r)
	if err != nil {
		return nil, err
	}
	history, err := s.reader.LexiconHistory(r.Context(), topic.Slug, language)
	if err != nil {
		return nil, err
	}
	page := newWords(topic, language, history)
	page.Edit = may(r, staff.DecideStories)
	return page, nil
}

func newWords(topic news.Topic, language string, history []news.LexiconEdit) *wordsPage {
	page := &wordsPage{help: newHelp(), Topic: topic, Language: language, Shipped: classify.ShippedLines(topic.Slug, language),
		Any: classify.ShippedLines(topic.Slug, "any"), Sets: classify.ShippedSets(language)}
	for _, e := range history {
		view := wordsEdit{LexiconEdit: e, Words: "Added lines"}
		switch {
		case e.Lines == "":
			view.Words = "Back to the shipped lines"
		case e.Instead:
			view.Words = "Put lines in the place of the shipped ones"
		}
		if !e.Undone && page.Seen == 0 {
			page.Seen, view.Undo = e.ID, true
			if e.Lines != "" {
				page.Now = e
			}
		}
		page.History = append(page.History, view)
	}
	for _, code := range classify.Languages() {
		page.Others = append(page.Others, choice{Name: web.LanguageName(code), Path: lexiconPath(topic.Slug, code), Here: code == language})
	}
	return page
}

// editWords does what the pressed button of the form says. A mistake comes
// back with what was typed.
func (s *Server) editWords(w http.ResponseWriter, r *http.Request) error {
	topic, language, err := words(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("form: %w", err)
	}
	ctx, form := r.Context(), r.PostForm
	seen, _ := strconv.ParseInt(form.Get("seen"), 10, 64)
	e := news.LexiconEdit{Topic: topic.Slug, Language: language, Who: who(r)}
	if form.Has("undo") {
		id, _ := strconv.ParseInt(form.Get("undo"), 10, 64)
		err = s.reader.UndoLexicon(ctx, who(r), id)
	} else {
		if form.Get("do") != "shipped" {
			e.Lines, e.Instead = strings.ReplaceAll(form.Get("lines"), "\r\n", "\n"), form.Get("how") == "instead"
		}
		err = s.reader.EditLexicon(ctx, e, seen)
	}
	if errors.Is(err, news.ErrInvalid) {
		page, err2 := s.newWordsPage(r)
		if err2 != nil {
			return err2
		}
		page.Lines, page.Instead, page.Mistake = e.Lines, e.Instead, web.Plain(err)
		page.Seen = cmp.Or(seen, page.Seen)
		return s.site.RenderStatus(w, r, http.StatusUnprocessableEntity, "desk/words", page)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, lexiconPath(topic.Slug, language), http.StatusSeeOther)
	return nil
}
