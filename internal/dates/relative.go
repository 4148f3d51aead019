package dates

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Mention is a day or span of days named in running text.
type Mention struct {
	Start, End int // bytes of the text
	From, To   time.Time
	// Relative: the words mean a day only beside the day of publication
	// ("yesterday", "next Friday").
	Relative bool
	Time     string // 15:04, if a time of day stands beside it
	Zone     string // as written, if the time names one
}

// Find returns the days named in a text, in its order: written dates with at
// least day and month, and days told from the day of publication. Without that
// day relative words and dates without a year mean nothing and are left out. A
// date without a year is the next one on or after a month before publication.
// Languages: en, fr, es, nl, ru, ar, zh; others find numeric dates only.
func Find(text, language string, published time.Time) []Mention {
	return find(text, language, published, false)
}

// FindAhead is Find in a text that speaks of what is to come, such as a
// deadline: "on Friday" is there the next Friday, elsewhere it says nothing.
func FindAhead(text, language string, published time.Time) []Mention {
	return find(text, language, published, true)
}

func find(text, language string, published time.Time, ahead bool) []Mention {
	base, _, _ := strings.Cut(strings.ToLower(language), "-")
	f := finder{text: text, published: day(published), known: !published.IsZero(), ahead: ahead}
	f.run(anywhere)
	if rules, ok := grammars[base]; ok {
		f.run(rules())
	}
	slices.SortFunc(f.found, func(a, b Mention) int { return a.Start - b.Start })
	for i := range f.found {
		f.clock(&f.found[i])
	}
	return f.found
}

// A rule reads one way of naming a day. It returns false for what is none.
type rule struct {
	re   *regexp.Regexp
	read func(f *finder, m []string) (from, to time.Time, ok bool)
	rel  bool
	// ahead: a bare weekday, which tells a day only where something lies ahead.
	ahead bool
}

type finder struct {
	text      string
	published time.Time
	known     bool
	ahead     bool
	found     []Mention
}

func day(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

func (f *finder) run(rules []rule) {
	for _, r := range rules {
		if r.rel && !f.known || r.ahead && !f.ahead {
			continue
		}
		for _, at := range r.re.FindAllStringSubmatchIndex(f.text, -1) {
			if f.taken(at[0], at[1]) || insideWord(f.text, at[0], at[1]) {
				continue
			}
			from, to, ok := r.read(f, groups(f.text, at))
			if !ok {
				continue
			}
			f.found = append(f.found, Mention{Start: at[0], End: at[1], From: from, To: to, Relative: r.rel})
		}
	}
}

func groups(text string, at []int) []string {
	out := make([]string, len(at)/2)
	for i := range out {
		if at[2*i] >= 0 {
			out[i] = strings.ToLower(text[at[2*i]:at[2*i+1]])
		}
	}
	return out
}

func (f *finder) taken(start, end int) bool {
	for _, m := range f.found {
		if start < m.End && m.Start < end {
			return true
		}
	}
	return false
}

// insideWord: the expressions know no word boundaries outside ASCII.
func insideWord(text string, start, end int) bool {
	if end < len(text) && text[end] == 'T' {
		end = len(text) // 2020-12-10T23:59
	}
	return start > 0 && isLetterBefore(text[:start]) && isLetterAfter(text[start:]) ||
		end < len(text) && isLetterAfter(text[end:]) && isLetterBefore(text[:end])
}

// calendar makes a day of year, month and day of the month; a year of 0 is the
// one that brings the day nearest after publication.
func (f *finder) calendar(y, m, d int) (time.Time, bool) {
	if y == 0 {
		if !f.known {
			return time.Time{}, false
		}
		y = f.published.Year()
		if t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC); t.Before(f.published.AddDate(0, -1, 0)) {
			y++
		}
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return t, m >= 1 && m <= 12 && t.Day() == d && y > 1900 && y < 2100
}

// one is a rule's answer for a single day.
func one(t time.Time, ok bool) (time.Time, time.Time, bool) { return t, t, ok }

func (f *finder) plus(days int) (time.Time, time.Time, bool) {
	return one(f.published.AddDate(0, 0, days), true)
}

// monthEnd is the last day of a month.
func monthEnd(y int, m time.Month) time.Time { return time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC) }

// weekdayAfter is the first such weekday after publication.
func (f *finder) weekdayAfter(w time.Weekday) time.Time {
	ahead := (int(w) - int(f.published.Weekday()) + 7) % 7
	if ahead == 0 {
		ahead = 7
	}
	return f.published.AddDate(0, 0, ahead)
}

// weekdayNext is that weekday in the week after the one of publication.
func (f *finder) weekdayNext(w time.Weekday) time.Time {
	return f.monday().AddDate(0, 0, 7+(int(w)+6)%7)
}

// weekdayBefore is the last such weekday before publication.
func (f *finder) weekdayBefore(w time.Weekday) time.Time {
	back := (int(f.published.Weekday()) - int(w) + 7) % 7
	if back == 0 {
		back = 7
	}
	return f.published.AddDate(0, 0, -back)
}

func (f *finder) monday() time.Time {
	return f.published.AddDate(0, 0, -(int(f.published.Weekday())+6)%7)
}

// atoi reads digits, Arabic ones too; no digits give 0.
func atoi(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			n = n*10 + int(r-'0')
		case r >= '٠' && r <= '٩':
			n = n*10 + int(r-'٠')
		}
		if n > 9999 {
			return 0
		}
	}
	return n
}

func isLetterBefore(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return unicode.IsLetter(r) && r < 0x2e80 || unicode.IsDigit(r)
}

func isLetterAfter(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r) && r < 0x2e80 || unicode.IsDigit(r)
}
