package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/ifhhro/rightsdesk/internal/deliver/crashtest"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/smtpout/smtptest"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/store/storetest"
)

// TestRestoredSendsNothingByItself loses a desk in the middle of an issue and
// brings back a backup that was made while the issue went out. Between the
// two, readers left by the link in their mail, and others were erased. The
// restored desk serves, with a relay: nothing goes out before a person says so,
// and then nothing to those who left.
func TestRestoredSendsNothingByItself(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes its time")
	}
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		restoredSendsNothing(t, "")
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		restoredSendsNothing(t, storetest.Schema(t, postgres(t)))
	})
}

func restoredSendsNothing(t *testing.T, database string) {
	const copies, connections = 400, 2
	old := crashSettings(t)
	old.database, old.listen = database, freePort(t)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	identity := filepath.Join(t.TempDir(), "key.txt")
	if err := os.WriteFile(identity, []byte(key.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	serving := old
	m := crashtest.Slow(t, 20*time.Millisecond, func(relay string) *exec.Cmd {
		return program(t.Context(), t, "serve", "--data-dir", serving.dataDir, "--database", serving.database, "--feeds", serving.feeds,
			"--listen", serving.listen, "--base-url", "http://localhost", "--relay", relay, "--connections", fmt.Sprint(connections), "--log-format", "json")
	})
	id := issueFor(t, old, copies)
	first := m.Start(t)
	t.Cleanup(func() { _ = first.Process.Kill() }) // it may have ended
	m.Sent(t, 40)
	backup := filepath.Join(t.TempDir(), "desk.age")
	commandLine(t, 0, "", "backup", backup, "--data-dir", old.dataDir, "--database", database, "--recipient", key.Recipient().String())
	before := m.Server.Count()
	m.Sent(t, before+60)

	gone := map[string]bool{}
	for n, taken := range m.Server.Taken()[before+10 : before+50] {
		if n%2 == 0 {
			leave(t, old.listen, taken)
		} else {
			commandLine(t, 0, "", "readers", "erase", taken.To, "--data-dir", old.dataDir, "--database", database)
		}
		gone[taken.To] = true
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait() // it was killed
	showsNobody(t, backup)
	showsNobody(t, filepath.Join(old.dataDir, store.JournalFile))

	fresh := *old
	fresh.dataDir, fresh.database, fresh.listen = filepath.Join(t.TempDir(), "new"), "", freePort(t)
	said, _ := commandLine(t, 0, "", "restore", backup, "--data-dir", fresh.dataDir, "--identity", identity,
		"--journal", filepath.Join(old.dataDir, store.JournalFile))
	if want := fmt.Sprintf("%d readers let go", len(gone)); !strings.Contains(said, want) || !strings.Contains(said, "held: 1 issues") {
		t.Errorf("restore does not say %q:\n%s", want, said)
	}
	went := m.Server.Count()
	serving = &fresh
	second := m.Start(t)
	t.Cleanup(func() { _ = second.Process.Kill() }) // it may have ended
	answers(t, fresh.listen)
	// Twice as long as the clock takes to look for copies.
	<-time.After(10 * time.Second)
	if n := m.Server.Count() - went; n != 0 {
		t.Errorf("%d mails went out after the restore before anybody said so", n)
	}
	books := openBeside(t, fresh.dataDir)
	commandLine(t, 0, "", "users", "add", "ada", "--role", "editor", "--data-dir", fresh.dataDir)
	commandLine(t, 0, "", "issue", "resume", fmt.Sprint(id), "--as", "ada", "--data-dir", fresh.dataDir)
	settled(t, books, id)
	uncertain := map[string]int{}
	marked, err := books.UncertainCopies(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range marked {
		uncertain[c.MessageID] = c.Uncertain
	}
	m.Seconds(t, copies, uncertain)
	for _, taken := range m.Server.Taken()[went:] {
		if gone[taken.To] {
			t.Errorf("one who left after the backup was written to after the restore")
		}
	}
	if r, err := keep.Verify(t.Context(), books); err != nil || !r.OK() || r.Books[0].Issue.State != news.IssueFinished {
		t.Errorf("verify: %+v, %v", r, err)
	}
	t.Logf("restored in the middle of %d copies: 0 mails before somebody said so, %d sent then, none to the %d who had left or been erased",
		copies, m.Server.Count()-went, len(gone))
}

// freePort is an address nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	s := smtptest.New(t, nil)
	defer s.Close()
	return s.Addr()
}

// answers waits until the pages do.
func answers(t *testing.T, listen string) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	over := time.After(time.Minute)
	for {
		select {
		case <-tick.C:
			if r, err := http.Get("http://" + listen + "/robots.txt"); err == nil {
				r.Body.Close()
				return
			}
		case <-over:
			t.Fatal("the pages do not answer after a minute")
		}
	}
}

// leave is one click on the link that a mail bears.
func leave(t *testing.T, listen string, taken smtptest.Taken) {
	t.Helper()
	if status, err := oneClick(listen, taken); err != nil || status != http.StatusOK {
		t.Fatalf("leaving: %d, %v", status, err)
	}
}

// oneClick posts what a mail program does for one click.
func oneClick(listen string, taken smtptest.Taken) (status int, err error) {
	m, err := mail.ReadMessage(bytes.NewReader(taken.Data))
	if err != nil {
		return 0, err
	}
	link, err := url.Parse(strings.Trim(m.Header.Get("List-Unsubscribe"), "<>"))
	if err != nil {
		return 0, err
	}
	body := strings.NewReader("List-Unsubscribe=One-Click")
	r, err := http.NewRequest(http.MethodPost, "http://"+listen+link.Path, body)
	if err != nil {
		return 0, err
	}
	r.Host = link.Host
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

// showsNobody sees that no reader can be read in a file.
func showsNobody(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) == 0 || bytes.Contains(b, []byte("example.org")) || bytes.Contains(b, []byte("reader1")) {
		t.Errorf("%s shows a reader, or holds nothing", filepath.Base(file))
	}
}
