package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/compose"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/signup"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/spf13/cobra"
)

// readership are the settings of the readers commands.
type readership struct {
	settings
	asJSON bool
}

func (a *app) readersCommand() *cobra.Command {
	p := &readership{settings: defaultSettings()}
	c := &cobra.Command{Use: "readers", Short: "subscribers: import, export, add, show, erase, suppress, lift"}
	p.dataFlags(c.PersistentFlags())
	c.PersistentFlags().BoolVar(&p.asJSON, "json", false, "print JSON")
	c.AddCommand(
		a.readersImport(p),
		a.readersExport(p),
		a.readersAdd(p),
		a.readersOne(p, "show ADDRESS", "show what is kept of one reader", false, a.showReader),
		a.readersOne(p, "erase ADDRESS", "forget a reader: only a keyed hash stays, so that no import mails them again", true, a.eraseReader),
		a.readersOne(p, "suppress ADDRESS", "never write to an address again, reader or not", true, a.suppressReader),
		a.readersOne(p, "lift ADDRESS", "take back that an address was barred: one thought dead is written to again", false, a.liftReader),
	)
	return c
}

func (a *app) readersImport(p *readership) *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE.csv",
		Short: "take in readers who gave their consent elsewhere (- reads stdin)",
		Long: "The first line names the columns: email, then any of " + strings.Join(signup.Columns[1:], ", ") + ".\n" +
			"Topics are separated by spaces; no topics means all. Languages: " + strings.Join(audience.Languages(), " ") + ".\n" +
			"discreet is yes or no; openpgp is a public key, armored or in base64.\n" +
			"Bad lines are reported by number and left out; mend the file and import it again, nobody is added twice.\n" +
			"Who left, complained or was erased is not brought back.\n\nTopics: " + strings.Join(topicNames(), " ") + "\n" + exitHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := io.NopCloser(a.stdin)
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				in = f
			}
			defer in.Close()
			return a.withReaders(cmd.Context(), p, true, "import readers", func(ctx context.Context, s *signup.Service) (string, error) {
				return a.importReaders(ctx, p, s, in)
			})
		},
	}
}

func topicNames() []string {
	var names []string
	for _, t := range news.Topics() {
		names = append(names, string(t.Slug))
	}
	return names
}

// importReaders imports and reports; the string is for the audit log.
func (a *app) importReaders(ctx context.Context, p *readership, s *signup.Service, in io.Reader) (string, error) {
	bar := a.progress("importing lines")
	done, err := s.Import(ctx, in, bar.Set)
	bar.Done()
	if err != nil {
		return "", err
	}
	for _, bad := range done.Badness {
		fmt.Fprintf(a.stderr, "%v\n", bad)
	}
	if p.asJSON {
		err = json.NewEncoder(a.stdout).Encode(map[string]int{"added": done.Added, "known": done.Known, "barred": done.Barred, "bad": len(done.Badness)})
	} else {
		_, err = fmt.Fprintf(a.stdout, "added %d, known already %d, left or suppressed %d, bad lines %d\n", done.Added, done.Known, done.Barred, len(done.Badness))
	}
	if n := len(done.Badness); n > 0 && err == nil {
		err = hinted(fmt.Errorf("%d lines were left out: %w", n, news.ErrInvalid), "mend them and import the file again; nobody is added twice")
	}
	return fmt.Sprintf("added %d", done.Added), err
}

func (a *app) readersExport(p *readership) *cobra.Command {
	return &cobra.Command{
		Use: "export", Short: "print every active reader as CSV that import reads", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withReaders(cmd.Context(), p, false, "export readers", func(ctx context.Context, s *signup.Service) (string, error) {
				bar := a.progress("exporting readers")
				defer bar.Done()
				return "", s.Export(ctx, a.stdout, bar.Set)
			})
		},
	}
}

func (a *app) readersAdd(p *readership) *cobra.Command {
	var language, format, consent string
	var topics []string
	c := &cobra.Command{
		Use: "add ADDRESS", Short: "add one reader who gave their consent elsewhere", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			prefs := audience.Preferences{Language: language, Format: audience.Format(format)}
			for _, t := range topics {
				prefs.Topics = append(prefs.Topics, news.Slug(t))
			}
			return a.withReaders(cmd.Context(), p, true, "add reader", func(ctx context.Context, s *signup.Service) (string, error) {
				return "", s.Add(ctx, args[0], prefs, consent)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&language, "language", "en", "the language they read in")
	f.StringVar(&format, "format", string(audience.FormatHTML), fmt.Sprintf("one of %v", audience.Formats()))
	f.StringSliceVar(&topics, "topics", nil, "the topics they chose, separated by commas; none is all")
	f.StringVar(&consent, "consent-text", "added by hand", "which words they said yes to")
	return c
}

// readersOne is a command about the reader of one address.
func (a *app) readersOne(p *readership, use, short string, changes bool, do func(context.Context, *readership, *signup.Service, string) error) *cobra.Command {
	verb, _, _ := strings.Cut(use, " ")
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withReaders(cmd.Context(), p, changes, verb+" reader", func(ctx context.Context, s *signup.Service) (string, error) {
				return "", do(ctx, p, s, args[0])
			})
		},
	}
}

func (a *app) showReader(ctx context.Context, p *readership, s *signup.Service, address string) error {
	r, barred, err := s.Find(ctx, address)
	if err != nil {
		return err
	}
	if r.State == "" && barred == nil {
		return fmt.Errorf("show reader: %w", news.ErrNotFound)
	}
	out := struct {
		Address   string      `json:"address,omitempty"`
		State     string      `json:"state,omitempty"`
		Language  string      `json:"language,omitempty"`
		Format    string      `json:"format,omitempty"`
		Topics    []news.Slug `json:"topics,omitempty"`
		Discreet  bool        `json:"discreet,omitempty"`
		Encrypted string      `json:"encrypted,omitempty"` // whether the key works; never the key, which names people
		Asked     time.Time   `json:"asked,omitzero"`
		Confirmed time.Time   `json:"confirmed,omitzero"`
		Consent   string      `json:"consent_text,omitempty"`
		Left      time.Time   `json:"left,omitzero"`
		Barred    string      `json:"barred,omitempty"`
		Since     time.Time   `json:"barred_since,omitzero"`
	}{Address: r.Address.Reveal(), State: string(r.State), Language: r.Preferences.Language, Format: string(r.Preferences.Format),
		Topics: r.Preferences.Topics, Discreet: r.Preferences.Discreet, Encrypted: sayEncrypted(r.OpenPGP), Asked: r.Consent.Asked, Confirmed: r.Consent.Confirmed, Consent: r.Consent.Text, Left: r.Left}
	if barred != nil {
		out.Barred, out.Since = string(barred.Reason), barred.At
	}
	enc := json.NewEncoder(a.stdout)
	if !p.asJSON {
		enc.SetIndent("", "  ")
	}
	return enc.Encode(out)
}

// sayEncrypted says how it stands with a reader's key.
func sayEncrypted(key audience.PublicKey) string {
	if len(key) == 0 {
		return ""
	}
	k, err := compose.ReadKey(key, time.Now())
	if err != nil {
		return "no, " + err.Error() + ": they get notices"
	}
	if end := k.Expires(time.Now()); !end.IsZero() {
		return "yes, until " + end.Format(time.DateOnly)
	}
	return "yes"
}

func (a *app) eraseReader(ctx context.Context, _ *readership, s *signup.Service, address string) error {
	return s.Erase(ctx, address)
}

func (a *app) liftReader(ctx context.Context, _ *readership, s *signup.Service, address string) error {
	return s.Lift(ctx, address)
}

func (a *app) suppressReader(ctx context.Context, _ *readership, s *signup.Service, address string) error {
	return s.Suppress(ctx, address)
}

// withReaders opens the books for one command about readers, which the audit
// log notes without naming anybody. begin makes them where there are none.
func (a *app) withReaders(ctx context.Context, p *readership, begin bool, what string, do func(context.Context, *signup.Service) (detail string, err error)) error {
	open := p.openBooks
	if begin {
		open = p.openStore
	}
	s, err := open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	detail, err := do(ctx, signup.New(s, signup.Options{}))
	if err != nil && detail == "" {
		return err
	}
	return errors.Join(err, s.Audit(ctx, staff.AuditEntry{At: time.Now(), Who: byHand, What: what, Subject: "readers", Detail: detail}))
}
