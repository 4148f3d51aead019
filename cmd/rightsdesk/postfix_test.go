package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/deliver"
	"github.com/ifhhro/rightsdesk/internal/inbox"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
)

// A mailSystem is a Postfix and a Dovecot on loopback. Postfix takes mail for
// reader.example and weekly.example into maildirs that Dovecot shows, and mail
// for gone.example goes to another server of it, which answers 550 5.1.1.
type mailSystem struct {
	dir              string
	smtp, gone, imap int
}

// startMail starts them, or leaves the test out where it cannot.
func startMail(t *testing.T) *mailSystem {
	t.Helper()
	for _, program := range []string{"/usr/sbin/postfix", "/usr/sbin/dovecot"} {
		if _, err := os.Stat(program); err != nil || os.Getuid() != 0 {
			t.Skipf("left out: a real Postfix and a real IMAP server (%s is missing, or this is not root)", program)
		}
	}
	// Not t.TempDir: the servers' own users must reach it.
	dir, err := os.MkdirTemp("", "mail-system-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	m := &mailSystem{dir: dir, smtp: aPort(t), gone: aPort(t), imap: aPort(t)}
	m.write(t)
	m.startPostfix(t)
	m.startDovecot(t)
	return m
}

func aPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

const postfixMain = `compatibility_level = 3.6
queue_directory = DIR/queue
data_directory = DIR/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = DIR/postfix.log
maillog_file_prefixes = DIR
myhostname = relay.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
recipient_delimiter = +
disable_dns_lookups = yes
smtp_host_lookup = native
transport_maps = texthash:DIR/transport
virtual_mailbox_domains = reader.example weekly.example
virtual_mailbox_base = DIR/mail
virtual_mailbox_maps = texthash:DIR/boxes
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = permit_mynetworks, reject
`

const postfixMaster = `127.0.0.1:SMTP inet n - n - - smtpd
127.0.0.1:GONE inet n - n - - smtpd -o smtpd_recipient_restrictions=check_recipient_access,texthash:DIR/refused,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
`

const dovecotMain = `base_dir = DIR/run
state_dir = DIR/run
log_path = DIR/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
mail_location = maildir:DIR/mail/%u
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=DIR/mail/%u
}
service imap-login {
  inet_listener imap {
    port = IMAP
  }
  inet_listener imaps {
    port = 0
  }
}
`

func (m *mailSystem) write(t *testing.T) {
	t.Helper()
	fill := strings.NewReplacer("DIR", m.dir, "SMTP", strconv.Itoa(m.smtp), "GONE", strconv.Itoa(m.gone), "IMAP", strconv.Itoa(m.imap))
	for name, text := range map[string]string{
		"main.cf": postfixMain, "master.cf": postfixMaster, "dovecot.conf": dovecotMain,
		"transport": "gone.example smtp:[127.0.0.1]:GONE\n",
		"refused":   "gone.example 550 5.1.1 User unknown in virtual mailbox table\n",
		"boxes":     "alice@reader.example alice/\nbert@reader.example bert/\nbounces@weekly.example bounces/\n",
	} {
		if err := os.WriteFile(filepath.Join(m.dir, name), []byte(fill.Replace(text)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	postfix, err := exec.Command("id", "-u", "postfix").Output()
	if err != nil {
		t.Skipf("left out: a real Postfix and a real IMAP server (it has no user: %v)", err)
	}
	uid, err := strconv.Atoi(strings.TrimSpace(string(postfix)))
	if err != nil {
		t.Fatal(err)
	}
	for name, owner := range map[string]int{"queue": 0, "run": 0, "data": uid, "mail": 65534} {
		at := filepath.Join(m.dir, name)
		if err := os.Mkdir(at, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(at, owner, -1); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(m.dir, 0o755); err != nil {
		t.Fatal(err)
	}
}

func (m *mailSystem) startPostfix(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("/usr/sbin/postfix", "-c", m.dir, "start").CombinedOutput(); err != nil {
		t.Fatalf("start Postfix: %v\n%s%s", err, out, m.log("postfix.log"))
	}
	t.Cleanup(func() {
		if out, err := exec.Command("/usr/sbin/postfix", "-c", m.dir, "stop").CombinedOutput(); err != nil {
			t.Errorf("stop Postfix: %v\n%s", err, out)
		}
		if t.Failed() {
			t.Logf("%s%s", m.log("postfix.log"), m.log("dovecot.log"))
		}
	})
	m.answers(t, m.smtp)
	m.answers(t, m.gone)
}

func (m *mailSystem) startDovecot(t *testing.T) {
	t.Helper()
	cmd := exec.Command("/usr/sbin/dovecot", "-F", "-c", filepath.Join(m.dir, "dovecot.conf"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // how it ends after that is its own affair
	})
	m.answers(t, m.imap)
}

func (m *mailSystem) log(name string) string {
	b, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil {
		return ""
	}
	return string(b)
}

func (m *mailSystem) answers(t *testing.T, port int) {
	t.Helper()
	until(t, fmt.Sprintf("port %d answers", port), func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		return err == nil && c.Close() == nil
	})
}

// box is a mailbox as Dovecot shows it.
func (m *mailSystem) box(t *testing.T, user string) inbox.Mailbox {
	t.Helper()
	box, err := inbox.ParseMailbox(fmt.Sprintf("imap://%s:secret@127.0.0.1:%d/INBOX", user, m.imap))
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// read waits for mail in a box, so many of them.
func (m *mailSystem) read(t *testing.T, user string, n int) (got [][]byte) {
	t.Helper()
	until(t, fmt.Sprintf("%d mails for %s", n, user), func() bool {
		_, err := m.box(t, user).Poll(t.Context(), time.Now(), func(_ context.Context, _ []string, r io.Reader) error {
			b, err := io.ReadAll(r)
			got = append(got, b)
			return err
		})
		return err == nil && len(got) >= n
	})
	return got
}

// A postedHouse is a house whose mail goes out by a mail system, and whose
// clock can be set ahead.
type postedHouse struct {
	*house
	mail  *mailSystem
	ahead time.Duration
}

func newPostedHouse(t *testing.T, m *mailSystem) *postedHouse {
	t.Helper()
	s := crashSettings(t)
	s.from, s.returns, s.baseURL = "Digest <digest@weekly.example>", "bounces@weekly.example", "http://localhost:8080"
	s.relays = []string{fmt.Sprintf("smtp://127.0.0.1:%d", m.smtp)}
	s.returnsMailbox = fmt.Sprintf("imap://bounces:secret@127.0.0.1:%d/INBOX", m.imap)
	if err := s.check(); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), s.dataDir)
	if err != nil {
		t.Fatal(err)
	}
	p := &postedHouse{mail: m}
	p.house = &house{s: s, log: slog.New(slog.DiscardHandler), store: st, now: func() time.Time { return time.Now().Add(p.ahead) }}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := p.build(); err != nil {
		t.Fatal(err)
	}
	return p
}

// send sends an issue of one story and waits until every copy was taken.
func (p *postedHouse) send(t *testing.T) news.Issue {
	t.Helper()
	ctx := t.Context()
	headline := "A doctor is free"
	story, err := news.Begin("en", news.Approval{Headline: &headline}, "https://example.org/doctor", "anna", p.now())
	if err != nil {
		t.Fatal(err)
	}
	if err := story.Approve(news.Approval{}, "anna", p.now()); err != nil {
		t.Fatal(err)
	}
	if _, err := p.store.AddStory(ctx, story, news.Decision{At: p.now(), Who: "anna", What: "begin"}); err != nil {
		t.Fatal(err)
	}
	i, err := p.publish.Draft(ctx, "anna")
	if err != nil {
		t.Fatal(err)
	}
	if i, err = p.publish.Approve(ctx, i.ID, i.Revision, "anna"); err != nil {
		t.Fatal(err)
	}
	if i, err = p.publish.Send(ctx, i.ID, "anna"); err != nil {
		t.Fatal(err)
	}
	if err := p.deliver.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if c, err := p.store.Counts(ctx, i.ID); err != nil || !c.Balanced() || c.Waiting > 0 || c.Sent != c.Intended {
		t.Fatalf("books %+v, %v", c, err)
	}
	return i
}

// poll looks into the mailbox of returned mail until something came.
func (p *postedHouse) poll(t *testing.T) (got []deliver.Taken) {
	t.Helper()
	until(t, "something comes back", func() bool {
		_, err := p.s.inbox.Poll(t.Context(), p.now(), func(ctx context.Context, to []string, r io.Reader) error {
			taken, err := p.returns.Take(ctx, to, r)
			got = append(got, taken)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return len(got) > 0
	})
	return got
}

func (p *postedHouse) stands(t *testing.T, address string, want audience.State) {
	t.Helper()
	r, _, err := p.signup.Find(t.Context(), address)
	if err != nil || r.State != want {
		t.Errorf("%s is %s, %v; want %s", address, r.State, err, want)
	}
}

// TestPostfix sends issues by a real Postfix: they are read over IMAP with both
// signatures whole, a reader behind a real 550 comes back, is counted, and is
// not written to any more after the second issue; one-click from the mail and
// a mail to its other address let readers go.
func TestPostfix(t *testing.T) {
	m := startMail(t)
	p := newPostedHouse(t, m)
	records := p.sign(t)
	for _, address := range []string{"alice@reader.example", "bert@reader.example", "nobody@gone.example"} {
		if err := p.signup.Add(t.Context(), address, audience.Preferences{Language: "en", Format: audience.FormatHTML}, "by hand"); err != nil {
			t.Fatal(err)
		}
	}
	first := p.send(t)
	mails := m.read(t, "alice", 1)
	signatures(t, mails[0], records)
	if got := p.poll(t); len(got) != 1 || got[0].What != deliver.Counted || got[0].Verdict != "address-dead" || got[0].Issue != first.ID {
		t.Errorf("the first issue came back as %+v", got)
	}
	p.stands(t, "nobody@gone.example", audience.Active)
	p.ahead += 7 * 24 * time.Hour
	second := p.send(t)
	if got := p.poll(t); len(got) != 1 || got[0].What != deliver.Suppressed || got[0].Issue != second.ID {
		t.Errorf("the second issue came back as %+v", got)
	}
	p.stands(t, "nobody@gone.example", audience.Suppressed)

	link, _ := ways(t, mails[0])
	p.oneClick(t, link)
	p.stands(t, "alice@reader.example", audience.Left)
	_, address := ways(t, m.read(t, "bert", 2)[0])
	if err := smtp.SendMail(fmt.Sprintf("127.0.0.1:%d", m.smtp), nil, "bert@reader.example", []string{address},
		[]byte("From: bert@reader.example\r\nTo: "+address+"\r\nSubject: leave\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if got := p.poll(t); len(got) != 1 || got[0].What != deliver.Unwanted {
		t.Errorf("asked to leave: %+v", got)
	}
	p.stands(t, "bert@reader.example", audience.Left)
}

// sign makes keys that sign at once, and returns their lines in DNS.
func (p *postedHouse) sign(t *testing.T) map[string]string {
	t.Helper()
	keys, _, err := keep.MakeKeys(t.Context(), p.store, "weekly.example", "test", p.now())
	if err != nil {
		t.Fatal(err)
	}
	if err := keep.BeginKeys(t.Context(), p.store, "weekly.example", "test", p.now(), func(audience.MailKey) error { return nil }); err != nil {
		t.Fatal(err)
	}
	records := map[string]string{}
	for _, k := range keys {
		name, text, err := k.Record()
		if err != nil {
			t.Fatal(err)
		}
		records[name] = text
	}
	return records
}

func signatures(t *testing.T, message []byte, records map[string]string) {
	t.Helper()
	list, err := dkim.VerifyWithOptions(bytes.NewReader(message), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) { return []string{records[name]}, nil }})
	if err != nil || len(list) != 2 || list[0].Err != nil || list[1].Err != nil {
		t.Errorf("signatures: %+v, %v", list, err)
	}
}

// ways are the two ways to leave that a mail names.
func ways(t *testing.T, message []byte) (link, address string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range strings.Split(m.Header.Get("List-Unsubscribe"), ",") {
		way = strings.Trim(strings.TrimSpace(way), "<>")
		if a, ok := strings.CutPrefix(way, "mailto:"); ok {
			address = a
		} else {
			link = way
		}
	}
	return link, address
}

// oneClick does what a mail program does when its reader says "unsubscribe".
func (p *postedHouse) oneClick(t *testing.T, link string) {
	t.Helper()
	pages, err := p.pages()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, link, strings.NewReader("List-Unsubscribe=One-Click"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("POST to the link of the mail: %d %s", w.Code, w.Body)
	}
}
