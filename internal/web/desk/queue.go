package desk

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/analyze"
	"github.com/ifhhro/rightsdesk/internal/curate"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// A queuePage is the queue with its filters.
type queuePage struct {
	help
	Title   string
	State   news.StoryState
	States  []choice
	Groups  []choices
	Active  []choice // filters in force; Path takes one away
	Days    []day
	Query   string
	Hidden  []hidden // the other filters, kept while searching
	Here    string   // address of this page, for the forms' way back
	More    string   // address of the next page; empty on the last
	Last    *lastDecision
	Notices []noticeView
	Decide  bool // the person may decide
	Begin   bool // the person may begin a story
	Nothing bool // the desk holds no story at all
	Fed     bool // it has a source
	Silent  *silence
	Runs    bool  // the person runs the desk
	Wrong   wrong // why nothing was decided
}

// A silence is that not one source answers.
type silence struct {
	Sources int
	Error   string // what the last of them said
}

type hidden struct{ Name, Value string }

// A choice is one link of the filters.
type choice struct {
	Name, Path, Count string
	Here              bool
	ID                string // of the count; only tabs have one
}

type choices struct {
	Name string
	List []choice
}

type day struct {
	Name string
	Rows []row
}

// A row is one story of the queue.
type row struct {
	news.Story
	Topics  []scored
	Mark    []part // the headline, hits marked
	Excerpt string
	Hits    []part // the excerpt, hits marked
}

// A noticeView is a note that concerns the person looking.
type noticeView struct {
	news.Note
	Headline string
}

// A scored topic has the strength the classifier gave it; 0 where a person
// chose it.
type scored struct {
	Name, Path string
	Score      float64
}

// A lastDecision is what can be taken back at once.
type lastDecision struct {
	news.Decision
	Words string
}

// undoFor is how long the queue offers to take the last decision back; the
// story's own page offers it for ever.
const undoFor = 30 * time.Minute

// filterOf reads a filter from the address of a queue page. What it cannot
// read chooses everything.
func filterOf(q url.Values) news.Filter {
	f := news.Filter{State: news.StoryQueued, Topic: news.Slug(q.Get("topic")), Language: q.Get("language"), Country: q.Get("country"),
		Kind: news.Kind(q.Get("kind")), Due: q.Get("due") != "", Assigned: q.Get("assigned"),
		Begun: q.Get("begun"), Query: strings.TrimSpace(q.Get("q"))}
	if state := news.StoryState(q.Get("state")); slices.Contains(news.StoryStates(), state) {
		f.State = state
	}
	source, _ := strconv.ParseInt(q.Get("source"), 10, 64)
	f.Source = news.SourceID(source)
	at, id, _ := strings.Cut(q.Get("after"), "-")
	millis, err := strconv.ParseInt(at, 10, 64)
	story, err2 := strconv.ParseInt(id, 10, 64)
	if err == nil && err2 == nil {
		f.After = news.Place{At: time.UnixMilli(millis).UTC(), Story: news.StoryID(story)}
	}
	return f
}

// with is the address of the queue with one field of its query changed, from
// the top of the list. An empty value takes the field out.
func with(q url.Values, name, value string) string {
	next := url.Values{}
	for k, v := range q {
		if k != "after" && k != name && len(v) > 0 && v[0] != "" {
			next.Set(k, v[0])
		}
	}
	if value != "" {
		next.Set(name, value)
	}
	if len(next) == 0 {
		return "/desk"
	}
	return "/desk?" + next.Encode()
}

// known keeps the fields of a query that filters use.
func known(q url.Values) url.Values {
	out := url.Values{}
	for _, name := range []string{"state", "topic", "language", "country", "kind", "due", "source", "assigned", "begun", "q", "after"} {
		if v := q.Get(name); v != "" {
			out.Set(name, v)
		}
	}
	return out
}

func (s *Server) queue(w http.ResponseWriter, r *http.Request) error {
	page, err := s.queuePage(r, known(r.URL.Query()))
	if err != nil {
		return err
	}
	return s.site.Render(w, r, "desk/queue", page)
}

// queueAgain shows the queue a form was sent from once more, with why nothing
// was done. Any other error is returned.
func (s *Server) queueAgain(w http.ResponseWriter, r *http.Request, err error) error {
	wrong, ok := newWrong(err)
	if !ok || web.IsFragment(r) {
		return err
	}
	u, err := url.Parse(back(r))
	if err != nil {
		return err
	}
	page, err := s.queuePage(r, known(u.Query()))
	if err != nil {
		return err
	}
	page.Wrong = wrong
	return s.site.RenderStatus(w, r, http.StatusUnprocessableEntity, "desk/queue", page)
}

func (s *Server) queuePage(r *http.Request, q url.Values) (*queuePage, error) {
	f := filterOf(q)
	f.Open, f.Own = !may(r, staff.SeeEmbargoed), who(r)
	stories, more, err := s.desk.Queue(r.Context(), f)
	if err != nil {
		return nil, err
	}
	page := &queuePage{help: newHelp(), State: f.State, Query: q.Get("q"), Here: "/desk", Decide: may(r, staff.DecideStories),
		Begin: may(r, staff.Nominate), Runs: may(r, staff.RunDesk)}
	if len(q) > 0 {
		page.Here += "?" + q.Encode()
	}
	if more != (news.Place{}) {
		page.More = with(q, "after", fmt.Sprintf("%d-%d", more.At.UnixMilli(), more.Story))
	}
	if page.Days = days(stories, s.now().In(s.site.Zone())); f.Query != "" {
		page.Days = hits(stories, f)
	}
	if err := s.filters(r.Context(), page, q, f); err != nil {
		return nil, err
	}
	if len(stories) == 0 && f.State == news.StoryQueued && f.Query == "" && len(page.Active) == 0 {
		if err := s.whyEmpty(r.Context(), page); err != nil {
			return nil, err
		}
	}
	if page.Last, err = s.lastDecision(r.Context(), who(r)); err != nil {
		return nil, err
	}
	page.Notices, err = s.notices(r)
	return page, err
}

// whyEmpty looks whether the queue is empty because no source answers.
func (s *Server) whyEmpty(ctx context.Context, page *queuePage) error {
	polled, err := s.sources.Polled(ctx, s.now())
	if err != nil {
		return err
	}
	var asked, failing int
	var last news.Polled
	for _, p := range polled {
		switch state := p.State(); {
		case state == news.SourceOff || state == news.SourcePaused:
			continue
		case trouble(state):
			failing++
			if p.Polling.Last.After(last.Polling.Last) || failing == 1 {
				last = p
			}
		}
		asked++
	}
	page.Fed = asked > 0
	if asked > 0 && failing == asked {
		page.Silent = &silence{asked, last.Polling.Error}
	}
	return nil
}

// days groups a list that runs newest first by the day of each story, in the
// zone of now.
func days(stories []news.Story, now time.Time) []day {
	var out []day
	for _, story := range stories {
		name := dayName(story.Published, now)
		if len(out) == 0 || out[len(out)-1].Name != name {
			out = append(out, day{Name: name})
		}
		last := &out[len(out)-1]
		last.Rows = append(last.Rows, newRow(story))
	}
	return out
}

// hits is the list of a search: the words that were asked for are marked.
func hits(stories []news.Story, f news.Filter) []day {
	if len(stories) == 0 {
		return nil
	}
	found := day{Name: "Found"}
	words := analyze.Query(f.Query, f.Language)
	for _, story := range stories {
		r := newRow(story)
		r.Mark, r.Hits = markHits(story.Headline, story.Language, words), markHits(r.Excerpt, story.Language, words)
		found.Rows = append(found.Rows, r)
	}
	return []day{found}
}

func dayName(t, now time.Time) string {
	t = t.In(now.Location())
	name := t.Format("Monday, 2 January 2006")
	switch {
	case t.Format(time.DateOnly) == now.Format(time.DateOnly):
		return "Today, " + t.Format("2 January")
	case t.Format(time.DateOnly) == now.AddDate(0, 0, -1).Format(time.DateOnly):
		return "Yesterday, " + t.Format("2 January")
	}
	return name
}

func newRow(story news.Story) row {
	r := row{Story: story, Excerpt: excerpt(prose.MarkdownText(story.Summary), 240), Topics: scoredTopics(story), Mark: []part{{Text: story.Headline}}}
	if r.Excerpt != "" {
		r.Hits = []part{{Text: r.Excerpt}}
	}
	return r
}

// scoredTopics are a story's topics with the strength of each.
func scoredTopics(story news.Story) []scored {
	var out []scored
	for _, slug := range story.Topics {
		t := scored{Name: web.TopicName(slug), Path: "/desk?topic=" + url.QueryEscape(string(slug))}
		for _, score := range story.Facts.Topics {
			if score.Slug == slug {
				t.Score = score.Score
			}
		}
		out = append(out, t)
	}
	return out
}

// filters fills in what the list can be narrowed by.
func (s *Server) filters(ctx context.Context, page *queuePage, q url.Values, f news.Filter) error {
	states, nothing, err := s.states(ctx, f.State)
	if err != nil {
		return err
	}
	facets, err := s.desk.Facets(ctx, f.State)
	if err != nil {
		return err
	}
	sources, err := s.sourceNames(ctx)
	if err != nil {
		return err
	}
	page.Title, page.States, page.Nothing = stateName(f.State), states, nothing
	for _, group := range groups(sources) {
		list := group.choices(q, facets)
		if len(list) > 0 {
			page.Groups = append(page.Groups, choices{group.title, list})
		}
		if v := q.Get(group.field); v != "" {
			page.Active = append(page.Active, choice{Name: group.name(v), Path: with(q, group.field, "")})
		}
	}
	for name := range q {
		if name != "q" && name != "after" {
			page.Hidden = append(page.Hidden, hidden{name, q.Get(name)})
		}
	}
	slices.SortFunc(page.Hidden, func(a, b hidden) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

// states are the tabs of the queue with their counts, and whether the desk
// holds no story at all.
func (s *Server) states(ctx context.Context, here news.StoryState) (tabs []choice, nothing bool, err error) {
	counts, err := s.desk.Counts(ctx)
	if err != nil {
		return nil, false, err
	}
	nothing = true
	for _, state := range news.StoryStates() {
		if counts[state] > 0 {
			nothing = false
		}
		value := string(state)
		if state == news.StoryQueued {
			value = ""
		}
		tabs = append(tabs, choice{Name: stateName(state), Path: with(url.Values{}, "state", value), Count: count(counts[state]), Here: state == here, ID: string(state)})
	}
	return tabs, nothing, nil
}

// A group is one field the queue can be filtered by.
type group struct {
	title, field string
	name         func(value string) string
}

func groups(sources map[news.SourceID]string) []group {
	return []group{
		{"Deadline", "due", func(string) string { return "With a deadline" }},
		{"Topic", "topic", func(v string) string { return web.TopicName(news.Slug(v)) }},
		{"Language", "language", web.LanguageName},
		{"Country", "country", web.CountryName},
		{"Kind", "kind", kindName},
		{"Looked after by", "assigned", func(v string) string { return v }},
		{"Begun by", "begun", func(v string) string { return v }},
		{"Source", "source", func(v string) string {
			id, _ := strconv.ParseInt(v, 10, 64)
			if name, ok := sources[news.SourceID(id)]; ok {
				return name
			}
			return "Source " + v
		}},
	}
}

// choices lists the values of a field that stories have, most frequent first;
// at most a dozen, and always the one in force.
func (g group) choices(q url.Values, facets map[string]int) []choice {
	type value struct {
		text string
		n    int
	}
	var values []value
	for facet, n := range facets {
		if text, ok := strings.CutPrefix(facet, g.field+":"); ok {
			values = append(values, value{text, n})
		}
	}
	slices.SortFunc(values, func(a, b value) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(g.name(a.text), g.name(b.text)))
	})
	if len(values) > 12 {
		values = values[:12]
	}
	var out []choice
	for _, v := range values {
		here := q.Get(g.field) == v.text
		path := with(q, g.field, v.text)
		if here {
			path = with(q, g.field, "")
		}
		out = append(out, choice{Name: g.name(v.text), Path: path, Count: few(v.n), Here: here})
	}
	return out
}

func stateName(state news.StoryState) string {
	return map[news.StoryState]string{news.StoryQueued: "Queue", news.StoryLater: "Kept for later", news.StoryApproved: "Approved",
		news.StoryRejected: "Rejected", news.StoryWithdrawn: "Withdrawn", news.StoryMerged: "Merged"}[state]
}

func kindName(kind string) string {
	name := strings.ReplaceAll(kind, "-", " ")
	if name == "" {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// few is a count of the filters, which stops at a hundred.
func few(n int) string {
	if n >= 100 {
		return "100+"
	}
	return strconv.Itoa(n)
}

func count(n int) string {
	if n >= 1000 {
		return "1,000+"
	}
	return strconv.Itoa(n)
}

// lastDecision is what a person decided a short while ago.
func (s *Server) lastDecision(ctx context.Context, name string) (*lastDecision, error) {
	last, err := s.desk.Last(ctx, name)
	if err != nil || last.ID == 0 || s.now().Sub(last.At) > undoFor {
		return nil, err
	}
	story, _, err := s.desk.Story(ctx, last.Story)
	if err != nil {
		return nil, err
	}
	return &lastDecision{last, fmt.Sprintf("%s: “%s”", pastTense(last.What), excerpt(story.Headline, 70))}, nil
}

func (s *Server) notices(r *http.Request) ([]noticeView, error) {
	ctx := r.Context()
	notes, err := s.desk.Notices(ctx, who(r))
	if err != nil {
		return nil, err
	}
	var out []noticeView
	for _, n := range notes {
		story, _, err := s.desk.Story(ctx, n.Story)
		if err != nil {
			return nil, err
		}
		if s.shown(r, &story) {
			out = append(out, noticeView{n, excerpt(story.Headline, 70)})
		}
	}
	return out, nil
}

// pastTense is what was done, as the history says it.
func pastTense(what string) string {
	if words, ok := map[string]string{"approve": "Approved", "reject": "Rejected", "later": "Kept for later", "requeue": "Back in the queue",
		"edit": "Edited", "merge": "Merged", "split": "Split", "begin": "Begun", "assign": "Given to", "embargo": "Embargo", "correct": "Corrected", "withdraw": "Withdrawn"}[what]; ok {
		return words
	}
	return kindName(what)
}

// decide acts on what the queue's form says: a button of one row, the
// selection with its verb, or undo.
func (s *Server) decide(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(r)
	if err != nil {
		return err
	}
	if v := form.Get("undo"); v != "" {
		return s.undo(w, r, v)
	}
	verb, ids, err := asked(form)
	if err != nil {
		return err
	}
	if verb == "merge" {
		if err := s.desk.Merge(r.Context(), who(r), ids); err != nil {
			return s.queueAgain(w, r, err)
		}
		http.Redirect(w, r, back(r), http.StatusSeeOther)
		return nil
	}
	reason := strings.TrimSpace(cmp.Or(form.Get("own"), form.Get("reason")))
	done, err := s.desk.All(r.Context(), who(r), curate.Verb(verb), ids, reason)
	if err != nil {
		return s.queueAgain(w, r, err)
	}
	if len(done) == 0 {
		return fmt.Errorf("somebody decided about it in the meantime: %w", news.ErrConflict)
	}
	if web.IsFragment(r) {
		return s.decided(w, r, done[0])
	}
	http.Redirect(w, r, back(r), http.StatusSeeOther)
	return nil
}

// asked reads which stories a form means and what to do with them. A row's own
// button counts before the selection.
func asked(form url.Values) (verb string, ids []news.StoryID, err error) {
	values := form["story"]
	verb = form.Get("do")
	for _, v := range []curate.Verb{curate.Approve, curate.Reject, curate.Later, curate.Requeue} {
		if one := form.Get(string(v)); one != "" {
			verb, values = string(v), []string{one}
		}
	}
	for _, v := range values {
		id, err := storyID(v)
		if err != nil {
			return "", nil, err
		}
		ids = append(ids, id)
	}
	return verb, ids, nil
}

// A doneRow is what stands where a story was in the list once it is decided.
type doneRow struct {
	news.Story
	Words    string
	Decision int64
	States   []choice
}

// A backRow is a story that came back into the list.
type backRow struct {
	Row    row
	States []choice
}

func (s *Server) decided(w http.ResponseWriter, r *http.Request, id news.StoryID) error {
	story, history, err := s.desk.Story(r.Context(), id)
	if err != nil {
		return err
	}
	states, _, err := s.states(r.Context(), "")
	if err != nil {
		return err
	}
	last := history[len(history)-1]
	return s.site.RenderBlock(w, r, "desk/queue", "done", doneRow{story, pastTense(last.What), last.ID, states})
}

func (s *Server) undo(w http.ResponseWriter, r *http.Request, decision string) error {
	id, err := strconv.ParseInt(decision, 10, 64)
	if err != nil {
		return fmt.Errorf("decision %q: %w", decision, news.ErrNotFound)
	}
	stories, err := s.desk.Undo(r.Context(), who(r), id)
	if err != nil {
		return err
	}
	if web.IsFragment(r) && len(stories) == 1 {
		story, _, err := s.desk.Story(r.Context(), stories[0])
		if err != nil {
			return err
		}
		states, _, err := s.states(r.Context(), "")
		if err != nil {
			return err
		}
		return s.site.RenderBlock(w, r, "desk/queue", "back-row", backRow{newRow(story), states})
	}
	http.Redirect(w, r, back(r), http.StatusSeeOther)
	return nil
}
