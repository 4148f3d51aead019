// Package keep looks after the house's own health: whether the books are whole
// and balance, and that they survive the loss of the machine. What a row means
// and what may become of it is for the other services.
package keep

import (
	"context"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// Store is what keep asks the books.
type Store interface {
	// Issues reads up to limit issues, the latest slot first.
	Issues(ctx context.Context, limit int) ([]news.Issue, error)
	// Counts reads the books of an issue.
	Counts(ctx context.Context, id news.IssueID) (news.Counts, error)
	// CheckIssue looks at everything that hangs on one issue.
	CheckIssue(ctx context.Context, i news.Issue) ([]news.Finding, error)
	// CheckHouse looks at everything else.
	CheckHouse(ctx context.Context) ([]news.Finding, error)
	// Digest is a fingerprint of everything the database holds.
	Digest(ctx context.Context) (string, error)
}

// A Book is one issue as verify found it.
type Book struct {
	Issue    news.Issue
	Counts   news.Counts
	Balanced bool
}

// A Report is what verify found.
type Report struct {
	Books    []Book
	Problems []news.Finding
	Digest   string // of everything in the database; the same wherever the same books lie
}

// OK reports whether nothing is wrong.
func (r Report) OK() bool { return len(r.Problems) == 0 }

// mostIssues is more than a desk makes in a century.
const mostIssues = 10_000

// Verify checks the books of every issue, the rows that hang on it, the chains
// of the journal and the audit, and the database itself.
func Verify(ctx context.Context, s Store) (Report, error) {
	var r Report
	issues, err := s.Issues(ctx, mostIssues)
	if err != nil {
		return r, err
	}
	for _, i := range issues {
		counts, err := s.Counts(ctx, i.ID)
		if err != nil {
			return r, err
		}
		b := Book{i, counts, counts.Balanced()}
		r.Books = append(r.Books, b)
		r.Problems = append(r.Problems, b.problems()...)
		found, err := s.CheckIssue(ctx, i)
		if err != nil {
			return r, err
		}
		r.Problems = append(r.Problems, found...)
	}
	found, err := s.CheckHouse(ctx)
	r.Problems = append(r.Problems, found...)
	if err != nil {
		return r, err
	}
	r.Digest, err = s.Digest(ctx)
	return r, err
}

func (b Book) problems() []news.Finding {
	where := b.Issue.Where()
	var out []news.Finding
	if !b.Balanced {
		out = append(out, news.Finding{What: "the copies do not add up to what was intended", Where: where,
			Do: "somebody was lost or added: compare with the last backup before anything more is sent"})
	}
	if b.Issue.State == news.IssueFinished && b.Counts.Waiting > 0 {
		out = append(out, news.Finding{What: "the issue is finished and copies still wait", Where: where,
			Do: "the copies will not go out: look at them with issue status"})
	}
	return out
}
