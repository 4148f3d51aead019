package publish

import (
	_ "embed"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/robfig/cron/v3"
)

func TestSlots(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, spec, zone, after, want string }{
		{"a week on", "0 7 * * 1", "Europe/Amsterdam", "2026-11-21T12:00:00Z", "2026-11-23T06:00:00Z"},
		{"strictly after", "0 7 * * 1", "Europe/Amsterdam", "2026-11-23T06:00:00Z", "2026-11-30T06:00:00Z"},
		{"summer", "0 7 * * 1", "Europe/Amsterdam", "2026-07-01T00:00:00Z", "2026-07-06T05:00:00Z"},
		{"spring gap: the first valid instant", "30 2 * * 0", "Europe/Amsterdam", "2026-03-28T00:00:00Z", "2026-03-29T01:00:00Z"},
		{"after the gap a week on", "30 2 * * 0", "Europe/Amsterdam", "2026-03-29T01:00:00Z", "2026-04-05T00:30:00Z"},
		{"autumn overlap: the first", "30 2 * * 0", "Europe/Amsterdam", "2026-10-24T00:00:00Z", "2026-10-25T00:30:00Z"},
		{"autumn overlap: once", "30 2 * * 0", "Europe/Amsterdam", "2026-10-25T00:30:00Z", "2026-11-01T01:30:00Z"},
		{"within the second hour of the overlap", "30 2 * * 0", "Europe/Amsterdam", "2026-10-25T01:15:00Z", "2026-11-01T01:30:00Z"},
		{"a day the zone left out", "0 7 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", "2011-12-30T10:00:00Z"},
		{"midnight that is skipped", "0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", "2018-11-04T03:00:00Z"},
		{"half an hour", "15 2 * * 0", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := slots(t, tt.spec, tt.zone)
			after, err := time.Parse(time.RFC3339, tt.after)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Next(after).Format(time.RFC3339); got != tt.want {
				t.Errorf("%q in %s: Next(%s) = %s, want %s", tt.spec, tt.zone, tt.after, got, tt.want)
			}
		})
	}
}

func slots(t *testing.T, spec, zone string) *Slots {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSlots(spec, loc)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

//go:embed testdata/zones.txt
var zones string

// TestSlotsOfTheWorld asks for five years of slots in every zone there is: one
// a week, at the first instant at which the clocks show the time or are past
// it.
func TestSlotsOfTheWorld(t *testing.T) {
	t.Parallel()
	from := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(5, 0, 0)
	for _, spec := range []string{"30 2 * * 0", "0 0 * * 6"} {
		want, err := cron.ParseStandard(spec)
		if err != nil {
			t.Fatal(err)
		}
		for _, zone := range strings.Fields(zones) {
			s := slots(t, spec, zone)
			wall := want.Next(wallOf(from, s.zone))
			for at := s.Next(from); at.Before(to); at, wall = s.Next(at), want.Next(wall) {
				if !first(at, wall, s.zone) {
					t.Fatalf("%q in %s: slot of %s falls on %s", spec, zone, wall.Format(time.DateTime), at.In(s.zone))
				}
			}
		}
	}
}

// first reports whether at is the first instant at which the clocks of zone
// show wall or a later time.
func first(at, wall time.Time, zone *time.Location) bool {
	if wallOf(at, zone).Before(wall) || !wallOf(at.Add(-time.Second), zone).Before(wall) {
		return false
	}
	for back := 15 * time.Minute; back <= 3*time.Hour; back += 15 * time.Minute {
		if !wallOf(at.Add(-back), zone).Before(wall) {
			return false
		}
	}
	return true
}
