package words

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// datesJSON is an extract of the Unicode CLDR, made by gendates.go.
//
//go:embed dates.json
var datesJSON []byte

// A calendar is how a language writes days, in patterns of CLDR: EEEE, d, M,
// MMMM, y and quoted text. Digits are European in every language: numbers in
// our headlines and addresses are.
type calendar struct {
	Months []string // in the case a day asks for
	Days   []string // from Sunday
	Long   string   // 23 November 2026
	Full   string   // Monday, 23 November 2026
	Day    string   // 23 November
}

var calendars = sync.OnceValue(func() map[string]calendar {
	var m map[string]calendar
	if err := json.Unmarshal(datesJSON, &m); err != nil {
		panic(fmt.Sprintf("words: embedded dates.json: %v", err))
	}
	return m
})

func (w *Words) calendar() calendar {
	if c, ok := calendars()[w.lang]; ok {
		return c
	}
	return calendars()["en"]
}

// Date writes a day out: "23 November 2026".
func (w *Words) Date(t time.Time) string { return w.format(w.calendar().Long, t) }

// FullDate adds the day of the week: "Monday, 23 November 2026".
func (w *Words) FullDate(t time.Time) string { return w.format(w.calendar().Full, t) }

// Day writes a day without its year: "23 November".
func (w *Words) Day(t time.Time) string { return w.format(w.calendar().Day, t) }

// Weekday names the day of the week.
func (w *Words) Weekday(t time.Time) string { return w.calendar().Days[t.Weekday()] }

// Span writes a run of days and says nothing twice: "23–29 November 2026".
func (w *Words) Span(from, to time.Time) string {
	c := w.calendar()
	yearFirst := strings.HasPrefix(c.Long, "y")
	sameYear, sameMonth := from.Year() == to.Year(), from.Month() == to.Month()
	switch {
	case from.Equal(to):
		return w.Date(to)
	case sameYear && sameMonth && yearFirst:
		return w.Date(from) + "–" + w.format("d日", to)
	case sameYear && sameMonth:
		return strconv.Itoa(from.Day()) + "–" + w.Date(to)
	case sameYear && yearFirst:
		return w.Date(from) + "–" + w.Day(to)
	case sameYear:
		return w.Day(from) + " – " + w.Date(to)
	}
	return w.Date(from) + " – " + w.Date(to)
}

// format fills a CLDR pattern in.
func (w *Words) format(pattern string, t time.Time) string {
	var b strings.Builder
	for i := 0; i < len(pattern); {
		c := pattern[i]
		n := 1
		for i+n < len(pattern) && pattern[i+n] == c {
			n++
		}
		switch {
		case c == '\'':
			end := strings.IndexByte(pattern[i+1:], '\'')
			b.WriteString(pattern[i+1 : i+1+end])
			n = end + 2
		case c == 'd':
			b.WriteString(w.dayNumber(t.Day()))
		case c == 'y':
			b.WriteString(strconv.Itoa(t.Year()))
		case c == 'M' && n < 3:
			b.WriteString(strconv.Itoa(int(t.Month())))
		case c == 'M':
			b.WriteString(w.calendar().Months[t.Month()-1])
		case c == 'E':
			b.WriteString(w.Weekday(t))
		default:
			b.WriteString(pattern[i : i+n])
		}
		i += n
	}
	return b.String()
}

// dayNumber is the day of the month; the first is an ordinal in French.
func (w *Words) dayNumber(d int) string {
	if d == 1 && w.lang == "fr" {
		return "1er"
	}
	return strconv.Itoa(d)
}
