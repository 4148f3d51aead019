package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/access"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/publish"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store/storetest"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// Two words that stand in one story alone: one to search for, and one to meet.
const (
	bait   = "zugunruhe"
	canary = "bibliotaph"
)

// An exitWalk is a house with one story of a secret headline, and every way out
// of it.
type exitWalk struct {
	t       *testing.T
	h       *house
	handler func(path, cookie string) string
	routes  []web.Route
	flags   []string
	visitor string // cookie of a contributor
	secret  news.Story
}

// TestEmbargo walks every exit of a house on both databases: nobody without
// the right meets a story before its time, and everybody does once it is over.
func TestEmbargo(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); embargo(t, "") })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); embargo(t, storetest.Schema(t, postgres(t))) })
}

func embargo(t *testing.T, database string) {
	w := newExitWalk(t, database)
	ctx := t.Context()
	approve := func(headline string, until time.Time) news.StoryID {
		t.Helper()
		topics := []news.Slug{"torture"}
		id, err := w.h.curate.Begin(ctx, "curator", "en", "", news.Approval{Headline: &headline, Summary: &headline, Topics: &topics})
		if err == nil && !until.IsZero() {
			err = w.h.curate.HoldUntil(ctx, "curator", id, until)
		}
		if err == nil {
			err = w.h.curate.Approve(ctx, "curator", id, 0, news.Approval{})
		}
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	approve("An open story", time.Time{})
	held := approve("The "+bait+" of the "+canary, time.Now().Add(time.Hour))
	if err := w.h.curate.Note(ctx, "contributor", held, 0, "I know of it"); err != nil { // and so would be told of answers
		t.Fatal(err)
	}
	if err := w.h.curate.Note(ctx, "curator", held, 0, "The "+canary+" waits"); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.secret, _, err = w.h.curate.Story(ctx, held); err != nil {
		t.Fatal(err)
	}
	first := w.issue(1)
	sections := []news.Section{{Stories: append(first.Stories(), held)}}
	if _, err := w.h.publish.Arrange(ctx, first.ID, news.Arrangement{Sections: &sections}, first.Revision, "editor"); !errors.Is(err, news.ErrConflict) {
		t.Errorf("an editor arranges a story under embargo: %v, want a conflict", err)
	}
	if found := w.exits(first.ID); len(found) > 0 {
		t.Errorf("before the issue is sent the story is found at %q", found)
	}
	w.send(first.ID)
	if found := w.exits(first.ID); len(found) > 0 {
		t.Errorf("before its time the story is found at %q", found)
	}
	if out := w.command("queue", "list", "--state", "approved", "--as", "curator"); !strings.Contains(out, canary) {
		t.Error("who has the right does not see the story on the command line")
	}
	// Once the embargo is over, by hand here, the same walk finds it.
	if err := w.h.curate.HoldUntil(ctx, "curator", held, time.Time{}); err != nil {
		t.Fatal(err)
	}
	second := w.issue(1)
	w.send(second.ID)
	found := w.exits(second.ID)
	for _, want := range []string{"anyone /", "anyone /stories", "anyone /stories.rss", "anyone /stories.atom", "anyone /stories.json", "anyone /issues.rss", "anyone /topics/torture", "anyone /topics/torture.json",
		"anyone /issues/" + second.Name, "anyone /stories/" + w.secret.Name(), "contributor /desk?q=" + bait + "&state=approved", "contributor " + fmt.Sprintf("/desk/stories/%d", held),
		"mail html", "mail text", "mail lite", "queue list", "queue show"} {
		if !slices.Contains(found, want) {
			t.Errorf("after its time the story is not found at %s: the walk looks past it", want)
		}
	}
}

func newExitWalk(t *testing.T, database string) *exitWalk {
	t.Helper()
	s := defaultSettings()
	s.dataDir, s.database, s.baseURL, s.catch, s.solo = t.TempDir(), database, "http://localhost:8080", true, true
	a := &app{getenv: noEnv, stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}
	h, err := a.openHouse(t.Context(), &s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	h.access = access.New(h.store, access.Options{Base: s.base, Cost: &access.Cost{Memory: 8, Time: 1}})
	site, err := web.New(web.Options{BaseURL: s.baseURL, Sessions: h.access})
	if err != nil {
		t.Fatal(err)
	}
	w := &exitWalk{t: t, h: h, flags: []string{"--data-dir", s.dataDir}}
	if database != "" {
		w.flags = append(w.flags, "--database", database)
	}
	lists := h.routes(site)
	w.routes = slices.Concat(lists...)
	handler := site.Handler(lists...)
	w.handler = func(path, cookie string) string {
		r := httptest.NewRequest("GET", s.baseURL+path, nil)
		if cookie != "" {
			r.Header.Set("Cookie", "rightsdesk-development="+cookie)
		}
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, r)
		return rec.Body.String()
	}
	// The first account holds all roles; it is none of those who look.
	if _, err := h.access.Invite(t.Context(), "first", staff.Roles(), "test"); err != nil {
		t.Fatal(err)
	}
	for _, role := range staff.Roles() {
		link, err := h.access.Invite(t.Context(), string(role), []staff.Role{role}, "test")
		if err != nil {
			t.Fatal(err)
		}
		account, err := h.access.TakeInvitation(t.Context(), link, "", "four plain words here")
		if err != nil {
			t.Fatal(err)
		}
		if role == staff.Contributor {
			if w.visitor, err = h.access.Begin(t.Context(), account, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	return w
}

// issue drafts the next issue, which must hold so many stories.
func (w *exitWalk) issue(stories int) news.Issue {
	w.t.Helper()
	i, err := w.h.publish.Draft(w.t.Context(), "editor")
	if err != nil || len(i.Stories()) != stories {
		w.t.Fatalf("the draft holds %d stories, %v; want %d", len(i.Stories()), err, stories)
	}
	return i
}

func (w *exitWalk) send(id news.IssueID) {
	w.t.Helper()
	i, err := w.h.publish.Issue(w.t.Context(), id)
	if err == nil {
		_, err = w.h.publish.Approve(w.t.Context(), id, i.Revision, "editor")
	}
	if err == nil {
		_, err = w.h.publish.Send(w.t.Context(), id, "editor")
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// command runs a command line and returns all it said, whatever came of it.
func (w *exitWalk) command(args ...string) string {
	var out bytes.Buffer
	run(w.t.Context(), append(args, w.flags...), noEnv, strings.NewReader(""), &out, &out)
	return out.String()
}

// exits are the ways out at which the canary is met: every page and feed, as
// anybody and as a contributor, in English and in Arabic; the mails of an
// issue; and the command line of nobody in particular and of a contributor.
func (w *exitWalk) exits(issue news.IssueID) []string {
	w.t.Helper()
	var found []string
	look := func(where, text string) {
		if strings.Contains(strings.ToLower(text), canary) {
			found = append(found, where)
		}
	}
	paths := []string{"/desk?q=" + bait + "&state=approved", "/desk?state=approved", "/desk?state=approved&topic=torture", "/desk?q=" + bait}
	for _, route := range w.routes {
		method, pattern, _ := strings.Cut(route.Pattern, " ")
		if method != "GET" {
			continue
		}
		paths = append(paths, w.fill(issue, pattern)...)
	}
	for _, path := range paths {
		for _, prefix := range []string{"", "/ar"} {
			look("anyone "+prefix+path, w.handler(prefix+path, ""))
		}
		look("contributor "+path, w.handler(path, w.visitor))
	}
	for _, format := range []string{"html", "text", "lite"} {
		m, err := w.h.publish.Preview(w.t.Context(), issue, publish.Choice{Language: "en", Format: format})
		if err != nil {
			w.t.Fatal(err)
		}
		look("mail "+format, m.Subject+m.HTML+m.Text)
	}
	id := fmt.Sprint(w.secret.ID)
	for name, args := range map[string][]string{
		"queue list": {"queue", "list", "--state", "approved"}, "queue list --query": {"queue", "list", "--state", "approved", "--query", bait}, "queue list --json": {"queue", "list", "--state", "approved", "--json"},
		"queue list --topic": {"queue", "list", "--state", "approved", "--topic", "torture"}, "queue show": {"queue", "show", id}, "queue show --json": {"queue", "show", id, "--json"},
		"queue list --as": {"queue", "list", "--state", "approved", "--as", "contributor"}, "queue show --as": {"queue", "show", id, "--as", "contributor"},
	} {
		look(name, w.command(args...))
	}
	return found
}

// fill makes addresses of a pattern: of the secret story, of the issue, and of
// the topic both are found under, with its feeds.
func (w *exitWalk) fill(issue news.IssueID, pattern string) []string {
	i, err := w.h.publish.Issue(w.t.Context(), issue)
	if err != nil {
		w.t.Fatal(err)
	}
	pattern = strings.TrimSuffix(pattern, "{$}")
	id := fmt.Sprint(issue)
	if strings.HasPrefix(pattern, "/desk/stories/") {
		id = fmt.Sprint(w.secret.ID)
	}
	fill := func(name string) string {
		return strings.NewReplacer("{id}", id, "{name}", name, "{topic}", "torture", "{language}", "en").Replace(pattern)
	}
	switch {
	case strings.HasPrefix(pattern, "/issues/"):
		return []string{fill(i.Name)}
	case strings.HasPrefix(pattern, "/stories/"):
		return []string{fill(w.secret.Name())}
	case strings.HasPrefix(pattern, "/topics/"):
		return []string{fill("torture"), fill("torture.rss"), fill("torture.atom"), fill("torture.json")}
	}
	return []string{fill("x")}
}
