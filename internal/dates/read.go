package dates

import (
	"strings"
	"time"
)

// A num is a number of a date that is no part of its time.
type num struct {
	n     int64
	width int
	part  byte // 'y', 'o', 'd' where a sign said so
	after byte // the mark that follows
	short bool // an apostrophe before it: '20
}

// A reading is a written date being understood.
type reading struct {
	toks []tok
	pos  int
	nums []num

	year, month, day     int // 0 = not said
	jalali               bool
	hour, minute, second int // hour -1 = not said
	withSeconds          bool
	offset               int // seconds east
	zoned                bool
	pm, am               bool
	unknown              int // words nobody knows
}

// maxUnknown is how many words a date may hold that we do not know.
const maxUnknown = 2

// walk goes over the pieces once, taking the time and zone out and collecting
// the rest. It reports whether this can be a date.
func (r *reading) walk() bool {
	for r.pos < len(r.toks) {
		t := r.toks[r.pos]
		switch {
		case t.kind == number:
			if !r.takeNumber(t) {
				return false
			}
		case t.kind == word:
			r.takeWord(t)
		case t.is('(') && r.zoned: // a comment on the zone
			return r.unknown <= maxUnknown && r.twelve()
		default:
			r.pos++
		}
	}
	return r.unknown <= maxUnknown && r.twelve()
}

// at returns the piece n places on, or an empty mark.
func (r *reading) at(n int) tok {
	if r.pos+n < 0 || r.pos+n >= len(r.toks) {
		return tok{kind: mark}
	}
	return r.toks[r.pos+n]
}

func (r *reading) takeNumber(t tok) bool {
	next := r.at(1)
	switch {
	case r.hour < 0 && t.width <= 2 && next.is(':') && r.at(2).kind == number:
		return r.takeTime(t)
	case r.hour < 0 && t.width <= 2 && next.kind == word && r.hourSign(t.n, next.text):
		return r.takeHour(t)
	case r.pointTime(t):
		return r.takeTime(t)
	case compactDate(t) && r.year == 0:
		r.takeCompact(t)
	case r.hour < 0 && (t.width == 4 || t.width == 6) && r.at(-1).kind == word && r.at(-1).text == "t":
		return r.takeCompactTime(t)
	case t.width == 3 && len(r.nums) == 1 && r.nums[0].width == 4 && r.nums[0].after == '-':
		return r.ordinal(int(r.nums[0].n), int(t.n))
	case t.width == 7 && len(r.nums) == 0 && r.year == 0:
		return r.ordinal(int(t.n/1000), int(t.n%1000))
	case t.width > 4:
		return false
	default:
		r.push(t, next)
	}
	return true
}

func (r *reading) push(t, next tok) {
	n := num{n: t.n, width: t.width, after: next.char, short: r.at(-1).is('\'')}
	r.pos++
	if next.kind == word {
		if p := partSign(next.text); p == 'y' || p == 'o' || p == 'd' {
			n.part = p
			r.pos++
		}
	}
	r.nums = append(r.nums, n)
}

// hourSign reports whether a word after the number n makes it an hour.
func (r *reading) hourSign(n int64, w string) bool {
	if w == "h" || w == "ч" || w == "u" || w == "uhr" || w == "uur" || partSign(w) == 'h' {
		return true
	}
	_, half := clockWords[w]
	leads := w == "上" || w == "下" || w == "오전" || w == "오후" // these stand before their hour
	return half && !leads && n <= 12 && (w != "م" || r.month != 0)
}

// pointTime reports whether t begins a time as Germans and Dutch write it,
// 12.30 Uhr.
func (r *reading) pointTime(t tok) bool {
	w := r.at(3)
	return r.hour < 0 && t.width <= 2 && r.at(1).is('.') && r.at(2).kind == number && r.at(2).width == 2 &&
		w.kind == word && (w.text == "uhr" || w.text == "uur")
}

// takeTime reads 7:24, 07:24:25 and 07:24:25.123.
func (r *reading) takeTime(h tok) bool {
	r.hour, r.minute = int(h.n), int(r.at(2).n)
	r.pos += 3
	if r.at(0).is(':') && r.at(1).kind == number {
		r.second, r.withSeconds = int(r.at(1).n), true
		r.pos += 2
		if (r.at(0).is('.') || r.at(0).is(',')) && r.at(1).kind == number && r.at(1).width != 4 {
			r.pos += 2
		}
	}
	r.takeZone()
	return r.clockOK()
}

// takeHour reads 15h30, 3 pm, 15 Uhr and 15時30分10秒.
func (r *reading) takeHour(h tok) bool {
	r.hour = int(h.n)
	r.pos++
	if _, half := clockWords[r.at(0).text]; half {
		r.takeZone()
		return r.clockOK()
	}
	r.pos++
	if r.at(0).kind == number && r.at(0).width <= 2 {
		r.minute = int(r.at(0).n)
		r.pos++
		if partSign(r.at(0).text) == 'm' {
			r.pos++
		}
		if r.at(0).kind == number && partSign(r.at(1).text) == 's' {
			r.second, r.withSeconds = int(r.at(0).n), true
			r.pos += 2
		}
	}
	r.takeZone()
	return r.clockOK()
}

func (r *reading) takeCompactTime(t tok) bool {
	n := int(t.n)
	if t.width == 6 {
		r.second, r.withSeconds = n%100, true
		n /= 100
	}
	r.hour, r.minute = n/100, n%100
	r.pos++
	if r.at(0).is('.') && r.at(1).kind == number {
		r.pos += 2
	}
	r.takeZone()
	return r.clockOK()
}

func (r *reading) clockOK() bool {
	return r.hour <= 24 && r.minute <= 59 && r.second <= 60 && (r.hour < 24 || r.minute+r.second == 0)
}

// takeZone reads what follows a time: am or pm, a zone's name, an offset.
func (r *reading) takeZone() {
	r.takeClockWord()
	open := r.at(0).is('(') || r.at(0).is('[')
	if open {
		r.pos++
	}
	if off, ok := zones[r.at(0).text]; ok && r.at(0).kind == word && !r.monthAhead() {
		r.offset, r.zoned = off, true
		r.pos++
	}
	sign := r.at(0)
	if n := r.at(1); (sign.is('+') || sign.is('-')) && n.kind == number && n.width <= 4 {
		r.takeOffset(sign, n)
	}
}

// monthAhead reports whether the word at hand is rather a month's name, as
// "set" or "est" could be in some language.
func (r *reading) monthAhead() bool { return names().month[r.at(0).text] != 0 }

func (r *reading) takeOffset(sign, n tok) {
	h, m, used := int(n.n), 0, 2
	switch {
	case n.width > 2:
		h, m = h/100, h%100
	case r.at(2).is(':') && r.at(3).kind == number:
		m, used = int(r.at(3).n), 4
		if r.at(4).is(':') && r.at(5).kind == number {
			used = 6
		}
	}
	if h > 14 || m > 59 {
		if n.width == 4 { // a year after a hyphen
			return
		}
		h, m = 0, 0
	}
	secs := h*hour + m*60
	if sign.is('-') {
		secs = -secs
	}
	r.offset, r.zoned = secs, true
	r.pos += used
}

// takeClockWord reads am and pm, also with points between the letters.
func (r *reading) takeClockWord() bool {
	if r.at(0).kind != word {
		return false
	}
	w, used := r.at(0).text, 1
	if r.at(1).is('.') && r.at(2).kind == word {
		if _, ok := clockWords[w+r.at(2).text]; ok {
			w, used = w+r.at(2).text, 3
		}
	}
	pm, ok := clockWords[w]
	if !ok {
		return false
	}
	r.pm, r.am = pm, !pm
	r.pos += used
	if used == 3 && r.at(0).is('.') {
		r.pos++
	}
	return true
}

// twelve applies am and pm to the hour; a 24-hour time stays as it is.
func (r *reading) twelve() bool {
	switch {
	case r.hour < 0:
	case r.pm && r.hour < 12:
		r.hour += 12
	case r.am && r.hour == 12:
		r.hour = 0
	}
	return true
}

// compactDate reports whether t is 20200917, 202009170724 or 20200917072425.
func compactDate(t tok) bool {
	n := t.n
	switch t.width {
	case 14:
		n /= 1000000
	case 12:
		n /= 10000
	case 8:
	default:
		return false
	}
	y, m, d := n/10000, n/100%100, n%100
	return y >= minYear && y <= maxYear && m >= 1 && m <= 12 && d >= 1 && d <= 31
}

func (r *reading) takeCompact(t tok) {
	n := int(t.n)
	if t.width == 14 {
		r.second, r.withSeconds = n%100, true
		n /= 100
	}
	if t.width >= 12 {
		r.hour, r.minute = n/100%100, n%100
		n /= 10000
	}
	r.year, r.month, r.day = n/10000, n/100%100, n%100
	r.pos++
	if t.width >= 12 {
		r.takeZone()
	}
}

// ordinal reads day 261 of a year.
func (r *reading) ordinal(year, yday int) bool {
	at := time.Date(year, 1, yday, 0, 0, 0, 0, time.UTC)
	if yday < 1 || at.Year() != year {
		return false
	}
	r.year, r.month, r.day = year, int(at.Month()), at.Day()
	r.nums = nil
	r.pos++
	return true
}

// week reads 2020-W38-4 and 2020W384 from the piece that holds the week.
func (r *reading) week() bool {
	if len(r.nums) != 1 || r.nums[0].width != 4 || r.at(1).kind != number || r.year != 0 {
		return false
	}
	year, w, d, used := int(r.nums[0].n), int(r.at(1).n), 1, 2
	switch {
	case r.at(1).width == 3:
		w, d = w/10, w%10
	case r.at(2).is('-') && r.at(3).kind == number && r.at(3).width == 1:
		d, used = int(r.at(3).n), 4
	}
	if w < 1 || w > 53 || d < 1 || d > 7 {
		return false
	}
	jan4 := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
	monday := jan4.AddDate(0, 0, -(int(jan4.Weekday())+6)%7)
	at := monday.AddDate(0, 0, (w-1)*7+d-1)
	r.year, r.month, r.day = at.Year(), int(at.Month()), at.Day()
	r.nums = nil
	r.pos += used
	return true
}

func (r *reading) takeWord(t tok) {
	n := names()
	if w, ok := strings.CutPrefix(t.text, "ב"); ok { // Hebrew "in"
		t.text = w
	}
	if t.text == "w" && r.week() {
		return
	}
	if m, used := r.levantine(t.text); m > 0 {
		r.month = m
		r.pos += used
		return
	}
	if m := n.month[t.text]; m > 0 && (r.month == 0 || !n.idle[t.text]) {
		// "mar." may be Tuesday: a name that is nothing but a month wins.
		r.month = m
		r.pos++
		return
	}
	if m := n.jalali[t.text]; m > 0 && r.month == 0 {
		r.month, r.jalali = m, true
		r.pos++
		return
	}
	if r.takeClockWord() {
		return
	}
	if off, ok := zones[t.text]; ok && r.hour >= 0 && !r.zoned {
		r.offset, r.zoned = off, true
	} else if !n.idle[t.text] && !ok {
		r.unknown++
	}
	r.pos++
}

// levantine reads the two-word months تشرين الأول and كانون الثاني.
func (r *reading) levantine(w string) (month, used int) {
	second := map[bool]int{}
	switch r.at(1).text {
	case "الاول", "اول":
		second[true] = 1
	case "الثانی", "ثانی":
		second[true] = 2
	default:
		return 0, 0
	}
	switch w {
	case "تشرین":
		return 9 + second[true], 2
	case "کانون":
		return []int{0, 12, 1}[second[true]], 2
	}
	return 0, 0
}
