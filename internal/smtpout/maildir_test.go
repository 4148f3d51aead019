package smtpout_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/smtpout"
)

func TestCatcher(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mail")
	c, err := smtpout.NewCatcher(dir)
	if err != nil {
		t.Fatal(err)
	}
	b := newBooks(3)
	b.left[1].To = "a b"
	if err := c.Session(t.Context(), b.next, b.record); err != nil {
		t.Fatal(err)
	}
	if got := b.states(); got[1] != "sent at dot" || got[2] != "refused at rcpt" || got[3] != "sent at dot" {
		t.Errorf("books: %v", got)
	}
	kept, err := filepath.Glob(filepath.Join(dir, "new", "*"))
	if err != nil || len(kept) != 2 {
		t.Fatalf("new/ holds %v, %v", kept, err)
	}
	got, err := os.ReadFile(kept[0])
	if err != nil || string(got) != string(message(1).Body) {
		t.Errorf("kept %q, %v", got, err)
	}
	if info, err := os.Stat(kept[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "tmp")); len(left) > 0 {
		t.Errorf("tmp/ holds %v", left)
	}
}

// TestCatcherThatCannotWrite: nothing is called caught that is not on disk.
func TestCatcherThatCannotWrite(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "mail")
	c, err := smtpout.NewCatcher(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "tmp")); err != nil {
		t.Fatal(err)
	}
	r, err := c.Send(t.Context(), message(1))
	if err != nil || r.Accepted() || !r.Temporary() {
		t.Errorf("Send = %v, %v", r, err)
	}
}
