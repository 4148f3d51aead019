package bounce

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A sample is one message of testdata with what Read should say of it. A file
// holds many, each after a line
//
//	=== name: kind; address action status code hard|soft verdict; …
//
// in which "-" stands for nothing.
type sample struct{ name, want, message string }

func samples(t testing.TB) []sample {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	var out []sample
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range strings.Split("\n"+string(b), "\n=== ")[1:] {
			head, message, _ := strings.Cut(s, "\n")
			name, want, _ := strings.Cut(head, ": ")
			out = append(out, sample{filepath.Base(f) + "/" + name, want, message})
		}
	}
	return out
}

// inWords writes a report as the samples do.
func inWords(r Report) string {
	out := []string{string(r.Kind)}
	dash := func(s string) string {
		if s == "" || s == "0" {
			return "-"
		}
		return s
	}
	for _, rc := range r.Recipients {
		final := "soft"
		if rc.Hard {
			final = "hard"
		}
		out = append(out, strings.Join([]string{dash(rc.Address), dash(string(rc.Action)), dash(rc.Status), dash(fmt.Sprint(rc.Code)), final, string(rc.Verdict)}, " "))
	}
	return strings.Join(out, "; ")
}

// TestSamples reads every sample with each of the three line ends there are.
func TestSamples(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t) {
		for _, end := range []string{"\n", "\r\n", "\r"} {
			rep, err := Read(strings.NewReader(strings.ReplaceAll(s.message, "\n", end)))
			if err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
			if diff := cmp.Diff(s.want, inWords(rep)); diff != "" {
				t.Errorf("%s, lines end in %q (-want +got):\n%s", s.name, end, diff)
				break
			}
		}
	}
}

// FuzzRead looks for a message that stops Read or makes it break its word.
func FuzzRead(f *testing.F) {
	for _, s := range samples(f) {
		f.Add([]byte(s.message))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rep, err := Read(strings.NewReader(string(b)))
		if err != nil || rep.Kind == "" {
			t.Fatalf("Read = %+v, %v", rep, err)
		}
		for _, r := range rep.Recipients {
			if r.Hard && (r.Action != ActionFailed || r.Verdict != AddressDead && r.Verdict != DomainDead) {
				t.Errorf("hard without being dead: %+v", r)
			}
			if len(r.Diagnostic) > maxDiagnostic || len(r.Address) > maxAddress || strings.ContainsAny(r.Diagnostic, "\r\n\x00") {
				t.Errorf("out of bounds: %+v", r)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	all := samples(b)
	for i := 0; b.Loop(); i++ {
		if _, err := Read(strings.NewReader(all[i%len(all)].message)); err != nil {
			b.Fatal(err)
		}
	}
}
