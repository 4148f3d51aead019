package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/smtpout/smtptest"
	"github.com/ifhhro/rightsdesk/internal/store/storetest"
)

// A desk is the program at work in a directory of its own.
type testDesk struct {
	t     *testing.T
	where []string // flags that name the data
	fetch []string // flags of fetch
	flags []string // of every command that opens the house
}

// command runs one command line beside the serving process.
func (d *testDesk) command(want int, args ...string) string {
	d.t.Helper()
	var out, errs bytes.Buffer
	if code := run(d.t.Context(), args, noEnv, strings.NewReader(""), &out, &errs); code != want {
		d.t.Fatalf("rightsdesk %s: exit %d, want %d\n%s%s", strings.Join(args, " "), code, want, out.String(), errs.String())
	}
	return out.String()
}

// house runs a command with the flags of the house.
func (d *testDesk) house(want int, args ...string) string {
	d.t.Helper()
	return d.command(want, append(args, d.flags...)...)
}

// data runs a command that only knows the data directory.
func (d *testDesk) data(want int, args ...string) string {
	d.t.Helper()
	return d.command(want, append(args, d.where...)...)
}

func noEnv(string) string { return "" }

// lines decodes one JSON object a line.
func lines[T any](t *testing.T, out string) []T {
	t.Helper()
	var all []T
	for dec := json.NewDecoder(strings.NewReader(out)); ; {
		var v T
		if err := dec.Decode(&v); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatalf("%v in:\n%s", err, out)
		}
		all = append(all, v)
	}
}

// serve starts the program and returns once it answers; it is stopped, and
// must have ended well, when the test ends.
func (d *testDesk) serve() {
	d.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out := &firstLine{seen: make(chan struct{})}
	var errs bytes.Buffer
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, append([]string{"serve", "--listen", "127.0.0.1:0"}, d.flags...), noEnv, strings.NewReader(""), out, &errs)
	}()
	select {
	case <-out.seen:
	case code := <-done:
		d.t.Fatalf("serve ended with %d\n%s", code, errs.String())
	}
	d.t.Cleanup(func() {
		stop()
		if code := <-done; code != 0 || d.t.Failed() {
			d.t.Errorf("serve ended with %d\n%s", code, errs.String())
		}
		if strings.Contains(errs.String(), "@reader.example") {
			d.t.Errorf("a reader's address is in the log:\n%s", errs.String())
		}
	})
}

// A firstLine says when something was written.
type firstLine struct {
	once sync.Once
	seen chan struct{}
}

func (f *firstLine) Write(p []byte) (int, error) {
	f.once.Do(func() { close(f.seen) })
	return len(p), nil
}

// until asks again and again whether something has come true.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	late := time.After(60 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("a minute passed and still not: %s", what)
		}
	}
}

// A publisher serves one RSS feed that a test can change.
type publisher struct {
	mu    sync.Mutex
	items []string
}

func (p *publisher) publish(id int, title, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.items = append(p.items, fmt.Sprintf(`<item><title>%s</title><link>https://publisher.example/%d</link><guid>%d</guid><pubDate>Mon, 16 Nov 2026 %02d:00:00 GMT</pubDate><description>%s</description></item>`, title, id, id, id, text))
}

func (p *publisher) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Content-Type", "application/rss+xml")
	fmt.Fprintf(w, `<?xml version="1.0"?><rss version="2.0"><channel><title>P</title><link>https://publisher.example/</link><description>P</description>%s</channel></rss>`, strings.Join(p.items, ""))
}

// newDesk prepares a data directory with one source and two desk accounts.
// database is "" for SQLite, or the address of an empty PostgreSQL schema.
func newDesk(t *testing.T, database, feed string, flags ...string) *testDesk {
	t.Helper()
	dir := t.TempDir()
	list := filepath.Join(dir, "feeds.yaml")
	text := "version: 1\nsources:\n  - slug: publisher\n    name: A publisher\n    feed: " + feed + "\n    every: 15m\n"
	if err := os.WriteFile(list, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &testDesk{t: t, where: []string{"--data-dir", filepath.Join(dir, "data")}}
	if database != "" {
		d.where = append(d.where, "--database", database)
	}
	d.fetch = slices.Concat(d.where, []string{"--feeds", list, "--fetch-allow-cidr", "127.0.0.0/8"})
	d.flags = slices.Concat(d.fetch, []string{"--from", "IFHHRO digest <digest@weekly.example>"}, flags)
	d.data(0, "users", "add", "ada", "--role", "administrator")
	d.data(0, "users", "add", "ben", "--role", "editor")
	return d
}

func (d *testDesk) readers(csv string) {
	d.t.Helper()
	file := filepath.Join(d.t.TempDir(), "readers.csv")
	if err := os.WriteFile(file, []byte(csv), 0o600); err != nil {
		d.t.Fatal(err)
	}
	d.data(0, "readers", "import", file)
}

type listedStory struct {
	ID       int64  `json:"id"`
	Headline string `json:"headline"`
}

// queued waits until the queue holds a story with each headline and returns
// their ids.
func (d *testDesk) queued(headlines ...string) []string {
	d.t.Helper()
	var ids []string
	until(d.t, fmt.Sprintf("the queue holds %q", headlines), func() bool {
		byHeadline := map[string]string{}
		for _, s := range lines[listedStory](d.t, d.data(0, "queue", "list", "--json")) {
			byHeadline[s.Headline] = fmt.Sprint(s.ID)
		}
		ids = ids[:0]
		for _, h := range headlines {
			if byHeadline[h] != "" {
				ids = append(ids, byHeadline[h])
			}
		}
		return len(ids) == len(headlines)
	})
	return ids
}

type listedIssue struct {
	ID     int64  `json:"id"`
	State  string `json:"state"`
	Counts struct {
		Intended, Waiting, Sent, Uncertain int
	} `json:"counts"`
}

// send drafts, approves by a second person, sends, and waits until the issue
// is finished.
func (d *testDesk) send(copies int) {
	d.t.Helper()
	issue := lines[listedIssue](d.t, d.house(0, "issue", "draft", "--json", "--as", "ada"))[0]
	id := fmt.Sprint(issue.ID)
	d.house(4, "issue", "approve", id, "--as", "ada") // the editor cannot approve her own
	d.house(4, "issue", "send", id, "--as", "ben")    // nor anybody send what is not approved
	d.house(0, "issue", "approve", id, "--as", "ben")
	d.house(0, "issue", "send", id, "--as", "ben")
	until(d.t, "issue "+id+" is finished", func() bool {
		issue = lines[listedIssue](d.t, d.house(0, "issue", "status", id, "--json"))[0]
		return issue.State == "finished"
	})
	if c := issue.Counts; c.Intended != copies || c.Sent != copies || c.Uncertain != 0 {
		d.t.Errorf("issue %s: intended %d, sent %d, uncertain %d; want %d sent and none uncertain", id, c.Intended, c.Sent, c.Uncertain, copies)
	}
}

// TestTheWholeLine goes from a feed to two readers' mail, twice.
func TestTheWholeLine(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		wholeLine(t, "")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		wholeLine(t, storetest.Schema(t, postgres(t)))
	})
}

// postgres is the server tests may use.
func postgres(t *testing.T) string {
	t.Helper()
	server := os.Getenv("RIGHTSDESK_TEST_POSTGRES")
	if server == "" {
		t.Skip("left out: the whole house on PostgreSQL (RIGHTSDESK_TEST_POSTGRES names no server)")
	}
	return server
}

func wholeLine(t *testing.T, database string) {
	var p publisher
	p.publish(1, "Nurses arrested after treating the wounded", "Three nurses were arrested on Sunday after they treated wounded protesters. The medical association asks that these health workers be released.")
	p.publish(2, "A new drug against tuberculosis", "Patients with drug-resistant tuberculosis will get a shorter treatment. Tuberculosis remains the deadliest infection.")
	p.publish(3, "Harbour cup decided", "A late goal decided the final of the harbour cup before nine thousand people.")
	feed := httptest.NewServer(&p)
	t.Cleanup(feed.Close)
	smtp := smtptest.New(t, nil)
	d := newDesk(t, database, feed.URL+"/rss", "--relay", smtp.URL())
	d.readers("email,topics,format\nnora@reader.example,health-workers-at-risk,html\ntom@reader.example,tuberculosis,text\n")
	d.serve()

	ids := d.queued("Nurses arrested after treating the wounded", "A new drug against tuberculosis", "Harbour cup decided")
	d.data(0, "queue", "approve", ids[0], "--as", "ada", "--topics", "health-workers-at-risk", "--commentary", "Treating the wounded is a **duty**.")
	d.data(0, "queue", "approve", ids[1], "--as", "ada", "--topics", "tuberculosis")
	d.data(4, "queue", "reject", ids[2], "--as", "ben", "--reason", "an editor is no curator")
	d.data(0, "queue", "reject", ids[2], "--as", "ada", "--reason", "sport")
	d.send(2)
	expectMail(t, smtp.Taken(), map[string][2]string{
		"nora@reader.example": {"Nurses arrested", "tuberculosis"},
		"tom@reader.example":  {"A new drug against tuberculosis", "Nurses"},
	})

	p.publish(4, "Doctors jailed for reporting deaths", "Two doctors were jailed for reporting deaths in prison. Health workers are at risk when they speak.")
	d.command(0, append([]string{"fetch"}, d.fetch...)...)
	ids = d.queued("Doctors jailed for reporting deaths")
	d.data(0, "queue", "approve", ids[0], "--as", "ada", "--topics", "health-workers-at-risk")
	d.send(1)
	expectMail(t, smtp.Taken()[2:], map[string][2]string{"nora@reader.example": {"Doctors jailed", "Nurses arrested"}})
	d.audited("approve issue", "send issue")
	if got := d.data(0, "verify", "--json"); !strings.Contains(got, `"ok":true`) {
		t.Errorf("verify: %s", got)
	}
}

// audited checks that the log says what ben did, twice each.
func (d *testDesk) audited(deeds ...string) {
	d.t.Helper()
	st, err := d.settings().openStore(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	defer st.Close()
	for _, deed := range deeds {
		entries, err := st.AuditLog(d.t.Context(), deed, 0, 10)
		if err != nil || len(entries) != 2 || entries[0].Who != "ben" {
			d.t.Errorf("the audit log says of %q: %+v, %v; want it twice, by ben", deed, entries, err)
		}
	}
}

// expectMail checks that each reader got exactly one mail that holds the first
// text, not the second, and no other reader's address.
func expectMail(t *testing.T, taken []smtptest.Taken, want map[string][2]string) {
	t.Helper()
	if len(taken) != len(want) {
		t.Fatalf("%d mails went out, want %d", len(taken), len(want))
	}
	for _, m := range taken {
		texts, ok := want[m.To]
		if !ok {
			t.Errorf("an unexpected mail, or a second one, to %s", m.To)
			continue
		}
		delete(want, m.To)
		body := strings.NewReplacer("=\r\n", "", " \r\n", " ").Replace(string(m.Data))
		if !strings.Contains(body, texts[0]) || strings.Contains(body, texts[1]) {
			t.Errorf("the mail to %s should hold %q and not %q:\n%s", m.To, texts[0], texts[1], m.Data)
		}
		if n := strings.Count(body, "@reader.example"); n != 1 {
			t.Errorf("the mail to %s holds %d readers' addresses", m.To, n)
		}
	}
}
