// Package public is what everybody reads: this week's issue, the archive of
// issues, stories and topics, the pages about us, and all of it as feeds. It
// shows a story only once an issue that holds it is frozen; what was withdrawn
// is gone.
package public

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/web"
	"github.com/ifhhro/rightsdesk/templates/words"
)

// Issues are the issues the public may see.
type Issues interface {
	Archive(ctx context.Context, limit int) ([]news.Issue, error)
	Archived(ctx context.Context, name string) (news.Issue, []news.Story, error)
}

// Stories are the stories the public may see.
type Stories interface {
	PublicStories(ctx context.Context, f news.Filter) ([]news.Story, error)
	PublicStory(ctx context.Context, name string) (news.Story, news.Issue, error)
	StoryCorrections(ctx context.Context, id news.StoryID) ([]news.Correction, error)
	PublicTopics(ctx context.Context) (map[news.Slug]int, error)
	IntroductionsOf(ctx context.Context, topic news.Slug) ([]news.Introduction, error)
	Sources(ctx context.Context) ([]news.Source, error)
}

// A Server answers the public's requests.
type Server struct {
	site    *web.Site
	issues  Issues
	stories Stories
	now     func() time.Time
}

// New returns the public pages over what may be seen.
func New(site *web.Site, issues Issues, stories Stories, now func() time.Time) *Server {
	return &Server{site, issues, stories, now}
}

// Routes lists the public's routes; nobody signs in for any of them. Each list
// has its feeds under the same address with .rss, .atom or .json behind.
func (s *Server) Routes() []web.Route {
	routes := []web.Route{
		{Pattern: "GET /{$}", Do: s.week},
		{Pattern: "GET /issues", Do: s.issueList},
		{Pattern: "GET /issues/{name}", Do: s.issue},
		{Pattern: "GET /stories", Do: s.storyList},
		{Pattern: "GET /stories/{name}", Do: s.story},
		{Pattern: "GET /topics", Do: s.topicList},
		// One topic, country or source, or its feed.
		{Pattern: "GET /topics/{name}", Do: s.topic},
		{Pattern: "GET /countries/{name}", Do: s.country},
		{Pattern: "GET /sources/{name}", Do: s.source},
		{Pattern: "GET /about", Do: s.plain("public/about")},
		{Pattern: "GET /privacy", Do: s.plain("public/privacy")},
		{Pattern: "GET /feeds", Do: s.feedList},
		{Pattern: "GET /feeds.opml", Do: s.opml},
		{Pattern: "GET /feed.xml", Do: s.storyFeed(".rss")},
		{Pattern: "GET /robots.txt", Do: s.robots},
		{Pattern: "GET /sitemap.xml", Do: s.sitemap},
		{Pattern: "GET /.well-known/security.txt", Do: s.security},
	}
	for _, end := range feedEnds() {
		routes = append(routes, web.Route{Pattern: "GET /stories" + end, Do: s.storyFeed(end)}, web.Route{Pattern: "GET /issues" + end, Do: s.issueFeed(end)})
	}
	for i := range routes {
		routes[i].Needs = web.Anyone
	}
	return routes
}

// How much a list shows at a time.
const (
	listed      = 30
	issueListed = 260 // five years of weeks
)

// A base is what every public page knows: its language, and what its links
// begin with.
type base struct{ Lang, Prefix string }

func baseOf(r *http.Request) base {
	lang := web.Language(r)
	return base{lang, web.Prefix(lang)}
}

func (s *Server) plain(name string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error { return s.site.Render(w, r, name, baseOf(r)) }
}

// A storyView is a story as the public reads it, in the language of the page
// where there is such a text.
type storyView struct {
	news.Story
	Text   news.StoryText
	Lang   string // of the page
	Prefix string
	Path   string
	Topics []topicLink
	Also   []string // other languages it can be read in here
	// Corrected is when it was last put right after its issue; zero if never.
	Corrected time.Time
}

type topicLink struct {
	Slug       news.Slug
	Name, Path string
}

func (b base) view(story news.Story) storyView {
	v := storyView{Story: story, Text: story.In(b.Lang), Lang: b.Lang, Prefix: b.Prefix, Path: b.Prefix + storyPath(&story)}
	for _, slug := range story.Topics {
		v.Topics = append(v.Topics, b.topicLink(slug))
	}
	if v.Text.Language != story.Language {
		v.Also = append(v.Also, story.Language)
	}
	for _, t := range story.Texts {
		if t.Language != v.Text.Language {
			v.Also = append(v.Also, t.Language)
		}
	}
	return v
}

func (b base) topicLink(slug news.Slug) topicLink {
	return topicLink{slug, topicName(b.Lang, slug), b.Prefix + "/topics/" + url.PathEscape(string(slug))}
}

// topicName names a topic in a language, in English where there is no word.
func topicName(lang string, slug news.Slug) string {
	key := "topic." + string(slug)
	if name := words.In(lang).Say(key); name != key {
		return name
	}
	return web.TopicName(slug)
}

func (b base) views(stories []news.Story) []storyView {
	var out []storyView
	for _, story := range stories {
		out = append(out, b.view(story))
	}
	return out
}

// storyPath is a story's address, for ever.
func storyPath(s *news.Story) string { return "/stories/" + url.PathEscape(s.Name()) }

// An issuePage is one issue, whole.
type issuePage struct {
	base
	news.Issue
	Text         news.IssueText
	Introduction text
	Sections     []section
	Beside       []besideView
	Week         bool // it is the front page
}

// A text is Markdown in a language that may not be the page's.
type text struct{ Language, Text string }

type section struct {
	Heading string
	Stories []storyView
}

func (s *Server) week(w http.ResponseWriter, r *http.Request) error {
	last, err := s.issues.Archive(r.Context(), 1)
	if err != nil {
		return err
	}
	page := &issuePage{base: baseOf(r)}
	if len(last) > 0 {
		if page, err = s.issuePage(r, last[0].Name); err != nil {
			return err
		}
	}
	page.Week = true
	return s.site.Render(w, r, "public/issue", page)
}

func (s *Server) issue(w http.ResponseWriter, r *http.Request) error {
	page, err := s.issuePage(r, r.PathValue("name"))
	if err != nil {
		return err
	}
	return s.site.Render(w, r, "public/issue", page)
}

// issuePage reads an issue without the stories that were withdrawn since.
func (s *Server) issuePage(r *http.Request, name string) (*issuePage, error) {
	i, stories, err := s.issues.Archived(r.Context(), name)
	if err != nil {
		return nil, err
	}
	byID := map[news.StoryID]news.Story{}
	for _, story := range stories {
		if story.Public(true, s.now()) {
			byID[story.ID] = story
		}
	}
	page := &issuePage{base: baseOf(r), Issue: i}
	page.Text, _ = i.In(page.Lang)
	page.Introduction.Text, page.Introduction.Language = i.IntroductionIn(page.Lang)
	page.Beside = page.beside(&i)
	for n, part := range i.Sections {
		out := section{Heading: page.Text.Headings[n]}
		for _, id := range part.Stories {
			story, ok := byID[id]
			if !ok {
				continue
			}
			v := page.view(story)
			if v.Corrected, err = s.corrected(r.Context(), &story, i.Frozen); err != nil {
				return nil, err
			}
			out.Stories = append(out.Stories, v)
		}
		if len(out.Stories) > 0 {
			page.Sections = append(page.Sections, out)
		}
	}
	return page, nil
}

// corrected is when a story was last put right after a time; zero if never.
func (s *Server) corrected(ctx context.Context, story *news.Story, after time.Time) (time.Time, error) {
	if !story.Updated.After(after) {
		return time.Time{}, nil
	}
	all, err := s.stories.StoryCorrections(ctx, story.ID)
	if err != nil || len(all) == 0 {
		return time.Time{}, err
	}
	return all[len(all)-1].At, nil
}

type issuesPage struct {
	base
	Issues []news.Issue
}

func (s *Server) issueList(w http.ResponseWriter, r *http.Request) error {
	issues, err := s.issues.Archive(r.Context(), issueListed)
	if err != nil {
		return err
	}
	return s.site.Render(w, r, "public/issues", &issuesPage{baseOf(r), issues})
}

type storyPage struct {
	storyView
	In          news.Issue
	Corrections []news.Correction
}

func (s *Server) story(w http.ResponseWriter, r *http.Request) error {
	story, in, err := s.stories.PublicStory(r.Context(), r.PathValue("name"))
	if err != nil {
		return err
	}
	b := baseOf(r)
	if !story.Public(true, s.now()) {
		say := words.In(b.Lang).Say
		return &web.Problem{Status: http.StatusGone, Title: say("web.gone"), Text: say("web.gone-text"), Next: say("web.gone-next"), Link: b.Prefix + "/stories", Leads: say("web.stories")}
	}
	corrections, err := s.stories.StoryCorrections(r.Context(), story.ID)
	if err != nil {
		return err
	}
	return s.site.Render(w, r, "public/story", &storyPage{b.view(story), in, corrections})
}

// A listPage lists stories: all of them, or those of a topic, country or
// source.
type listPage struct {
	base
	Title, Intro string
	About        *news.Introduction // what a topic's page says first; nil without
	Stories      []storyView
	Feed         string // path of its feeds, without prefix and ends
	More         string // path of the next page; empty on the last
}

func (s *Server) storyList(w http.ResponseWriter, r *http.Request) error {
	return s.list(w, r, allStories(baseOf(r)), news.Filter{})
}

func allStories(b base) listPage {
	say := words.In(b.Lang).Say
	return listPage{base: b, Title: say("web.stories"), Intro: say("web.stories-intro"), Feed: "/stories"}
}

// list answers with a page of a list.
func (s *Server) list(w http.ResponseWriter, r *http.Request, page listPage, f news.Filter) error {
	f.After, f.Limit = placeOf(r.URL.Query().Get("after")), listed+1
	stories, err := s.stories.PublicStories(r.Context(), f)
	if err != nil {
		return err
	}
	if len(stories) > listed {
		last := stories[listed-1]
		stories = stories[:listed]
		page.More = fmt.Sprintf("%s%s?after=%d-%d", page.Prefix, page.Feed, last.ApprovedAt.UnixMilli(), last.ID)
	}
	page.Stories = page.views(stories)
	return s.site.Render(w, r, "public/list", &page)
}

func placeOf(text string) news.Place {
	at, id, _ := strings.Cut(text, "-")
	millis, err := strconv.ParseInt(at, 10, 64)
	story, err2 := strconv.ParseInt(id, 10, 64)
	if err != nil || err2 != nil {
		return news.Place{}
	}
	return news.Place{At: time.UnixMilli(millis).UTC(), Story: news.StoryID(story)}
}

type topicsPage struct {
	base
	Groups []topicGroup
}

type topicGroup struct {
	Name   string
	Topics []topicCount
}

type topicCount struct {
	topicLink
	N int
}

func (s *Server) topicList(w http.ResponseWriter, r *http.Request) error {
	counts, err := s.stories.PublicTopics(r.Context())
	if err != nil {
		return err
	}
	page := &topicsPage{base: baseOf(r)}
	at := map[string]int{}
	for _, t := range news.Topics() {
		i, ok := at[t.Group]
		if !ok {
			i = len(page.Groups)
			at[t.Group] = i
			page.Groups = append(page.Groups, topicGroup{Name: words.In(page.Lang).Say("group." + t.Group)})
		}
		page.Groups[i].Topics = append(page.Groups[i].Topics, topicCount{page.topicLink(t.Slug), counts[t.Slug]})
	}
	return s.site.Render(w, r, "public/topics", page)
}

// narrowed answers for one topic, country or source, or with its feed: what it
// is called and what it filters by are found from the name in the address.
func (s *Server) narrowed(w http.ResponseWriter, r *http.Request, find func(page *listPage, name string) (news.Filter, error)) error {
	name, end := cutEnd(r.PathValue("name"))
	page := listPage{base: baseOf(r)}
	f, err := find(&page, name)
	if err != nil {
		return err
	}
	if end != "" {
		return s.feed(w, r, page, f, end)
	}
	return s.list(w, r, page, f)
}

func (s *Server) topic(w http.ResponseWriter, r *http.Request) error {
	return s.narrowed(w, r, func(page *listPage, name string) (news.Filter, error) {
		slug := news.Slug(name)
		if !slug.Known() {
			return news.Filter{}, fmt.Errorf("topic %q: %w", name, news.ErrNotFound)
		}
		page.Title, page.Feed = page.topicLink(slug).Name, "/topics/"+name
		if r.URL.Query().Has("after") {
			return news.Filter{Topic: slug}, nil
		}
		all, err := s.stories.IntroductionsOf(r.Context(), slug)
		page.About = inEither(all, page.Lang, "en")
		return news.Filter{Topic: slug}, err
	})
}

// inEither is the introduction in the first of the languages that has one; nil
// if none has.
func inEither(all []news.Introduction, languages ...string) *news.Introduction {
	for _, lang := range languages {
		for n := range all {
			if all[n].Language == lang {
				return &all[n]
			}
		}
	}
	return nil
}

func (s *Server) country(w http.ResponseWriter, r *http.Request) error {
	return s.narrowed(w, r, func(page *listPage, name string) (news.Filter, error) {
		code := strings.ToUpper(name)
		full := words.In(page.Lang).CountryName(code)
		if len(code) != 2 || full == code {
			return news.Filter{}, fmt.Errorf("country %q: %w", name, news.ErrNotFound)
		}
		page.Title, page.Feed = full, "/countries/"+strings.ToLower(name)
		return news.Filter{Country: code}, nil
	})
}

func (s *Server) source(w http.ResponseWriter, r *http.Request) error {
	return s.narrowed(w, r, func(page *listPage, name string) (news.Filter, error) {
		sources, err := s.stories.Sources(r.Context())
		if err != nil {
			return news.Filter{}, err
		}
		i := slices.IndexFunc(sources, func(src news.Source) bool { return src.Slug == name })
		if i < 0 {
			return news.Filter{}, fmt.Errorf("source %q: %w", name, news.ErrNotFound)
		}
		page.Title, page.Feed = sources[i].Name, "/sources/"+name
		return news.Filter{Source: sources[i].ID}, nil
	})
}

// send answers with a document that programs fetch again and again: with an
// ETag and Last-Modified, so that most answers are "not modified".
func send(w http.ResponseWriter, r *http.Request, mediaType string, changed time.Time, body []byte) error {
	sum := sha256.Sum256(body)
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	w.Header().Set("Cache-Control", "public, max-age=300")
	http.ServeContent(w, r, "", changed, bytes.NewReader(body))
	return nil
}
