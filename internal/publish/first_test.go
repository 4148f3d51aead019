package publish_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// TestFirstIssue: what is found keeps the first issue back, from a person and
// from the clock, until somebody says why it goes out all the same; it keeps
// back no later one.
func TestFirstIssue(t *testing.T) {
	h := newHouse(t, true)
	ctx := t.Context()
	h.first = fmt.Errorf("mail is not signed: %w", news.ErrRefused)
	h.reader("ann@example.org")
	ready := func(headline string) news.Issue {
		t.Helper()
		h.approve(headline, "anna")
		i, err := h.Draft(ctx, "anna")
		if err != nil {
			t.Fatal(err)
		}
		if i, err = h.Approve(ctx, i.ID, i.Revision, "anna"); err != nil {
			t.Fatal(err)
		}
		return i
	}
	i := ready("One")
	if _, err := h.Send(ctx, i.ID, "anna"); !errors.Is(err, news.ErrRefused) {
		t.Errorf("sent by hand: %v", err)
	}
	h.now = i.Slot.Add(time.Minute)
	for range 2 {
		if err := h.EnsureDrafts(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if i, err := h.Issue(ctx, i.ID); err != nil || i.State != news.IssueApproved || !strings.Contains(i.HeldWhy, "not signed") {
		t.Errorf("at its slot it is %s (%s), %v", i.State, i.HeldWhy, err)
	}
	if i, err := h.SendDespite(ctx, i.ID, "anna", "a trial among ourselves"); err != nil || i.State != news.IssueSending || i.HeldWhy != "" {
		t.Errorf("sent despite it: %s (%s), %v", i.State, i.HeldWhy, err)
	}
	h.now = h.now.Add(7 * 24 * time.Hour)
	if i, err := h.Send(ctx, ready("Two").ID, "anna"); err != nil || i.State != news.IssueSending {
		t.Errorf("the second issue: %s, %v", i.State, err)
	}
}
