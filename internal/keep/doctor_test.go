package keep_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/keep"
)

func TestCheckDirectory(t *testing.T) {
	t.Parallel()
	ours, open := t.TempDir(), t.TempDir()
	file := filepath.Join(ours, "file")
	for _, err := range []error{os.Chmod(ours, 0o700), os.Chmod(open, 0o755), os.WriteFile(file, nil, 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string]bool{ours: true, open: false, file: false, filepath.Join(ours, "none"): false} {
		c := keep.CheckDirectory(dir)
		if c.OK != want || c.OK != (c.Do == "") || c.Found == "" {
			t.Errorf("CheckDirectory(%s) = %+v, want OK %v", dir, c, want)
		}
	}
	left, err := os.ReadDir(ours)
	if err != nil || len(left) != 1 {
		t.Errorf("the check left %v, %v", left, err)
	}
}

func TestCheckClock(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		built time.Time
		want  bool
	}{{"built before", evening.Add(-time.Hour), true}, {"built tomorrow", evening.Add(24 * time.Hour), false}, {"unknown", time.Time{}, true}} {
		if c := keep.CheckClock(evening, tt.built); c.OK != tt.want {
			t.Errorf("%s: %+v", tt.name, c)
		}
	}
}

func TestCheckDatabase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if c := keep.CheckDatabase(t.Context(), h); !c.OK {
		t.Errorf("a sound one: %+v", c)
	}
	if c := keep.CheckDisk(h.dir, "rightsdesk.db"); c.Found == "" {
		t.Errorf("disk: %+v", c)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if c := keep.CheckDatabase(t.Context(), h); c.OK || c.Do == "" {
		t.Errorf("a closed one: %+v", c)
	}
}
