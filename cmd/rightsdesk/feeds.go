package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ifhhro/rightsdesk/internal/feedlist"
	"github.com/ifhhro/rightsdesk/internal/fetch"
	"github.com/ifhhro/rightsdesk/internal/ingest"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (a *app) feedsCommand() *cobra.Command {
	c := &cobra.Command{Use: "feeds", Short: "the list of sources: check, list"}
	c.AddCommand(a.feedsCheck(), a.feedsList())
	return c
}

// fetchFlags are what a command needs that asks sources.
func (s *settings) fetchFlags(f *pflag.FlagSet) {
	f.StringVar(&s.baseURL, "base-url", s.baseURL, "address of this desk, by which sources learn who asks")
	f.StringVar(&s.feeds, "feeds", s.feeds, "the list of sources")
	f.StringArrayVar(&s.allowCIDR, "fetch-allow-cidr", nil, "private network the fetcher may ask, for tests and intranets (repeatable)")
}

// fetcher is the one client of this process that asks addresses from outside.
func (s *settings) fetcher(log *slog.Logger) *fetch.Client {
	return fetch.New(fetch.Options{Agent: "rightsdesk (+" + strings.TrimSuffix(s.base.String(), "/") + "/about)", Allow: s.allow, Log: log})
}

// readFeeds reads a list of sources; a mistake in it names file, line and
// column, and is one of usage.
func readFeeds(file string) (feedlist.List, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return feedlist.List{}, badSetting("feeds", "name the list of sources with --feeds FILE", "%v", err)
	}
	list, err := feedlist.Parse(file, data)
	if err != nil {
		return list, &commandError{exitUsage, "mend that, then: rightsdesk feeds check", err}
	}
	return list, nil
}

func (a *app) feedsCheck() *cobra.Command {
	s := defaultSettings()
	var live bool
	c := &cobra.Command{
		Use:   "check",
		Short: "validate the list of sources; --live asks each of them",
		Long: "check reads the list as serve does and shows every mistake with file, line and column. --live also asks\n" +
			"every source that is not off, keeps nothing, and says what is wrong: no answer, no feed, no items, nothing new\n" +
			"for long. It exits with 3 when something is wrong.\n" + exitHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.check(); err != nil {
				return err
			}
			list, err := readFeeds(s.feeds)
			var ours *feedlist.Error
			if errors.As(err, &ours) {
				fmt.Fprintln(a.stdout, err)
				return errFound
			}
			if err != nil {
				return err
			}
			if !live {
				return a.sumUp(s.feeds, list)
			}
			return a.checkLive(cmd.Context(), &s, list)
		},
	}
	s.fetchFlags(c.Flags())
	c.Flags().BoolVar(&live, "live", false, "ask every source")
	return c
}

// sumUp says what a good list holds.
func (a *app) sumUp(file string, list feedlist.List) error {
	off, unproven := 0, 0
	for _, s := range list.Sources {
		switch {
		case s.Off != "":
			off++
		case s.Proven == "":
			unproven++
		}
	}
	_, err := fmt.Fprintf(a.stdout, "%s is well formed: %d sources, %d of them off, %d not seen working yet (--live asks them)\n",
		file, len(list.Sources), off, unproven)
	return err
}

func (a *app) checkLive(ctx context.Context, s *settings, list feedlist.List) error {
	f := s.fetcher(a.logger(s))
	defer f.Close()
	asked := 0
	for i := range list.Sources {
		if list.Sources[i].Polled() {
			asked++
		}
	}
	steps := a.steps("asking", asked)
	found := map[string]ingest.Probe{}
	err := ingest.ProbeAll(ctx, f, list.Sources, time.Now(), func(p ingest.Probe) {
		found[p.Source.Slug] = p
		steps.did(p.Source.Slug)
	})
	steps.done()
	if err != nil {
		return err
	}
	return a.printProbes(list, found)
}

func (a *app) printProbes(list feedlist.List, found map[string]ingest.Probe) error {
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SOURCE\tITEMS\tNEWEST\tTOOK\tFOUND")
	bad := 0
	for _, s := range list.Sources {
		p, asked := found[s.Slug]
		if !asked {
			fmt.Fprintf(t, "%s\t\t\t\toff: %s\n", s.Slug, s.Off)
			continue
		}
		newest, verdict := "", "well"
		if !p.Newest.IsZero() {
			newest = p.Newest.UTC().Format(time.DateOnly)
		}
		if len(p.Wrong) > 0 {
			bad++
			verdict = strings.Join(p.Wrong, "; ")
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\n", s.Slug, p.Entries, newest, p.Took.Round(time.Millisecond), shown(verdict))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if bad > 0 {
		fmt.Fprintf(a.stdout, "%d of %d sources are not well\n", bad, len(found))
		return errFound
	}
	return nil
}

func (a *app) feedsList() *cobra.Command {
	s := defaultSettings()
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "list the sources and how they do",
		Long: "list shows the sources of the data directory and how they do; before there is one, those of the list.\n" +
			exitHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, err := s.knownSources(cmd.Context())
			if err != nil {
				return err
			}
			var out []ingest.Outcome
			for _, p := range all {
				out = append(out, ingest.Outcome{Source: p.Source, Polling: p.Polling, Arrived: news.Arrivals{Seen: p.Polling.Seen}})
			}
			if asJSON {
				return a.printSourcesJSON(out)
			}
			return a.printSources(out)
		},
	}
	s.dataFlags(c.Flags())
	c.Flags().StringVar(&s.feeds, "feeds", s.feeds, "the list of sources, where there is no data directory yet")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return c
}

// knownSources reads the sources of the books, or of the list where there are
// no books yet.
func (s *settings) knownSources(ctx context.Context) (all []news.Polled, err error) {
	if _, err := os.Stat(filepath.Join(s.dataDir, store.File)); errors.Is(err, fs.ErrNotExist) {
		list, err := readFeeds(s.feeds)
		for _, src := range list.Sources {
			all = append(all, news.Polled{Source: src})
		}
		return all, err
	}
	books, err := s.openBooks(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, books.Close()) }()
	return books.Polled(ctx, time.Now())
}

func (a *app) printSources(all []ingest.Outcome) error {
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SOURCE\tSTATE\tITEMS\tLAST SUCCESS\tNEXT\tNOTE")
	for i := range all {
		o := &all[i]
		next := ""
		if o.Source.Polled() && !o.Polling.Gone {
			next = moment(o.Polling.Next, "now")
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t%s\n", o.Source.Slug, o.State(), o.Polling.Seen, moment(o.Polling.LastSuccess, "never"), next, shown(note(o)))
	}
	return t.Flush()
}

// note is what there is to say about a source beside its state.
func note(o *ingest.Outcome) string {
	switch {
	case o.Source.Off != "":
		return o.Source.Off
	case o.Err != nil:
		return o.Err.Error()
	case !o.Polling.RestUntil.IsZero():
		return "its host wants us to wait until " + moment(o.Polling.RestUntil, "")
	}
	return o.Polling.Error
}

func moment(t time.Time, zero string) string {
	if t.IsZero() {
		return zero
	}
	return t.UTC().Format("2006-01-02 15:04")
}

// shown keeps what a server said from steering the terminal.
func shown(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

// sourceLine is a source in JSON.
type sourceLine struct {
	Slug        string           `json:"slug"`
	Name        string           `json:"name"`
	URL         string           `json:"url"`
	State       news.SourceState `json:"state"`
	New         int              `json:"new"`
	Changed     int              `json:"changed"`
	Seen        int              `json:"seen"`
	Next        *time.Time       `json:"next,omitempty"`
	LastSuccess *time.Time       `json:"last_success,omitempty"`
	Error       string           `json:"error,omitempty"`
	Took        float64          `json:"took_seconds,omitempty"`
}

func (a *app) printSourcesJSON(all []ingest.Outcome) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	for i := range all {
		o := &all[i]
		line := sourceLine{Slug: o.Source.Slug, Name: o.Source.Name, URL: o.Source.Address, State: o.State(), New: o.Arrived.New,
			Changed: o.Arrived.Changed, Seen: o.Polling.Seen, LastSuccess: known(o.Polling.LastSuccess), Error: note(o),
			Took: o.Took.Seconds()}
		if o.Source.Polled() && !o.Polling.Gone {
			line.Next = known(o.Polling.Next)
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}
