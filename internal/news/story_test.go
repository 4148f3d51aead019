package news_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/news"
)

func queued() news.Story {
	return news.Story{ID: 7, State: news.StoryQueued, Revision: 1, Language: "en", Headline: "Doctors on trial"}
}

func ptr[T any](v T) *T { return &v }

func TestApproveKeepsWhatIsNotGiven(t *testing.T) {
	t.Parallel()
	s := queued()
	s.Topics = []news.Slug{"torture"}
	if err := s.Approve(news.Approval{Commentary: ptr(" We are concerned. ")}, "ada", noon); err != nil {
		t.Fatal(err)
	}
	if s.State != news.StoryApproved || s.Headline != "Doctors on trial" || s.Commentary != "We are concerned." || s.By != "ada" || len(s.Topics) != 1 {
		t.Errorf("after Approve: %+v", s)
	}
	if got, want := s.Name(), "2026-11-16-doctors-on-trial"; got != want {
		t.Errorf("Name() = %q, want %q", got, want)
	}
}

func TestAStoryKeepsItsNameForEver(t *testing.T) {
	t.Parallel()
	s := queued()
	must(t, s.Approve(news.Approval{}, "ada", noon))
	name := s.Name()
	must(t, s.Requeue("ada", noon))
	must(t, s.Approve(news.Approval{Headline: ptr("Another headline")}, "ben", noon.AddDate(0, 0, 3)))
	if s.Name() != name {
		t.Errorf("name changed from %q to %q", name, s.Name())
	}
}

func TestMovesThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		from news.StoryState
		in   news.IssueID
		do   func(*news.Story) error
		want error
	}{
		{"approve an approved story", news.StoryApproved, 0, func(s *news.Story) error { return s.Approve(news.Approval{}, "a", noon) }, news.ErrConflict},
		{"approve a withdrawn story", news.StoryWithdrawn, 0, func(s *news.Story) error { return s.Approve(news.Approval{}, "a", noon) }, news.ErrConflict},
		{"reject without a reason", news.StoryQueued, 0, func(s *news.Story) error { return s.Reject("  ", "a", noon) }, news.ErrInvalid},
		{"reject what an issue holds", news.StoryApproved, 4, func(s *news.Story) error { return s.Reject("no", "a", noon) }, news.ErrConflict},
		{"requeue what is queued", news.StoryQueued, 0, func(s *news.Story) error { return s.Requeue("a", noon) }, news.ErrConflict},
		{"edit a withdrawn story", news.StoryWithdrawn, 0, func(s *news.Story) error { return s.Edit(news.Approval{Headline: ptr("x")}, "a", noon) }, news.ErrConflict},
		{"an empty headline", news.StoryQueued, 0, func(s *news.Story) error { return s.Approve(news.Approval{Headline: ptr(" ")}, "a", noon) }, news.ErrInvalid},
		{"an endless headline", news.StoryQueued, 0, func(s *news.Story) error {
			return s.Approve(news.Approval{Headline: ptr(strings.Repeat("é", 301))}, "a", noon)
		}, news.ErrInvalid},
		{"an unknown topic", news.StoryQueued, 0, func(s *news.Story) error {
			return s.Approve(news.Approval{Topics: &[]news.Slug{"football"}}, "a", noon)
		}, news.ErrInvalid},
		{"a topic twice", news.StoryQueued, 0, func(s *news.Story) error {
			return s.Approve(news.Approval{Topics: &[]news.Slug{"torture", "torture"}}, "a", noon)
		}, news.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := queued()
			s.State, s.Issue = tt.from, tt.in
			err := tt.do(&s)
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if s.State != tt.from || s.Revision != 1 {
				t.Errorf("a refused move changed the story: %s, revision %d", s.State, s.Revision)
			}
		})
	}
}

func TestWhoGetsAStory(t *testing.T) {
	t.Parallel()
	torture, hiv := []news.Slug{"torture"}, []news.Slug{"hiv-aids"}
	tests := []struct {
		name   string
		story  news.Story
		chosen []news.Slug
		want   bool
	}{
		{"chosen topic", news.Story{Topics: torture}, torture, true},
		{"another topic", news.Story{Topics: torture}, hiv, false},
		{"no topic chosen is all", news.Story{Topics: torture}, nil, true},
		{"a story without topics is for everyone", news.Story{}, hiv, true},
		{"marked for all", news.Story{Topics: torture, ForAll: true}, hiv, true},
	}
	for _, tt := range tests {
		if got := tt.story.GoesTo(tt.chosen); got != tt.want {
			t.Errorf("%s: GoesTo(%v) = %v, want %v", tt.name, tt.chosen, got, tt.want)
		}
	}
}

func TestSlugify(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"plain", "Belarus: Physicians detained", "belarus-physicians-detained"},
		{"accents", "Grève à Genève", "greve-a-geneve"},
		{"apostrophe", "World’s doctors", "worlds-doctors"},
		{"arabic", "اعتقال طبيبة", "اعتقال-طبيبة"},
		{"nothing", "—!—", "story"},
		{"edges", " -A- ", "a"},
		{"long is cut at a word", strings.Repeat("word ", 30), strings.TrimSuffix(strings.Repeat("word-", 12), "-")},
	}
	for _, tt := range tests {
		if got := news.Slugify(tt.in); got != tt.want {
			t.Errorf("%s: Slugify(%q) = %q, want %q", tt.name, tt.in, got, tt.want)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
