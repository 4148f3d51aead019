package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

func mailKeys(t *testing.T, open Opener) {
	t.Run("come back as they went in, and an error changes nothing", func(t *testing.T) {
		s := open(t)
		want := []audience.MailKey{
			{Domain: "example.org", Selector: "r1", Algorithm: audience.KeyRSA, Private: []byte{1, 2}, Made: slot},
			{Domain: "example.org", Selector: "e1", Algorithm: audience.KeyEd25519, Private: []byte{3}, Made: slot, Begun: slot.Add(time.Hour), Ended: slot.Add(2 * time.Hour)},
		}
		change := func(do func([]audience.MailKey) ([]audience.MailKey, error)) error {
			return s.ChangeMailKeys(t.Context(), do)
		}
		if err := change(func(have []audience.MailKey) ([]audience.MailKey, error) { return append(have, want...), nil }); err != nil {
			t.Fatal(err)
		}
		err := change(func(have []audience.MailKey) ([]audience.MailKey, error) {
			have[0].Begun = slot
			return have, news.ErrRefused
		})
		if !errors.Is(err, news.ErrRefused) {
			t.Errorf("refused: %v", err)
		}
		want[0].ID, want[1].ID = 1, 2
		wantKeys := func() {
			t.Helper()
			got, err := s.MailKeys(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
		}
		wantKeys()
		want[0].Begun = slot.Add(time.Minute)
		if err := change(func(have []audience.MailKey) ([]audience.MailKey, error) {
			have[0].Begun = want[0].Begun
			return have, nil
		}); err != nil {
			t.Fatal(err)
		}
		wantKeys()
		if err := change(func([]audience.MailKey) ([]audience.MailKey, error) { return want[:1:1], nil }); err != nil {
			t.Fatal(err)
		}
		again := want[0]
		again.ID = 0
		if err := change(func([]audience.MailKey) ([]audience.MailKey, error) { return []audience.MailKey{again}, nil }); err == nil {
			t.Error("a selector is taken twice")
		}
	})
}
