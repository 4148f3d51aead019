package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/spf13/cobra"
)

func (a *app) migrateCommand() *cobra.Command {
	var dir, to string
	c := &cobra.Command{
		Use:   "migrate",
		Short: "bring the tables up to date, or move the desk to PostgreSQL",
		Long: "migrate brings the tables of a data directory up to this program's step, as serve does when it starts.\n" +
			"With --to it then copies every row into an empty PostgreSQL database and compares the digests; what is in the\n" +
			"data directory stays as it is. No process may be serving.\n" + exitHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.migrate(cmd.Context(), dir, to) },
	}
	c.Flags().StringVar(&dir, "data-dir", defaultSettings().dataDir, "directory that holds the SQLite database")
	c.Flags().StringVar(&to, "to", "", "address of an empty PostgreSQL database, postgres://user@host/name")
	return c
}

func (a *app) migrate(ctx context.Context, dir, to string) (err error) {
	s := defaultSettings()
	s.dataDir = dir
	if err := s.begun(); err != nil {
		return err
	}
	release, err := lockDirectory(dir, "migrating")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	from, err := store.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer from.Close() // only read from
	step, err := from.Step(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s: step %d\n", dir, step)
	if to == "" {
		return nil
	}
	return a.move(ctx, from, to)
}

// move copies a desk to PostgreSQL and proves that nothing was lost.
func (a *app) move(ctx context.Context, from *store.Store, address string) error {
	to, err := store.OpenPostgres(ctx, address)
	if err != nil {
		return badSetting("to", "say for example --to postgres://rightsdesk@localhost/rightsdesk", "%v", err)
	}
	defer to.Close() // committed by CopyTo
	err = from.CopyTo(ctx, to)
	if errors.Is(err, news.ErrConflict) {
		return hinted(err, "make an empty database with createdb and name that one")
	}
	if err != nil {
		return err
	}
	here, err := from.Digest(ctx)
	if err != nil {
		return err
	}
	there, err := to.Digest(ctx)
	if err != nil {
		return err
	}
	if here != there {
		return hinted(fmt.Errorf("the digest was %s and is now %s", here, there), "go on with the old database and drop the new one")
	}
	_, err = fmt.Fprintf(a.stdout, "moved, digest %s\nserve it with --database from now on, and keep the data directory until a backup of it exists\n", there)
	return err
}
