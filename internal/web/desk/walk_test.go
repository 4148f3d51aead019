package desk

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/ifhhro/rightsdesk/internal/curate"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/publish"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/web"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

var triaged = flag.Int("triage", 30, "how many stories the walk by keyboard decides about; a fifteenth is merged, a twenty-fifth commented")

// alwaysCara signs everybody in.
type alwaysCara struct{}

func (alwaysCara) Session(context.Context, string) (staff.Session, error) {
	return staff.Session{Account: cara}, nil
}

// A stopwatch notes how long each answer took on the server.
type stopwatch struct {
	mu   sync.Mutex
	took []time.Duration
}

func (s *stopwatch) around(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "rightsdesk-development", Value: "cara"})
		began := time.Now()
		h.ServeHTTP(w, r)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.took = append(s.took, time.Since(began))
	})
}

func (s *stopwatch) at(percent int) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.took)
	return s.took[(len(s.took)-1)*percent/100].Round(time.Millisecond)
}

// serveDesk serves the desk with so many stories queued.
func serveDesk(t *testing.T, queued int) (*curate.Desk, *stopwatch, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	fill(t, dir, queued)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	site, err := web.New(web.Options{BaseURL: base, Name: "Test digest", Sessions: alwaysCara{}})
	if err != nil {
		t.Fatal(err)
	}
	slots, err := publish.ParseSlots("0 7 * * 1", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	issues := publish.New(s, plainComposer{}, publish.Options{Slots: slots}, func(string) {}, time.Now, slog.New(slog.DiscardHandler))
	desk, watch := curate.New(s, time.Now), &stopwatch{}
	server := httptest.NewUnstartedServer(watch.around(site.Handler(New(site, desk, issues, nil, noSources{}, time.Now).Routes())))
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return desk, watch, base
}

// TestTriageByKeyboard decides about many stories with the keyboard alone:
// most rejected with a reason, some merged, some approved with a commentary in
// two languages.
func TestTriageByKeyboard(t *testing.T) {
	const queued = 10_000
	desk, watch, base := serveDesk(t, queued)
	b := webtest.OpenBrowser(t, base)
	b.Open("/desk")
	b.Until("the queue", `document.querySelectorAll(".queue > li[data-story]").length === 50`)
	keys, decided := 0, 0
	press := func(key string) { t.Helper(); b.Press(key); keys++ }
	for decided < *triaged {
		switch {
		case decided%15 == 7:
			press("j")
			press("x")
			press("j")
			press("x")
			var leaving bool // this page may say "Merged" from the merge before
			b.Read(`window.leaving = true`, &leaving)
			press("m")
			b.Until("the merge", `!window.leaving && document.querySelector("#undo")?.textContent.includes("Merged")`)
		case decided%25 == 3:
			comment(b, press)
		default:
			var row string
			b.Until("a row to decide about", `document.querySelector("li[data-story]") !== null`)
			b.Read(`(document.activeElement?.closest("li[data-story]") ?? document.querySelector("li[data-story]")).id`, &row)
			press("r")
			b.Until("the reasons", `document.querySelector("#why-not")?.open`)
			press("1")
			b.Until("the next row", fmt.Sprintf(`!document.querySelector("#%s[data-story]") &&
				document.querySelector("li[data-story]") && (document.activeElement?.closest("li[data-story]") || !document.querySelector(".queue .done"))`, row))
		}
		decided++
	}
	counts, err := desk.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	approved, _, err := desk.Queue(t.Context(), news.Filter{State: news.StoryApproved})
	if err != nil {
		t.Fatal(err)
	}
	for _, story := range approved {
		if !strings.Contains(story.Commentary, "concerned") || story.In("fr").Commentary == "" && story.In("en").Commentary == "" {
			t.Errorf("approved without its words: %+v", story)
		}
	}
	average := float64(keys) / float64(decided)
	if average > 3 {
		t.Errorf("%.2f keys a decision, want 3 at most", average)
	}
	t.Logf("%d decisions (%d rejected, %d approved with comments in two languages, the rest merged) with %d queued: %.2f keys a decision; answers of the server: half within %v, 99 of 100 within %v, all within %v",
		decided, counts[news.StoryRejected], counts[news.StoryApproved], queued, average, watch.at(50), watch.at(99), watch.at(100))
}

// comment approves the story in focus with a commentary in its own and one
// other language.
func comment(b *webtest.Browser, press func(string)) {
	press("c")
	b.Until("the commentary", `document.activeElement.id === "commentary"`)
	b.Press("We are concerned.")
	press(kb.Escape)
	press("w")
	b.Until("the languages", `document.activeElement.name === "write"`)
	press(kb.Enter)
	b.Until("the other text", `document.activeElement.id === "text-headline"`)
	b.Press("Northland")
	press(kb.Tab)
	press(kb.Tab)
	b.Press("We are concerned, too.")
	press(kb.Escape)
	press("a")
	b.Until("the queue again", `location.pathname === "/desk" && document.querySelector("#undo")?.textContent.includes("Approved")`)
}
