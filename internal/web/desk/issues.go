package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/publish"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// listed is how many issues the list shows.
const listed = 100

// An issuesPage lists the issues, the latest first.
type issuesPage struct {
	help
	Issues  []news.Issue
	Free    int // stories approved and in no issue
	Compose bool
}

func (s *Server) issueList(w http.ResponseWriter, r *http.Request) error {
	issues, err := s.issues.Issues(r.Context(), listed)
	if err != nil {
		return err
	}
	free, err := s.desk.Free(r.Context())
	if err != nil {
		return err
	}
	return s.site.Render(w, r, "desk/issues", &issuesPage{newHelp(), issues, free, may(r, staff.ComposeIssues)})
}

// draft makes sure the next issue exists, with all that is approved, and opens
// it.
func (s *Server) draft(w http.ResponseWriter, r *http.Request) error {
	i, err := s.issues.Draft(r.Context(), who(r))
	if errors.Is(err, news.ErrNotFound) {
		return &web.Problem{Status: http.StatusConflict, Title: "There is nothing to put in an issue yet", Text: "No approved story waits for one.",
			Next: "Approve a story in the queue first.", Link: "/desk", Err: err}
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, issuePath(i.ID), http.StatusSeeOther)
	return nil
}

func issuePath(id news.IssueID) string { return fmt.Sprintf("/desk/issues/%d", id) }

// An issuePage is one issue: its arrangement while it can change, its books
// once it is frozen.
type issuePage struct {
	help
	news.Issue
	Sections  []sectionView
	Ledger    news.Ledger
	Books     []book
	Now       time.Time // when the books were read
	Compose   bool
	Readers   bool          // the person may see readers, and so caught mail
	Alone     bool          // they arranged it themselves: a second person approves
	Beside    []besideView  // what stands beside the stories, in groups
	Languages []choice      // in which it can have words beside its own
	Conflict  *conflictView // nil unless somebody else saved meanwhile

	byID map[news.StoryID]news.Story
}

type sectionView struct {
	Heading string
	First   bool
	Stories []news.Story
}

// A book is one part of an issue's bar: what became of so many copies.
type book struct {
	Name, Class string
	N           int
	X, Width    float64 // of a bar 1000 wide
	Marked      float64 // so much of its end may have arrived twice
}

func (s *Server) issue(w http.ResponseWriter, r *http.Request) error {
	id, err := issueID(r)
	if err != nil {
		return err
	}
	page, err := s.issuePage(r.Context(), id)
	if err != nil {
		return err
	}
	page.Compose, page.Readers, page.Alone = may(r, staff.ComposeIssues), may(r, staff.SeeReaders), page.Issue.Alone(who(r))
	return s.site.Render(w, r, "desk/issue", page)
}

func (s *Server) issuePage(ctx context.Context, id news.IssueID) (*issuePage, error) {
	i, err := s.issues.Issue(ctx, id)
	if err != nil {
		return nil, err
	}
	var ledger news.Ledger
	if i.IsFrozen() {
		if ledger, err = s.issues.Ledger(ctx, id); err != nil {
			return nil, err
		}
	}
	stories, err := s.issues.Stories(ctx, id)
	if err != nil {
		return nil, err
	}
	around, err := s.issues.Around(ctx, i)
	if err != nil {
		return nil, err
	}
	page := newIssuePage(i, ledger, stories)
	page.Now = s.now()
	page.Beside, page.Languages = besideOf(&i, around), issueLanguages(&i, "")
	return page, nil
}

func newIssuePage(i news.Issue, ledger news.Ledger, stories []news.Story) *issuePage {
	page := &issuePage{help: newHelp(), Issue: i, Ledger: ledger, Books: books(ledger), byID: map[news.StoryID]news.Story{}}
	for _, story := range stories {
		page.byID[story.ID] = story
	}
	page.arrange(i.Sections)
	return page
}

// arrange shows the stories in these sections.
func (p *issuePage) arrange(sections []news.Section) {
	p.Sections = nil
	for n, section := range sections {
		view := sectionView{Heading: section.Heading, First: n == 0}
		for _, id := range section.Stories {
			if story, ok := p.byID[id]; ok {
				view.Stories = append(view.Stories, story)
			}
		}
		p.Sections = append(p.Sections, view)
	}
}

// books draws the ledger of an issue as one bar, in the order a copy lives.
// Whatever there is of a part can be seen, be it one copy of thousands.
func books(l news.Ledger) []book {
	all := []book{
		{Name: "Sent", Class: "sent", N: l.Sent},
		{Name: "Waiting", Class: "waiting", N: l.Waiting},
		{Name: "Refused by the server", Class: "refused", N: l.Refused},
		{Name: "Given up after three days", Class: "given_up", N: l.GivenUp},
		{Name: "Left out", Class: "excluded", N: l.Excluded},
		{Name: "Withdrawn", Class: "withdrawn", N: l.Withdrawn},
	}
	sum := 0.0
	for n := range all {
		all[n].Width = seen(all[n].N, l.Intended)
		sum += all[n].Width
	}
	x, scale := 0.0, 1000/max(sum, 1)
	for n := range all {
		b := &all[n]
		b.X, b.Width = x, b.Width*scale
		b.Marked = min(b.Width, seen(l.Marked[b.Class], l.Intended)*scale)
		x += b.Width
	}
	return all
}

// seen is how wide n of so many is on a bar 1000 wide; never too narrow to be
// seen.
func seen(n, of int) float64 {
	if n == 0 {
		return 0
	}
	return max(6, 1000*float64(n)/float64(max(of, 1)))
}

// MarkedX is where the mark begins.
func (b book) MarkedX() float64 { return b.X + b.Width - b.Marked }

func issueID(r *http.Request) (news.IssueID, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, fmt.Errorf("issue %q: %w", r.PathValue("id"), news.ErrNotFound)
	}
	return news.IssueID(id), nil
}

// changeIssue does what the pressed button of an issue's page says.
func (s *Server) changeIssue(w http.ResponseWriter, r *http.Request) error {
	id, err := issueID(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("form: %w", err)
	}
	err = s.act(r, id)
	if errors.Is(err, news.ErrConflict) && saves(r.PostForm) {
		seen, _ := strconv.ParseInt(r.PostForm.Get("revision"), 10, 64)
		return s.arrangeConflict(w, r, id, arrangementOf(r.PostForm), seen, err)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, issuePath(id), http.StatusSeeOther)
	return nil
}

// saves reports whether the pressed button saves an arrangement.
func saves(form url.Values) bool {
	do := form.Get("do")
	return form.Has("title") && (do == "save" || do == "")
}

func (s *Server) act(r *http.Request, id news.IssueID) (err error) {
	ctx, name, form := r.Context(), who(r), r.PostForm
	seen, _ := strconv.ParseInt(form.Get("revision"), 10, 64)
	switch do := form.Get("do"); do {
	case "approve":
		_, err = s.issues.Approve(ctx, id, seen, name)
	case "send":
		_, err = s.issues.Send(ctx, id, name)
	case "hold":
		_, err = s.issues.Hold(ctx, id, strings.TrimSpace(form.Get("why")), name)
	case "resume":
		_, err = s.issues.Resume(ctx, id, name)
	case "cancel":
		_, err = s.issues.Cancel(ctx, id, name)
	case "withdraw":
		_, err = s.issues.Withdraw(ctx, id, name)
	case "take":
		_, err = s.issues.Draft(ctx, name)
	case "undo":
		_, err = s.issues.Undo(ctx, id, seen, name)
	case "by-topic":
		err = s.byTopic(ctx, id, seen, name)
	case "save", "":
		_, err = s.issues.Arrange(ctx, id, arrangementOf(form), seen, name)
	default:
		err = fmt.Errorf("%q is nothing that can be done to an issue: %w", do, news.ErrInvalid)
	}
	return err
}

// byTopic puts the stories of an issue in a section for each topic: that of
// the story's first.
func (s *Server) byTopic(ctx context.Context, id news.IssueID, seen int64, name string) error {
	stories, err := s.issues.Stories(ctx, id)
	if err != nil {
		return err
	}
	sections := news.SectionsBy(stories, func(s *news.Story) string {
		if len(s.Topics) == 0 {
			return ""
		}
		return web.TopicName(s.Topics[0])
	})
	_, err = s.issues.Arrange(ctx, id, news.Arrangement{Sections: &sections}, seen, name)
	return err
}

var storyLine = regexp.MustCompile(`^#story-(\d+)$`)

// arrangementOf reads the form of a draft: its lines are headings and stories
// in the order of the page, and one button may move one of them.
func arrangementOf(form url.Values) news.Arrangement {
	title, introduction := form.Get("title"), text(form, "introduction")
	sections := []news.Section{{}}
	for n, line := range form["line"] {
		last := &sections[len(sections)-1]
		if m := storyLine.FindStringSubmatch(line); m != nil {
			id, _ := strconv.ParseInt(m[1], 10, 64)
			last.Stories = append(last.Stories, news.StoryID(id))
			continue
		}
		// A heading that was emptied joins its section to the one before.
		heading := strings.Join(strings.Fields(line), " ")
		switch {
		case n == 0:
			last.Heading = heading
		case heading != "":
			sections = append(sections, news.Section{Heading: heading})
		}
	}
	verb, what, _ := strings.Cut(form.Get("move"), ":")
	if n, err := strconv.Atoi(what); err == nil && strings.HasPrefix(verb, "section-") {
		sections = moveSection(sections, verb, n)
	} else if id, err := strconv.ParseInt(what, 10, 64); err == nil {
		sections = move(sections, verb, news.StoryID(id), cmp.Or(strings.TrimSpace(form.Get("new-heading")), "New section"))
	}
	return news.Arrangement{Title: &title, Introduction: &introduction, Sections: &sections, LeftOut: leftOut(form)}
}

// moveSection takes a whole section one place up or down.
func moveSection(sections []news.Section, verb string, n int) []news.Section {
	to := n - 1
	if verb == "section-down" {
		to = n + 1
	}
	if n < 0 || n >= len(sections) || to < 0 || to >= len(sections) {
		return sections
	}
	sections[n], sections[to] = sections[to], sections[n]
	return sections
}

// move takes a story one place up or down, over the edge of its section into
// the next, or out; or begins a section with it. Sections left empty go.
func move(sections []news.Section, verb string, id news.StoryID, heading string) []news.Section {
	s, at := place(sections, id)
	if s < 0 {
		return sections
	}
	stories := sections[s].Stories
	switch {
	case verb == "up" && at > 0:
		stories[at-1], stories[at] = stories[at], stories[at-1]
	case verb == "down" && at < len(stories)-1:
		stories[at+1], stories[at] = stories[at], stories[at+1]
	case verb == "up" && s > 0:
		sections[s].Stories = stories[1:]
		sections[s-1].Stories = append(sections[s-1].Stories, id)
	case verb == "down" && s < len(sections)-1:
		sections[s].Stories = stories[:at]
		sections[s+1].Stories = append([]news.StoryID{id}, sections[s+1].Stories...)
	case verb == "out":
		sections[s].Stories = slices.Delete(stories, at, at+1)
	case verb == "section":
		rest := news.Section{Heading: heading, Stories: slices.Clone(stories[at:])}
		sections[s].Stories = stories[:at]
		sections = slices.Insert(sections, s+1, rest)
	}
	return slices.DeleteFunc(sections, func(s news.Section) bool { return len(s.Stories) == 0 })
}

func place(sections []news.Section, id news.StoryID) (section, at int) {
	for s := range sections {
		if at := slices.Index(sections[s].Stories, id); at >= 0 {
			return s, at
		}
	}
	return -1, -1
}

// A previewPage shows the mail a reader of some choice gets.
type previewPage struct {
	help
	news.Issue
	Choice    publish.Choice
	Phone     bool
	Scheme    string // light or dark
	Mail      publish.Mail
	Frame     string // address of the HTML as a document of its own
	Nothing   bool   // no story is for such a reader
	Languages []choice
	Formats   []choice
	Schemes   []choice
	Compose   bool // the person may send it to themselves
	Tested    bool // they just did
	Groups    []topicGroup
}

// choiceOf reads what a reader could have chosen from a preview's address.
func choiceOf(q url.Values) publish.Choice {
	c := publish.Choice{Language: cmp.Or(q.Get("language"), "en"), Format: cmp.Or(q.Get("format"), "html")}
	for _, topic := range q["topic"] {
		if topic != "" {
			c.Topics = append(c.Topics, news.Slug(topic))
		}
	}
	return c
}

func (s *Server) preview(w http.ResponseWriter, r *http.Request) error {
	id, err := issueID(r)
	if err != nil {
		return err
	}
	i, err := s.issues.Issue(r.Context(), id)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	page := &previewPage{help: newHelp(), Issue: i, Choice: choiceOf(q), Phone: q.Get("width") == "phone", Scheme: schemeOf(q)}
	page.Groups, page.Compose, page.Tested = topicGroups(page.Choice.Topics), may(r, staff.ComposeIssues), q.Has("tested")
	for _, scheme := range []choice{{Name: "Light", Path: "light"}, {Name: "Dark", Path: "dark"}} {
		scheme.Here = scheme.Path == page.Scheme
		page.Schemes = append(page.Schemes, scheme)
	}
	for _, code := range news.Languages() {
		page.Languages = append(page.Languages, choice{Name: web.LanguageName(code), Path: code, Here: code == page.Choice.Language})
	}
	for _, f := range []choice{{Name: "HTML", Path: "html"}, {Name: "Text", Path: "text"}, {Name: "Short text", Path: "lite"}} {
		f.Here = f.Path == page.Choice.Format
		page.Formats = append(page.Formats, f)
	}
	page.Mail, err = s.issues.Preview(r.Context(), id, page.Choice)
	switch {
	case errors.Is(err, news.ErrNotFound):
		page.Nothing = true
	case err != nil:
		return err
	}
	page.Frame = issuePath(id) + "/mail?" + url.Values{"language": {page.Choice.Language}, "format": {page.Choice.Format}, "scheme": {page.Scheme}, "topic": q["topic"]}.Encode()
	return s.site.Render(w, r, "desk/preview", page)
}

// mail is the HTML of a preview, as the sandboxed document of its frame.
func (s *Server) mail(w http.ResponseWriter, r *http.Request) error {
	id, err := issueID(r)
	if err != nil {
		return err
	}
	m, err := s.issues.Preview(r.Context(), id, choiceOf(r.URL.Query()))
	if err != nil {
		return err
	}
	return web.Mail(w, []byte(inScheme(m.HTML, schemeOf(r.URL.Query()))))
}

// sendTest sends the mail of a preview to the person who looks at it.
func (s *Server) sendTest(w http.ResponseWriter, r *http.Request) error {
	id, err := issueID(r)
	if err != nil {
		return err
	}
	form, err := readForm(r)
	if err != nil {
		return err
	}
	if err := s.issues.SendTest(r.Context(), id, choiceOf(form), strings.TrimSpace(form.Get("address")), who(r)); err != nil {
		return err
	}
	back := url.Values{"language": form["language"], "format": form["format"], "topic": form["topic"], "tested": {"1"}}
	http.Redirect(w, r, issuePath(id)+"/preview?"+back.Encode()+"#test", http.StatusSeeOther)
	return nil
}

func schemeOf(q url.Values) string {
	if q.Get("scheme") == "dark" {
		return "dark"
	}
	return "light"
}

// inScheme shows a mail as a mail program does that is set to light or dark,
// whatever the editor's own browser is set to.
func inScheme(html, scheme string) string {
	when := "not all"
	if scheme == "dark" {
		when = "all"
	}
	return strings.ReplaceAll(darkMedia.ReplaceAllString(html, "@media "+when), `content="light dark"`, `content="`+scheme+`"`)
}

var darkMedia = regexp.MustCompile(`@media\s*\(prefers-color-scheme:\s*dark\)`)
