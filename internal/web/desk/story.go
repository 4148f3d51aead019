package desk

import (
	"cmp"
	"context"
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
	Name    string // the headline as it is stored
	Wrong   wrong
	Typed   url.Values // what was sent and is wrong; nil else
	Writing writingView
	Items   []itemView
	Why     []whyTopic
	Others  []whyTopic // topics it was not given, best first
	Groups  []topicGroup
	Kinds   []string
	History []decisionView
	Decide  bool
	Back    string
	// Out: an issue brought it, so that a change is a correction.
	Out         bool
	Corrections []news.Correction
}

// An itemView is one item that tells the story, with the words that earned
// its topics marked.
type itemView struct {
	news.Item
	SourceName string
	Parts      []part
	Versions   []versionView // what the publisher changed, the latest first
	Leads      bool          // the story's own words come from it: it cannot be split off
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
	page, err := s.storyPage(r, id)
	if err != nil {
		return err
	}
	if page.Story.State == news.StoryMerged {
		http.Redirect(w, r, fmt.Sprintf("/desk/stories/%d", page.Into), http.StatusSeeOther)
		return nil
	}
	return s.site.Render(w, r, "desk/story", page)
}

// read reads a story with its history for the person looking. One that an
// embargo keeps from them does not exist.
func (s *Server) read(r *http.Request, id news.StoryID) (news.Story, []news.Decision, error) {
	story, history, err := s.desk.Story(r.Context(), id)
	if err == nil && !s.shown(r, &story) {
		err = fmt.Errorf("story %d: %w", id, news.ErrNotFound)
	}
	return story, history, err
}

// shown reports whether the person looking may see a story.
func (s *Server) shown(r *http.Request, story *news.Story) bool {
	return story.ShownTo(who(r), may(r, staff.SeeEmbargoed), s.now())
}

func (s *Server) storyPage(r *http.Request, id news.StoryID) (*storyPage, error) {
	story, history, err := s.read(r, id)
	if err != nil {
		return nil, err
	}
	items, err := s.desk.Items(r.Context(), id)
	if err != nil {
		return nil, err
	}
	names, err := s.sourceNames(r.Context())
	if err != nil {
		return nil, err
	}
	name := story.Headline
	writing, err := s.writing(r, &story, items)
	if err != nil {
		return nil, err
	}
	page := newStoryPage(story, history, items, names)
	page.Name, page.Writing = name, writing
	old, err := s.desk.Versions(r.Context(), id)
	if err != nil {
		return nil, err
	}
	for n := range page.Items {
		page.Items[n].Versions = versionsOf(&page.Items[n].Item, old)
	}
	page.Decide, page.Back = may(r, staff.DecideStories), back(r)
	if page.Out, err = s.published(r.Context(), &page.Story); err != nil {
		return nil, err
	}
	page.Corrections, err = s.desk.Corrections(r.Context(), id)
	return page, err
}

// published reports whether an issue brought a story to its readers.
func (s *Server) published(ctx context.Context, story *news.Story) (bool, error) {
	if story.State != news.StoryApproved || story.Issue == 0 {
		return false, nil
	}
	i, err := s.issues.Issue(ctx, story.Issue)
	return err == nil && i.IsFrozen(), err
}

// storyAgain gives a form that was wrong back as it was sent, with what is
// wrong beside its field. Any other error is returned.
func (s *Server) storyAgain(w http.ResponseWriter, r *http.Request, f storyForm, err error) error {
	wrong, ok := newWrong(err)
	if !ok {
		return err
	}
	page, err := s.storyPage(r, f.ID)
	if err != nil {
		return err
	}
	page.Wrong, page.Typed = wrong, f.Values
	if f.Has("headline") {
		page.fill(f)
	}
	return s.site.RenderStatus(w, r, http.StatusUnprocessableEntity, "desk/story", page)
}

// fill puts what was sent into the editor, as it was sent.
func (p *storyPage) fill(f storyForm) {
	restore(&p.Story, f.Values)
	p.Revision = f.Seen
	p.Writing.Quotes, p.Writing.Further, p.Writing.Text = text(f.Values, "quotes"), text(f.Values, "further"), textOf(f.Values)
	p.Groups, p.ForAll, p.Kind = topicGroups(chosenTopics(f.Values)), f.Has("for-all"), news.Kind(f.Get("kind"))
	p.NamesChecked = f.Has("checked")
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
		page.Items = append(page.Items, itemView{Item: it, SourceName: names[it.Source], Parts: mark(it.Text, evidence), Leads: story.LedBy(&it)})
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
		view := decisionView{Decision: d, Words: pastTense(d.What), Undo: !d.Undone && d.Undoable() == nil && (free || !own)}
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
	f, err := readStoryForm(r)
	if err != nil {
		return err
	}
	here := fmt.Sprintf("/desk/stories/%d?%s", f.ID, url.Values{"back": {back(r)}}.Encode())
	if lang := f.Get("write"); lang != "" {
		f.Set("do", "save")
		here += "&" + url.Values{"text": {lang}}.Encode() + "#text-headline"
	}
	err = s.doToStory(r.Context(), who(r), f)
	if errors.Is(err, news.ErrConflict) && f.edits() {
		// Nothing that was typed is lost: it waits beside what the other saved.
		if err := s.desk.Keep(r.Context(), who(r), f.ID, f.Seen, f.Values); err != nil {
			return err
		}
		http.Redirect(w, r, fmt.Sprintf("/desk/stories/%d?conflict=1", f.ID), http.StatusSeeOther)
		return nil
	}
	if err == nil && f.edits() {
		err = s.desk.Forget(r.Context(), who(r), f.ID)
	}
	if err != nil {
		return s.storyAgain(w, r, f, err)
	}
	if f.leaves() {
		here = back(r)
	}
	http.Redirect(w, r, here, http.StatusSeeOther)
	return nil
}

// doToStory does what the pressed button of a story's form says.
func (s *Server) doToStory(ctx context.Context, name string, f storyForm) error {
	switch do := f.Get("do"); do {
	case "save":
		return s.saveWords(ctx, name, f)
	case "approve":
		return s.desk.Approve(ctx, name, f.ID, f.Seen, approvalOf(f.Values))
	case "reject":
		return s.desk.Reject(ctx, name, f.ID, cmp.Or(strings.TrimSpace(f.Get("own")), f.Get("reason")))
	case "later":
		return s.desk.Later(ctx, name, f.ID)
	case "requeue":
		return s.desk.Requeue(ctx, name, f.ID)
	case "withdraw":
		return s.desk.Withdraw(ctx, name, f.ID, f.Get("why"))
	case "assign":
		return s.desk.Assign(ctx, name, f.ID, strings.TrimSpace(f.Get("to")))
	case "embargo":
		until, err := untilOf(f.Get("until"), s.site.Zone())
		if err != nil {
			return err
		}
		return s.desk.HoldUntil(ctx, name, f.ID, until)
	case "forget":
		return s.desk.Forget(ctx, name, f.ID)
	case "split":
		item, _ := strconv.ParseInt(f.Get("item"), 10, 64)
		_, err := s.desk.Split(ctx, name, news.ItemID(item))
		return err
	default:
		return fmt.Errorf("%q is nothing that can be done to a story: %w", do, news.ErrInvalid)
	}
}

// saveWords saves the words of a story. Those of one that was published are
// corrected, and the readers are told, unless it was a slip of the pen.
func (s *Server) saveWords(ctx context.Context, name string, f storyForm) error {
	story, _, err := s.desk.Story(ctx, f.ID)
	if err != nil {
		return err
	}
	published, err := s.published(ctx, &story)
	switch {
	case err != nil:
		return err
	case published && f.Get("write") == "" && !f.Has("slip"):
		return s.desk.Correct(ctx, name, f.ID, f.Seen, approvalOf(f.Values), text(f.Values, "correction"))
	}
	return s.desk.Edit(ctx, name, f.ID, f.Seen, approvalOf(f.Values))
}

// edits reports whether a form saves what was typed.
func (f storyForm) edits() bool { return f.Get("do") == "save" || f.Get("do") == "approve" }

// leaves reports whether the story is done with, and the queue comes next.
func (f storyForm) leaves() bool {
	return slices.Contains([]string{"approve", "reject", "later"}, f.Get("do"))
}

// untilOf reads the end of an embargo, as the clocks of zone show it; empty
// lifts it.
func untilOf(text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation("2006-01-02T15:04", text, zone)
	if err != nil {
		return t, &news.WrongField{Field: "until", Err: fmt.Errorf("%q is no day and time: %w", text, news.ErrInvalid)}
	}
	return t.UTC(), nil
}

// approvalOf reads the editor's fields. A field the form does not have stays
// as the story has it; topics are chosen as a whole.
func approvalOf(form url.Values) news.Approval {
	var a news.Approval
	for name, into := range map[string]**string{"headline": &a.Headline, "summary": &a.Summary, "commentary": &a.Commentary} {
		if form.Has(name) {
			typed := text(form, name)
			*into = &typed
		}
	}
	if form.Has("topics-shown") {
		topics, all := chosenTopics(form), form.Get("for-all") != ""
		a.Topics, a.ForAll = &topics, &all
	}
	if form.Has("kind") {
		kind := news.Kind(form.Get("kind"))
		a.Kind = &kind
	}
	a.Writing = writingOf(form)
	return a
}

// chosenTopics are the topics that are ticked in a form.
func chosenTopics(form url.Values) []news.Slug {
	topics := []news.Slug{}
	for _, t := range form["topic"] {
		topics = append(topics, news.Slug(t))
	}
	return topics
}

// A newPage is the form that begins a story at the desk.
type newPage struct {
	help
	Wrong     wrong
	Typed     url.Values // what was sent and is wrong
	Groups    []topicGroup
	Kinds     []choice
	Languages []choice
}

// newNewPage is the form as it was sent, or empty.
func newNewPage(typed url.Values) *newPage {
	page := &newPage{help: newHelp(), Typed: typed, Groups: topicGroups(chosenTopics(typed))}
	for _, k := range news.Kinds() {
		page.Kinds = append(page.Kinds, choice{Name: kindName(string(k)), Path: string(k), Here: string(k) == typed.Get("kind")})
	}
	for _, code := range news.Languages() {
		page.Languages = append(page.Languages, choice{Name: web.LanguageName(code), Path: code, Here: code == typed.Get("language")})
	}
	return page
}

func (s *Server) newStory(w http.ResponseWriter, r *http.Request) error {
	return s.site.Render(w, r, "desk/new", newNewPage(nil))
}

func (s *Server) beginStory(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(r)
	if err != nil {
		return err
	}
	id, err := s.desk.Begin(r.Context(), who(r), form.Get("language"), form.Get("link"), approvalOf(form))
	if wrong, ok := newWrong(err); ok {
		page := newNewPage(form)
		page.Wrong = wrong
		return s.site.RenderStatus(w, r, http.StatusUnprocessableEntity, "desk/new", page)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, fmt.Sprintf("/desk/stories/%d", id), http.StatusSeeOther)
	return nil
}

// markdown shows a text as it will look.
func (s *Server) markdown(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(r)
	if err != nil {
		return err
	}
	return s.site.RenderBlock(w, r, "desk/story", "markdown", form.Get(form.Get("field")))
}
