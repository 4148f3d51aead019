package store_test

import (
	"os"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/store/storetest"
)

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) *store.Store {
		t.Helper()
		return openAt(t, t.TempDir())
	})
}

// TestPostgres runs the same contract on PostgreSQL, each store in a schema of
// its own.
func TestPostgres(t *testing.T) {
	t.Parallel()
	server := os.Getenv("RIGHTSDESK_TEST_POSTGRES")
	if server == "" {
		t.Skip("left out: the store on PostgreSQL (RIGHTSDESK_TEST_POSTGRES names no server)")
	}
	storetest.Run(t, func(t *testing.T) *store.Store {
		t.Helper()
		s, err := store.OpenPostgres(t.Context(), storetest.Schema(t, server))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	})
}

func openAt(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestKeysSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := openAt(t, dir)
	second := openAt(t, dir)
	if string(first.Key(store.KeyLinks)) != string(second.Key(store.KeyLinks)) {
		t.Error("a link signed before a restart would not work after it")
	}
}
