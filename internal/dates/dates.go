// Package dates reads a written date: what a feed, a page or a title says
// about time, to an instant with its precision. It knows the forms of RFC
// 5322, RFC 3339, ISO 8601 and asctime, epochs, and what people write in
// some twenty languages. It knows no clock: what is not written is not known,
// and a date is never "now". Finding dates in running text is left to others.
package dates

import (
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// Options say how a written date is to be read where it can be read in more
// than one way.
type Options struct {
	// Order settles 03/04/2021. While it is unknown such a date is not read.
	Order Order
	// Base gives "3 May" its year: the one that brings it nearest to Base.
	// While it is zero a date without a year is not read.
	Base time.Time
	// Zone is where a time without a zone was written; nil is UTC.
	Zone *time.Location
}

// maxWritten is the longest text that can be a date, in bytes.
const maxWritten = 160

// Years outside these bounds are defaults of programs, not claims of people.
const (
	minYear = 1900
	maxYear = 2199
)

// Parse reads a written date. Its Time is UTC; with precision day or coarser it
// is 00:00:00 of the day as written. Its Origin is left empty for the caller,
// who knows the element.
func Parse(s string, o Options) (news.Date, bool) {
	toks := lex(s)
	if len(toks) == 0 {
		return news.Date{}, false
	}
	if len(toks) <= 3 {
		if t, ok := epoch(toks); ok {
			return claim(news.Date{Time: t, Precision: news.Second})
		}
	}
	r := reading{toks: toks, hour: -1}
	if !r.walk() || !r.resolve(o) {
		return news.Date{}, false
	}
	return r.date(o)
}

// epoch reads seconds, milliseconds or microseconds since 1970, with or
// without a fraction.
func epoch(toks []tok) (time.Time, bool) {
	t := toks[0]
	fraction := len(toks) == 3 && toks[1].is('.') && toks[2].kind == number
	if t.kind != number || len(toks) != 1 && !fraction {
		return time.Time{}, false
	}
	var at time.Time
	switch {
	case t.width == 9 || t.width == 10:
		at = time.Unix(t.n, 0)
	case t.width == 13 && !fraction, t.width == 12 && !fraction && !compactDate(t):
		at = time.UnixMilli(t.n)
	case t.width == 16 && !fraction:
		at = time.UnixMicro(t.n)
	default:
		return time.Time{}, false
	}
	return at.UTC().Truncate(time.Second), true
}

// date puts the parts together and checks that the day exists.
func (r *reading) date(o Options) (news.Date, bool) {
	d := news.Date{Precision: r.precision()}
	if r.year < minYear || r.year > maxYear {
		return news.Date{}, false
	}
	month, day := max(r.month, 1), max(r.day, 1)
	midnight := time.Date(r.year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if midnight.Day() != day || midnight.Month() != time.Month(month) {
		return news.Date{}, false
	}
	d.Time = midnight
	if r.hour < 0 || r.day == 0 {
		return claim(d)
	}
	in := time.UTC
	if !r.zoned && o.Zone != nil {
		in = o.Zone
	}
	at := time.Date(r.year, time.Month(month), day, r.hour, r.minute, r.second, 0, in)
	d.Time = at.Add(-time.Duration(r.offset) * time.Second).UTC()
	return claim(d)
}

// claim lets a date pass unless it is what programs write for nothing: the
// first day of 1970, or a year of no news.
func claim(d news.Date) (news.Date, bool) {
	if y := d.Time.Year(); y < minYear || y > maxYear || d.Time.Unix()/86400 == 0 {
		return news.Date{}, false
	}
	return d, true
}

func (r *reading) precision() news.Precision {
	switch {
	case r.month == 0:
		return news.Year
	case r.day == 0:
		return news.Month
	case r.hour < 0:
		return news.Day
	case !r.withSeconds:
		return news.Minute
	}
	return news.Second
}
