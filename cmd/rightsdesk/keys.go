package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/spf13/cobra"
)

// keyring are the settings of the keys commands.
type keyring struct {
	settings
	domain string
	asJSON bool
	unseen bool
}

func (a *app) keysCommand() *cobra.Command {
	k := &keyring{settings: defaultSettings()}
	c := &cobra.Command{Use: "keys", Short: "keys that sign our mail: list, make, rotate",
		Long: "keys looks after the keys that sign our mail (DKIM), an RSA and an Ed25519 key at a time. The public halves stand in\n" +
			"DNS; the private ones never leave the database and its encrypted backups.\n" + exitHelp}
	f := c.PersistentFlags()
	k.dataFlags(f)
	f.StringVar(&k.from, "from", k.from, "From of the digest; its domain is the one that signs")
	f.StringVar(&k.domain, "domain", "", "the domain, when it is not that of --from")
	f.StringVar(&k.resolver, "resolver", "", "ask this DNS server, host:port, instead of the system's")
	f.BoolVar(&k.asJSON, "json", false, "print JSON")
	list := &cobra.Command{Use: "list", Short: "list the keys, with their lines in DNS", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.withKeys(cmd.Context(), k, a.listKeys) }}
	makeKeys := &cobra.Command{Use: "make", Short: "make a pair of keys and print the DNS lines to paste; it waits until rotate", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.withKeys(cmd.Context(), k, a.makeKeys) }}
	rotate := &cobra.Command{Use: "rotate", Short: "let the pair that waits sign, once DNS shows it; else make one", Args: cobra.NoArgs,
		Long: "rotate makes a new pair when none waits. When one waits and both its lines stand in DNS, that pair signs from now on;\n" +
			"the lines of the one before stay in DNS for 14 days more, for mail that is still on its way.\n" + exitHelp,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.withKeys(cmd.Context(), k, a.rotateKeys) }}
	rotate.Flags().BoolVar(&k.unseen, "unseen", false, "begin although DNS does not show the lines; receivers may refuse what is signed")
	c.AddCommand(list, makeKeys, rotate)
	return c
}

// withKeys opens the books for one command about a domain.
func (a *app) withKeys(ctx context.Context, k *keyring, do func(context.Context, *keyring, *store.Store) error) (err error) {
	if err := k.checkMail(); err != nil {
		return err
	}
	if k.domain == "" {
		k.domain = domainOf(k.sender.Address)
	}
	st, err := k.openBooks(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return do(ctx, k, st)
}

func (a *app) makeKeys(ctx context.Context, k *keyring, st *store.Store) error {
	if k.domain == domainOf(defaultFrom) {
		return usageError("name the domain with --from or --domain", "no receiver asks %s for keys", k.domain)
	}
	pair, fresh, err := keep.MakeKeys(ctx, st, k.domain, byHand, time.Now())
	if err != nil {
		return err
	}
	if k.asJSON {
		return a.jsonKeys(pair)
	}
	if fresh {
		fmt.Fprintf(a.stdout, "made a pair of keys for %s; paste these lines into its DNS zone:\n\n", k.domain)
	} else {
		fmt.Fprintf(a.stdout, "a pair of keys for %s waits for these lines in its DNS zone:\n\n", k.domain)
	}
	if err := a.printRecords(pair); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, "\nwhen they can be seen, let the keys sign with: rightsdesk keys rotate")
	return nil
}

func (a *app) printRecords(keys []audience.MailKey) error {
	for _, k := range keys {
		name, text, err := k.Record()
		if err != nil {
			return err
		}
		fmt.Fprintln(a.stdout, keep.ZoneLine(name, text))
	}
	return nil
}

func (a *app) rotateKeys(ctx context.Context, k *keyring, st *store.Store) error {
	var before []audience.MailKey
	see := func(key audience.MailKey) error {
		if k.unseen {
			fmt.Fprintf(a.stderr, "warning: %s begins although nobody looked whether DNS shows it\n", key.Selector)
			return nil
		}
		return keep.SeeRecord(ctx, k.dns(), key)
	}
	keys, err := st.MailKeys(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	before = audience.SigningKeys(keys, k.domain, now)
	err = keep.BeginKeys(ctx, st, k.domain, byHand, now, see)
	switch {
	case errors.Is(err, news.ErrConflict):
		return a.makeKeys(ctx, k, st)
	case errors.Is(err, news.ErrRefused):
		return hinted(err, "paste the lines of: rightsdesk keys list; a new line may take an hour to be seen")
	case err != nil:
		return err
	}
	fmt.Fprintf(a.stdout, "mail from %s is signed with the new keys from now on\n", k.domain)
	for _, b := range before {
		fmt.Fprintf(a.stdout, "leave %s._domainkey.%s in DNS until %s\n", b.Selector, b.Domain, now.Add(audience.KeyRest).Format(time.DateOnly))
	}
	return nil
}

func (a *app) listKeys(ctx context.Context, k *keyring, st *store.Store) error {
	keys, err := st.MailKeys(ctx)
	if err != nil {
		return err
	}
	if k.asJSON {
		return a.jsonKeys(keys)
	}
	if len(keys) == 0 {
		fmt.Fprintln(a.stdout, "there are no keys, mail is not signed; make a pair with: rightsdesk keys make")
		return nil
	}
	now := time.Now()
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "DOMAIN\tSELECTOR\tALGORITHM\tSTANDING\tMADE\tBEGUN")
	for _, key := range keys {
		begun := "-"
		if !key.Begun.IsZero() {
			begun = key.Begun.Format(time.DateOnly)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", key.Domain, key.Selector, key.Algorithm, key.Standing(now), key.Made.Format(time.DateOnly), begun)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout)
	return a.printRecords(slices.DeleteFunc(keys, func(key audience.MailKey) bool { return key.Standing(now) == "over" }))
}

// jsonKeys prints one key a line; never its private half.
func (a *app) jsonKeys(keys []audience.MailKey) error {
	out := json.NewEncoder(a.stdout)
	for _, k := range keys {
		name, text, err := k.Record()
		if err != nil {
			return err
		}
		err = out.Encode(struct {
			Domain    string    `json:"domain"`
			Selector  string    `json:"selector"`
			Algorithm string    `json:"algorithm"`
			Standing  string    `json:"standing"`
			Made      time.Time `json:"made"`
			Begun     time.Time `json:"begun,omitzero"`
			Ended     time.Time `json:"ended,omitzero"`
			Name      string    `json:"name"`
			TXT       string    `json:"txt"`
		}{k.Domain, k.Selector, k.Algorithm, k.Standing(time.Now()), k.Made, k.Begun, k.Ended, name, text})
		if err != nil {
			return err
		}
	}
	return nil
}
