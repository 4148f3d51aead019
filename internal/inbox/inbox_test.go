package inbox_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	lmtp "github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/inbox"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestLMTP: mail for our addresses is taken, with its envelope; mail for others
// is refused, and what cannot be written down is asked for again.
func TestLMTP(t *testing.T) {
	t.Parallel()
	l := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	var got []string
	fail := false
	ended := make(chan error, 1)
	go func() {
		ended <- inbox.ServeLMTP(ctx, l, "desk.example.org", func(a string) bool { return strings.HasPrefix(a, "bounces") },
			func(_ context.Context, to []string, r io.Reader) error {
				b, err := io.ReadAll(r)
				if fail || err != nil {
					return errors.New("the disk is full")
				}
				got = append(got, strings.Join(to, " ")+": "+string(b))
				return nil
			}, slog.New(slog.DiscardHandler))
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := lmtp.NewClientLMTP(conn)
	send := func(to, text string) error {
		return c.SendMail("", []string{to}, strings.NewReader(text))
	}
	if err := send("bounces+r1@example.org", "Subject: one\r\n\r\nx\r\n"); err != nil {
		t.Fatal(err)
	}
	var refused *lmtp.SMTPError
	if err := send("office@example.org", "x"); !errors.As(err, &refused) || refused.Code != 550 {
		t.Errorf("for another: %v", err)
	}
	if err := c.Reset(); err != nil {
		t.Fatal(err)
	}
	fail = true
	if err := send("bounces@example.org", "Subject: two\r\n\r\nx\r\n"); err == nil || !strings.Contains(err.Error(), "451") {
		t.Errorf("not written down: %v", err)
	}
	if err := c.Quit(); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"bounces+r1@example.org: Subject: one\r\n\r\nx\r\n"}, got); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
	if err := smtp.SendMail(l.Addr().String(), nil, "", nil, nil); err == nil {
		t.Error("it still answers")
	}
}

// TestPoll: each message is offered until it is taken, once, and is deleted a
// month later unless a person flagged it.
func TestPoll(t *testing.T) {
	t.Parallel()
	user := imapmemserver.NewUser("bounces", "secret")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	put := func(text string, age time.Duration, flags ...imap.Flag) {
		t.Helper()
		if _, err := user.Append("INBOX", strings.NewReader(text), &imap.AppendOptions{Time: now.Add(-age), Flags: flags}); err != nil {
			t.Fatal(err)
		}
	}
	m := serveIMAP(t, user)
	put("Subject: seen long ago\r\n\r\n", 40*24*time.Hour, imap.FlagSeen)
	put("Subject: flagged\r\n\r\n", 40*24*time.Hour, imap.FlagSeen, imap.FlagFlagged)
	put("Subject: one\r\n\r\n", time.Hour)
	put("Subject: two\r\n\r\n", time.Hour)
	var offered []string
	poll := func(refuse string) (int, error) {
		return m.Poll(t.Context(), now, func(_ context.Context, to []string, r io.Reader) error {
			b, err := io.ReadAll(r)
			offered = append(offered, strings.TrimSpace(strings.TrimPrefix(string(b), "Subject: ")))
			if len(to) > 0 || err != nil || strings.Contains(string(b), refuse) {
				return errors.New("not now")
			}
			return nil
		})
	}
	if n, err := poll("one"); n != 1 || err == nil {
		t.Errorf("first poll: %d, %v", n, err)
	}
	if n, err := poll("none of them"); n != 1 || err != nil {
		t.Errorf("second poll: %d, %v", n, err)
	}
	if n, err := poll("none of them"); n != 0 || err != nil {
		t.Errorf("third poll: %d, %v", n, err)
	}
	if diff := cmp.Diff([]string{"one", "two", "one"}, offered); diff != "" {
		t.Errorf("offered (-want +got):\n%s", diff)
	}
	left, err := user.Status("INBOX", &imap.StatusOptions{NumMessages: true})
	if err != nil || *left.NumMessages != 3 {
		t.Errorf("%d messages are left, %v; want 3", *left.NumMessages, err)
	}
}

func serveIMAP(t *testing.T, user *imapmemserver.User) inbox.Mailbox {
	t.Helper()
	mem := imapmemserver.New()
	mem.AddUser(user)
	s := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps: imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}}, InsecureAuth: true,
	})
	l := listen(t)
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	m, err := inbox.ParseMailbox("imap://bounces:secret@" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestParseMailbox: what is wrong is said, and the password never.
func TestParseMailbox(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"imaps://me:secret@mail.example.org":              "me at mail.example.org:993/INBOX",
		"imap://me:secret@mail.example.org:1143/Returned": "me at mail.example.org:1143/Returned",
		"imaps://mail.example.org":                        "",
		"pop3://me:secret@mail.example.org":               "",
		"imaps://me:secret%zz@mail.example.org":           "",
		"":                                                "",
	} {
		got, err := inbox.ParseMailbox(in)
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("ParseMailbox(%q) says %v", in, err)
		}
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("ParseMailbox(%q) = %v, %v; want %q", in, got, err, want)
		}
	}
}
