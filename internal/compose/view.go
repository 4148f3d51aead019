package compose

import (
	"html/template"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/analyze"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
	"github.com/ifhhro/rightsdesk/templates/words"
)

// Addresses that stand for a reader's own until a copy is spliced. They can
// only occur in the tail, which holds nothing but our own words.
const (
	unsubscribeMark = "https://unsubscribe.invalid/"
	preferencesMark = "https://preferences.invalid/"
)

// A view is an issue in one language as the templates see it.
type view struct {
	Words      *words.Words
	Lang, Dir  string
	Start, End string // left and right, or mirrored
	CSS        template.CSS

	Name           string // of the digest
	Subject        string
	Title          string
	TitleLang      tongue
	When           string
	Introduction   *rich
	Stories        []*storyView // all, in order
	Sections       []sectionView
	IssueURL       string
	UnsubscribeURL string
	PreferencesURL string
	Postal         string
}

type sectionView struct {
	Heading string
	Stories []*storyView
}

type storyView struct {
	ID         news.StoryID
	Lang       tongue
	Headline   string
	URL        string // our page of it
	About      string
	Source     string
	Summary    *rich
	Short      string // the summary's first sentences
	Deadline   string
	Commentary *comment
	Link       *link
}

// A comment is IFHHRO's own word, signed.
type comment struct {
	rich
	By string
}

type link struct{ URL, Words string }

// A tongue is the language a text is in where it may differ from the mail's.
type tongue struct{ lang, of string }

// Attr writes lang and dir where they say something new.
func (t tongue) Attr() template.HTMLAttr {
	dir := template.HTMLAttr(` dir="` + direction(t.lang) + `"`)
	if t.lang == t.of {
		return dir
	}
	return template.HTMLAttr(` lang="`+template.HTMLEscapeString(t.lang)+`"`) + dir
}

// A rich is a Markdown text in both its forms.
type rich struct {
	tongue
	HTML template.HTML
	Text string
}

func newRich(md string, t tongue) *rich {
	if strings.TrimSpace(md) == "" {
		return nil
	}
	return &rich{t, template.HTML(prose.Markdown(md)), prose.MarkdownText(md)}
}

func direction(lang string) string {
	if d := analyze.Direction(lang); d != "" {
		return d
	}
	return "auto"
}

// view is the issue in one language.
func (in *Input) view(lang string) *view {
	w := words.In(lang)
	v := &view{
		Words: w, Lang: lang, Dir: direction(lang), Start: "left", End: "right",
		Name: in.House.Name, Title: in.Issue.Title, TitleLang: tongue{in.issueLanguage(), lang},
		When: in.when(w), IssueURL: in.issueURL(), UnsubscribeURL: unsubscribeMark, Postal: in.House.Postal,
		Introduction: newRich(in.Issue.Introduction, tongue{in.issueLanguage(), lang}),
	}
	if v.Dir == "rtl" {
		v.Start, v.End = v.End, v.Start
	}
	if in.Preferences {
		v.PreferencesURL = preferencesMark
	}
	v.Subject = w.Say("mail.subject", "title", in.Issue.Title, "week", in.week(w))
	in.arrange(v)
	return v
}

func (in *Input) issueLanguage() string {
	if in.Issue.Language == "" {
		return "en"
	}
	return in.Issue.Language
}

// week is which week the issue belongs to, in words.
func (in *Input) week(w *words.Words) string {
	year, week := in.Issue.Slot.In(in.House.zone()).ISOWeek()
	return w.Say("mail.week", "week", week, "year", year)
}

func (in *Input) when(w *words.Words) string {
	return in.week(w) + " · " + w.Date(in.instant().In(in.House.zone()))
}

// arrange puts the stories in their sections.
func (in *Input) arrange(v *view) {
	byID := make(map[news.StoryID]*news.Story, len(in.Stories))
	for i := range in.Stories {
		byID[in.Stories[i].ID] = &in.Stories[i]
	}
	for _, s := range in.Issue.Sections {
		sv := sectionView{Heading: s.Heading}
		for _, id := range s.Stories {
			if story := byID[id]; story != nil {
				sv.Stories = append(sv.Stories, in.story(story, v))
			}
		}
		v.Stories = append(v.Stories, sv.Stories...)
		v.Sections = append(v.Sections, sv)
	}
}

// story is one story in the view's language, or in its own where nobody wrote
// it in that one.
func (in *Input) story(s *news.Story, v *view) *storyView {
	t := s.In(v.Lang)
	tg := tongue{t.Language, v.Lang}
	sv := &storyView{
		ID: s.ID, Lang: tg, Headline: t.Headline, URL: in.House.BaseURL + "/stories/" + s.Name(),
		About: about(s, v.Words), Source: source(s, in.House.zone(), v.Words), Summary: newRich(t.Summary, tg),
	}
	if sv.Summary != nil {
		sv.Short = short(sv.Summary.Text, t.Language)
	}
	if r := newRich(t.Commentary, tg); r != nil {
		sv.Commentary = &comment{*r, s.By}
	}
	if day, err := time.Parse(time.DateOnly, s.Deadline); err == nil {
		sv.Deadline = v.Words.Say("mail.deadline", "date", v.Words.Date(day))
	}
	if s.Link != "" {
		sv.Link = &link{s.Link, v.Words.Say("mail.read")}
		if s.SourceName != "" {
			sv.Link.Words = v.Words.Say("mail.read-at", "source", s.SourceName)
		}
	}
	return sv
}

// about names countries and topics: "Ukraine · Attacks on health care".
func about(s *news.Story, w *words.Words) string {
	var countries, topics []string
	for _, c := range s.Countries {
		countries = append(countries, w.CountryName(c))
	}
	for _, slug := range s.Topics {
		if t, ok := news.TopicBySlug(slug); ok {
			topics = append(topics, t.Name)
		}
	}
	return dotted(w.List(countries), w.List(topics))
}

// source names who published it, in which language and when.
func source(s *news.Story, zone *time.Location, w *words.Words) string {
	if s.SourceName == "" {
		return ""
	}
	var language, day string
	if s.Language != "" && s.Language != "und" && s.Language != w.Language() {
		language = w.Say("mail.in-language", "language", w.LanguageName(s.Language))
	}
	if !s.Published.IsZero() {
		day = w.Date(s.Published.In(zone))
	}
	return dotted(s.SourceName, language, day)
}

func dotted(parts ...string) string {
	var said []string
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, " · ")
}

// shortBytes bounds the summary of the lite edition.
const shortBytes = 320

// short is the first sentences of a text, whole, within shortBytes; a longer
// first sentence is cut at a word.
func short(text, lang string) string {
	text = strings.Join(strings.Fields(text), " ")
	end := 0
	for _, s := range analyze.Sentences(text) {
		if s.End > shortBytes {
			break
		}
		end = s.End
	}
	if end > 0 {
		return strings.TrimSpace(text[:end])
	}
	return prose.Cut(text, shortBytes)
}
