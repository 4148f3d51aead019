package compose

import (
	"html/template"
	"slices"
	"strings"
	"time"
	"unicode"

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
	Words     *words.Words
	Lang, Dir string
	Start     string // left, or right where lines begin there
	CSS       template.CSS

	Name           string // of the digest
	Subject        string
	Title          string
	TitleLang      tongue
	When           string
	Introduction   *rich
	Counts         []int // every number of stories a variant can have
	Quiet          [quiet]struct{}
	Stories        []*storyView // all, in order
	Sections       []sectionView
	Closing        []link
	Days           *daysView
	Corrections    []noteView
	Blocks         []noteView
	IssueURL       string
	UnsubscribeURL string
	PreferencesURL string
	Postal         string

	base string // of our pages in this language
	zone *time.Location
}

type sectionView struct {
	Heading string
	Lang    tongue
	Stories []*storyView
}

type storyView struct {
	ID         news.StoryID
	Lang       tongue
	Headline   string
	Lead       string // the headline, short, for where a mail is one line in a list
	URL        string // our page of it
	About      string
	Sources    []sourceView
	Summary    *rich
	Short      string // the summary's first sentences
	Quotes     []quoteView
	Deadline   string
	Commentary *comment
	Further    []link
	Link       *link
	Topics     []link
	Also       []link
}

type sourceView struct{ Name, URL, More string }

type quoteView struct {
	Text string
	Lang tongue
	By   string
}

// A comment is IFHHRO's own word, signed.
type comment struct {
	rich
	By string
}

// A link leads somewhere. Day says until or on when, where that matters.
type link struct {
	URL, Words string
	Lang       tongue
	Day        string
}

type daysView struct {
	Label string
	List  []link
}

// A noteView is a text under a label.
type noteView struct {
	rich
	Label, URL string
}

// A tongue is the language a text is in where it may differ from the mail's.
type tongue struct{ lang, of string }

// Attr writes lang and dir, and begins lines on the side where they begin in
// this language.
func (t tongue) Attr() template.HTMLAttr {
	dir := direction(t.lang)
	attr := ` dir="` + dir + `"`
	if t.lang != t.of {
		attr = ` lang="` + template.HTMLEscapeString(t.lang) + `"` + attr
	}
	if side := map[string]string{"ltr": "left", "rtl": "right"}[dir]; side != "" && dir != direction(t.of) {
		// Twice, for some clients take the attribute out.
		attr += ` style="direction: ` + dir + `; text-align: ` + side + `;"`
	}
	return template.HTMLAttr(attr)
}

// Slant is the class for lines set apart by italics, which Arabic and Chinese
// letters do not have.
func (t tongue) Slant() string {
	base, _, _ := strings.Cut(t.lang, "-")
	switch base {
	case "ar", "fa", "ur", "he", "zh", "ja", "ko":
		return "upright"
	}
	return "slanted"
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
	if lang == "" || lang == analyze.Und {
		return "auto"
	}
	return analyze.Direction(lang)
}

// view is the issue in one language.
func (in *Input) view(lang string) *view {
	w := words.In(lang)
	text, has := in.Issue.In(lang)
	introduction, introductionLang := in.Issue.IntroductionIn(lang)
	v := &view{
		Words: w, Lang: lang, Dir: direction(lang), Start: "left", Name: in.House.Name, When: in.when(w),
		Title: text.Title, TitleLang: tongue{orEnglish(text.Language), lang},
		Introduction:   newRich(introduction, tongue{orEnglish(introductionLang), lang}),
		UnsubscribeURL: unsubscribeMark, Postal: in.House.Postal, base: in.House.pages(lang), zone: in.House.zone(),
	}
	if v.Dir == "rtl" {
		v.Start = "right"
	}
	if in.Preferences {
		v.PreferencesURL = preferencesMark
	}
	v.IssueURL = v.base + "/issues/" + in.Issue.Name
	in.arrange(v, text.Headings)
	if !has { // a title nobody translated tells its reader nothing
		v.Title, v.TitleLang = w.Say("mail.title"), tongue{lang, lang}
	}
	v.Subject = w.Say("mail.subject", "title", v.Title, "week", in.week(w))
	in.surround(v)
	return v
}

func orEnglish(lang string) string {
	if lang == "" {
		return "en"
	}
	return lang
}

// week is which week the issue belongs to, in words.
func (in *Input) week(w *words.Words) string {
	year, week := in.Issue.Slot.In(in.House.zone()).ISOWeek()
	return w.Say("mail.week", "week", week, "year", year)
}

// when is the line below the title: number, week and day.
func (in *Input) when(w *words.Words) string {
	number := ""
	if in.Issue.Number > 0 {
		number = w.Say("mail.number", "number", in.Issue.Number)
	}
	return dotted(number, in.week(w), w.FullDate(in.day()))
}

// day is the issue's own: that of its slot, also when somebody sends it early,
// so that its week, its days and its date speak of one week.
func (in *Input) day() time.Time { return in.Issue.Slot.In(in.House.zone()) }

// arrange puts the stories in their sections.
func (in *Input) arrange(v *view, headings []string) {
	byID := make(map[news.StoryID]*news.Story, len(in.Stories))
	for i := range in.Stories {
		byID[in.Stories[i].ID] = &in.Stories[i]
	}
	for n, s := range in.Issue.Sections {
		sv := sectionView{Heading: headings[n], Lang: v.TitleLang}
		for _, id := range s.Stories {
			if story := byID[id]; story != nil {
				sv.Stories = append(sv.Stories, v.story(story))
			}
		}
		v.Stories = append(v.Stories, sv.Stories...)
		v.Sections = append(v.Sections, sv)
	}
	for n := range v.Stories {
		v.Counts = append(v.Counts, n+1)
	}
}

// surround adds what stands beside the stories.
func (in *Input) surround(v *view) {
	for _, c := range in.Issue.Closing {
		title, lang := c.In(v.Lang)
		if c.URL == "" {
			c.URL = v.base + "/stories/" + c.Page
		}
		v.Closing = append(v.Closing, link{c.URL, title, v.tongue(lang), v.day(c.Date)})
	}
	v.Days = in.days(v)
	for _, c := range in.Issue.Corrections {
		if c.URL == "" && c.Page != "" {
			c.URL = v.base + "/stories/" + c.Page
		}
		if r := newRich(c.Text, v.tongue(c.Language)); r != nil {
			v.Corrections = append(v.Corrections, noteView{*r, v.Words.Say("mail.correction-of", "issue", c.Issue), c.URL})
		}
	}
	blocks := slices.Clone(in.Issue.Blocks)
	news.SortBlocks(blocks)
	for _, b := range blocks {
		text, ok := b.In(v.Lang)
		if !ok || !b.Stands(in.day()) {
			continue
		}
		if r := newRich(text, v.tongue(v.Lang)); r != nil {
			v.Blocks = append(v.Blocks, noteView{*r, v.Words.Say("block." + string(b.Kind)), b.URL})
		}
	}
}

// days are the international days of the coming week, nil if there are none.
func (in *Input) days(v *view) *daysView {
	if len(in.Issue.Days) == 0 {
		return nil
	}
	from := in.day()
	d := &daysView{Label: v.Words.Say("mail.days", "span", v.Words.Span(dayOf(from), dayOf(from.AddDate(0, 0, 6))))}
	for _, o := range in.Issue.Days {
		d.List = append(d.List, link{URL: o.URL, Words: o.In(v.Lang), Day: v.day(o.Date)})
	}
	return d
}

func dayOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

func (v *view) tongue(lang string) tongue { return tongue{orEnglish(lang), v.Lang} }

// day writes a stored day without its year.
func (v *view) day(s string) string {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	return v.Words.Day(t)
}

// story is one story in the view's language, or in its own where nobody wrote
// it in that one.
func (v *view) story(s *news.Story) *storyView {
	t := s.In(v.Lang)
	tg := v.tongue(t.Language)
	sv := &storyView{
		ID: s.ID, Lang: tg, Headline: t.Headline, Lead: isolated(prose.Cut(t.Headline, leadBytes), tg), URL: v.base + "/stories/" + s.Name(),
		About: v.about(s), Sources: v.sources(s), Summary: v.ownOr(t.Summary, tg, s.Summary, s),
	}
	if sv.Summary != nil {
		sv.Short = short(sv.Summary.Text)
	}
	if r := v.ownOr(t.Commentary, tg, s.Commentary, s); r != nil {
		sv.Commentary = &comment{*r, s.By}
	}
	for _, q := range s.Quotes {
		qv := quoteView{Text: strings.Join(strings.Fields(q.Text), " "), Lang: v.tongue(s.Language)}
		if q.Speaker != "" {
			qv.By = v.Words.Say("mail.quote-by", "speaker", q.Speaker)
		}
		sv.Quotes = append(sv.Quotes, qv)
	}
	if day, err := time.Parse(time.DateOnly, s.Deadline); err == nil {
		sv.Deadline = v.Words.Say("mail.deadline", "date", v.Words.Date(day))
	}
	v.links(s, sv)
	return sv
}

// ownOr is a translated text, or the story's own where that part of it was not
// translated: our comment is not lost with the headline's translation.
func (v *view) ownOr(text string, tg tongue, own string, s *news.Story) *rich {
	if r := newRich(text, tg); r != nil {
		return r
	}
	return newRich(own, v.tongue(s.Language))
}

// links are the ways on from a story.
func (v *view) links(s *news.Story, sv *storyView) {
	for _, f := range s.Further {
		lang := f.Language
		if lang == "" {
			lang = s.Language
		}
		sv.Further = append(sv.Further, link{URL: f.URL, Words: f.Title, Lang: v.tongue(lang)})
	}
	if s.Link != "" {
		sv.Link = &link{URL: s.Link, Words: v.Words.Say("mail.read")}
		if s.SourceName != "" {
			sv.Link.Words = v.Words.Say("mail.read-at", "source", isolatedIn(s.SourceName, v.Dir))
		}
	}
	for _, slug := range s.Topics {
		if name := v.topicName(slug); name != "" {
			sv.Topics = append(sv.Topics, link{URL: v.base + "/topics/" + string(slug), Words: name})
		}
	}
	for _, a := range s.Also {
		sv.Also = append(sv.Also, link{URL: a.URL, Words: words.In(a.Language).LanguageName(a.Language), Lang: v.tongue(a.Language)})
	}
}

// about names countries and topics: "Ukraine · Attacks on health care".
func (v *view) about(s *news.Story) string {
	var countries, topics []string
	for _, c := range s.Countries {
		countries = append(countries, v.Words.CountryName(c))
	}
	for _, slug := range s.Topics {
		if name := v.topicName(slug); name != "" {
			topics = append(topics, name)
		}
	}
	return dotted(v.Words.List(countries), v.Words.List(topics))
}

// topicName names a topic; what is none has no name. English names stand in
// the topic list itself.
func (v *view) topicName(slug news.Slug) string {
	t, ok := news.TopicBySlug(slug)
	if !ok {
		return ""
	}
	key := "topic." + string(slug)
	if name := v.Words.Say(key); name != key {
		return name
	}
	return t.Name
}

// sources name who published it, in which language and when.
func (v *view) sources(s *news.Story) []sourceView {
	credits := s.Credits
	if len(credits) == 0 && s.SourceName != "" {
		credits = []news.Credit{{Name: s.SourceName, Language: s.Language, Published: s.Published}}
	}
	var out []sourceView
	for _, c := range credits {
		var language, day string
		if c.Language != "" && c.Language != analyze.Und && c.Language != v.Lang {
			language = v.Words.Say("mail.in-language", "language", v.Words.LanguageName(c.Language))
		}
		if !c.Published.IsZero() {
			day = v.Words.Date(c.Published.In(v.zone))
		}
		out = append(out, sourceView{c.Name, c.URL, dotted(language, day)})
	}
	return out
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

// isolated keeps a text of the other direction from turning its neighbours
// around where no markup can (UAX 9 §2.4.2).
func isolated(s string, t tongue) string {
	if direction(t.lang) == direction(t.of) {
		return s
	}
	return "\u2068" + s + "\u2069"
}

// isolatedIn does the same for a name in whatever letters.
func isolatedIn(name, dir string) string {
	foreign := func(r rune) bool {
		return unicode.IsLetter(r) && unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko) != (dir == "rtl")
	}
	if !strings.ContainsFunc(name, foreign) {
		return name
	}
	return "\u2068" + name + "\u2069"
}

// leadBytes bounds a headline in the line that lists of mails show.
const leadBytes = 120

// quiet is as many blanks as fill that line.
const quiet = 60

// shortBytes bounds the summary of the lite edition.
const shortBytes = 320

// short is the first sentences of a text, whole, within shortBytes; a longer
// first sentence is cut between two letters.
func short(text string) string {
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
