package publish_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// call approves a story with a deadline.
func (h *house) call(headline, deadline string) news.StoryID {
	h.t.Helper()
	story := news.Story{State: news.StoryQueued, Language: "en", Headline: headline, Deadline: deadline, Created: h.now}
	if err := story.Approve(news.Approval{}, "anna", h.now); err != nil {
		h.t.Fatal(err)
	}
	id, err := h.store.AddStory(h.t.Context(), story, news.Decision{At: h.now, Who: "anna", What: "begin"})
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func (h *house) block(b news.Block) news.BlockID {
	h.t.Helper()
	b.Texts = []news.BlockText{{Language: "en", Text: "A block"}}
	id, err := h.SaveBlock(h.t.Context(), b, "anna")
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func (h *house) draft(who string) news.Issue {
	h.t.Helper()
	i, err := h.Draft(h.t.Context(), who)
	if err != nil {
		h.t.Fatal(err)
	}
	return i
}

// TestAround: what stands beside the stories is of the week of the issue's own
// day, whenever it goes out, and fixed at the approval.
func TestAround(t *testing.T) {
	h := newHouse(t, true)
	h.reader("a@example.org")
	near := h.call("Closes in a week", "2026-11-28")
	h.call("Closes in a month", "2026-12-28")
	always := h.block(news.Block{Kind: news.AboutUs, Position: 2})
	h.block(news.Block{Kind: news.Donation, Until: "2026-11-22"}) // ends on the day before
	campaign := h.block(news.Block{Kind: news.SupportCampaign, Position: 1, From: "2026-11-23", Until: "2026-11-23"})
	i := h.draft("anna")
	a, err := h.Around(t.Context(), i)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Closing) != 1 || a.Closing[0].Story != near {
		t.Errorf("closes soon: %+v, want story %d", a.Closing, near)
	}
	ids := func(blocks []news.Block) (out []news.BlockID) {
		for _, b := range blocks {
			out = append(out, b.ID)
		}
		return out
	}
	if diff := cmp.Diff([]news.BlockID{campaign, always}, ids(a.Blocks)); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	for _, d := range a.Days {
		if d.Date < "2026-11-23" || d.Date > "2026-11-29" {
			t.Errorf("%s is not in the week of the issue", d.Date)
		}
	}
	if !slices.ContainsFunc(a.Days, func(o news.Observance) bool { return o.Date == "2026-11-25" }) {
		t.Errorf("the days of 23 to 29 November lack the 25th: %+v", a.Days)
	}

	out := []string{a.Blocks[0].Key(), a.Days[0].Key()}
	if i, err = h.Arrange(t.Context(), i.ID, news.Arrangement{LeftOut: &out}, i.Revision, "anna"); err != nil {
		t.Fatal(err)
	}
	h.pass(i, "anna")
	if i, err = h.Send(t.Context(), i.ID, "anna"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]news.BlockID{always}, ids(i.Blocks)); diff != "" {
		t.Errorf("blocks of the frozen issue (-want +got):\n%s", diff)
	}
	if len(i.Closing) != 1 || len(i.Days) != len(a.Days)-1 {
		t.Errorf("the frozen issue has %d calls and %d days, want 1 and %d", len(i.Closing), len(i.Days), len(a.Days)-1)
	}

	// The next one tells again of what is still open, and of its own week.
	h.approve("Another", "anna")
	next := h.draft("anna")
	if a, err = h.Around(t.Context(), next); err != nil || len(a.Closing) != 1 || a.Closing[0].Story != near {
		t.Errorf("the next issue: %+v, %v; want the call that is still open", a.Closing, err)
	}
	for _, d := range a.Days {
		if d.Date < "2026-11-30" || d.Date > "2026-12-06" {
			t.Errorf("%s is not in the week of the next issue", d.Date)
		}
	}
}

func TestACallThatWasWithdrawnOrClosedDoesNotGoOut(t *testing.T) {
	h := newHouse(t, true)
	h.reader("a@example.org")
	gone := h.call("Withdrawn", "2026-12-05")
	h.call("Closes before", "2026-11-29")
	stays := h.call("Stays", "2026-12-05")
	first := h.draft("anna")
	h.pass(first, "anna")
	if _, err := h.Send(t.Context(), first.ID, "anna"); err != nil {
		t.Fatal(err)
	}
	h.now = monday.AddDate(0, 0, 6)
	h.approve("One", "anna")
	i := h.draft("anna")
	h.pass(i, "anna")
	if i := h.all()[0]; len(i.Closing) != 3 {
		t.Errorf("approved with %d calls, want 3", len(i.Closing))
	}
	err := h.store.UpdateStory(t.Context(), gone, news.Decision{Who: "anna", What: "withdraw", At: h.now}, func(s *news.Story) error {
		return s.Withdraw("a mistake", "anna", h.now)
	})
	if err != nil {
		t.Fatal(err)
	}
	h.tick(monday.AddDate(0, 0, 7))
	i = h.all()[0]
	if i.State != news.IssueSending || len(i.Closing) != 1 || i.Closing[0].Story != stays {
		t.Errorf("the issue is %s with %+v; want sending, with only story %d closing", i.State, i.Closing, stays)
	}
	if old, _, err := h.Archived(t.Context(), first.Name); err != nil || slices.ContainsFunc(old.Closing, func(c news.Closing) bool { return c.Story == gone }) {
		t.Errorf("the archive still tells of the story that was withdrawn: %+v, %v", old.Closing, err)
	}
}

func TestABlockChangedVoidsTheApproval(t *testing.T) {
	h := newHouse(t, false)
	h.approve("One", "anna")
	i := h.draft("anna")
	h.pass(i, "bert")
	h.block(news.Block{Kind: news.Contact})
	i = h.only()
	if i.State != news.IssueDraft {
		t.Errorf("a new block left the issue %s, want draft", i.State)
	}
	if _, err := h.Approve(t.Context(), i.ID, i.Revision, "anna"); !errors.Is(err, news.ErrRefused) {
		t.Errorf("who changed the block approves: %v, want ErrRefused", err)
	}
	if _, err := h.SaveBlock(t.Context(), news.Block{Kind: "x", From: "yesterday"}, "anna"); !errors.Is(err, news.ErrInvalid) {
		t.Errorf("a block that cannot stand: %v, want ErrInvalid", err)
	}
}

func TestUndo(t *testing.T) {
	h := newHouse(t, true)
	one, two := h.approve("One", "anna"), h.approve("Two", "anna")
	i := h.draft("anna")
	if _, err := h.Undo(t.Context(), i.ID, i.Revision, "anna"); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("undo before any edit: %v, want ErrNotFound", err)
	}
	arrange := func(sections ...news.Section) {
		t.Helper()
		var err error
		if i, err = h.Arrange(t.Context(), i.ID, news.Arrangement{Sections: &sections}, i.Revision, "anna"); err != nil {
			t.Fatal(err)
		}
	}
	arrange(news.Section{Stories: []news.StoryID{two, one}})
	arrange(news.Section{Stories: []news.StoryID{two}})
	for _, want := range [][]news.StoryID{{two, one}, {one, two}} {
		var err error
		if i, err = h.Undo(t.Context(), i.ID, i.Revision, "anna"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, i.Stories()); diff != "" {
			t.Errorf("after undo (-want +got):\n%s", diff)
		}
	}
	if _, err := h.Undo(t.Context(), i.ID, i.Revision-1, "anna"); !errors.Is(err, news.ErrNotFound) && !errors.Is(err, news.ErrConflict) {
		t.Errorf("undo of a revision nobody sees: %v", err)
	}
	// What the clock added is never lost by undoing.
	arrange(news.Section{Stories: []news.StoryID{two, one}})
	h.now = h.now.Add(time.Hour)
	late := h.approve("Late", "carl")
	i = h.draft("anna")
	if _, err := h.Undo(t.Context(), i.ID, i.Revision, "anna"); !errors.Is(err, news.ErrNotFound) || !slices.Contains(i.Stories(), late) {
		t.Errorf("undo over what was added: %v with %v", err, i.Stories())
	}
}
