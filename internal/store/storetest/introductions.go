package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
)

func introductions(t *testing.T, open Opener) {
	t.Run("a topic is introduced, again, and given back", func(t *testing.T) { introduced(t, open(t)) })
	t.Run("each topic and language stands alone", func(t *testing.T) { introducedAlone(t, open(t)) })
}

// introduce lets anna write an introduction over the one she saw.
func introduce(t *testing.T, s *store.Store, topic news.Slug, language, text string, seen int64) error {
	t.Helper()
	return s.Introduce(t.Context(), news.Introduction{Topic: topic, Language: language, Text: text, Notes: "1. A book", Author: "Анна", EditedBy: "anna", At: noon}, seen,
		staff.AuditEntry{At: noon, Who: "anna", What: "introduce", Subject: "topic " + string(topic) + " " + language})
}

func introduced(t *testing.T, s *store.Store) {
	undo := func(id int64) error {
		return s.UndoIntroduction(t.Context(), id, "bert", func(i news.Introduction) staff.AuditEntry {
			return staff.AuditEntry{At: noon, Who: "bert", What: "undo introduction", Subject: "topic " + string(i.Topic)}
		})
	}
	inForce := func(want ...string) (last int64) {
		t.Helper()
		all, err := s.IntroductionsOf(t.Context(), "torture")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, i := range all {
			got, last = append(got, i.Text), i.ID
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("in force (-want +got):\n%s", diff)
		}
		return last
	}
	inForce()
	if err := introduce(t, s, "torture", "fr", "un", 0); err != nil {
		t.Fatal(err)
	}
	first := inForce("un")
	if err := introduce(t, s, "torture", "fr", "perdu", 0); !errors.Is(err, news.ErrConflict) {
		t.Errorf("an edit over one not seen = %v, want ErrConflict", err)
	}
	if err := introduce(t, s, "torture", "fr", "deux", first); err != nil {
		t.Fatal(err)
	}
	second := inForce("deux")
	if err := undo(first); !errors.Is(err, news.ErrConflict) {
		t.Errorf("undo of an older edit = %v, want ErrConflict", err)
	}
	if err := undo(99); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("undo of no edit = %v, want ErrNotFound", err)
	}
	if err := undo(second); err != nil {
		t.Fatal(err)
	}
	inForce("un")
	if err := introduce(t, s, "torture", "fr", "", first); err != nil { // off the page
		t.Fatal(err)
	}
	inForce()
	history, err := s.IntroductionHistory(t.Context(), "torture", "fr")
	if err != nil || len(history) != 3 || !history[1].Undone || history[1].UndoneBy != "bert" {
		t.Fatalf("history = %+v, %v", history, err)
	}
	want := news.Introduction{ID: first, Topic: "torture", Language: "fr", Text: "un", Notes: "1. A book", Author: "Анна", EditedBy: "anna", At: noon}
	if diff := cmp.Diff(want, history[2]); diff != "" {
		t.Errorf("the first edit (-want +got):\n%s", diff)
	}
	log, err := s.AuditLog(t.Context(), "topic torture", 0, 10)
	if err != nil || len(log) != 4 {
		t.Errorf("%d lines in the audit log, %v; want 4", len(log), err)
	}
}

func introducedAlone(t *testing.T, s *store.Store) {
	for _, i := range []struct {
		topic    news.Slug
		language string
	}{{"torture", "fr"}, {"torture", "ar"}, {"abortion", "fr"}} {
		if err := introduce(t, s, i.topic, i.language, string(i.topic)+" "+i.language, 0); err != nil {
			t.Fatal(err)
		}
	}
	texts := func(all []news.Introduction, err error) (out []string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range all {
			out = append(out, i.Text)
		}
		return out
	}
	if diff := cmp.Diff([]string{"abortion fr", "torture ar", "torture fr"}, texts(s.Introductions(t.Context()))); diff != "" {
		t.Errorf("of all topics (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"torture ar", "torture fr"}, texts(s.IntroductionsOf(t.Context(), "torture"))); diff != "" {
		t.Errorf("of one topic (-want +got):\n%s", diff)
	}
}
