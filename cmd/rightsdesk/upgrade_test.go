package main

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/store"
)

// TestUpgrade opens the data of every older version: nothing in it was
// changed, this program brings it up to date, and the books are whole. A
// directory under testdata/upgrade is what gentestdata made then, the database
// compressed with gzip -9n.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	kept, err := filepath.Glob(filepath.Join("testdata", "upgrade", "*"))
	if err != nil || len(kept) == 0 {
		t.Fatalf("no older data, %v", err)
	}
	for _, from := range kept {
		t.Run(filepath.Base(from), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			unzip(t, filepath.Join(from, store.File+".gz"), filepath.Join(dir, store.File))
			want := readTestData(t, from)
			step, digest, err := store.Examine(t.Context(), filepath.Join(dir, store.File))
			if err != nil || step != want.Step || digest != want.Digest {
				t.Errorf("the old books: step %d, digest %s, %v; want %+v", step, digest, err, want)
			}
			if out, _ := commandLine(t, 0, "", "verify", "--data-dir", dir); !strings.Contains(out, "all is well") {
				t.Errorf("verify after the upgrade:\n%s", out)
			}
			for address, state := range map[string]string{"bruno@reader.example": "suppressed", "chen@reader.example": "active", "amal@reader.example": "erased"} {
				if out, _ := commandLine(t, 0, "", "readers", "show", address, "--data-dir", dir); !strings.Contains(out, state) {
					t.Errorf("%s is not %s:\n%s", address, state, out)
				}
			}
			if out, _ := commandLine(t, 0, "", "issue", "list", "--json", "--data-dir", dir); !strings.Contains(out, `"finished"`) {
				t.Errorf("issues after the upgrade:\n%s", out)
			}
		})
	}
}

func unzip(t *testing.T, from, to string) {
	t.Helper()
	f, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func readTestData(t *testing.T, dir string) (d testData) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, testDataFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestGenTestData: what it leaves is what it says, and a second run refuses.
func TestGenTestData(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	commandLine(t, 0, "", "gentestdata", dir)
	if d := readTestData(t, dir); len(d.Digest) != 64 || d.Step == 0 {
		t.Errorf("it says %+v", d)
	}
	commandLine(t, 0, "", "verify", "--data-dir", dir)
	commandLine(t, exitFailed, "", "gentestdata", dir)
}
