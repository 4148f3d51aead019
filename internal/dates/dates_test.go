package dates

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want, precision string }{
		{"Fri, 01 Apr 2022 00:01:55 -0400", "2022-04-01T04:01:55Z", "second"},
		{"2020-09-17T07:24:25Z", "2020-09-17T07:24:25Z", "second"},
		{"2020-09-17", "2020-09-17T00:00:00Z", "day"},
		{"soon", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, ok := Parse(tt.in, Options{})
			if ok != (tt.want != "") {
				t.Fatalf("Parse(%q) = %v, %v; want %q", tt.in, got, ok, tt.want)
			}
			if ok && (got.Time.Format(time.RFC3339) != tt.want || string(got.Precision) != tt.precision) {
				t.Errorf("Parse(%q) = %v %s; want %s %s", tt.in, got.Time, got.Precision, tt.want, tt.precision)
			}
		})
	}
}
