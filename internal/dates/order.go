package dates

import (
	"strings"
	"time"
)

// An Order says which of two small numbers in a date is the day.
type Order uint8

// The orders of 03/04/2021.
const (
	OrderUnknown Order = iota
	DayFirst           // the third of April
	MonthFirst         // the fourth of March
)

// A Learner finds out in which order one source writes day and month, from
// all the dates of a document together. The zero Learner has seen nothing.
type Learner struct {
	day, month int      // dates that can be read in one order only
	open       [][3]int // year and the two small numbers of the others, in the order seen
}

// maxOpen bounds what a Learner remembers.
const maxOpen = 2000

// See takes one written date; what is not in numbers alone teaches nothing.
func (l *Learner) See(s string) {
	if !numericStart(s) {
		return
	}
	r := reading{toks: lex(s), hour: -1}
	if !r.walk() || r.month != 0 || len(r.nums) != 3 || r.nums[0].part != 0 {
		return
	}
	a, b, y := int(r.nums[0].n), int(r.nums[1].n), int(r.nums[2].n)
	switch {
	case r.nums[0].width > 2 || a > 31 || b > 31 || r.nums[0].after == '.':
	case a > 12 && b <= 12:
		l.day++
	case b > 12 && a <= 12:
		l.month++
	case a <= 12 && b <= 12 && a != b && len(l.open) < maxOpen:
		l.open = append(l.open, [3]int{y, a, b})
	}
}

// numericStart reports whether s has two small numbers about a slash or hyphen,
// perhaps after a word: the cheap test before the real one.
func numericStart(s string) bool {
	i := strings.IndexAny(s, "/-")
	if i < 1 || i > 16 || i+1 >= len(s) || strings.IndexAny(s[i+1:], "/-") > 3 {
		return false
	}
	return !(i >= 4 && s[i-4] >= '1' && s[i-4] <= '2' && s[i-3] >= '0' && s[i-3] <= '9' && s[i-2] >= '0' && s[i-2] <= '9')
}

// Order returns what was learnt: from dates that allow one reading, else from
// the one reading that keeps the dates sorted as feeds are, else from what the
// language's writers do.
func (l *Learner) Order(language string) Order {
	switch {
	case l.day > l.month:
		return DayFirst
	case l.month > l.day:
		return MonthFirst
	}
	day, month := l.sorted(2, 1), l.sorted(1, 2)
	switch {
	case day && !month:
		return DayFirst
	case month && !day:
		return MonthFirst
	}
	return customary(language)
}

// sorted reports whether three dates or more fall or rise throughout when the
// month is number m of the open dates and the day number d.
func (l *Learner) sorted(m, d int) bool {
	if len(l.open) < 3 {
		return false
	}
	rises, falls := true, true
	var last time.Time
	for i, o := range l.open {
		at := time.Date(o[0], time.Month(o[m]), o[d], 0, 0, 0, 0, time.UTC)
		if i > 0 {
			rises = rises && !at.Before(last)
			falls = falls && !at.After(last)
		}
		last = at
	}
	return rises || falls
}

// customary is the order people write in a language; English alone does not
// say, its region does.
func customary(language string) Order {
	lang, region, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(language, "_", "-")), "-")
	switch {
	case region == "us" || region == "ph" || region == "pr":
		return MonthFirst
	case lang == "" || lang == "und" || lang == "en" && region == "":
		return OrderUnknown
	}
	return DayFirst
}
