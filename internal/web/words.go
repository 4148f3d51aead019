package web

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
	"github.com/ifhhro/rightsdesk/templates/words"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// A tab is one entry of a page's navigation.
type tab struct {
	Path, Name string
	Here       bool // the page looked at is it, or stands under it
}

func newTab(at, path, name string) tab {
	if at == "/desk/blocks" || strings.HasPrefix(at, "/desk/blocks/") {
		at = "/desk/issues"
	}
	return tab{path, name, at == path || path != "/desk" && strings.HasPrefix(at, path+"/")}
}

// LanguageName is the English name of a language, or its code where it has
// none.
func LanguageName(code string) string {
	tag, err := language.Parse(code)
	if err != nil || code == "und" || code == "" {
		return "language unknown"
	}
	if name := display.English.Tags().Name(tag); name != "" {
		return name
	}
	return code
}

// CountryName is the English name of a country or territory by its ISO 3166-1
// code, or the code where it has none.
func CountryName(code string) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := display.English.Regions().Name(region); name != "" {
		return name
	}
	return code
}

// TopicName is the English name of a topic, or its slug where there is none.
func TopicName(slug news.Slug) string {
	if t, ok := news.TopicBySlug(slug); ok {
		return t.Name
	}
	return string(slug)
}

// ago says how long before now something was, in the largest unit that fits;
// what is longer ago is a day of t's zone.
func ago(now, t time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return "never"
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	case d < 60*24*time.Hour:
		return fmt.Sprintf("%d days ago", int(d.Hours()/24))
	}
	return t.Format("2 January 2006")
}

// BlockName is what curators call a standing block: its name in English mails.
func BlockName(k news.BlockKind) string { return words.In("en").Say("block." + string(k)) }

// Day writes a day, given as 2006-01-02, as curators read it.
func Day(day string) string { return dateIn("en", day) }

// sentence is a name in the middle of a page as a word of its own: hyphens to
// blanks, the first letter large.
func sentence(s any) string {
	text := strings.ReplaceAll(strings.ReplaceAll(fmt.Sprint(s), "-", " "), "_", " ")
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// dateIn writes a day, given as 2006-01-02, in a language.
func dateIn(lang, day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return words.In(lang).Date(t)
}

// textFuncs are the words about texts, languages and places.
func textFuncs() template.FuncMap {
	return template.FuncMap{
		"tab":        newTab,
		"say":        func(lang, key string, pairs ...any) string { return words.In(lang).Say(key, pairs...) },
		"counted":    func(lang, key string, n int) string { return words.In(lang).Count(key, n) },
		"number":     func(i int) int { return i + 1 },
		"language":   LanguageName,
		"country":    CountryName,
		"languageIn": func(lang, code string) string { return words.In(lang).LanguageName(code) },
		"countryIn":  func(lang, code string) string { return words.In(lang).CountryName(code) },
		"ownName":    func(code string) string { return words.In(code).LanguageName(code) },
		"dateIn":     dateIn,
		"topic":      TopicName,
		"sentence":   sentence,
		"kilobytes":  func(n int) string { return fmt.Sprintf("%d KB", (n+512)/1024) },
		"date":       Day,
		"markdown":   func(md string) template.HTML { return template.HTML(prose.Markdown(md)) },
		"rawHTML":    prose.RawHTML,
		"plain":      prose.MarkdownText,
		"safe":       func(fragment string) template.HTML { return template.HTML(prose.Sanitise(fragment)) },
	}
}
