package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
)

// command runs one command line and returns what it printed.
func commandLine(t *testing.T, want int, stdin string, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), args, noEnv, strings.NewReader(stdin), &out, &errs); code != want {
		t.Fatalf("%s: exit %d, want %d\n%s%s", strings.Join(args, " "), code, want, &out, &errs)
	}
	return out.String(), errs.String()
}

// TestBackupAndRestore goes through the drill of the operators' manual.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, fresh := filepath.Join(dir, "data"), filepath.Join(dir, "new")
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	identity, file := filepath.Join(dir, "key.txt"), filepath.Join(dir, "one.age")
	if err := os.WriteFile(identity, []byte(key.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	commandLine(t, 0, "email\nstays@one.example\nleaves@two.example\n", "readers", "import", "-", "--data-dir", old)
	before, _ := commandLine(t, 0, "", "verify", "--json", "--data-dir", old)
	commandLine(t, exitUsage, "", "backup", file, "--data-dir", old)
	commandLine(t, exitUsage, "", "backup", file, "--data-dir", old, "--recipient", "ada")
	said, _ := commandLine(t, 0, "", "backup", file, "--data-dir", old, "--recipient", key.Recipient().String())
	if !strings.Contains(said, digestIn(t, before)) {
		t.Errorf("backup says another digest than verify:\n%s%s", said, before)
	}
	commandLine(t, 0, "", "readers", "erase", "leaves@two.example", "--data-dir", old)

	commandLine(t, exitUsage, "", "restore", file, "--data-dir", fresh)
	commandLine(t, exitFailed, "", "restore", file, "--data-dir", old, "--identity", identity)
	release, err := lockDirectory(fresh, "test")
	if err != nil {
		t.Fatal(err)
	}
	commandLine(t, exitFailed, "", "restore", file, "--data-dir", fresh, "--identity", identity)
	if err := release(); err != nil {
		t.Fatal(err)
	}
	said, _ = commandLine(t, 0, "", "restore", file, "--data-dir", fresh, "--identity", identity, "--journal", filepath.Join(old, "suppressions.journal"))
	if !strings.Contains(said, "1 readers let go") || !strings.Contains(said, "all is well") {
		t.Errorf("restore says:\n%s", said)
	}
	said, _ = commandLine(t, 0, "", "readers", "show", "leaves@two.example", "--data-dir", fresh)
	if !strings.Contains(said, "erased") || strings.Contains(said, "active") {
		t.Errorf("who was erased after the backup is:\n%s", said)
	}
	commandLine(t, exitFailed, "", "readers", "add", "leaves@two.example", "--data-dir", fresh)
}

func digestIn(t *testing.T, verify string) string {
	t.Helper()
	var v struct{ Digest string }
	if err := json.Unmarshal([]byte(verify), &v); err != nil || len(v.Digest) != 64 {
		t.Fatalf("verify --json: %v\n%s", err, verify)
	}
	return v.Digest
}
