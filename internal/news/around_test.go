package news

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestIssueTexts(t *testing.T) {
	t.Parallel()
	i := Issue{ID: 1, Language: "en", Title: "Digest 4", Introduction: "Hello", State: IssueDraft, Revision: 1,
		Sections: []Section{{Stories: []StoryID{1}}, {Heading: "Calls", Stories: []StoryID{2}}}}
	put := func(text IssueText) error { return i.Arrange(Arrangement{Text: &text}, i.Revision, "anna") }
	if err := put(IssueText{Language: "fr", Title: "  Lettre   4 ", Headings: []string{"", "Appels", "rien"}}); err != nil {
		t.Fatal(err)
	}
	text, ok := i.In("fr")
	if diff := cmp.Diff(IssueText{Language: "fr", Title: "Lettre 4", Headings: []string{"", "Appels"}}, text); !ok || diff != "" {
		t.Errorf("In(fr) (-want +got):\n%s", diff)
	}
	if intro, in := i.IntroductionIn("fr"); intro != "Hello" || in != "en" {
		t.Errorf("IntroductionIn(fr) = %q in %s; want the issue's own", intro, in)
	}
	if _, ok := i.In("ar"); ok {
		t.Error("In(ar) says that somebody wrote it")
	}
	for _, bad := range []IssueText{{Language: "en", Title: "x"}, {Language: "tlh", Title: "x"}, {Language: "es", Introduction: "x"}} {
		if err := put(bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v, want ErrInvalid", bad, err)
		}
	}
	sections := []Section{{Heading: "Calls", Stories: []StoryID{2}}, {Heading: "News", Stories: []StoryID{1}}}
	if err := i.Arrange(Arrangement{Sections: &sections}, i.Revision, "anna"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Appels", ""}, i.Texts[0].Headings); diff != "" {
		t.Errorf("headings did not follow their sections (-want +got):\n%s", diff)
	}
	if err := put(IssueText{Language: "fr"}); err != nil || len(i.Texts) != 0 {
		t.Errorf("an empty text: %v, left %v", err, i.Texts)
	}
}

func TestMergedSectionsLoseNothing(t *testing.T) {
	t.Parallel()
	i := Issue{Sections: []Section{{Stories: []StoryID{1, 2, 3, 4}}}}
	got := i.Merged([]Section{{Heading: "B", Stories: []StoryID{2}}, {Stories: []StoryID{1}}}, []StoryID{1, 2, 3})
	want := []Section{{Heading: "B", Stories: []StoryID{2}}, {Stories: []StoryID{1, 4}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Merged (-want +got):\n%s", diff)
	}
}

func TestSectionsBy(t *testing.T) {
	t.Parallel()
	stories := []Story{{ID: 1, By: "b"}, {ID: 2}, {ID: 3, By: "a"}, {ID: 4, By: "b"}}
	want := []Section{{Stories: []StoryID{2}}, {Heading: "b", Stories: []StoryID{1, 4}}, {Heading: "a", Stories: []StoryID{3}}}
	if diff := cmp.Diff(want, SectionsBy(stories, func(s *Story) string { return s.By })); diff != "" {
		t.Errorf("SectionsBy (-want +got):\n%s", diff)
	}
	if got := SectionsBy(nil, func(*Story) string { return "" }); len(got) != 0 {
		t.Errorf("SectionsBy of nothing = %v", got)
	}
}

func TestBlockCheck(t *testing.T) {
	t.Parallel()
	text := []BlockText{{Language: "en", Text: "Give"}}
	tests := []struct {
		name string
		b    Block
		ok   bool
	}{
		{"plain", Block{Kind: Donation, Texts: text}, true},
		{"whole", Block{Kind: AboutUs, URL: "https://example.org/", Texts: text, From: "2026-01-01", Until: "2026-01-01"}, true},
		{"no kind", Block{Texts: text}, false},
		{"no text", Block{Kind: Donation}, false},
		{"no language", Block{Kind: Donation, Texts: []BlockText{{Language: "x", Text: "y"}}}, false},
		{"script", Block{Kind: Donation, URL: "javascript:alert(1)", Texts: text}, false},
		{"no day", Block{Kind: Donation, From: "tomorrow", Texts: text}, false},
		{"backwards", Block{Kind: Donation, From: "2026-02-01", Until: "2026-01-01", Texts: text}, false},
	}
	for _, tt := range tests {
		if err := tt.b.Check(); (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestClosing(t *testing.T) {
	t.Parallel()
	s := Story{ID: 4, Headline: "A call", Language: "en", Deadline: "2026-12-01", Slug: "a-call", ApprovedAt: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC),
		Texts: []StoryText{{Language: "fr", Headline: "Un appel"}, {Language: "es"}}}
	c := ClosingOf(&s)
	for _, tt := range [][3]string{{"fr", "Un appel", "fr"}, {"es", "A call", "en"}, {"en", "A call", "en"}} {
		if title, in := c.In(tt[0]); title != tt[1] || in != tt[2] {
			t.Errorf("In(%s) = %q in %s; want %q in %s", tt[0], title, in, tt[1], tt[2])
		}
	}
	i := Issue{Slot: time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)}
	if first, last := i.ClosingDays(time.Date(2026, 11, 20, 23, 30, 0, 0, time.UTC), time.FixedZone("", 3600)); first != "2026-11-21" || last != "2026-12-07" {
		t.Errorf("ClosingDays = %s to %s", first, last)
	}
}
