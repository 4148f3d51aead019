package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/ifhhro/rightsdesk/internal/curate"
	"github.com/ifhhro/rightsdesk/internal/ingest"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/spf13/cobra"
)

func (a *app) fetchCommand() *cobra.Command {
	s := defaultSettings()
	var asJSON bool
	c := &cobra.Command{
		Use:   "fetch [SOURCE…]",
		Short: "ask sources now, and put what is new in the queue",
		Long: "fetch asks the sources named by their slugs, or all that are not off, whatever the schedule says but within\n" +
			"their hosts' manners, and places what they brought. It fails when not one of them could be read.\n" + exitHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.check(); err != nil {
				return err
			}
			return a.fetch(cmd.Context(), &s, args, asJSON)
		},
	}
	s.dataFlags(c.Flags())
	s.fetchFlags(c.Flags())
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return c
}

func (a *app) fetch(ctx context.Context, s *settings, slugs []string, asJSON bool) (err error) {
	list, err := readFeeds(s.feeds)
	if err != nil {
		return err
	}
	st, err := s.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	log := a.logger(s)
	reader, err := curate.NewReader(st, time.Now, log)
	if err != nil {
		return err
	}
	if err := reader.Refresh(ctx); err != nil {
		return err
	}
	client := s.fetcher(log)
	defer client.Close()
	in := ingest.New(ingest.Options{Store: st, Fetch: client, Reader: reader, Holder: fmt.Sprintf("fetch %d", time.Now().UnixNano()), Log: log})
	if err := in.SyncSources(ctx, list); err != nil {
		return err
	}
	return a.fetchWith(ctx, in, slugs, asJSON)
}

// fetchWith asks, places and prints.
func (a *app) fetchWith(ctx context.Context, in *ingest.Ingest, slugs []string, asJSON bool) error {
	total, err := in.Asking(ctx, slugs)
	if errors.Is(err, news.ErrNotFound) {
		return &commandError{exitUsage, "rightsdesk feeds list names the sources", err}
	}
	if err != nil {
		return err
	}
	steps := a.steps("fetching", total)
	all, pollErr := in.PollNow(ctx, slugs, func(o ingest.Outcome) {
		steps.did(fmt.Sprintf("%s: %s, %d new, %d changed", o.Source.Slug, o.State(), o.Arrived.New, o.Arrived.Changed))
	})
	steps.done()
	_, placeErr := in.Place(ctx)
	print := a.printFetched
	if asJSON {
		print = a.printSourcesJSON
	}
	return errors.Join(print(all), pollErr, placeErr, allFailed(all))
}

// allFailed is an error when sources were asked and none could be read.
func allFailed(all []ingest.Outcome) error {
	for i := range all {
		if all[i].Err == nil {
			return nil
		}
	}
	if len(all) == 0 {
		return nil
	}
	return hinted(errors.New("not one source could be read"), "is this machine connected? rightsdesk feeds check --live says more")
}

func (a *app) printFetched(all []ingest.Outcome) error {
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SOURCE\tSTATE\tNEW\tCHANGED\tSEEN\tTOOK\tNOTE")
	for i := range all {
		o := &all[i]
		took := ""
		if o.Took > 0 {
			took = o.Took.Round(time.Millisecond).String()
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%s\t%s\n", o.Source.Slug, o.State(), o.Arrived.New, o.Arrived.Changed, o.Polling.Seen, took, shown(note(o)))
	}
	return t.Flush()
}
