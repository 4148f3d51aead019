package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/smtpout/smtptest"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store/storetest"
)

// TestTheDeskIsTold goes from a decision to the mail of whoever began the
// story. That the address is in no log is checked when the program ends.
func TestTheDeskIsTold(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		deskIsTold(t, "")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		deskIsTold(t, storetest.Schema(t, postgres(t)))
	})
}

func deskIsTold(t *testing.T, database string) {
	smtp := smtptest.New(t, nil)
	d := newDesk(t, database, "http://127.0.0.1:1/rss", "--relay", smtp.URL())
	d.data(0, "users", "add", "cleo", "--role", "contributor")
	d.readers("email,topics,format\nnora@reader.example,health-workers-at-risk,html\n")
	open, secret := d.nominated("A clinic shut by decree", time.Time{}), d.nominated("The hidden headline", time.Now().Add(time.Hour))
	books := func() string {
		found, _, _ := strings.Cut(d.data(0, "verify", "--json"), `,"digest"`)
		return found
	}
	before := books()
	d.data(0, "queue", "reject", open, "--as", "ada", "--reason", "old")
	d.data(0, "queue", "reject", secret, "--as", "ada", "--reason", "old")
	d.serve()
	until(t, "cleo got a mail", func() bool { return len(smtp.Taken()) > 0 })
	m := smtp.Taken()[0]
	text := strings.NewReplacer("=\r\n", "", " \r\n", " ").Replace(string(m.Data))
	if m.To != "cleo@reader.example" {
		t.Errorf("the mail went to %s", m.To)
	}
	for _, want := range []string{"A clinic shut by decree", "was rejected, by ada", "/desk/stories/" + open, "/desk/stories/" + secret, "under embargo", "Auto-Submitted: auto-generated", "Subject: The desk: 2 things for you"} {
		if !strings.Contains(text, want) {
			t.Errorf("the mail lacks %q:\n%s", want, m.Data)
		}
	}
	for _, bad := range []string{"hidden headline", "nora", "List-", "<img", "text/html"} {
		if strings.Contains(text, bad) {
			t.Errorf("the mail holds %q:\n%s", bad, m.Data)
		}
	}
	until(t, "nothing waits", func() bool {
		st, err := d.settings().openStore(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		n, err := st.WaitingNotices(t.Context(), d.account("cleo").ID)
		return err == nil && n == 0
	})
	if after := books(); after != before || !strings.Contains(after, `"ok":true`) {
		t.Errorf("verify said %s and says %s", before, after)
	}
}

// TestANoticeIsCaught: with --catch it stays in the house, in a file whose
// name tells nobody.
func TestANoticeIsCaught(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "", "http://127.0.0.1:1/rss", "--catch")
	d.data(0, "users", "add", "cleo", "--role", "contributor")
	id := d.nominated("A clinic shut by decree", time.Time{})
	d.data(0, "queue", "reject", id, "--as", "ada", "--reason", "old")
	d.serve()
	var caught []string
	until(t, "the mail is caught", func() bool {
		var err error
		caught, err = filepath.Glob(filepath.Join(d.where[1], mailDirectory, "new", "*"))
		return err == nil && len(caught) > 0
	})
	text, err := os.ReadFile(caught[0])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "To: <cleo@reader.example>") || strings.Contains(caught[0], "reader.example") {
		t.Errorf("%s holds:\n%s", caught[0], text)
	}
}

// settings are those that name the data.
func (d *testDesk) settings() *settings {
	s := defaultSettings()
	s.dataDir = d.where[1]
	if len(d.where) > 2 {
		s.database = d.where[3]
	}
	return &s
}

func (d *testDesk) account(name string) staff.Account {
	d.t.Helper()
	st, err := d.settings().openStore(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	defer st.Close()
	a, err := st.AccountByName(d.t.Context(), name)
	if err != nil {
		d.t.Fatal(err)
	}
	return a
}

// nominated is a story that cleo began, who wants to be told of everything.
func (d *testDesk) nominated(headline string, embargo time.Time) (id string) {
	d.t.Helper()
	a := d.account("cleo")
	st, err := d.settings().openStore(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	defer st.Close()
	now := time.Now()
	m := staff.Mailbox{Account: a, Address: staff.AddressOf("cleo@reader.example"), Kinds: staff.NoticeKinds()}
	if err := st.SaveMailbox(d.t.Context(), m, staff.AuditEntry{At: now, Who: "cleo", What: "set notices"}); err != nil {
		d.t.Fatal(err)
	}
	story := news.Story{State: news.StoryQueued, Language: "en", Headline: headline, BegunBy: "cleo", Published: now, Created: now, Updated: now, Embargo: embargo}
	n, err := st.AddStory(d.t.Context(), story, news.Decision{At: now, Who: "cleo", What: "begin"})
	if err != nil {
		d.t.Fatal(err)
	}
	return fmt.Sprint(int64(n))
}
