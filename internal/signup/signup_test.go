package signup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/signup"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/token"
)

// A house is a signup service over an empty store, with a clock to turn and
// the mails it sent.
type house struct {
	*signup.Service
	store *store.Store
	now   time.Time
	mails []mail
	reply smtpout.Reply
	log   bytes.Buffer
}

type mail struct{ to, link string }

var accepted = smtpout.Reply{Stage: smtpout.Dot, Code: 250}

func (h *house) Send(_ context.Context, m smtpout.Message) (smtpout.Reply, error) {
	if h.reply.Accepted() {
		h.mails = append(h.mails, mail{m.To, string(m.Body)})
	}
	return h.reply, nil
}

func newHouse(t *testing.T) *house {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	keys, err := token.NewKeyring(s.Key(store.KeyLinks))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{store: s, now: time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC), reply: accepted}
	h.Service = signup.New(s, signup.Options{
		Keys: keys, Send: h, HouseCap: houseCap, Now: func() time.Time { return h.now },
		Link: func(path string) string { return "https://digest.example.org" + path },
		Write: func(l audience.Letter, link string) (smtpout.Message, error) {
			return smtpout.Message{To: l.Reader.Address.Reveal(), Body: []byte(link)}, nil
		},
		Log: slog.New(slog.NewTextHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	return h
}

const houseCap = 40

const canary = "canary.reader@clinic.example.org"

var english = audience.Preferences{Language: "en", Format: audience.FormatHTML}

// ask signs address up and lets the job answer; it returns how many mails went.
func (h *house) ask(t *testing.T, address string) int {
	t.Helper()
	before := len(h.mails)
	if err := h.Ask(t.Context(), address, english, netip.Addr{}); err != nil {
		t.Fatal(err)
	}
	if err := h.SendLetters(t.Context()); err != nil {
		t.Fatal(err)
	}
	return len(h.mails) - before
}

// token is the last part of the last mail's link.
func (h *house) token() string {
	link := h.mails[len(h.mails)-1].link
	return link[strings.LastIndexByte(link, '/')+1:]
}

func (h *house) state(t *testing.T, address string) audience.State {
	t.Helper()
	r, _, err := h.Find(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return r.State
}

func (h *house) unsubscribeToken(t *testing.T, address string) string {
	t.Helper()
	r, _, err := h.Find(t.Context(), address)
	if err != nil || r.ID == 0 {
		t.Fatalf("find reader: %v", err)
	}
	link := h.UnsubscribeLink(r.Token)
	return link[strings.LastIndexByte(link, '/')+1:]
}

// active makes address an active reader by the way everybody goes.
func (h *house) active(t *testing.T, address string) {
	t.Helper()
	if n := h.ask(t, address); n != 1 {
		t.Fatalf("asking mailed %d confirmations", n)
	}
	if err := h.Confirm(t.Context(), h.token()); err != nil {
		t.Fatal(err)
	}
}

func TestAskConfirmLeaveReturn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if n := h.ask(t, canary); n != 1 || h.mails[0].to != canary || h.state(t, canary) != audience.Pending {
		t.Fatalf("after asking: %d mails, %s", n, h.state(t, canary))
	}
	confirm := h.token()
	if lang, err := h.Asked(t.Context(), confirm); lang != "en" || err != nil {
		t.Errorf("Asked = %q, %v", lang, err)
	}
	if err := h.Confirm(t.Context(), confirm); err != nil || h.state(t, canary) != audience.Active {
		t.Fatalf("Confirm: %v, %s", err, h.state(t, canary))
	}
	if err := h.Confirm(t.Context(), confirm); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("the confirmation link works twice: %v", err)
	}
	leave := h.unsubscribeToken(t, canary)
	for range 3 {
		if err := h.Unsubscribe(t.Context(), leave); err != nil || h.state(t, canary) != audience.Left {
			t.Fatalf("Unsubscribe: %v, %s", err, h.state(t, canary))
		}
	}
	if err := h.Confirm(t.Context(), confirm); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("an old confirmation brings back who left: %v", err)
	}
	h.now = h.now.Add(25 * time.Hour)
	h.active(t, canary)
	if _, barred, err := h.Find(t.Context(), canary); barred != nil || err != nil {
		t.Errorf("who came back is still barred: %v, %v", barred, err)
	}
	h.now = h.now.AddDate(6, 0, 0)
	if err := h.Unsubscribe(t.Context(), leave); err != nil || h.state(t, canary) != audience.Left {
		t.Errorf("the link of six years ago: %v, %s", err, h.state(t, canary))
	}
	if broken, err := h.store.CheckJournal(t.Context()); broken != 0 || err != nil {
		t.Errorf("CheckJournal = %d, %v", broken, err)
	}
	if strings.Contains(h.log.String(), "canary") {
		t.Errorf("an address stands in the log:\n%s", h.log.String())
	}
}

func TestCaps(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mailed := 0
	for range 30 * 24 {
		mailed += h.ask(t, canary)
		h.now = h.now.Add(time.Hour)
	}
	if mailed != 3 {
		t.Errorf("asking every hour for 30 days mailed %d confirmations, want 3", mailed)
	}
	h.now = h.now.Add(24 * time.Hour)
	if n := h.ask(t, canary); n != 1 {
		t.Errorf("a month after the first, asking mailed %d", n)
	}
}

func TestTheHouseIsCapped(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const over = 5
	for i := range houseCap + over {
		if err := h.Ask(t.Context(), fmt.Sprintf("reader%d@example.org", i), english, netip.Addr{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.SendLetters(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(h.mails) != houseCap {
		t.Errorf("one day mailed %d confirmations, want %d", len(h.mails), houseCap)
	}
	h.now = h.now.Add(24*time.Hour + time.Minute)
	if err := h.SendLetters(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(h.mails) != houseCap+over {
		t.Errorf("the next day %d were mailed in all: those who waited were lost", len(h.mails))
	}
}

func TestOneNetworkAsksTooOften(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	taken := 0
	for i := range 100 {
		from := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
		err := h.Ask(t.Context(), fmt.Sprintf("reader%d@example.org", i), english, from)
		if err == nil {
			taken++
		} else if !errors.Is(err, signup.ErrBusy) {
			t.Fatal(err)
		}
	}
	if taken != 30 {
		t.Errorf("%d sign-ups of one network were taken, want 30", taken)
	}
	h.now = h.now.Add(time.Hour)
	if err := h.Ask(t.Context(), canary, english, netip.MustParseAddr("192.0.2.1")); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func TestNobodyTwice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, spelling := range []string{"Ann@clinic.example.org", " Ann@CLINIC.example.org ", "Ann@clinic.example.org"} {
		h.now = h.now.Add(25 * time.Hour)
		h.ask(t, spelling)
	}
	if counts, err := h.Counts(t.Context()); err != nil || counts[audience.Pending] != 1 {
		t.Errorf("Counts = %v, %v; want one reader", counts, err)
	}
	h.ask(t, "ann@clinic.example.org")
	if counts, err := h.Counts(t.Context()); err != nil || counts[audience.Pending] != 2 {
		t.Errorf("Counts = %v, %v; ann and Ann may be two people", counts, err)
	}
}

func TestRequestsLapse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ask(t, "new@example.org")
	newToken := h.token()
	h.active(t, "left@example.org")
	leave := h.unsubscribeToken(t, "left@example.org")
	if err := h.Unsubscribe(t.Context(), leave); err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(25 * time.Hour)
	h.ask(t, "left@example.org")
	h.now = h.now.Add(audience.ConfirmWithin + time.Minute)
	if err := h.Confirm(t.Context(), newToken); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("a confirmation after more than 72 hours: %v", err)
	}
	if err := h.SendLetters(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.state(t, "new@example.org"); got != "" {
		t.Errorf("somebody who never confirmed is still kept: %s", got)
	}
	if got := h.state(t, "left@example.org"); got != audience.Left {
		t.Errorf("somebody who had left and did not confirm is %s", got)
	}
	if err := h.Unsubscribe(t.Context(), leave); err != nil {
		t.Errorf("their old link: %v", err)
	}
}

func TestWhoMayComeBack(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		bar  func(t *testing.T, h *house)
		back bool
	}{
		{"who left", func(t *testing.T, h *house) {
			h.active(t, canary)
			if err := h.Unsubscribe(t.Context(), h.unsubscribeToken(t, canary)); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"who was forgotten", func(t *testing.T, h *house) {
			h.active(t, canary)
			if err := h.Erase(t.Context(), canary); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"who was barred by hand", func(t *testing.T, h *house) {
			h.active(t, canary)
			if err := h.Suppress(t.Context(), canary); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"who was barred before they ever asked", func(t *testing.T, h *house) {
			if err := h.Suppress(t.Context(), canary); err != nil {
				t.Fatal(err)
			}
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			tt.bar(t, h)
			h.now = h.now.Add(25 * time.Hour)
			csv := "email\n" + canary + "\n"
			done, err := h.Import(t.Context(), strings.NewReader(csv), func(int) {})
			if err != nil || done.Barred != 1 || done.Added != 0 {
				t.Errorf("an import: %+v, %v; want them barred", done, err)
			}
			if err := h.Add(t.Context(), canary, english, "by hand"); !errors.Is(err, news.ErrConflict) {
				t.Errorf("an operator brought them back: %v", err)
			}
			mails := h.ask(t, canary)
			if (mails == 1) != tt.back {
				t.Fatalf("asking mailed %d confirmations, want back %v", mails, tt.back)
			}
			if tt.back {
				if err := h.Confirm(t.Context(), h.token()); err != nil || h.state(t, canary) != audience.Active {
					t.Errorf("Confirm: %v, %s", err, h.state(t, canary))
				}
			}
		})
	}
}

func TestLettersArePutOffAndEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.reply = smtpout.Reply{Stage: smtpout.Rcpt, Code: 451}
	if n := h.ask(t, canary); n != 0 {
		t.Fatal("a mail was put off and sent")
	}
	h.reply = accepted
	if err := h.SendLetters(t.Context()); err != nil || len(h.mails) != 0 {
		t.Fatalf("it is tried again at once: %v, %d", err, len(h.mails))
	}
	h.now = h.now.Add(2 * time.Minute)
	for range 2 {
		if err := h.SendLetters(t.Context()); err != nil || len(h.mails) != 1 {
			t.Fatalf("after two minutes: %v, %d mails", err, len(h.mails))
		}
	}
	h.reply = smtpout.Reply{Stage: smtpout.Rcpt, Code: 550, Enhanced: "5.1.1"}
	h.ask(t, "nobody@example.org")
	h.reply = accepted
	h.now = h.now.Add(time.Hour)
	if err := h.SendLetters(t.Context()); err != nil || len(h.mails) != 1 {
		t.Errorf("a refused letter was sent again: %v, %d", err, len(h.mails))
	}
}

func TestBadLinks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.active(t, canary)
	leave := h.unsubscribeToken(t, canary)
	for _, bad := range []string{"", "x", leave[:len(leave)-1], leave + "A", strings.ToUpper(leave)} {
		if err := h.Unsubscribe(t.Context(), bad); !errors.Is(err, news.ErrNotFound) {
			t.Errorf("Unsubscribe(%q) = %v, want not found", bad, err)
		}
		if err := h.Confirm(t.Context(), bad); !errors.Is(err, news.ErrNotFound) {
			t.Errorf("Confirm(%q) = %v, want not found", bad, err)
		}
	}
	if err := h.Confirm(t.Context(), leave); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("an unsubscribe token confirms: %v", err)
	}
}

func TestErase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.active(t, canary)
	leave := h.unsubscribeToken(t, canary)
	if err := h.Erase(t.Context(), canary); err != nil {
		t.Fatal(err)
	}
	if err := h.Erase(t.Context(), canary); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("erasing twice: %v, want not found", err)
	}
	if err := h.Unsubscribe(t.Context(), leave); err != nil {
		t.Errorf("their link: %v", err)
	}
	var out bytes.Buffer
	if err := h.Export(t.Context(), &out, func(int) {}); err != nil || strings.Contains(out.String(), "canary") {
		t.Errorf("the export still has them: %v\n%s", err, &out)
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.active(t, "reads@example.org")
	file := "\xef\xbb\xbfEmail,language,topics,format,consent_at,consent_text\r\n" +
		"a@example.org,fr,right-to-health torture,text,2024-05-01,paper form\r\n" +
		"b@example.org,,,,,\r\n" +
		"canary@@example.org,en,,,,\r\n" + // line 4
		"c@example.org,xx,,,,\r\n" + // line 5
		"d@example.org,en,canary@example.org,,,\r\n" + // line 6
		"e@example.org,en,,pdf,,\r\n" + // line 7
		"f@example.org,en,,,2099-01-01,\r\n" + // line 8
		"g@example.org,en\r\n" + // line 9
		"\"h@example.org,en,,,,\xff\r\n\",,,,,\r\n" + // line 10 and 11
		"reads@example.org,ar,,,,\r\n" +
		"b@example.org,,,,,\r\n"
	wantBad := []int{4, 5, 6, 7, 8, 9, 10}
	for round, want := range []signup.Imported{{Added: 2, Known: 2}, {Known: 4}} {
		done, err := h.Import(t.Context(), strings.NewReader(file), func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		var lines []int
		for _, bad := range done.Badness {
			lines = append(lines, bad.Line)
			if strings.Contains(bad.Error(), "canary") || !errors.Is(bad.Err, news.ErrInvalid) {
				t.Errorf("a bad line is reported as %v", bad)
			}
		}
		done.Badness = nil
		if diff := cmp.Diff(want, done); diff != "" {
			t.Errorf("round %d: %s", round, diff)
		}
		if diff := cmp.Diff(wantBad, lines); diff != "" {
			t.Errorf("round %d, bad lines: %s", round, diff)
		}
	}
	r, _, err := h.Find(t.Context(), "a@example.org")
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	if diff := cmp.Diff(audience.Consent{Asked: day, Confirmed: day, Text: "paper form"}, r.Consent); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(audience.Preferences{Language: "fr", Format: "text", Topics: []news.Slug{"right-to-health", "torture"}}, r.Preferences); diff != "" {
		t.Error(diff)
	}
	if r, _, _ := h.Find(t.Context(), "reads@example.org"); r.Preferences.Language != "en" {
		t.Errorf("an import changed the language a reader chose to %s", r.Preferences.Language)
	}
}

func TestImportOfAFileThatIsNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, file := range map[string]string{
		"empty": "", "no header": "canary@example.org,en\n", "unknown column": "email,name\n", "no email": "language\nen\n", "twice": "email,email\n",
	} {
		_, err := h.Import(t.Context(), strings.NewReader(file), func(int) {})
		if !errors.Is(err, news.ErrInvalid) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v, want invalid without the address", name, err)
		}
	}
}

func TestExportComesBackAsItWent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	file := "email;consent_at;consent_text\n'+plus@example.org;2024-05-01T10:00:00Z;'=1+1\n-dash@example.org;2024-05-02;x\n"
	if done, err := h.Import(t.Context(), strings.NewReader(file), func(int) {}); err != nil || done.Added != 2 {
		t.Fatalf("Import = %+v, %v", done, err)
	}
	var out bytes.Buffer
	if err := h.Export(t.Context(), &out, func(int) {}); err != nil {
		t.Fatal(err)
	}
	want := "email,language,topics,format,discreet,openpgp,consent_at,consent_text\n" +
		"'+plus@example.org,en,,html,no,,2024-05-01T10:00:00Z,'=1+1\n'-dash@example.org,en,,html,no,,2024-05-02T00:00:00Z,x\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	if done, err := h.Import(t.Context(), &out, func(int) {}); err != nil || done.Known != 2 {
		t.Errorf("its own export = %+v, %v; want two known", done, err)
	}
}
