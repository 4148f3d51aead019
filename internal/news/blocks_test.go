package news_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/news"
)

func TestBlock(t *testing.T) {
	t.Parallel()
	b := news.Block{Kind: news.FeaturedTopic, From: "2026-11-01", Until: "2026-11-30", Texts: []news.BlockText{{Language: "en", Text: "x"}}}
	for day, want := range map[string]bool{"2026-10-31": false, "2026-11-01": true, "2026-11-30": true, "2026-12-01": false} {
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Stands(d); got != want {
			t.Errorf("Stands(%s) = %t", day, got)
		}
		if open := (&news.Block{}); !open.Stands(d) {
			t.Errorf("a block without dates does not stand on %s", day)
		}
	}
	if text, ok := b.In("en"); !ok || text != "x" {
		t.Errorf("In(en) = %q, %t", text, ok)
	}
	if _, ok := b.In("fr"); ok {
		t.Error("In(fr) says something")
	}
	for _, k := range news.BlockKinds() {
		if !k.Known() {
			t.Errorf("%s is not known", k)
		}
	}
}

func TestIssueIn(t *testing.T) {
	t.Parallel()
	i := news.Issue{Language: "en", Title: "Title", Introduction: "Hello", Sections: []news.Section{{Heading: "One"}, {Heading: "Two"}},
		Texts: []news.IssueText{{Language: "fr", Title: "Titre", Headings: []string{"", "Deux"}}}}
	own := news.IssueText{Language: "en", Title: "Title", Introduction: "Hello", Headings: []string{"One", "Two"}}
	for _, tt := range []struct {
		lang string
		want news.IssueText
		ok   bool
	}{
		{"en", own, true},
		{"fr", news.IssueText{Language: "fr", Title: "Titre", Headings: []string{"One", "Deux"}}, true},
		{"ar", own, false},
	} {
		got, ok := i.In(tt.lang)
		if diff := cmp.Diff(tt.want, got); diff != "" || ok != tt.ok {
			t.Errorf("In(%s): %t\n%s", tt.lang, ok, diff)
		}
	}
	if i.Texts[0].Headings[0] != "" {
		t.Error("In changed the issue")
	}
}
