package news_test

import (
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

func TestInterval(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	tests := []struct {
		name    string
		every   time.Duration
		silence time.Duration // -1: never brought anything
		brought int
		want    time.Duration
	}{
		{"never brought anything", time.Hour, -1, 0, time.Hour},
		{"brought one", time.Hour, 0, 1, time.Hour},
		{"brought three", time.Hour, 0, 3, 20 * time.Minute},
		{"brought many", time.Hour, 0, 300, 15 * time.Minute},
		{"silent for some hours", time.Hour, 5 * time.Hour, 0, time.Hour},
		{"silent for a day", time.Hour, day, 0, 3 * time.Hour},
		{"silent for half a year", time.Hour, 180 * day, 0, day},
		{"asked rarely anyway", 6 * time.Hour, day, 0, 6 * time.Hour},
	}
	for _, tt := range tests {
		lastNew := noon.Add(-tt.silence)
		if tt.silence < 0 {
			lastNew = time.Time{}
		}
		if got := news.Interval(tt.every, lastNew, noon, tt.brought); got != tt.want {
			t.Errorf("%s: Interval = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestTheNextPollHearsThePublisher(t *testing.T) {
	t.Parallel()
	src := news.Source{Every: time.Hour}
	tomorrow := noon.AddDate(0, 0, 1) // noon is on a Monday
	tests := []struct {
		name   string
		hints  news.Hints
		jitter float64
		want   time.Time
	}{
		{"nothing said", news.Hints{}, 0, noon.Add(time.Hour)},
		{"spread", news.Hints{}, 1, noon.Add(66 * time.Minute)},
		{"fresh for less", news.Hints{Fresh: time.Minute}, 0, noon.Add(time.Hour)},
		{"fresh for more", news.Hints{Fresh: 2 * time.Hour}, 0, noon.Add(2 * time.Hour)},
		{"ttl", news.Hints{TTL: 3 * time.Hour}, 0, noon.Add(3 * time.Hour)},
		{"sy", news.Hints{PollEvery: 4 * time.Hour, TTL: time.Hour}, 0, noon.Add(4 * time.Hour)},
		{"a year is a day", news.Hints{TTL: 365 * 24 * time.Hour}, 0, noon.Add(24 * time.Hour)},
		{"hours to skip", news.Hints{SkipHours: []int{13, 14}}, 0, noon.Add(3 * time.Hour)},
		{"all hours", news.Hints{SkipHours: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}}, 0, noon.Add(time.Hour)},
		{"the day to skip", news.Hints{SkipDays: []string{"Monday"}}, 0, tomorrow.Truncate(24 * time.Hour)},
		{"more than a day", news.Hints{SkipDays: []string{"Monday", "Tuesday"}}, 0, noon.Add(time.Hour)},
	}
	for _, tt := range tests {
		p := news.Polling{LastSuccess: noon.Add(-time.Hour), Failures: 3, Error: "x", Gone: true, Hints: tt.hints}
		p.Took(&src, news.Arrivals{}, tt.hints.Fresh, noon, tt.jitter)
		if !p.Next.Equal(tt.want) {
			t.Errorf("%s: next at %v, want %v", tt.name, p.Next, tt.want)
		}
		if p.Failures != 0 || p.Error != "" || p.Gone || !p.Unchanged || !p.LastSuccess.Equal(noon) {
			t.Errorf("%s: a success leaves %+v", tt.name, p)
		}
	}
}

func TestTheFirstDocumentSaysNothingAboutThePace(t *testing.T) {
	t.Parallel()
	src, p := news.Source{Every: time.Hour}, news.Polling{}
	p.Took(&src, news.Arrivals{New: 30}, 0, noon, 0)
	if !p.Next.Equal(noon.Add(time.Hour)) || p.Unchanged || !p.LastNew.Equal(noon) {
		t.Errorf("after the first 30 items: %+v", p)
	}
	p.Took(&src, news.Arrivals{New: 2}, 0, noon.Add(time.Hour), 0)
	if !p.Next.Equal(noon.Add(90 * time.Minute)) {
		t.Errorf("after two in an hour: next at %v", p.Next)
	}
}

func TestStateOf(t *testing.T) {
	t.Parallel()
	tests := []struct {
		want news.SourceState
		src  news.Source
		p    news.Polling
	}{
		{news.SourceOff, news.Source{Off: "403", Paused: true}, news.Polling{Gone: true}},
		{news.SourcePaused, news.Source{Paused: true}, news.Polling{Gone: true}},
		{news.SourceResting, news.Source{}, news.Polling{Gone: true, Failures: 1}},
		{news.SourceResting, news.Source{}, news.Polling{RestUntil: noon}},
		{news.SourceFailing, news.Source{}, news.Polling{Failures: 1, Unchanged: true}},
		{news.SourceUnchanged, news.Source{}, news.Polling{Unchanged: true}},
		{news.SourceOK, news.Source{}, news.Polling{}},
	}
	for _, tt := range tests {
		if got := news.StateOf(&tt.src, &tt.p); got != tt.want {
			t.Errorf("StateOf(%+v, %+v) = %s, want %s", tt.src, tt.p, got, tt.want)
		}
	}
	var p news.Polling
	p.Failed(&news.Source{Every: time.Hour}, "answered 410", true, noon, 0)
	if p.Failures != 1 || !p.Gone || !p.Next.Equal(noon.Add(time.Hour)) || !p.Last.Equal(noon) {
		t.Errorf("Failed leaves %+v", p)
	}
}
