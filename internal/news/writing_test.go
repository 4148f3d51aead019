package news

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWriteInAnotherLanguage(t *testing.T) {
	t.Parallel()
	s := Story{ID: 1, State: StoryQueued, Language: "en", Headline: "Own"}
	put := func(t StoryText) error { return s.Edit(Approval{Writing: Writing{Text: &t}}, "anna", noon) }
	for _, tt := range []struct {
		text StoryText
		ok   bool
		want int
	}{
		{StoryText{"fr", " Titre  court ", "Résumé", ""}, true, 1},
		{StoryText{"ar", "عنوان", "", ""}, true, 2},
		{StoryText{"en", "Own again", "", ""}, false, 2},
		{StoryText{"tlh", "x", "", ""}, false, 2},
		{StoryText{"es", "", "Sin titular", ""}, false, 2},
		{StoryText{"fr", "", "", ""}, true, 1},
	} {
		if err := put(tt.text); (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("Edit(%+v) = %v", tt.text, err)
		}
		if len(s.Texts) != tt.want {
			t.Errorf("after %+v there are %d texts, want %d", tt.text, len(s.Texts), tt.want)
		}
	}
	if got := s.In("ar").Headline; got != "عنوان" {
		t.Errorf("In(ar) = %q", got)
	}
}

func TestFurtherReadingAndQuotes(t *testing.T) {
	t.Parallel()
	many := make([]Quote, 6)
	for name, w := range map[string]Writing{
		"script":   {Further: &[]Reference{{Title: "x", URL: "javascript:alert(1)"}}},
		"no title": {Further: &[]Reference{{URL: "https://a.example/"}}},
		"many":     {Quotes: &many},
	} {
		s := Story{State: StoryQueued, Headline: "Own"}
		if err := s.Edit(Approval{Writing: w}, "anna", noon); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: Edit = %v, want invalid", name, err)
		}
	}
}

func TestContacts(t *testing.T) {
	t.Parallel()
	s := Story{Language: "en", Headline: "Write to press@who.example", Summary: "or call +41 22 791 2111 by 2026-11-21, A/HRC/53/65, 1 200 000 people", Texts: []StoryText{{Commentary: "(020) 555 1234"}}}
	if diff := cmp.Diff([]string{"(020) 555 1234", "+41 22 791 2111", "press@who.example"}, s.Contacts()); diff != "" {
		t.Errorf("Contacts (-want +got):\n%s", diff)
	}
}

func TestQuoteFound(t *testing.T) {
	t.Parallel()
	const text = "The judge said: “The detentions are a clear violation\u00a0of the Right to Health, and of   the Conventions.” He left."
	for q, want := range map[string]bool{
		`The detentions are a clear violation of the Right to Health`:  true,
		`"The detentions are […] a violation"`:                         false,
		`The detentions are […] violation of the Right … Conventions.`: true,
		`violation of the Right … The detentions`:                      false,
		`The detentions were a clear violation`:                        false,
	} {
		if got := (Quote{Text: q}).Found(text); got != want {
			t.Errorf("Found(%q) = %v, want %v", q, got, want)
		}
	}
}

func TestEmbargoAndNotes(t *testing.T) {
	t.Parallel()
	s := Story{State: StoryApproved, Issue: 3}
	if err := s.HoldUntil(noon.Add(time.Hour), noon); !errors.Is(err, ErrConflict) {
		t.Errorf("an embargo on a story in an issue = %v, want a conflict", err)
	}
	if err := s.HoldUntil(time.Time{}, noon); err != nil {
		t.Errorf("lifting one = %v", err)
	}
	if s.Embargo = noon.Add(time.Hour); s.Public(true, noon) || !s.Public(true, noon.Add(time.Hour)) || s.Public(false, noon.Add(time.Hour)) {
		t.Error("an embargoed story is public from its time on, with its issue")
	}
	for text, ok := range map[string]bool{"Hello": true, "  ": false, strings.Repeat("x", MaxNote+1): false} {
		if _, err := NewNote(1, 0, "anna", text, noon); (err == nil) != ok {
			t.Errorf("NewNote of %d bytes = %v", len(text), err)
		}
	}
}

// TestCountriesOfAStory: a curator names them by code, in capitals or not, each
// once; what is no country is told.
func TestCountriesOfAStory(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		given, want []string
		bad         bool
	}{
		{given: []string{"by", "UA", "BY"}, want: []string{"BY", "UA"}},
		{given: []string{"PS", "XK", "TW", "EH", "HK"}, want: []string{"PS", "XK", "TW", "EH", "HK"}},
		{given: nil, want: nil},
		{given: []string{"Belarus"}, bad: true},
		{given: []string{"001"}, bad: true},
		{given: []string{"uk"}, want: []string{"GB"}},
		{given: []string{"ZZ"}, bad: true},
	} {
		s := Story{State: StoryQueued, Language: "en", Headline: "Prisoners freed"}
		err := s.Edit(Approval{Writing: Writing{Countries: &tt.given}}, "cara", time.Now())
		if errors.Is(err, ErrInvalid) != tt.bad || !tt.bad && !slices.Equal(s.Countries, tt.want) {
			t.Errorf("%q gives %q, %v", tt.given, s.Countries, err)
		}
	}
}
