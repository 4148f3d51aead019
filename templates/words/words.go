// Package words says what readers read in the language they chose: sentences,
// plurals, dates, the names of languages and countries. The sentences stand in
// files beside it, one a language and area (mail.en.yaml, web.fr.yaml); what a
// language lacks is said in English.
package words

import (
	"embed"
	"fmt"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

//go:embed *.yaml
var files embed.FS

// The files are part of the program: a mistake in one is ours and stops the
// tests.
var bundle = sync.OnceValue(func() *i18n.Bundle {
	b := i18n.NewBundle(language.English)
	b.RegisterUnmarshalFunc("yaml", yaml.Unmarshal)
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(fmt.Sprintf("words: %v", err))
	}
	for _, e := range entries {
		if _, err := b.LoadMessageFileFS(files, e.Name()); err != nil {
			panic(fmt.Sprintf("words: embedded %s: %v", e.Name(), err))
		}
	}
	return b
})

// Words are the words of one language.
type Words struct {
	lang string
	tag  language.Tag
	say  *i18n.Localizer
}

// In returns the words of a language by its BCP 47 tag.
func In(lang string) *Words {
	return &Words{lang: lang, tag: language.Make(lang), say: i18n.NewLocalizer(bundle(), lang)}
}

// Language is the tag the words were asked for.
func (w *Words) Language() string { return w.lang }

// Say returns a sentence with its gaps filled: Say("mail.read-at", "source",
// "UN News"). A key that no file has comes back as it is, and a test fails.
func (w *Words) Say(key string, pairs ...any) string {
	return w.localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: filling(pairs)})
}

// Count returns the form of a sentence that n asks for, with n as {{.n}}.
func (w *Words) Count(key string, n int, pairs ...any) string {
	return w.localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: filling(append(pairs, "n", n)), PluralCount: n})
}

func (w *Words) localize(c *i18n.LocalizeConfig) string {
	s, err := w.say.Localize(c)
	if s == "" && err != nil {
		return c.MessageID
	}
	return s
}

func filling(pairs []any) map[string]any {
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return m
}

// LanguageName names a language in this one: "Arabic". A tag nobody knows
// comes back as it is.
func (w *Words) LanguageName(tag string) string {
	t, err := language.Parse(tag)
	if n := display.Languages(w.tag); err == nil && t != language.Und && n != nil {
		if name := n.Name(t); name != "" {
			return name
		}
	}
	return tag
}

// CountryName names a country by its ISO 3166 letters.
func (w *Words) CountryName(iso string) string {
	r, err := language.ParseRegion(iso)
	if n := display.Regions(w.tag); err == nil && n != nil {
		if name := n.Name(r); name != "" {
			return name
		}
	}
	return iso
}

// List joins names with the language's comma: "Sudan, Ukraine".
func (w *Words) List(names []string) string { return strings.Join(names, w.Say("list.join")) }
