package deliver_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/deliver"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/smtpout/smtptest"
	"github.com/ifhhro/rightsdesk/internal/store"
)

// body is the frozen text of the tests: what every copy says.
type body []byte

// Append makes a copy: a few headers of its own and the text.
func (b body) Append(dst []byte, _ audience.Variant, c audience.Copy) ([]byte, error) {
	dst = fmt.Appendf(dst, "From: <digest@weekly.example.org>\r\nTo: <%s>\r\nMessage-ID: <%s>\r\nSubject: Digest\r\n\r\n", c.Address.Reveal(), c.MessageID)
	return append(dst, b...), nil
}

// everybody is an edition that gives every reader the same mail.
type everybody struct{ text []byte }

func (e everybody) Parts() []audience.Part {
	return []audience.Part{{Language: "en", Format: audience.FormatText, Name: "all", Body: e.text}}
}

func (e everybody) Variants() []audience.Variant {
	return []audience.Variant{{Language: "en", Format: audience.FormatText}}
}

func (e everybody) Assign(r audience.Reader) (audience.Share, bool) {
	return audience.Share{MessageID: fmt.Sprintf("2026-47.%x@weekly.example.org", r.Token)}, true
}

func load(_ context.Context, _ news.Issue, parts []audience.Part) (deliver.Text, error) {
	return body(parts[0].Body), nil
}

func openStore(tb testing.TB, dir string) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func subscribe(tb testing.TB, s *store.Store, n int, address func(int) string) {
	tb.Helper()
	var readers []audience.Reader
	for i := range n {
		a, err := audience.ParseAddress(address(i))
		if err != nil {
			tb.Fatal(err)
		}
		sum := sha256.Sum256([]byte(a.Reveal()))
		readers = append(readers, audience.Reader{Token: audience.Token(sum[:audience.TokenBytes]), Address: a, State: audience.Active,
			Preferences: audience.Preferences{Language: "en", Format: audience.FormatText}, Updated: time.Now()})
	}
	if err := s.AddReaders(tb.Context(), readers); err != nil {
		tb.Fatal(err)
	}
}

// freeze makes an issue of one story and freezes it for everybody.
func freeze(tb testing.TB, s *store.Store, text []byte) news.Issue {
	tb.Helper()
	ctx, now := tb.Context(), time.Now()
	story := news.Story{State: news.StoryQueued, Language: "en", Headline: "A doctor is free", Created: now, Updated: now}
	if err := story.Approve(news.Approval{}, "anna", now); err != nil {
		tb.Fatal(err)
	}
	id, err := s.AddStory(ctx, story, news.Decision{At: now, Who: "anna", What: "begin"})
	if err != nil {
		tb.Fatal(err)
	}
	i, err := s.EnsureIssue(ctx, now, now, "2026-47", func(number, namesakes int, _ []news.Story) (*news.Issue, error) {
		i := &news.Issue{Slot: now, Name: fmt.Sprint("2026-47-", number), Number: number, Title: "Digest", Language: "en", State: news.IssueDraft, Created: now}
		if err := i.Take([]news.StoryID{id}, "anna"); err != nil {
			return nil, err
		}
		return i, i.Approve("bert", i.Revision, false, now)
	}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	i, err = s.FreezeIssue(ctx, i.ID, func(i *news.Issue, _ []news.Story) (audience.Edition, error) {
		return everybody{text}, i.Freeze(now)
	})
	if err != nil {
		tb.Fatal(err)
	}
	return i
}

func to(srv *smtptest.Server) *smtpout.Client {
	relay, err := smtpout.ParseRelay(srv.URL())
	if err != nil {
		panic(err)
	}
	return &smtpout.Client{Relays: []smtpout.Relay{relay}}
}

func sender(s deliver.Store, out deliver.Sender, change func(*deliver.Options), wake func(string)) *deliver.Deliver {
	return senderAt(s, out, time.Now, change, wake)
}

// senderAt is sender with a clock of its own.
func senderAt(s deliver.Store, out deliver.Sender, now func() time.Time, change func(*deliver.Options), wake func(string)) *deliver.Deliver {
	opt := deliver.Options{Load: load, Holder: "test", Connections: 4,
		Envelope: func(audience.Copy) string { return "bounces@weekly.example.org" }}
	if change != nil {
		change(&opt)
	}
	return deliver.New(s, out, opt, wake, now, slog.New(slog.DiscardHandler))
}

// asleep hears no wake.
func asleep(string) {}

func counts(tb testing.TB, s *store.Store, id news.IssueID) news.Counts {
	tb.Helper()
	c, err := s.Counts(context.WithoutCancel(tb.Context()), id)
	if err != nil {
		tb.Fatal(err)
	}
	if !c.Balanced() {
		tb.Errorf("the books do not balance: %+v", c)
	}
	return c
}

func TestEveryCopyGoesOnce(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	subscribe(t, s, 300, func(n int) string { return fmt.Sprintf("reader%d@example.org", n) })
	i := freeze(t, s, []byte("Hello\r\n"))
	srv := smtptest.New(t, nil)
	if err := sender(s, to(srv), nil, asleep).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := counts(t, s, i.ID), (news.Counts{Intended: 300, Sent: 300}); got != want {
		t.Errorf("books %+v, want %+v", got, want)
	}
	seen := map[string]int{}
	for _, m := range srv.Taken() {
		seen[m.To]++
	}
	if len(seen) != 300 || srv.Count() != 300 {
		t.Errorf("the server took %d mails for %d readers, want 300 for 300", srv.Count(), len(seen))
	}
	if c := srv.Complaints(); len(c) > 0 {
		t.Errorf("bad manners: %q", c)
	}
	if now, err := s.Issue(t.Context(), i.ID); err != nil || now.State != news.IssueFinished {
		t.Errorf("the issue is %s, %v; want finished", now.State, err)
	}
}
