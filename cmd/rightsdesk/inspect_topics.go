package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/ifhhro/rightsdesk/internal/analyze"
	"github.com/ifhhro/rightsdesk/internal/classify"
	"github.com/ifhhro/rightsdesk/internal/dates"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/symbols"
)

// topicsJob is an item as `inspect topics` takes it.
type topicsJob struct {
	Title     string `json:"title,omitempty"`
	Text      string `json:"text,omitempty"`
	Lang      string `json:"lang,omitempty"`
	Source    string `json:"source,omitempty"`
	Published string `json:"published,omitempty"`
}

type topicsAnswer struct {
	Language  string           `json:"language"`
	Kind      news.Kind        `json:"kind"`
	Topics    []topicAnswer    `json:"topics"`
	Countries []string         `json:"countries"`
	UNSymbols []string         `json:"un_symbols"`
	Documents []documentAnswer `json:"un_documents"`
	DOIs      []string         `json:"dois"`
	Deadlines []deadlineAnswer `json:"deadlines"`
	Quotes    []quoteAnswer    `json:"quotes"`
}

type topicAnswer struct {
	Slug     news.Slug `json:"slug"`
	Score    float64   `json:"score"`
	Assigned bool      `json:"assigned"`
	Evidence []string  `json:"evidence"`
}

// documentAnswer is what a symbol and the words around it say.
type documentAnswer struct {
	Symbol  string `json:"symbol"`
	Body    string `json:"body,omitempty"`
	Session string `json:"session,omitempty"`
	What    string `json:"what,omitempty"`
	Country string `json:"country,omitempty"`
	Title   string `json:"title,omitempty"`
	Mandate string `json:"mandate,omitempty"`
	URL     string `json:"url"`
}

type deadlineAnswer struct {
	Date     string `json:"date"`
	Time     string `json:"time,omitempty"`
	Zone     string `json:"zone,omitempty"`
	Sentence string `json:"sentence"`
}

type quoteAnswer struct {
	Text    string `json:"text"`
	Speaker string `json:"speaker,omitempty"`
}

func (a *app) topicsStage() stage {
	return stage{
		name:   "topics",
		short:  "title and text to topics, kind, countries, deadlines and quotations",
		answer: inspectTopics,
		file:   topicsFile,
		print:  printTopics,
	}
}

func inspectTopics(_ context.Context, raw json.RawMessage) (any, error) {
	var job topicsJob
	if err := json.Unmarshal(raw, &job); err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	if strings.TrimSpace(job.Title+job.Text) == "" {
		return nil, errors.New("job: it has neither title nor text")
	}
	c, err := classify.New()
	if err != nil {
		return nil, err
	}
	language := analyze.DetectLanguage(job.Title+"\n"+job.Text, job.Lang).Tag
	published, _ := dates.Parse(job.Published, dates.Options{})
	f := c.Read(classify.Text{Title: job.Title, Body: job.Text, Language: language, Source: job.Source, Published: published.Time})
	out := topicsAnswerOf(language, f)
	text := job.Title + "\n" + job.Text
	out.DOIs = append([]string{}, symbols.DOIs(text)...)
	for _, symbol := range f.UNSymbols {
		d := symbols.Describe(symbol)
		d.Mandate = symbols.MandateNear(text, symbol)
		out.Documents = append(out.Documents, documentAnswer(d))
	}
	return out, nil
}

func topicsAnswerOf(language string, f news.Facts) topicsAnswer {
	out := topicsAnswer{
		Language: language, Kind: f.Kind, Topics: []topicAnswer{}, Countries: append([]string{}, f.Countries...),
		UNSymbols: append([]string{}, f.UNSymbols...), Documents: []documentAnswer{}, Deadlines: []deadlineAnswer{}, Quotes: []quoteAnswer{},
	}
	for _, t := range f.Topics {
		out.Topics = append(out.Topics, topicAnswer{t.Slug, t.Score, t.Assigned, append([]string{}, t.Evidence...)})
	}
	for _, d := range f.Deadlines {
		out.Deadlines = append(out.Deadlines, deadlineAnswer(d))
	}
	for _, q := range f.Quotes {
		out.Quotes = append(out.Quotes, quoteAnswer(q))
	}
	return out
}

// topicsFile reads a job from a .json file, or takes a text file: the first
// line is the title.
func topicsFile(path string) (json.RawMessage, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(path, ".json") {
		return text, nil
	}
	title, body, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return json.Marshal(topicsJob{Title: title, Text: body})
}

// printTopics shows what was assigned and what came near.
func printTopics(w io.Writer, answer any) error {
	out := answer.(topicsAnswer)
	fmt.Fprintf(w, "language   %s\nkind       %s\n", out.Language, out.Kind)
	printList(w, "countries", out.Countries)
	for _, d := range out.Documents {
		fmt.Fprintf(w, "symbol     %s\n", strings.Join(slices.DeleteFunc([]string{d.Symbol, d.Body, d.Session, d.What, d.Country, d.Title, d.Mandate}, func(s string) bool { return s == "" }), ", "))
	}
	printList(w, "dois", out.DOIs)
	for _, d := range out.Deadlines {
		fmt.Fprintf(w, "deadline   %s  %s\n", strings.TrimSpace(d.Date+" "+d.Time+" "+d.Zone), d.Sentence)
	}
	for _, q := range out.Quotes {
		fmt.Fprintf(w, "quotation  %s: “%s”\n", cmp.Or(q.Speaker, "(speaker not named)"), q.Text)
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, t := range out.Topics {
		if t.Score < 0.1 && !t.Assigned {
			continue
		}
		mark := ""
		if t.Assigned {
			mark = "assigned"
		}
		fmt.Fprintf(tw, "%.2f\t%s\t%s\t%s\n", t.Score, t.Slug, mark, strings.Join(t.Evidence, " · "))
	}
	return tw.Flush()
}

func printList(w io.Writer, name string, list []string) {
	if len(list) > 0 {
		fmt.Fprintf(w, "%-10s %s\n", name, strings.Join(list, " "))
	}
}
