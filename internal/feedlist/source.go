package feedlist

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andybalholm/cascadia"
	"github.com/ifhhro/rightsdesk/internal/news"
	"golang.org/x/text/language"
)

// usual is what a source gets where it says nothing itself.
type usual struct {
	every    time.Duration
	language string
	agent    string
}

func bad(field, format string, args ...any) error {
	return &news.FieldError{Field: field, Problem: fmt.Sprintf(format, args...)}
}

func (d *defaults) usual() (usual, error) {
	u := usual{DefaultEvery, d.Language, d.Agent}
	if u.language == "" {
		u.language = "und"
	}
	if d.Every != "" {
		every, err := readEvery(d.Every)
		if err != nil {
			return u, err
		}
		u.every = every
	}
	if err := checkAgent(d.Agent); err != nil {
		return u, err
	}
	return u, checkLanguage(u.language)
}

// read turns an entry into a source that keeps its promises, or returns a
// *news.FieldError.
func (e *source) read(u usual) (news.Source, error) {
	s := news.Source{
		Slug: e.Slug, Name: strings.TrimSpace(e.Name), Home: e.Home, Language: e.Language, Kind: news.Kind(e.Kind),
		Family: e.Family, Terms: e.Terms, Proven: e.Proven, Off: strings.TrimSpace(e.Off), Every: u.every, Agent: e.Agent,
	}
	if s.Language == "" {
		s.Language = u.language
	}
	if s.Agent == "" {
		s.Agent = u.agent
	}
	for _, t := range e.Leans {
		s.Leans = append(s.Leans, news.Slug(t))
	}
	for _, step := range []func(*news.Source) error{e.method, e.times, (*news.Source).Validate, checkWords} {
		if err := step(&s); err != nil {
			return s, err
		}
	}
	return s, nil
}

// method finds how the source is read: exactly one of feed, page and json.
func (e *source) method(s *news.Source) error {
	for _, m := range []struct {
		method  news.Method
		address string
	}{{news.MethodFeed, e.Feed}, {news.MethodPage, e.Page}, {news.MethodJSON, e.JSON}} {
		if m.address == "" {
			continue
		}
		if s.Address != "" {
			return bad(string(m.method), "a source has one address: %s is given already", s.Method)
		}
		s.Method, s.Address = m.method, m.address
	}
	switch {
	case s.Address == "":
		return bad("slug", "source %q has no address: give feed, page or json", e.Slug)
	case len(e.Select) > 0 && s.Method != news.MethodPage:
		return bad("select", "selectors read a page, and this source is a %s", s.Method)
	case len(e.Path) > 0 && s.Method != news.MethodJSON:
		return bad("path", "paths read json, and this source is a %s", s.Method)
	}
	s.Select, s.Path = e.Select, e.Path
	if s.Off == "" && s.Method != news.MethodFeed {
		s.Off = "this version reads feeds only"
	}
	return checkParts(s)
}

// parts are the keys of select and path; the first two must be given.
var parts = []string{"item", "link", "title", "date", "next"}

func checkParts(s *news.Source) error {
	field, given, check := "select", s.Select, checkSelector
	switch s.Method {
	case news.MethodFeed:
		return nil
	case news.MethodJSON:
		field, given, check = "path", s.Path, checkPath
	}
	for _, key := range parts[:2] {
		if given[key] == "" {
			return bad(field, "%s is missing", key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(parts, key) {
			return bad(field+"."+key, "is not one of %s", strings.Join(parts, ", "))
		}
		if err := check(given[key]); err != nil {
			return bad(field+"."+key, "%v", err)
		}
	}
	return nil
}

// attribute is the end of a selector that asks for an attribute instead of
// the text: "a.more@href", or "@href" of the item itself.
var attribute = regexp.MustCompile(`@[A-Za-z_][A-Za-z0-9_:.-]*$`)

func checkSelector(s string) error {
	css := strings.TrimSpace(attribute.ReplaceAllString(s, ""))
	if css == "" && s != "" {
		return nil
	}
	if _, err := cascadia.ParseGroup(css); err != nil {
		return fmt.Errorf("%q is not a CSS selector: %v", css, err)
	}
	return nil
}

var (
	jsonPath = regexp.MustCompile(`^[\pL\pN_$@-]+(\.[\pL\pN_$@-]+)*$`)
	jsonSlot = regexp.MustCompile(`\{([^{}]*)\}`)
)

// checkPath takes "a.b.c", or a template with such paths in braces.
func checkPath(s string) error {
	slots := jsonSlot.FindAllStringSubmatch(s, -1)
	for _, slot := range slots {
		if !jsonPath.MatchString(slot[1]) {
			return fmt.Errorf("%q is not a path like data.items", slot[1])
		}
	}
	rest := jsonSlot.ReplaceAllString(s, "")
	switch {
	case strings.ContainsAny(rest, "{}"):
		return fmt.Errorf("%q has a brace without its other half", s)
	case len(slots) == 0 && !jsonPath.MatchString(s):
		return fmt.Errorf("%q is not a path like data.items", s)
	}
	return nil
}

// times reads every, rhythm and proven.
func (e *source) times(s *news.Source) (err error) {
	if e.Every != "" {
		if s.Every, err = readEvery(e.Every); err != nil {
			return err
		}
	}
	if e.Rhythm != "" {
		if s.Rhythm, err = readRhythm(e.Rhythm); err != nil {
			return err
		}
	}
	if _, err := time.Parse("2006-01", e.Proven); e.Proven != "" && err != nil {
		return bad("proven", "%q is not a year and month like 2026-09", e.Proven)
	}
	return nil
}

func readEvery(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, bad("every", "%q is not a duration like 60m or 6h", s)
	}
	if d < news.MinEvery || d > news.MaxEvery {
		return 0, bad("every", "%s is not between 15m and 24h", s)
	}
	return d, nil
}

var rhythmUnits = map[string]float64{"day": 1, "week": 7, "month": 30, "year": 365}

// readRhythm turns "8/day" or "2/week" into items a day.
func readRhythm(s string) (float64, error) {
	count, unit, _ := strings.Cut(s, "/")
	n, err := strconv.ParseFloat(strings.TrimSpace(count), 64)
	days := rhythmUnits[strings.TrimSpace(unit)]
	if err != nil || days == 0 || n <= 0 || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0, bad("rhythm", "%q is not a number per day, week, month or year, like 8/day", s)
	}
	return n / days, nil
}

// checkWords looks at what only the file can get wrong.
func checkWords(s *news.Source) error {
	if err := checkLanguage(s.Language); err != nil {
		return err
	}
	if s.Home != "" {
		u, err := url.Parse(s.Home)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return bad("home", "%q is not an http or https address", s.Home)
		}
	}
	return checkAgent(s.Agent)
}

func checkLanguage(tag string) error {
	if _, err := language.Parse(tag); err != nil {
		return bad("language", "%q is not a language tag like en or zh-Hant", tag)
	}
	return nil
}

// checkAgent keeps a line break from becoming a header of its own.
func checkAgent(agent string) error {
	for _, r := range agent {
		if r < ' ' || r > '~' {
			return bad("agent", "%q holds what a header cannot carry", agent)
		}
	}
	return nil
}
