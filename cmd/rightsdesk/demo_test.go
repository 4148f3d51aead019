package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestDemoOnce runs the whole line offline, as a newcomer does first.
func TestDemoOnce(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"demo", "--once"}, noEnv, strings.NewReader(""), &out, &errs); code != 0 {
		t.Fatalf("demo --once: exit %d\n%s%s", code, out.String(), errs.String())
	}
	for _, line := range []string{
		"fetched      4 sources, 14 items",
		"1 item joined to one it repeats",
		"hostile      1 item tried to run in the desk, 0 did",
		"the issue is finished",
		"0 with an address that is not its reader's",
		"asked again  4 of 4 sources unchanged, 0 new items",
		"verified     the books balance",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("the demo does not tell %q:\n%s", line, out.String())
		}
	}
}
