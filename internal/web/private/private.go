// Package private is what the house says to the machines that watch it: is it
// alive, can it work, and how much. It is for a listener that readers cannot
// reach, asks for no session and shows no person: not in a label, not in a
// count of readers.
package private

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// fresh is how long an answer of the database is given again: many watchers
// cost it no more than one.
const fresh = 5 * time.Second

// patience is how long the database may take.
const patience = 10 * time.Second

// Options are what the pages are about.
type Options struct {
	Version, Commit string
	// Ready says why the house cannot work now; nil when it can.
	Ready func(ctx context.Context) error
	// Figures counts its work.
	Figures func(ctx context.Context, now time.Time) ([]news.Figure, error)
	Now     func() time.Time
	Log     *slog.Logger
}

// A Server answers the watchers.
type Server struct {
	o        Options
	ready    kept[error]
	figures  kept[[]news.Figure]
	registry *prometheus.Registry
}

// New returns the private pages.
func New(o Options) *Server {
	s := &Server{o: o, registry: prometheus.NewRegistry()}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), (*collector)(s))
	return s
}

// A Route is one line of the route list.
type Route struct {
	Pattern string
	Do      http.Handler
}

// Routes lists what a watcher may ask.
func (s *Server) Routes() []Route {
	return []Route{
		{"GET /healthz", http.HandlerFunc(s.healthz)}, // the process answers
		{"GET /readyz", http.HandlerFunc(s.readyz)},   // it can keep what it acknowledges
		{"GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2})},
	}
}

// Handler serves the routes.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.Routes() {
		mux.Handle(r.Pattern, r.Do)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, r)
	})
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	if err := s.isReady(r.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

func (s *Server) isReady(ctx context.Context) error {
	err, _ := s.ready.get(s.o.Now(), func() (error, error) {
		// Whoever asks first may go away; the answer is for all.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		return s.o.Ready(ctx), nil
	})
	return err
}

// kept is an answer that is given again while it is fresh.
type kept[T any] struct {
	mu    sync.Mutex
	at    time.Time
	value T
}

func (k *kept[T]) get(now time.Time, ask func() (T, error)) (T, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if age := now.Sub(k.at); !k.at.IsZero() && age >= 0 && age < fresh {
		return k.value, nil
	}
	v, err := ask()
	if err == nil {
		k.value, k.at = v, now
	}
	return v, err
}

// help says what each figure counts.
var help = map[string]string{
	"stories":                "Stories by state.",
	"issues":                 "Issues by state.",
	"sources":                "Sources by how their last poll went.",
	"sources_overdue":        "Sources that should have been polled a quarter of an hour ago.",
	"items_unplaced":         "Items that stand in no story yet.",
	"copies":                 "Copies of all issues by state.",
	"copies_uncertain":       "Copies that may have gone out twice.",
	"copies_overdue_seconds": "How long the copy that waits longest is due.",
	"results_late":           "Results refused because another had taken the work over.",
	"letters_waiting":        "Small mails that are owed.",
}

// A collector asks the house when it is scraped.
type collector Server

// Describe describes nothing: which states there are is known at the scrape.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect asks for the figures.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	s := (*Server)(c)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ready := 1.0
	if s.isReady(ctx) != nil {
		ready = 0
	}
	out <- gauge("ready", "Whether the house can keep what it acknowledges.", ready)
	out <- prometheus.MustNewConstMetric(prometheus.NewDesc("rightsdesk_build_info", "The program.", []string{"version", "commit"}, nil),
		prometheus.GaugeValue, 1, s.o.Version, s.o.Commit)
	figures, err := s.figures.get(s.o.Now(), func() ([]news.Figure, error) { return s.o.Figures(ctx, s.o.Now()) })
	if err != nil {
		s.o.Log.WarnContext(ctx, "metrics without figures", "err", err)
		return
	}
	for _, f := range figures {
		if f.State == "" {
			out <- gauge(f.Name, help[f.Name], f.Value)
			continue
		}
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc("rightsdesk_"+f.Name, help[f.Name], []string{"state"}, nil), prometheus.GaugeValue, f.Value, f.State)
	}
}

func gauge(name, help string, value float64) prometheus.Metric {
	return prometheus.MustNewConstMetric(prometheus.NewDesc("rightsdesk_"+name, help, nil, nil), prometheus.GaugeValue, value)
}
