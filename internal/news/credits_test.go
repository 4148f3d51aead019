package news_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/news"
)

func TestTakeCredits(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	names := map[news.SourceID]string{1: "Rights Wire", 2: "Le Fil"}
	items := []news.Item{
		{Source: 2, URL: "https://fil.example/1", Language: "fr", Alternates: []news.Alternate{{Language: "en", URL: "https://fil.example/en"}, {Language: "ar", URL: "https://fil.example/ar"}, {Language: "x-default", URL: "https://fil.example/"}}},
		{Source: 1, URL: "https://wire.example/1", Language: "en", Published: news.Date{Time: day}},
		{Source: 1, URL: "https://wire.example/2", Language: "en"},
		{Source: 3, URL: "https://gone.example/1", Language: "es"},
	}
	s := news.Story{Language: "en", Link: "https://wire.example/1", Credits: []news.Credit{{Name: "old"}}}
	s.TakeCredits(items, names)
	wantCredits := []news.Credit{
		{Name: "Rights Wire", URL: "https://wire.example/1", Language: "en", Published: day},
		{Name: "Le Fil", URL: "https://fil.example/1", Language: "fr"},
	}
	wantAlso := []news.Alternate{{Language: "fr", URL: "https://fil.example/1"}, {Language: "ar", URL: "https://fil.example/ar"}}
	if diff := cmp.Diff(wantCredits, s.Credits) + cmp.Diff(wantAlso, s.Also); diff != "" {
		t.Error(diff)
	}
	if items[0].Source != 2 {
		t.Error("TakeCredits changed the order of the items")
	}
	s.TakeCredits(nil, names)
	if s.Credits != nil || s.Also != nil {
		t.Errorf("a story begun at the desk has credits %v", s.Credits)
	}
}
