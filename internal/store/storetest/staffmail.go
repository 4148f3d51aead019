package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
)

func staffMail(t *testing.T, open Opener) {
	t.Run("what concerns somebody waits for them", func(t *testing.T) { staffTold(t, open(t)) })
	t.Run("nobody else is told", func(t *testing.T) { staffNotTold(t, open(t)) })
	t.Run("an issue waits until it is left alone, and is told once", func(t *testing.T) { staffIssue(t, open(t)) })
	t.Run("failure and removal", func(t *testing.T) { staffFailure(t, open(t)) })
}

// box gives an account an address for those kinds, all if none is named.
func box(t *testing.T, s *store.Store, a staff.Account, kinds ...staff.NoticeKind) {
	t.Helper()
	if kinds == nil {
		kinds = staff.NoticeKinds()
	}
	m := staff.Mailbox{Account: a, Address: staff.AddressOf(a.Name + "@staff.example"), Kinds: kinds}
	if err := s.SaveMailbox(t.Context(), m, staff.AuditEntry{At: evening, Who: a.Name, What: "set notices"}); err != nil {
		t.Fatal(err)
	}
}

// taken claims what is due at now, by account name.
func taken(t *testing.T, s *store.Store, now time.Time) map[string]staff.Mailbox {
	t.Helper()
	list, err := s.TakeMailboxes(t.Context(), now, now.Add(15*time.Minute), 10)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]staff.Mailbox{}
	for _, m := range list {
		out[m.Account.Name] = m
	}
	return out
}

// heard is what a mailbox tells, without numbers.
func heard(m staff.Mailbox) (out []staff.Notice) {
	for _, n := range m.Waiting {
		n.ID = 0
		out = append(out, n)
	}
	return out
}

func staffTold(t *testing.T, s *store.Store) {
	addAccount(t, s, "root", staff.Administrator)
	cleo := addAccount(t, s, "cleo", staff.Contributor)
	box(t, s, cleo)
	id := addStory(t, s, 5, func(st *news.Story) { st.BegunBy = "cleo" })
	note := func(who string, parent int64) {
		t.Helper()
		if err := s.AddNote(t.Context(), news.Note{Story: id, Parent: parent, Who: who, At: noon, Text: "yes"}); err != nil {
			t.Fatal(err)
		}
	}
	note("cara", 0)
	note("cleo", 0)
	notes, err := s.Notes(t.Context(), id)
	if err != nil || len(notes) != 2 {
		t.Fatalf("Notes = %d, %v", len(notes), err)
	}
	note("cara", notes[1].ID)
	change := func(who, what string, change func(*news.Story)) {
		t.Helper()
		_, err := s.UpdateStories(t.Context(), []news.StoryID{id}, news.Decision{At: noon, Who: who, What: what}, func(st *news.Story) error {
			change(st)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	change("cara", "assign", func(st *news.Story) { st.Assigned = "cleo" })
	change("cara", "reject", func(st *news.Story) { st.State = news.StoryRejected })
	decision, err := s.LastDecision(t.Context(), "cara")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Undo(t.Context(), decision.ID, "cara", func(now *news.Story, before news.Story) error { now.State = before.State; return nil }); err != nil {
		t.Fatal(err)
	}
	got := taken(t, s, noon)["cleo"]
	want := []staff.Notice{
		{Kind: staff.NoticeNote, Who: "cara", Story: id},
		{Kind: staff.NoticeNote, Who: "cara", What: staff.Answered, Story: id},
		{Kind: staff.NoticeAssigned, Who: "cara", Story: id},
		{Kind: staff.NoticeDecided, Who: "cara", What: "rejected", Story: id},
		{Kind: staff.NoticeDecided, Who: "cara", What: "queued", Story: id},
	}
	if diff := cmp.Diff(want, heard(got)); diff != "" {
		t.Errorf("what waits (-want +got):\n%s", diff)
	}
	if got.Address.Reveal() != "cleo@staff.example" || got.Attempts != 1 {
		t.Errorf("the mailbox is %q after %d attempts", got.Address.Reveal(), got.Attempts)
	}
	if again := taken(t, s, noon.Add(14*time.Minute)); len(again) != 0 {
		t.Error("taken twice")
	}
	if again := taken(t, s, noon.Add(16*time.Minute)); len(again) != 1 {
		t.Error("lost with the process that took it")
	}
	if err := s.EndNotices(t.Context(), cleo.ID, got.Waiting, noon, noon.Add(10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	note("cara", 0)
	if early := taken(t, s, noon.Add(9*time.Minute)); len(early) != 0 {
		t.Error("a second mail within ten minutes")
	}
	if late := taken(t, s, noon.Add(10*time.Minute))["cleo"]; len(late.Waiting) != 1 || !late.Sent.Equal(noon) {
		t.Errorf("after ten minutes: %+v", late)
	}
}

func staffNotTold(t *testing.T, s *store.Store) {
	addAccount(t, s, "root", staff.Administrator)
	cara := addAccount(t, s, "cara", staff.Curator)
	box(t, s, cara, staff.NoticeDecided)
	addAccount(t, s, "dora", staff.Curator) // gave no address
	id := addStory(t, s, 5, func(st *news.Story) { st.BegunBy = "cara" })
	_, err := s.UpdateStories(t.Context(), []news.StoryID{id}, news.Decision{At: noon, Who: "cara", What: "approve"}, func(st *news.Story) error {
		st.State, st.Assigned = news.StoryRejected, "dora"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AddNote(t.Context(), news.Note{Story: id, Who: "dora", At: noon, Text: "a kind cara switched off"}); err != nil {
		t.Fatal(err)
	}
	if got := taken(t, s, noon); len(got) != 0 {
		t.Errorf("told: %v", got)
	}
}

func staffIssue(t *testing.T, s *store.Store) {
	addAccount(t, s, "root", staff.Administrator)
	for _, name := range []string{"ed", "eva"} {
		box(t, s, addAccount(t, s, name, staff.Editor))
	}
	box(t, s, addAccount(t, s, "cara", staff.Curator))
	id := addStory(t, s, 5, func(st *news.Story) { st.State, st.ApprovedAt, st.DecidedAt = news.StoryApproved, noon, noon })
	issue, err := s.EnsureIssue(t.Context(), evening, evening, "2026-47", func(int, int, []news.Story) (*news.Issue, error) {
		return &news.Issue{Slot: evening, Name: "2026-47", Title: "Digest", Language: "en", State: news.IssueDraft, EditedBy: "ed", Sections: []news.Section{{Stories: []news.StoryID{id}}}}, nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := taken(t, s, time.Now().Add(time.Minute)); len(got) != 0 {
		t.Errorf("told while the editor works: %v", got)
	}
	later := time.Now().Add(11 * time.Minute)
	got := taken(t, s, later)
	want := []staff.Notice{{Kind: staff.NoticeApproval, Who: "ed", Issue: issue.ID}}
	if diff := cmp.Diff(want, heard(got["eva"])); diff != "" || len(got) != 1 {
		t.Fatalf("%d are told; (-want +got):\n%s", len(got), diff)
	}
	if err := s.EndNotices(t.Context(), got["eva"].Account.ID, got["eva"].Waiting, later, later); err != nil {
		t.Fatal(err)
	}
	change := func(change func(*news.Issue) error) {
		t.Helper()
		if issue, err = s.UpdateIssue(t.Context(), issue.ID, change); err != nil {
			t.Fatal(err)
		}
	}
	title := "Another title"
	edit := func(i *news.Issue) error { return i.Arrange(news.Arrangement{Title: &title}, i.Revision, "ed") }
	change(edit)
	if again := taken(t, s, time.Now().Add(time.Hour)); len(again) != 0 {
		t.Error("told twice of one issue")
	}
	change(func(i *news.Issue) error { return i.Approve("eva", i.Revision, false, time.Now()) })
	change(edit)
	if again := taken(t, s, time.Now().Add(2*time.Hour)); len(again) != 1 {
		t.Error("not told that an edit voided the approval")
	}
	change(func(i *news.Issue) error { return i.Approve("eva", i.Revision, false, time.Now()) })
	if again := taken(t, s, time.Now().Add(3*time.Hour)); len(again) != 0 {
		t.Error("told of an issue that waits no more")
	}
}

func staffFailure(t *testing.T, s *store.Store) {
	addAccount(t, s, "root", staff.Administrator)
	cara := addAccount(t, s, "cara", staff.Curator)
	if _, err := s.Mailbox(t.Context(), cara.ID); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("Mailbox = %v, want not found", err)
	}
	box(t, s, cara)
	id := addStory(t, s, 5, func(st *news.Story) { st.BegunBy = "cara" })
	if err := s.AddNote(t.Context(), news.Note{Story: id, Who: "dora", At: noon, Text: "look"}); err != nil {
		t.Fatal(err)
	}
	if got := taken(t, s, noon); len(got) != 1 {
		t.Fatal("nothing taken")
	}
	if err := s.PutOffNotices(t.Context(), cara.ID, noon.Add(time.Minute), "refused", true); err != nil {
		t.Fatal(err)
	}
	m, err := s.Mailbox(t.Context(), cara.ID)
	if err != nil || m.Trouble != "refused" || !m.Stopped {
		t.Errorf("Mailbox = %+v, %v", m, err)
	}
	if got := taken(t, s, noon.Add(time.Hour)); len(got) != 0 {
		t.Error("a refused address is tried again")
	}
	box(t, s, cara)
	if got := taken(t, s, noon.Add(time.Hour)); len(got) != 1 {
		t.Error("an address saved anew is not tried")
	}
	if n, err := s.WaitingNotices(t.Context(), cara.ID); n != 1 || err != nil {
		t.Errorf("WaitingNotices = %d, %v", n, err)
	}
	err = s.ChangeAccount(t.Context(), cara.ID, staff.AuditEntry{At: evening, Who: "root", What: "disable"}, func(a *staff.Account, _ []staff.Account) error {
		a.Disabled = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Mailbox(t.Context(), cara.ID); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("a disabled account keeps its address: %v", err)
	}
}
