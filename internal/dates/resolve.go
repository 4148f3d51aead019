package dates

import "time"

// resolve gives the collected numbers their meaning: year, month, day.
func (r *reading) resolve(o Options) bool {
	if r.year != 0 {
		return len(r.nums) == 0
	}
	switch {
	case r.signed():
		return r.calendar()
	case r.month != 0:
		return r.withMonthName(o) && r.calendar()
	case len(r.nums) == 3:
		return r.threeNumbers(o.Order) && r.calendar()
	case len(r.nums) == 2:
		return r.twoNumbers() && r.calendar()
	case len(r.nums) == 1 && r.nums[0].width == 4:
		r.year = int(r.nums[0].n)
		return r.hour < 0
	}
	return false
}

// signed takes numbers that carry their meaning, as 2020年9月17日.
func (r *reading) signed() bool {
	if len(r.nums) == 0 {
		return false
	}
	for _, n := range r.nums {
		if n.part == 0 {
			return false
		}
	}
	for _, n := range r.nums {
		switch n.part {
		case 'y':
			r.year = fullYear(n)
		case 'o':
			r.month = int(n.n)
		case 'd':
			r.day = int(n.n)
		}
	}
	return r.year != 0
}

// isYear reports whether a number can only be a year.
func (n num) isYear() bool { return n.width >= 3 || n.n > 31 || n.short || n.part == 'y' }

// withMonthName sorts the numbers beside a named month into day and year.
func (r *reading) withMonthName(o Options) bool {
	var small []num
	for _, n := range r.nums {
		if n.isYear() && r.year == 0 {
			r.year = fullYear(n)
			continue
		}
		small = append(small, n)
	}
	if r.year == 0 && len(small) == 2 {
		r.year = fullYear(small[1])
		small = small[:1]
	}
	if len(small) > 1 {
		return false
	}
	if len(small) == 1 {
		r.day = int(small[0].n)
		if r.day == 0 {
			return false
		}
	}
	if r.year == 0 {
		return r.yearOf(o.Base)
	}
	return r.day != 0 || r.hour < 0
}

// yearOf gives a day and month the year that brings them nearest to base.
func (r *reading) yearOf(base time.Time) bool {
	if base.IsZero() || r.day == 0 || r.jalali {
		return false
	}
	best := time.Duration(1<<63 - 1)
	for y := base.Year() - 1; y <= base.Year()+1; y++ {
		away := time.Date(y, time.Month(r.month), r.day, 0, 0, 0, 0, time.UTC).Sub(base).Abs()
		if away < best {
			best, r.year = away, y
		}
	}
	return true
}

// threeNumbers reads a date in numbers alone.
func (r *reading) threeNumbers(order Order) bool {
	a, b, c := r.nums[0], r.nums[1], r.nums[2]
	if a.isYear() {
		r.year, r.month, r.day = fullYear(a), int(b.n), int(c.n)
		if r.month > 12 && r.day <= 12 {
			r.month, r.day = r.day, r.month
		}
		return r.month >= 1 && r.month <= 12 && r.day >= 1
	}
	if !c.isYear() && c.width != 2 {
		return false
	}
	r.year, r.day, r.month = fullYear(c), int(a.n), int(b.n)
	switch {
	case r.day > 12 || r.day == r.month || a.after == '.':
	case r.month > 12 || order == MonthFirst:
		r.day, r.month = r.month, r.day
	case order == OrderUnknown:
		return false
	}
	return r.month >= 1 && r.month <= 12 && r.day >= 1
}

// twoNumbers reads 2020-09 and 09/2020.
func (r *reading) twoNumbers() bool {
	a, b := r.nums[0], r.nums[1]
	if b.width == 4 && a.width <= 2 {
		a, b = b, a
	}
	if a.width != 4 || b.width > 2 || r.hour >= 0 {
		return false
	}
	r.year, r.month = int(a.n), int(b.n)
	return r.month >= 1 && r.month <= 12
}

// fullYear gives a year of two digits its century, as POSIX does.
func fullYear(n num) int {
	y := int(n.n)
	switch {
	case n.width > 2:
		return y
	case y >= 69:
		return 1900 + y
	}
	return 2000 + y
}

// Years of the Persian solar calendar that are in living memory.
const (
	minJalali = 1300
	maxJalali = 1499
)

// calendar turns a Persian date into ours; others stay.
func (r *reading) calendar() bool {
	if r.year < minJalali || r.year > maxJalali {
		return !r.jalali
	}
	if r.day == 0 || r.month < 1 || r.month > 12 || r.day > 31 {
		return false
	}
	at := fromJalali(r.year, r.month, r.day)
	r.year, r.month, r.day = at.Year(), int(at.Month()), at.Day()
	return true
}

// fromJalali converts by the 33-year rule, which holds from 1244 to 1502.
func fromJalali(y, m, d int) time.Time {
	days := 365*(y-1) + 8*((y-1)/33) + ((y-1)%33+3)/4 + d - 1
	if m <= 7 {
		days += 31 * (m - 1)
	} else {
		days += 30*(m-1) + 6
	}
	// 1 Farvardin 1 is 21 March 622 in our calendar carried backwards.
	return time.Date(622, time.March, 21+days, 0, 0, 0, 0, time.UTC)
}
