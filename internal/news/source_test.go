package news_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

func TestTopics(t *testing.T) {
	t.Parallel()
	if n := len(news.Topics()); n != 30 {
		t.Errorf("%d topics, want 30", n)
	}
	groups := news.TopicGroups()
	for _, topic := range news.Topics() {
		if topic.Name == "" || topic.Scope == "" || groups[topic.Group] == "" {
			t.Errorf("topic %q lacks a name, a scope or a group", topic.Slug)
		}
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	tests := []struct {
		failures int
		every    time.Duration
		want     time.Duration
	}{
		{0, time.Hour, time.Hour},
		{1, time.Hour, time.Hour},
		{3, time.Hour, 81 * time.Minute},
		{6, time.Hour, 1296 * time.Minute},
		{7, time.Hour, 24 * time.Hour},
		{1000000, time.Hour, 24 * time.Hour},
		{1, 15 * time.Minute, 15 * time.Minute},
	}
	for _, tt := range tests {
		if got := news.Backoff(tt.failures, tt.every); got != tt.want {
			t.Errorf("Backoff(%d, %v) = %v, want %v", tt.failures, tt.every, got, tt.want)
		}
	}
}

func TestSourceValidate(t *testing.T) {
	t.Parallel()
	good := func() news.Source {
		return news.Source{Slug: "un-news-en", Name: "UN News", Method: news.MethodFeed, Address: "https://news.example/rss.xml", Every: time.Hour, Kind: "news"}
	}
	tests := []struct {
		name  string
		spoil func(*news.Source)
	}{
		{"slug", func(s *news.Source) { s.Slug = "UN News" }},
		{"name", func(s *news.Source) { s.Name = " " }},
		{"scheme", func(s *news.Source) { s.Address = "file:///etc/passwd" }},
		{"password in the address", func(s *news.Source) { s.Address = "https://u:p@news.example/" }},
		{"no host", func(s *news.Source) { s.Address = "https:///rss" }},
		{"too often", func(s *news.Source) { s.Every = time.Minute }},
		{"kind", func(s *news.Source) { s.Kind = "gossip" }},
		{"lean", func(s *news.Source) { s.Leans = []news.Slug{"football"} }},
	}
	s := good()
	if err := s.Validate(); err != nil {
		t.Fatalf("a good source: %v", err)
	}
	for _, tt := range tests {
		s := good()
		tt.spoil(&s)
		if err := s.Validate(); !errors.Is(err, news.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", tt.name, err)
		}
	}
}

func TestAnItemFromTheFutureDoesNotStayOnTop(t *testing.T) {
	t.Parallel()
	it := news.Item{Seen: noon, Published: news.Date{Time: noon.AddDate(1, 0, 0)}}
	if !it.Age().Equal(noon) {
		t.Errorf("Age() = %v, want when it was seen", it.Age())
	}
	it.Published.Time = noon.Add(-time.Hour)
	if !it.Age().Equal(noon.Add(-time.Hour)) {
		t.Errorf("Age() = %v, want when it was published", it.Age())
	}
}
