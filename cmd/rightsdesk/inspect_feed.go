package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ifhhro/rightsdesk/internal/clean"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/parse"
	"github.com/ifhhro/rightsdesk/internal/prose"
)

// documentJob is a saved answer as `inspect feed` takes it.
type documentJob struct {
	File    string         `json:"file"`
	URL     string         `json:"url,omitempty"`
	Headers map[string]any `json:"headers,omitempty"` // a text each; what is none is ignored
}

// feedAnswer is a feed as the contract prints it. What is unknown is absent.
// Items stands last: stream writes it by itself.
type feedAnswer struct {
	Warnings  []string    `json:"warnings"`
	Format    news.Format `json:"format"`
	Version   string      `json:"version,omitempty"`
	Encoding  string      `json:"encoding"`
	Recovered bool        `json:"recovered"`
	Feed      feedHead    `json:"feed"`
	Items     []feedItem  `json:"items"`
}

type feedHead struct {
	ID          string          `json:"id,omitempty"`
	Title       string          `json:"title,omitempty"`
	TitleHTML   string          `json:"title_html,omitempty"`
	Link        string          `json:"link,omitempty"`
	Self        string          `json:"self,omitempty"`
	Description string          `json:"description,omitempty"`
	Language    string          `json:"language,omitempty"`
	Updated     string          `json:"updated,omitempty"`
	Published   string          `json:"published,omitempty"`
	Copyright   string          `json:"copyright,omitempty"`
	Generator   string          `json:"generator,omitempty"`
	Image       string          `json:"image,omitempty"`
	TTLMinutes  int             `json:"ttl_minutes,omitempty"`
	PollMinutes int             `json:"poll_minutes,omitempty"` // of the syndication module
	SkipHours   []int           `json:"skip_hours,omitempty"`
	SkipDays    []string        `json:"skip_days,omitempty"`
	Authors     []news.Person   `json:"authors"`
	Categories  []news.Category `json:"categories"`
}

type feedItem struct {
	ID            string           `json:"id,omitempty"`
	Key           string           `json:"key"`
	URL           string           `json:"url,omitempty"`
	CanonicalURL  string           `json:"canonical_url,omitempty"`
	Title         string           `json:"title,omitempty"`
	TitleHTML     string           `json:"title_html,omitempty"`
	SummaryHTML   string           `json:"summary_html,omitempty"`
	ContentHTML   string           `json:"content_html,omitempty"`
	Text          string           `json:"text,omitempty"`
	Language      string           `json:"language,omitempty"`
	Dir           string           `json:"dir,omitempty"`
	Published     string           `json:"published,omitempty"`
	Updated       string           `json:"updated,omitempty"`
	DateSource    string           `json:"date_source,omitempty"`
	DatePrecision news.Precision   `json:"date_precision,omitempty"`
	Authors       []news.Person    `json:"authors"`
	Categories    []news.Category  `json:"categories"`
	Enclosures    []news.Enclosure `json:"enclosures"`
	Images        []string         `json:"images"`
	DOI           string           `json:"doi,omitempty"`
	UNSymbols     []string         `json:"un_symbols"`
	Source        *news.Origin     `json:"source,omitempty"`
	CommentsURL   string           `json:"comments_url,omitempty"`
	Alternates    []news.Alternate `json:"alternates,omitempty"`
}

func (f feedAnswer) stream(w io.Writer, ref any) error {
	items := f.Items
	f.Items = []feedItem{}
	head, err := marshal(struct {
		Ref any  `json:"ref"`
		OK  bool `json:"ok"`
		feedAnswer
	}{ref, true, f})
	if err != nil {
		return err
	}
	if _, err := w.Write(bytes.TrimSuffix(head, []byte("]}"))); err != nil {
		return err
	}
	for i := range items {
		if i > 0 {
			if _, err := io.WriteString(w, ","); err != nil {
				return err
			}
		}
		line, err := marshal(&items[i])
		if err != nil {
			return err
		}
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	_, err = io.WriteString(w, "]}\n")
	return err
}

func (a *app) feedStage() stage {
	return stage{
		name:   "feed",
		short:  "a saved feed to normalised items",
		answer: inspectFeed,
		file:   documentFile,
		print:  printFeed,
	}
}

func inspectFeed(_ context.Context, raw json.RawMessage) (any, error) {
	in, err := readDocument(raw)
	if err != nil {
		return nil, err
	}
	doc, err := parse.Feed(in)
	if err != nil {
		return nil, err
	}
	in.Body = nil
	out := feedAnswer{
		Warnings: append([]string{}, doc.Warnings...), Format: doc.Format, Version: doc.Version, Encoding: doc.Encoding,
		Recovered: doc.Recovered, Feed: feedHeadOf(&doc.Feed), Items: []feedItem{},
	}
	for _, it := range clean.Document(doc, clean.Options{}) {
		out.Items = append(out.Items, feedItemOf(&it))
	}
	return out, nil
}

// maxFile is how much of a saved answer is read: what a fetch would take, and
// one byte more so that the parser sees it was too much.
const maxFile = 25<<20 + 1

func readDocument(raw json.RawMessage) (parse.Input, error) {
	var job documentJob
	if err := json.Unmarshal(raw, &job); err != nil {
		return parse.Input{}, fmt.Errorf("job: %w", err)
	}
	if job.File == "" {
		return parse.Input{}, errors.New("job: it names no file")
	}
	f, err := os.Open(job.File)
	if err != nil {
		return parse.Input{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return parse.Input{}, err
	}
	if !info.Mode().IsRegular() {
		return parse.Input{}, fmt.Errorf("%s is no regular file", job.File)
	}
	body := make([]byte, min(info.Size(), maxFile))
	n, err := io.ReadFull(f, body)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return parse.Input{}, fmt.Errorf("read %s: %w", job.File, err)
	}
	header := make(map[string]string, len(job.Headers))
	for k, v := range job.Headers {
		if s, ok := v.(string); ok {
			header[strings.ToLower(k)] = s
		}
	}
	return parse.Input{Body: body[:n], URL: job.URL, Header: header}, nil
}

func documentFile(path string) (json.RawMessage, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return json.Marshal(documentJob{File: abs})
}

func feedHeadOf(f *news.Feed) feedHead {
	out := feedHead{
		ID: prose.Line(f.ID), Title: plainField(f.Title, news.MaxTitleBytes), TitleHTML: titleHTML(f.Title),
		Link: webField(f.Link), Self: webField(f.Self), Description: plainField(f.Description, news.MaxBodyBytes),
		Language: prose.Line(f.Language), Updated: instant(f.Updated), Published: instant(f.Published),
		Copyright: prose.Line(f.Copyright), Generator: prose.Line(f.Generator), Image: webField(f.Image),
		TTLMinutes: f.TTLMinutes, PollMinutes: int(f.PollEvery / time.Minute), SkipHours: f.SkipHours, SkipDays: f.SkipDays,
		Authors: []news.Person{}, Categories: []news.Category{},
	}
	for _, p := range f.Authors {
		p = news.Person{Name: prose.Line(p.Name), Email: prose.Line(p.Email), URL: webField(p.URL)}
		if p != (news.Person{}) {
			out.Authors = append(out.Authors, p)
		}
	}
	for _, c := range f.Categories {
		c = news.Category{Term: prose.Line(c.Term), Scheme: prose.Line(c.Scheme), Label: prose.Line(c.Label)}
		if c.Term+c.Label != "" {
			out.Categories = append(out.Categories, c)
		}
	}
	return out
}

// plainField is a published text as plain text.
func plainField(m news.Markup, limit int) string {
	if m.HTML {
		return prose.Cut(prose.Line(prose.HTMLText(m.Body)), limit)
	}
	return prose.Cut(prose.Line(m.Body), limit)
}

func titleHTML(m news.Markup) string {
	body := prose.Cut(m.Body, news.MaxTitleBytes)
	if !m.HTML {
		body = html.EscapeString(body)
	}
	return prose.Sanitise(body)
}

// webField is an address of the web, or empty.
func webField(u string) string {
	u = strings.TrimSpace(u)
	if _, err := clean.URL(u); err != nil || len(u) > news.MaxLinkBytes {
		return ""
	}
	return u
}

func feedItemOf(it *news.Item) feedItem {
	out := feedItem{
		ID: it.GUID, Key: it.Key, URL: it.URL, CanonicalURL: it.Canonical, Title: it.Title, TitleHTML: it.TitleHTML,
		SummaryHTML: it.SummaryHTML, ContentHTML: it.ContentHTML, Text: it.Text, Dir: it.Dir,
		Published: instant(it.Published), Updated: instant(it.Updated),
		Authors: orNone(it.Authors), Categories: orNone(it.Categories), Enclosures: orNone(it.Enclosures), Images: orNone(it.Images),
		DOI: it.DOI, UNSymbols: orNone(it.UNSymbols), CommentsURL: it.CommentsURL, Alternates: it.Alternates,
	}
	if it.Language != "und" {
		out.Language = it.Language
	}
	said := it.Published
	if !said.Known() {
		said = it.Updated
	}
	out.DateSource, out.DatePrecision = said.Origin, said.Precision
	if it.Origin != (news.Origin{}) {
		out.Source = &it.Origin
	}
	return out
}

// orNone makes an empty list print as one.
func orNone[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func instant(d news.Date) string {
	if !d.Known() {
		return ""
	}
	return d.Time.UTC().Format(time.RFC3339)
}

// printFeed shows what a feed says, an item a line.
func printFeed(w io.Writer, answer any) error {
	out := answer.(feedAnswer)
	fmt.Fprintf(w, "%s\n%s %s, %s", cmp.Or(out.Feed.Title, "(no title)"), out.Format, out.Version, out.Encoding)
	if out.Recovered {
		fmt.Fprint(w, ", recovered")
	}
	fmt.Fprintf(w, ", %d items\n", len(out.Items))
	for _, warning := range out.Warnings {
		fmt.Fprintf(w, "warning: %s\n", warning)
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, it := range out.Items {
		fmt.Fprintf(tw, "%s\t%s\t%s\n", cmp.Or(it.Published, it.Updated, "-"), cmp.Or(it.Language, "-"), cmp.Or(it.Title, it.URL, it.Key))
	}
	return tw.Flush()
}
