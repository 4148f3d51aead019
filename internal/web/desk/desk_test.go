package desk

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/analyze"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/classify"
	"github.com/ifhhro/rightsdesk/internal/curate"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/publish"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
	"github.com/ifhhro/rightsdesk/templates"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// hostileStory has a payload in every field a person or a feed can fill.
func hostileStory() news.Story {
	h := webtest.Hostile
	score := news.TopicScore{Slug: news.Slug(h), Score: .9, Assigned: true, Evidence: []string{h}}
	return news.Story{ID: 1, State: news.StoryState(h), Language: h, Headline: h, Summary: h + "\n\n[x](" + webtest.HostileLink + ")",
		Commentary: h + "\n\n<script>alert(1)</script>", By: h, Link: webtest.HostileLink, SourceName: h, Published: noon, Kind: news.Kind(h),
		Topics: []news.Slug{news.Slug(h), "torture"}, Countries: []string{h, "SY"}, Deadline: h, Reason: h, DecidedBy: h, BegunBy: h, Items: 2,
		Facts: news.Facts{Topics: []news.TopicScore{score, {Slug: "torture", Score: .2, Evidence: []string{h}}},
			UNSymbols: []string{h}, Deadlines: []news.Deadline{{Date: h, Time: h, Zone: h, Sentence: h}}, Quotes: []news.Quote{{Text: h, Speaker: h}}}}
}

func hostileItem() news.Item {
	h := webtest.Hostile
	return news.Item{ID: 1, Title: h, Text: h, Language: h, Dir: h, URL: webtest.HostileLink, SummaryHTML: h, ContentHTML: h,
		Enclosures: []news.Enclosure{{URL: webtest.HostileLink}}}
}

func TestPages(t *testing.T) {
	t.Parallel()
	h := webtest.Hostile
	story := hostileStory()
	q := url.Values{"topic": {h}, "q": {h}, "country": {h}, "language": {h}}
	busy := &queuePage{help: newHelp(), Title: h, State: news.StoryQueued, Query: h, Here: with(q, "", ""), More: with(q, "after", h), Decide: true, Begin: true,
		Days: days([]news.Story{story, {ID: 2, State: news.StoryRejected, Headline: "x", Reason: h}}, noon), Hidden: []hidden{{h, h}},
		Groups: []choices{{h, []choice{{h, with(q, "topic", h), h, true, ""}}}}, Active: []choice{{Name: h, Path: with(q, "topic", "")}},
		Notices: []noticeView{{news.Note{ID: 1, Story: 1, Who: h, Text: h}, h}},
		Last:    &lastDecision{news.Decision{ID: 1, Who: h, What: h, Reason: h, At: noon}, h}}
	decided := []news.Decision{{ID: 1, Story: 1, Who: h, What: h, Reason: h, At: noon}, {ID: 2, Story: 1, Who: h, What: "edit", Undone: true, UndoneBy: h}}
	full := newStoryPage(story, decided, []news.Item{hostileItem(), hostileItem()}, map[news.SourceID]string{0: h})
	full.Items[0].Versions = []versionView{{noon, wordDiff("", h), wordDiff(h, "x"+h)}}
	full.Corrections, full.Out = []news.Correction{{Text: h, Language: h, Who: h}}, true
	full.Decide, full.Back = true, "/desk?q="+url.QueryEscape(h)
	full.Writing = writingView{Warnings: []curate.Warning{{Words: h, Why: h}}, Contacts: true, Quotes: h, Further: h, Text: &news.StoryText{Language: h, Headline: h, Summary: h, Commentary: h},
		Others: []choice{{h, "/desk", h, true, h}}, Starts: []choice{{h, "/desk", h, true, h}}, Mine: &news.Draft{Who: h}, With: []string{h, h}, Me: h, Conflict: true,
		Threads: []thread{{news.Note{ID: 1, Who: h, Text: h}, []news.Note{{ID: 2, Who: h, Text: h}}}}}
	reading := newStoryPage(story, decided, nil, nil)
	arranged := news.Issue{ID: 1, State: news.IssueDraft, Title: h, Introduction: h, EditedBy: h, Revision: 3,
		Sections: []news.Section{{Heading: h, Stories: []news.StoryID{1}}, {Heading: h}}}
	frozen := arranged
	frozen.State, frozen.Frozen, frozen.HeldWhy, frozen.Name, frozen.ApprovedBy = news.IssueHeld, noon, h, h, h
	draft := newIssuePage(arranged, news.Ledger{}, []news.Story{story})
	draft.Compose, draft.Alone, draft.Back = true, true, 2
	draft.Beside = besideOf(&arranged, hostileAround())
	draft.Languages = issueLanguages(&arranged, "fr")
	draft.Conflict = &conflictView{Who: h, Title: h, Introduction: h, Sections: draft.Sections}
	translated := newIssueWordsPage(arranged, "ar")
	translated.Compose, translated.Text, translated.Theirs = true, news.IssueText{Title: h, Introduction: h}, &news.IssueText{Title: h, Introduction: h}
	block := newBlockPage(hostileAround().Blocks[0])
	block.Compose, block.Problems = true, []string{h}
	held := newIssuePage(frozen, news.Ledger{Counts: news.Counts{Intended: 9, Sent: 4, Waiting: 3, Refused: 1, Excluded: 1, Uncertain: 1}, OnTheWay: 1, Next: noon,
		LeftOut: []news.LeftOut{{Why: h, N: 1}}, Marked: map[string]int{"sent": 1},
		Domains: []news.DomainCounts{{Domain: h, Counts: news.Counts{Intended: 5}}, {Counts: news.Counts{Intended: 4}}}}, []news.Story{story})
	held.Compose, held.Readers = true, true
	torture, _ := news.TopicBySlug("torture")
	edit := news.LexiconEdit{ID: 2, Topic: "torture", Language: "fr", Lines: h, Instead: true, Who: h, At: noon}
	changed := newWords(torture, "fr", []news.LexiconEdit{edit, {ID: 1, Who: h, Undone: true, UndoneBy: h}})
	changed.Edit, changed.Lines = true, h
	refused := newWords(torture, "fr", []news.LexiconEdit{edit})
	refused.Edit, refused.Mistake = true, h
	said := news.Introduction{ID: 2, Topic: "torture", Language: "fr", Text: h + "\n\n[x](" + webtest.HostileLink + ")", Notes: h, Author: h, EditedBy: h, At: noon}
	undone := said
	undone.Undone, undone.UndoneBy = true, h
	written := newIntroduction(torture, "fr", []news.Introduction{undone, said, {ID: 1}}, []news.Introduction{said, {Topic: "torture", Language: "ar"}})
	read := *written
	written.Edit, written.Wrong, written.Theirs, written.From = true, wrong{Text: h}, &said, h
	asked := newWhyPage(story, torture)
	clue := classify.Clue{Words: []string{h, h}, Pattern: h, Where: h, Points: -2, Times: 3}
	asked.explain(hostileItem(), classify.Reason{Topic: "torture", Score: .2, Threshold: .45, Clues: []classify.Clue{clue}, Taught: []classify.Clue{clue}, Stronger: []news.Slug{news.Slug(h)}})
	webtest.Pages(t, "desk", map[string][]any{
		"desk/issues":      {&issuesPage{}, &issuesPage{Issues: []news.Issue{arranged, frozen}, Free: 1, Compose: true}, &issuesPage{Free: 2}},
		"desk/issue":       {newIssuePage(news.Issue{}, news.Ledger{}, nil), draft, held},
		"desk/issue-words": {newIssueWordsPage(news.Issue{}, "fr"), translated},
		"desk/checks":      {&checksPage{}, &checksPage{Issue: arranged, Checks: []checkView{{h, h, "/desk", h}}, Sizes: []sizeView{{"en", publish.Size{Bytes: 9000, Most: 8000}}}}},
		"desk/blocks":      {&blocksPage{}, &blocksPage{Compose: true, Blocks: hostileAround().Blocks}},
		"desk/block":       {newBlockPage(news.Block{}), newBlockPage(hostileAround().Blocks[0]), block},
		"desk/mine":        {&minePage{}, &minePage{Stories: []news.Story{story}}},
		"desk/sources": {newSourcesPage(nil, nil), newSourcesPage([]news.Polled{
			{Source: news.Source{ID: 1, Slug: h, Name: h, Home: webtest.HostileLink, Address: webtest.HostileLink, Language: h, Off: h, Rhythm: 8, Every: time.Hour}, Polling: news.Polling{Error: h, Failures: 3}},
			{Source: news.Source{ID: 2, Name: "x"}, Polling: news.Polling{LastNew: noon}}}, map[news.SourceID][]int{1: {0, 3, 9}})},
		"desk/preview":       {&previewPage{}, &previewPage{Nothing: true}, &previewPage{Issue: arranged, Compose: true, Tested: true, Choice: publish.Choice{Language: h, Format: h, Topics: []news.Slug{news.Slug(h)}}, Scheme: h, Mail: publish.Mail{Subject: h, HTML: h, Size: publish.Size{Bytes: 9000, Most: 8000, Short: 1, Left: 2}}, Frame: "/desk/issues/1/mail"}, &previewPage{Mail: publish.Mail{Subject: h, Text: h}}},
		"desk/queue":         {&queuePage{}, &queuePage{State: news.StoryQueued, Silent: &silence{2, h}, Wrong: wrong{Text: h}}, &queuePage{Nothing: true, Begin: true}, &queuePage{State: news.StoryQueued}, &queuePage{Query: h}, busy},
		"desk/story":         {newStoryPage(news.Story{}, nil, nil, nil), full, reading},
		"desk/lexicon":       {newLexiconPage(nil), newLexiconPage([]news.LexiconEdit{{ID: 1, Topic: "torture", Language: "fr", Lines: h}})},
		"desk/words":         {newWords(news.Topic{}, h, nil), changed, refused},
		"desk/introductions": {newIntroductionsPage(nil, true), newIntroductionsPage([]news.Introduction{said}, false)},
		"desk/introduction":  {newIntroduction(news.Topic{}, h, nil, nil), written, &read},
		"desk/why":           {newWhyPage(news.Story{}, news.Topic{}), asked},
		"desk/new":           {&newPage{}, &newPage{help: newHelp(), Groups: topicGroups([]news.Slug{"torture"}), Kinds: []choice{{h, h, h, true, ""}}, Languages: []choice{{h, h, h, false, ""}}}},
	})
}

// TestKeyMap: what the help lists is what the script can do, and no key
// stands twice.
func TestKeyMap(t *testing.T) {
	t.Parallel()
	script, err := fs.ReadFile(templates.FS, "web/static/desk.js")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(script), "const actions = {")
	table, _, ok := strings.Cut(rest, "\n  };")
	if !ok {
		t.Fatal("desk.js has no table of actions")
	}
	var can, listed, seen []string
	for _, m := range regexp.MustCompile(`(?m)^    (\w+):`).FindAllStringSubmatch(table, -1) {
		can = append(can, m[1])
	}
	for _, k := range keys {
		listed = append(listed, k.Do)
		if slices.Contains(seen, k.Key) {
			t.Errorf("key %q stands twice", k.Key)
		}
		seen = append(seen, k.Key)
	}
	slices.Sort(can)
	slices.Sort(listed)
	if diff := cmp.Diff(can, listed); diff != "" {
		t.Errorf("actions of desk.js and keys of the help differ (-script +help):\n%s", diff)
	}
}

func TestMark(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, want string
		phrases    []string
	}{
		{"A Hospital was hit", "A [Hospital] was hit", []string{"hospital"}},
		{"inhospitable hospital.", "inhospitable [hospital].", []string{"hospital", "hospital"}},
		{"health workers at risk", "[health workers] at risk", []string{"health workers", "workers"}},
		{"世界艾滋病日", "世界[艾滋病]日", []string{"艾滋病"}},
		{"قصف مستشفى", "قصف [مستشفى]", []string{"مستشفى"}},
		{"İstanbul Protocol", "İstanbul [Protocol]", []string{"protocol"}},
		{"a\xffb torture", "a\uFFFDb [torture]", []string{"torture"}},
		{"nothing", "nothing", []string{"", "x"}},
		{"", "", []string{"torture"}},
	} {
		if got := bracketed(mark(tt.text, tt.phrases)); got != tt.want {
			t.Errorf("mark(%q, %q) = %q, want %q", tt.text, tt.phrases, got, tt.want)
		}
	}
}

func bracketed(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.Mark {
			fmt.Fprintf(&b, "[%s]", p.Text)
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func TestMarkHits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, language, query, want string }{
		{"Nurses were detained.", "en", "nurse detain", "[Nurses] were [detained]."},
		{"À l’hôpital", "fr", "hopital", "À l’[hôpital]"},
		{"世界艾滋病日", "zh", "艾滋病", "世界[艾滋病]日"},
		{"قصف المستشفى", "ar", "مستشفى", "قصف [المستشفى]"},
		{"Nothing", "en", "", "Nothing"},
	} {
		if got := bracketed(markHits(tt.text, tt.language, analyze.Query(tt.query, ""))); got != tt.want {
			t.Errorf("markHits(%q, %q) = %q, want %q", tt.text, tt.query, got, tt.want)
		}
	}
}

type noSources struct{}

func (noSources) Sources(context.Context) ([]news.Source, error)           { return nil, nil }
func (noSources) Polled(context.Context, time.Time) ([]news.Polled, error) { return nil, nil }
func (noSources) Rhythm(context.Context, time.Time, int) (map[news.SourceID][]int, error) {
	return nil, nil
}

var (
	cara = staff.Account{Name: "cara", Roles: []staff.Role{staff.Curator}}
	carl = staff.Account{Name: "carl", Roles: []staff.Role{staff.Curator}}
	nell = staff.Account{Name: "nell", Roles: []staff.Role{staff.Contributor}}
	edda = staff.Account{Name: "edda", Roles: []staff.Role{staff.Editor}}
	emil = staff.Account{Name: "emil", Roles: []staff.Role{staff.Editor}}
)

// plainComposer writes the headlines and nothing else.
type plainComposer struct{}

func (plainComposer) Render(i news.Issue, stories []news.Story) ([]audience.Part, error) {
	return nil, nil
}

func (plainComposer) Mail(_ []audience.Part, v audience.Variant, _ audience.Copy, _ time.Time) (publish.Mail, error) {
	m := publish.Mail{Subject: "Weekly <b>", Text: fmt.Sprint("stories ", v.Stories)}
	if v.Format == audience.FormatHTML {
		m.HTML = "<p>" + m.Text + "</p>"
	}
	return m, nil
}

// openDesk returns the desk's pages over an empty store.
func openDesk(t *testing.T) (http.Handler, *curate.Desk) {
	t.Helper()
	return openDeskWith(t, noSources{})
}

func openDeskWith(t *testing.T, sources Sources) (http.Handler, *curate.Desk) {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	site := webtest.Site(t, cara, carl, nell, edda, emil)
	desk := curate.New(s, time.Now)
	slots, err := publish.ParseSlots("0 7 * * 1", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	issues := publish.New(s, plainComposer{}, publish.Options{Slots: slots, Title: "Weekly", Language: "en", Domain: "digest.example.org", Key: s.Key(store.KeyBooks)},
		func(string) {}, time.Now, slog.New(slog.DiscardHandler))
	reader, err := curate.NewReader(s, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return site.Handler(New(site, desk, issues, reader, sources, time.Now).Routes()), desk
}

func begin(t *testing.T, desk *curate.Desk, headline string) news.StoryID {
	t.Helper()
	id, err := desk.Begin(t.Context(), "bert", "en", "", news.Approval{Headline: &headline})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func state(t *testing.T, desk *curate.Desk, id news.StoryID) news.StoryState {
	t.Helper()
	story, _, err := desk.Story(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return story.State
}

func TestDecideInTheQueue(t *testing.T) {
	t.Parallel()
	h, desk := openDesk(t)
	a, b, c := begin(t, desk, "First"), begin(t, desk, "Second"), begin(t, desk, "Third")
	for _, tt := range []struct {
		form   string
		status int
		want   map[news.StoryID]news.StoryState
	}{
		{fmt.Sprintf("approve=%d&story=%d", a, b), 303, map[news.StoryID]news.StoryState{a: "approved", b: "queued"}},
		{fmt.Sprintf("do=reject&story=%d&story=%d&reason=Too+old", b, c), 303, map[news.StoryID]news.StoryState{b: "rejected", c: "rejected"}},
		{fmt.Sprintf("do=reject&story=%d", a), 422, map[news.StoryID]news.StoryState{a: "approved"}},
		{fmt.Sprintf("later=%d", c+100), 404, nil},
		{"do=delete&story=1", 422, nil},
		{"do=approve", 422, nil},
	} {
		if w := webtest.Post(h, "/desk", "cara", tt.form); w.Code != tt.status {
			t.Errorf("%s = %d, want %d", tt.form, w.Code, tt.status)
		}
		for id, want := range tt.want {
			if got := state(t, desk, id); got != want {
				t.Errorf("after %s story %d is %s, want %s", tt.form, id, got, want)
			}
		}
	}
	page := webtest.Get(h, "/desk", "cara").Body.String()
	m := regexp.MustCompile(`name="undo" value="(\d+)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatal("the queue does not offer to undo")
	}
	webtest.Post(h, "/desk", "cara", "undo="+m[1])
	if state(t, desk, b) != news.StoryQueued || state(t, desk, c) != news.StoryQueued {
		t.Error("undo did not bring both back")
	}
	if w := webtest.Post(h, "/desk", "nell", fmt.Sprintf("approve=%d", b)); w.Code != 403 {
		t.Errorf("a contributor approves = %d, want 403", w.Code)
	}
}

func TestDecideOnTheStory(t *testing.T) {
	t.Parallel()
	h, desk := openDesk(t)
	id := begin(t, desk, "First")
	path := fmt.Sprintf("/desk/stories/%d", id)
	form := "do=approve&revision=1&headline=Ours&summary=Short&commentary=We+welcome+this&topics-shown=1&topic=torture&kind=letter&back=%2Fdesk%3Ftopic%3Dtorture"
	w := webtest.Post(h, path, "cara", form)
	if w.Code != 303 || w.Header().Get("Location") != "/desk?topic=torture" {
		t.Fatalf("approve = %d to %q", w.Code, w.Header().Get("Location"))
	}
	story, _, err := desk.Story(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if story.Headline != "Ours" || story.By != "cara" || story.Kind != "letter" || !slices.Equal(story.Topics, []news.Slug{"torture"}) {
		t.Errorf("approved as %+v", story)
	}
	if w := webtest.Post(h, path, "cara", "do=save&revision=1&headline=Older"); !strings.Contains(w.Header().Get("Location"), "conflict=1") {
		t.Errorf("save over a newer revision = %d to %q, want what was typed kept", w.Code, w.Header().Get("Location"))
	}
	if w := webtest.Post(h, path, "cara", "do=save&back=https://evil.example/desk"); strings.Contains(w.Header().Get("Location"), "evil") {
		t.Errorf("a form leads to %q", w.Header().Get("Location"))
	}
	for path, want := range map[string]int{path: 200, "/desk/stories/99": 404, "/desk/stories/x": 404, "/desk/new": 200, "/desk/sources": 200, "/desk?after=x&source=x&state=x": 200} {
		if w := webtest.Get(h, path, "nell"); w.Code != want {
			t.Errorf("GET %s = %d, want %d", path, w.Code, want)
		}
	}
}

func TestMarkdownPreview(t *testing.T) {
	t.Parallel()
	h, _ := openDesk(t)
	w := webtest.Post(h, "/desk/markdown", "nell", "field=commentary&commentary=**Bold**<script>alert(1)</script>")
	if body := w.Body.String(); !strings.Contains(body, "<strong>Bold</strong>") || strings.Contains(body, "<script") || strings.Contains(body, "<html") {
		t.Errorf("preview = %s", body)
	}
}

func TestTheWayOfAnIssue(t *testing.T) {
	t.Parallel()
	h, desk := openDesk(t)
	if w := webtest.Post(h, "/desk/issues", "edda", ""); w.Code != 409 || !strings.Contains(w.Body.String(), "Approve a story") {
		t.Errorf("an issue of nothing = %d, want 409 with the next step", w.Code)
	}
	for _, headline := range []string{"First", "Second", "Third"} {
		id := begin(t, desk, headline)
		if err := desk.Approve(t.Context(), "cara", id, 0, news.Approval{}); err != nil {
			t.Fatal(err)
		}
	}
	if w := webtest.Post(h, "/desk/issues", "cara", ""); w.Code != 403 {
		t.Errorf("a curator composes = %d, want 403", w.Code)
	}
	path := webtest.Post(h, "/desk/issues", "edda", "").Header().Get("Location")
	if path != "/desk/issues/1" {
		t.Fatalf("the draft is at %q", path)
	}
	steps := []struct {
		as, form string
		want     int
	}{
		{"edda", "revision=1&title=Ours&introduction=Hello&line=&line=%23story-1&line=%23story-2&line=News&line=%23story-3&move=up:3", 303},
		{"edda", "do=save&revision=1&title=Stale&line=", 409},
		{"edda", "do=send", 403},
		{"edda", "do=approve&revision=2", 403},
		{"emil", "do=approve&revision=2", 303},
		{"cara", "do=send", 403},
		{"emil", "do=dance", 422},
		{"emil", "do=send", 303},
		{"emil", "do=save&revision=2&title=Late&line=", 409},
	}
	for _, s := range steps {
		if w := webtest.Post(h, path, s.as, s.form); w.Code != s.want {
			t.Fatalf("%s sends %s = %d, want %d\n%s", s.as, s.form, w.Code, s.want, w.Body)
		}
	}
	page := webtest.Get(h, path, "cara").Body.String()
	if strings.Index(page, "Third") < strings.Index(page, "Second") || !strings.Contains(page, "Hello") {
		t.Errorf("the sent issue shows:\n%s", page)
	}
	if body := webtest.Get(h, path+"/preview?topic=torture", "nell").Body.String(); !strings.Contains(body, "Weekly &lt;b&gt;") || !strings.Contains(body, "sandbox") {
		t.Errorf("preview:\n%s", body)
	}
	w := webtest.Get(h, path+"/mail", "nell")
	if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "sandbox;") || !strings.Contains(csp, "frame-ancestors 'self'") || !strings.Contains(w.Body.String(), "stories") {
		t.Errorf("the mail's document = %q, policy %q", w.Body, csp)
	}
	for _, bad := range []string{path + "/preview?language=xx", path + "/preview?format=pdf", path + "/preview?topic=nothing"} {
		if w := webtest.Get(h, bad, "nell"); w.Code != 422 {
			t.Errorf("%s = %d, want 422", bad, w.Code)
		}
	}
}

func TestMove(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		verb string
		id   news.StoryID
		want string
	}{
		{"up", 1, "A[1 2] B[3]"},
		{"up", 2, "A[2 1] B[3]"},
		{"down", 1, "A[2 1] B[3]"},
		{"down", 2, "A[1] B[2 3]"},
		{"up", 3, "A[1 2 3]"},
		{"down", 3, "A[1 2] B[3]"},
		{"out", 1, "A[2] B[3]"},
		{"out", 3, "A[1 2]"},
		{"section", 2, "A[1] New[2] B[3]"},
		{"section", 1, "New[1 2] B[3]"},
		{"up", 9, "A[1 2] B[3]"},
		{"sideways", 1, "A[1 2] B[3]"},
	} {
		sections := []news.Section{{Heading: "A", Stories: []news.StoryID{1, 2}}, {Heading: "B", Stories: []news.StoryID{3}}}
		var got []string
		for _, s := range move(sections, tt.verb, tt.id, "New") {
			got = append(got, fmt.Sprint(s.Heading, s.Stories))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("move %s %d = %v, want %s", tt.verb, tt.id, got, tt.want)
		}
	}
}

func TestWritingKeepsBoth(t *testing.T) {
	t.Parallel()
	h, desk := openDesk(t)
	id := begin(t, desk, "First")
	path := fmt.Sprintf("/desk/stories/%d", id)
	if w := webtest.Post(h, path+"/draft", "cara", "revision=1&summary=Half+a+sen"); w.Code != 204 {
		t.Errorf("keeping a draft = %d", w.Code)
	}
	if body := webtest.Get(h, path, "carl").Body.String(); !strings.Contains(body, "cara is typing here") {
		t.Error("another curator does not see who is typing")
	}
	if w := webtest.Post(h, path, "carl", "do=save&revision=1&headline=By+Carl"); w.Code != 303 {
		t.Errorf("save = %d", w.Code)
	}
	w := webtest.Post(h, path, "cara", "do=save&revision=1&headline=By+Cara&summary=Whole.")
	if w.Code != 303 || !strings.Contains(w.Header().Get("Location"), "conflict=1") {
		t.Errorf("a save over another = %d to %q", w.Code, w.Header().Get("Location"))
	}
	body := webtest.Get(h, path+"?conflict=1", "cara").Body.String()
	if !strings.Contains(body, "By Carl") || !strings.Contains(body, "Somebody else saved") {
		t.Error("the page does not show theirs and say that mine is kept")
	}
	body = webtest.Get(h, path+"?draft=mine", "cara").Body.String()
	if !strings.Contains(body, "By Cara") || !strings.Contains(body, "Whole.") {
		t.Error("what was typed is lost")
	}
	webtest.Post(h, path, "cara", "do=save&revision=2&headline=By+Cara")
	if body := webtest.Get(h, path, "cara").Body.String(); strings.Contains(body, "Put mine") || !strings.Contains(body, "By Cara") {
		t.Error("after saving the draft still stands")
	}
}

func TestNotesReachWhomTheyConcern(t *testing.T) {
	t.Parallel()
	h, desk := openDesk(t)
	id := begin(t, desk, "First")
	path := fmt.Sprintf("/desk/stories/%d", id)
	webtest.Post(h, path+"/notes", "cara", "text=Who+knows+more%3F")
	if w := webtest.Post(h, path+"/notes", "nell", "parent=1&text=I+do"); w.Code != 303 {
		t.Errorf("an answer = %d", w.Code)
	}
	if body := webtest.Get(h, "/desk", "cara").Body.String(); !strings.Contains(body, "I do") {
		t.Error("cara is not told of the answer")
	}
	webtest.Post(h, path+"/seen", "cara", "")
	if body := webtest.Get(h, "/desk", "cara").Body.String(); strings.Contains(body, "I do") {
		t.Error("the notice stays after it was seen")
	}
	for form, want := range map[string]int{"text=": 422, "parent=99&text=x": 404} {
		if w := webtest.Post(h, path+"/notes", "nell", form); w.Code != want {
			t.Errorf("note %q = %d, want %d", form, w.Code, want)
		}
	}
}

func TestWritingFields(t *testing.T) {
	t.Parallel()
	h, desk := openDesk(t)
	id := begin(t, desk, "First")
	path := fmt.Sprintf("/desk/stories/%d", id)
	form := url.Values{"do": {"save"}, "revision": {"1"}, "summary": {"It happened yesterday. Call +41 22 791 2111."}, "quotes": {"One.\r\n— A judge\r\n\r\nTwo"},
		"further": {"The report https://a.example/r.pdf\n"}, "text-language": {"fr"}, "text-headline": {"Premier"}, "contacts-shown": {"1"}}
	if w := webtest.Post(h, path, "cara", form.Encode()); w.Code != 303 {
		t.Fatalf("save = %d %s", w.Code, w.Body)
	}
	story, _, err := desk.Story(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]news.Quote{{Text: "One.", Speaker: "A judge"}, {Text: "Two"}}, story.Quotes); diff != "" {
		t.Errorf("quotations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]news.Reference{{Title: "The report", URL: "https://a.example/r.pdf"}}, story.Further); diff != "" {
		t.Errorf("further reading (-want +got):\n%s", diff)
	}
	body := webtest.Get(h, path+"?text=fr", "cara").Body.String()
	for _, want := range []string{"yesterday", "does not stand so in any item", "may belong to a private person", "Premier", "French ✓"} {
		if !strings.Contains(body, want) {
			t.Errorf("the story's page lacks %q", want)
		}
	}
	for _, do := range []string{"do=assign&to=cara", "do=embargo&until=2099-01-01T12:00", "do=embargo&until="} {
		if w := webtest.Post(h, path, "cara", do); w.Code != 303 {
			t.Errorf("%s = %d", do, w.Code)
		}
	}
	if w := webtest.Post(h, path, "cara", "do=embargo&until=tomorrow"); w.Code != 422 {
		t.Errorf("an embargo until tomorrow = %d, want 422", w.Code)
	}
	if body := webtest.Get(h, "/desk?assigned=cara", "cara").Body.String(); !strings.Contains(body, "looked after by cara") {
		t.Error("the queue does not find what cara looks after")
	}
}
