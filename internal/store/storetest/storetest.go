// Package storetest is the contract of package store: a database is right for
// us when the whole suite passes on it. Each test opens an empty store.
package storetest

import (
	"testing"

	"github.com/ifhhro/rightsdesk/internal/store"
)

// An Opener returns an empty store and closes it when the test ends.
type Opener func(*testing.T) *store.Store

// Run runs the whole suite against one database.
func Run(t *testing.T, open Opener) {
	for _, part := range []struct {
		name string
		run  func(*testing.T, Opener)
	}{
		{"house", house},
		{"ingest", ingest},
		{"desk", desk},
		{"teaching", teaching},
		{"introductions", introductions},
		{"publish", publish},
		{"composing", composing},
		{"corrections", corrections},
		{"deliver", deliver},
		{"accounts", accounts},
		{"audit", audit},
		{"readers", readers},
		{"letters", letters},
		{"staff mail", staffMail},
		{"retire", retire},
		{"mail keys", mailKeys},
		{"returns", returns},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.run(t, open)
		})
	}
}

func house(t *testing.T, open Opener) {
	t.Run("keys are made once", func(t *testing.T) {
		s := open(t)
		for _, name := range []string{store.KeyLinks, store.KeyBlind, store.KeyBooks} {
			if len(s.Key(name)) != 32 {
				t.Errorf("Key(%q) has %d bytes, want 32", name, len(s.Key(name)))
			}
		}
		if string(s.Key(store.KeyLinks)) == string(s.Key(store.KeyBlind)) {
			t.Error("two keys are the same")
		}
	})
}
