package keep_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// books is a store with one issue.
type books struct {
	issue  news.Issue
	counts news.Counts
	found  []news.Finding
}

func (b books) Issues(context.Context, int) ([]news.Issue, error) { return []news.Issue{b.issue}, nil }

func (b books) Counts(context.Context, news.IssueID) (news.Counts, error) { return b.counts, nil }

func (b books) CheckIssue(context.Context, news.Issue) ([]news.Finding, error) { return b.found, nil }

func (b books) CheckHouse(context.Context) ([]news.Finding, error) { return nil, nil }

func (b books) Digest(context.Context) (string, error) { return "d", nil }

func TestVerify(t *testing.T) {
	t.Parallel()
	changed := news.Finding{What: "a text was changed", Where: "issue 7", Do: "restore it"}
	tests := []struct {
		name  string
		state news.IssueState
		books books
		want  []string // where
	}{
		{"all is well", news.IssueSending, books{counts: news.Counts{Intended: 3, Waiting: 1, Sent: 2}}, nil},
		{"somebody is lost", news.IssueSending, books{counts: news.Counts{Intended: 3, Sent: 2}}, []string{"issue 7"}},
		{"finished too early", news.IssueFinished, books{counts: news.Counts{Intended: 3, Waiting: 1, Sent: 2}}, []string{"issue 7"}},
		{"what the store found", news.IssueFinished, books{counts: news.Counts{Intended: 2, Sent: 2}, found: []news.Finding{changed}}, []string{"issue 7"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.books.issue = news.Issue{ID: 7, State: tt.state}
			r, err := keep.Verify(t.Context(), tt.books)
			if err != nil {
				t.Fatal(err)
			}
			var where []string
			for _, p := range r.Problems {
				where = append(where, p.Where)
			}
			if diff := cmp.Diff(tt.want, where); diff != "" || r.OK() != (len(tt.want) == 0) {
				t.Errorf("OK %v, problems at (-want +got):\n%s", r.OK(), diff)
			}
		})
	}
}
