package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
)

func publish(t *testing.T, open Opener) {
	t.Run("one issue a slot", func(t *testing.T) { oneIssueASlot(t, open(t)) })
	t.Run("windows are half open", func(t *testing.T) { halfOpen(t, open(t)) })
	t.Run("a story is in one issue", func(t *testing.T) { oneIssueAStory(t, open(t)) })
	t.Run("an edited story voids the approval", func(t *testing.T) { editVoids(t, open(t)) })
	t.Run("an issue's stories say who published them", func(t *testing.T) { credited(t, open(t)) })
	t.Run("names do not collide", func(t *testing.T) { namesakes(t, open(t)) })
	t.Run("freezing writes text, variants and copies", func(t *testing.T) { freeze(t, open(t)) })
	t.Run("what is encrypted at the freeze is what is taken", func(t *testing.T) { covers(t, open(t)) })
	t.Run("a freeze that fails leaves nothing", func(t *testing.T) { freezeFails(t, open(t)) })
}

var slot = noon.Add(24 * time.Hour)

// approved stores a story approved minutes after noon.
func approved(t *testing.T, s *store.Store, minute int, topics ...news.Slug) news.StoryID {
	t.Helper()
	return addStory(t, s, minute, func(st *news.Story) {
		when := noon.Add(time.Duration(minute) * time.Minute)
		if err := st.Approve(news.Approval{Topics: &topics}, "anna", when); err != nil {
			t.Fatal(err)
		}
	})
}

// ensure makes or feeds the issue of a slot as the clock would.
func ensure(t *testing.T, s *store.Store, slot, cut time.Time) (news.Issue, error) {
	t.Helper()
	take := func(i *news.Issue, free []news.Story) error {
		var ids []news.StoryID
		for _, story := range free {
			ids = append(ids, story.ID)
		}
		i.Cut = cut
		return i.Take(ids, "")
	}
	return s.EnsureIssue(t.Context(), slot, cut, "2026-47", func(number, namesakes int, free []news.Story) (*news.Issue, error) {
		if len(free) == 0 {
			return nil, nil
		}
		i := &news.Issue{Slot: slot, Name: fmt.Sprintf("2026-47-%d", namesakes), Number: number, Title: "Digest", Language: "en",
			State: news.IssueDraft, Created: noon}
		return i, take(i, free)
	}, take)
}

func mustEnsure(t *testing.T, s *store.Store, slot, cut time.Time) news.Issue {
	t.Helper()
	i, err := ensure(t, s, slot, cut)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func oneIssueASlot(t *testing.T, s *store.Store) {
	if _, err := ensure(t, s, slot, slot); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("an issue without a story: %v, want ErrNotFound", err)
	}
	approved(t, s, 1)
	first := mustEnsure(t, s, slot, slot)
	again := mustEnsure(t, s, slot, slot)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("asking again changed the issue (-first +again):\n%s", diff)
	}
	read, err := s.Issue(t.Context(), first.ID)
	if diff := cmp.Diff(first, read); err != nil || diff != "" {
		t.Errorf("Issue: %v (-made +read):\n%s", err, diff)
	}
	all, err := s.Issues(t.Context(), 10)
	if err != nil || len(all) != 1 {
		t.Errorf("%d issues, %v; want 1", len(all), err)
	}
}

func halfOpen(t *testing.T, s *store.Store) {
	cut := noon.Add(10 * time.Minute)
	before, on, after := approved(t, s, 9), approved(t, s, 10), approved(t, s, 11)
	i := mustEnsure(t, s, slot, cut)
	if diff := cmp.Diff([]news.StoryID{before}, i.Stories()); diff != "" {
		t.Errorf("first window (-want +got):\n%s", diff)
	}
	next := mustEnsure(t, s, slot.Add(7*24*time.Hour), cut.Add(time.Hour))
	if diff := cmp.Diff([]news.StoryID{on, after}, next.Stories()); diff != "" {
		t.Errorf("second window (-want +got):\n%s", diff)
	}
}

func oneIssueAStory(t *testing.T, s *store.Store) {
	mine, other := approved(t, s, 1), approved(t, s, 2)
	queued := addStory(t, s, 3, nil)
	first := mustEnsure(t, s, slot, noon.Add(2*time.Minute))
	second := mustEnsure(t, s, slot.Add(time.Hour), slot)
	put := func(ids ...news.StoryID) error {
		_, err := s.UpdateIssue(t.Context(), second.ID, func(i *news.Issue) error {
			return i.Arrange(news.Arrangement{Sections: &[]news.Section{{Stories: ids}}}, i.Revision, "anna")
		})
		return err
	}
	for _, id := range []news.StoryID{mine, queued} {
		if err := put(other, id); !errors.Is(err, news.ErrConflict) {
			t.Errorf("put story %d into a second issue: %v, want ErrConflict", id, err)
		}
	}
	if _, err := s.UpdateIssue(t.Context(), first.ID, func(i *news.Issue) error { return i.Cancel() }); err != nil {
		t.Fatal(err)
	}
	if err := put(mine, other); err != nil {
		t.Errorf("a cancelled issue did not free its story: %v", err)
	}
	stories, err := s.StoriesOf(t.Context(), second.ID)
	if err != nil || len(stories) != 2 || stories[0].ID != mine || stories[0].Issue != second.ID {
		t.Errorf("StoriesOf = %v, %v; want %d first", stories, err, mine)
	}
}

func editVoids(t *testing.T, s *store.Store) {
	story := approved(t, s, 1)
	i := mustEnsure(t, s, slot, slot)
	if _, err := s.UpdateIssue(t.Context(), i.ID, func(i *news.Issue) error { return i.Approve("bert", i.Revision, false, noon) }); err != nil {
		t.Fatal(err)
	}
	text := "Another headline"
	err := s.UpdateStory(t.Context(), story, news.Decision{At: noon, Who: "carl", What: "edit"}, func(st *news.Story) error {
		return st.Edit(news.Approval{Headline: &text}, "carl", noon)
	})
	if err != nil {
		t.Fatal(err)
	}
	now, err := s.Issue(t.Context(), i.ID)
	if err != nil || now.State != news.IssueDraft || now.EditedBy != "carl" {
		t.Errorf("after the edit the issue is %s by %q, %v; want a draft by carl", now.State, now.EditedBy, err)
	}
}

func credited(t *testing.T, s *store.Store) {
	sync1(t, s, aSource("a"))
	poll(t, s, "a", noon, []news.Item{anItem("k", "one")}, nil)
	items, err := s.Unplaced(t.Context(), 1)
	if err != nil || len(items) != 1 {
		t.Fatalf("%d unplaced, %v", len(items), err)
	}
	told := place(t, s, items[0].ID, aNewStory)
	err = s.UpdateStory(t.Context(), told, news.Decision{At: noon, Who: "anna", What: "approve"}, func(st *news.Story) error {
		return st.Approve(news.Approval{}, "anna", noon)
	})
	if err != nil {
		t.Fatal(err)
	}
	begun := approved(t, s, 1)
	stories, err := s.StoriesOf(t.Context(), mustEnsure(t, s, slot, slot).ID)
	if err != nil || len(stories) != 2 || stories[0].ID != told || stories[1].ID != begun {
		t.Fatalf("StoriesOf = %+v, %v", stories, err)
	}
	credits := []news.Credit{{Name: "The a", URL: "https://a.example/k", Language: "ar", Published: noon.Add(-time.Hour)}}
	also := []news.Alternate{{Language: "en", URL: "https://a.example/en"}}
	if diff := cmp.Diff(credits, stories[0].Credits) + cmp.Diff(also, stories[0].Also); diff != "" || stories[1].Credits != nil {
		t.Errorf("(-want +got):\n%s%+v", diff, stories[1].Credits)
	}
}

func namesakes(t *testing.T, s *store.Store) {
	for n := range 3 {
		approved(t, s, n)
		cut := noon.Add(time.Duration(n)*time.Minute + time.Second)
		i := mustEnsure(t, s, slot.Add(time.Duration(n)*time.Hour), cut)
		if want := fmt.Sprintf("2026-47-%d", n); i.Name != want || i.Number != n+1 {
			t.Errorf("issue %d is %s number %d, want %s number %d", i.ID, i.Name, i.Number, want, n+1)
		}
	}
	if i, err := s.IssueByName(t.Context(), "2026-47-1"); err != nil || i.Number != 2 {
		t.Errorf("IssueByName = number %d, %v; want 2", i.Number, err)
	}
}

// An edition that knows two topics: each reader of one gets the variant of it,
// everybody else nothing.
type edition struct{ used []audience.Variant }

func (e *edition) Parts() []audience.Part {
	return []audience.Part{{Language: "en", Format: audience.FormatText, Name: "top", Body: []byte("Hello\r\n")}}
}

func (e *edition) Variants() []audience.Variant { return e.used }

func (e *edition) Assign(r audience.Reader) (audience.Share, bool) {
	topics := []news.Slug{"torture", "children"}
	for n, topic := range topics {
		if len(r.Preferences.Topics) == 1 && r.Preferences.Topics[0] == topic {
			for len(e.used) <= n {
				e.used = append(e.used, audience.Variant{Language: "en", Format: audience.FormatText, Stories: []news.StoryID{news.StoryID(len(e.used) + 1)}})
			}
			share := audience.Share{Variant: n, MessageID: fmt.Sprintf("m%x@weekly.example.org", r.Token[:2]), Discreet: r.Preferences.Discreet}
			switch string(r.OpenPGP) {
			case "":
			case "expired":
				share.Cover = audience.CoverNotice
			case "unwanted":
				share.Excluded = "nobody may carry it"
			default:
				share.Cover, share.Sealed = audience.CoverSealed, append([]byte("sealed to "), r.OpenPGP...)
			}
			return share, true
		}
	}
	return audience.Share{}, false
}

// frozenIssue freezes an issue for readers that are there already.
func frozenIssue(t *testing.T, s *store.Store) news.Issue {
	t.Helper()
	approved(t, s, 1)
	i := mustEnsure(t, s, slot, slot)
	if _, err := s.UpdateIssue(t.Context(), i.ID, func(i *news.Issue) error { return i.Approve("bert", i.Revision, false, noon) }); err != nil {
		t.Fatal(err)
	}
	i, err := s.FreezeIssue(t.Context(), i.ID, func(i *news.Issue, _ []news.Story) (audience.Edition, error) {
		return &edition{}, i.Freeze(slot)
	})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func freeze(t *testing.T, s *store.Store) {
	addReader(t, s, "a@example.org", audience.Active, "torture")
	addReader(t, s, "b@example.net", audience.Active, "children")
	addReader(t, s, "c@example.org", audience.Active)             // nothing in it for them
	addReader(t, s, "d@example.org", audience.Left, "torture")    // not any more
	addReader(t, s, "e@example.org", audience.Pending, "torture") // not yet
	i := frozenIssue(t, s)
	if i.State != news.IssueSending || i.Intended != 2 {
		t.Errorf("frozen issue is %s with %d copies, want sending with 2", i.State, i.Intended)
	}
	want := news.Counts{Intended: 2, Waiting: 2}
	if got, err := s.Counts(t.Context(), i.ID); err != nil || got != want {
		t.Errorf("Counts = %+v, %v; want %+v", got, err, want)
	}
	variants, err := s.Variants(t.Context(), i.ID)
	if err != nil || len(variants) != 2 {
		t.Errorf("Variants = %v, %v; want 2", variants, err)
	}
	parts, err := s.Parts(t.Context(), i.ID)
	if diff := cmp.Diff((&edition{}).Parts(), parts); err != nil || diff != "" {
		t.Errorf("Parts: %v (-want +got):\n%s", err, diff)
	}
	public, err := s.FrozenIssues(t.Context(), 10)
	if err != nil || len(public) != 1 || public[0].ID != i.ID {
		t.Errorf("FrozenIssues = %v, %v", public, err)
	}
}

// covered keeps how a reader's mails are kept from others.
func covered(t *testing.T, s *store.Store, address, key string, discreet bool) {
	t.Helper()
	id := addReader(t, s, address, audience.Active, "torture")
	err := s.UpdateReader(t.Context(), id, func(r *audience.Reader) error {
		r.Preferences.Discreet, r.OpenPGP = discreet, audience.PublicKey(key)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// covers: what is encrypted at the freeze is what is taken to be sent, and goes
// with its reader.
func covers(t *testing.T, s *store.Store) {
	covered(t, s, "a@example.org", "", true)
	covered(t, s, "b@example.org", "key b", false)
	covered(t, s, "c@example.org", "expired", true)
	covered(t, s, "d@example.org", "unwanted", false)
	i := frozenIssue(t, s)
	want := news.Counts{Intended: 4, Waiting: 3, Excluded: 1}
	if got, err := s.Counts(t.Context(), i.ID); err != nil || got != want {
		t.Errorf("Counts = %+v, %v; want %+v", got, err, want)
	}
	got := takeCovers(t, s, i.ID)
	for address, want := range map[string]audience.Copy{
		"a@example.org": {Discreet: true},
		"b@example.org": {Cover: audience.CoverSealed, Sealed: []byte("sealed to key b")},
		"c@example.org": {Cover: audience.CoverNotice, Discreet: true},
	} {
		if c := got[address]; c.Discreet != want.Discreet || c.Cover != want.Cover || string(c.Sealed) != string(want.Sealed) {
			t.Errorf("%s: discreet %v, cover %q, sealed %q", address, c.Discreet, c.Cover, c.Sealed)
		}
	}
	if findings, err := s.CheckIssue(t.Context(), i); err != nil || len(findings) != 0 {
		t.Errorf("CheckIssue: %+v, %v", findings, err)
	}
	if err := s.EraseReader(t.Context(), address(t, "b@example.org"), evening, func(r *audience.Reader) { r.Erase(evening) }); err != nil {
		t.Fatal(err)
	}
	if findings, err := s.CheckIssue(t.Context(), i); err != nil || len(findings) != 0 {
		t.Errorf("CheckIssue after an erasure: %+v, %v", findings, err)
	}
}

// takeCovers takes all due copies of an issue under a lease.
func takeCovers(t *testing.T, s *store.Store, issue news.IssueID) map[string]audience.Copy {
	t.Helper()
	fence, err := s.Lease(t.Context(), "test", evening)
	if err != nil {
		t.Fatal(err)
	}
	taken, err := s.TakeCopies(t.Context(), issue, fence, evening, 10)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]audience.Copy{}
	for _, c := range taken {
		got[c.Address.Reveal()] = c
	}
	return got
}

func freezeFails(t *testing.T, s *store.Store) {
	addReader(t, s, "a@example.org", audience.Active, "torture")
	approved(t, s, 1)
	i := mustEnsure(t, s, slot, slot)
	_, err := s.FreezeIssue(t.Context(), i.ID, func(i *news.Issue, _ []news.Story) (audience.Edition, error) {
		return &edition{}, i.Freeze(slot)
	})
	if !errors.Is(err, news.ErrRefused) {
		t.Errorf("freeze a draft: %v, want ErrRefused", err)
	}
	if got, err := s.Counts(t.Context(), i.ID); err != nil || got != (news.Counts{}) {
		t.Errorf("Counts = %+v, %v; want none", got, err)
	}
}
