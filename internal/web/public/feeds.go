package public

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/feedout"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
	"github.com/ifhhro/rightsdesk/internal/web"
	"github.com/ifhhro/rightsdesk/templates/words"
)

// How many entries a feed holds.
const (
	feedStories = 50
	feedIssues  = 20
)

// feedEnds are what stands behind a list's address to make it a feed.
func feedEnds() []string {
	var out []string
	for _, f := range feedout.Formats() {
		out = append(out, "."+string(f))
	}
	return out
}

// cutEnd takes the end of a feed off a name.
func cutEnd(name string) (base, end string) {
	for _, end := range feedEnds() {
		if base, ok := strings.CutSuffix(name, end); ok {
			return base, end
		}
	}
	return name, ""
}

func (s *Server) storyFeed(end string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		return s.feed(w, r, allStories(baseOf(r)), news.Filter{}, end)
	}
}

// feed answers with the feed of a list.
func (s *Server) feed(w http.ResponseWriter, r *http.Request, page listPage, f news.Filter, end string) error {
	f.Limit = feedStories
	stories, err := s.stories.PublicStories(r.Context(), f)
	if err != nil {
		return err
	}
	out := s.newFeed(page, end)
	for _, story := range stories {
		out.Entries = append(out.Entries, s.entry(page.view(story)))
	}
	return s.sendFeed(w, r, out, end)
}

func (s *Server) newFeed(page listPage, end string) feedout.Feed {
	path := s.site.Link(page.Prefix + page.Feed)
	return feedout.Feed{Title: s.site.Name() + ": " + page.Title, Description: cmp.Or(page.Intro, page.Title), Home: path, Self: path + end,
		Language: page.Lang, Author: s.site.Name()}
}

func (s *Server) sendFeed(w http.ResponseWriter, r *http.Request, f feedout.Feed, end string) error {
	for _, e := range f.Entries {
		f.Updated = latest(f.Updated, e.Updated)
	}
	as := feedout.Format(strings.TrimPrefix(end, "."))
	body, err := feedout.Write(f, as)
	if err != nil {
		return err
	}
	return send(w, r, as.MediaType(), f.Updated, body)
}

// entry is a story in a feed.
func (s *Server) entry(v storyView) feedout.Entry {
	e := feedout.Entry{ID: feedout.StoryID(s.site.Host(), &v.Story), URL: s.site.Link(v.Path), Related: v.Link, Title: v.Text.Headline,
		Summary: prose.MarkdownText(v.Text.Summary), HTML: storyHTML(v), Language: v.Text.Language, Author: v.By, Source: v.SourceName,
		Published: v.ApprovedAt, Updated: latest(v.ApprovedAt, v.Updated)}
	for _, t := range v.Topics {
		e.Categories = append(e.Categories, feedout.Category{Term: string(t.Slug), Scheme: s.site.Link("/topics"), Label: t.Name})
	}
	return e
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// storyHTML is a story as one piece of safe HTML, for feeds.
func storyHTML(v storyView) string {
	var b strings.Builder
	say := words.In(v.Lang).Say
	b.WriteString(prose.Markdown(v.Text.Summary))
	if v.Text.Commentary != "" {
		fmt.Fprintf(&b, "<p><strong>%s</strong></p><blockquote>%s</blockquote>", html.EscapeString(say("web.comment")), prose.Markdown(v.Text.Commentary))
		if v.By != "" {
			fmt.Fprintf(&b, "<p>%s</p>", html.EscapeString(v.By))
		}
	}
	if v.Link != "" {
		fmt.Fprintf(&b, `<p><a href="%s">%s</a></p>`, html.EscapeString(v.Link), html.EscapeString(cmp.Or(v.SourceName, v.Link)))
	}
	return prose.Sanitise(b.String())
}

// issueFeed answers with whole issues.
func (s *Server) issueFeed(end string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		issues, err := s.issues.Archive(r.Context(), feedIssues)
		if err != nil {
			return err
		}
		say := words.In(web.Language(r)).Say
		out := s.newFeed(listPage{base: baseOf(r), Title: say("web.issues"), Intro: say("web.issues-intro"), Feed: "/issues"}, end)
		for _, i := range issues {
			e, err := s.issueEntry(r, i.Name)
			if err != nil {
				return err
			}
			out.Entries = append(out.Entries, e)
		}
		return s.sendFeed(w, r, out, end)
	}
}

func (s *Server) issueEntry(r *http.Request, name string) (feedout.Entry, error) {
	page, err := s.issuePage(r, name)
	if err != nil {
		return feedout.Entry{}, err
	}
	e := feedout.Entry{ID: feedout.IssueID(s.site.Host(), &page.Issue), URL: s.site.Link(page.Prefix + "/issues/" + page.Name), Title: page.Text.Title,
		Summary: prose.MarkdownText(page.Introduction.Text), Language: page.Text.Language, Published: page.Frozen, Updated: page.Frozen}
	var b strings.Builder
	b.WriteString(prose.Markdown(page.Introduction.Text))
	for _, section := range page.Sections {
		if section.Heading != "" {
			fmt.Fprintf(&b, "<h2>%s</h2>", html.EscapeString(section.Heading))
		}
		for _, v := range section.Stories {
			fmt.Fprintf(&b, `<h3><a href="%s">%s</a></h3>%s`, html.EscapeString(s.site.Link(v.Path)), html.EscapeString(v.Text.Headline), storyHTML(v))
			e.Updated = latest(e.Updated, v.Updated)
		}
	}
	b.WriteString(s.besideHTML(page.Beside))
	e.HTML = prose.Sanitise(b.String())
	return e, nil
}

// A feedsPage lists what can be followed.
type feedsPage struct {
	base
	Lists  []feedLink
	Topics []feedLink
	Ends   []string
}

type feedLink struct{ Name, Path string }

func newFeedsPage(b base) *feedsPage {
	say := words.In(b.Lang).Say
	page := &feedsPage{base: b, Ends: feedEnds(), Lists: []feedLink{{say("web.stories"), b.Prefix + "/stories"}, {say("web.issues"), b.Prefix + "/issues"}}}
	for _, t := range news.Topics() {
		link := b.topicLink(t.Slug)
		page.Topics = append(page.Topics, feedLink{link.Name, link.Path})
	}
	return page
}

func (s *Server) feedList(w http.ResponseWriter, r *http.Request) error {
	return s.site.Render(w, r, "public/feeds", newFeedsPage(baseOf(r)))
}

// opml is the list of our feeds for a feed reader.
type opml struct {
	XMLName xml.Name  `xml:"opml"`
	Version string    `xml:"version,attr"`
	Title   string    `xml:"head>title"`
	Body    []outline `xml:"body>outline"`
}

type outline struct {
	Text string `xml:"text,attr"`
	Type string `xml:"type,attr"`
	Feed string `xml:"xmlUrl,attr"`
	Page string `xml:"htmlUrl,attr"`
}

func (s *Server) opml(w http.ResponseWriter, r *http.Request) error {
	list := newFeedsPage(baseOf(r))
	out := opml{Version: "2.0", Title: s.site.Name()}
	for _, l := range append(list.Lists, list.Topics...) {
		out.Body = append(out.Body, outline{l.Name, "rss", s.site.Link(l.Path + ".rss"), s.site.Link(l.Path)})
	}
	return sendXML(w, r, "text/x-opml; charset=utf-8", out)
}

func sendXML(w http.ResponseWriter, r *http.Request, mediaType string, v any) error {
	body, err := xml.MarshalIndent(v, "", " ")
	if err != nil {
		return fmt.Errorf("write %T: %w", v, err)
	}
	return send(w, r, mediaType, time.Time{}, append([]byte(xml.Header), body...))
}
