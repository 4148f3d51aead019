package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
)

func ingest(t *testing.T, open Opener) {
	t.Run("a source list applies", func(t *testing.T) { syncSources(t, open(t)) })
	t.Run("a new address starts afresh", func(t *testing.T) { newAddress(t, open(t)) })
	t.Run("hosts fall due", func(t *testing.T) { dueHosts(t, open(t)) })
	t.Run("one lease a host, a late answer is refused", func(t *testing.T) { leases(t, open(t)) })
	t.Run("items keep their versions", func(t *testing.T) { versions(t, open(t)) })
	t.Run("an item is placed once, with its kin before it", func(t *testing.T) { placing(t, open(t)) })
	t.Run("placings do not overlap", func(t *testing.T) { placingTogether(t, open(t)) })
}

// aSource is a source that is polled, at the host of its slug.
func aSource(slug string) news.Source {
	return news.Source{
		Slug: slug, Name: "The " + slug, Home: "https://" + slug + ".example/", Method: news.MethodFeed,
		Address: "https://" + slug + ".example/rss", Language: "en", Kind: "news", Family: "un", Leans: []news.Slug{"torture"},
		Rhythm: 2.5, Terms: "with credit", Proven: "2026-09", Every: time.Hour, Agent: "desk",
	}
}

func sync1(t *testing.T, s *store.Store, list ...news.Source) {
	t.Helper()
	if err := s.SyncSources(t.Context(), list); err != nil {
		t.Fatal(err)
	}
}

// polled reads one source.
func polled(t *testing.T, s *store.Store, slug string, now time.Time) news.Polled {
	t.Helper()
	all, err := s.Polled(t.Context(), now)
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

func syncSources(t *testing.T, s *store.Store) {
	a, b := aSource("a"), aSource("b")
	b.Method, b.Select, b.Off = news.MethodPage, map[string]string{"item": "a", "link": "@href"}, "answers 403"
	sync1(t, s, a, b)
	got, err := s.Sources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i].ID = 0
	}
	if diff := cmp.Diff([]news.Source{a, b}, got); diff != "" {
		t.Errorf("Sources (-want +got):\n%s", diff)
	}
	id := polled(t, s, "a", noon).Source.ID
	a.Name, a.Every = "Another name", 2*time.Hour
	sync1(t, s, a)
	if p := polled(t, s, "a", noon); p.Source.Name != "Another name" || p.Source.Every != 2*time.Hour || p.Source.ID != id {
		t.Errorf("a changed field gives %+v", p.Source)
	}
	if p := polled(t, s, "b", noon); !p.Source.Paused || p.Source.Off == "" {
		t.Errorf("a missing slug gives %+v, want paused", p.Source)
	}
	b.Off = ""
	sync1(t, s, a, b)
	if p := polled(t, s, "b", noon); p.Source.Paused || !p.Source.Polled() {
		t.Errorf("a slug that came back gives %+v, want polled", p.Source)
	}
}

// poll records an answer of a source at now.
func poll(t *testing.T, s *store.Store, slug string, now time.Time, items []news.Item, change func(*news.Polling)) news.Arrivals {
	t.Helper()
	p := polled(t, s, slug, now)
	lease, err := s.LeaseHost(t.Context(), p.Source.Host(), "one", now, now.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	var arrived news.Arrivals
	err = s.SavePoll(t.Context(), lease, now.Add(time.Minute), p.Source.ID, items, func(a news.Arrivals) news.Polling {
		arrived = a
		if change != nil {
			change(&p.Polling)
		}
		return p.Polling
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ReleaseHost(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	return arrived
}

func newAddress(t *testing.T, s *store.Store) {
	a := aSource("a")
	sync1(t, s, a)
	want := news.Polling{
		Next: noon.Add(time.Hour), Last: noon, LastSuccess: noon.Add(-time.Second), LastNew: noon.Add(-time.Minute), Unchanged: true,
		Failures: 3, Error: "no", Gone: true, ETag: `W/"x  y"`, LastModified: "Sat", Answered: "https://b.example/", BodyHash: "ff", Seen: 30,
		Hints: news.Hints{TTL: time.Hour, PollEvery: 2 * time.Hour, SkipHours: []int{0, 23}, SkipDays: []string{"Sunday"}},
	}
	poll(t, s, "a", noon, nil, func(p *news.Polling) { *p = want })
	sync1(t, s, a)
	if diff := cmp.Diff(want, polled(t, s, "a", noon).Polling); diff != "" {
		t.Errorf("what we remember (-want +got):\n%s", diff)
	}
	a.Address = "https://a.example/other"
	sync1(t, s, a)
	want = news.Polling{Last: want.Last, LastSuccess: want.LastSuccess, LastNew: want.LastNew, Unchanged: true}
	if diff := cmp.Diff(want, polled(t, s, "a", noon).Polling); diff != "" {
		t.Errorf("what we remember at a new address (-want +got):\n%s", diff)
	}
}

func dueHosts(t *testing.T, s *store.Store) {
	off, gone, later := aSource("off"), aSource("gone"), aSource("later")
	off.Off = "answers 403"
	due, old := aSource("due"), aSource("old")
	sibling := aSource("sibling")
	sibling.Address = "https://due.example/other"
	sync1(t, s, off, gone, later, due, old, sibling)
	poll(t, s, "gone", noon, nil, func(p *news.Polling) { p.Gone = true })
	poll(t, s, "later", noon, nil, func(p *news.Polling) { p.Next = noon.Add(time.Millisecond) })
	poll(t, s, "due", noon, nil, func(p *news.Polling) { p.Next = noon })
	poll(t, s, "sibling", noon, nil, func(p *news.Polling) { p.Next = noon.Add(time.Hour) })
	want := func(now time.Time, hosts ...string) {
		t.Helper()
		got, err := s.DueHosts(t.Context(), now)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(hosts, got); diff != "" {
			t.Errorf("DueHosts at %v (-want +got):\n%s", now.Sub(noon), diff)
		}
	}
	want(noon, "old.example", "due.example")
	want(noon.Add(time.Second), "old.example", "due.example", "later.example")
	sources, err := s.DueSources(t.Context(), "due.example", noon)
	if err != nil || len(sources) != 1 || sources[0].Source.Slug != "due" {
		t.Errorf("DueSources = %v, %v; want due alone", sources, err)
	}
	lease, err := s.LeaseHost(t.Context(), "old.example", "one", noon, noon.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	want(noon, "due.example")
	want(noon.Add(time.Minute), "old.example", "due.example", "later.example")
	lease.RestUntil = noon.Add(time.Hour)
	src := polled(t, s, "old", noon).Source.ID
	if err := s.SavePoll(t.Context(), lease, noon, src, nil, func(news.Arrivals) news.Polling { return news.Polling{} }); err != nil {
		t.Fatal(err)
	}
	want(noon.Add(time.Minute), "due.example", "later.example")
	if p := polled(t, s, "old", noon); p.State() != news.SourceResting || !p.Polling.RestUntil.Equal(noon.Add(time.Hour)) {
		t.Errorf("a host that wants time leaves %+v", p.Polling)
	}
	want(noon.Add(time.Hour), "old.example", "due.example", "later.example")
}

func leases(t *testing.T, s *store.Store) {
	sync1(t, s, aSource("a"))
	src := polled(t, s, "a", noon).Source.ID
	lease := func(holder string, now time.Time) (news.HostLease, error) {
		return s.LeaseHost(t.Context(), "a.example", holder, now, now.Add(time.Minute))
	}
	save := func(l news.HostLease, key string) error {
		return s.SavePoll(t.Context(), l, noon.Add(time.Minute), src, []news.Item{anItem(key, "x")}, func(news.Arrivals) news.Polling {
			return news.Polling{Seen: 7}
		})
	}
	first, err := lease("one", noon)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lease("two", noon.Add(59*time.Second)); !errors.Is(err, news.ErrConflict) {
		t.Errorf("a second lease = %v, want a conflict", err)
	}
	first.NotBefore = noon.Add(time.Second)
	if err := save(first, "in time"); err != nil {
		t.Error(err)
	}
	second, err := lease("two", noon.Add(time.Minute))
	if err != nil || second.Fence <= first.Fence || !second.NotBefore.Equal(noon.Add(time.Second)) {
		t.Fatalf("the lease after one ran out = %+v, %v", second, err)
	}
	if err := save(first, "late"); !errors.Is(err, news.ErrConflict) {
		t.Errorf("a late answer = %v, want a conflict", err)
	}
	if err := s.ReleaseHost(t.Context(), first); err != nil {
		t.Error(err)
	}
	if err := save(second, "second"); err != nil {
		t.Errorf("the second lease fell with the first: %v", err)
	}
	if err := s.VoidLeases(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := save(second, "from before a restart"); !errors.Is(err, news.ErrConflict) {
		t.Errorf("an answer from before a restart = %v, want a conflict", err)
	}
	wantLate(t, s, "polls", 2)
	if _, err := lease("three", noon); err != nil {
		t.Errorf("a lease after a restart: %v", err)
	}
	items, err := s.Unplaced(t.Context(), 10)
	if err != nil || len(items) != 2 {
		t.Errorf("%d items kept, %v; want the two that came in time", len(items), err)
	}
}

// anItem is an item with a key and a text.
func anItem(key, text string) news.Item {
	return news.Item{
		Key: key, GUID: "guid of " + key, URL: "https://a.example/" + key, Canonical: "https://a.example/" + key, Title: "Title of " + key,
		TitleHTML: "<b>Title</b>", SummaryHTML: "<p>s</p>", ContentHTML: "<p>" + text + "</p>", Text: text, Language: "ar", Dir: "rtl",
		Published: news.Date{Time: noon.Add(-time.Hour), Precision: news.Minute, Origin: "pubDate"},
		Updated:   news.Date{Time: noon, Precision: news.Second, Origin: "updated"},
		Authors:   []news.Person{{Name: "A"}}, Categories: []news.Category{{Term: "t", Scheme: "s", Label: "l"}},
		Enclosures: []news.Enclosure{{URL: "https://a.example/f.pdf", Type: "application/pdf", Length: 5}}, Images: []string{"https://a.example/i"},
		DOI: "10.1/2", UNSymbols: []string{"A/1"}, Origin: news.Origin{Title: "o", URL: "https://o.example/"}, CommentsURL: "https://a.example/c",
		Alternates: []news.Alternate{{Language: "en", URL: "https://a.example/en"}}, Seen: noon, Digest: "digest of " + text, Fingerprint: "print of " + text,
	}
}

func versions(t *testing.T, s *store.Store) {
	sync1(t, s, aSource("a"), aSource("b"))
	both := []news.Item{anItem("k", "one"), anItem("l", "other")}
	if got := poll(t, s, "a", noon, both, nil); got != (news.Arrivals{New: 2, Seen: 2}) {
		t.Errorf("the first time: %+v", got)
	}
	if got := poll(t, s, "a", noon, []news.Item{anItem("l", "other"), anItem("k", "one")}, nil); got != (news.Arrivals{Seen: 2}) {
		t.Errorf("the same again: %+v", got)
	}
	if got := poll(t, s, "b", noon, []news.Item{anItem("k", "one")}, nil); got != (news.Arrivals{New: 1, Seen: 1}) {
		t.Errorf("the same key at another source: %+v", got)
	}
	if got := poll(t, s, "a", noon, []news.Item{anItem("k", "two")}, nil); got != (news.Arrivals{Changed: 1, Seen: 1}) {
		t.Errorf("an edit: %+v", got)
	}
	items, err := s.Unplaced(t.Context(), 10)
	if err != nil || len(items) != 3 {
		t.Fatalf("%d unplaced, %v; want three: the replaced version waits for nothing", len(items), err)
	}
	got, want := items[2], anItem("k", "two")
	want.ID, want.Source, want.Replaces = got.ID, polled(t, s, "a", noon).Source.ID, got.Replaces
	if diff := cmp.Diff(want, got); diff != "" || got.Replaces == 0 {
		t.Errorf("what is stored, replacing %d (-want +got):\n%s", got.Replaces, diff)
	}
}

// place puts an item where decide says and returns the story.
func place(t *testing.T, s *store.Store, id news.ItemID, decide func(news.Kin) news.Placement) news.StoryID {
	t.Helper()
	p, err := s.PlaceItem(t.Context(), id, func(k news.Kin) (news.Placement, error) { return decide(k), nil })
	if err != nil {
		t.Fatal(err)
	}
	return p.Story.ID
}

func aNewStory(k news.Kin) news.Placement {
	return news.Placement{Story: news.Lead{Headline: k.Item.Title, Link: k.Item.URL, Source: k.Item.Source, Language: "ar", Published: noon}.Story(noon)}
}

func placing(t *testing.T, s *store.Store) {
	sync1(t, s, aSource("a"), aSource("b"))
	one, other := anItem("k", "one"), anItem("l", "other")
	poll(t, s, "a", noon, []news.Item{one, other}, nil)
	items, err := s.Unplaced(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	story := place(t, s, items[0].ID, aNewStory)
	refused := errors.New("no")
	if _, err := s.PlaceItem(t.Context(), items[1].ID, func(news.Kin) (news.Placement, error) { return news.Placement{}, refused }); !errors.Is(err, refused) {
		t.Errorf("a choice that fails = %v", err)
	}
	if _, err := s.PlaceItem(t.Context(), items[0].ID, nil); !errors.Is(err, news.ErrConflict) {
		t.Errorf("placing twice = %v, want a conflict", err)
	}

	twin := anItem("m", "one")
	twin.Canonical = "https://b.example/copy"
	page := anItem("n", "quite different")
	page.Canonical = one.Canonical
	poll(t, s, "b", noon, []news.Item{twin, page}, nil)
	poll(t, s, "a", noon, []news.Item{anItem("k", "one, edited"), other}, nil)
	items, err = s.Unplaced(t.Context(), 10)
	if err != nil || len(items) != 4 {
		t.Fatalf("%d unplaced, %v; want other, twin, page and the edit", len(items), err)
	}
	join := func(k news.Kin) news.Placement {
		if len(k.Twins) != 1 || k.Twins[0].Key != "k" || k.Before != nil {
			t.Errorf("the kin of %s is %+v, want k as twin", k.Item.Key, k)
		}
		return news.Placement{Story: news.Story{ID: k.Twins[0].Story}, Why: "the same"}
	}
	for _, it := range items[1:3] {
		if got := place(t, s, it.ID, join); got != story {
			t.Errorf("%s went to story %d, want %d", it.Key, got, story)
		}
	}
	place(t, s, items[3].ID, func(k news.Kin) news.Placement {
		if k.Before == nil || k.Before.Text != "one" || k.Told.ID != story || k.Twins != nil {
			t.Errorf("the kin of an edit is %+v", k)
		}
		k.Told.Headline = "As edited"
		return news.Placement{Story: k.Told, Changed: true, Why: "an edit"}
	})
	got, err := s.Story(t.Context(), story)
	if err != nil || got.Headline != "As edited" || got.Items != 3 || got.SourceName != "The a" {
		t.Errorf("the story is %+v, %v", got, err)
	}
	before, err := s.StoryVersions(t.Context(), story)
	if err != nil || len(before) != 1 || before[0].Text != "one" || before[0].ID != items[3].Replaces {
		t.Errorf("what the story said before the edit: %+v, %v", before, err)
	}
	told, err := s.StoryItems(t.Context(), story)
	if err != nil || len(told) != 3 || told[0].Why != "the same" || told[2].Why != "an edit" || told[2].Text != "one, edited" {
		t.Errorf("its items are %+v, %v", told, err)
	}
}

func placingTogether(t *testing.T, s *store.Store) {
	sync1(t, s, aSource("a"))
	var all []news.Item
	for i := range 24 {
		it := anItem(fmt.Sprint(i), "one text")
		it.Canonical = ""
		all = append(all, it)
	}
	poll(t, s, "a", noon, all, nil)
	items, err := s.Unplaced(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range items {
				it := items[(i+worker*6)%len(items)]
				_, err := s.PlaceItem(t.Context(), it.ID, func(k news.Kin) (news.Placement, error) {
					if len(k.Twins) > 0 {
						return news.Placement{Story: news.Story{ID: k.Twins[0].Story}, Why: "the same"}, nil
					}
					return aNewStory(k), nil
				})
				if err != nil && !errors.Is(err, news.ErrConflict) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	stories, err := s.Queue(t.Context(), news.Filter{})
	if err != nil || len(stories) != 1 || stories[0].Items != 24 {
		t.Errorf("24 equal items placed by four make %d stories, %v; want one with all", len(stories), err)
	}
}
