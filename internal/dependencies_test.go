package internal_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDependenciesAreNamed: every direct dependency stands in
// docs/dependencies.md with its reason, and nothing else does.
func TestDependenciesAreNamed(t *testing.T) {
	t.Parallel()
	mod := regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(read(t, "../go.mod"), -1)
	page := regexp.MustCompile(`(?m)^\| (\S+/\S+) \|`).FindAllStringSubmatch(read(t, "../docs/dependencies.md"), -1)
	used, named := first(mod), first(page)
	if len(used) == 0 || len(used) > 50 {
		t.Errorf("%d direct dependencies, want 1 to 50", len(used))
	}
	for _, m := range used {
		if !slices.Contains(named, m) {
			t.Errorf("%s is used and not named in docs/dependencies.md", m)
		}
	}
	for _, m := range named {
		if !slices.Contains(used, m) {
			t.Errorf("%s is named in docs/dependencies.md and not used", m)
		}
	}
}

// TestSQLiteKeepsItsLibc: modernc.org/sqlite works with exactly the libc its
// own go.mod names; whatever raises it breaks SQLite.
func TestSQLiteKeepsItsLibc(t *testing.T) {
	t.Parallel()
	wanted := regexp.MustCompile(`modernc\.org/libc (v\S+)`).FindStringSubmatch(read(t, filepath.Join(list(t, "{{.Dir}}", "modernc.org/sqlite"), "go.mod")))
	if wanted == nil {
		t.Fatal("modernc.org/sqlite names no libc")
	}
	if got := list(t, "{{.Version}}", "modernc.org/libc"); got != wanted[1] {
		t.Errorf("modernc.org/libc is %s, modernc.org/sqlite wants %s", got, wanted[1])
	}
}

func list(t *testing.T, format, module string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", format, module).Output()
	if err != nil {
		t.Fatalf("go list -m %s: %v", module, err)
	}
	return strings.TrimSpace(string(out))
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func first(matches [][]string) (out []string) {
	for _, m := range matches {
		out = append(out, m[1])
	}
	return out
}
