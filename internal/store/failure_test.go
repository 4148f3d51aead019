package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

// fill writes until it cannot.
func fill(ctx context.Context, s *Store) error {
	e := staff.AuditEntry{At: time.Now(), Who: "test", Detail: strings.Repeat("x", 64<<10)}
	for range 1000 {
		if err := s.Audit(ctx, e); err != nil {
			return err
		}
	}
	return errors.New("it never ended")
}

func TestNoRoomIsSaidAndPasses(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	pages := func(n int) {
		t.Helper()
		if _, err := s.w.ExecContext(t.Context(), fmt.Sprintf(`PRAGMA max_page_count = %d`, n)); err != nil {
			t.Fatal(err)
		}
	}
	pages(1000)
	if err := fill(t.Context(), s); !errors.Is(err, news.ErrNoRoom) {
		t.Fatalf("writing to a full database: %v, want ErrNoRoom", err)
	}
	pages(1 << 20)
	if err := s.Audit(t.Context(), staff.AuditEntry{At: time.Now(), Who: "test"}); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if broken, err := s.CheckAudit(t.Context()); err != nil || broken != 0 {
		t.Errorf("the audit chain broke at %d, %v", broken, err)
	}
}

// asLimited is set in a process whose files may not grow far.
const asLimited = "RIGHTSDESK_TEST_LIMITED_DIR"

// TestTheDiskFails runs itself as a process to whose files the kernel refuses
// to write at some point: the store stops for good, and says so.
func TestTheDiskFails(t *testing.T) {
	if dir := os.Getenv(asLimited); dir != "" {
		limited(t, dir)
		return
	}
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestTheDiskFails$")
	cmd.Env = append(os.Environ(), asLimited+"="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func limited(t *testing.T, dir string) {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	signal.Ignore(syscall.SIGXFSZ)
	const most = 4 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
		t.Fatal(err)
	}
	if err := fill(t.Context(), s); err == nil || errors.Is(err, news.ErrNoRoom) {
		t.Fatalf("writing to a failing disk: %v", err)
	}
	if err := s.Failed(t.Context()); err == nil {
		t.Error("the store does not say that it stopped")
	}
	before := s.usable()
	if err := s.Audit(t.Context(), staff.AuditEntry{At: time.Now()}); !errors.Is(err, before) {
		t.Errorf("the next small write: %v, want %v: it must not be tried", err, before)
	}
}
