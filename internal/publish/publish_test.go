package publish_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/publish"
	"github.com/ifhhro/rightsdesk/internal/store"
)

// plain composes an issue as its headlines.
type plain struct{}

func (plain) Render(i news.Issue, stories []news.Story) ([]audience.Part, error) {
	var b strings.Builder
	for _, s := range stories {
		fmt.Fprintf(&b, "%d %s\r\n", s.ID, s.Headline)
	}
	return []audience.Part{{Language: "en", Format: audience.FormatText, Name: "all", Body: []byte(b.String())}}, nil
}

func (plain) Mail(parts []audience.Part, v audience.Variant, c audience.Copy, _ time.Time) (publish.Mail, error) {
	return publish.Mail{Subject: fmt.Sprint(v.Stories), Text: string(parts[0].Body), Raw: []byte("Message-ID: <" + c.MessageID + ">\r\n\r\n")}, nil
}

// sealer takes every key but a broken one.
func sealer(parts []audience.Part, _ time.Time) (publish.Sealer, error) {
	return func(_ audience.Variant, c audience.Copy, key audience.PublicKey) ([]byte, error) {
		if string(key) == "broken" {
			return nil, errors.New("key: expired")
		}
		return append([]byte("to "+c.Address.Reveal()+", sealed: "), parts[0].Body...), nil
	}, nil
}

// A house is a desk whose clock the test moves.
type house struct {
	first error // what keeps the first issue back
	t     *testing.T
	now   time.Time
	store *store.Store
	*publish.Publish
	skew  time.Duration // real time that passed beyond what the clock shows
	woken int
}

// monday is the slot of the tests: Monday at seven in Amsterdam.
var monday = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

const lead = 12 * time.Hour

func newHouse(t *testing.T, solo bool) *house {
	t.Helper()
	t.Parallel()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	slots, err := publish.ParseSlots("0 7 * * 1", zone)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, now: monday.Add(-3 * 24 * time.Hour), store: s}
	h.Publish = publish.New(s, plain{}, publish.Options{Slots: slots, Lead: lead, Title: "Digest", Language: "en", Solo: solo,
		Domain: "weekly.example.org", Key: []byte("key"), Sealer: sealer, First: func(context.Context) error { return h.first },
		Built: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Elapsed: func() time.Duration { return h.now.Sub(monday) + h.skew }}, func(string) { h.woken++ }, func() time.Time { return h.now }, slog.New(slog.DiscardHandler))
	return h
}

// approve makes a story and approves it now.
func (h *house) approve(headline, who string, topics ...news.Slug) news.StoryID {
	h.t.Helper()
	story := news.Story{State: news.StoryQueued, Language: "en", Headline: headline, Created: h.now}
	if err := story.Approve(news.Approval{Topics: &topics}, who, h.now); err != nil {
		h.t.Fatal(err)
	}
	id, err := h.store.AddStory(h.t.Context(), story, news.Decision{At: h.now, Who: who, What: "begin"})
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func (h *house) reader(address string, topics ...news.Slug) {
	h.t.Helper()
	a, err := audience.ParseAddress(address)
	if err != nil {
		h.t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(address))
	err = h.store.AddReaders(h.t.Context(), []audience.Reader{{Token: audience.Token(sum[:audience.TokenBytes]), Address: a, State: audience.Active,
		Preferences: audience.Preferences{Language: "en", Topics: topics, Format: audience.FormatText}}})
	if err != nil {
		h.t.Fatal(err)
	}
}

// tick moves the clock and lets it look.
func (h *house) tick(to time.Time) {
	h.t.Helper()
	h.now = to
	if err := h.EnsureDrafts(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// all are the issues, the latest slot first.
func (h *house) all() []news.Issue {
	h.t.Helper()
	issues, err := h.Issues(h.t.Context(), 100)
	if err != nil {
		h.t.Fatal(err)
	}
	return issues
}

// only is the one issue there must be.
func (h *house) only() news.Issue {
	h.t.Helper()
	issues := h.all()
	if len(issues) != 1 {
		h.t.Fatalf("%d issues, want 1: %+v", len(issues), issues)
	}
	return issues[0]
}

func (h *house) pass(i news.Issue, who string) {
	h.t.Helper()
	if _, err := h.Approve(h.t.Context(), i.ID, i.Revision, who); err != nil {
		h.t.Fatal(err)
	}
}

func TestTheClockDraftsAtTheCutAndFreezesAtTheSlot(t *testing.T) {
	h := newHouse(t, false)
	h.reader("a@example.org")
	h.tick(monday.Add(-lead)) // nothing approved: no issue
	if n := len(h.all()); n != 0 {
		t.Fatalf("%d issues without a story, want none", n)
	}
	h.now = monday.Add(-lead - time.Minute)
	h.approve("In time", "anna")
	h.tick(monday.Add(-lead - time.Second))
	if n := len(h.all()); n != 0 {
		t.Fatalf("%d issues before the cut, want none", n)
	}
	h.tick(monday.Add(-lead))
	i := h.only()
	if i.Name != "2026-48" || i.Title != "Digest 1" || !i.Slot.Equal(monday) || len(i.Stories()) != 1 {
		t.Errorf("drafted %+v", i)
	}
	h.tick(monday) // not approved: waits
	if i := h.only(); i.State != news.IssueDraft {
		t.Errorf("an unapproved issue is %s at its slot, want draft", i.State)
	}
	h.pass(i, "bert")
	h.tick(monday.Add(time.Minute))
	if i := h.only(); i.State != news.IssueSending || i.Intended != 1 || h.woken != 1 {
		t.Errorf("issue is %s with %d copies, %d wakes; want sending, 1, 1", i.State, i.Intended, h.woken)
	}
}

func TestNoTickChangesWhatIsThere(t *testing.T) {
	h := newHouse(t, false)
	h.approve("One", "anna")
	h.tick(monday.Add(-lead))
	before := h.only()
	for range 3 {
		h.tick(h.now.Add(time.Minute))
	}
	if diff := cmp.Diff(before, h.only()); diff != "" {
		t.Errorf("the clock looked again and changed the issue (-before +after):\n%s", diff)
	}
}

func TestAfterDowntimeOneIssueIsMadeUp(t *testing.T) {
	tests := []struct {
		name string
		wake time.Time
		want []string // names
	}{
		{"an hour late", monday.Add(time.Hour), []string{"2026-48"}},
		{"two days late", monday.Add(48 * time.Hour), nil},
		{"five weeks and an hour", monday.AddDate(0, 0, 35).Add(time.Hour), []string{"2026-53"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, false)
			h.approve("Long ago", "anna")
			h.tick(tt.wake)
			h.tick(tt.wake.Add(time.Minute))
			var got []string
			for _, i := range h.all() {
				got = append(got, i.Name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("issues (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnApprovedIssueMissedForTwoDaysWaitsForAPerson(t *testing.T) {
	h := newHouse(t, false)
	h.reader("a@example.org")
	h.approve("One", "anna")
	h.tick(monday.Add(-lead))
	h.pass(h.only(), "bert")
	h.tick(monday.Add(48 * time.Hour))
	i := h.only()
	if i.State != news.IssueApproved || i.HeldWhy == "" {
		t.Errorf("the issue is %s, held because %q; want approved and a reason", i.State, i.HeldWhy)
	}
	if i, err := h.Send(t.Context(), i.ID, "bert"); err != nil || i.State != news.IssueSending {
		t.Errorf("Send = %s, %v; want sending", i.State, err)
	}
}

func TestDraftTakesWhatWasApprovedSince(t *testing.T) {
	h := newHouse(t, false)
	if _, err := h.Draft(t.Context(), "anna"); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("draft of nothing: %v, want ErrNotFound", err)
	}
	first := h.approve("First", "anna")
	i, err := h.Draft(t.Context(), "anna")
	if err != nil || !i.Slot.Equal(monday) {
		t.Fatalf("Draft = %v, %v", i, err)
	}
	if _, err := h.Drop(t.Context(), i.ID, first, "anna"); err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(time.Hour)
	second := h.approve("Second", "carl")
	i, err = h.Draft(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]news.StoryID{second}, i.Stories()); diff != "" {
		t.Errorf("a story that was dropped came back (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"anna", "carl"}, i.Curators); diff != "" {
		t.Errorf("curators (-want +got):\n%s", diff)
	}
}

func TestTheNextDraftDoesNotRepeat(t *testing.T) {
	h := newHouse(t, true)
	h.reader("a@example.org")
	h.approve("First", "anna")
	i, err := h.Draft(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	h.pass(i, "anna")
	if _, err := h.Send(t.Context(), i.ID, "anna"); err != nil {
		t.Fatal(err)
	}
	second := h.approve("Second", "anna")
	next, err := h.Draft(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	if next.ID == i.ID || !next.Slot.Equal(monday.AddDate(0, 0, 7)) {
		t.Errorf("next draft is issue %d of %s, want another, a week on", next.ID, next.Slot)
	}
	if diff := cmp.Diff([]news.StoryID{second}, next.Stories()); diff != "" {
		t.Errorf("stories (-want +got):\n%s", diff)
	}
}

func TestAnIssueThatWaitsIsTheDraftUntilItIsTwoDaysOld(t *testing.T) {
	h := newHouse(t, false)
	h.approve("One", "anna")
	h.tick(monday.Add(-lead))
	i := h.only()
	h.now = monday.Add(47 * time.Hour)
	h.approve("Two", "anna")
	if got, err := h.Draft(t.Context(), "bert"); err != nil || got.ID != i.ID || len(got.Stories()) != 2 {
		t.Errorf("Draft = issue %d with %d stories, %v; want issue %d with 2", got.ID, len(got.Stories()), err, i.ID)
	}
	h.now = monday.Add(49 * time.Hour)
	h.approve("Three", "anna")
	if got, err := h.Draft(t.Context(), "bert"); err != nil || got.ID == i.ID {
		t.Errorf("Draft = issue %d, %v; want the next", got.ID, err)
	}
}

func TestTwoPeople(t *testing.T) {
	h := newHouse(t, false)
	h.approve("One", "anna")
	i, err := h.Draft(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Send(t.Context(), i.ID, "anna"); !errors.Is(err, news.ErrRefused) {
		t.Errorf("send a draft: %v, want ErrRefused", err)
	}
	if _, err := h.Approve(t.Context(), i.ID, i.Revision, "anna"); !errors.Is(err, news.ErrRefused) {
		t.Errorf("approve one's own: %v, want ErrRefused", err)
	}
	h.pass(i, "bert")
	title := "Another title"
	if i, err = h.Arrange(t.Context(), i.ID, news.Arrangement{Title: &title}, i.Revision, "bert"); err != nil || i.State != news.IssueDraft {
		t.Errorf("an edit left the issue %s, %v; want draft", i.State, err)
	}
}

func TestTheClockLeavesAnApprovedIssueAsItIs(t *testing.T) {
	h := newHouse(t, false)
	h.approve("One", "anna")
	i, err := h.Draft(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	h.pass(i, "bert")
	h.now = h.now.Add(time.Hour)
	late := h.approve("Late", "anna")
	h.tick(monday.Add(-lead))
	if i := h.only(); i.State != news.IssueApproved || len(i.Stories()) != 1 {
		t.Errorf("the issue is %s with %d stories, want approved with 1", i.State, len(i.Stories()))
	}
	h.tick(monday.AddDate(0, 0, 7).Add(-lead))
	if next := h.all()[0]; len(next.Stories()) != 1 || next.Stories()[0] != late {
		t.Errorf("the next issue holds %v, want %d: nothing falls between", next.Stories(), late)
	}
}

func TestEachReaderGetsTheirStories(t *testing.T) {
	h := newHouse(t, true)
	h.reader("all@example.org")
	h.reader("torture@example.org", "torture")
	h.reader("children@example.org", "children", "torture")
	h.reader("nothing@example.org", "sdgs")
	torture := h.approve("Torture", "anna", "torture")
	child := h.approve("Children", "anna", "children")
	i, err := h.Draft(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	h.pass(i, "anna")
	if i, err = h.Send(t.Context(), i.ID, "anna"); err != nil || i.Intended != 3 {
		t.Fatalf("Send = %d copies, %v; want 3", i.Intended, err)
	}
	variants, err := h.store.Variants(t.Context(), i.ID)
	want := []audience.Variant{
		{Language: "en", Format: audience.FormatText, Stories: []news.StoryID{torture, child}},
		{Language: "en", Format: audience.FormatText, Stories: []news.StoryID{torture}},
	}
	if diff := cmp.Diff(want, variants); err != nil || diff != "" {
		t.Errorf("variants: %v (-want +got):\n%s", err, diff)
	}
	m, err := h.Preview(t.Context(), i.ID, publish.Choice{Language: "en", Format: "text", Topics: []news.Slug{"torture"}})
	if err != nil || m.Subject != fmt.Sprint([]news.StoryID{torture}) {
		t.Errorf("Preview = %q, %v", m.Subject, err)
	}
	if _, err := h.Preview(t.Context(), i.ID, publish.Choice{Language: "en", Format: "text", Topics: []news.Slug{"sdgs"}}); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("preview of nothing: %v, want ErrNotFound", err)
	}
	if _, _, err := h.Archived(t.Context(), i.Name); err != nil {
		t.Errorf("Archived: %v", err)
	}
}

func TestWhatIsNotFrozenIsNotInTheArchive(t *testing.T) {
	h := newHouse(t, true)
	h.approve("One", "anna")
	i, err := h.Draft(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Archived(t.Context(), i.Name); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("Archived(draft) = %v, want ErrNotFound", err)
	}
	if _, err := h.Cancel(t.Context(), i.ID, "ben"); err != nil {
		t.Fatal(err)
	}
	again, err := h.Draft(t.Context(), "anna")
	if err != nil || again.ID == i.ID || len(again.Stories()) != 1 {
		t.Errorf("after a cancel, Draft = issue %d with %d stories, %v", again.ID, len(again.Stories()), err)
	}
}

func TestHoldResumeWithdraw(t *testing.T) {
	h := newHouse(t, true)
	h.reader("a@example.org")
	h.approve("One", "anna")
	i, err := h.Draft(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	h.pass(i, "anna")
	ctx := t.Context()
	must := func(what string, f func(context.Context) (news.Issue, error), want news.IssueState) {
		t.Helper()
		got, err := f(ctx)
		if err != nil || got.State != want {
			t.Fatalf("%s: %s, %v; want %s", what, got.State, err, want)
		}
	}
	must("send", func(ctx context.Context) (news.Issue, error) { return h.Send(ctx, i.ID, "anna") }, news.IssueSending)
	must("hold", func(ctx context.Context) (news.Issue, error) { return h.Hold(ctx, i.ID, "a mistake", "anna") }, news.IssueHeld)
	must("resume", func(ctx context.Context) (news.Issue, error) { return h.Resume(ctx, i.ID, "ben") }, news.IssueSending)
	must("withdraw", func(ctx context.Context) (news.Issue, error) { return h.Withdraw(ctx, i.ID, "ben") }, news.IssueSending)
	if _, counts, err := h.Status(ctx, i.ID); err != nil || counts != (news.Counts{Intended: 1, Withdrawn: 1}) {
		t.Errorf("Status = %+v, %v", counts, err)
	}
}
