package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"text/tabwriter"
	"time"

	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/spf13/cobra"
)

func (a *app) doctorCommand() *cobra.Command {
	s := defaultSettings()
	var asJSON bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "look at settings, disk, clock, listeners, database, sources and mail; say what to do",
		Long: "doctor looks at everything the desk stands on and says what to do about what is not well. Give it the settings that\n" +
			"serve gets. It may run beside a serving desk.\n" + exitHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.printDoctor(s.examine(cmd.Context(), time.Now()), asJSON)
		},
	}
	s.houseFlags(c.Flags())
	c.Flags().StringVar(&s.listen, "listen", s.listen, "address the pages listen on")
	c.Flags().StringVar(&s.metrics, "metrics-listen", s.metrics, "private address for /healthz, /readyz and /metrics")
	s.backups.flags(c.Flags())
	c.Flags().StringVar(&s.resolver, "resolver", "", "ask this DNS server, host:port, instead of the system's")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// examine looks at everything in turn; nothing stops it.
func (s *settings) examine(ctx context.Context, now time.Time) []keep.Check {
	checks := s.examineSettings()
	checks = append(checks, keep.CheckDirectory(s.dataDir), keep.CheckDisk(s.dataDir, store.File), keep.CheckClock(now, built()),
		s.examineListener(ctx), s.examineDatabase(ctx), s.examineFeeds())
	if s.metrics != "" {
		checks = append(checks, s.examineMetrics(ctx))
	}
	if s.backups.dir != "" {
		checks = append(checks, s.examineBackups(now))
	}
	return append(checks, s.examineMail(ctx, now)...)
}

// builtAt is when the source was committed, RFC 3339, set by the linker; see
// the Makefile.
var builtAt string

// built is builtAt; zero when it is unknown.
func built() time.Time {
	t, _ := time.Parse(time.RFC3339, builtAt) // zero is "unknown"
	return t
}

// examineSettings looks for what cannot be, and for what can be and is not
// wise.
func (s *settings) examineSettings() []keep.Check {
	if err := s.check(); err != nil {
		do := "mend that setting"
		var ce *commandError
		if errors.As(err, &ce) && ce.hint != "" {
			do = ce.hint
		}
		return []keep.Check{keep.Ill("settings", do, "%v", err)}
	}
	return []keep.Check{keep.Well("settings", "each can be read; links begin with %s", s.base), s.examinePost()}
}

func (s *settings) examinePost() keep.Check {
	const name = "way out for mail"
	switch {
	case s.catch:
		return keep.Well(name, "caught under %s, nothing is sent", s.dataDir)
	case len(s.relay) == 0:
		return keep.Ill(name, "name a mail server with --relay, or catch mail with --catch", "there is none: issues are held")
	case s.from == defaultSettings().from:
		return keep.Ill(name, "say who the digest is from with --from", "the sender is %s, which no server takes", s.sender.Address)
	}
	return keep.Well(name, "%d relays, from %s", len(s.relay), s.sender.Address)
}

// examineListener sees that the address is free, or ours.
func (s *settings) examineListener(ctx context.Context) keep.Check {
	const name = "listener"
	l, err := net.Listen("tcp", s.listen)
	if err == nil {
		if err = l.Close(); err == nil {
			return keep.Well(name, "%s is free", s.listen)
		}
	}
	if s.database != "" {
		if s.base != nil && answersAt(ctx, "http://"+s.listen+"/robots.txt", s.base.Host) {
			return keep.Well(name, "%s: the desk answers there", s.listen)
		}
	} else if s.begun() == nil {
		release, locked := lockDirectory(s.dataDir, "doctor")
		if locked != nil {
			return keep.Well(name, "%s: %v", s.listen, locked)
		}
		err = errors.Join(err, release())
	}
	return keep.Ill(name, "free that port, or choose another with --listen", "%v", err)
}

// examineMetrics sees that the private address is free, or ours.
func (s *settings) examineMetrics(ctx context.Context) keep.Check {
	const name = "private listener"
	l, err := net.Listen("tcp", s.metrics)
	if err == nil {
		if err = l.Close(); err == nil {
			return keep.Well(name, "%s is free", s.metrics)
		}
	}
	if answersAt(ctx, "http://"+s.metrics+"/healthz", "") {
		return keep.Well(name, "%s: the desk answers there", s.metrics)
	}
	return keep.Ill(name, "free that port, or choose another with --metrics-listen", "%v", err)
}

// answersAt reports whether something answers well at an address of ours.
func answersAt(ctx context.Context, address, host string) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	r.Host = host
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	_ = answer.Body.Close() // only its status is of interest
	return answer.StatusCode == http.StatusOK
}

func (s *settings) examineBackups(now time.Time) keep.Check {
	if err := s.checkBackups(); err != nil {
		return keep.Ill("backups", "mend that setting", "%v", err)
	}
	return keep.CheckBackups(s.backups.dir, s.backups.every, now)
}

func (s *settings) examineDatabase(ctx context.Context) keep.Check {
	if s.database == "" {
		if err := s.begun(); err != nil {
			return keep.Ill("database", "begin a desk with rightsdesk serve", "%v", err)
		}
	}
	st, err := s.openStore(ctx)
	if err != nil {
		return keep.Ill("database", "see that it runs, is the newest there is, and that the address and its user are right", "%v", err)
	}
	defer st.Close() // nothing is left to be written
	return keep.CheckDatabase(ctx, st)
}

func (s *settings) examineFeeds() keep.Check {
	list, err := readFeeds(s.feeds)
	if err != nil {
		return keep.Ill("sources", "mend the list: rightsdesk feeds check shows the place", "%v", err)
	}
	return keep.Well("sources", "%d in %s", len(list.Sources), s.feeds)
}

func (a *app) printDoctor(checks []keep.Check, asJSON bool) error {
	ok := true
	for _, c := range checks {
		ok = ok && c.OK
	}
	if asJSON {
		err := json.NewEncoder(a.stdout).Encode(struct {
			OK     bool         `json:"ok"`
			Checks []keep.Check `json:"checks"`
		}{ok, checks})
		if err != nil {
			return err
		}
	} else if err := a.tableDoctor(checks); err != nil {
		return err
	}
	if !ok {
		return errFound
	}
	return nil
}

func (a *app) tableDoctor(checks []keep.Check) error {
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, c := range checks {
		mark := "ok"
		if !c.OK {
			mark = "NOT WELL"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", c.Name, mark, c.Found)
		if c.Do != "" {
			fmt.Fprintf(t, "\t\tdo: %s\n", c.Do)
		}
	}
	return t.Flush()
}
