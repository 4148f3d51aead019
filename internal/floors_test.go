package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/ifhhro/rightsdesk/"

// floors says on which floor each package stands, in tenths so that 1a and 1b
// differ.
var floors = map[string]int{
	"internal/news": 0, "internal/audience": 0, "internal/staff": 0, "templates": 0,

	"internal/analyze": 10, "internal/symbols": 10, "internal/prose": 10, "internal/dates": 10,
	"internal/token": 10, "internal/seal": 10,

	"internal/feedlist": 15, "internal/fetch": 15, "internal/parse": 15, "internal/clean": 15,
	"internal/extract": 15, "internal/cluster": 15, "internal/classify": 15, "internal/feedout": 15,
	"internal/compose": 15, "internal/smtpout": 15, "internal/bounce": 15, "internal/inbox": 15,

	"internal/ingest": 20, "internal/curate": 20, "internal/publish": 20, "internal/deliver": 20,
	"internal/signup": 20, "internal/access": 20, "internal/keep": 20, "internal/notices": 20,

	"internal/store": 30, "internal/store/storetest": 30, "internal/jobs": 30, "internal/web": 30,
	"internal/web/public": 30, "internal/web/reader": 30, "internal/web/desk": 30, "internal/web/admin": 30, "internal/web/door": 30,

	"cmd/rightsdesk": 40,
}

// steps are the imports allowed on one floor, each with its reason.
var steps = map[[2]string]string{
	{"internal/audience", "internal/news"}:         "audience uses the ids and slugs of news",
	{"internal/staff", "internal/news"}:            "staff uses the error sentinels of news",
	{"internal/web/public", "internal/web"}:        "the parts of web share its frame",
	{"internal/web/reader", "internal/web"}:        "the parts of web share its frame",
	{"internal/web/desk", "internal/web"}:          "the parts of web share its frame",
	{"internal/web/admin", "internal/web"}:         "the parts of web share its frame",
	{"internal/web/door", "internal/web"}:          "the parts of web share its frame",
	{"internal/store/storetest", "internal/store"}: "the contract is run against the store",
}

// mayNameReaders are the only packages that may import audience.
var mayNameReaders = []string{
	"internal/audience", "internal/compose", "internal/publish", "internal/deliver", "internal/signup", "internal/keep",
	"internal/store", "internal/store/storetest", "internal/web/reader", "internal/web/admin", "cmd/rightsdesk",
}

// TestFloors: an import goes down, never sideways or up, and audience is named
// only by those who may. Tests may look up to the store.
func TestFloors(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	err = filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != "." || d.Name() == "testdata" || d.Name() == "node_modules" || d.Name() == "data") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		pkg := path.Dir(filepath.ToSlash(rel))
		if pkg == "internal" {
			return nil
		}
		floor, ok := floorOf(pkg)
		if !ok {
			t.Errorf("%s stands on no floor: add it to floors here and to internal/doc.go", pkg)
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		seen++
		for _, spec := range f.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			checkImport(t, rel, pkg, floor, imp)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 5 {
		t.Fatalf("looked at %d files only: the test does not find the house", seen)
	}
}

// floorOf finds the floor of a package; a room's own subpackages stand on its
// floor.
func floorOf(pkg string) (int, bool) {
	for p := pkg; p != "." && p != "/"; p = path.Dir(p) {
		if f, ok := floors[p]; ok {
			return f, true
		}
	}
	return 0, false
}

func checkImport(t *testing.T, file, pkg string, floor int, imp string) {
	t.Helper()
	to, ours := strings.CutPrefix(imp, module)
	if !ours {
		return
	}
	if to == "internal/audience" && !slices.Contains(mayNameReaders, pkg) {
		t.Errorf("%s imports audience: %s may not name a reader", file, pkg)
	}
	below, ok := floorOf(to)
	if !ok {
		t.Errorf("%s imports %s, which stands on no floor", file, to)
		return
	}
	inside := strings.HasPrefix(to, pkg+"/") || strings.HasPrefix(pkg, to+"/")
	if below < floor || inside || steps[[2]string{pkg, to}] != "" {
		return
	}
	t.Errorf("%s: %s (floor %.1f) imports %s (floor %.1f): an import goes down", file, pkg, float64(floor)/10, to, float64(below)/10)
}
