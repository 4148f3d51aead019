package desk

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// An introductionsPage lists the topics and in which languages each has an
// introduction.
type introductionsPage struct {
	help
	Groups  []lexiconGroup
	Written int
	Edit    bool
}

func (s *Server) introductions(w http.ResponseWriter, r *http.Request) error {
	all, err := s.desk.Introductions(r.Context())
	if err != nil {
		return err
	}
	return s.site.Render(w, r, "desk/introductions", newIntroductionsPage(all, may(r, staff.DecideStories)))
}

func newIntroductionsPage(all []news.Introduction, edit bool) *introductionsPage {
	page := &introductionsPage{help: newHelp(), Written: len(all), Edit: edit}
	written := map[string]bool{}
	for _, i := range all {
		written[introductionPath(i.Topic, i.Language)] = true
	}
	for _, g := range topicGroups(nil) {
		group := lexiconGroup{Name: g.Name}
		for _, t := range g.Topics {
			topic := lexiconTopic{Topic: t.Topic}
			for _, code := range news.Languages() {
				path := introductionPath(t.Slug, code)
				topic.Languages = append(topic.Languages, choice{Name: web.LanguageName(code), Path: path, Here: written[path]})
			}
			group.Topics = append(group.Topics, topic)
		}
		page.Groups = append(page.Groups, group)
	}
	return page
}

func introductionPath(topic news.Slug, language string) string {
	return fmt.Sprintf("/desk/topics/%s/%s", topic, language)
}

// An introductionPage is the introduction of one topic in one language.
type introductionPage struct {
	help
	Topic    news.Topic
	Language string
	Public   string            // address of the topic's page
	Now      news.Introduction // in force; without a text where there is none
	Form     news.Introduction // in the form
	Seen     int64             // the last edit not undone
	Wrong    wrong
	Theirs   *news.Introduction // what somebody else saved meanwhile; nil if nobody did
	From     string             // the language the form was filled from
	History  []introductionEdit
	Others   []choice
	Starts   []choice // texts to start from
	Edit     bool
}

type introductionEdit struct {
	news.Introduction
	Words string
	Undo  bool
}

// introductionOf reads which introduction a request is about.
func introductionOf(r *http.Request) (news.Topic, string, error) {
	topic, ok := news.TopicBySlug(news.Slug(r.PathValue("topic")))
	language := r.PathValue("language")
	if !ok || !slices.Contains(news.Languages(), language) {
		return topic, "", fmt.Errorf("introduction of %q in %q: %w", r.PathValue("topic"), language, news.ErrNotFound)
	}
	return topic, language, nil
}

func (s *Server) introduction(w http.ResponseWriter, r *http.Request) error {
	page, err := s.newIntroductionPage(r)
	if err != nil {
		return err
	}
	return s.site.Render(w, r, "desk/introduction", page)
}

func (s *Server) newIntroductionPage(r *http.Request) (*introductionPage, error) {
	topic, language, err := introductionOf(r)
	if err != nil {
		return nil, err
	}
	history, err := s.desk.IntroductionHistory(r.Context(), topic.Slug, language)
	if err != nil {
		return nil, err
	}
	all, err := s.desk.Introductions(r.Context())
	if err != nil {
		return nil, err
	}
	page := newIntroduction(topic, language, history, all)
	page.Edit = may(r, staff.DecideStories)
	page.start(all, r.URL.Query().Get("from"))
	return page, nil
}

func newIntroduction(topic news.Topic, language string, history, all []news.Introduction) *introductionPage {
	page := &introductionPage{help: newHelp(), Topic: topic, Language: language, Public: web.Prefix(language) + "/topics/" + string(topic.Slug)}
	for _, i := range history {
		view := introductionEdit{Introduction: i, Words: "Written"}
		if i.Text == "" {
			view.Words = "Taken off the page"
		}
		if !i.Undone && page.Seen == 0 {
			page.Seen, page.Now, view.Undo = i.ID, i, true
		}
		page.History = append(page.History, view)
	}
	page.Form = page.Now
	written := map[string]bool{}
	for _, i := range all {
		if i.Topic != topic.Slug {
			continue
		}
		written[i.Language] = true
		if i.Language != language {
			page.Starts = append(page.Starts, choice{Name: web.LanguageName(i.Language), Path: introductionPath(topic.Slug, language) + "?from=" + i.Language})
		}
	}
	for _, code := range news.Languages() {
		c := choice{Name: web.LanguageName(code), Path: introductionPath(topic.Slug, code), Here: code == language}
		if written[code] {
			c.Count = "written"
		}
		page.Others = append(page.Others, c)
	}
	return page
}

// start fills the form from the text of another language.
func (p *introductionPage) start(all []news.Introduction, from string) {
	for _, i := range all {
		if i.Topic == p.Topic.Slug && i.Language == from && from != p.Language {
			p.Form, p.From = i, from
		}
	}
}

// introduce does what the pressed button of the form says. What could not be
// saved comes back as it was typed.
func (s *Server) introduce(w http.ResponseWriter, r *http.Request) error {
	topic, language, err := introductionOf(r)
	if err != nil {
		return err
	}
	form, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, mine := r.Context(), news.Introduction{Topic: topic.Slug, Language: language, EditedBy: who(r)}
	seen, _ := strconv.ParseInt(form.Get("seen"), 10, 64)
	if form.Has("undo") {
		id, _ := strconv.ParseInt(form.Get("undo"), 10, 64)
		if err := s.desk.UndoIntroduction(ctx, who(r), id); err != nil {
			return err
		}
		http.Redirect(w, r, introductionPath(topic.Slug, language), http.StatusSeeOther)
		return nil
	}
	if form.Get("do") != "drop" {
		mine.Text, mine.Notes, mine.Author = text(form, "introduction"), text(form, "notes"), form.Get("author")
	}
	if form.Get("do") == "look" {
		return s.introductionAgain(w, r, mine, seen, nil)
	}
	if err := s.desk.Introduce(ctx, mine, seen); err != nil {
		return s.introductionAgain(w, r, mine, seen, err)
	}
	http.Redirect(w, r, introductionPath(topic.Slug, language), http.StatusSeeOther)
	return nil
}

// introductionAgain gives the form back with what was typed: to be looked at,
// with what is wrong beside its field, or with what somebody else saved
// meanwhile. Any other error is returned.
func (s *Server) introductionAgain(w http.ResponseWriter, r *http.Request, mine news.Introduction, seen int64, was error) error {
	page, err := s.newIntroductionPage(r)
	if err != nil {
		return err
	}
	status := http.StatusOK
	mistake, ok := newWrong(was)
	switch tidy, _ := news.NewIntroduction(mine, s.now()); {
	case errors.Is(was, news.ErrConflict) && tidy.Same(&page.Now): // the button was pressed twice
		http.Redirect(w, r, introductionPath(mine.Topic, mine.Language), http.StatusSeeOther)
		return nil
	case errors.Is(was, news.ErrConflict):
		status = http.StatusConflict
		page.merge(mine, seen)
	case was != nil && !ok:
		return was
	default:
		if ok {
			status = http.StatusUnprocessableEntity
		}
		page.Form, page.Wrong, page.Seen = mine, mistake, seen
	}
	return s.site.RenderStatus(w, r, status, "desk/introduction", page)
}

// merge lays what somebody typed over the introduction they began from, seen,
// on the one in force: what only one of the two changed is as that one has it,
// what both changed is the writer's own, with the other's beside it.
func (p *introductionPage) merge(mine news.Introduction, seen int64) {
	var base news.Introduction
	for _, e := range p.History {
		if e.ID == seen {
			base = e.Introduction
		}
	}
	both := func(base, theirs, mine string) string {
		if mine == base {
			return theirs
		}
		return mine
	}
	theirs := p.Now
	p.Theirs, p.Form = &theirs, theirs
	p.Form.Text = both(base.Text, theirs.Text, mine.Text)
	p.Form.Notes = both(base.Notes, theirs.Notes, mine.Notes)
	p.Form.Author = both(base.Author, theirs.Author, mine.Author)
}
