package private_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/web/private"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func ask(s *private.Server, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func TestReady(t *testing.T) {
	t.Parallel()
	now, asked := noon, 0
	var state error
	s := private.New(private.Options{Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
		Ready: func(context.Context) error { asked++; return state },
		Figures: func(context.Context, time.Time) ([]news.Figure, error) {
			return nil, errors.New("the database is away")
		}})
	for _, step := range []struct {
		after time.Duration
		state error
		want  int
		asked int
	}{
		{0, nil, 200, 1},
		{time.Second, errors.New("the disk is full"), 200, 1}, // still fresh
		{5 * time.Second, errors.New("the disk is full"), 503, 2},
		{time.Second, nil, 503, 2},
		{5 * time.Second, nil, 200, 3},
	} {
		now, state = now.Add(step.after), step.state
		if w := ask(s, "GET", "/readyz"); w.Code != step.want || asked != step.asked {
			t.Errorf("at %s: %d %s, asked %d times; want %d, %d", now, w.Code, w.Body, asked, step.want, step.asked)
		}
		if w := ask(s, "GET", "/healthz"); w.Code != 200 {
			t.Errorf("healthz: %d", w.Code)
		}
	}
	if w := ask(s, "GET", "/metrics"); w.Code != 200 || !strings.Contains(w.Body.String(), "rightsdesk_ready 1") {
		t.Errorf("metrics without a database: %d\n%s", w.Code, w.Body)
	}
	for _, r := range []struct{ method, path string }{{"POST", "/readyz"}, {"GET", "/"}, {"GET", "/debug/pprof/"}} {
		if w := ask(s, r.method, r.path); w.Code != http.StatusNotFound && w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s %s: %d", r.method, r.path, w.Code)
		}
	}
}

// TestMetrics: the work is counted, and no reader shows, not even by changing
// a number.
func TestMetrics(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	st, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	now := noon
	s := private.New(private.Options{Version: "1", Commit: "abc", Now: func() time.Time { return now }, Figures: st.Figures,
		Log: slog.New(slog.DiscardHandler), Ready: func(ctx context.Context) error { return keep.Ready(ctx, st, dir) }})
	story := news.Story{State: news.StoryQueued, Language: "en", Headline: "A doctor is free", Created: noon}
	if _, err := st.AddStory(t.Context(), story, news.Decision{At: noon, Who: "anna", What: "begin"}); err != nil {
		t.Fatal(err)
	}
	ours := func() string {
		t.Helper()
		now = now.Add(time.Minute)
		var lines []string
		for line := range strings.Lines(ask(s, "GET", "/metrics").Body.String()) {
			if strings.HasPrefix(line, "rightsdesk_") {
				lines = append(lines, line)
			}
		}
		return strings.Join(lines, "")
	}
	before := ours()
	for _, want := range []string{`rightsdesk_stories{state="queued"} 1`, `rightsdesk_build_info{commit="abc",version="1"} 1`, "rightsdesk_ready 1",
		"rightsdesk_copies_uncertain 0", "rightsdesk_copies_overdue_seconds 0", "rightsdesk_items_unplaced 0"} {
		if !strings.Contains(before, want+"\n") {
			t.Errorf("no %s in\n%s", want, before)
		}
	}
	a, err := audience.ParseAddress("canary@reader.example")
	if err != nil {
		t.Fatal(err)
	}
	if err := st.AddReaders(t.Context(), []audience.Reader{{Address: a, State: audience.Active}}); err != nil {
		t.Fatal(err)
	}
	if after := ours(); after != before {
		t.Errorf("a new reader shows:\n%s\n%s", before, after)
	}
}
