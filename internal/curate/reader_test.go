package curate_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/classify"
	"github.com/ifhhro/rightsdesk/internal/curate"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/store/storetest"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// onBoth runs a test on SQLite, and on PostgreSQL where there is one. open
// opens the same books each time.
func onBoth(t *testing.T, test func(t *testing.T, open func() *store.Store)) {
	run := func(name string, opener func(t *testing.T) func() (*store.Store, error)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := opener(t)
			test(t, func() *store.Store {
				t.Helper()
				s, err := open()
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				})
				return s
			})
		})
	}
	run("SQLite", func(t *testing.T) func() (*store.Store, error) {
		dir := t.TempDir()
		return func() (*store.Store, error) { return store.Open(t.Context(), dir) }
	})
	run("PostgreSQL", func(t *testing.T) func() (*store.Store, error) {
		server := os.Getenv("RIGHTSDESK_TEST_POSTGRES")
		if server == "" {
			t.Skip("left out: what the desk teaches on PostgreSQL (RIGHTSDESK_TEST_POSTGRES names no server)")
		}
		address := storetest.Schema(t, server)
		return func() (*store.Store, error) { return store.OpenPostgres(t.Context(), address) }
	})
}

// brought puts one item a title into the queue, each a story of its own.
func brought(t *testing.T, s *store.Store, titles ...string) []news.StoryID {
	t.Helper()
	source := news.Source{Slug: "a", Name: "A", Home: "https://a.example/", Address: "https://a.example/feed", Language: "en", Every: time.Hour}
	if err := s.SyncSources(t.Context(), []news.Source{source}); err != nil {
		t.Fatal(err)
	}
	all, err := s.Sources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	lease, err := s.LeaseHost(t.Context(), all[0].Host(), "one", noon, noon.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	var items []news.Item
	for i, title := range titles {
		address := fmt.Sprintf("https://a.example/%d", i)
		items = append(items, news.Item{Key: address, URL: address, Canonical: address, Title: title, Text: title + ", the town says.", Language: "en", Seen: noon, Digest: title})
	}
	if err := s.SavePoll(t.Context(), lease, noon, all[0].ID, items, func(news.Arrivals) news.Polling { return news.Polling{} }); err != nil {
		t.Fatal(err)
	}
	waiting, err := s.Unplaced(t.Context(), len(items))
	if err != nil {
		t.Fatal(err)
	}
	var ids []news.StoryID
	for _, it := range waiting {
		p, err := s.PlaceItem(t.Context(), it.ID, func(k news.Kin) (news.Placement, error) {
			return news.Placement{Story: news.Lead{Headline: k.Item.Title, Link: k.Item.URL, Source: k.Item.Source, Language: "en", Published: noon}.Story(noon)}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, p.Story.ID)
	}
	return ids
}

func newReader(t *testing.T, s *store.Store) *curate.Reader {
	t.Helper()
	r, err := curate.NewReader(s, func() time.Time { return noon }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func learned(t *testing.T, r *curate.Reader, lessons int) []byte {
	t.Helper()
	n, model, err := r.Learned(t.Context())
	if err != nil || n != lessons {
		t.Fatalf("%d lessons, %v; want %d", n, err, lessons)
	}
	return model
}

// TestTheDeskLearns: decisions teach, undoing takes it back to the byte, and
// whoever looks at the same books has learned the same, however they came to it.
func TestTheDeskLearns(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func() *store.Store) {
		var titles []string
		for i := range 12 {
			titles = append(titles, fmt.Sprintf("The glimmering of district %d goes on", i))
		}
		s := open()
		stories := brought(t, s, append(titles, "Village fair number one", "Village fair number two")...)
		desk := curate.New(s, func() time.Time { return noon })
		watching := newReader(t, s)
		other := newReader(t, open())
		nothing := learned(t, watching, 0)
		topics := []news.Slug{"torture"}
		for i, id := range stories[:12] {
			if err := desk.Approve(t.Context(), "anna", id, 0, news.Approval{Topics: &topics}); err != nil {
				t.Fatal(err)
			}
			learned(t, watching, i+1)
		}
		if err := desk.Reject(t.Context(), "anna", stories[12], "Not about health and human rights"); err != nil {
			t.Fatal(err)
		}
		thirteen := learned(t, watching, 13)
		if bytes.Equal(thirteen, nothing) || !bytes.Equal(thirteen, learned(t, other, 13)) {
			t.Error("two readers of the same books differ")
		}
		text := classify.Text{Title: "Another glimmering begins", Body: "The glimmering of the river district goes on.", Language: "en", Source: "a"}
		was, is := newReader(t, s).Read(text).Topics, watching.Read(text).Topics
		if best := is[0]; best.Slug != "torture" || best.Score < 10*was[0].Score || !strings.Contains(strings.Join(best.Evidence, " "), "glimmering") {
			t.Errorf("after twelve of its sort a text says %+v, before %+v; want more of torture, because of the glimmering", best, was[0])
		}

		// A correction in the middle, and back.
		corrected := []news.Slug{"torture", "children"}
		if err := desk.Edit(t.Context(), "anna", stories[3], 0, news.Approval{Topics: &corrected}); err != nil {
			t.Fatal(err)
		}
		learned(t, other, 13)
		if after := learned(t, watching, 13); bytes.Equal(after, thirteen) || !bytes.Equal(after, learned(t, newReader(t, s), 13)) {
			t.Error("a correction taught nothing, or not what a fresh start learns")
		}
		for _, back := range []struct {
			lessons int
			want    []byte
		}{{13, thirteen}, {12, nil}} {
			last, err := desk.Last(t.Context(), "anna")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := desk.Undo(t.Context(), "anna", last.ID); err != nil {
				t.Fatal(err)
			}
			got := learned(t, watching, back.lessons)
			if back.want != nil && !bytes.Equal(got, back.want) {
				t.Error("undo did not bring back the bytes")
			}
			for _, r := range []*curate.Reader{other, newReader(t, open())} {
				if !bytes.Equal(got, learned(t, r, back.lessons)) {
					t.Errorf("after undo, with %d lessons, two readers differ", back.lessons)
				}
			}
		}
	})
}

// TestTheLexiconIsEdited: lines over the shipped ones count at once, mistakes
// name their line and keep nothing, and undo gives back what was.
func TestTheLexiconIsEdited(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func() *store.Store) {
		s := open()
		r, other := newReader(t, s), newReader(t, open())
		text := classify.Text{Title: "Un zwibulon contre les détenus", Body: "Le zwibulon a été employé dans une prison.", Language: "fr"}
		gives := func() bool {
			t.Helper()
			var said []bool
			for _, reader := range []*curate.Reader{r, other} {
				if err := reader.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				facts := reader.Read(text)
				said = append(said, slices.Contains(facts.Assigned(), "torture"))
			}
			if said[0] != said[1] {
				t.Error("two readers differ")
			}
			return said[0]
		}
		edit := func(lines string, seen int64) error {
			return r.EditLexicon(t.Context(), news.LexiconEdit{Topic: "torture", Language: "fr", Lines: lines, Who: "anna"}, seen)
		}
		if gives() {
			t.Fatal("an unknown word speaks for torture")
		}
		for lines, line := range map[string]string{"4 zwibulon\nfive zwibulon": "line 2", "4 @nothing": "line 1", "4 zwibulon\n\n99 zwibulon": "line 3", "[abortion]\n4 x": "line 1", strings.Repeat("4 x\n", 10_000): "KB"} {
			if err := edit(lines, 0); !errors.Is(err, news.ErrInvalid) || !strings.Contains(err.Error(), line) {
				t.Errorf("EditLexicon(%.20q) = %v, want ErrInvalid naming %s", lines, err, line)
			}
		}
		if gives() {
			t.Error("a refused edit counts")
		}
		if err := edit("5 zwibulon\n", 0); err != nil || !gives() {
			t.Errorf("edit: %v; the new word does not count", err)
		}
		now, err := r.Lexicon(t.Context())
		if err != nil || len(now) != 1 {
			t.Fatalf("lexicon = %+v, %v", now, err)
		}
		if err := edit("", now[0].ID); err != nil || gives() {
			t.Errorf("back to the shipped lines: %v; the word still counts", err)
		}
		history, err := r.LexiconHistory(t.Context(), "torture", "fr")
		if err != nil || len(history) != 2 {
			t.Fatalf("history = %+v, %v", history, err)
		}
		if err := r.UndoLexicon(t.Context(), "bert", history[0].ID); err != nil || !gives() {
			t.Errorf("undo: %v; the word does not count again", err)
		}
	})
}
