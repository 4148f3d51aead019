package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestInspectBatch gives stations jobs as other programs do: one line in, one
// line out, an error is an answer and the exit code is 0.
func TestInspectBatch(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "page.html")
	text := strings.Repeat("The council of nurses welcomed the release of three colleagues who had spent two years in prison. ", 5)
	html := `<html lang="en"><head><title>Nurses released</title><meta name="date" content="2022-04-05"></head><body><article><h1>Nurses released</h1><p>` + text + `</p><p>` + text + `See A/HRC/48/13. <a href="/l.pdf">Letter</a></p></article></body></html>`
	if err := os.WriteFile(page, []byte(html), 0o600); err != nil {
		t.Fatal(err)
	}
	job := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	tests := []struct {
		stage, job string
		want       map[string]any // compared where named
	}{
		{"url", `{"ref":"a","url":"HTTP://www.press.example/a/?utm_source=x#top","more":1}`, map[string]any{"ref": "a", "ok": true, "canonical": "https://press.example/a"}},
		{"url", `{"ref":1,"url":"javascript:alert(1)"}`, map[string]any{"ref": 1.0, "ok": false, "canonical": nil}},
		{"url", `{"ref":[2]}`, map[string]any{"ok": false}},
		{"url", `not json`, map[string]any{"ok": false}},
		{"language", `{"ref":"a","text":"Le gouvernement doit protéger les soignants","declared":"en"}`, map[string]any{"ok": true, "language": "fr", "script": "Latn", "dir": "ltr"}},
		{"language", `{"ref":"a"}`, map[string]any{"ok": true, "language": "und", "dir": "ltr"}},
		{"page", job(map[string]any{"ref": "p", "file": page, "url": "https://www.press.example/n?utm_source=x"}), map[string]any{
			"ok": true, "title": "Nurses released", "language": "en", "dir": "ltr", "published": "2022-04-05T00:00:00Z", "updated": nil,
			"canonical_url": "https://press.example/n", "un_symbols": []any{"A/HRC/48/13"}, "pdf_links": []any{"https://www.press.example/l.pdf"}, "authors": []any{},
		}},
		{"page", `{"ref":"p","file":"/nowhere/at/all"}`, map[string]any{"ok": false}},
	}
	for _, tt := range tests {
		var out, errs bytes.Buffer
		code := run(t.Context(), []string{"inspect", tt.stage, "--batch", "--json"}, func(string) string { return "" }, strings.NewReader("\n"+tt.job+"\n"), &out, &errs)
		var got map[string]any
		if err := json.Unmarshal(out.Bytes(), &got); err != nil || code != 0 {
			t.Errorf("%s %s: exit code %d, %v\n%s%s", tt.stage, tt.job, code, err, out.String(), errs.String())
			continue
		}
		if ok, _ := got["ok"].(bool); !ok && got["error"] == nil {
			t.Errorf("%s %s: neither ok nor an error: %s", tt.stage, tt.job, out.String())
		}
		for field, want := range tt.want {
			if diff := cmp.Diff(want, got[field]); diff != "" {
				t.Errorf("%s %s: %s (-want +got):\n%s", tt.stage, tt.job, field, diff)
			}
		}
	}
}
