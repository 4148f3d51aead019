package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
)

func address(t *testing.T, s string) audience.Address {
	t.Helper()
	a, err := audience.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// keepReader stores a reader in a state and returns them as stored.
func keepReader(t *testing.T, s *store.Store, at string, r audience.Reader) audience.Reader {
	t.Helper()
	a := address(t, at)
	err := s.ImportReaders(t.Context(), []audience.Address{a}, func(_ int, stored *audience.Reader, _ bool) bool {
		r.ID, r.Address = stored.ID, a
		*stored = r
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := s.ReaderByAddress(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

var sameReader = cmp.Options{cmp.AllowUnexported(audience.Address{}), cmpopts.EquateEmpty()}

func readers(t *testing.T, open Opener) {
	t.Run("a reader comes back as they went in", func(t *testing.T) {
		s := open(t)
		want := audience.Reader{Token: audience.NewToken(), Request: audience.NewToken(), Replaces: audience.NewToken(), State: audience.Pending, Paused: evening.Add(3 * time.Hour),
			Preferences: audience.Preferences{Language: "ar", Format: audience.FormatLite, Topics: []news.Slug{"torture"}, Discreet: true},
			OpenPGP:     audience.PublicKey("\x99 a key"),
			Consent:     audience.Consent{Asked: evening, Confirmed: evening.Add(time.Hour), Text: "v1"}, Left: evening.Add(2 * time.Hour), Updated: evening}
		got := keepReader(t, s, "ann@example.org", want)
		want.ID, want.Address = got.ID, address(t, "ann@example.org")
		if diff := cmp.Diff(want, got, sameReader); diff != "" || got.ID == 0 {
			t.Error(diff)
		}
		for name, read := range map[string]func() (audience.Reader, error){
			"token":   func() (audience.Reader, error) { return s.Reader(t.Context(), want.Token) },
			"request": func() (audience.Reader, error) { return s.ReaderByRequest(t.Context(), want.Request) },
		} {
			if got, err := read(); err != nil || got.ID != want.ID {
				t.Errorf("by %s: %d, %v", name, got.ID, err)
			}
		}
		if _, err := s.Reader(t.Context(), audience.NewToken()); !errors.Is(err, news.ErrNotFound) {
			t.Errorf("an unknown token: %v, want not found", err)
		}
		if _, err := s.ReaderByRequest(t.Context(), audience.Token{}); !errors.Is(err, news.ErrNotFound) {
			t.Errorf("no token: %v, want not found", err)
		}
	})
	t.Run("an error changes nothing, not even the journal", func(t *testing.T) {
		s := open(t)
		r := keepReader(t, s, "ann@example.org", audience.Reader{State: audience.Active})
		stop := errors.New("stop")
		err := s.ChangeReader(t.Context(), r.Token, evening, func(r *audience.Reader) (bool, audience.SuppressionReason, error) {
			r.State = audience.Left
			return true, audience.Unsubscribed, stop
		})
		got, barred, readErr := s.ReaderByAddress(t.Context(), r.Address)
		if !errors.Is(err, stop) || readErr != nil || got.State != audience.Active || barred != nil {
			t.Errorf("%v, %v: %s, barred %v", err, readErr, got.State, barred)
		}
	})
	t.Run("the journal bars until its last line is lifted", func(t *testing.T) {
		s := open(t)
		request := audience.NewToken()
		r := keepReader(t, s, "ann@example.org", audience.Reader{State: audience.Pending, Request: request})
		bar := func(reason audience.SuppressionReason) {
			t.Helper()
			err := s.ChangeReader(t.Context(), r.Token, evening, func(*audience.Reader) (bool, audience.SuppressionReason, error) { return false, reason, nil })
			if err != nil {
				t.Fatal(err)
			}
		}
		confirm := func(r *audience.Reader) error { r.State = audience.Active; return nil }
		bar(audience.Complained)
		if err := s.ConfirmReader(t.Context(), request, evening, confirm, nil); !errors.Is(err, news.ErrConflict) {
			t.Errorf("confirming with a complaint in the journal: %v, want conflict", err)
		}
		bar(audience.Unsubscribed)
		if err := s.ConfirmReader(t.Context(), request, evening, confirm, nil); err != nil {
			t.Fatal(err)
		}
		if _, barred, err := s.ReaderByAddress(t.Context(), r.Address); barred != nil || err != nil {
			t.Errorf("still barred: %v, %v", barred, err)
		}
		bar(audience.DeadAddress)
		if _, barred, err := s.ReaderByAddress(t.Context(), r.Address); err != nil || barred == nil || barred.Reason != audience.DeadAddress || !barred.At.Equal(evening) {
			t.Errorf("barred again: %+v, %v", barred, err)
		}
		if broken, err := s.CheckJournal(t.Context()); broken != 0 || err != nil {
			t.Errorf("CheckJournal = %d, %v", broken, err)
		}
	})
	t.Run("an address nobody reads at can be barred", func(t *testing.T) {
		s := open(t)
		a := address(t, "nobody@example.org")
		err := s.ChangeReaderAt(t.Context(), a, evening, func(r *audience.Reader) (bool, audience.SuppressionReason, error) {
			return true, audience.ByHand, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		r, barred, err := s.ReaderByAddress(t.Context(), a)
		if err != nil || barred == nil || r.ID != 0 {
			t.Errorf("reader %d, barred %v, %v", r.ID, barred, err)
		}
	})
	t.Run("erased readers leave a row and no address", func(t *testing.T) {
		s := open(t)
		for range 2 { // twice the same person, so the row must give up its hash
			r := keepReader(t, s, "ann@example.org", audience.Reader{State: audience.Active})
			if err := s.EraseReader(t.Context(), r.Address, evening, func(r *audience.Reader) { r.Erase(evening) }); err != nil {
				t.Fatal(err)
			}
			got, err := s.Reader(t.Context(), r.Token)
			if err != nil || got.State != audience.Erased || !got.Address.IsZero() {
				t.Errorf("%+v, %v", got, err)
			}
		}
		if err := s.EraseReader(t.Context(), address(t, "ann@example.org"), evening, nil); !errors.Is(err, news.ErrNotFound) {
			t.Errorf("erasing nobody: %v, want not found", err)
		}
		counts, err := s.ReaderCounts(t.Context())
		if diff := cmp.Diff(map[audience.State]int{audience.Erased: 2}, counts); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
	t.Run("who moves is forgotten at the old address", func(t *testing.T) {
		s := open(t)
		old := keepReader(t, s, "old@example.org", audience.Reader{State: audience.Active})
		request := audience.NewToken()
		keepReader(t, s, "new@example.org", audience.Reader{State: audience.Pending, Request: request, Replaces: old.Token})
		err := s.ConfirmReader(t.Context(), request, evening, func(r *audience.Reader) error { r.State = audience.Active; return nil },
			func(r *audience.Reader) { r.Erase(evening) })
		if err != nil {
			t.Fatal(err)
		}
		if r, err := s.Reader(t.Context(), old.Token); err != nil || r.State != audience.Erased || !r.Address.IsZero() {
			t.Errorf("the old one is %s, %v", r.State, err)
		}
		if _, barred, err := s.ReaderByAddress(t.Context(), old.Address); err != nil || barred == nil || barred.Reason != audience.Forgotten {
			t.Errorf("the old address is barred: %v, %v", barred, err)
		}
		if r, _, err := s.ReaderByAddress(t.Context(), address(t, "new@example.org")); err != nil || r.State != audience.Active || !r.Replaces.IsZero() {
			t.Errorf("the new one is %s, replaces %v, %v", r.State, r.Replaces, err)
		}
	})
	t.Run("who pauses gets no copy until the pause is over", func(t *testing.T) {
		s := open(t)
		for name, until := range map[string]time.Time{"reads": {}, "over": slot, "pauses": slot.Add(24 * time.Hour)} {
			id := addReader(t, s, name+"@example.org", audience.Active, "torture")
			if err := s.UpdateReader(t.Context(), id, func(r *audience.Reader) error { r.Paused = until; return nil }); err != nil {
				t.Fatal(err)
			}
		}
		issue := frozenIssue(t, s)
		if c, err := s.Counts(t.Context(), issue.ID); err != nil || c.Intended != 2 {
			t.Errorf("%d copies were written, %v; want 2", c.Intended, err)
		}
	})
	t.Run("readers are listed in pages", func(t *testing.T) {
		s := open(t)
		first := keepReader(t, s, "a@example.org", audience.Reader{State: audience.Active})
		second := keepReader(t, s, "b@example.org", audience.Reader{State: audience.Left})
		list, err := s.ReadersAfter(t.Context(), first.ID, 9)
		if err != nil || len(list) != 1 || list[0].ID != second.ID {
			t.Errorf("ReadersAfter = %v, %v", list, err)
		}
	})
}

func letters(t *testing.T, open Opener) {
	until := evening.Add(72 * time.Hour)
	ask := func(t *testing.T, s *store.Store, at string) {
		t.Helper()
		if err := s.AddAsk(t.Context(), audience.Ask{Kind: audience.LetterConfirm, Address: address(t, at), Preferences: audience.Preferences{Language: "en", Format: "html"}, At: evening}, 2); err != nil {
			t.Fatal(err)
		}
	}
	// owe answers one sign-up with a letter and returns what was counted.
	owe := func(t *testing.T, s *store.Store, now time.Time) (m audience.Mailed) {
		t.Helper()
		more, err := s.AnswerAsk(t.Context(), now, func(a audience.Ask, r *audience.Reader, _ *audience.Suppression, counted audience.Mailed) (time.Time, error) {
			m = counted
			r.Ask(a.Preferences, a.Text, now)
			return until, nil
		})
		if err != nil || !more {
			t.Fatalf("AnswerAsk = %v, %v", more, err)
		}
		return m
	}
	t.Run("sign-ups are bounded, answered once and in order", func(t *testing.T) {
		s := open(t)
		ask(t, s, "a@example.org")
		ask(t, s, "b@example.org")
		err := s.AddAsk(t.Context(), audience.Ask{Address: address(t, "c@example.org")}, 2)
		if !errors.Is(err, news.ErrRefused) {
			t.Errorf("a third = %v, want refused", err)
		}
		later := errors.New("later")
		var seen []string
		for _, result := range []error{later, nil, nil} {
			_, err := s.AnswerAsk(t.Context(), evening, func(a audience.Ask, _ *audience.Reader, _ *audience.Suppression, _ audience.Mailed) (time.Time, error) {
				seen = append(seen, a.Address.Reveal())
				return time.Time{}, result
			})
			if !errors.Is(err, result) {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]string{"a@example.org", "a@example.org", "b@example.org"}, seen); diff != "" {
			t.Error(diff)
		}
		if more, err := s.AnswerAsk(t.Context(), evening, nil); more || err != nil {
			t.Errorf("AnswerAsk with none = %v, %v", more, err)
		}
		if counts, err := s.ReaderCounts(t.Context()); len(counts) != 0 || err != nil {
			t.Errorf("an answer of nothing stored readers: %v, %v", counts, err)
		}
	})
	t.Run("confirmations are counted by day, month and house", func(t *testing.T) {
		s := open(t)
		for _, step := range []struct {
			at   string
			when time.Duration
			want audience.Mailed
		}{
			{"a@example.org", 0, audience.Mailed{}},
			{"b@example.org", time.Hour, audience.Mailed{All: 1}},
			{"a@example.org", 2 * time.Hour, audience.Mailed{Day: 1, Month: 1, All: 2}},
			{"a@example.org", 25 * time.Hour, audience.Mailed{Day: 1, Month: 2, All: 1}},
			{"a@example.org", 720*time.Hour + time.Minute, audience.Mailed{Month: 2}},
		} {
			ask(t, s, step.at)
			if diff := cmp.Diff(step.want, owe(t, s, evening.Add(step.when))); diff != "" {
				t.Errorf("%s after %v: %s", step.at, step.when, diff)
			}
		}
	})
	t.Run("a letter is taken once, put off, and ended", func(t *testing.T) {
		s := open(t)
		ask(t, s, "a@example.org")
		owe(t, s, evening)
		take := func(now time.Time) []audience.Letter {
			t.Helper()
			got, err := s.TakeLetters(t.Context(), now, now.Add(time.Hour), 10)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		got := take(evening)
		if len(got) != 1 || got[0].Attempts != 1 || got[0].Reader.Address.Reveal() != "a@example.org" || !got[0].Until.Equal(until) {
			t.Fatalf("TakeLetters = %+v", got)
		}
		if again := take(evening); len(again) != 0 {
			t.Errorf("taken twice: %+v", again)
		}
		if err := s.PostponeLetter(t.Context(), got[0].ID, evening.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if got := take(evening.Add(time.Minute)); len(got) != 1 || got[0].Attempts != 2 {
			t.Errorf("after it was put off: %+v", got)
		}
		if err := s.EndLetter(t.Context(), got[0].ID); err != nil {
			t.Fatal(err)
		}
		if got := take(evening.Add(3 * time.Hour)); len(got) != 0 {
			t.Errorf("after its end: %+v", got)
		}
	})
	t.Run("a stale letter is dropped", func(t *testing.T) {
		s := open(t)
		ask(t, s, "a@example.org")
		owe(t, s, evening)
		if got, err := s.TakeLetters(t.Context(), until, until.Add(time.Hour), 10); len(got) != 0 || err != nil {
			t.Errorf("TakeLetters = %+v, %v", got, err)
		}
	})
	t.Run("requests lapse with their letters, the count of them stays", func(t *testing.T) {
		s := open(t)
		ask(t, s, "a@example.org")
		owe(t, s, evening)
		lapse := func(*audience.Reader) (bool, error) { return true, nil }
		if err := s.LapseRequests(t.Context(), until, evening, lapse); err != nil {
			t.Fatal(err)
		}
		if r, _, err := s.ReaderByAddress(t.Context(), address(t, "a@example.org")); r.ID != 0 || err != nil {
			t.Errorf("reader %d is still kept, %v", r.ID, err)
		}
		ask(t, s, "a@example.org")
		if m := owe(t, s, evening.Add(time.Hour)); m.Month != 1 {
			t.Errorf("counted %+v, want one this month", m)
		}
	})
}
