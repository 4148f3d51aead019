package store_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
)

// one is an edition of one text for everybody.
type one struct{}

func (one) Parts() []audience.Part {
	return []audience.Part{{Language: "en", Format: audience.FormatText, Name: "all", Body: []byte("Hello\r\n")}}
}

func (one) Variants() []audience.Variant {
	return []audience.Variant{{Language: "en", Format: audience.FormatText}}
}

func (one) Assign(r audience.Reader) (audience.Share, bool) {
	return audience.Share{MessageID: fmt.Sprintf("%x@weekly.example.org", r.Token)}, true
}

// frozen fills a store with an issue sent to two readers.
func frozen(t *testing.T, s *store.Store) {
	t.Helper()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	var readers []audience.Reader
	for n, address := range []string{"a@one.example", "b@two.example"} {
		a, err := audience.ParseAddress(address)
		if err != nil {
			t.Fatal(err)
		}
		readers = append(readers, audience.Reader{Token: audience.Token{byte(n)}, Address: a, State: audience.Active,
			Preferences: audience.Preferences{Language: "en", Format: audience.FormatText}})
	}
	if err := s.AddReaders(t.Context(), readers); err != nil {
		t.Fatal(err)
	}
	story := news.Story{State: news.StoryQueued, Language: "en", Headline: "A doctor is free", Created: now}
	if err := story.Approve(news.Approval{}, "anna", now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddStory(t.Context(), story, news.Decision{At: now, Who: "anna", What: "begin"}); err != nil {
		t.Fatal(err)
	}
	i, err := s.EnsureIssue(t.Context(), now, now.Add(time.Second), "2026-47", func(n, _ int, free []news.Story) (*news.Issue, error) {
		i := &news.Issue{Slot: now, Name: "2026-47", Number: n, Title: "Digest", Language: "en", State: news.IssueDraft, Created: now}
		if err := i.Take([]news.StoryID{free[0].ID}, "anna"); err != nil {
			return nil, err
		}
		return i, i.Approve("bert", i.Revision, false, now)
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.FreezeIssue(t.Context(), i.ID, func(i *news.Issue, _ []news.Story) (audience.Edition, error) {
		return one{}, i.Freeze(now)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestVerifyFindsWhatOthersChanged changes rows behind the program's back.
func TestVerifyFindsWhatOthersChanged(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, change, want string }{
		{"nothing", ``, ""},
		{"a frozen text", `UPDATE issue_parts SET body = x'48616c6c6f'`, "was changed"},
		{"a frozen text's name", `UPDATE issue_parts SET name = 'other'`, "was changed"},
		{"the frozen text is gone", `DELETE FROM issue_parts`, "0 pieces"},
		{"a copy is gone", `DELETE FROM copies WHERE reader = 1`, "add up"},
		{"a state nobody knows", `UPDATE copies SET state = 'lost'`, "does not exist"},
		{"waiting without a time", `UPDATE copies SET next_try = 0`, "no time to be tried"},
		{"attempted by nobody", `UPDATE copies SET state = 'attempting', fence = 77`, "by nobody"},
		{"a mail that is not there", `UPDATE copies SET variant = 5`, "not frozen"},
		{"one Message-ID for two", `UPDATE copies SET message_id = 'x@weekly.example.org'`, "Message-ID"},
		{"a story in two places", `UPDATE stories SET issue = 0`, "says otherwise"},
		{"a story in no issue there is", `UPDATE stories SET issue = 9`, "does not exist"},
		{"the audit", `UPDATE audit SET who = 'nobody'`, "audit log was changed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := openAt(t, dir)
			frozen(t, s)
			change(t, dir, `INSERT INTO audit (at, who, what, subject, detail, hash) VALUES (1, 'a', 'b', 'c', 'd', x'00')`, tt.name == "the audit")
			change(t, dir, tt.change, tt.change != "")
			r, err := keep.Verify(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, p := range r.Problems {
				all = append(all, p.Where+": "+p.What)
			}
			if got := strings.Join(all, "\n"); r.OK() != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("found:\n%s\nwant %q", got, tt.want)
			}
		})
	}
}

// change runs a statement as another program would.
func change(t *testing.T, dir, statement string, do bool) {
	t.Helper()
	if !do {
		return
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, store.File))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}
