package store_test

import (
	"path/filepath"
	"slices"
	"testing"
)

// TestLadders: each step exists for both databases, under one name.
func TestLadders(t *testing.T) {
	t.Parallel()
	steps := func(database string) (names []string) {
		files, err := filepath.Glob(filepath.Join("migrations", database, "*.sql"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			names = append(names, filepath.Base(f))
		}
		return names
	}
	lite, pg := steps("sqlite"), steps("postgres")
	if len(lite) == 0 || !slices.Equal(lite, pg) {
		t.Errorf("the ladders differ:\nsqlite   %v\npostgres %v", lite, pg)
	}
}
