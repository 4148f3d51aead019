package news

import (
	"testing"
	"time"
)

func TestCalendar(t *testing.T) {
	t.Parallel()
	last := time.Time{}
	for _, d := range Calendar() {
		on, err := d.In(2026)
		if err != nil {
			t.Error(err)
		}
		if d.Rule == "" && on.Before(last) {
			t.Errorf("%s stands out of order", d.EN)
		}
		if d.Rule == "" {
			last = on
		}
		if d.Source == "" || d.EN == "" {
			t.Errorf("%+v lacks a source or a name", d)
		}
		for _, language := range []string{"fr", "es", "ru", "ar", "zh", "nl"} {
			if d.Name(language) == d.EN && d.EN != "Zero Discrimination Day" {
				t.Errorf("%s has no name in %s", d.EN, language)
			}
		}
		if err := CheckTopics(d.Topics); err != nil {
			t.Errorf("%s: %v", d.EN, err)
		}
	}
}

func TestObservancesBetween(t *testing.T) {
	t.Parallel()
	date := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	tests := []struct {
		from, to string
		want     []string
	}{
		{"2026-12-07", "2026-12-14", []string{"Human Rights Day", "Universal Health Coverage Day"}},
		{"2026-12-28", "2027-01-04", nil},
		{"2026-10-10", "2026-10-11", []string{"World Mental Health Day", "World Day against the Death Penalty", "World Hospice and Palliative Care Day"}},
		{"2027-10-09", "2027-10-10", []string{"World Hospice and Palliative Care Day"}},
		{"2026-12-30", "2027-01-31", []string{"World Neglected Tropical Diseases Day"}},
	}
	for _, tt := range tests {
		var got []string
		for _, d := range ObservancesBetween(date(tt.from), date(tt.to)) {
			got = append(got, d.Names["en"])
		}
		if len(got) != len(tt.want) {
			t.Errorf("ObservancesBetween(%s, %s) = %v, want %v", tt.from, tt.to, got, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("ObservancesBetween(%s, %s) = %v, want %v", tt.from, tt.to, got, tt.want)
			}
		}
	}
}

func TestByRule(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{"last monday of february": "2027-02-22", "first sunday of august": "2027-08-01", "last sunday of august": "2027-08-29"} {
		if got, err := byRule(rule, 2027); err != nil || got.Format(time.DateOnly) != want {
			t.Errorf("byRule(%q, 2027) = %v, %v; want %s", rule, got, err, want)
		}
	}
	for _, rule := range []string{"", "fifth friday of may", "first day of may", "first monday of brumaire"} {
		if _, err := byRule(rule, 2027); err == nil {
			t.Errorf("byRule(%q) gave no error", rule)
		}
	}
}
