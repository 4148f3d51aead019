package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/spf13/pflag"
)

// TestSampleSettings: docs/rightsdesk.env explains every setting of serve, and
// none that there is not.
func TestSampleSettings(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "rightsdesk.env"))
	if err != nil {
		t.Fatal(err)
	}
	sample := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#?(RIGHTSDESK_[A-Z_]+)=`).FindAllStringSubmatch(string(b), -1) {
		sample[m[1]] = true
	}
	(&app{}).serveCommand().Flags().VisitAll(func(f *pflag.Flag) {
		if name := variable(f.Name); f.Name != "help" && !sample[name] {
			t.Errorf("docs/rightsdesk.env does not explain %s (--%s)", name, f.Name)
		} else {
			delete(sample, name)
		}
	})
	for name := range sample {
		t.Errorf("docs/rightsdesk.env explains %s, which is no setting of serve", name)
	}
}
