package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const inspectedFeed = `<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Press &amp;amp; desk</title><link>https://press.example/</link>
<item><title>Médecins libérés</title><link>/fr/1?utm_source=rss</link><guid isPermaLink="false">1</guid><pubDate>jeu., 17 sept. 2020</pubDate>
<dc:creator>Ana Lima</dc:creator><dc:creator>Bo Ek</dc:creator><category domain="urn:t">Santé</category>
<description>&lt;p onclick="x()"&gt;Voir A/HRC/48/13, &lt;a href="/l.pdf"&gt;la lettre&lt;/a&gt;.&lt;/p&gt;</description></item>
<item><title>Second</title><guid isPermaLink="false">1</guid></item>
</channel></rss>`

// TestInspectFeed gives the station whole, cut and hopeless feeds in one
// stream: every job is answered by one line, whatever came before it.
func TestInspectFeed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var jobs strings.Builder
	put := func(ref, text string) {
		path := filepath.Join(dir, ref)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&jobs, `{"ref":%q,"file":%q,"headers":{"Content-Type":"text/xml"},"new":1}`+"\n", ref, path)
	}
	put("whole", inspectedFeed)
	put("cut", inspectedFeed[:strings.Index(inspectedFeed, "Second")+3])
	put("page", "<html><body>Just a moment…</body></html>")
	put("empty", "")
	put("bare", `<rss version="2.0"><channel><title>Nothing yet</title></channel></rss>`)
	jobs.WriteString(`{"ref":"gone","file":"/nowhere/at/all"}` + "\n" + `{"ref":"dir","file":"/"}` + "\n" + `{"ref":"none"}` + "\n")

	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"inspect", "feed", "--batch", "--json"}, func(string) string { return "" }, strings.NewReader(jobs.String()), &out, &errs); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	answers := map[string]map[string]any{}
	for line := range strings.Lines(out.String()) {
		var a map[string]any
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		answers[a["ref"].(string)] = a
	}
	for ref, ok := range map[string]bool{"whole": true, "cut": true, "bare": true, "page": false, "empty": false, "gone": false, "dir": false, "none": false} {
		if answers[ref]["ok"] != ok || !ok && answers[ref]["error"] == nil {
			t.Errorf("%s: %v", ref, answers[ref])
		}
	}
	if cut := answers["cut"]; cut["recovered"] != true || len(cut["items"].([]any)) != 2 || len(cut["warnings"].([]any)) == 0 {
		t.Errorf("cut: %v", cut)
	}
	if bare := answers["bare"]; len(bare["items"].([]any)) != 0 || len(bare["warnings"].([]any)) == 0 {
		t.Errorf("bare: %v", bare)
	}
	checkInspected(t, answers["whole"])
}

func checkInspected(t *testing.T, whole map[string]any) {
	t.Helper()
	items, ok := whole["items"].([]any)
	if !ok || len(items) != 2 {
		t.Fatalf("items: %v", whole)
	}
	first, second := items[0].(map[string]any), items[1].(map[string]any)
	if first["key"] == second["key"] || second["key"] == "" {
		t.Errorf("keys %v and %v: a repeated guid must not join two items", first["key"], second["key"])
	}
	delete(first, "key")
	want := map[string]any{
		"id": "1", "url": "https://press.example/fr/1?utm_source=rss", "canonical_url": "https://press.example/fr/1",
		"title": "Médecins libérés", "title_html": "Médecins libérés",
		"summary_html": `<p>Voir A/HRC/48/13, <a href="https://press.example/l.pdf">la lettre</a>.</p>`,
		"text":         "Voir A/HRC/48/13, la lettre.", "language": "fr", "dir": "ltr",
		"published": "2020-09-17T00:00:00Z", "date_source": "pubDate", "date_precision": "day",
		"authors":    []any{map[string]any{"name": "Ana Lima"}, map[string]any{"name": "Bo Ek"}},
		"categories": []any{map[string]any{"term": "Santé", "scheme": "urn:t"}},
		"enclosures": []any{}, "images": []any{}, "un_symbols": []any{"A/HRC/48/13"},
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("first item (-want +got):\n%s", diff)
	}
	head := whole["feed"].(map[string]any)
	if head["title"] != "Press & desk" || head["link"] != "https://press.example/" {
		t.Errorf("feed: %v", head)
	}
}
