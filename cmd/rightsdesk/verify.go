package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/spf13/cobra"
)

func (a *app) verifyCommand() *cobra.Command {
	s := defaultSettings()
	var asJSON bool
	c := &cobra.Command{
		Use:   "verify",
		Short: "check the books: every copy accounted for, nothing changed",
		Long: "verify checks that every issue's copies add up, that no frozen text was changed, that the journal and the audit\n" +
			"log are whole, and that the database is sound. It changes nothing and may run beside a serving desk.\n" + exitHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := s.openBooks(cmd.Context())
			if err != nil {
				return err
			}
			defer st.Close() // only read from
			r, err := keep.Verify(cmd.Context(), st)
			if err != nil {
				return err
			}
			if err := printVerify(a.stdout, r, asJSON); err != nil {
				return err
			}
			if !r.OK() {
				return errFound
			}
			return nil
		},
	}
	s.dataFlags(c.Flags())
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// The JSON of verify.
type (
	verifyJSON struct {
		OK       bool          `json:"ok"`
		Issues   []bookJSON    `json:"issues"`
		Problems []findingJSON `json:"problems"`
		Digest   string        `json:"digest"`
	}
	bookJSON struct {
		ID       news.IssueID    `json:"id"`
		State    news.IssueState `json:"state"`
		Balanced bool            `json:"balanced"`
		Counts   news.Counts     `json:"counts"`
	}
	findingJSON struct {
		What  string `json:"what"`
		Where string `json:"where"`
		Do    string `json:"do"`
	}
)

func printVerify(w io.Writer, r keep.Report, asJSON bool) error {
	if asJSON {
		out := verifyJSON{r.OK(), []bookJSON{}, []findingJSON{}, r.Digest}
		for _, b := range r.Books {
			out.Issues = append(out.Issues, bookJSON{b.Issue.ID, b.Issue.State, b.Balanced, b.Counts})
		}
		for _, p := range r.Problems {
			out.Problems = append(out.Problems, findingJSON(p))
		}
		return json.NewEncoder(w).Encode(out)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(r.Books) > 0 {
		fmt.Fprintln(t, "ISSUE\tSTATE\tINTENDED\tSENT\tWAITING\tOTHER\tUNCERTAIN\tBALANCED")
	}
	for _, b := range r.Books {
		c := b.Counts
		fmt.Fprintf(t, "%d\t%s\t%d\t%d\t%d\t%d\t%d\t%s\n", b.Issue.ID, b.Issue.State, c.Intended, c.Sent, c.Waiting,
			c.Refused+c.Excluded+c.GivenUp+c.Withdrawn, c.Uncertain, yes(b.Balanced))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, p := range r.Problems {
		fmt.Fprintf(w, "%s: %s\n  %s\n", p.Where, p.What, p.Do)
	}
	fmt.Fprintf(w, "digest %s\n", r.Digest)
	if r.OK() {
		fmt.Fprintln(w, "all is well")
	}
	return nil
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "NO"
}
