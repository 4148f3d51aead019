package smtpout_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/smtpout/smtptest"
)

func client(t *testing.T, urls ...string) *smtpout.Client {
	t.Helper()
	c := &smtpout.Client{}
	for _, u := range urls {
		r, err := smtpout.ParseRelay(u)
		if err != nil {
			t.Fatal(err)
		}
		c.Relays = append(c.Relays, r)
	}
	return c
}

func message(n int) smtpout.Message {
	return smtpout.Message{
		From: "bounce@weekly.example.org", To: fmt.Sprintf("reader%d@mail.example", n), Ref: int64(n),
		Body: []byte(fmt.Sprintf("Message-ID: <%d@weekly.example.org>\r\n\r\nHello\r\n.dotted\r\n..\r\n", n)),
	}
}

// books hands out n messages and keeps what became of each.
type books struct {
	mu      sync.Mutex
	left    []smtpout.Message
	replies map[int64][]smtpout.Reply
	order   []int64
}

func newBooks(n int) *books {
	b := &books{replies: map[int64][]smtpout.Reply{}}
	for i := range n {
		b.left = append(b.left, message(i+1))
	}
	return b
}

func (b *books) next(context.Context) (smtpout.Message, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.left) == 0 {
		return smtpout.Message{}, false, nil
	}
	m := b.left[0]
	b.left = b.left[1:]
	return m, true, nil
}

func (b *books) record(m smtpout.Message, r smtpout.Reply) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.replies[m.Ref] = append(b.replies[m.Ref], r)
	b.order = append(b.order, m.Ref)
	return nil
}

func (b *books) recorded(ref int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.replies[ref]) > 0
}

// states is one word a message: what a ledger would write.
func (b *books) states() map[int64]string {
	out := map[int64]string{}
	for ref, rs := range b.replies {
		for _, r := range rs {
			w := "refused"
			switch {
			case r.Accepted():
				w = "sent"
			case r.Uncertain():
				w = "uncertain"
			case r.RefusesUs():
				w = "refuses us"
			case r.Temporary():
				w = "later"
			}
			out[ref] += strings.TrimSpace(w + " at " + r.Stage.String())
		}
	}
	return out
}

func mustNotComplain(t *testing.T, s *smtptest.Server) {
	t.Helper()
	if c := s.Complaints(); len(c) > 0 {
		t.Errorf("the server complains: %v", c)
	}
}

// TestSession: the law's third line. Whoever the server is, message n is
// recorded before the dot of n+1 comes, and all arrive as they were.
func TestSession(t *testing.T) {
	t.Parallel()
	for name, ext := range map[string][]string{
		"pipelined": nil,
		"lockstep":  {"8BITMIME"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBooks(20)
			s := &smtptest.Server{Extensions: ext}
			s.Script = func(step smtptest.Step) smtptest.Answer {
				if step.Stage == smtptest.Dot && step.N > 1 && !b.recorded(int64(step.N-1)) {
					t.Errorf("the dot of message %d came before message %d was recorded", step.N, step.N-1)
				}
				return smtptest.Answer{}
			}
			s.Start(t)
			if err := client(t, s.URL()).Session(t.Context(), b.next, b.record); err != nil {
				t.Fatal(err)
			}
			taken := s.Taken()
			if len(taken) != 20 || s.Connections() != 1 {
				t.Fatalf("%d messages over %d connections, want 20 over 1", len(taken), s.Connections())
			}
			for i, m := range taken {
				want := message(i + 1)
				if m.From != want.From || m.To != want.To || string(m.Data) != string(want.Body) {
					t.Errorf("message %d came as %+v", i+1, m)
				}
				if !b.replies[int64(i+1)][0].Accepted() {
					t.Errorf("message %d: %v", i+1, b.replies[int64(i+1)])
				}
			}
			mustNotComplain(t, s)
		})
	}
}

// TestPipelined: with PIPELINING the envelope of the next message is on the
// wire before the answer to the dot of the one before.
func TestPipelined(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &smtptest.Server{Script: func(step smtptest.Step) smtptest.Answer {
			if step.Stage == smtptest.Dot {
				return smtptest.Answer{Delay: time.Second}
			}
			return smtptest.Answer{}
		}}
		b := newBooks(3)
		c := client(t, "smtp://relay.example:25")
		c.Dial = s.Pipe
		start := time.Now()
		if err := c.Session(t.Context(), b.next, b.record); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("three messages took %v", took)
		}
		s.CloseConns()
	})
}

// TestOutcomes: a scripted answer at every stage of the second of three
// messages, and what the ledger writes for each.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	const sent = "sent at dot"
	tests := []struct {
		name   string
		stage  smtptest.Stage
		answer smtptest.Answer
		second string
		third  string // empty: not taken from the books, or as said
		taken  int
	}{
		{"mail refused", smtptest.Mail, smtptest.Answer{Reply: "550 5.7.1 not you"}, "refuses us at mail", sent, 2},
		{"mail later", smtptest.Mail, smtptest.Answer{Reply: "451 4.3.0 later"}, "later at mail", sent, 2},
		{"mail 421", smtptest.Mail, smtptest.Answer{Reply: "421 4.3.2 bye", Hang: true}, "later at mail", "", 1},
		{"mail drop", smtptest.Mail, smtptest.Answer{Drop: true}, "later at mail", "", 1},
		{"rcpt dead", smtptest.Rcpt, smtptest.Answer{Reply: "550 5.1.1 unknown"}, "refused at rcpt", sent, 2},
		{"rcpt policy", smtptest.Rcpt, smtptest.Answer{Reply: "550 5.7.1 no"}, "refuses us at rcpt", sent, 2},
		{"rcpt block list", smtptest.Rcpt, smtptest.Answer{Reply: "550 client host blocked using zen.spamhaus.org"}, "refuses us at rcpt", sent, 2},
		{"rcpt greylisted", smtptest.Rcpt, smtptest.Answer{Reply: "450 4.2.0 greylisted"}, "later at rcpt", sent, 2},
		{"rcpt refused and hangs up", smtptest.Rcpt, smtptest.Answer{Reply: "550 5.1.1 unknown", Hang: true}, "refused at rcpt", "", 1},
		{"rcpt mad", smtptest.Rcpt, smtptest.Answer{Reply: "hello there"}, "later at rcpt", "", 1},
		{"data refused", smtptest.Data, smtptest.Answer{Reply: "554 5.6.0 no"}, "refused at data", sent, 2},
		{"data later", smtptest.Data, smtptest.Answer{Reply: "452 4.3.1 full"}, "later at data", sent, 2},
		{"data out of order", smtptest.Data, smtptest.Answer{Reply: "250 fine"}, "later at data", "", 1},
		{"data drop", smtptest.Data, smtptest.Answer{Drop: true}, "later at data", "", 1},
		{"dot refused", smtptest.Dot, smtptest.Answer{Reply: "550 5.6.0 content"}, "refused at dot", sent, 2},
		{"dot later", smtptest.Dot, smtptest.Answer{Reply: "450 4.7.1 later"}, "later at dot", sent, 2},
		{"dot 421", smtptest.Dot, smtptest.Answer{Reply: "421 4.3.2 bye", Hang: true}, "later at dot", "later at mail", 1},
		{"dot drop, lost", smtptest.Dot, smtptest.Answer{Drop: true}, "uncertain at dot", "later at mail", 1},
		{"dot drop, taken", smtptest.Dot, smtptest.Answer{Drop: true, Take: true}, "uncertain at dot", "later at mail", 2},
	}
	for _, lockstep := range []bool{false, true} {
		for _, tt := range tests {
			name := tt.name
			if lockstep {
				name += ", lockstep"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := &smtptest.Server{Script: func(step smtptest.Step) smtptest.Answer {
					if step.Stage == tt.stage && step.Taken.To == "reader2@mail.example" || step.Stage == tt.stage && tt.stage == smtptest.Mail && step.N == 2 {
						return tt.answer
					}
					return smtptest.Answer{}
				}}
				if lockstep {
					s.Extensions = []string{"8BITMIME"}
				}
				s.Start(t)
				b := newBooks(3)
				err := client(t, s.URL()).Session(t.Context(), b.next, b.record)
				want := map[int64]string{1: sent, 2: tt.second}
				if tt.third != "" {
					want[3] = tt.third
				}
				if lockstep && tt.answer.Hang && tt.answer.Reply[0] == '5' {
					want[3] = "later at mail" // only trying shows that the line is dead
				}
				if diff := cmp.Diff(want, b.states()); diff != "" {
					t.Errorf("books differ (-want +got)\n%s%v", diff, b.replies)
				}
				if s.Count() != tt.taken {
					t.Errorf("the server took %d messages, want %d", s.Count(), tt.taken)
				}
				over, isOver := errors.AsType[*smtpout.Error](err)
				if isOver != (tt.third != sent) {
					t.Errorf("Session = %v", over)
				}
				mustNotComplain(t, s)
			})
		}
	}
}

// TestSetUp: what may happen before MAIL; no message is taken from the books.
func TestSetUp(t *testing.T) {
	t.Parallel()
	conf, pool := smtptest.Certificate(t)
	at := func(stage smtptest.Stage, a smtptest.Answer) func(smtptest.Step) smtptest.Answer {
		return func(s smtptest.Step) smtptest.Answer {
			if s.Stage == stage {
				return a
			}
			return smtptest.Answer{}
		}
	}
	tests := []struct {
		name    string
		server  smtptest.Server
		user    string
		trust   bool
		stage   smtpout.Stage
		us, ok  bool
		mention string
	}{
		{name: "plain on loopback", ok: true},
		{name: "starttls", server: smtptest.Server{TLS: conf}, trust: true, ok: true},
		{name: "smtps", server: smtptest.Server{TLS: conf, Implicit: true}, trust: true, ok: true},
		{name: "unknown certificate", server: smtptest.Server{TLS: conf}, stage: smtpout.StartTLS, mention: "certificate"},
		{name: "starttls injected", server: smtptest.Server{TLS: conf, Script: at(smtptest.StartTLS, smtptest.Answer{Reply: "220 go\r\n250 PIPELINING"})}, trust: true, stage: smtpout.StartTLS, mention: "someone"},
		{name: "starttls refused", server: smtptest.Server{TLS: conf, Script: at(smtptest.StartTLS, smtptest.Answer{Reply: "454 4.7.0 no"})}, trust: true, stage: smtpout.StartTLS},
		{name: "plain login", server: smtptest.Server{TLS: conf, User: "desk", Password: "s3cret"}, user: "desk:s3cret@", trust: true, ok: true},
		{name: "login login", server: smtptest.Server{TLS: conf, User: "desk", Password: "s3cret", Logins: []string{"LOGIN"}}, user: "desk:s3cret@", trust: true, ok: true},
		{name: "wrong password", server: smtptest.Server{User: "desk", Password: "other"}, user: "desk:s3cret@", stage: smtpout.Auth, us: true},
		{name: "no mechanism", server: smtptest.Server{User: "desk", Logins: []string{"GSSAPI"}}, user: "desk:s3cret@", stage: smtpout.Auth, mention: "PLAIN"},
		{name: "greeting 554", server: smtptest.Server{Script: at(smtptest.Connect, smtptest.Answer{Reply: "554 5.7.1 go away"})}, stage: smtpout.Connect, us: true},
		{name: "greeting 421", server: smtptest.Server{Script: at(smtptest.Connect, smtptest.Answer{Reply: "421 busy"})}, stage: smtpout.Connect},
		{name: "hangs up", server: smtptest.Server{Script: at(smtptest.Connect, smtptest.Answer{Drop: true})}, stage: smtpout.Connect, mention: "closed"},
		{name: "endless greeting", server: smtptest.Server{Script: at(smtptest.Connect, smtptest.Answer{Reply: "220-" + strings.Repeat("x", 2<<20)})}, stage: smtpout.Connect, mention: "longer"},
		{name: "a thousand lines", server: smtptest.Server{Script: at(smtptest.Ehlo, smtptest.Answer{Reply: strings.Repeat("250-x\r\n", 1000) + "250 x"})}, stage: smtpout.Ehlo, mention: "longer"},
	}
	for i := range tests {
		tt := &tests[i]
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.server.Start(t)
			url := strings.Replace(tt.server.URL(), "://", "://"+tt.user, 1)
			c := client(t, url)
			if tt.trust {
				c.TLS = &tls.Config{RootCAs: pool}
			}
			b := newBooks(1)
			err := c.Session(t.Context(), b.next, b.record)
			if tt.ok {
				if err != nil || tt.server.Count() != 1 {
					t.Fatalf("Session = %v, %d taken", err, tt.server.Count())
				}
				return
			}
			e, ok := errors.AsType[*smtpout.Error](err)
			if !ok || e.Reply.Stage != tt.stage || e.Reply.RefusesUs() != tt.us || !strings.Contains(err.Error(), tt.mention) {
				t.Errorf("Session = %v (%+v)", err, e)
			}
			if strings.Contains(fmt.Sprintf("%v %+v", err, e), "s3cret") {
				t.Error("the error shows the password")
			}
			if len(b.left) != 1 {
				t.Error("a message was taken")
			}
		})
	}
}

// TestNoTLSAwayFromHome: off loopback a relay without TLS is not used, and no
// password goes out in clear.
func TestNoTLSAwayFromHome(t *testing.T) {
	t.Parallel()
	s := smtptest.New(t, nil)
	c := client(t, s.URL())
	c.Dial = s.Far
	b := newBooks(1)
	err := c.Session(t.Context(), b.next, b.record)
	if e, ok := errors.AsType[*smtpout.Error](err); !ok || e.Reply.Stage != smtpout.StartTLS {
		t.Errorf("Session = %v, want a refusal at starttls", err)
	}
	c.Relays[0].Plain = true
	if err := c.Session(t.Context(), b.next, b.record); err != nil {
		t.Errorf("with ?tls=none: %v", err)
	}
	c.Relays[0].User, c.Relays[0].Password = "desk", "s3cret"
	err = c.Session(t.Context(), b.next, b.record)
	if e, ok := errors.AsType[*smtpout.Error](err); !ok || e.Reply.Stage != smtpout.Auth {
		t.Errorf("Session = %v, want a refusal at auth", err)
	}
}

// TestFallback: the next relay when one is down.
func TestFallback(t *testing.T) {
	t.Parallel()
	down, up := smtptest.New(t, nil), smtptest.New(t, nil)
	down.Close()
	r, err := client(t, down.URL(), up.URL()).Send(t.Context(), message(1))
	if err != nil || !r.Accepted() || up.Count() != 1 {
		t.Errorf("Send = %v, %v", r, err)
	}
	_, err = client(t, down.URL(), down.URL()).Send(t.Context(), message(1))
	if _, ok := errors.AsType[*smtpout.Error](err); !ok {
		t.Errorf("Send = %v", err)
	}
}

// TestDeadRelayIsRemembered: a first relay that is dead costs one wait, not one
// a connection, and is asked again after a while.
func TestDeadRelayIsRemembered(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		dead func(ctx context.Context) (net.Conn, error)
	}{
		{"no answer to the call", func(ctx context.Context) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }},
		{"takes the call and says nothing", func(context.Context) (net.Conn, error) { c, _ := net.Pipe(); return c, nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				up := &smtptest.Server{}
				var calls int
				c := client(t, "smtp://dead.example:25?tls=none", "smtp://up.example:25")
				c.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
					if addr != "dead.example:25" {
						return up.Pipe(ctx, network, addr)
					}
					calls++
					return tt.dead(ctx)
				}
				send := func(most time.Duration) {
					t.Helper()
					began := time.Now()
					if r, err := c.Send(t.Context(), message(1)); err != nil || !r.Accepted() {
						t.Errorf("Send = %v, %v", r, err)
					}
					if took := time.Since(began); took > most {
						t.Errorf("it took %v, want at most %v", took, most)
					}
				}
				send(10 * time.Second)
				send(0)
				send(0)
				if calls != 1 {
					t.Errorf("the dead relay was called %d times, want once", calls)
				}
				time.Sleep(2 * time.Minute) // fake time
				send(10 * time.Second)
				if calls != 2 {
					t.Errorf("the dead relay was called %d times, want again after a while", calls)
				}
			})
		})
	}
}

// TestNotices: where the server can, it is asked for failures only, and not for
// our text back.
func TestNotices(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var rcpt string
	s := &smtptest.Server{Extensions: []string{"PIPELINING", "DSN"}, Script: func(st smtptest.Step) smtptest.Answer {
		if st.Stage == smtptest.Rcpt {
			mu.Lock()
			rcpt = st.Line
			mu.Unlock()
		}
		return smtptest.Answer{}
	}}
	s.Start(t)
	if r, err := client(t, s.URL()).Send(t.Context(), message(1)); err != nil || !r.Accepted() {
		t.Fatalf("Send = %v, %v", r, err)
	}
	if params := s.Taken()[0].Params; params != "RET=HDRS" {
		t.Errorf("MAIL had %q, want RET=HDRS", params)
	}
	mu.Lock()
	defer mu.Unlock()
	if !strings.HasSuffix(rcpt, "> NOTIFY=FAILURE") {
		t.Errorf("RCPT was %q, want NOTIFY=FAILURE", rcpt)
	}
}

// TestCleanStop: a stop in the middle takes no more messages and leaves
// nothing uncertain.
func TestCleanStop(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var dots atomic.Int64
	s := smtptest.New(t, func(step smtptest.Step) smtptest.Answer {
		if step.Stage == smtptest.Dot && dots.Add(1) == 5 {
			cancel()
			return smtptest.Answer{Delay: 20 * time.Millisecond}
		}
		return smtptest.Answer{}
	})
	b := newBooks(50)
	if err := client(t, s.URL()).Session(ctx, b.next, b.record); err != nil {
		t.Fatal(err)
	}
	for ref, st := range b.states() {
		if st != "sent at dot" {
			t.Errorf("message %d: %s", ref, st)
		}
	}
	if n := 50 - len(b.left); n != len(b.replies) || n != s.Count() || n > 7 {
		t.Errorf("%d taken from the books, %d recorded, %d at the server", n, len(b.replies), s.Count())
	}
}

// TestStopAgainstAHungServer: it ends after the grace, and says what it does
// not know.
func TestStopAgainstAHungServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &smtptest.Server{Script: func(step smtptest.Step) smtptest.Answer {
			if step.Stage == smtptest.Dot {
				return smtptest.Answer{Delay: time.Hour}
			}
			return smtptest.Answer{}
		}}
		c := client(t, "smtp://relay.example:25")
		c.Dial = s.Pipe
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		b := newBooks(1)
		start := time.Now()
		err := c.Session(ctx, b.next, b.record)
		if took := time.Since(start); took != 21*time.Second || err == nil {
			t.Errorf("Session = %v after %v", err, took)
		}
		if diff := cmp.Diff(map[int64]string{1: "uncertain at dot"}, b.states()); diff != "" {
			t.Error(diff)
		}
		s.CloseConns()
	})
}

// TestTimeouts: ten minutes at the dot, as RFC 5321 says.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	for stage, want := range map[smtptest.Stage]time.Duration{
		smtptest.Connect: 5 * time.Minute, smtptest.Mail: 5 * time.Minute, smtptest.Data: 2 * time.Minute, smtptest.Dot: 10 * time.Minute,
	} {
		t.Run(string(stage), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &smtptest.Server{Script: func(step smtptest.Step) smtptest.Answer {
					if step.Stage == stage {
						return smtptest.Answer{Delay: time.Hour}
					}
					return smtptest.Answer{}
				}}
				c := client(t, "smtp://relay.example:25")
				c.Dial = s.Pipe
				b := newBooks(1)
				start := time.Now()
				err := c.Session(t.Context(), b.next, b.record)
				if took := time.Since(start); took != want || err == nil {
					t.Errorf("Session = %v after %v, want an error after %v", err, took, want)
				}
				s.CloseConns()
			})
		})
	}
}

// TestPace: a message that is not due yet does not hold back the one before.
func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &smtptest.Server{}
		c := client(t, "smtp://relay.example:25")
		c.Dial = s.Pipe
		b := newBooks(3)
		start := time.Now()
		for i := range b.left {
			b.left[i].NotBefore = start.Add(time.Duration(i) * time.Second)
		}
		if err := c.Session(t.Context(), b.next, b.record); err != nil {
			t.Fatal(err)
		}
		for i, m := range s.Taken() {
			if got := m.At.Sub(start); got != time.Duration(i)*time.Second {
				t.Errorf("message %d went after %v", i+1, got)
			}
		}
		s.CloseConns()
	})
}

// TestReuse: a connection carries a hundred messages and then ends.
func TestReuse(t *testing.T) {
	t.Parallel()
	s := smtptest.New(t, nil)
	b := newBooks(250)
	for range 3 {
		if err := client(t, s.URL()).Session(t.Context(), b.next, b.record); err != nil {
			t.Fatal(err)
		}
	}
	if s.Count() != 250 || s.Connections() != 3 {
		t.Errorf("%d messages over %d connections", s.Count(), s.Connections())
	}
}

// TestLocalRefusals: what cannot be said in SMTP, or to this server, is
// recorded without a word on the wire, and the next message goes on.
func TestLocalRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		ext    []string
		change func(*smtpout.Message)
		want   string
	}{
		{"injection in to", nil, func(m *smtpout.Message) { m.To = "a@b.example>\r\nDATA" }, "refused at rcpt"},
		{"injection in from", nil, func(m *smtpout.Message) { m.From = "a@b.example\n" }, "refuses us at mail"},
		{"no recipient", nil, func(m *smtpout.Message) { m.To = "" }, "refused at rcpt"},
		{"bare lf", nil, func(m *smtpout.Message) { m.Body = []byte("a\n.\nb\r\n") }, "refuses us at mail"},
		{"bare cr", nil, func(m *smtpout.Message) { m.Body = []byte("a\rb\r\n") }, "refuses us at mail"},
		{"cut end", nil, func(m *smtpout.Message) { m.Body = []byte("a") }, "refuses us at mail"},
		{"empty", nil, func(m *smtpout.Message) { m.Body = nil }, "refuses us at mail"},
		{"too large", []string{"SIZE 20"}, func(*smtpout.Message) {}, "refuses us at mail"},
		{"no smtputf8", []string{"8BITMIME"}, func(m *smtpout.Message) { m.UTF8, m.To = true, "иван@почта.example" }, "refused at rcpt"},
		{"no 8bitmime", []string{"PIPELINING"}, func(m *smtpout.Message) { m.Body = []byte("é\r\n") }, "refuses us at mail"},
		{"smtputf8", nil, func(m *smtpout.Message) { m.UTF8, m.To = true, "иван@почта.example" }, "sent at dot"},
		{"8bit", nil, func(m *smtpout.Message) { m.Body = []byte("é\r\n") }, "sent at dot"},
		{"null sender", nil, func(m *smtpout.Message) { m.From = "" }, "sent at dot"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &smtptest.Server{Extensions: tt.ext}
			s.Start(t)
			b := newBooks(2)
			tt.change(&b.left[0])
			if len(tt.ext) > 0 && strings.HasPrefix(tt.ext[0], "SIZE") {
				b.left[1].Body = []byte("a: b\r\n")
			}
			if err := client(t, s.URL()).Session(t.Context(), b.next, b.record); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[int64]string{1: tt.want, 2: "sent at dot"}, b.states()); diff != "" {
				t.Errorf("%s%v", diff, b.replies)
			}
			mustNotComplain(t, s)
		})
	}
}

// TestBrokenBooks: when a reply cannot be recorded nothing more goes out.
func TestBrokenBooks(t *testing.T) {
	t.Parallel()
	s := smtptest.New(t, nil)
	b := newBooks(10)
	broken := errors.New("disk full")
	err := client(t, s.URL()).Session(t.Context(), b.next, func(smtpout.Message, smtpout.Reply) error { return broken })
	if !errors.Is(err, broken) || s.Count() != 1 {
		t.Errorf("Session = %v with %d taken, want 1", err, s.Count())
	}
	lost := errors.New("no lease")
	err = client(t, s.URL()).Session(t.Context(), func(context.Context) (smtpout.Message, bool, error) {
		return smtpout.Message{}, false, lost
	}, b.record)
	if !errors.Is(err, lost) {
		t.Errorf("Session = %v", err)
	}
}
