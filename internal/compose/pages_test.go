package compose_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/compose"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// A page is an issue as a fixture: written by us after the kinds of pages that
// IFHHRO sent in other years.
type page struct {
	Day          string
	Title        string
	Introduction string
	Blocks       []struct{ Kind, Text, URL string }
	Stories      []struct {
		Headline, Summary, Commentary, By, Link, Source, Deadline string
		Topics                                                    []news.Slug
		Countries                                                 []string
		Quotes                                                    []struct{ Text, Speaker string }
		Further                                                   []struct{ Title, URL string }
	}
	Holds []string // what must stand in the text and in the HTML
}

func (p *page) input(t *testing.T, name string) (compose.Input, []news.StoryID) {
	t.Helper()
	slot := day(p.Day).Add(7 * time.Hour)
	year, week := slot.ISOWeek()
	in := compose.Input{House: house, Preferences: true, Languages: []string{"en"}, Issue: news.Issue{
		Name: fmt.Sprintf("%d-%02d", year, week), Title: p.Title, Introduction: p.Introduction, Language: "en", Slot: slot, Frozen: slot,
	}}
	for _, b := range p.Blocks {
		in.Issue.Blocks = append(in.Issue.Blocks, news.Block{Kind: news.BlockKind(b.Kind), URL: b.URL, Texts: []news.BlockText{{Language: "en", Text: b.Text}}})
	}
	var ids []news.StoryID
	for i, s := range p.Stories {
		story := news.Story{
			ID: news.StoryID(i + 1), Language: "en", Headline: s.Headline, Summary: s.Summary, Commentary: s.Commentary, By: s.By,
			Link: s.Link, SourceName: s.Source, Deadline: s.Deadline, Topics: s.Topics, Countries: s.Countries,
			ApprovedAt: slot.AddDate(0, 0, -1), Published: slot.AddDate(0, 0, -2), Slug: news.Slugify(s.Headline),
		}
		for _, q := range s.Quotes {
			story.Quotes = append(story.Quotes, news.Quote{Text: q.Text, Speaker: q.Speaker})
		}
		for _, f := range s.Further {
			story.Further = append(story.Further, news.Reference{Title: f.Title, URL: f.URL})
		}
		in.Stories = append(in.Stories, story)
		ids = append(ids, story.ID)
	}
	in.Issue.Sections = []news.Section{{Stories: ids}}
	if len(ids) == 0 {
		t.Fatalf("%s holds no story", name)
	}
	return in, ids
}

// TestPages: pages as IFHHRO sends them lose nothing on their way into a mail.
func TestPages(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/pages/*.yaml")
	if err != nil || len(files) != 5 {
		t.Fatalf("%d pages, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var p page
			if err := yaml.UnmarshalWithOptions(b, &p, yaml.Strict()); err != nil {
				t.Fatal(err)
			}
			in, ids := p.input(t, name)
			r := render(t, in)
			msg := r.Append(nil, audience.Variant{Language: "en", Format: audience.FormatHTML, Stories: ids}, copyFor(t, "reader@mail.example"))
			golden(t, name+".eml", msg)
			checkMessage(t, msg)
			bodies := readStd(t, msg).Bodies
			for i, body := range bodies {
				body = strings.NewReplacer(" \r\n> ", " ", " \r\n", " ", "\r\n", " ", "&#39;", "'", `<span dir="auto">`, "").Replace(body)
				for _, want := range p.Holds {
					if !strings.Contains(body, want) {
						t.Errorf("part %d lacks %q", i+1, want)
					}
				}
			}
		})
	}
}
