package publish_test

import (
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/news"
)

func TestChecks(t *testing.T) {
	h := newHouse(t, true)
	write := func(a news.Approval, link string) news.StoryID {
		t.Helper()
		story := news.Story{State: news.StoryQueued, Language: "en", Link: link, Created: h.now}
		if err := story.Approve(a, "anna", h.now); err != nil {
			t.Fatal(err)
		}
		id, err := h.store.AddStory(t.Context(), story, news.Decision{At: h.now, Who: "anna", What: "begin"})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	word := func(s string) *string { return &s }
	further := []news.Reference{{Title: "A", URL: "https://a.example/x"}, {Title: "B", URL: "https://a.example/x"}}
	odd := write(news.Approval{Headline: word(strings.Repeat("Long ", 30)), Writing: news.Writing{Further: &further, Text: &news.StoryText{Language: "fr", Headline: "Nouvelle"}},
		Summary: word("See [one](http://a.example/), [two](https://localhost/x), [three](https://a.example/?utm_source=x&b=1), [four](https//a.example).")}, "https://b.example/")
	write(news.Approval{Headline: word("Same page"), Summary: word("Short.")}, "https://b.example/")
	write(news.Approval{Headline: word("Bare")}, "")
	block := h.block(news.Block{Kind: news.Donation, URL: "http://127.0.0.1/give"})
	i := h.draft("anna")
	introduction := "Yesterday we wrote. Call +31 20 1234567."
	if _, err := h.Arrange(t.Context(), i.ID, news.Arrangement{Introduction: &introduction}, i.Revision, "anna"); err != nil {
		t.Fatal(err)
	}
	found, err := h.Checks(t.Context(), i.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		words, why string
		story      news.StoryID
		block      news.BlockID
		language   string
	}{
		{"Yesterday", "from the day the mail comes", 0, 0, ""},
		{"+31 20 1234567", "private person", 0, 0, ""},
		{"Long", "long for a headline", odd, 0, ""},
		{"http://a.example/", "not encrypted", odd, 0, ""},
		{"https://localhost/x", "not to a public site", odd, 0, ""},
		{"utm_source", "where the reader came from", odd, 0, ""},
		{"https//a.example", "no whole address", odd, 0, ""},
		{"https://a.example/x", "twice in the further reading", odd, 0, ""},
		{"https://b.example/", "is also where", odd + 1, 0, ""},
		{"Bare", "no summary", odd + 2, 0, ""},
		{"http://127.0.0.1/give", "machine", 0, block, ""},
		{"", "title and introduction, 2 of 3 stories, the block “donation”", 0, 0, "fr"},
		{"", "title and introduction, 3 of 3 stories", 0, 0, "ar"},
	} {
		n := 0
		for _, c := range found {
			if strings.Contains(c.Words, want.words) && strings.Contains(c.Why, want.why) && c.Story == want.story && c.Block == want.block && c.Language == want.language {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d checks say that %q %s", n, want.words, want.why)
		}
	}
	if t.Failed() {
		for _, c := range found {
			t.Logf("%+v", c)
		}
	}
}
