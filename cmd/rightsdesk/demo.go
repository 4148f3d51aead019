package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"text/template"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/ingest"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/spf13/cobra"
)

// Our own writing: sources, readers and a curator's decisions.
//
//go:embed demo
var demoFiles embed.FS

// demoCurator signs what the demo decides.
const demoCurator = "Demo curator"

func (a *app) demoCommand() *cobra.Command {
	var once bool
	listen := "127.0.0.1:0"
	c := &cobra.Command{
		Use:   "demo",
		Short: "the whole line offline, in a directory that is thrown away",
		Long: "demo serves bundled sample feeds on loopback, reads them, sends one issue to sample readers into a\n" +
			"catcher, and then leaves the desk to you. It needs no network. --once prints what happened and exits.\n" + exitHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), listen, once) },
	}
	c.Flags().BoolVar(&once, "once", false, "run to the end, print what happened, exit")
	c.Flags().StringVar(&listen, "listen", listen, "address the pages listen on")
	return c
}

func (a *app) demo(ctx context.Context, listen string, once bool) (err error) {
	dir, err := os.MkdirTemp("", "rightsdesk-demo-")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	feeds := httptest.NewServer(demoFeeds(time.Now()))
	defer feeds.Close()
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return badSetting("listen", "choose another address with --listen", "%v", err)
	}
	defer listener.Close() // the server closes it first, except with --once
	s, err := demoSettings(dir, feeds.URL, listener)
	if err != nil {
		return err
	}
	h, err := a.openHouse(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	told, err := h.demoLine(ctx)
	if err != nil {
		return err
	}
	if err := told.print(a.stdout); err != nil || once {
		return err
	}
	fmt.Fprintln(a.stdout)
	return h.run(ctx, listener, a.greet)
}

// demoSettings are those of `make run`, over a directory of its own.
func demoSettings(dir, feedServer string, listener net.Listener) (*settings, error) {
	list, err := demoFile("feeds.yaml", feedServer, time.Now())
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "feeds.yaml")
	if err := os.WriteFile(file, list, 0o600); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	s := defaultSettings()
	s.dataDir, s.feeds, s.listen = dir, file, listener.Addr().String()
	s.baseURL = "http://localhost:" + port
	s.catch, s.solo = true, true
	s.postalAddress = "IFHHRO, demonstration, no such street"
	s.allowCIDR = []string{"127.0.0.0/8"}
	return &s, nil
}

// demoFile is a bundled file with the addresses and days of this run in it.
func demoFile(name, base string, now time.Time) ([]byte, error) {
	t, err := template.ParseFS(demoFiles, "demo/"+name)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, demoDays{base, now.UTC().Truncate(time.Hour)}); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	return out.Bytes(), nil
}

// demoDays are what a bundled file can say about this run.
type demoDays struct {
	Base string
	now  time.Time
}

// RFC822 is a day so many days ago as RSS writes it.
func (d demoDays) RFC822(ago int) string { return d.now.AddDate(0, 0, -ago).Format(time.RFC1123Z) }

// RFC3339 is a day so many days ago as Atom writes it.
func (d demoDays) RFC3339(ago int) string { return d.now.AddDate(0, 0, -ago).Format(time.RFC3339) }

// English is a day so many days ahead in words.
func (d demoDays) English(ahead int) string {
	return d.now.AddDate(0, 0, ahead).Format("2 January 2006")
}

// French is the same in French.
func (d demoDays) French(ahead int) string {
	day := d.now.AddDate(0, 0, ahead)
	months := [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
	return fmt.Sprintf("%d %s %d", day.Day(), months[day.Month()-1], day.Year())
}

// demoFeeds serves the bundled feeds as a publisher would, with validators.
func demoFeeds(start time.Time) http.Handler {
	types := map[string]string{".rss": "application/rss+xml", ".atom": "application/atom+xml", ".rdf": "application/rdf+xml", ".json": "application/feed+json"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		body, err := demoFile(name, "http://"+r.Host, start)
		if types[path.Ext(name)] == "" || err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", types[path.Ext(name)])
		w.Header().Set("ETag", fmt.Sprintf(`"%s-%d"`, name, start.Unix()))
		http.ServeContent(w, r, name, start, bytes.NewReader(body))
	})
}

// A tale is what happened at each station.
type tale struct{ lines [][2]string }

func (t *tale) tell(station, format string, args ...any) {
	t.lines = append(t.lines, [2]string{station, fmt.Sprintf(format, args...)})
}

func (t *tale) print(w interface{ Write([]byte) (int, error) }) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, l := range t.lines {
		fmt.Fprintf(tw, "%s\t%s\n", l[0], l[1])
	}
	return tw.Flush()
}

// demoLine runs the whole line once: feeds to caught mail.
func (h *house) demoLine(ctx context.Context) (*tale, error) {
	var t tale
	for _, station := range []func(context.Context, *tale) error{
		h.demoFetch, h.demoDecide, h.demoReaders, h.demoIssue, h.demoSend, h.demoCaught, h.demoAgain, h.demoVerify,
	} {
		if err := station(ctx, &t); err != nil {
			return nil, fmt.Errorf("demo: %w", err)
		}
	}
	return &t, nil
}

func (h *house) demoFetch(ctx context.Context, t *tale) error {
	if err := h.syncSources(ctx); err != nil {
		return err
	}
	asked, err := h.ingest.PollNow(ctx, nil, func(ingest.Outcome) {})
	if err != nil {
		return err
	}
	found := 0
	for _, o := range asked {
		if o.Err != nil {
			return fmt.Errorf("source %s: %w", o.Source.Slug, o.Err)
		}
		found += o.Arrived.New
	}
	t.tell("fetched", "%d sources, %d items", len(asked), found)
	if _, err := h.ingest.Place(ctx); err != nil {
		return err
	}
	queue, _, err := h.curate.Queue(ctx, news.Filter{Limit: news.MaxPage})
	if err != nil {
		return err
	}
	topics, joined, alive := 0, 0, 0
	for _, s := range queue {
		topics += len(s.Topics)
		joined += s.Items - 1
		if strings.Contains(s.Headline+s.Summary, "<script") || strings.HasPrefix(s.Link, "javascript:") {
			alive++
		}
	}
	t.tell("queued", "%d stories with %d topics between them, %d item joined to one it repeats", len(queue), topics, joined)
	t.tell("hostile", "1 item tried to run in the desk, %d did", alive)
	return nil
}

// A demoDecision is one line of decisions.yaml.
type demoDecision struct {
	Link       string  `yaml:"link"`
	Summary    *string `yaml:"summary"`
	Commentary *string `yaml:"commentary"`
	Reject     string  `yaml:"reject"`
}

func (h *house) demoDecide(ctx context.Context, t *tale) error {
	data, err := demoFiles.ReadFile("demo/decisions.yaml")
	if err != nil {
		return err
	}
	var decisions []demoDecision
	if err := yaml.UnmarshalWithOptions(data, &decisions, yaml.Strict()); err != nil {
		return err
	}
	queue, _, err := h.curate.Queue(ctx, news.Filter{Limit: news.MaxPage})
	if err != nil {
		return err
	}
	byLink := map[string]news.StoryID{}
	for _, s := range queue {
		byLink[s.Link] = s.ID
	}
	approved, rejected := 0, 0
	for _, d := range decisions {
		id, ok := byLink[d.Link]
		switch {
		case !ok:
			return fmt.Errorf("no story leads to %s", d.Link)
		case d.Reject != "":
			err = h.curate.Reject(ctx, demoCurator, id, d.Reject)
			rejected++
		default:
			err = h.curate.Approve(ctx, demoCurator, id, 0, news.Approval{Summary: d.Summary, Commentary: d.Commentary})
			approved++
		}
		if err != nil {
			return err
		}
	}
	t.tell("decided", "%d approved, %d rejected, %d left in the queue for you", approved, rejected, len(queue)-approved-rejected)
	return nil
}

func (h *house) demoReaders(ctx context.Context, t *tale) error {
	f, err := demoFiles.Open("demo/readers.csv")
	if err != nil {
		return err
	}
	defer f.Close()
	done, err := h.signup.Import(ctx, f, func(int) {})
	if err != nil {
		return err
	}
	if len(done.Badness) > 0 {
		return done.Badness[0]
	}
	t.tell("readers", "%d imported", done.Added)
	return nil
}

func (h *house) demoIssue(ctx context.Context, t *tale) error {
	issue, err := h.publish.Draft(ctx, demoCurator)
	if err != nil {
		return err
	}
	introduction := "Five stories this week. In three of them somebody was punished for doing their work as a doctor, nurse or midwife."
	issue, err = h.publish.Arrange(ctx, issue.ID, news.Arrangement{Introduction: &introduction}, issue.Revision, demoCurator)
	if err != nil {
		return err
	}
	issue, err = h.publish.Approve(ctx, issue.ID, issue.Revision, demoCurator)
	if err != nil {
		return err
	}
	if issue, err = h.publish.Send(ctx, issue.ID, demoCurator); err != nil {
		return err
	}
	alone := ""
	if issue.Solo {
		alone = ", by one person (--solo)"
	}
	t.tell("issue", "%s with %d stories: approved%s and frozen", issue.Name, len(issue.Stories()), alone)
	return nil
}

func (h *house) demoSend(ctx context.Context, t *tale) error {
	if err := h.deliver.Run(ctx); err != nil {
		return err
	}
	issues, err := h.publish.Issues(ctx, 1)
	if err != nil {
		return err
	}
	issue, c, err := h.publish.Status(ctx, issues[0].ID)
	if err != nil {
		return err
	}
	if without := h.readersWithout(ctx, c.Intended); without != "" {
		t.tell("without", "%s", without)
	}
	t.tell("sent", "%d intended = %d waiting + %d sent + %d refused + %d excluded + %d given up + %d withdrawn; the issue is %s",
		c.Intended, c.Waiting, c.Sent, c.Refused, c.Excluded, c.GivenUp, c.Withdrawn, issue.State)
	return nil
}

// readersWithout says how many readers chose topics of which this issue brings
// nothing: they get no mail this week.
func (h *house) readersWithout(ctx context.Context, intended int) string {
	counts, err := h.signup.Counts(ctx)
	if n := counts[audience.Active] - intended; err == nil && n > 0 {
		return fmt.Sprintf("%d of %d readers chose topics of which nothing came this week, and get no mail", n, counts[audience.Active])
	}
	return ""
}

// demoCaught reads every caught mail and looks for addresses of others in it.
func (h *house) demoCaught(_ context.Context, t *tale) error {
	files, err := filepath.Glob(filepath.Join(h.s.dataDir, mailDirectory, "new", "*"))
	if err != nil {
		return err
	}
	foreign, bytesOf := 0, 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		bytesOf += len(data)
		if bytes.Count(data, []byte("@reader.example")) > 1 {
			foreign++
		}
	}
	t.tell("caught", "%d mails, %d KB in all, %d with an address that is not its reader's", len(files), bytesOf>>10, foreign)
	return nil
}

func (h *house) demoAgain(ctx context.Context, t *tale) error {
	asked, err := h.ingest.PollNow(ctx, nil, func(ingest.Outcome) {})
	if err != nil {
		return err
	}
	unchanged, added := 0, 0
	for _, o := range asked {
		if o.State() == news.SourceUnchanged {
			unchanged++
		}
		added += o.Arrived.New
	}
	t.tell("asked again", "%d of %d sources unchanged, %d new items", unchanged, len(asked), added)
	return nil
}

func (h *house) demoVerify(ctx context.Context, t *tale) error {
	report, err := keep.Verify(ctx, h.store)
	if err != nil {
		return err
	}
	if !report.OK() {
		return fmt.Errorf("verify found %d problems, the first: %s", len(report.Problems), report.Problems[0].What)
	}
	t.tell("verified", "the books balance")
	return nil
}
