package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDoctor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, feeds, bad := filepath.Join(dir, "data"), filepath.Join(dir, "feeds.yaml"), filepath.Join(dir, "bad.yaml")
	for name, text := range map[string]string{
		feeds: "version: 1\nsources:\n  - {slug: one, name: One, home: https://one.example/, feed: https://one.example/feed, language: en, kind: news, family: one}\n",
		bad:   "version: one\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	commandLine(t, 0, "email\nada@one.example\n", "readers", "import", "-", "--data-dir", data)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	private := httptest.NewServer(http.NotFoundHandler()) // answers, but not as a desk
	t.Cleanup(private.Close)
	backups := filepath.Join(dir, "backups")
	if err := os.MkdirAll(backups, 0o700); err != nil {
		t.Fatal(err)
	}
	const recipient = "age19ut6wuwmknhts42x42eg7k9s5sgqfnn6c5gp85h7679ejvcwkams3sqw77"
	sound := []string{"--data-dir", data, "--feeds", feeds, "--catch", "--listen", "127.0.0.1:0"}
	for name, tt := range map[string]struct {
		flags []string
		ill   []string
	}{
		"all is well":   {nil, nil},
		"no way out":    {[]string{"--catch=false"}, []string{"way out for mail"}},
		"nobody's name": {[]string{"--catch=false", "--relay", "smtp://127.0.0.1:25"}, []string{"way out for mail"}},
		"a setting":     {[]string{"--zone", "Mars"}, []string{"settings"}},
		"sources":       {[]string{"--feeds", bad}, []string{"sources"}},
		"port taken":    {[]string{"--listen", taken.Addr().String()}, []string{"listener"}},
		"no desk":       {[]string{"--data-dir", filepath.Join(dir, "none")}, []string{"data directory", "disk", "database"}},
		"metrics":       {[]string{"--metrics-listen", "127.0.0.1:0"}, nil},
		"metrics taken": {[]string{"--metrics-listen", private.Listener.Addr().String()}, []string{"private listener"}},
		"no backup":     {[]string{"--backup-dir", backups, "--backup-recipient", recipient}, []string{"backups"}},
		"nobody's":      {[]string{"--backup-dir", backups}, []string{"backups"}},
		"no PostgreSQL": {[]string{"--database", "postgres://nobody@127.0.0.1:1/none?connect_timeout=1"}, []string{"database"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code := exitFound
			if tt.ill == nil {
				code = exitDone
			}
			out, _ := commandLine(t, code, "", append(append([]string{"doctor", "--json"}, sound...), tt.flags...)...)
			var got struct {
				OK     bool
				Checks []struct {
					Name, Found, Do string
					OK              bool
				}
			}
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatal(err)
			}
			var ill []string
			for _, c := range got.Checks {
				if !c.OK {
					ill = append(ill, c.Name)
				}
				if c.OK != (c.Do == "") || c.Found == "" {
					t.Errorf("check %+v", c)
				}
			}
			if diff := cmp.Diff(tt.ill, ill); diff != "" || got.OK != (len(ill) == 0) {
				t.Errorf("not well (-want +got):\n%s%s", diff, out)
			}
		})
	}
}
