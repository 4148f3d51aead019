package compose_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestSpamAssassin: where it is installed, with its rules as they come and no
// network, it finds nothing wrong with the form of the goldens of four scripts. That there is
// HTML it says of every mail in HTML, at 0.0 points.
func TestSpamAssassin(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("spamassassin")
	if err != nil || testing.Short() {
		t.Skip("SpamAssassin is not installed, or this is a short run")
	}
	var box bytes.Buffer
	files, err := filepath.Glob(filepath.Join("testdata", "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	sent := 0
	for _, file := range files {
		// Nobody sends the inside of an encrypted mail as it is; and each costs a
		// fifth of a second.
		if strings.Contains(file, "-inside") || !regexp.MustCompile(`(en|ar|zh|ru)[-.]|page-`).MatchString(file) {
			continue
		}
		sent++
		msg, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		box.WriteString("From digest@weekly.example.org Mon Nov 23 06:00:04 2026\nX-Golden: " + file + "\n")
		box.Write(bytes.ReplaceAll(msg, []byte("\r\n"), []byte("\n")))
		box.WriteString("\n")
	}
	cmd := exec.CommandContext(t.Context(), program, "--local", "--mbox")
	cmd.Stdin = &box
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	// In no order: X-Golden says which message it is, below what is said of it.
	said := regexp.MustCompile(`(?ms)^X-Spam-Status: .*?^X-Golden: [^\n]*`).FindAllString(string(out), -1)
	if len(said) != sent || sent == 0 {
		t.Fatalf("it judged %d messages of %d", len(said), sent)
	}
	score := regexp.MustCompile(`score=(-?[0-9.]+)`)
	for _, status := range said {
		status = strings.Join(strings.Fields(status), "")
		points, err := strconv.ParseFloat(score.FindStringSubmatch(status)[1], 64)
		if err != nil || points > 1 || regexp.MustCompile(`MIME_|SUBJ_|HTML_[A-LN-Z]`).MatchString(status) {
			t.Error(status)
		}
	}
}
