package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/ifhhro/rightsdesk/internal/jobs"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

// drain is how long what runs may take to come to its end at a stop.
const drain = 25 * time.Second

func (a *app) serveCommand() *cobra.Command {
	s := defaultSettings()
	c := &cobra.Command{
		Use:   "serve",
		Short: "run everything: pages, workers, clock",
		Long:  "serve runs the pages, the workers and the clock over one data directory until it is told to stop.\n" + exitHelp,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("base-url") {
				s.reachedByPort()
			}
			return a.serve(cmd.Context(), &s, a.greet)
		},
	}
	s.houseFlags(c.Flags())
	c.Flags().StringVar(&s.listen, "listen", s.listen, "address the pages listen on")
	c.Flags().StringVar(&s.metrics, "metrics-listen", s.metrics, "private address for /healthz, /readyz and /metrics, 127.0.0.1:9090; without it there are none")
	s.backups.flags(c.Flags())
	returnsFlags(c.Flags(), &s)
	c.Flags().StringVar(&s.lmtpListen, "lmtp-listen", "", "address where the machine's mail server hands returned mail over (LMTP), 127.0.0.1:8024")
	c.Flags().StringSliceVar(&s.only, "only", nil, "with --database: run only these of web, work and clock, and the rest in other processes")
	return c
}

// reachedByPort makes the address that nobody set the one the desk listens on,
// so that its links lead there.
func (s *settings) reachedByPort() {
	if _, port, err := net.SplitHostPort(s.listen); err == nil && port != "0" {
		s.baseURL = "http://localhost:" + port
	}
}

// serve opens the house and serves it until ctx is done. greet is called once
// the pages answer.
func (a *app) serve(ctx context.Context, s *settings, greet func(ctx context.Context, h *house, at net.Addr) error) (err error) {
	if err := s.check(); err != nil {
		return err
	}
	if err := s.checkOnly(); err != nil {
		return err
	}
	if s.database == "" {
		release, err := lockDirectory(s.dataDir, "listening on "+s.listen)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, release()) }()
	}
	if err := s.checkBackups(); err != nil {
		return err
	}
	var listener net.Listener
	if s.runs(partWeb) {
		if listener, err = net.Listen("tcp", s.listen); err != nil {
			return badSetting("listen", "free that port, or choose another with --listen", "%v", err)
		}
		defer listener.Close() // the server closes it first, on every way but an early error
	}
	h, err := a.openHouse(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if err := h.store.KeepServed(ctx, s.shape()); err != nil {
		return err
	}
	if err := h.syncSources(ctx); err != nil {
		return err
	}
	return h.run(ctx, listener, greet)
}

// The parts of a house that can run in processes of their own.
const (
	partWeb   = "web"
	partWork  = string(jobs.Work)
	partClock = string(jobs.Clock)
)

// runs reports whether this process takes on a part.
func (s *settings) runs(part string) bool { return len(s.only) == 0 || slices.Contains(s.only, part) }

// parts are the engine's among them.
func (s *settings) parts() (parts []jobs.Part) {
	for _, p := range []jobs.Part{jobs.Work, jobs.Clock} {
		if s.runs(string(p)) {
			parts = append(parts, p)
		}
	}
	return parts
}

func (s *settings) checkOnly() error {
	for _, p := range s.only {
		if p != partWeb && p != partWork && p != partClock {
			return badSetting("only", "name some of web, work and clock", "%q is no part of the house", p)
		}
	}
	if len(s.only) > 0 && s.database == "" {
		return badSetting("only", "one process serves a SQLite directory; name a PostgreSQL with --database", "it needs --database")
	}
	return nil
}

// run works and answers until ctx is done, and returns when all of it ended.
func (h *house) run(ctx context.Context, listener net.Listener, greet func(context.Context, *house, net.Addr) error) (err error) {
	// One process serves a SQLite directory: what earlier ones held is ours.
	if h.s.database == "" {
		if err := errors.Join(h.deliver.Recover(ctx, true), h.store.VoidLeases(ctx)); err != nil {
			return err
		}
	}
	engine, err := h.engine(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	pages, err := h.pages()
	if err != nil {
		return err
	}
	var private net.Listener
	if h.s.metrics != "" {
		if private, err = net.Listen("tcp", h.s.metrics); err != nil {
			return badSetting("metrics-listen", "free that port, or choose another", "%v", err)
		}
		defer private.Close() // the server closes it first
	}
	var lmtp net.Listener
	if h.s.lmtpListen != "" && h.s.runs(partWork) {
		if lmtp, err = net.Listen("tcp", h.s.lmtpListen); err != nil {
			return badSetting("lmtp-listen", "free that port, or choose another", "%v", err)
		}
		defer lmtp.Close() // the server closes it first
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return engine.Run(ctx, drain) })
	group.Go(func() error { return h.store.Failed(ctx) })
	if h.s.runs(partWork) {
		group.Go(func() error { return h.deliver.Watch(ctx) })
	}
	if h.s.database != "" {
		group.Go(func() error { return h.followJournal(ctx) })
	}
	if private != nil {
		group.Go(func() error { return answer(ctx, private, h.private()) })
	}
	if h.s.returnsMailbox != "" && h.s.runs(partWork) {
		group.Go(func() error { return h.watchReturns(ctx) })
	}
	if lmtp != nil {
		group.Go(func() error { return h.serveLMTP(ctx, lmtp) })
	}
	if h.s.backups.dir != "" {
		group.Go(func() error { return h.backUp(ctx) })
	}
	if !h.s.runs(partWeb) {
		h.log.InfoContext(ctx, "serving", "only", h.s.only)
		return group.Wait()
	}
	group.Go(func() error { return answer(ctx, listener, pages) })
	group.Go(func() error { return greet(ctx, h, listener.Addr()) })
	return group.Wait()
}

// followJournal writes down, every minute until ctx is done, who left by way
// of other processes: each serving machine's journal tells of everybody.
func (h *house) followJournal(ctx context.Context) error {
	look := time.NewTicker(time.Minute)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
		if err := h.s.keepJournal(ctx, h.store); err != nil && ctx.Err() == nil {
			h.log.ErrorContext(ctx, "suppression journal not kept", "err", err)
		}
	}
}

// answer serves HTTP until ctx is done and lets what is being answered finish.
func answer(ctx context.Context, listener net.Listener, pages http.Handler) error {
	server := &http.Server{
		Handler:           pages,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		stopped <- server.Shutdown(stop)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve pages: %w", err)
	}
	return <-stopped
}

// greet says where the desk is, and how the first administrator gets in.
func (a *app) greet(ctx context.Context, h *house, at net.Addr) error {
	fmt.Fprintf(a.stdout, "rightsdesk listens on %s\n  pages  %s\n  desk   %s\n", at, h.s.link("/"), h.s.link("/desk"))
	switch {
	case h.s.catch:
		fmt.Fprintf(a.stdout, "  mail   caught, read it at %s\n", h.s.link("/admin/mail"))
	case h.post == nil:
		fmt.Fprintln(a.stdout, "  mail   there is no --relay and no --catch: issues are held, nothing is sent")
	}
	secret, err := h.access.FirstLink(ctx)
	if err != nil {
		return err
	}
	if secret != "" {
		fmt.Fprintf(a.stdout, "\nNobody can sign in yet. This link makes the first administrator, once, within 72 hours:\n  %s\n", h.s.link("/desk/invitation/"+secret))
	}
	return nil
}
