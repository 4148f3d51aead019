// Package desk is the curators' and editors' part of the site: the queue, the
// page of one story, the issues and how the sources do. A handler reads the
// request, calls one service and renders. It cannot show a reader, because it
// cannot name one.
package desk

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/curate"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/publish"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// Sources says how the sources do.
type Sources interface {
	Sources(ctx context.Context) ([]news.Source, error)
	Polled(ctx context.Context, now time.Time) ([]news.Polled, error)
	Rhythm(ctx context.Context, now time.Time, days int) (map[news.SourceID][]int, error)
}

// A Server answers the desk's requests.
type Server struct {
	site    *web.Site
	desk    *curate.Desk
	issues  *publish.Publish
	reader  *curate.Reader
	sources Sources
	now     func() time.Time
}

// New returns the desk's pages over its services.
func New(site *web.Site, desk *curate.Desk, issues *publish.Publish, reader *curate.Reader, sources Sources, now func() time.Time) *Server {
	return &Server{site, desk, issues, reader, sources, now}
}

// Routes lists the desk's routes with the permission each needs.
func (s *Server) Routes() []web.Route {
	return []web.Route{
		// The queue, filtered by its query.
		{Pattern: "GET /desk", Needs: staff.ReadDesk, Do: s.queue},
		// Decide about one story or several, or take a decision back.
		{Pattern: "POST /desk", Needs: staff.DecideStories, Do: s.decide},
		// One story: what is published, why its topics, our own words.
		{Pattern: "GET /desk/stories/{id}", Needs: staff.ReadDesk, Do: s.story},
		{Pattern: "POST /desk/stories/{id}", Needs: staff.DecideStories, MaxBody: maxStoryForm, Do: s.saveStory},
		// What is being typed about it, kept; what the others should know.
		{Pattern: "POST /desk/stories/{id}/draft", Needs: staff.DecideStories, MaxBody: maxStoryForm, Do: s.keepDraft},
		{Pattern: "POST /desk/stories/{id}/notes", Needs: staff.Nominate, Do: s.addNote},
		{Pattern: "POST /desk/stories/{id}/seen", Needs: staff.ReadDesk, Do: s.seen},
		// What a person began, and what became of it.
		{Pattern: "GET /desk/mine", Needs: staff.Nominate, Do: s.mine},
		// A story begun at the desk.
		{Pattern: "GET /desk/new", Needs: staff.Nominate, Do: s.newStory},
		{Pattern: "POST /desk/new", Needs: staff.Nominate, MaxBody: maxStoryForm, Do: s.beginStory},
		// The issues; the draft of the next one is made by asking for it.
		{Pattern: "GET /desk/issues", Needs: staff.ReadDesk, Do: s.issueList},
		{Pattern: "POST /desk/issues", Needs: staff.ComposeIssues, Do: s.draft},
		// One issue: arranged, approved, sent, and what became of its copies.
		{Pattern: "GET /desk/issues/{id}", Needs: staff.ReadDesk, Do: s.issue},
		{Pattern: "POST /desk/issues/{id}", Needs: staff.ComposeIssues, MaxBody: maxStoryForm, Do: s.changeIssue},
		// What it says in a language other than its own.
		{Pattern: "GET /desk/issues/{id}/words", Needs: staff.ReadDesk, Do: s.issueWords},
		{Pattern: "POST /desk/issues/{id}/words", Needs: staff.ComposeIssues, MaxBody: maxStoryForm, Do: s.saveIssueWords},
		// The library of standing blocks; block 0 is a new one.
		{Pattern: "GET /desk/blocks", Needs: staff.ReadDesk, Do: s.blockList},
		{Pattern: "GET /desk/blocks/{id}", Needs: staff.ReadDesk, Do: s.block},
		{Pattern: "POST /desk/blocks/{id}", Needs: staff.ComposeIssues, MaxBody: maxStoryForm, Do: s.saveBlock},
		// The mail it becomes for a choice of language, format and topics.
		{Pattern: "GET /desk/issues/{id}/preview", Needs: staff.ReadDesk, Do: s.preview},
		{Pattern: "POST /desk/issues/{id}/preview", Needs: staff.ComposeIssues, Do: s.sendTest},
		{Pattern: "GET /desk/issues/{id}/checks", Needs: staff.ReadDesk, Do: s.checks},
		{Pattern: "GET /desk/issues/{id}/mail", Needs: staff.ReadDesk, Do: s.mail},
		// How each source does, and what came from it lately.
		{Pattern: "GET /desk/sources", Needs: staff.ReadDesk, Do: s.sourceList},
		// Why a topic, and why not; the words that speak for each, read and edited.
		{Pattern: "GET /desk/stories/{id}/why", Needs: staff.ReadDesk, Do: s.why},
		{Pattern: "GET /desk/lexicon", Needs: staff.ReadDesk, Do: s.lexicon},
		{Pattern: "GET /desk/lexicon/{topic}/{language}", Needs: staff.ReadDesk, Do: s.topicWords},
		{Pattern: "POST /desk/lexicon/{topic}/{language}", Needs: staff.DecideStories, MaxBody: 8 * news.MaxLexiconBytes, Do: s.editWords},
		// What the topics' pages say before their stories.
		{Pattern: "GET /desk/topics", Needs: staff.ReadDesk, Do: s.introductions},
		{Pattern: "GET /desk/topics/{topic}/{language}", Needs: staff.ReadDesk, Do: s.introduction},
		{Pattern: "POST /desk/topics/{topic}/{language}", Needs: staff.DecideStories, MaxBody: maxStoryForm, Do: s.introduce},
		// Markdown as it will look.
		{Pattern: "POST /desk/markdown", Needs: staff.Nominate, MaxBody: maxStoryForm, Do: s.markdown},
	}
}

// maxStoryForm bounds a form with a summary and a commentary: each may hold
// news.MaxTextBytes, and percent-encoding triples Arabic.
const maxStoryForm = 8 * news.MaxTextBytes

// storyID reads the story a request is about.
func storyID(text string) (news.StoryID, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return 0, fmt.Errorf("story %q: %w", text, news.ErrNotFound)
	}
	return news.StoryID(id), nil
}

// who is the account a request acts for.
func who(r *http.Request) string { return web.Account(r).Name }

// may reports whether the person looking may do p.
func may(r *http.Request, p staff.Permission) bool { return web.Account(r).May(p) }

// back is where a form leads: the page of the queue it was sent from.
func back(r *http.Request) string {
	u, err := url.Parse(r.FormValue("back"))
	if err != nil || u.Path != "/desk" || u.Host != "" || u.Scheme != "" {
		return "/desk"
	}
	return u.String()
}

// A key is one key of the keyboard and what it does. The help lists them and
// the script reads them from there, so the two cannot differ.
type key struct{ Key, Do, Words string }

var keys = []key{
	{"j", "next", "Next story"},
	{"k", "previous", "Story before"},
	{"o", "open", "Open the story"},
	{"a", "approve", "Approve"},
	{"r", "reject", "Reject, with a reason"},
	{"l", "later", "Keep for later"},
	{"t", "topics", "Topics"},
	{"c", "comment", "Write the commentary"},
	{"w", "translate", "Write in another language"},
	{"q", "quote", "Quote what is selected"},
	{"x", "select", "Select, for several at once"},
	{"m", "merge", "Merge the selected stories"},
	{"u", "undo", "Undo the last decision"},
	{"/", "search", "Search"},
	{"?", "help", "This help"},
}

// help is what the dialogs of every desk page show.
type help struct {
	Keys    []key
	Reasons []string
}

func newHelp() help { return help{keys, news.RejectReasons()} }

// sourceNames maps the ids of sources to their names.
func (s *Server) sourceNames(ctx context.Context) (map[news.SourceID]string, error) {
	sources, err := s.sources.Sources(ctx)
	if err != nil {
		return nil, err
	}
	names := map[news.SourceID]string{}
	for _, src := range sources {
		names[src.ID] = src.Name
	}
	return names, nil
}

// excerpt is the beginning of a text for a list.
func excerpt(text string, runes int) string {
	text = strings.Join(strings.Fields(text), " ")
	r := []rune(text)
	if len(r) <= runes {
		return text
	}
	cut := string(r[:runes])
	if i := strings.LastIndexByte(cut, ' '); i > len(cut)/2 {
		cut = cut[:i]
	}
	return cut + " …"
}
