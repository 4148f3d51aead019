package news_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// Every field that is wrong is named at once, so that nobody corrects a form
// one error at a time.
func TestWrongFields(t *testing.T) {
	t.Parallel()
	headline, summary, kind := strings.Repeat("й", 301), strings.Repeat("x", news.MaxTextBytes+1), news.Kind("rumour")
	further := []news.Reference{{URL: "https://x.example/"}}
	s := news.Story{Headline: "As it was", Language: "en"}
	err := s.Edit(news.Approval{Headline: &headline, Summary: &summary, Kind: &kind, Topics: &[]news.Slug{"weather"},
		Writing: news.Writing{Further: &further}}, "cara", noon)
	if !errors.Is(err, news.ErrInvalid) || s.Headline != "As it was" {
		t.Fatalf("Edit = %v, and the headline is %q", err, s.Headline)
	}
	var got []string
	for _, w := range news.WrongFields(err) {
		got = append(got, w.Field)
	}
	if diff := cmp.Diff([]string{"headline", "summary", "topic", "kind", "further"}, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if news.WrongFields(nil) != nil || news.WrongFields(news.ErrConflict) != nil {
		t.Error("an error about no field names one")
	}
}

func TestATextInAnotherLanguageNeedsItsHeadline(t *testing.T) {
	t.Parallel()
	s := news.Story{Headline: "Ours", Language: "en"}
	err := s.Edit(news.Approval{Writing: news.Writing{Text: &news.StoryText{Language: "fr", Commentary: "Oui."}}}, "cara", noon)
	if w := news.WrongFields(err); len(w) != 1 || w[0].Field != "text-headline" {
		t.Errorf("Edit = %v, want the headline named", err)
	}
}

func TestACommentaryIsSignedByWhoWroteIt(t *testing.T) {
	t.Parallel()
	s := news.Story{Headline: "As it was", Language: "en"}
	words, headline, more := "We welcome this.", "Another headline", "We welcome this, too."
	for _, step := range []struct {
		who  string
		edit news.Approval
		want string
	}{
		{"cara", news.Approval{Commentary: &words}, "cara"},
		{"carl", news.Approval{Headline: &headline, Commentary: &words}, "cara"},
		{"carl", news.Approval{Commentary: &more}, "carl"},
	} {
		if err := s.Edit(step.edit, step.who, noon); err != nil || s.By != step.want {
			t.Errorf("after %s saved it is signed %q, %v; want %q", step.who, s.By, err, step.want)
		}
	}
}
