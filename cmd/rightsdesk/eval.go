package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/ifhhro/rightsdesk/internal/analyze"
	"github.com/ifhhro/rightsdesk/internal/classify"
	"github.com/ifhhro/rightsdesk/internal/classify/measure"
	"github.com/ifhhro/rightsdesk/internal/dates"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/spf13/cobra"
)

func (a *app) evalCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "eval",
		Short: "score the classifier against labelled data",
		Long:  "eval reads labelled items, one JSON object a line, and says how well they are recognised.\n" + exitHelp,
	}
	c.AddCommand(a.evalLearningCommand(), a.evalTopicsCommand())
	return c
}

func (a *app) evalTopicsCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "topics FILE.jsonl",
		Short: "topics against labels",
		Long: "eval topics reads lines of {\"title\",\"text\",\"labels\":[slugs]}, with \"lang\", \"published\" and \"story\"\n" +
			"where known; labels_mapped is read where labels is absent. Items of one story are drawn together.\n" + exitHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			cases, err := readCases(args[0])
			if err != nil {
				return err
			}
			r := measure.Run(cases)
			if asJSON {
				return json.NewEncoder(a.stdout).Encode(r)
			}
			return printReport(a.stdout, r)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// labelled is one line of a file of labelled items.
type labelled struct {
	ID        string       `json:"id"`
	Title     string       `json:"title"`
	Text      string       `json:"text"`
	Lang      string       `json:"lang"`
	Published string       `json:"published"`
	Story     string       `json:"story"`
	Labels    *[]news.Slug `json:"labels"`
	Mapped    []news.Slug  `json:"labels_mapped"`
}

// A labelledText is an item with what people said of it.
type labelledText struct {
	id, language, story string
	text                classify.Text
	labels              []news.Slug
}

func (l *labelledText) caseOf(c *classify.Classifier) measure.Case {
	facts := c.Read(l.text)
	return measure.Case{ID: l.id, Language: l.language, Story: l.story, Labels: l.labels, Topics: facts.Topics}
}

// readCases reads the items and asks the classifier about each.
func readCases(path string) ([]measure.Case, error) {
	items, err := readLabelled(path)
	if err != nil {
		return nil, err
	}
	c, err := classify.New()
	if err != nil {
		return nil, err
	}
	out := make([]measure.Case, len(items))
	for i := range items {
		out[i] = items[i].caseOf(c)
	}
	return out, nil
}

func readLabelled(path string) ([]labelledText, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []labelledText
	var bad error
	line := 0
	err = eachLine(f, func(raw []byte, lineErr error) {
		line++
		one, err := readLabelledLine(raw)
		if err = errors.Join(lineErr, err); err != nil && bad == nil {
			bad = fmt.Errorf("%s, item %d: %w", path, line, err)
		}
		out = append(out, one)
	})
	if err = errors.Join(err, bad); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s holds no labelled items: %w", path, news.ErrInvalid)
	}
	return out, nil
}

func readLabelledLine(raw []byte) (labelledText, error) {
	var l labelled
	if err := json.Unmarshal(raw, &l); err != nil {
		return labelledText{}, err
	}
	labels := l.Mapped
	if l.Labels != nil {
		labels = *l.Labels
	}
	if err := news.CheckTopics(labels); err != nil {
		return labelledText{}, err
	}
	language := analyze.DetectLanguage(l.Title+"\n"+l.Text, l.Lang).Tag
	published, _ := dates.Parse(l.Published, dates.Options{})
	return labelledText{
		id: l.ID, language: cmp.Or(l.Lang, language), story: l.Story, labels: labels,
		text: classify.Text{Title: l.Title, Body: l.Text, Language: language, Published: published.Time},
	}, nil
}

func printReport(w io.Writer, r measure.Report) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name string, v any) { fmt.Fprintf(tw, "%s\t%v\n", name, v) }
	line("items", r.Items)
	line("micro F1", r.Micro)
	line("  precision", r.Precision)
	line("  recall", r.Recall)
	line("macro F1", r.Macro)
	line("core topics F1", r.Core)
	line("recall of first two", r.FirstTwo)
	line("English", r.English)
	line("not English", r.NotEnglish)
	for _, l := range sortedKeys(r.Languages) {
		line("  "+l, r.Languages[l])
	}
	n := r.NoTopic
	line("no topic", fmt.Sprintf("%d items, %d left without; %d given nothing in all (precision %.2f, recall %.2f)", n.Items, n.Left, n.Given, n.Precision, n.Recall))
	line("calibration error", fmt.Sprintf("%.3f on scores above 0.1", r.Calibration))
	fmt.Fprintln(tw, "\ntopic\titems\tright\twrong\tmissed\tprecision\trecall\tF1")
	for _, t := range r.Topics {
		fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t%d\t%.2f\t%.2f\t%.2f\n", t.Slug, t.Items, t.Count.Right, t.Count.Wrong, t.Count.Missed, t.Precision, t.Recall, t.F1)
	}
	fmt.Fprintln(tw, "\nscores from\tscores\tmean\tright")
	for _, b := range r.Bins {
		fmt.Fprintf(tw, "%.1f\t%d\t%.2f\t%.2f\n", b.From, b.Items, b.Mean, b.Right)
	}
	fmt.Fprintln(tw, "\nmissed\tgiven instead\titems")
	for _, c := range r.Confusions {
		fmt.Fprintf(tw, "%s\t%s\t%d\n", c.Missed, c.Given, c.Items)
	}
	return tw.Flush()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
