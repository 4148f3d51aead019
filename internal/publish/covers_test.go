package publish_test

import (
	"context"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
)

// TestCovers: who asked for more secrecy than can be given gets no mail with
// less of it, and the books say why.
func TestCovers(t *testing.T) {
	h := newHouse(t, true)
	h.approve("Nurses freed", "ada", "torture")
	ctx := context.Background()
	for address, p := range map[string]struct {
		key      string
		discreet bool
	}{"plain@a.example": {}, "sealed@a.example": {key: "works"}, "late@a.example": {key: "broken"}, "quiet@a.example": {key: "works", discreet: true}} {
		a, err := audience.ParseAddress(address)
		if err != nil {
			t.Fatal(err)
		}
		err = h.store.AddReaders(ctx, []audience.Reader{{Address: a, State: audience.Active, OpenPGP: audience.PublicKey(p.key),
			Preferences: audience.Preferences{Language: "en", Format: audience.FormatText, Discreet: p.discreet}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	h.tick(monday.Add(-time.Hour))
	i := h.only()
	if _, err := h.Approve(ctx, i.ID, i.Revision, "ada"); err != nil {
		t.Fatal(err)
	}
	h.tick(monday)
	counts, err := h.store.Counts(ctx, i.ID)
	if err != nil || counts.Intended != 4 || counts.Waiting != 3 || counts.Excluded != 1 {
		t.Errorf("Counts = %+v, %v; want 3 waiting and 1 excluded", counts, err)
	}
	fence, err := h.store.Lease(ctx, "test", monday.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	copies, err := h.store.TakeCopies(ctx, i.ID, fence, monday.Add(time.Minute), 10)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]audience.Cover{"plain@a.example": audience.CoverNone, "sealed@a.example": audience.CoverSealed, "late@a.example": audience.CoverNotice}
	for _, c := range copies {
		to := c.Address.Reveal()
		if cover, ok := want[to]; !ok || c.Cover != cover || (len(c.Sealed) > 0) != (cover == audience.CoverSealed) {
			t.Errorf("%s: cover %q with %d bytes", to, c.Cover, len(c.Sealed))
		}
		delete(want, to)
	}
	if len(want) > 0 {
		t.Errorf("no copy for %v", want)
	}
}
