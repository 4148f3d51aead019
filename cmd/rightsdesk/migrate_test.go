package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/store/storetest"
)

func TestMigrate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	commandLine(t, exitFailed, "", "migrate", "--data-dir", dir)
	commandLine(t, 0, "email\nada@one.example\n", "readers", "import", "-", "--data-dir", dir)
	if said, _ := commandLine(t, 0, "", "migrate", "--data-dir", dir); !strings.Contains(said, "step ") {
		t.Errorf("migrate says %q", said)
	}
	commandLine(t, exitUsage, "", "migrate", "--data-dir", dir, "--to", "mysql://nowhere")
}

func TestMigrateToPostgres(t *testing.T) {
	t.Parallel()
	server := os.Getenv("RIGHTSDESK_TEST_POSTGRES")
	if server == "" {
		t.Skip("left out: moving to PostgreSQL (RIGHTSDESK_TEST_POSTGRES names no server)")
	}
	dir, to := filepath.Join(t.TempDir(), "data"), storetest.Schema(t, server)
	commandLine(t, 0, "email\nada@one.example\n", "readers", "import", "-", "--data-dir", dir)
	verified, _ := commandLine(t, 0, "", "verify", "--json", "--data-dir", dir)
	said, _ := commandLine(t, 0, "", "migrate", "--data-dir", dir, "--to", to)
	if !strings.Contains(said, digestIn(t, verified)) {
		t.Errorf("verify: %s\nmigrate: %s", verified, said)
	}
	_, hint := commandLine(t, exitFailed, "", "migrate", "--data-dir", dir, "--to", to)
	if !strings.Contains(hint, "not empty") {
		t.Errorf("a second time: %s", hint)
	}
}
