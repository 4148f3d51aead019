package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/publish"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/spf13/cobra"
)

func (a *app) issueCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "issue",
		Short: "digest issues: draft, preview, approve, send",
		Long: "issue works on the issues of the digest without a browser. The two-person rule holds here too: who made a\n" +
			"revision cannot approve it, unless --solo says so. Once the desk was served, its settings hold here as well: what\n" +
			"is given here and says otherwise is refused.\n" + exitHelp,
	}
	c.AddCommand(a.issueList(), a.issueDraft(), a.issuePreview(), a.issueStatus())
	for _, act := range issueActs() {
		c.AddCommand(a.issueAct(act))
	}
	return c
}

// issueFlags are what every issue command takes.
type issueFlags struct {
	settings
	asJSON bool
	who    string
}

// issueCmd builds a command that opens the house.
func (a *app) issueCmd(use, short string, acts bool, args cobra.PositionalArgs, do func(ctx context.Context, h *house, f *issueFlags, args []string) error) *cobra.Command {
	f := &issueFlags{settings: defaultSettings()}
	c := &cobra.Command{Use: use, Short: short, Long: short + ".\n" + exitHelp, Args: args,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.begun(); err != nil {
				return err
			}
			if err := f.asServed(cmd.Context(), cmd.Flags()); err != nil {
				return err
			}
			h, err := a.openHouse(cmd.Context(), &f.settings)
			if err != nil {
				return err
			}
			defer h.Close()
			if acts {
				if err := mayAct(cmd.Context(), h.store, f.who, staff.ComposeIssues); err != nil {
					return err
				}
			}
			return do(cmd.Context(), h, f, args)
		},
	}
	f.houseFlags(c.Flags())
	c.Flags().BoolVar(&f.asJSON, "json", false, "print JSON")
	if acts {
		c.Flags().StringVar(&f.who, "as", "", "desk account that acts")
	}
	return c
}

func issueID(s string) (news.IssueID, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 1 {
		return 0, usageError("rightsdesk issue list", "%q is not the id of an issue", s)
	}
	return news.IssueID(id), nil
}

func (a *app) issueList() *cobra.Command {
	limit := 50
	c := a.issueCmd("list", "list the issues, the latest first", false, cobra.NoArgs, func(ctx context.Context, h *house, f *issueFlags, _ []string) error {
		issues, err := h.publish.Issues(ctx, limit)
		if err != nil {
			return err
		}
		return a.printIssues(f, h.s.loc, issues)
	})
	c.Flags().IntVar(&limit, "limit", limit, "how many at most")
	return c
}

func (a *app) issueDraft() *cobra.Command {
	return a.issueCmd("draft", "draft the next issue with every story approved until now", true, cobra.NoArgs,
		func(ctx context.Context, h *house, f *issueFlags, _ []string) error {
			i, err := h.publish.Draft(ctx, f.who)
			if errors.Is(err, news.ErrNotFound) {
				return hinted(err, "approve a story first: rightsdesk queue list")
			}
			if err != nil {
				return err
			}
			return a.printIssues(f, h.s.loc, []news.Issue{i})
		})
}

// An issueAct is a move that a person makes with one issue.
type issueAct struct {
	verb, short string
	flag        string // of one word more, if it takes one
	usage       string
	do          func(ctx context.Context, p *publish.Publish, id news.IssueID, who, flag string) (news.Issue, error)
}

func issueActs() []issueAct {
	return []issueAct{
		{"approve", "release the issue as it stands now, as the second person", "revision", "the revision that was read; an issue changed since is not approved",
			func(ctx context.Context, p *publish.Publish, id news.IssueID, who, revision string) (news.Issue, error) {
				seen, err := revisionOf(ctx, p, id, revision)
				if err != nil {
					return news.Issue{}, err
				}
				return p.Approve(ctx, id, seen, who)
			}},
		{"send", "freeze an approved issue and send it now, whatever its slot", "despite-doctor", "send the first issue although doctor finds something wrong; say why",
			func(ctx context.Context, p *publish.Publish, id news.IssueID, who, why string) (news.Issue, error) {
				if why != "" {
					return p.SendDespite(ctx, id, who, why)
				}
				return p.Send(ctx, id, who)
			}},
		{"hold", "stop the sending until somebody resumes it", "why", "what the others should know",
			func(ctx context.Context, p *publish.Publish, id news.IssueID, who, why string) (news.Issue, error) {
				return p.Hold(ctx, id, why, who)
			}},
		{"resume", "go on with an issue that is held", "", "",
			func(ctx context.Context, p *publish.Publish, id news.IssueID, who, _ string) (news.Issue, error) {
				return p.Resume(ctx, id, who)
			}},
		{"cancel", "end an issue that is not sent yet; its stories are free again", "", "",
			func(ctx context.Context, p *publish.Publish, id news.IssueID, who, _ string) (news.Issue, error) {
				return p.Cancel(ctx, id, who)
			}},
		{"withdraw", "stop an issue for good: no copy that waits goes out", "", "",
			func(ctx context.Context, p *publish.Publish, id news.IssueID, who, _ string) (news.Issue, error) {
				return p.Withdraw(ctx, id, who)
			}},
	}
}

func (a *app) issueAct(x issueAct) *cobra.Command {
	flag := ""
	c := a.issueCmd(x.verb+" ID", x.short, true, cobra.ExactArgs(1), func(ctx context.Context, h *house, f *issueFlags, args []string) error {
		id, err := issueID(args[0])
		if err != nil {
			return err
		}
		if _, err := x.do(ctx, h.publish, id, f.who, flag); err != nil {
			return err
		}
		return a.printStatus(ctx, h, f, id)
	})
	if x.flag != "" {
		c.Flags().StringVar(&flag, x.flag, "", x.usage)
	}
	return c
}

// revisionOf is the revision that was named, or the one that stands.
func revisionOf(ctx context.Context, p *publish.Publish, id news.IssueID, named string) (int64, error) {
	if named != "" {
		n, err := strconv.ParseInt(named, 10, 64)
		if err != nil {
			return 0, usageError("rightsdesk issue list", "--revision %q is not a number", named)
		}
		return n, nil
	}
	i, err := p.Issue(ctx, id)
	return i.Revision, err
}

func (a *app) issueStatus() *cobra.Command {
	var uncertain bool
	c := a.issueCmd("status ID", "say where an issue and its copies stand", false, cobra.ExactArgs(1),
		func(ctx context.Context, h *house, f *issueFlags, args []string) error {
			id, err := issueID(args[0])
			if err != nil {
				return err
			}
			if uncertain {
				return a.printUncertain(ctx, h, f, id)
			}
			return a.printStatus(ctx, h, f, id)
		})
	c.Flags().BoolVar(&uncertain, "uncertain", false, "list the copies that may have gone out more than once, by Message-ID")
	return c
}

// printUncertain lists the uncertain copies of an issue, one JSON object a
// line. A Message-ID names nobody who has not the mail before them.
func (a *app) printUncertain(ctx context.Context, h *house, f *issueFlags, id news.IssueID) error {
	if _, err := h.store.Issue(ctx, id); err != nil {
		return err
	}
	copies, err := h.store.UncertainCopies(ctx, id)
	if err != nil {
		return err
	}
	if f.asJSON {
		out := json.NewEncoder(a.stdout)
		for _, c := range copies {
			if err := out.Encode(uncertainJSON{c.MessageID, c.Uncertain, string(c.State)}); err != nil {
				return err
			}
		}
		return nil
	}
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "MESSAGE-ID\tTIMES\tSTATE")
	for _, c := range copies {
		fmt.Fprintf(t, "<%s>\t%d\t%s\n", c.MessageID, c.Uncertain, c.State)
	}
	return t.Flush()
}

// uncertainJSON is a copy that may have gone out more than once.
type uncertainJSON struct {
	MessageID string `json:"message_id"`
	Times     int    `json:"times"` // so many second copies there may be
	State     string `json:"state"`
}

// A previewFlags says for whom and how a preview is made.
type previewFlags struct {
	reader, language, format, as string
	topics                       []string
}

func (a *app) issuePreview() *cobra.Command {
	p := previewFlags{language: "en", format: string(audience.FormatHTML), as: "text"}
	c := a.issueCmd("preview ID", "print the mail a reader gets of an issue", false, cobra.ExactArgs(1),
		func(ctx context.Context, h *house, _ *issueFlags, args []string) error {
			id, err := issueID(args[0])
			if err != nil {
				return err
			}
			choice, err := p.choice(ctx, h)
			if err != nil {
				return err
			}
			m, err := h.publish.Preview(ctx, id, choice)
			if err != nil {
				return err
			}
			return a.printMail(m, p.as)
		})
	f := c.Flags()
	f.StringVar(&p.reader, "reader", "", "as this reader chose; their address")
	f.StringVar(&p.language, "language", p.language, "in this language")
	f.StringSliceVar(&p.topics, "topics", nil, "for a reader of these topics; none is all")
	f.StringVar(&p.format, "format", p.format, "form of the mail: html, text or lite")
	f.StringVar(&p.as, "as", p.as, "what to print of it: eml, html or text")
	return c
}

func (p *previewFlags) choice(ctx context.Context, h *house) (publish.Choice, error) {
	c := publish.Choice{Language: p.language, Format: p.format}
	for _, t := range p.topics {
		c.Topics = append(c.Topics, news.Slug(t))
	}
	if p.reader == "" {
		return c, nil
	}
	address, err := audience.ParseAddress(p.reader)
	if err != nil {
		return c, err
	}
	r, _, err := h.store.ReaderByAddress(ctx, address)
	if err == nil && r.ID == 0 {
		err = fmt.Errorf("no reader has that address: %w", news.ErrNotFound)
	}
	prefs := r.Preferences
	return publish.Choice{Language: prefs.Language, Format: string(prefs.Format), Topics: prefs.Topics}, err
}

func (a *app) printMail(m publish.Mail, as string) error {
	var out string
	switch as {
	case "eml":
		out = string(m.Raw)
	case "html":
		out = m.HTML
	case "text":
		out = m.Text
	default:
		return usageError("say eml, html or text", "--as %q", as)
	}
	if out == "" {
		return usageError("print it with --as text", "a mail in this format has no HTML")
	}
	_, err := fmt.Fprint(a.stdout, out)
	return err
}

// issueJSON is an issue as machines read it.
type issueJSON struct {
	ID       news.IssueID    `json:"id"`
	Slot     time.Time       `json:"slot"`
	Number   int             `json:"number"`
	Name     string          `json:"name"`
	Title    string          `json:"title"`
	State    news.IssueState `json:"state"`
	Revision int64           `json:"revision"`
	Stories  int             `json:"stories"`
	Approved string          `json:"approved_by,omitempty"`
	HeldWhy  string          `json:"held_why,omitempty"`
	Counts   *news.Counts    `json:"counts,omitempty"`

	Next     *time.Time          `json:"next,omitempty"` // when the next waiting copy goes
	OnTheWay int                 `json:"on_the_way,omitempty"`
	LeftOut  []news.LeftOut      `json:"left_out,omitempty"`
	Domains  []news.DomainCounts `json:"domains,omitempty"` // without a name: the smaller ones together
}

func jsonOf(i news.Issue) issueJSON {
	return issueJSON{ID: i.ID, Slot: i.Slot, Number: i.Number, Name: i.Name, Title: i.Title, State: i.State, Revision: i.Revision,
		Stories: len(i.Stories()), Approved: i.ApprovedBy, HeldWhy: i.HeldWhy}
}

// printIssues prints a list, one JSON object a line.
func (a *app) printIssues(f *issueFlags, zone *time.Location, issues []news.Issue) error {
	if f.asJSON {
		out := json.NewEncoder(a.stdout)
		for _, i := range issues {
			if err := out.Encode(jsonOf(i)); err != nil {
				return err
			}
		}
		return nil
	}
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tNAME\tDUE\tSTATE\tREVISION\tSTORIES\tTITLE")
	for _, i := range issues {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%d\t%d\t%s\n", i.ID, i.Name, i.Slot.In(zone).Format("2006-01-02 15:04"), i.State, i.Revision, len(i.Stories()), i.Title)
	}
	return t.Flush()
}

// printStatus prints one issue with its books.
func (a *app) printStatus(ctx context.Context, h *house, f *issueFlags, id news.IssueID) error {
	i, err := h.publish.Issue(ctx, id)
	if err != nil {
		return err
	}
	l, err := h.publish.Ledger(ctx, id)
	if err != nil {
		return err
	}
	if f.asJSON {
		out := jsonOf(i)
		out.Counts, out.OnTheWay, out.LeftOut, out.Domains = &l.Counts, l.OnTheWay, l.LeftOut, l.Domains
		if !l.Next.IsZero() {
			out.Next = &l.Next
		}
		return json.NewEncoder(a.stdout).Encode(out)
	}
	if err := a.printIssues(f, h.s.loc, []news.Issue{i}); err != nil {
		return err
	}
	if i.HeldWhy != "" {
		fmt.Fprintf(a.stdout, "held: %s\n", i.HeldWhy)
	}
	if !i.IsFrozen() {
		return nil
	}
	c := l.Counts
	fmt.Fprintf(a.stdout, "%d intended = %d waiting + %d sent + %d refused + %d excluded + %d given up + %d withdrawn; %d uncertain among them\n",
		c.Intended, c.Waiting, c.Sent, c.Refused, c.Excluded, c.GivenUp, c.Withdrawn, c.Uncertain)
	if i.State == news.IssueSending && !l.Next.IsZero() {
		fmt.Fprintf(a.stdout, "%d on the way, the next at %s\n", l.OnTheWay, l.Next.In(h.s.loc).Format("2006-01-02 15:04:05"))
	}
	for _, x := range l.LeftOut {
		fmt.Fprintf(a.stdout, "excluded: %d %s\n", x.N, x.Why)
	}
	return a.printDomains(l.Domains)
}

// printDomains prints the books of each receiving domain; those of few readers
// stand together.
func (a *app) printDomains(domains []news.DomainCounts) error {
	if len(domains) == 0 {
		return nil
	}
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "DOMAIN\tALL\tWAITING\tSENT\tREFUSED\tEXCLUDED\tGIVEN UP\tWITHDRAWN")
	for _, d := range domains {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", cmp.Or(d.Domain, "(smaller ones)"), d.Intended, d.Waiting, d.Sent, d.Refused, d.Excluded, d.GivenUp, d.Withdrawn)
	}
	return t.Flush()
}
