package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
)

// A feedServer serves files with ETags and counts what it was asked.
type feedServer struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string][]byte
	full  int         // answers with a body
	same  int         // 304
	asked chan string // if not nil, is told each path
}

func serveFeeds(t *testing.T, files map[string][]byte) *feedServer {
	t.Helper()
	s := &feedServer{files: files}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *feedServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/")
	if s.asked != nil {
		s.asked <- path
	}
	body, ok := s.files[path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256(body))
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		s.same++
		w.WriteHeader(http.StatusNotModified)
		return
	}
	s.full++
	w.Header().Set("Content-Type", "application/rss+xml")
	w.Write(body)
}

// served returns what was answered since the last time.
func (s *feedServer) served() (full, same int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	full, same, s.full, s.same = s.full, s.same, 0, 0
	return full, same
}

// list writes a feeds.yaml of the server's files and returns its name.
func (s *feedServer) list(t *testing.T, slugs ...string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("version: 1\nsources:\n")
	for _, slug := range slugs {
		fmt.Fprintf(&b, "  - {slug: %s, name: %s, feed: \"%s/%s\"}\n", slug, slug, s.URL, slug)
	}
	file := filepath.Join(t.TempDir(), "feeds.yaml")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// rightsdesk runs a command line and returns its exit code and output.
func rightsdesk(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, func(string) string { return "" }, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// fetchJSON runs fetch and returns its lines by slug.
func fetchJSON(t *testing.T, dir, list string, slugs ...string) map[string]sourceLine {
	t.Helper()
	args := append([]string{"fetch", "--json", "--data-dir", dir, "--feeds", list, "--fetch-allow-cidr", "127.0.0.0/8"}, slugs...)
	code, out, errs := rightsdesk(t, args...)
	if code != exitDone {
		t.Fatalf("fetch exits with %d:\n%s%s", code, out, errs)
	}
	return sourceLines(t, out)
}

func sourceLines(t *testing.T, out string) map[string]sourceLine {
	t.Helper()
	lines := map[string]sourceLine{}
	for line := range strings.Lines(out) {
		var l sourceLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		lines[l.Slug] = l
	}
	return lines
}

// stored reads all current items of a data directory by their address.
func stored(t *testing.T, dir string) map[string]news.Item {
	t.Helper()
	s, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	out := map[string]news.Item{}
	for _, state := range news.StoryStates() {
		stories, err := s.Queue(t.Context(), news.Filter{State: state, Limit: news.MaxPage})
		if err != nil {
			t.Fatal(err)
		}
		for _, story := range stories {
			items, err := s.StoryItems(t.Context(), story.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, it := range items {
				out[it.URL] = it
			}
		}
	}
	return out
}

// dueAfter counts the hosts that are due some time from now.
func dueAfter(t *testing.T, dir string, d time.Duration) int {
	t.Helper()
	s, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	hosts, err := s.DueHosts(t.Context(), time.Now().Add(d))
	if err != nil {
		t.Fatal(err)
	}
	return len(hosts)
}

const bulletin = `<?xml version="1.0"?><rss version="2.0"><channel><title>Bulletin</title><link>https://bulletin.example/</link>
<item><title>Hospital struck in the north</title><link>https://bulletin.example/1</link><guid>1</guid>
<description>Two nurses were killed.</description><pubDate>Sat, 21 Nov 2026 08:00:00 +0000</pubDate></item>
<item><title>Midwives win their case</title><link>https://bulletin.example/2</link><guid>2</guid>
<description>The court ruled for them.</description><pubDate>Fri, 20 Nov 2026 08:00:00 +0000</pubDate></item>
</channel></rss>`

func TestFetch(t *testing.T) {
	t.Parallel()
	feeds := serveFeeds(t, map[string][]byte{"bulletin": []byte(bulletin), "page": []byte("<!doctype html><p>Just a moment…</p>")})
	dir, list := t.TempDir(), feeds.list(t, "bulletin", "page", "missing")
	lines := fetchJSON(t, dir, list)
	for _, want := range []sourceLine{
		{Slug: "bulletin", State: news.SourceOK, New: 2, Seen: 2},
		{Slug: "page", State: news.SourceFailing},
		{Slug: "missing", State: news.SourceFailing},
	} {
		got := lines[want.Slug]
		if got.State != want.State || got.New != want.New || got.Seen != want.Seen || (got.Error == "") != (want.State == news.SourceOK) || got.Next == nil {
			t.Errorf("fetch says %+v, want %+v", got, want)
		}
	}
	if n := len(stored(t, dir)); n != 2 {
		t.Errorf("%d items stored, want 2", n)
	}
	if code, out, _ := rightsdesk(t, "feeds", "list", "--json", "--data-dir", dir); code != exitDone || sourceLines(t, out)["bulletin"].LastSuccess == nil {
		t.Errorf("feeds list exits with %d:\n%s", code, out)
	}
	code, out, errs := rightsdesk(t, "fetch", "--data-dir", dir, "--feeds", list, "--fetch-allow-cidr", "127.0.0.0/8", "bulletin")
	if code != exitDone || !strings.Contains(out, "bulletin  unchanged  0    0        2") || !strings.Contains(errs, "fetching 1/1: bulletin") {
		t.Errorf("fetch for a person exits with %d:\n%s%s", code, out, errs)
	}
}

func TestFetchIsRefusedInward(t *testing.T) {
	t.Parallel()
	feeds := serveFeeds(t, map[string][]byte{"bulletin": []byte(bulletin)})
	code, out, errs := rightsdesk(t, "fetch", "--data-dir", t.TempDir(), "--feeds", feeds.list(t, "bulletin"))
	if full, same := feeds.served(); code != exitFailed || full+same != 0 || !strings.Contains(out, "may not be asked") || !strings.Contains(errs, "hint:") {
		t.Errorf("without --fetch-allow-cidr fetch exits with %d after %d requests:\n%s%s", code, full+same, out, errs)
	}
}

func TestFetchUnknownSource(t *testing.T) {
	t.Parallel()
	feeds := serveFeeds(t, nil)
	code, _, errs := rightsdesk(t, "fetch", "--data-dir", t.TempDir(), "--feeds", feeds.list(t, "bulletin"), "buletin")
	if code != exitUsage || !strings.Contains(errs, `source "buletin"`) {
		t.Errorf("a misspelt source exits with %d:\n%s", code, errs)
	}
}

func TestFeedsCheck(t *testing.T) {
	t.Parallel()
	feeds := serveFeeds(t, map[string][]byte{"bulletin": []byte(bulletin), "page": []byte("<!doctype html><p>Just a moment…</p>")})
	broken := filepath.Join(t.TempDir(), "feeds.yaml")
	if err := os.WriteFile(broken, []byte("version: 1\nsources:\n  - slug: one\n    nam: One\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good, ill := feeds.list(t, "bulletin"), feeds.list(t, "bulletin", "page")
	tests := []struct {
		name string
		args []string
		code int
		want string // in stdout
	}{
		{"ours", []string{"--feeds", "../../feeds.yaml"}, exitDone, "well formed"},
		{"broken", []string{"--feeds", broken}, exitFound, broken + ":4:5: unknown field \"nam\"\n     2 | sources:\n     3 |   - slug: one\n>    4 |     nam: One\n       |     ^\n"},
		{"missing", []string{"--feeds", broken + "x"}, exitUsage, ""},
		{"live and ill", []string{"--live", "--fetch-allow-cidr", "127.0.0.0/8", "--feeds", ill}, exitFound, "1 of 2 sources are not well"},
		{"live", []string{"--live", "--fetch-allow-cidr", "127.0.0.0/8", "--feeds", good}, exitDone, "well"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := rightsdesk(t, append([]string{"feeds", "check"}, tt.args...)...)
			if code != tt.code || !strings.Contains(out, tt.want) {
				t.Errorf("feeds check exits with %d, want %d:\n%s%s", code, tt.code, out, errs)
			}
		})
	}
}

// TestARestartAsksNothingEarly: a serving process that starts asks the source
// that is new to it, and not the one of the same host that was just asked.
func TestARestartAsksNothingEarly(t *testing.T) {
	t.Parallel()
	feeds := serveFeeds(t, map[string][]byte{"bulletin": []byte(bulletin), "wire": []byte(strings.ReplaceAll(bulletin, "bulletin", "wire"))})
	dir := t.TempDir()
	fetchJSON(t, dir, feeds.list(t, "bulletin"))
	feeds.served()
	feeds.asked = make(chan string, 100)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, errs bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--data-dir", dir, "--listen", "127.0.0.1:0", "--feeds", feeds.list(t, "bulletin", "wire"),
			"--fetch-allow-cidr", "127.0.0.0/8"}, func(string) string { return "" }, strings.NewReader(""), &out, &errs)
	}()
	select {
	case path := <-feeds.asked:
		if path != "wire" {
			t.Errorf("%s was asked early", path)
		}
		stop()
	case code := <-ended:
		t.Fatalf("serve exits with %d:\n%s%s", code, &out, &errs)
	}
	if code := <-ended; code != exitDone {
		t.Errorf("serve exits with %d:\n%s%s", code, &out, &errs)
	}
	if full, same := feeds.served(); full+same != 1 {
		t.Errorf("%d requests, want the one to the new source", full+same)
	}
}

// TestServeStopsAtABrokenList: serve does not begin with a list it cannot read.
func TestServeStopsAtABrokenList(t *testing.T) {
	t.Parallel()
	list := filepath.Join(t.TempDir(), "feeds.yaml")
	if err := os.WriteFile(list, []byte("version: 1\nsources:\n  - slug: one\n    feed: https://one.example/\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errs := rightsdesk(t, "serve", "--data-dir", t.TempDir(), "--listen", "127.0.0.1:0", "--feeds", list)
	if code != exitUsage || !strings.Contains(errs, list+":3:11: name: is missing") || !strings.Contains(errs, ">    3 |   - slug: one") {
		t.Errorf("serve exits with %d:\n%s", code, errs)
	}
}

// TestSamples reads real documents of our sources where the machine has them.
func TestSamples(t *testing.T) {
	t.Parallel()
	samples := os.Getenv("RIGHTSDESK_SAMPLES")
	if samples == "" {
		t.Skip("left out: real feeds, because RIGHTSDESK_SAMPLES names no folder of them")
	}
	names, err := filepath.Glob(filepath.Join(samples, "*.xml"))
	if err != nil || len(names) < 2 {
		t.Fatalf("%d XML files in %s, %v; want UN News and ReliefWeb", len(names), samples, err)
	}
	files, want := map[string][]byte{}, map[string]sampleItem{}
	var slugs []string
	for i, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		slug := fmt.Sprintf("sample-%d", i+1)
		slugs, files[slug] = append(slugs, slug), body
		items := readSample(t, body)
		if strings.Contains(name, "unnews") && len(items) != 30 {
			t.Errorf("%s holds %d items, want 30", name, len(items))
		}
		for _, it := range items {
			want[it.Link] = it
		}
	}
	feeds := serveFeeds(t, files)
	dir, list := t.TempDir(), feeds.list(t, slugs...)
	fetchJSON(t, dir, list)
	if full, same := feeds.served(); full != len(names) || same != 0 {
		t.Errorf("the first fetch is answered in full %d times, 304 %d times; want %d, 0", full, same, len(names))
	}
	got := map[string]sampleItem{}
	for url, it := range stored(t, dir) {
		got[url] = sampleItem{it.Title, url, it.Published.Time.Format(time.RFC3339)}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stored items (-want +got):\n%s", diff)
	}
	for slug, line := range fetchJSON(t, dir, list) {
		if line.State != news.SourceUnchanged || line.New+line.Changed != 0 {
			t.Errorf("the second fetch of %s says %+v", slug, line)
		}
	}
	if full, same := feeds.served(); full != 0 || same != len(names) {
		t.Errorf("the second fetch is answered in full %d times, 304 %d times; want 0, %d", full, same, len(names))
	}
	if n := len(stored(t, dir)); n != len(want) {
		t.Errorf("%d items after the second fetch, want %d", n, len(want))
	}
	if early, late := dueAfter(t, dir, 50*time.Minute), dueAfter(t, dir, 26*time.Hour); early != 0 || late != 1 {
		t.Errorf("%d hosts due within 50 minutes, %d within 26 hours; want 0, 1", early, late)
	}
}

// A sampleItem is what an independent reader sees of an item.
type sampleItem struct{ Title, Link, Published string }

func readSample(t *testing.T, body []byte) []sampleItem {
	t.Helper()
	var doc struct {
		Items []struct {
			Title string `xml:"title"`
			Link  string `xml:"link"`
			Date  string `xml:"pubDate"`
		} `xml:"channel>item"`
	}
	if err := xml.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	var out []sampleItem
	for _, it := range doc.Items {
		at, err := time.Parse(time.RFC1123Z, strings.TrimSpace(it.Date))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, sampleItem{strings.Join(strings.Fields(it.Title), " "), strings.TrimSpace(it.Link), at.UTC().Format(time.RFC3339)})
	}
	return out
}
