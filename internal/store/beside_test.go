package store_test

import (
	"sync"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/store"
)

// TestManyBegin: serve and the commands beside it may meet an empty directory
// at the same moment; each finds the tables whole.
func TestManyBegin(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			s, err := store.Open(t.Context(), dir)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
