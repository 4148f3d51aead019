package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ifhhro/rightsdesk/internal/curate"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/spf13/cobra"
)

// queueFlags are what every queue command takes.
type queueFlags struct {
	settings
	asJSON bool
	who    string
	sees   bool // the account may see stories under embargo
}

func (a *app) queueCommand() *cobra.Command {
	c := &cobra.Command{Use: "queue", Short: "the desk without a browser: list, show, approve, reject"}
	c.AddCommand(a.queueList(), a.queueShow(), a.queueApprove(), a.queueReject())
	return c
}

// queueCmd builds a command that works on the queue. One that acts needs an
// account that may decide.
func (a *app) queueCmd(use, short string, acts bool, args cobra.PositionalArgs, do func(ctx context.Context, d *curate.Desk, f *queueFlags, args []string) error) (*cobra.Command, *queueFlags) {
	f := &queueFlags{settings: defaultSettings()}
	c := &cobra.Command{Use: use, Short: short, Long: short + ".\n" + exitHelp, Args: args,
		RunE: func(cmd *cobra.Command, args []string) error {
			st, err := f.openBooks(cmd.Context())
			if err != nil {
				return err
			}
			defer st.Close() // every change was committed when it was made
			if acts {
				if err := mayAct(cmd.Context(), st, f.who, staff.DecideStories); err != nil {
					return err
				}
			}
			if f.sees, err = f.maySee(cmd.Context(), st); err != nil {
				return err
			}
			return do(cmd.Context(), curate.New(st, time.Now), f, args)
		},
	}
	f.dataFlags(c.Flags())
	c.Flags().BoolVar(&f.asJSON, "json", false, "print one JSON object a line")
	if acts {
		c.Flags().StringVar(&f.who, "as", "", "desk account that acts")
	} else {
		c.Flags().StringVar(&f.who, "as", "", "desk account that looks; without one, stories under embargo are left out")
	}
	return c, f
}

// maySee reports whether the account that looks may see stories under
// embargo; nobody in particular may not.
func (f *queueFlags) maySee(ctx context.Context, st *store.Store) (bool, error) {
	if f.who == "" {
		return false, nil
	}
	account, err := accountNamed(ctx, st, f.who)
	return err == nil && account.May(staff.SeeEmbargoed), err
}

func storyID(s string) (news.StoryID, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 1 {
		return 0, usageError("rightsdesk queue list", "%q is not the id of a story", s)
	}
	return news.StoryID(id), nil
}

func (a *app) queueList() *cobra.Command {
	filter := news.Filter{State: news.StoryQueued}
	var topic, kind, state string
	c, _ := a.queueCmd("list", "list the stories that wait, newest first", false, cobra.NoArgs,
		func(ctx context.Context, d *curate.Desk, f *queueFlags, _ []string) error {
			filter.Open, filter.Own = !f.sees, f.who
			filter.Topic, filter.Kind, filter.State = news.Slug(topic), news.Kind(kind), news.StoryState(state)
			if err := checkFilter(filter); err != nil {
				return err
			}
			return a.listQueue(ctx, d, f, filter)
		})
	c.Flags().StringVar(&state, "state", string(news.StoryQueued), fmt.Sprintf("stories in this state, one of %v", news.StoryStates()))
	c.Flags().StringVar(&topic, "topic", "", "only stories of this topic")
	c.Flags().StringVar(&kind, "kind", "", "only stories of this kind")
	c.Flags().StringVar(&filter.Language, "language", "", "only stories in this language")
	c.Flags().StringVar(&filter.Query, "query", "", "only stories that hold these words")
	c.Flags().IntVar(&filter.Limit, "limit", 0, "at most so many; 0 lists all")
	return c
}

func checkFilter(f news.Filter) error {
	known := false
	for _, s := range news.StoryStates() {
		known = known || s == f.State
	}
	switch {
	case !known:
		return badSetting("state", fmt.Sprintf("one of %v", news.StoryStates()), "%q is not a state of a story", f.State)
	case f.Topic != "" && !f.Topic.Known():
		return badSetting("topic", "the slugs stand in: rightsdesk help readers import", "%q is not a topic", f.Topic)
	case f.Kind != "" && !f.Kind.Known():
		return badSetting("kind", fmt.Sprintf("one of %v", news.Kinds()), "%q is not a kind", f.Kind)
	}
	return nil
}

// listQueue prints page after page until the limit, or all.
func (a *app) listQueue(ctx context.Context, d *curate.Desk, f *queueFlags, filter news.Filter) error {
	limit := filter.Limit
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	if !f.asJSON {
		fmt.Fprintln(t, "ID\tPUBLISHED\tLANGUAGE\tSOURCE\tTOPICS\tHEADLINE")
	}
	for n := 0; ; {
		filter.Limit = news.MaxPage
		if limit > 0 {
			filter.Limit = min(limit-n, news.MaxPage)
		}
		stories, next, err := d.Queue(ctx, filter)
		if err != nil {
			return err
		}
		for i := range stories {
			if err := a.printQueued(t, f, &stories[i]); err != nil {
				return err
			}
		}
		n += len(stories)
		if next == (news.Place{}) || limit > 0 && n >= limit {
			return t.Flush()
		}
		filter.After = next
	}
}

// storyJSON is a story in the contract's words.
type storyJSON struct {
	ID         news.StoryID    `json:"id"`
	Headline   string          `json:"headline"`
	Source     string          `json:"source,omitempty"`
	Language   string          `json:"language"`
	Topics     []news.Slug     `json:"topics"`
	Kind       news.Kind       `json:"kind,omitempty"`
	Deadline   string          `json:"deadline,omitempty"`
	State      news.StoryState `json:"state"`
	Published  *time.Time      `json:"published,omitempty"`
	URL        string          `json:"url,omitempty"`
	ForAll     bool            `json:"for_all"`
	Items      int             `json:"items"`
	Summary    string          `json:"summary,omitempty"`
	Commentary string          `json:"commentary,omitempty"`
	Reason     string          `json:"reason,omitempty"`
	Countries  []string        `json:"countries,omitempty"`
}

func storyOut(s *news.Story) storyJSON {
	out := storyJSON{ID: s.ID, Headline: s.Headline, Source: s.SourceName, Language: s.Language, Topics: s.Topics, Kind: s.Kind,
		Deadline: s.Deadline, State: s.State, URL: s.Link, ForAll: s.ForAll, Items: s.Items, Summary: s.Summary,
		Commentary: s.Commentary, Reason: s.Reason, Countries: s.Countries}
	if out.Topics == nil {
		out.Topics = []news.Slug{}
	}
	if !s.Published.IsZero() {
		out.Published = &s.Published
	}
	return out
}

func (a *app) printQueued(w io.Writer, f *queueFlags, s *news.Story) error {
	if f.asJSON {
		return json.NewEncoder(a.stdout).Encode(storyOut(s))
	}
	topics := make([]string, len(s.Topics))
	for i, t := range s.Topics {
		topics[i] = string(t)
	}
	_, err := fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", s.ID, s.Published.Format(time.DateOnly), s.Language, s.SourceName, strings.Join(topics, " "), s.Headline)
	return err
}

func (a *app) queueShow() *cobra.Command {
	c, _ := a.queueCmd("show ID", "show one story with its history", false, cobra.ExactArgs(1),
		func(ctx context.Context, d *curate.Desk, f *queueFlags, args []string) error {
			id, err := storyID(args[0])
			if err != nil {
				return err
			}
			s, history, err := d.Story(ctx, id)
			if err == nil && !s.ShownTo(f.who, f.sees, time.Now()) {
				err = fmt.Errorf("story %d: %w", id, news.ErrNotFound)
			}
			if err != nil {
				return hinted(err, "rightsdesk queue list")
			}
			if f.asJSON {
				return json.NewEncoder(a.stdout).Encode(storyOut(&s))
			}
			return a.printStory(&s, history)
		})
	return c
}

func (a *app) printStory(s *news.Story, history []news.Decision) error {
	fmt.Fprintf(a.stdout, "%s\n\n", s.Headline)
	t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, l := range [][2]string{
		{"state", string(s.State)}, {"why", s.Reason}, {"source", s.SourceName}, {"language", s.Language}, {"kind", string(s.Kind)},
		{"topics", fmt.Sprint(s.Topics)}, {"countries", strings.Join(s.Countries, " ")}, {"deadline", s.Deadline}, {"address", s.Link},
	} {
		if l[1] != "" {
			fmt.Fprintf(t, "%s\t%s\n", l[0], l[1])
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, text := range []string{s.Summary, s.Commentary} {
		if text != "" {
			fmt.Fprintf(a.stdout, "\n%s\n", text)
		}
	}
	for _, d := range history {
		fmt.Fprintf(a.stdout, "\n%s  %s: %s %s", d.At.Format(time.DateTime), d.Who, d.What, d.Reason)
	}
	if len(history) > 0 {
		fmt.Fprintln(a.stdout)
	}
	return nil
}

func (a *app) queueApprove() *cobra.Command {
	var headline, summary, commentary, file string
	var topics []string
	var forAll bool
	var c *cobra.Command
	c, _ = a.queueCmd("approve ID", "put a story in the next issue; what is not given stays as the item has it", true, cobra.ExactArgs(1),
		func(ctx context.Context, d *curate.Desk, f *queueFlags, args []string) error {
			id, err := storyID(args[0])
			if err != nil {
				return err
			}
			var approval news.Approval
			given := func(flag string, set func()) {
				if c.Flags().Changed(flag) {
					set()
				}
			}
			given("headline", func() { approval.Headline = &headline })
			given("summary", func() { approval.Summary = &summary })
			given("commentary", func() { approval.Commentary = &commentary })
			given("for-all", func() { approval.ForAll = &forAll })
			given("topics", func() { approval.Topics = slugs(topics) })
			if file != "" {
				if approval.Commentary, err = a.readText(file); err != nil {
					return err
				}
			}
			if err := d.Approve(ctx, f.who, id, 0, approval); err != nil {
				return err
			}
			return a.decided(ctx, d, f, id)
		})
	c.Flags().StringVar(&headline, "headline", "", "headline, plain text")
	c.Flags().StringVar(&summary, "summary", "", "summary, Markdown")
	c.Flags().StringVar(&commentary, "commentary", "", "our commentary, Markdown")
	c.Flags().StringVar(&file, "commentary-file", "", "read the commentary from a file, - for stdin")
	c.Flags().StringSliceVar(&topics, "topics", nil, "topics, separated by commas; empty for none")
	c.Flags().BoolVar(&forAll, "for-all", false, "send it to every reader, whatever they chose")
	return c
}

func slugs(names []string) *[]news.Slug {
	out := []news.Slug{}
	for _, n := range names {
		for _, one := range strings.Fields(n) {
			out = append(out, news.Slug(one))
		}
	}
	return &out
}

// readText reads a text a person wrote, from a file or stdin.
func (a *app) readText(file string) (*string, error) {
	in := a.stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, news.MaxTextBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	text := string(data)
	return &text, nil
}

func (a *app) queueReject() *cobra.Command {
	var reason string
	c, _ := a.queueCmd("reject ID", "take a story off the queue, with a reason", true, cobra.ExactArgs(1),
		func(ctx context.Context, d *curate.Desk, f *queueFlags, args []string) error {
			id, err := storyID(args[0])
			if err != nil {
				return err
			}
			if err := d.Reject(ctx, f.who, id, reason); err != nil {
				return err
			}
			return a.decided(ctx, d, f, id)
		})
	c.Flags().StringVar(&reason, "reason", "", "why; the reason teaches the desk")
	return c
}

// decided prints what a story has become.
func (a *app) decided(ctx context.Context, d *curate.Desk, f *queueFlags, id news.StoryID) error {
	s, _, err := d.Story(ctx, id)
	if err != nil {
		return err
	}
	if f.asJSON {
		return json.NewEncoder(a.stdout).Encode(storyOut(&s))
	}
	_, err = fmt.Fprintf(a.stdout, "story %d is %s: %s\n", s.ID, s.State, s.Headline)
	return err
}
