package publish

import (
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/robfig/cron/v3"
)

// Slots are the times at which issues are due: a cron expression read on the
// wall clock of a zone. A time the clocks skip falls on the first instant
// after the gap; a time they show twice is the first of the two.
type Slots struct {
	schedule cron.Schedule
	zone     *time.Location
}

// ParseSlots reads five cron fields, "0 7 * * 1". Errors wrap
// news.ErrInvalid.
func ParseSlots(spec string, zone *time.Location) (*Slots, error) {
	schedule, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(spec)
	if err != nil {
		return nil, fmt.Errorf("slot %q: %v: %w", spec, err, news.ErrInvalid)
	}
	s := &Slots{schedule, zone}
	if s.Next(time.Unix(0, 0)).IsZero() {
		return nil, fmt.Errorf("slot %q names no day that ever comes: %w", spec, news.ErrInvalid)
	}
	return s, nil
}

// Next is the first slot after t, in UTC.
func (s *Slots) Next(t time.Time) time.Time {
	wall := wallOf(t, s.zone)
	for {
		if wall = s.schedule.Next(wall); wall.IsZero() {
			return time.Time{}
		}
		// In the hour the clocks show twice, the next wall time may lie behind.
		if next := instant(wall, s.zone); next.After(t) {
			return next
		}
	}
}

// Last is the latest slot at or before t that is younger than back; zero if
// there is none.
func (s *Slots) Last(t time.Time, back time.Duration) time.Time {
	var last time.Time
	for next := s.Next(t.Add(-back)); !next.IsZero() && !next.After(t); next = s.Next(next) {
		last = next
	}
	return last
}

// Name is the public name of the issue of a slot, "2026-47": the ISO year and
// week on the desk's wall clock.
func (s *Slots) Name(slot time.Time) string {
	year, week := slot.In(s.zone).ISOWeek()
	return fmt.Sprintf("%d-%02d", year, week)
}

// wallOf is what the clocks of zone show at t, written as if it were UTC.
func wallOf(t time.Time, zone *time.Location) time.Time {
	_, offset := t.In(zone).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// instant is the first instant at which the clocks of zone show wall, or, when
// they skip it, the instant at which they did.
func instant(wall time.Time, zone *time.Location) time.Time {
	for t := wall.Add(-36 * time.Hour).In(zone); ; {
		start, end := t.ZoneBounds()
		_, offset := t.Zone()
		at := wall.Add(-time.Duration(offset) * time.Second)
		if !start.IsZero() && at.Before(start) {
			return start.UTC()
		}
		if end.IsZero() || at.Before(end) {
			return at
		}
		t = end
	}
}
