package deliver_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/deliver"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/smtpout/smtptest"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/token"
)

// A desk of three readers that has sent issues, and takes in what comes back.
type returning struct {
	*deliver.Returns
	store  *store.Store
	srv    *smtptest.Server
	ahead  time.Duration // of the real clock, which goes on
	passed int
}

const weekly = 7 * 24 * time.Hour

func newReturning(t *testing.T) *returning {
	t.Helper()
	s := openStore(t, t.TempDir())
	subscribe(t, s, 3, func(n int) string { return fmt.Sprintf("reader%d@example.org", n) })
	keys, err := token.NewKeyring(s.Key(store.KeyLinks))
	if err != nil {
		t.Fatal(err)
	}
	mailbox, err := token.NewMailbox(keys, "bounces@weekly.example.org")
	if err != nil {
		t.Fatal(err)
	}
	d := &returning{store: s, srv: smtptest.New(t, nil)}
	d.Returns = &deliver.Returns{Store: s, Mailbox: mailbox, Now: d.clock, Log: slog.New(slog.DiscardHandler),
		Pass: func(context.Context, []byte) error { d.passed++; return nil }}
	return d
}

func (d *returning) clock() time.Time { return time.Now().Add(d.ahead) }

// send sends an issue at the desk's time and returns it with the envelope
// senders of its copies.
func (d *returning) send(t *testing.T) (news.Issue, []string) {
	t.Helper()
	i := freeze(t, d.store, []byte("Hello\r\n"))
	out := deliver.New(d.store, to(d.srv), deliver.Options{Load: load, Holder: "test", Connections: 1, Envelope: d.envelope},
		asleep, d.clock, slog.New(slog.DiscardHandler))
	if err := out.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	var from []string
	for n := range 3 {
		r := d.reader(t, n)
		from = append(from, d.Mailbox.Return(token.Return{Issue: int64(i.ID), Reader: int64(r.ID)}, d.clock().Add(30*24*time.Hour)))
	}
	return i, from
}

func (d *returning) envelope(c audience.Copy) string {
	return d.Mailbox.Return(token.Return{Issue: int64(c.Issue), Reader: int64(c.Reader)}, d.clock().Add(30*24*time.Hour))
}

func (d *returning) reader(t *testing.T, n int) audience.Reader {
	t.Helper()
	a, err := audience.ParseAddress(fmt.Sprintf("reader%d@example.org", n))
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := d.store.ReaderByAddress(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (d *returning) offer(t *testing.T, message string) string {
	t.Helper()
	got, err := d.Take(t.Context(), nil, strings.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	return got.What
}

func dsn(to, recipient, action, status, text string) string {
	return fmt.Sprintf("From: MAILER-DAEMON@mx.example.net\r\nTo: <%s>\r\nSubject: Undelivered Mail\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"+
		"--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; %s\r\nAction: %s\r\nStatus: %s\r\n"+
		"Diagnostic-Code: smtp; %s\r\n--x--\r\n", to, recipient, action, status, text)
}

func dead(to, recipient string) string {
	return dsn(to, recipient, "failed", "5.1.1", "550 5.1.1 <"+recipient+"> no such user here")
}

// TestReturnsTwoIssues: an address that two issues a week apart found gone is
// not written to any more; within five days nothing follows, however often it
// is said; and the third issue leaves it out.
func TestReturnsTwoIssues(t *testing.T) {
	t.Parallel()
	d := newReturning(t)
	first, from := d.send(t)
	say := func(to, want string) {
		t.Helper()
		if got := d.offer(t, dead(to, "reader0@example.org")); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	say(from[0], deliver.Counted)
	say(from[0], deliver.Known) // replayed
	d.ahead += 4 * 24 * time.Hour
	_, from = d.send(t)
	say(from[0], deliver.Counted)
	d.ahead += 3 * 24 * time.Hour
	_, from = d.send(t)
	say(from[0], deliver.Suppressed)
	say(from[0], deliver.Known)
	if r := d.reader(t, 0); r.State != audience.Suppressed {
		t.Errorf("the reader is %s", r.State)
	}
	if _, barred, err := d.store.ReaderByAddress(t.Context(), d.reader(t, 0).Address); err != nil || barred == nil || barred.Reason != audience.DeadAddress {
		t.Errorf("barred %+v, %v", barred, err)
	}
	log, err := d.store.AuditLog(t.Context(), "suppress reader", 0, 10)
	if err != nil || len(log) != 1 || strings.Contains(log[0].Detail+log[0].Subject, "@") {
		t.Errorf("audit %+v, %v", log, err)
	}
	d.ahead += weekly
	last, _ := d.send(t)
	defer d.lifted(t)
	if got := counts(t, d.store, last.ID); got.Sent != 2 {
		t.Errorf("the next issue: %+v", got)
	}
	if got, err := d.store.ReturnCounts(t.Context(), first.ID); err != nil || got["address-dead"] != 1 {
		t.Errorf("came back of the first: %v, %v", got, err)
	}
}

// lifted: taken back by hand, the reader reads again, and it takes two issues
// again.
func (d *returning) lifted(t *testing.T) {
	err := d.store.LiftReader(t.Context(), d.reader(t, 0).Address, d.clock(), func(r *audience.Reader, why audience.SuppressionReason) bool {
		r.Consent.Confirmed = d.clock() // as anybody who confirmed
		return r.Lift(why, d.clock())
	})
	if r := d.reader(t, 0); err != nil || r.State != audience.Active {
		t.Errorf("lifted: %s, %v", r.State, err)
	}
	d.ahead += weekly
	_, from := d.send(t)
	if got := d.offer(t, dead(from[0], "reader0@example.org")); got != deliver.Counted {
		t.Errorf("after it was lifted: %s", got)
	}
}

// TestReturnsMoveNobody: what is no proof that the reader's address is gone,
// however often it is said and whoever says it.
func TestReturnsMoveNobody(t *testing.T) {
	t.Parallel()
	auto := "From: reader0@example.org\r\nTo: <%s>\r\nSubject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\nUser unknown until Monday.\r\n"
	reply := "From: reader0@example.org\r\nTo: <%s>\r\nSubject: Re: Digest\r\nIn-Reply-To: <x@y>\r\n\r\nThank you, 550 5.1.1 times.\r\n"
	for _, tt := range []struct {
		name    string
		message func(from []string) string
		want    string
	}{
		{"no token", func([]string) string { return dead("bounces@weekly.example.org", "reader0@example.org") }, deliver.NotOurs},
		{"forged", func(from []string) string {
			forged := []byte(from[0])
			forged[20] ^= 1
			return dead(string(forged), "reader0@example.org")
		}, deliver.NotOurs},
		{"two tokens", func(from []string) string { return dead(from[0]+">, <"+from[1], "reader0@example.org") }, deliver.NotOurs},
		{"a token in the text alone", func(from []string) string {
			return dsn("bounces@weekly.example.org", "reader0@example.org", "failed", "5.1.1", "550 no such user, from "+from[0])
		}, deliver.NotOurs},
		{"says another was dead, and ours delivered", func(from []string) string {
			return strings.Replace(dead(from[0], "somebody@example.com"), "--x--", "\r\nFinal-Recipient: rfc822; reader0@example.org\r\nAction: delivered\r\nStatus: 2.0.0\r\n--x--", 1)
		}, deliver.Known},
		{"says two others were dead", func(from []string) string {
			return strings.Replace(dead(from[0], "a@example.com"), "--x--", "\r\nFinal-Recipient: rfc822; b@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n--x--", 1)
		}, deliver.Known},
		{"blocked", func(from []string) string {
			return dsn(from[0], "reader0@example.org", "failed", "5.7.1", "550 5.7.1 blocked using a block list")
		}, deliver.Counted},
		{"full", func(from []string) string {
			return dsn(from[0], "reader0@example.org", "failed", "5.2.2", "552 5.2.2 mailbox full")
		}, deliver.Counted},
		{"delayed", func(from []string) string {
			return dsn(from[0], "reader0@example.org", "delayed", "4.1.1", "451 4.1.1 unknown for now")
		}, deliver.Counted},
		{"delivered", func(from []string) string {
			return dsn(from[0], "reader0@example.org", "delivered", "2.0.0", "250 ok")
		}, deliver.Ignored},
		{"automatic reply", func(from []string) string { return fmt.Sprintf(auto, from[0]) }, deliver.Ignored},
		{"a person", func(from []string) string { return fmt.Sprintf(reply, from[0]) }, deliver.Person},
		{"a stranger", func([]string) string { return fmt.Sprintf(reply, "bounces@weekly.example.org") }, deliver.NotOurs},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newReturning(t)
			for range 2 {
				_, from := d.send(t)
				if got := d.offer(t, tt.message(from)); got != tt.want {
					t.Errorf("%s, want %s", got, tt.want)
				}
				d.ahead += weekly
			}
			for n := range 3 {
				if r := d.reader(t, n); r.State != audience.Active {
					t.Errorf("reader %d is %s", n, r.State)
				}
			}
			if want := map[bool]int{true: 2}[tt.want == deliver.Person]; d.passed != want {
				t.Errorf("%d passed on, want %d", d.passed, want)
			}
		})
	}
}

// TestReturnsTooLate: an address that is too old moves nobody.
func TestReturnsTooLate(t *testing.T) {
	t.Parallel()
	d := newReturning(t)
	_, from := d.send(t)
	d.ahead += 40 * 24 * time.Hour
	if got := d.offer(t, dead(from[0], "reader0@example.org")); got != deliver.NotOurs {
		t.Errorf("forty days late: %s", got)
	}
}

// TestReturnsComplaint: who calls a mail unwanted is not written to again, by
// the envelope of the report or by that of the mail inside it.
func TestReturnsComplaint(t *testing.T) {
	t.Parallel()
	d := newReturning(t)
	_, from := d.send(t)
	arf := "From: fbl@example.com\r\nTo: <%s>\r\nSubject: FW: Digest\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=x\r\n\r\n" +
		"--x\r\nContent-Type: text/plain\r\n\r\nThis is a complaint.\r\n--x\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: x/1\r\nVersion: 1\r\nOriginal-Mail-From: <%s>\r\n" +
		"--x\r\nContent-Type: message/rfc822\r\n\r\nFrom: digest@example.org\r\nSubject: Digest\r\nList-Unsubscribe: <https://x.example>,\r\n <mailto:%s>\r\n\r\nx\r\n--x--\r\n"
	leave := d.Mailbox.Unsubscribe(d.reader(t, 2).Token)
	for n, message := range []string{
		fmt.Sprintf(arf, from[0], "x@example.org", "y@example.org"),
		fmt.Sprintf(arf, "fbl@weekly.example.org", from[1], "y@example.org"),
		fmt.Sprintf(arf, "fbl@weekly.example.org", "x@example.org", leave),
	} {
		if got := d.offer(t, message); got != deliver.Suppressed {
			t.Errorf("complaint %d: %s", n, got)
		}
		if r := d.reader(t, n); r.State != audience.Suppressed {
			t.Errorf("reader %d is %s", n, r.State)
		}
	}
	if got := d.offer(t, fmt.Sprintf(arf, "fbl@weekly.example.org", "x@example.org", "y@example.org")); got != deliver.NotOurs {
		t.Errorf("a complaint without a token: %s", got)
	}
}

// TestReturnsUnsubscribe: a mail to the address of List-Unsubscribe lets its
// reader go, twice too; an automatic reply to it does not.
func TestReturnsUnsubscribe(t *testing.T) {
	t.Parallel()
	d := newReturning(t)
	leave := d.Mailbox.Unsubscribe(d.reader(t, 1).Token)
	if got := d.offer(t, "From: reader1@example.org\r\nTo: <"+leave+">\r\nAuto-Submitted: auto-replied\r\n\r\nAway.\r\n"); got != deliver.Ignored {
		t.Errorf("an automatic reply: %s", got)
	}
	if r := d.reader(t, 1); r.State != audience.Active {
		t.Errorf("the reader is %s", r.State)
	}
	for range 2 {
		if got := d.offer(t, "From: somebody.else@example.org\r\nTo: <"+strings.ToUpper(leave)+">\r\nSubject: unsubscribe\r\n\r\n"); got != deliver.Unwanted {
			t.Errorf("asked to leave: %s", got)
		}
	}
	if r := d.reader(t, 1); r.State != audience.Left {
		t.Errorf("the reader is %s", r.State)
	}
}

// TestReturnsKeepNoAddress: what a server said is kept without the address.
func TestReturnsKeepNoAddress(t *testing.T) {
	t.Parallel()
	d := newReturning(t)
	_, from := d.send(t)
	d.offer(t, dsn(from[0], "reader0@example.org", "failed", "5.2.2", "552 <reader0@example.org>: READER0 is over quota, reader0=example.org"))
	var told bytes.Buffer
	err := d.store.TakeReturn(t.Context(), 1, d.reader(t, 0).ID, d.clock(), func(_ audience.Copy, _ *audience.Reader, returns []audience.Return) (*audience.Return, audience.SuppressionReason, staff.AuditEntry, error) {
		fmt.Fprint(&told, returns)
		return nil, "", staff.AuditEntry{}, nil
	})
	if err != nil || !strings.Contains(told.String(), "over quota") || strings.Contains(strings.ToLower(told.String()), "reader0") {
		t.Errorf("kept: %s, %v", &told, err)
	}
}
