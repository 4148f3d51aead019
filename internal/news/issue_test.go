package news_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

var noon = time.Date(2026, 11, 16, 12, 0, 0, 0, time.UTC)

func draft(stories ...news.StoryID) news.Issue {
	return news.Issue{ID: 1, State: news.IssueDraft, Title: "Week 47", Revision: 3, EditedBy: "ada",
		Sections: []news.Section{{Stories: stories}}}
}

func TestApprovalNeedsASecondPerson(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		editor   string
		curators []string
		who      string
		solo     bool
		want     error
		wantSolo bool
	}{
		{name: "another person", editor: "ada", who: "ben"},
		{name: "the editor", editor: "ada", who: "ada", want: news.ErrRefused},
		{name: "the editor, solo", editor: "ada", who: "ada", solo: true, wantSolo: true},
		{name: "solo, but two people anyway", editor: "ada", who: "ben", solo: true},
		{name: "clock's draft, only curator", curators: []string{"ada"}, who: "ada", want: news.ErrRefused},
		{name: "clock's draft, another curator", curators: []string{"ada", "ben"}, who: "ada"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := draft(1)
			i.EditedBy, i.Curators = tt.editor, tt.curators
			err := i.Approve(tt.who, 3, tt.solo, noon)
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Fatalf("Approve(%q) = %v, want %v", tt.who, err, tt.want)
			}
			if err == nil && (i.State != news.IssueApproved || i.ApprovedBy != tt.who || i.Solo != tt.wantSolo) {
				t.Errorf("after Approve: %+v", i)
			}
		})
	}
}

func TestApproveChecksWhatWasRead(t *testing.T) {
	t.Parallel()
	i := draft(1)
	if err := i.Approve("ben", 2, false, noon); !errors.Is(err, news.ErrConflict) {
		t.Errorf("approving an older revision: %v, want ErrConflict", err)
	}
	empty := draft()
	if err := empty.Approve("ben", 3, false, noon); !errors.Is(err, news.ErrConflict) {
		t.Errorf("approving an empty issue: %v, want ErrConflict", err)
	}
}

func TestAnyEditVoidsTheApproval(t *testing.T) {
	t.Parallel()
	title := "New title"
	edits := map[string]func(*news.Issue) error{
		"arrange": func(i *news.Issue) error { return i.Arrange(news.Arrangement{Title: &title}, i.Revision, "cem") },
		"take":    func(i *news.Issue) error { return i.Take([]news.StoryID{9}, "") },
		"drop":    func(i *news.Issue) error { return i.Drop(1, "cem") },
	}
	for name, edit := range edits {
		t.Run(name, func(t *testing.T) {
			i := draft(1, 2)
			if err := i.Approve("ben", 3, false, noon); err != nil {
				t.Fatal(err)
			}
			if err := edit(&i); err != nil {
				t.Fatal(err)
			}
			if i.State != news.IssueDraft || i.ApprovedBy != "" || i.Revision != 4 {
				t.Errorf("after %s: state %s, approved by %q, revision %d", name, i.State, i.ApprovedBy, i.Revision)
			}
			if err := i.Freeze(noon); !errors.Is(err, news.ErrRefused) {
				t.Errorf("Freeze without approval: %v, want ErrRefused", err)
			}
		})
	}
}

func TestTakingNothingNewKeepsTheApproval(t *testing.T) {
	t.Parallel()
	i := draft(1, 2)
	if err := i.Approve("ben", 3, false, noon); err != nil {
		t.Fatal(err)
	}
	if err := i.Take([]news.StoryID{2, 1}, ""); err != nil {
		t.Fatal(err)
	}
	if i.State != news.IssueApproved || !slices.Equal(i.Stories(), []news.StoryID{1, 2}) {
		t.Errorf("state %s, stories %v", i.State, i.Stories())
	}
}

func TestArrangeRefusesWhatWouldLoseWork(t *testing.T) {
	t.Parallel()
	title, none := "T", ""
	twice := []news.Section{{Stories: []news.StoryID{1}}, {Stories: []news.StoryID{1}}}
	tests := []struct {
		name  string
		state news.IssueState
		a     news.Arrangement
		seen  int64
		want  error
	}{
		{"another's revision", news.IssueDraft, news.Arrangement{Title: &title}, 2, news.ErrConflict},
		{"frozen", news.IssueSending, news.Arrangement{Title: &title}, 3, news.ErrConflict},
		{"no title", news.IssueDraft, news.Arrangement{Title: &none}, 3, news.ErrInvalid},
		{"a story twice", news.IssueDraft, news.Arrangement{Sections: &twice}, 3, news.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := draft(1)
			i.State = tt.state
			if err := i.Arrange(tt.a, tt.seen, "cem"); !errors.Is(err, tt.want) {
				t.Errorf("Arrange = %v, want %v", err, tt.want)
			}
			if i.Title != "Week 47" || i.Revision != 3 {
				t.Errorf("a refused edit changed the issue: %+v", i)
			}
		})
	}
}

func TestTheLifeOfAnIssue(t *testing.T) {
	t.Parallel()
	i := draft(1)
	steps := []struct {
		name string
		do   func() error
		want news.IssueState
	}{
		{"approve", func() error { return i.Approve("ben", 3, false, noon) }, news.IssueApproved},
		{"freeze", func() error { return i.Freeze(noon) }, news.IssueSending},
		{"hold", func() error { return i.Hold("refused by everyone") }, news.IssueHeld},
		{"resume", i.Resume, news.IssueSending},
		{"finish", func() error { return i.Finish(0, noon) }, news.IssueFinished},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		if i.State != s.want {
			t.Fatalf("after %s: %s, want %s", s.name, i.State, s.want)
		}
	}
	if err := i.Cancel(); !errors.Is(err, news.ErrConflict) {
		t.Errorf("Cancel of a finished issue: %v, want ErrConflict", err)
	}
}

func TestAnIssueIsNotFinishedWhileACopyWaits(t *testing.T) {
	t.Parallel()
	i := news.Issue{State: news.IssueSending}
	if err := i.Finish(1, noon); !errors.Is(err, news.ErrConflict) {
		t.Errorf("Finish with one waiting: %v, want ErrConflict", err)
	}
}
