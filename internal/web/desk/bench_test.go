package desk

import (
	"database/sql"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/curate"
	"github.com/ifhhro/rightsdesk/internal/publish"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

var stored = flag.Int("stories", 10_000, "how many stories the benchmarks of the queue store")

// fill stores n queued stories with the facets and search terms they would
// have, past the rules and so in seconds.
func fill(b testing.TB, dir string, n int) {
	b.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, store.File)+"?_pragma=synchronous(0)&_pragma=cache_size(-200000)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close() // nothing is written after
	const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) `
	const topics = `json_extract('["torture","abortion","hiv-aids","children","prison-health","right-to-health","disability","sdgs"]', '$[' || (i % 8) || ']')`
	const language = `json_extract('["en","fr","es","ru","ar","zh","nl"]', '$[' || (i % 7) || ']')`
	const facts = `'{"Topics":[{"Slug":"' || ` + topics + ` || '","Score":0.83,"Assigned":true,"Evidence":["a word","another one"]}]}'`
	for _, query := range []string{
		`INSERT INTO stories (id, state, language, headline, summary, source, published, kind, countries, facts, created, updated)
			` + numbers + `SELECT i, 'queued', ` + language + `, 'Northland: hospital number ' || i || ' was hit for the third time this month',
			'Two paramedics were wounded when their marked ambulance came under fire on the road to the district hospital. It is the third attack on medical transport there this month, and hospitals nearby have cut their night services.',
			i % 100, 1700000000000 + i * 60000, 'news', '["UA"]', ` + facts + `, 0, 0 FROM n`,
		`INSERT INTO story_topics (story, topic, position) ` + numbers + `SELECT i, ` + topics + `, 0 FROM n`,
		`INSERT INTO story_facets (facet, state, published, story) ` + numbers + `SELECT 'topic:' || ` + topics + `, 'queued', 1700000000000 + i * 60000, i FROM n`,
		`INSERT INTO story_facets (facet, state, published, story) ` + numbers + `SELECT 'language:' || ` + language + `, 'queued', 1700000000000 + i * 60000, i FROM n`,
		`INSERT INTO story_facets (facet, state, published, story) ` + numbers + `SELECT 'source:' || (i % 100), 'queued', 1700000000000 + i * 60000, i FROM n`,
		`INSERT INTO story_facets (facet, state, published, story) ` + numbers + `SELECT 'country:UA', 'queued', 1700000000000 + i * 60000, i FROM n`,
		`INSERT INTO story_search (rowid, terms, facets) ` + numbers + `SELECT i, 'northland hospital third month paramedic ambulance number' || (i % 1000),
			'state:queued topic:' || ` + topics + ` || ' language:' || ` + language + ` FROM n`,
	} {
		if _, err := db.ExecContext(b.Context(), query, n); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkQueuePage asks for pages of the queue as a browser would and
// reports the slowest of a hundred, in milliseconds, and the bytes. Run it
// with -stories 1000000.
func BenchmarkQueuePage(b *testing.B) {
	dir := b.TempDir()
	s, err := store.Open(b.Context(), dir)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close() // read only from here
	fill(b, dir, *stored)
	slots, err := publish.ParseSlots("0 7 * * 1", time.UTC)
	if err != nil {
		b.Fatal(err)
	}
	issues := publish.New(s, plainComposer{}, publish.Options{Slots: slots}, func(string) {}, time.Now, slog.New(slog.DiscardHandler))
	site := webtest.Site(b, cara)
	h := site.Handler(New(site, curate.New(s, time.Now), issues, nil, noSources{}, time.Now).Routes())
	for _, path := range []string{"/desk", "/desk?topic=torture", "/desk?language=ar&topic=sdgs&country=UA", "/desk?q=ambulance", "/desk?q=number7&topic=children", "/desk?after=1700300000000-5000", "/desk?topic=older-persons"} {
		b.Run(path, func(b *testing.B) { askOften(b, h, path) })
	}
}

func askOften(b *testing.B, h http.Handler, path string) {
	var took []time.Duration
	size := 0
	for b.Loop() {
		began := time.Now()
		w := webtest.Get(h, path, "cara")
		took = append(took, time.Since(began))
		if size = w.Body.Len(); w.Code != 200 {
			b.Fatal(fmt.Errorf("%s = %d", path, w.Code))
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(size), "bytes")
	b.ReportMetric(0, "ns/op")
}
