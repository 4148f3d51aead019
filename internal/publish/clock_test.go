package publish_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

func TestAClockThatCannotBeBelievedHoldsEverything(t *testing.T) {
	tests := []struct {
		name string
		wall time.Duration // how far the wall clock moves
		real time.Duration // how much time passes
		held bool
	}{
		{"a minute", time.Minute, time.Minute, false},
		{"two days and a half pass", 60 * time.Hour, 60 * time.Hour, false},
		{"a correction", time.Hour, time.Minute, false},
		{"eight days ahead", 8 * 24 * time.Hour, time.Minute, true},
		{"two days back", -48 * time.Hour, time.Minute, true},
		{"before we were built", -3000 * 24 * time.Hour, -3000 * 24 * time.Hour, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, true)
			h.reader("a@example.org")
			h.approve("Out", "anna")
			sending, err := h.Draft(t.Context(), "anna")
			if err != nil {
				t.Fatal(err)
			}
			h.pass(sending, "anna")
			if _, err := h.Send(t.Context(), sending.ID, "anna"); err != nil {
				t.Fatal(err)
			}
			h.approve("Ready", "anna")
			ready, err := h.Draft(t.Context(), "anna")
			if err != nil {
				t.Fatal(err)
			}
			h.pass(ready, "anna")
			h.tick(h.now)

			h.skew += tt.real - tt.wall
			h.tick(h.now.Add(tt.wall))
			h.tick(h.now.Add(time.Minute)) // believed again or not: a person goes on
			for _, want := range []struct {
				id    news.IssueID
				state news.IssueState
			}{{sending.ID, news.IssueHeld}, {ready.ID, news.IssueApproved}} {
				i, err := h.Issue(t.Context(), want.id)
				if err != nil {
					t.Fatal(err)
				}
				if held := strings.Contains(i.HeldWhy, "clock"); held != tt.held || tt.held && i.State != want.state {
					t.Errorf("issue %d is %s, held because %q; want held by the clock: %v", i.ID, i.State, i.HeldWhy, tt.held)
				}
			}
			if !tt.held {
				return
			}
			if i, err := h.Resume(t.Context(), sending.ID, "anna"); err != nil || i.State != news.IssueSending {
				t.Errorf("Resume = %s, %v; want sending", i.State, err)
			}
		})
	}
}
