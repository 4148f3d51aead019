package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"filippo.io/age"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/spf13/cobra"
)

func (a *app) backupCommand() *cobra.Command {
	s := defaultSettings()
	var recipients []string
	c := &cobra.Command{
		Use:   "backup FILE",
		Short: "write an encrypted backup while the desk goes on serving",
		Long: "backup writes one moment of the database to FILE, encrypted to the recipients, who alone can read it.\n" +
			"Make their keys with age-keygen and keep the private halves off this machine.\n" + exitHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.backup(cmd.Context(), &s, recipients, args[0])
		},
	}
	s.dataFlags(c.Flags())
	c.Flags().StringArrayVar(&recipients, "recipient", nil, "age public key, age1… (repeatable)")
	return c
}

func (a *app) backup(ctx context.Context, s *settings, recipients []string, file string) error {
	to, err := keep.ParseRecipients(recipients)
	if err != nil {
		return badSetting("recipient", "say --recipient age1…, the public line that age-keygen prints", "%v", err)
	}
	st, err := s.openBooks(ctx)
	if err != nil {
		return err
	}
	defer st.Close() // only read from
	m, err := s.backuper(st, to).To(ctx, file)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s: the books of %s, step %d\ndigest %s\n", file, m.Time.Format(time.RFC3339), m.Step, m.Digest)
	return err
}

// backuper makes backups of a store, working in the data directory.
func (s *settings) backuper(st *store.Store, to []age.Recipient) *keep.Backuper {
	return &keep.Backuper{Source: st, Examine: store.Examine, Scratch: s.dataDir, Recipients: to, Version: version, Now: time.Now}
}

func (a *app) restoreCommand() *cobra.Command {
	var dir, identity string
	var journals []string
	c := &cobra.Command{
		Use:   "restore FILE",
		Short: "bring a backup back into a new data directory, with everything held",
		Long: "restore decrypts FILE into a directory that holds no desk yet and compares its digest. Whatever was being sent is\n" +
			"held until a person resumes it, whatever was approved must be approved again, and everybody is signed out.\n" +
			"Give it every " + store.JournalFile + " that survived: those who left since the backup stay away.\n" + exitHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.restore(cmd.Context(), args[0], dir, identity, journals)
		},
	}
	c.Flags().StringVar(&dir, "data-dir", "", "the new data directory")
	c.Flags().StringVar(&identity, "identity", "", "file with the age private key")
	c.Flags().StringArrayVar(&journals, "journal", nil, "a suppression journal that survived (repeatable)")
	return c
}

func (a *app) restore(ctx context.Context, file, dir, identity string, journals []string) (err error) {
	if dir == "" {
		return badSetting("data-dir", "name a new directory", "restore needs to know where")
	}
	keys, err := readIdentities(identity)
	if err != nil {
		return err
	}
	release, err := lockDirectory(dir, "restoring")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	r := keep.Restorer{Identities: keys, Examine: store.Examine, Journals: journals, Now: time.Now,
		Open: func(ctx context.Context, dir string) (keep.Restored, error) { return store.Open(ctx, dir) }}
	o, err := r.To(ctx, file, dir)
	if errors.Is(err, news.ErrConflict) {
		return hinted(err, "name a new directory with --data-dir")
	}
	if err != nil {
		return err
	}
	return a.printRestored(dir, o, len(journals) > 0)
}

func (a *app) printRestored(dir string, o keep.Outcome, journal bool) error {
	fmt.Fprintf(a.stdout, "%s: the books of %s, digest as in the manifest\n", dir, o.Manifest.Time.Format(time.RFC3339))
	fmt.Fprintf(a.stdout, "held: %d issues; resume or approve them at the desk when you know what went out\n", o.Held)
	if journal {
		fmt.Fprintf(a.stdout, "journal: %d lines since the backup, %d readers let go\n", o.Replayed.Lines, o.Replayed.Readers)
	} else {
		fmt.Fprintf(a.stderr, "no --journal was given: who left after %s is a reader again\n", o.Manifest.Time.Format(time.RFC3339))
	}
	if o.Replayed.Damaged+o.Replayed.Gaps > 0 {
		fmt.Fprintf(a.stderr, "the journal has %d damaged lines and %d gaps: somebody who left may be missing from it\n", o.Replayed.Damaged, o.Replayed.Gaps)
	}
	if err := printVerify(a.stdout, o.Report, false); err != nil {
		return err
	}
	if !o.Report.OK() || o.Replayed.Damaged+o.Replayed.Gaps > 0 {
		return errFound
	}
	return nil
}

func readIdentities(file string) ([]age.Identity, error) {
	const hint = "name the file that age-keygen made"
	if file == "" {
		return nil, badSetting("identity", hint, "a backup opens with a private key only")
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, badSetting("identity", hint, "%v", err)
	}
	defer f.Close() // only read from
	keys, err := age.ParseIdentities(f)
	if err != nil {
		// The parser's error may repeat a key.
		return nil, badSetting("identity", hint, "%s holds no age private key", file)
	}
	return keys, nil
}
