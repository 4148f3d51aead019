package news

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
)

// A CalendarDay is an international day or week of our field. It comes every year on
// the same date or by the same rule.
type CalendarDay struct {
	Date   string `yaml:"date"` // "12-10", month and day; empty where Rule says it
	Rule   string `yaml:"rule"` // "second saturday of october"
	End    string `yaml:"end"`  // last day of a week, "08-07"; empty for one day
	Source string `yaml:"source"`
	Topics []Slug `yaml:"topics"`
	EN     string `yaml:"en"`
	FR     string `yaml:"fr"`
	ES     string `yaml:"es"`
	RU     string `yaml:"ru"`
	AR     string `yaml:"ar"`
	ZH     string `yaml:"zh"`
	NL     string `yaml:"nl"`
}

//go:embed calendar.yaml
var calendarYAML []byte

// The file is part of the program: a mistake in it is ours and stops the tests.
var calendar = sync.OnceValue(func() []CalendarDay {
	var f struct {
		Version int           `yaml:"version"`
		Days    []CalendarDay `yaml:"days"`
	}
	if err := yaml.UnmarshalWithOptions(calendarYAML, &f, yaml.Strict()); err != nil {
		panic(fmt.Sprintf("news: embedded calendar.yaml: %v", err))
	}
	return f.Days
})

// Calendar returns the international days of our field in the order of the year.
// The slice is shared: do not change it.
func Calendar() []CalendarDay { return calendar() }

// Name is the day's name in a language of our readers, else in English.
func (d *CalendarDay) Name(language string) string {
	base, _, _ := strings.Cut(language, "-")
	if n := d.names()[base]; n != "" {
		return n
	}
	return d.EN
}

// In returns the first day of the observance in a year, at 00:00 UTC.
func (d *CalendarDay) In(year int) (time.Time, error) {
	if d.Rule != "" {
		return byRule(d.Rule, year)
	}
	t, err := time.Parse("2006-01-02", fmt.Sprintf("%04d-%s", year, d.Date))
	if err != nil {
		return t, fmt.Errorf("day %q: date %q: %w", d.EN, d.Date, ErrInvalid)
	}
	return t, nil
}

// byRule reads "second saturday of october".
func byRule(rule string, year int) (time.Time, error) {
	w := strings.Fields(strings.ToLower(rule))
	bad := fmt.Errorf("rule %q is not such as \"second saturday of october\": %w", rule, ErrInvalid)
	if len(w) != 4 || w[2] != "of" {
		return time.Time{}, bad
	}
	nth := slices.Index([]string{"first", "second", "third", "fourth", "last"}, w[0])
	month, weekday := 0, -1
	for m := time.January; m <= time.December; m++ {
		if strings.EqualFold(m.String(), w[3]) {
			month = int(m)
		}
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), w[1]) {
			weekday = int(d)
		}
	}
	if nth < 0 || month == 0 || weekday < 0 {
		return time.Time{}, bad
	}
	first := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)
	t := first.AddDate(0, 0, (weekday-int(first.Weekday())+7)%7+7*nth)
	if t.Month() != time.Month(month) {
		t = t.AddDate(0, 0, -7) // the last of a month with four
	}
	return t, nil
}

// ObservancesBetween returns the days of the calendar whose first day lies in
// [from, to), by date.
func ObservancesBetween(from, to time.Time) []Observance {
	var out []Observance
	for year := from.Year(); year <= to.Year(); year++ {
		for _, d := range Calendar() {
			on, err := d.In(year)
			if err == nil && !on.Before(from) && on.Before(to) {
				out = append(out, Observance{Date: on.Format(time.DateOnly), Names: d.names()})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Observance) int { return strings.Compare(a.Date, b.Date) })
	return out
}

func (d *CalendarDay) names() map[string]string {
	return map[string]string{"en": d.EN, "fr": d.FR, "es": d.ES, "ru": d.RU, "ar": d.AR, "zh": d.ZH, "nl": d.NL}
}
