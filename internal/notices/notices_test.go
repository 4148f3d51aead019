package notices_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/notices"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A desk is the service over an empty store, a relay that answers as told, and
// the log.
type desk struct {
	*notices.Service
	store *store.Store
	now   time.Time
	reply smtpout.Reply
	down  error
	sent  []string
	log   bytes.Buffer
	cleo  staff.Account
}

// Send takes a mail, or does not.
func (d *desk) Send(_ context.Context, m smtpout.Message) (smtpout.Reply, error) {
	if d.down == nil && d.reply.Accepted() {
		d.sent = append(d.sent, m.To+"\n"+string(m.Body))
	}
	return d.reply, d.down
}

func newDesk(t *testing.T, way bool) *desk {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	d := &desk{store: s, now: noon, reply: smtpout.Reply{Stage: smtpout.Dot, Code: 250}}
	o := notices.Options{
		Check: func(a string) (string, error) { return a, nil },
		Link:  func(path string) string { return "https://desk.example" + path },
		Write: func(m notices.Mail) (smtpout.Message, error) {
			return smtpout.Message{To: m.To.Reveal(), Body: []byte(m.Subject + "\n" + m.Text)}, nil
		},
		Log: slog.New(slog.NewTextHandler(&d.log, nil)), Now: func() time.Time { return d.now },
	}
	if way {
		o.Send = d
	}
	d.Service = notices.New(s, o)
	for _, name := range []string{"root", "cleo"} {
		a := staff.Account{Name: name, Roles: []staff.Role{staff.Contributor}, Handle: []byte(name), Created: noon}
		if err := s.AddAccount(t.Context(), &a, staff.AuditEntry{At: noon, Who: "test", What: "add account"}); err != nil {
			t.Fatal(err)
		}
		d.cleo = a
	}
	if err := d.Save(t.Context(), d.cleo, "cleo@canary.example", staff.NoticeKinds()); err != nil {
		t.Fatal(err)
	}
	return d
}

// story stores one that cleo began, and says one thing about it.
func (d *desk) story(t *testing.T, headline string) {
	t.Helper()
	id, err := d.store.AddStory(t.Context(), news.Story{State: news.StoryQueued, Language: "en", Headline: headline, BegunBy: "cleo", Created: noon, Updated: noon},
		news.Decision{At: noon, Who: "cleo", What: "begin"})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.store.AddNote(t.Context(), news.Note{Story: id, Who: "cara", At: noon, Text: "the words of a note stay at the desk"}); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) run(t *testing.T, after time.Duration) {
	t.Helper()
	d.now = noon.Add(after)
	if err := d.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) box(t *testing.T) notices.Box {
	t.Helper()
	b, err := d.Box(t.Context(), d.cleo.ID)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOneMailInTenMinutes(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	d.story(t, "First")
	d.run(t, 0)
	for n := range 25 {
		d.story(t, fmt.Sprintf("Story\nnumber %d.", n))
	}
	d.run(t, 9*time.Minute)
	if len(d.sent) != 1 {
		t.Fatalf("%d mails within ten minutes, want 1", len(d.sent))
	}
	d.run(t, 10*time.Minute)
	if len(d.sent) != 2 || d.box(t).Waiting != 0 {
		t.Fatalf("%d mails, %d things wait", len(d.sent), d.box(t).Waiting)
	}
	if want := "cara wrote a note on “First”.\nhttps://desk.example/desk/stories/1\n"; !strings.Contains(d.sent[0], want) || strings.Contains(d.sent[0], "stay at the desk") {
		t.Errorf("the first mail:\n%s", d.sent[0])
	}
	if !strings.Contains(d.sent[1], "25 things") || strings.Count(d.sent[1], "wrote a note") != 20 || !strings.Contains(d.sent[1], "And 5 more") {
		t.Errorf("the second mail:\n%s", d.sent[1])
	}
}

func TestFailureIsTriedAgainAndTold(t *testing.T) {
	t.Parallel()
	d := newDesk(t, true)
	d.story(t, "First")
	d.down = errors.New("no route")
	d.run(t, 0)
	if b := d.box(t); b.Trouble == "" || b.Stopped || b.Waiting != 1 {
		t.Errorf("after a relay that is down: %+v", b)
	}
	d.down, d.reply = nil, smtpout.Reply{Stage: smtpout.Rcpt, Code: 450, Text: "cleo@canary.example later"}
	d.run(t, time.Minute)
	if b := d.box(t); !strings.Contains(b.Trouble, "450") || b.Attempts != 2 {
		t.Errorf("after 450: %+v", b)
	}
	d.reply = smtpout.Reply{Stage: smtpout.Rcpt, Code: 550, Text: "cleo@canary.example unknown"}
	d.run(t, 3*time.Minute)
	if b := d.box(t); !b.Stopped || b.Waiting != 1 {
		t.Errorf("after 550: %+v", b)
	}
	d.reply = smtpout.Reply{Stage: smtpout.Dot, Code: 250}
	d.run(t, 24*time.Hour)
	if len(d.sent) != 0 {
		t.Error("a refused address is tried again")
	}
	if err := d.Save(t.Context(), d.cleo, "cleo@canary.example", staff.NoticeKinds()); err != nil {
		t.Fatal(err)
	}
	d.run(t, 24*time.Hour)
	if b := d.box(t); len(d.sent) != 1 || b.Trouble != "" || b.Waiting != 0 {
		t.Errorf("saved anew: %d mails, %+v", len(d.sent), b)
	}
	if strings.Contains(d.log.String(), "canary") {
		t.Errorf("the address is in the log:\n%s", &d.log)
	}
	lines, err := d.store.AuditLog(t.Context(), "canary", 0, 10)
	if err != nil || len(lines) != 0 {
		t.Errorf("the address is in the audit log: %v, %v", lines, err)
	}
}

func TestWithoutAWayOutItWaits(t *testing.T) {
	t.Parallel()
	d := newDesk(t, false)
	d.story(t, "First")
	d.run(t, 30*24*time.Hour)
	if b := d.box(t); b.Waiting != 1 || !b.NoWay || b.Attempts != 0 {
		t.Errorf("%+v", b)
	}
	if err := d.Drop(t.Context(), d.cleo); err != nil {
		t.Fatal(err)
	}
	if b := d.box(t); b.Given || b.Waiting != 0 {
		t.Errorf("dropped: %+v", b)
	}
}

func TestAnAddressPrintsNowhere(t *testing.T) {
	t.Parallel()
	m := staff.Mailbox{Address: staff.AddressOf("cleo@canary.example")}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("it", "box", m, "address", m.Address)
	for _, text := range []string{fmt.Sprint(m), fmt.Sprintf("%+v %#v %q %x %s", m, m, m.Address, m.Address, &m.Address), log.String()} {
		if strings.Contains(text, "canary") || !strings.Contains(text, "[address]") {
			t.Errorf("it prints as %s", text)
		}
	}
}
