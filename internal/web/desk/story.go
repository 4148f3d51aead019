package desk

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// A storyPage is one story with what it was made of.
type storyPage struct {
	help
	news.Story
	Writing writingView
	Items   []itemView
	Why     []whyTopic
	Others  []whyTopic // topics it was not given, best first
	Groups  []topicGroup
	Kinds   []string
	History []decisionView
	Decide  bool
	Back    string
}

// An itemView is one item that tells the story, with the words that earned
// its topics marked.
type itemView struct {
	news.Item
	SourceName string
	Parts      []part
	Leads      bool // the story's own words come from it: it cannot be split off
}

// A whyTopic is a topic with its strength and the words that earned it.
type whyTopic struct {
	Name     string
	Slug     news.Slug
	Score    float64
	Percent  int
	Evidence []string
}

type topicGroup struct {
	Name   string
	Topics []topicChoice
}

type topicChoice struct {
	news.Topic
	On bool
}

type decisionView struct {
	news.Decision
	Words string
	Undo  bool // it can be taken back
}

func (s *Server) story(w http.ResponseWriter, r *http.Request) error {
	id, err := storyID(r.PathValue("id"))
	if err != nil {
		return err
	}
	story, history, err := s.desk.Story(r.Context(), id)
	if err != nil {
		return err
	}
	if story.State == news.StoryMerged {
		http.Redirect(w, r, fmt.Sprintf("/desk/stories/%d", story.Into), http.StatusSeeOther)
		return nil
	}
	items, err := s.desk.Items(r.Context(), id)
	if err != nil {
		return err
	}
	names, err := s.sourceNames(r.Context())
	if err != nil {
		return err
	}
	writing, err := s.writing(r, &story, items)
	if err != nil {
		return err
	}
	page := newStoryPage(story, history, items, names)
	page.Writing = writing
	page.Decide, page.Back = may(r, staff.DecideStories), back(r)
	return s.site.Render(w, r, "desk/story", page)
}

func newStoryPage(story news.Story, history []news.Decision, items []news.Item, names map[news.SourceID]string) *storyPage {
	page := &storyPage{help: newHelp(), Story: story, Groups: topicGroups(story.Topics)}
	for _, k := range news.Kinds() {
		page.Kinds = append(page.Kinds, string(k))
	}
	var evidence []string
	for _, t := range story.Facts.Topics {
		why := whyTopic{web.TopicName(t.Slug), t.Slug, t.Score, int(t.Score*100 + .5), t.Evidence}
		if slices.Contains(story.Topics, t.Slug) || t.Assigned {
			page.Why = append(page.Why, why)
			evidence = append(evidence, t.Evidence...)
		} else if t.Score >= .05 && len(page.Others) < 5 {
			page.Others = append(page.Others, why)
		}
	}
	for _, d := range story.Facts.Deadlines {
		evidence = append(evidence, d.Sentence)
	}
	for _, it := range items {
		page.Items = append(page.Items, itemView{it, names[it.Source], mark(it.Text, evidence), story.LedBy(&it)})
	}
	page.History = historyOf(story.ID, history)
	return page
}

// historyOf shows the history newest first; what stands and nothing builds on
// can be taken back.
func historyOf(id news.StoryID, history []news.Decision) []decisionView {
	var out []decisionView
	free := true
	for _, d := range slices.Backward(history) {
		own := d.Story == id
		view := decisionView{Decision: d, Words: pastTense(d.What), Undo: !d.Undone && d.What != "begin" && (free || !own)}
		if !own {
			view.Words = map[string]string{"merge": "Another story was merged into this", "split": "Split off another story"}[d.What]
		}
		if own && !d.Undone {
			free = false
		}
		out = append(out, view)
	}
	return out
}

// topicGroups lists all topics by group for the editor.
func topicGroups(chosen []news.Slug) []topicGroup {
	var out []topicGroup
	at := map[string]int{}
	for _, t := range news.Topics() {
		i, ok := at[t.Group]
		if !ok {
			i = len(out)
			at[t.Group] = i
			out = append(out, topicGroup{Name: news.TopicGroups()[t.Group]})
		}
		out[i].Topics = append(out[i].Topics, topicChoice{t, slices.Contains(chosen, t.Slug)})
	}
	return out
}

// saveStory does what the pressed button of the story's form says.
func (s *Server) saveStory(w http.ResponseWriter, r *http.Request) error {
	id, err := storyID(r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("form: %w", err)
	}
	seen, _ := strconv.ParseInt(r.PostForm.Get("revision"), 10, 64)
	edit := approvalOf(r.PostForm)
	here := fmt.Sprintf("/desk/stories/%d?%s", id, url.Values{"back": {back(r)}}.Encode())
	ctx, name := r.Context(), who(r)
	to := back(r)
	if lang := r.PostForm.Get("write"); lang != "" {
		r.PostForm.Set("do", "save")
		here += "&" + url.Values{"text": {lang}}.Encode() + "#text-headline"
	}
	switch do := r.PostForm.Get("do"); do {
	case "save":
		err, to = s.desk.Edit(ctx, name, id, seen, edit), here
	case "approve":
		err = s.desk.Approve(ctx, name, id, seen, edit)
	case "reject":
		err = s.desk.Reject(ctx, name, id, cmp.Or(strings.TrimSpace(r.PostForm.Get("own")), r.PostForm.Get("reason")))
	case "later":
		err = s.desk.Later(ctx, name, id)
	case "requeue":
		err, to = s.desk.Requeue(ctx, name, id), here
	case "withdraw":
		err, to = s.desk.Withdraw(ctx, name, id, r.PostForm.Get("why")), here
	case "assign":
		err, to = s.desk.Assign(ctx, name, id, strings.TrimSpace(r.PostForm.Get("to"))), here
	case "embargo":
		var until time.Time
		if until, err = untilOf(r.PostForm.Get("until")); err == nil {
			err = s.desk.HoldUntil(ctx, name, id, until)
		}
		to = here
	case "forget":
		err, to = s.desk.Forget(ctx, name, id), here
	case "split":
		item, _ := strconv.ParseInt(r.PostForm.Get("item"), 10, 64)
		_, err = s.desk.Split(ctx, name, news.ItemID(item))
		to = here
	default:
		return fmt.Errorf("%q is nothing that can be done to a story: %w", do, news.ErrInvalid)
	}
	if errors.Is(err, news.ErrConflict) && edits(r.PostForm) {
		// Nothing that was typed is lost: it waits beside what the other saved.
		if err := s.desk.Keep(ctx, name, id, seen, r.PostForm); err != nil {
			return err
		}
		http.Redirect(w, r, fmt.Sprintf("/desk/stories/%d?conflict=1", id), http.StatusSeeOther)
		return nil
	}
	if err == nil && edits(r.PostForm) {
		err = s.desk.Forget(ctx, name, id)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// edits reports whether a form saves what was typed.
func edits(form url.Values) bool { return form.Get("do") == "save" || form.Get("do") == "approve" }

// untilOf reads the end of an embargo, in UTC; empty lifts it.
func untilOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse("2006-01-02T15:04", text)
	if err != nil {
		return t, fmt.Errorf("the end of an embargo, %q, is no day and time: %w", text, news.ErrInvalid)
	}
	return t, nil
}

// approvalOf reads the editor's fields. A field the form does not have stays
// as the story has it; topics are chosen as a whole.
func approvalOf(form url.Values) news.Approval {
	var a news.Approval
	for name, into := range map[string]**string{"headline": &a.Headline, "summary": &a.Summary, "commentary": &a.Commentary} {
		if form.Has(name) {
			text := strings.ReplaceAll(form.Get(name), "\r\n", "\n")
			*into = &text
		}
	}
	if form.Has("topics-shown") {
		topics := []news.Slug{}
		for _, t := range form["topic"] {
			topics = append(topics, news.Slug(t))
		}
		all := form.Get("for-all") != ""
		a.Topics, a.ForAll = &topics, &all
	}
	if form.Has("kind") {
		kind := news.Kind(form.Get("kind"))
		a.Kind = &kind
	}
	a.Writing = writingOf(form)
	return a
}

// A newPage is the form that begins a story at the desk.
type newPage struct {
	help
	Groups    []topicGroup
	Kinds     []string
	Languages []choice
}

func (s *Server) newStory(w http.ResponseWriter, r *http.Request) error {
	page := &newPage{help: newHelp(), Groups: topicGroups(nil)}
	for _, k := range news.Kinds() {
		page.Kinds = append(page.Kinds, string(k))
	}
	for _, code := range news.Languages() {
		page.Languages = append(page.Languages, choice{Name: web.LanguageName(code), Path: code})
	}
	return s.site.Render(w, r, "desk/new", page)
}

func (s *Server) beginStory(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("form: %w", err)
	}
	id, err := s.desk.Begin(r.Context(), who(r), r.PostForm.Get("language"), r.PostForm.Get("link"), approvalOf(r.PostForm))
	if err != nil {
		return err
	}
	http.Redirect(w, r, fmt.Sprintf("/desk/stories/%d", id), http.StatusSeeOther)
	return nil
}

// markdown shows a text as it will look.
func (s *Server) markdown(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("form: %w", err)
	}
	text := r.PostForm.Get(r.PostForm.Get("field"))
	return s.site.RenderBlock(w, r, "desk/story", "markdown", text)
}
