package publish

import (
	"context"
	"fmt"
	"html"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ifhhro/rightsdesk/internal/dates"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
)

// A Check is something an editor should look at before an issue is approved.
type Check struct {
	Words string // as they stand in the issue
	Why   string
	// Where it is mended: a story, a block, or the issue's own words, in
	// Language where that is not the issue's.
	Story    news.StoryID
	Block    news.BlockID
	Language string
}

// What a mail read on a telephone bears.
const (
	longHeadline     = 110  // runes
	longSummary      = 1200 // bytes of text
	longIntroduction = 1500
)

// Checks are what is odd about an issue as it stands: links, words that mean
// another day when the mail comes, private persons' numbers, texts too long,
// and languages of which a part is missing. Nothing is asked of the network.
func (p *Publish) Checks(ctx context.Context, id news.IssueID) ([]Check, error) {
	i, err := p.store.Issue(ctx, id)
	if err != nil {
		return nil, err
	}
	stories, err := p.store.StoriesOf(ctx, id)
	if err != nil {
		return nil, err
	}
	i, stories = public(i, stories)
	if i, err = p.dressed(ctx, i); err != nil {
		return nil, err
	}
	c := checker{links: map[string]string{}}
	c.issue(&i)
	for n := range stories {
		c.story(&stories[n])
	}
	for n := range i.Blocks {
		c.block(&i.Blocks[n])
	}
	c.missing(&i, stories)
	return c.found, nil
}

// A checker gathers what is odd.
type checker struct {
	found []Check
	links map[string]string // address to the headline that leads there
}

func (c *checker) add(at Check, words, format string, args ...any) {
	at.Words, at.Why = words, fmt.Sprintf(format, args...)
	if !slices.Contains(c.found, at) {
		c.found = append(c.found, at)
	}
}

// issue looks at the issue's own words.
func (c *checker) issue(i *news.Issue) {
	if strings.TrimSpace(i.Introduction) == "" {
		c.add(Check{}, i.Title, "has no introduction")
	}
	own := news.IssueText{Language: i.Language, Title: i.Title, Introduction: i.Introduction}
	for n, t := range append([]news.IssueText{own}, i.Texts...) {
		var at Check
		if n > 0 {
			at.Language = t.Language
		}
		c.headline(at, t.Title)
		c.long(at, "the introduction", t.Introduction, longIntroduction)
		c.prose(at, t.Introduction)
		for _, m := range dates.Find(t.Title+"\n"+t.Introduction, t.Language, i.Slot) {
			if m.Relative {
				c.add(at, (t.Title + "\n" + t.Introduction)[m.Start:m.End], "is read from the day the mail comes")
			}
		}
		for _, number := range news.Contacts(t.Introduction) {
			c.add(at, number, "may belong to a private person")
		}
	}
	for n, s := range i.Sections {
		if n > 0 && s.Heading == "" {
			c.add(Check{}, fmt.Sprintf("Section %d", n+1), "has no heading")
		}
	}
}

// story looks at the links and lengths of a story; what its words say is the
// desk's to judge.
func (c *checker) story(s *news.Story) {
	at := Check{Story: s.ID}
	if s.Summary == "" {
		c.add(at, s.Headline, "has no summary")
	}
	for _, t := range append([]news.StoryText{s.In(s.Language)}, s.Texts...) {
		c.headline(at, t.Headline)
		c.long(at, "the summary", t.Summary, longSummary)
		c.prose(at, t.Summary)
		c.prose(at, t.Commentary)
	}
	if s.Link != "" {
		c.link(at, s.Link)
		if other, ok := c.links[s.Link]; ok {
			c.add(at, s.Link, "is also where “%s” leads", other)
		}
		c.links[s.Link] = s.Headline
	}
	var seen []string
	for _, f := range s.Further {
		c.link(at, f.URL)
		if slices.Contains(seen, f.URL) {
			c.add(at, f.URL, "stands twice in the further reading")
		}
		seen = append(seen, f.URL)
	}
}

func (c *checker) block(b *news.Block) {
	at := Check{Block: b.ID}
	if b.URL != "" {
		c.link(at, b.URL)
	}
	for _, t := range b.Texts {
		c.prose(at, t.Text)
	}
}

func (c *checker) headline(at Check, text string) {
	if n := utf8.RuneCountInString(text); n > longHeadline {
		c.add(at, text, "is long for a headline: %d characters, %d are plenty", n, longHeadline)
	}
}

func (c *checker) long(at Check, what, md string, most int) {
	if n := len(prose.MarkdownText(md)); n > most {
		c.add(at, what, "is long for a digest: %d bytes, %d are plenty", n, most)
	}
}

var (
	href = regexp.MustCompile(`href="([^"]*)"`)
	// Where a Markdown link leads: what is no address of a page loses its link.
	target = regexp.MustCompile(`\]\(\s*<?([^)\s>]+)`)
)

// prose looks at the links of a Markdown text.
func (c *checker) prose(at Check, md string) {
	for _, m := range href.FindAllStringSubmatch(prose.Markdown(md), -1) {
		c.link(at, html.UnescapeString(m[1]))
	}
	for _, m := range target.FindAllStringSubmatch(md, -1) {
		c.link(at, m[1])
	}
}

// link says what is odd about an address, without asking anybody.
func (c *checker) link(at Check, address string) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" && u.Scheme != "mailto":
		c.add(at, address, "is no whole address")
	case u.Scheme == "mailto":
	case u.Scheme != "https" && u.Scheme != "http":
		c.add(at, address, "is no address of a page")
	case u.User != nil:
		c.add(at, address, "holds a name or a password")
	case net.ParseIP(u.Hostname()) != nil || !strings.Contains(u.Hostname(), ".") || strings.HasSuffix(u.Hostname(), ".local"):
		c.add(at, address, "leads to a machine, not to a public site")
	case u.Scheme == "http":
		c.add(at, address, "is not encrypted; try https")
	case slices.ContainsFunc(trackers, func(t string) bool { return u.Query().Has(t) }):
		c.add(at, address, "tells where the reader came from; leave what follows the question mark")
	}
}

var trackers = []string{"utm_source", "utm_medium", "utm_campaign", "fbclid", "gclid", "mc_cid", "mc_eid"}

// missing says of each other language that anything is written in what lacks
// in it.
func (c *checker) missing(i *news.Issue, stories []news.Story) {
	for _, lang := range news.Languages() {
		if lang == i.Language {
			continue
		}
		_, titled := i.In(lang)
		written := 0
		for n := range stories {
			if stories[n].In(lang).Language == lang {
				written++
			}
		}
		var lacks []string
		if !titled {
			lacks = append(lacks, "title and introduction")
		}
		if written < len(stories) {
			lacks = append(lacks, fmt.Sprintf("%d of %d stories", len(stories)-written, len(stories)))
		}
		for n := range i.Blocks {
			if _, ok := i.Blocks[n].In(lang); !ok && (titled || written > 0) {
				lacks = append(lacks, "the block “"+strings.ReplaceAll(string(i.Blocks[n].Kind), "-", " ")+"”")
			}
		}
		if len(lacks) > 0 {
			c.add(Check{Language: lang}, "", "not written: %s", strings.Join(lacks, ", "))
		}
	}
}
