package dates

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// A grammar is how one language names days in running text. In its patterns
// {d} is a day of the month, {m} a month, {y} a year, {w} a weekday, {n} a
// number, {u} a unit of days, weeks, months or years, and [ ] a space of any sort.
type grammar struct {
	months   string         // twelve, parted by spaces; forms of one month by "|"
	weekdays string         // seven, Monday first
	written  []string       // patterns of day, month and perhaps year
	words    map[string]int // words for a day, in days from publication
	ahead    []string       // "in {n} {u}"
	back     []string       // "{n} {u} ago"
	coming   []string       // "by {w}": the first after publication
	bare     []string       // "on {w}": the next one only where something lies ahead
	next     []string       // "next {w}": of the week after
	last     []string       // "last {w}"
	monthEnd []string       // "end of {m} {y}"
	spans    map[string]span
	units    map[string]string // beginning of a word for a unit: d, w, m, y
	numbers  string            // one to twelve
}

// A span is a week, month or year beside the one of publication, or its end.
type span struct {
	unit byte // w, m, y
	move int  // -1 last, 0 this, 1 next
	end  bool // only its last day
}

const digits = `[0-9٠-٩]`

// anywhere are the numeric dates that mean the same in every language.
var anywhere = []rule{
	{re: regexp.MustCompile(`\b((?:19|20)[0-9]{2})-([0-9]{2})-([0-9]{2})`), read: func(f *finder, m []string) (time.Time, time.Time, bool) {
		return one(f.calendar(atoi(m[1]), atoi(m[2]), atoi(m[3])))
	}},
	{re: regexp.MustCompile(`((?:19|20)[0-9]{2})[ ]?年[ ]?([0-9]{1,2})[ ]?月[ ]?([0-9]{1,2})[ ]?[日号號]`), read: func(f *finder, m []string) (time.Time, time.Time, bool) {
		return one(f.calendar(atoi(m[1]), atoi(m[2]), atoi(m[3])))
	}},
	{re: regexp.MustCompile(`\b([0-9]{1,2})[./]([0-9]{1,2})[./]((?:19|20)[0-9]{2})\b`), read: func(f *finder, m []string) (time.Time, time.Time, bool) {
		d, mo := atoi(m[1]), atoi(m[2])
		if d <= 12 && mo <= 12 && d != mo && strings.Contains(m[0], "/") {
			return time.Time{}, time.Time{}, false // day or month first? nobody can say
		}
		if mo > 12 {
			d, mo = mo, d
		}
		return one(f.calendar(atoi(m[3]), mo, d))
	}},
}

// grammars are compiled when their language is first met.
var grammars = func() map[string]func() []rule {
	out := map[string]func() []rule{}
	for language, g := range languages {
		out[language] = sync.OnceValue(g.rules)
	}
	return out
}()

// rules compiles the patterns of a language.
func (g *grammar) rules() []rule {
	months, weekdays, numbers := index(g.months), index(g.weekdays), index(g.numbers)
	month := func(s string) int { return months[s] }
	count := func(s string) int {
		if n := atoi(s); n > 0 {
			return n
		}
		return numbers[s]
	}
	var out []rule
	add := func(pattern string, rel bool, read func(f *finder, m map[byte]string) (time.Time, time.Time, bool)) {
		re, order := g.compile(pattern)
		out = append(out, rule{re, func(f *finder, m []string) (time.Time, time.Time, bool) {
			named := map[byte]string{}
			for i, b := range order {
				named[b] = m[i+1]
			}
			return read(f, named)
		}, rel, false})
	}
	for _, p := range g.written {
		add(p, false, func(f *finder, m map[byte]string) (time.Time, time.Time, bool) {
			return one(f.calendar(atoi(m['y']), month(m['m']), max(atoi(m['d']), numbers[m['d']])))
		})
	}
	for _, p := range g.monthEnd {
		add(p, false, func(f *finder, m map[byte]string) (time.Time, time.Time, bool) {
			first, ok := f.calendar(atoi(m['y']), month(m['m']), 1)
			if atoi(m['y']) == 0 && f.known && first.Year() > f.published.Year() && month(m['m']) == int(f.published.Month()) {
				first = first.AddDate(-1, 0, 0)
			}
			return one(monthEnd(first.Year(), first.Month()), ok)
		})
	}
	for _, word := range keys(g.words) {
		days := g.words[word]
		add(word, true, func(f *finder, _ map[byte]string) (time.Time, time.Time, bool) { return f.plus(days) })
	}
	for _, p := range g.ahead {
		add(p, true, func(f *finder, m map[byte]string) (time.Time, time.Time, bool) {
			return f.move(count(m['n']), g.unit(m['u']))
		})
	}
	for _, p := range g.back {
		add(p, true, func(f *finder, m map[byte]string) (time.Time, time.Time, bool) {
			return f.move(-count(m['n']), g.unit(m['u']))
		})
	}
	ahead := false
	weekday := func(patterns []string, find func(*finder, time.Weekday) time.Time) {
		for _, p := range patterns {
			add(p, true, func(f *finder, m map[byte]string) (time.Time, time.Time, bool) {
				n := weekdays[m['w']]
				return one(find(f, time.Weekday(n%7)), n > 0)
			})
			out[len(out)-1].ahead = ahead
		}
	}
	weekday(g.next, (*finder).weekdayNext)
	weekday(g.last, (*finder).weekdayBefore)
	weekday(g.coming, (*finder).weekdayAfter)
	for _, words := range keys(g.spans) {
		s := g.spans[words]
		add(words, true, func(f *finder, _ map[byte]string) (time.Time, time.Time, bool) { return f.span(s) })
	}
	ahead = true
	weekday(g.bare, (*finder).weekdayAfter)
	return out
}

// span gives the days of a week, month or year.
func (f *finder) span(s span) (time.Time, time.Time, bool) {
	var from, to time.Time
	p := f.published
	switch s.unit {
	case 'w':
		from = f.monday().AddDate(0, 0, 7*s.move)
		to = from.AddDate(0, 0, 6)
	case 'm':
		from = time.Date(p.Year(), p.Month()+time.Month(s.move), 1, 0, 0, 0, 0, time.UTC)
		to = monthEnd(from.Year(), from.Month())
	case 'y':
		from = time.Date(p.Year()+s.move, 1, 1, 0, 0, 0, 0, time.UTC)
		to = time.Date(p.Year()+s.move, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	if s.end {
		from = to
	}
	return from, to, true
}

// move counts days, weeks, months or years from publication.
func (f *finder) move(n int, unit string) (time.Time, time.Time, bool) {
	t := f.published
	switch unit {
	case "d":
		t = t.AddDate(0, 0, n)
	case "w":
		t = t.AddDate(0, 0, 7*n)
	case "m":
		t = t.AddDate(0, n, 0)
	case "y":
		t = t.AddDate(n, 0, 0)
	default:
		return t, t, false
	}
	return one(t, n != 0 && n < 1000 && n > -1000)
}

func (g *grammar) unit(word string) string {
	for _, beginning := range keys(g.units) {
		if strings.HasPrefix(word, beginning) {
			return g.units[beginning]
		}
	}
	return ""
}

// compile turns a pattern into an expression and the order of its parts.
func (g *grammar) compile(pattern string) (*regexp.Regexp, []byte) {
	numbers := alternation(g.numbers)
	parts := map[string]string{
		"{d}": `(` + digits + `{1,2})(?:st|nd|rd|th|er|º|ª)?`, "{m}": `(` + alternation(g.months) + `)`, "{y}": `((?:19|20)` + digits + `{2}|[٠-٩]{4})`,
		"{w}": `(` + alternation(g.weekdays) + `)`, "{n}": `(` + digits + `{1,3}|` + numbers + `)`, "{u}": `(` + alternation(strings.Join(unitWords(g.units), " ")) + `)`,
	}
	var order []byte
	for i := 0; i+2 < len(pattern); i++ {
		if pattern[i] == '{' && pattern[i+2] == '}' {
			order = append(order, pattern[i+1])
		}
	}
	for name, re := range parts {
		pattern = strings.ReplaceAll(pattern, name, re)
	}
	pattern = strings.ReplaceAll(pattern, " ", `[\s\x{a0}]+`)
	return regexp.MustCompile(`(?i)` + pattern), order
}

func unitWords(units map[string]string) []string {
	var out []string
	for _, w := range keys(units) {
		out = append(out, w+`\pL*`)
	}
	return out
}

// alternation makes an expression of words, the longest first.
func alternation(words string) string {
	list := strings.FieldsFunc(words, func(r rune) bool { return r == ' ' || r == '|' })
	sortLongest(list)
	return strings.Join(list, "|")
}

// plain takes the signs of expressions out of a form of a month.
var plain = strings.NewReplacer(`\.?`, "", `\.`, "")

func sortLongest(list []string) {
	slices.SortStableFunc(list, func(a, b string) int { return len(plain.Replace(b)) - len(plain.Replace(a)) })
}

// index numbers the words of a list from 1; forms parted by "|" share a number.
func index(words string) map[string]int {
	out := map[string]int{}
	for i, forms := range strings.Fields(words) {
		for form := range strings.SplitSeq(forms, "|") {
			form = plain.Replace(form)
			out[form], out[form+"."] = i+1, i+1
		}
	}
	return out
}

// keys lists the keys of a map, the longest first, so that "the day after
// tomorrow" is read before "tomorrow".
func keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	sortLongest(out)
	return out
}
