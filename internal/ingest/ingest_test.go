package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/classify"
	"github.com/ifhhro/rightsdesk/internal/feedlist"
	"github.com/ifhhro/rightsdesk/internal/fetch"
	"github.com/ifhhro/rightsdesk/internal/ingest"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
)

// A house is an ingest over a real store, a scripted net and a clock that
// moves by hand.
type house struct {
	*ingest.Ingest
	store *store.Store
	net   *scriptedNet

	mu    sync.Mutex
	now   time.Time
	woken []string
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// pass moves the clock.
func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// scriptedNet answers by address, and notes what it was asked.
type scriptedNet struct {
	mu      sync.Mutex
	answers map[string]func(fetch.Request) (*fetch.Response, error)
	asked   []string
	after   func() // runs after each answer, before it is recorded
}

func (n *scriptedNet) Get(_ context.Context, r fetch.Request) (*fetch.Response, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, strings.TrimPrefix(r.URL, "https://"))
	defer func() {
		if n.after != nil {
			n.after()
		}
	}()
	answer := n.answers[r.URL]
	if answer == nil {
		return nil, &fetch.Error{URL: r.URL, Err: errors.New("no such host")}
	}
	return answer(r)
}

// takeAsked returns what was asked since the last time.
func (n *scriptedNet) takeAsked() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := n.asked
	n.asked = nil
	return out
}

func (n *scriptedNet) serves(url string, answer func(fetch.Request) (*fetch.Response, error)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answers[url] = answer
}

// body is a whole answer.
func body(text string) func(fetch.Request) (*fetch.Response, error) {
	return func(r fetch.Request) (*fetch.Response, error) {
		return &fetch.Response{Status: 200, URL: r.URL, Body: []byte(text)}, nil
	}
}

var noon = time.Date(2026, 11, 16, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string, net *scriptedNet) *house {
	t.Helper()
	s, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &house{store: s, net: net, now: noon}
	h.Ingest = ingest.New(ingest.Options{Store: s, Fetch: net, Reader: reader(t), Holder: "test", Log: slog.New(slog.DiscardHandler),
		Now: h.clock, Jitter: func() float64 { return 0 },
		Wake: func(kind string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.woken = append(h.woken, kind)
		}})
	return h
}

func reader(t *testing.T) ingest.Reader {
	t.Helper()
	c, err := classify.New()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newHouse(t *testing.T, sources ...news.Source) *house {
	t.Helper()
	h := open(t, t.TempDir(), &scriptedNet{answers: map[string]func(fetch.Request) (*fetch.Response, error){}})
	h.knows(t, sources...)
	return h
}

func (h *house) knows(t *testing.T, sources ...news.Source) {
	t.Helper()
	if err := h.SyncSources(t.Context(), feedlist.List{Sources: sources}); err != nil {
		t.Fatal(err)
	}
}

func source(slug, host string) news.Source {
	return news.Source{Slug: slug, Name: slug, Method: news.MethodFeed, Address: "https://" + host + "/" + slug, Language: "en", Kind: "news", Every: time.Hour}
}

// due polls every host that is due and returns what was asked.
func (h *house) due(t *testing.T) []string {
	t.Helper()
	hosts, err := h.DueHosts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range hosts {
		if err := h.PollHost(t.Context(), host); err != nil {
			t.Fatal(err)
		}
	}
	return h.net.takeAsked()
}

func (h *house) state(t *testing.T, slug string) news.Polled {
	t.Helper()
	all, err := h.store.Polled(t.Context(), h.clock())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.Source.Slug == slug {
			return p
		}
	}
	t.Fatalf("no source %s", slug)
	return news.Polled{}
}

func (h *house) queue(t *testing.T) []news.Story {
	t.Helper()
	if _, err := h.Place(t.Context()); err != nil {
		t.Fatal(err)
	}
	stories, err := h.store.Queue(t.Context(), news.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return stories
}

// rss is a feed of items, each "path|title|text".
func rss(items ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><rss version="2.0"><channel><title>Wire</title><link>https://wire.example/</link>`)
	for i, it := range items {
		f := strings.Split(it, "|")
		fmt.Fprintf(&b, `<item><guid isPermaLink="false">id-%s</guid><link>https://wire.example/%s</link><title>%s</title><description>%s</description>`+
			`<pubDate>Mon, 16 Nov 2026 %02d:00:00 +0000</pubDate></item>`, f[0], f[0], f[1], f[2], 10-i%10)
	}
	b.WriteString(`</channel></rss>`)
	return b.String()
}

const wire = "https://wire.example/wire"

func TestFromASourceToTheQueue(t *testing.T) {
	t.Parallel()
	h := newHouse(t, source("wire", "wire.example"))
	h.net.serves(wire, body(rss("a|Nurses on trial for treating protesters|The court heard them.", "b|Clinic reopens|After a year.")))
	if got := h.due(t); len(got) != 1 {
		t.Fatalf("asked %v", got)
	}
	stories := h.queue(t)
	if len(stories) != 2 || stories[0].Headline != "Nurses on trial for treating protesters" || stories[0].Link != "https://wire.example/a" ||
		stories[0].Summary != "The court heard them." || !stories[0].Published.Equal(noon.Add(-2*time.Hour)) || stories[0].SourceName != "wire" {
		t.Fatalf("the queue is %+v", stories)
	}
	if diff := cmp.Diff([]string{"poll", "place"}, h.woken); diff != "" {
		t.Errorf("woken (-want +got):\n%s", diff)
	}
	if n, err := h.Place(t.Context()); n != 0 || err != nil {
		t.Errorf("placing again places %d, %v", n, err)
	}
}

func TestNothingIsAskedEarly(t *testing.T) {
	t.Parallel()
	dir, net := t.TempDir(), &scriptedNet{answers: map[string]func(fetch.Request) (*fetch.Response, error){}}
	net.serves(wire, body(rss("a|A|a")))
	h := open(t, dir, net)
	h.knows(t, source("wire", "wire.example"))
	if got := h.due(t); len(got) != 1 {
		t.Fatalf("asked %v the first time", got)
	}
	for _, wait := range []time.Duration{0, time.Minute, 58 * time.Minute} {
		again := open(t, dir, net) // a restart
		again.pass(wait)
		again.knows(t, source("wire", "wire.example"))
		if got := again.due(t); len(got) != 0 {
			t.Errorf("a restart %v later asks %v", wait, got)
		}
	}
	h.pass(time.Hour)
	if got := h.due(t); len(got) != 1 {
		t.Errorf("an hour later asks %v", got)
	}
}

func TestUnchanged(t *testing.T) {
	t.Parallel()
	h := newHouse(t, source("wire", "wire.example"))
	var sent fetch.Request
	h.net.serves(wire, func(r fetch.Request) (*fetch.Response, error) {
		sent = r
		if r.ETag != "" {
			return &fetch.Response{Status: 304, NotModified: true, URL: r.URL}, nil
		}
		return &fetch.Response{Status: 200, URL: "https://cdn.example/wire", ETag: `W/"1"`, LastModified: "Mon", Body: []byte(rss("a|A|a"))}, nil
	})
	h.due(t)
	before := h.queue(t)
	h.pass(time.Hour)
	h.due(t)
	if sent.ETag != `W/"1"` || sent.LastModified != "Mon" || sent.ValidatedBy != "https://cdn.example/wire" {
		t.Errorf("the second request carries %+v", sent)
	}
	p := h.state(t, "wire")
	if p.State() != news.SourceUnchanged || p.Polling.Seen != 1 || p.Polling.ETag != `W/"1"` || !p.Polling.LastSuccess.Equal(h.clock()) {
		t.Errorf("after a 304: %s, %+v", p.State(), p.Polling)
	}
	if diff := cmp.Diff(before, h.queue(t)); diff != "" {
		t.Errorf("a 304 changed the queue:\n%s", diff)
	}
}

func TestTheSameBodyIsNotReadAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, source("wire", "wire.example"))
	h.net.serves(wire, body(rss("a|A|a")))
	h.due(t)
	h.pass(time.Hour)
	h.due(t)
	if p := h.state(t, "wire"); p.State() != news.SourceUnchanged || p.Polling.BodyHash == "" || p.Polling.Seen != 1 {
		t.Errorf("after the same body: %s, %+v", p.State(), p.Polling)
	}
}

func TestAFeedSaysWhenToAskAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, source("wire", "wire.example"))
	h.net.serves(wire, body(strings.Replace(rss("a|A|a"), "<title>", "<ttl>180</ttl><title>", 1)))
	for _, when := range []string{"read", "unchanged"} {
		h.due(t)
		if wait := h.state(t, "wire").Polling.Next.Sub(h.clock()); wait != 3*time.Hour {
			t.Errorf("%s, a feed with a ttl of three hours is asked again after %v", when, wait)
		}
		h.pass(3 * time.Hour)
	}
}

func TestAnEditIsAVersion(t *testing.T) {
	t.Parallel()
	h := newHouse(t, source("wire", "wire.example"))
	h.net.serves(wire, body(rss("a|Ten nurses held|They were taken at night.", "b|Clinic reopens|After a year.", "c|Strike|It began.")))
	h.due(t)
	stories := h.queue(t)
	edit := func(i int, a news.Approval) {
		t.Helper()
		_, err := h.store.UpdateStories(t.Context(), []news.StoryID{stories[i].ID}, news.Decision{At: noon, Who: "anna", What: "edit"},
			func(s *news.Story) error { return s.Edit(a, "anna", noon) })
		if err != nil {
			t.Fatal(err)
		}
	}
	mine := "My own words"
	edit(1, news.Approval{Headline: &mine})
	if _, err := h.store.UpdateStories(t.Context(), []news.StoryID{stories[2].ID}, news.Decision{At: noon, Who: "anna", What: "approve"},
		func(s *news.Story) error { return s.Approve(news.Approval{}, "anna", noon) }); err != nil {
		t.Fatal(err)
	}
	h.net.serves(wire, body(rss("a|Twelve nurses held|They were taken at dawn.", "b|Clinic opens again|After two years.", "c|Strike over|It ended.")))
	h.pass(time.Hour)
	h.due(t)
	if _, err := h.Place(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []struct{ headline, summary string }{
		{"Twelve nurses held", "They were taken at dawn."},
		{mine, "After two years."},
		{"Strike", "It began."},
	}
	for i, w := range want {
		s, err := h.store.Story(t.Context(), stories[i].ID)
		if err != nil || s.Headline != w.headline || s.Summary != w.summary || s.Items != 1 {
			t.Errorf("story %d is %q, %q, %d items, %v; want %q, %q", i, s.Headline, s.Summary, s.Items, err, w.headline, w.summary)
		}
		items, err := h.store.StoryItems(t.Context(), s.ID)
		if err != nil || len(items) != 1 || items[0].Replaces == 0 {
			t.Errorf("its items are %+v, %v; want the new version", items, err)
		}
	}
	if n := len(h.queue(t)); n != 2 {
		t.Errorf("%d stories wait, want the two that were not approved", n)
	}
}

func TestTheSameStoryTwice(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("Health workers in three provinces have had no pay since March. ", 5)
	h := newHouse(t, source("wire", "wire.example"), source("copy", "copy.example"))
	h.net.serves(wire, body(rss("a|Unpaid since March|"+text)))
	h.net.serves("https://copy.example/copy", body(strings.ReplaceAll(
		rss("a|The same page|Short.", "x|Kenya: Unpaid since March [EN/SW]|"+text, "y|Something else|Quite."), "wire.example/x", "copy.example/x")))
	for _, host := range []string{"wire.example", "copy.example"} {
		if err := h.PollHost(t.Context(), host); err != nil {
			t.Fatal(err)
		}
	}
	stories := h.queue(t)
	if len(stories) != 2 {
		t.Fatalf("%d stories, want 2", len(stories))
	}
	for _, s := range stories {
		items, err := h.store.StoryItems(t.Context(), s.ID)
		if err != nil {
			t.Fatal(err)
		}
		var why []string
		for _, it := range items {
			why = append(why, it.Why)
		}
		want := []string{""}
		if s.Headline == "Unpaid since March" {
			want = []string{"", "the same address", "the same text"}
		}
		if diff := cmp.Diff(want, why); diff != "" {
			t.Errorf("%q stands on (-want +got):\n%s", s.Headline, diff)
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	fails := func(status int, retry time.Duration) func(fetch.Request) (*fetch.Response, error) {
		return func(r fetch.Request) (*fetch.Response, error) {
			return nil, &fetch.Error{URL: r.URL, Status: status, RetryAfter: retry, Err: fmt.Errorf("answered %d %s", status, http.StatusText(status))}
		}
	}
	tests := []struct {
		name   string
		answer func(fetch.Request) (*fetch.Response, error)
		state  news.SourceState
		err    string
	}{
		{"server error", fails(500, 0), news.SourceFailing, "answered 500"},
		{"gone", fails(410, 0), news.SourceResting, "answered 410"},
		{"wait", fails(429, time.Hour), news.SourceResting, "answered 429"},
		{"a web page", body("<!doctype html><title>Just a moment…</title>"), news.SourceFailing, "feed"},
		{"no items where there were some", body(rss()), news.SourceFailing, "no entries, it had 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, source("wire", "wire.example"))
			h.net.serves(wire, body(rss("a|A|a", "b|B|b")))
			h.due(t)
			h.pass(time.Hour)
			h.net.serves(wire, tt.answer)
			h.due(t)
			p := h.state(t, "wire")
			if p.State() != tt.state || !strings.Contains(p.Polling.Error, tt.err) || p.Polling.Failures != 1 || p.Polling.Seen != 2 {
				t.Errorf("%s, %+v; want %s, …%s…", p.State(), p.Polling, tt.state, tt.err)
			}
			if len(h.queue(t)) != 2 {
				t.Error("a failure changed the queue")
			}
			h.net.serves(wire, body(rss("a|A|a", "b|B|b", "c|C|c")))
			h.pass(25 * time.Hour)
			if tt.name == "gone" {
				if got := h.due(t); len(got) != 0 {
					t.Errorf("a source that is gone is asked: %v", got)
				}
				if _, err := h.PollNow(t.Context(), []string{"wire"}, nil); err != nil {
					t.Error(err)
				}
			} else {
				h.due(t)
			}
			if p := h.state(t, "wire"); p.State() != news.SourceOK || p.Polling.Failures != 0 || len(h.queue(t)) != 3 {
				t.Errorf("once it is well again: %s, %+v", p.State(), p.Polling)
			}
		})
	}
}

func TestAHostThatWantsTimeRestsWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t, source("wire", "wire.example"), source("other", "wire.example"), source("alone", "alone.example"))
	h.net.serves(wire, func(r fetch.Request) (*fetch.Response, error) {
		return nil, &fetch.Error{URL: r.URL, Status: 503, RetryAfter: 3 * time.Hour, Err: errors.New("answered 503")}
	})
	h.net.serves("https://alone.example/alone", body(rss("a|A|a")))
	if diff := cmp.Diff([]string{"alone.example/alone", "wire.example/wire"}, h.due(t)); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	out, err := h.PollNow(t.Context(), []string{"other"}, nil)
	if err != nil || len(out) != 1 || out[0].State() != news.SourceResting || out[0].Err == nil || len(h.net.takeAsked()) != 0 {
		t.Errorf("asked by hand: %+v, %v; want resting, and nothing sent", out, err)
	}
	h.pass(2 * time.Hour)
	if diff := cmp.Diff([]string{"alone.example/alone"}, h.due(t)); diff != "" {
		t.Errorf("asked two hours later (-want +got):\n%s", diff)
	}
}

func TestALateAnswerIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, source("wire", "wire.example"))
	h.net.serves(wire, body(rss("a|A|a")))
	h.net.after = func() { // we were thought dead, and another took over
		if err := h.store.VoidLeases(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := h.PollHost(t.Context(), "wire.example"); err != nil {
		t.Errorf("PollHost = %v; a refused answer is no failure", err)
	}
	if p := h.state(t, "wire"); !p.Polling.Last.IsZero() || len(h.queue(t)) != 0 {
		t.Errorf("a late answer was recorded: %+v", p.Polling)
	}
}

func TestTwoDoNotAskOneHost(t *testing.T) {
	t.Parallel()
	h := newHouse(t, source("wire", "wire.example"))
	if _, err := h.store.LeaseHost(t.Context(), "wire.example", "another", noon, noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := h.PollHost(t.Context(), "wire.example"); err != nil || len(h.net.takeAsked()) != 0 {
		t.Errorf("PollHost while another asks: %v", err)
	}
}

func TestPollNow(t *testing.T) {
	t.Parallel()
	off := source("off", "off.example")
	off.Off = "answers 403"
	h := newHouse(t, source("wire", "wire.example"), off, source("dead", "dead.example"))
	h.net.serves(wire, body(rss("a|A|a", "b|B|b")))
	if _, err := h.PollNow(t.Context(), []string{"wire", "nobody"}, nil); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("an unknown slug = %v, want not found", err)
	}
	told := 0
	out, err := h.PollNow(t.Context(), nil, func(ingest.Outcome) { told++ })
	if err != nil || len(out) != 2 || told != 2 {
		t.Fatalf("PollNow = %+v, %v, told %d times", out, err, told)
	}
	if out[0].Source.Slug != "wire" || out[0].Arrived != (news.Arrivals{New: 2, Seen: 2}) || out[0].State() != news.SourceOK {
		t.Errorf("the first outcome is %+v", out[0])
	}
	if out[1].State() != news.SourceFailing || out[1].Err == nil {
		t.Errorf("the second outcome is %+v", out[1])
	}
	out, err = h.PollNow(t.Context(), []string{"off", "wire"}, nil)
	if err != nil || len(out) != 2 || out[0].Source.Slug != "wire" || out[0].State() != news.SourceUnchanged || out[1].State() != news.SourceOff {
		t.Errorf("by name: %+v, %v", out, err)
	}
}

// panicky is a reader that some text makes fail.
type panicky struct{}

func (panicky) Read(t classify.Text) news.Facts {
	if t.Title == "Bad" {
		panic("no")
	}
	return news.Facts{Kind: "news"}
}

func TestATextThatCannotBeReadIsPlacedAllTheSame(t *testing.T) {
	t.Parallel()
	h := newHouse(t, source("wire", "wire.example"))
	h.net.serves(wire, body(rss("a|Bad|a", "b|Good|b")))
	h.due(t)
	h.Ingest = ingest.New(ingest.Options{Store: h.store, Fetch: h.net, Reader: panicky{}, Now: h.clock})
	if n := len(h.queue(t)); n != 2 {
		t.Errorf("%d stories wait, want both", n)
	}
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	sentence := "Health workers have had no pay since the beginning of the year. "
	tests := []struct{ name, in, want string }{
		{"short", " Two words. ", "Two words."},
		{"stock phrase first", "Please refer to the attached files.\n\nThe ward closed.", "The ward closed."},
		{"stock phrase alone", "Please refer to the attached Infographic.", "Please refer to the attached Infographic."},
		{"whole sentences", strings.Repeat(sentence, 20), strings.TrimSpace(strings.Repeat(sentence, 10))},
		{"one endless sentence", strings.Repeat("word ", 300), strings.TrimSpace(strings.Repeat("word ", 140)) + " …"},
		{"no space", strings.Repeat("护", 400), strings.Repeat("护", 233) + " …"},
	}
	for _, tt := range tests {
		if got := ingest.Excerpt(tt.in); got != tt.want {
			t.Errorf("%s: Excerpt = %q (%d bytes), want %q (%d)", tt.name, got, len(got), tt.want, len(tt.want))
		}
	}
}
