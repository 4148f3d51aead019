package public

import (
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
	"github.com/ifhhro/rightsdesk/templates/words"
)

// A besideView is one of the pieces that stand beside an issue's stories, under
// its heading: a text, or lines that say when and what.
type besideView struct {
	Heading string
	URL     string // of the heading; may be empty
	Text    text
	Lines   []besideLine
}

type besideLine struct {
	Label string // a day, or what is corrected
	Words string
	Lang  string // of Words
	URL   string // may be empty
	Text  text   // below it; may be empty
}

// beside is what stands beside the stories, in the order of the mail.
func (b *base) beside(i *news.Issue) []besideView {
	w := words.In(b.Lang)
	var out []besideView
	add := func(v besideView) {
		if len(v.Lines) > 0 || v.Text.Text != "" {
			out = append(out, v)
		}
	}
	closing := besideView{Heading: w.Say("mail.closes-soon")}
	for _, c := range i.Closing {
		title, lang := c.In(b.Lang)
		if c.URL == "" {
			c.URL = b.Prefix + "/stories/" + c.Page
		}
		closing.Lines = append(closing.Lines, besideLine{Label: dayWords(w, c.Date), Words: title, Lang: lang, URL: c.URL})
	}
	add(closing)
	var days besideView
	for _, o := range i.Days {
		days.Lines = append(days.Lines, besideLine{Label: dayWords(w, o.Date), Words: o.In(b.Lang), Lang: b.Lang, URL: o.URL})
	}
	if len(days.Lines) > 0 {
		days.Heading = w.Say("mail.days", "span", spanWords(w, i.Days))
	}
	add(days)
	corrections := besideView{Heading: w.Say("mail.corrections")}
	for _, c := range i.Corrections {
		if c.URL == "" && c.Page != "" {
			c.URL = b.Prefix + "/stories/" + c.Page
		}
		corrections.Lines = append(corrections.Lines, besideLine{Words: w.Say("mail.correction-of", "issue", c.Issue), Lang: b.Lang, URL: c.URL, Text: text{c.Language, c.Text}})
	}
	add(corrections)
	for n := range i.Blocks {
		block := &i.Blocks[n]
		if said, ok := block.In(b.Lang); ok {
			add(besideView{Heading: w.Say("block." + string(block.Kind)), URL: block.URL, Text: text{b.Lang, said}})
		}
	}
	return out
}

func dayWords(w *words.Words, day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return w.Day(t)
}

// spanWords is from the first to the last of the days.
func spanWords(w *words.Words, days []news.Observance) string {
	first, err := time.Parse(time.DateOnly, days[0].Date)
	if err != nil {
		return days[0].Date
	}
	last, err := time.Parse(time.DateOnly, days[len(days)-1].Date)
	if err != nil || !last.After(first) {
		return w.Day(first)
	}
	return w.Span(first, last)
}

// besideHTML is what stands beside the stories, for a feed entry.
func (s *Server) besideHTML(views []besideView) string {
	var b strings.Builder
	linked := func(url, words string) string {
		if url == "" {
			return html.EscapeString(words)
		}
		return fmt.Sprintf(`<a href="%s">%s</a>`, html.EscapeString(s.absolute(url)), html.EscapeString(words))
	}
	for _, v := range views {
		fmt.Fprintf(&b, "<h2>%s</h2>", linked(v.URL, v.Heading))
		b.WriteString(prose.Markdown(v.Text.Text))
		for _, l := range v.Lines {
			label := ""
			if l.Label != "" {
				label = html.EscapeString(l.Label) + " · "
			}
			fmt.Fprintf(&b, "<p>%s%s</p>%s", label, linked(l.URL, l.Words), prose.Markdown(l.Text.Text))
		}
	}
	return b.String()
}

// absolute makes a path of ours an address.
func (s *Server) absolute(url string) string {
	if strings.HasPrefix(url, "/") {
		return s.site.Link(url)
	}
	return url
}
