package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ifhhro/rightsdesk/internal/deliver"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/smtpout/smtptest"
	"github.com/ifhhro/rightsdesk/internal/store"
)

// A relay scenario is one mailing over days of fake time to a server that
// follows a script, with the sender run every minute.
type scenario struct {
	t       *testing.T
	srv     *smtptest.Server
	store   *store.Store
	out     *smtpout.Client
	deliver *deliver.Deliver
	issue   news.Issue
	woken   bool
}

// play runs a scenario in a bubble of fake time. address names the readers.
func play(t *testing.T, readers int, address func(int) string, srv *smtptest.Server, change func(*deliver.Options), act func(*scenario)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t, dir)
		subscribe(t, s, readers, address)
		c := &scenario{t: t, srv: srv, store: s, issue: freeze(t, s, []byte("Hello\r\n"))}
		relay, err := smtpout.ParseRelay("smtp://relay.example:25")
		if err != nil {
			t.Fatal(err)
		}
		c.out = &smtpout.Client{Relays: []smtpout.Relay{relay}, Dial: srv.Pipe}
		c.deliver = sender(s, c.out, change, func(string) { c.woken = true })
		act(c)
	})
}

// pass lets so much time go by, with a look whenever somebody wakes the sender
// and every minute, less those at which nothing can be due.
func (c *scenario) pass(d time.Duration) {
	c.t.Helper()
	for end := time.Now().Add(d); ; {
		c.woken = false
		if err := c.deliver.Run(c.t.Context()); err != nil {
			c.t.Fatal(err)
		}
		if !time.Now().Before(end) {
			return
		}
		if c.woken {
			continue
		}
		wait := time.Minute
		if next, err := c.store.NextTry(c.t.Context()); err != nil || next.IsZero() {
			wait = time.Until(end)
		} else {
			wait = max(wait, min(time.Until(next), time.Until(end)))
		}
		time.Sleep(wait) // fake time
	}
}

func (c *scenario) want(want news.Counts) {
	c.t.Helper()
	if got := counts(c.t, c.store, c.issue.ID); got != want {
		c.t.Errorf("books %+v, want %+v", got, want)
	}
}

func (c *scenario) state() news.Issue {
	c.t.Helper()
	i, err := c.store.Issue(c.t.Context(), c.issue.ID)
	if err != nil {
		c.t.Fatal(err)
	}
	return i
}

func oneDomain(n int) string { return fmt.Sprintf("reader%d@example.org", n) }

func manyDomains(n int) string { return fmt.Sprintf("reader@d%d.example.org", n) }

func fewDomains(n int) string { return fmt.Sprintf("reader%d@d%d.example.org", n, n%4) }

// everyStep is a script of one answer for the steps that match.
func everyStep(match func(smtptest.Step) bool, a smtptest.Answer) func(smtptest.Step) smtptest.Answer {
	return func(s smtptest.Step) smtptest.Answer {
		if match(s) {
			return a
		}
		return smtptest.Answer{}
	}
}

// TestWhateverTheRelayDoes plays days of bad behaviour: after each the books
// balance, nobody is lost, and a second copy went out only where the server
// took a mail and did not say so.
func TestWhateverTheRelayDoes(t *testing.T) {
	t.Parallel()
	const readers = 40
	all := news.Counts{Intended: readers, Sent: readers}
	stage := func(st smtptest.Stage) func(smtptest.Step) bool {
		return func(s smtptest.Step) bool { return s.Stage == st }
	}
	tests := []struct {
		name    string
		script  func() func(smtptest.Step) smtptest.Answer // a fresh one a test
		pass    time.Duration
		want    news.Counts
		seconds int // second copies the server may have taken
	}{
		{"takes all", func() func(smtptest.Step) smtptest.Answer { return nil }, time.Minute, all, 0},
		{"greylisting", func() func(smtptest.Step) smtptest.Answer {
			var seen sync.Map
			return func(s smtptest.Step) smtptest.Answer {
				if s.Stage != smtptest.Rcpt {
					return smtptest.Answer{}
				}
				if _, again := seen.LoadOrStore(s.Line, true); again {
					return smtptest.Answer{}
				}
				return smtptest.Answer{Reply: "451 4.7.1 greylisted, try again later"}
			}
		}, time.Hour, all, 0},
		{"one dead address", func() func(smtptest.Step) smtptest.Answer {
			return everyStep(func(s smtptest.Step) bool { return s.Stage == smtptest.Rcpt && strings.Contains(s.Line, "reader7@") },
				smtptest.Answer{Reply: "550 5.1.1 no such user"})
		}, time.Minute, news.Counts{Intended: readers, Sent: readers - 1, Refused: 1}, 0},
		{"busy for an hour", func() func(smtptest.Step) smtptest.Answer {
			until := time.Now().Add(time.Hour)
			return everyStep(func(s smtptest.Step) bool { return s.Stage == smtptest.Connect && time.Now().Before(until) },
				smtptest.Answer{Reply: "421 4.3.2 too busy", Hang: true})
		}, 90 * time.Minute, all, 0},
		{"refuses every third text for now", func() func(smtptest.Step) smtptest.Answer {
			return everyStep(func(s smtptest.Step) bool { return s.Stage == smtptest.Dot && s.N%3 == 0 }, smtptest.Answer{Reply: "452 4.3.1 no room"})
		}, 6 * time.Hour, all, 0},
		{"hangs up now and then before the text", func() func(smtptest.Step) smtptest.Answer {
			return everyStep(func(s smtptest.Step) bool {
				return s.N%5 == 0 && (s.Stage == smtptest.Mail || s.Stage == smtptest.Data)
			}, smtptest.Answer{Drop: true})
		}, 6 * time.Hour, all, 0},
		{"takes five mails and does not say so", func() func(smtptest.Step) smtptest.Answer {
			return everyStep(func(s smtptest.Step) bool { return s.Stage == smtptest.Dot && s.N <= 5 }, smtptest.Answer{Take: true, Drop: true})
		}, 6 * time.Hour, news.Counts{Intended: readers, Sent: readers, Uncertain: 5}, 5},
		{"hangs up after each mail", func() func(smtptest.Step) smtptest.Answer {
			return everyStep(stage(smtptest.Dot), smtptest.Answer{Reply: "250 2.0.0 taken", Hang: true})
		}, 6 * time.Hour, all, 0},
		{"speaks nonsense at times", func() func(smtptest.Step) smtptest.Answer {
			return everyStep(func(s smtptest.Step) bool { return s.Stage == smtptest.Rcpt && s.N%7 == 0 }, smtptest.Answer{Reply: "hello there"})
		}, 6 * time.Hour, all, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := &smtptest.Server{}
			play(t, readers, fewDomains, srv, nil, func(c *scenario) {
				srv.Script = tt.script()
				c.pass(tt.pass)
				c.want(tt.want)
				c.noneLost(tt.want.Sent, tt.seconds)
				if i := c.state(); i.State != news.IssueFinished {
					t.Errorf("the issue is %s, want finished", i.State)
				}
			})
		})
	}
}

// TestEveryStageFails lets every stage of every fifth mail fail in every way:
// each time all readers get their mail, and one goes out twice only where the
// server took it and did not say so.
func TestEveryStageFails(t *testing.T) {
	t.Parallel()
	const readers = 20
	stages := []smtptest.Stage{smtptest.Connect, smtptest.Ehlo, smtptest.Mail, smtptest.Rcpt, smtptest.Data, smtptest.Dot}
	ways := map[string]smtptest.Answer{
		"421 and hangs up":    {Reply: "421 4.3.2 closing", Hang: true},
		"421 and stays":       {Reply: "421 4.3.2 closing"},
		"hangs up":            {Drop: true},
		"two lines, and late": {Reply: "450-4.3.0 busy\r\n450 4.3.0 later", Delay: 100 * time.Second},
		"says nothing":        {Delay: 30 * time.Minute},
		"code that is none":   {Reply: "999 what"},
	}
	for _, stage := range stages {
		for name, way := range ways {
			t.Run(string(stage)+" "+name, func(t *testing.T) {
				t.Parallel()
				srv := &smtptest.Server{}
				play(t, readers, fewDomains, srv, nil, func(c *scenario) {
					until := time.Now().Add(2 * time.Hour)
					srv.Script = everyStep(func(s smtptest.Step) bool {
						return s.Stage == stage && s.N%5 == 2 && time.Now().Before(until)
					}, way)
					c.pass(12 * time.Hour)
					seconds := 0
					if stage == smtptest.Dot && way.Delay > 10*time.Minute { // it took them, and nobody was there to hear it
						seconds = c.uncertain()
					}
					if got := counts(t, c.store, c.issue.ID); got.Sent != readers || stage != smtptest.Dot && got.Uncertain > 0 {
						t.Errorf("books %+v, want all %d sent", got, readers)
					}
					c.noneLost(readers, seconds)
				})
			})
		}
	}
}

// uncertain is how many second copies the books say there may be.
func (c *scenario) uncertain() (n int) {
	c.t.Helper()
	copies, err := c.store.UncertainCopies(c.t.Context(), c.issue.ID)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, u := range copies {
		n += u.Uncertain
	}
	return n
}

// TestSomebodyInTheLine: where TLS is taken out of the offer, or words are put
// in before it, nothing is sent and nobody is blamed.
func TestSomebodyInTheLine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		script func(smtptest.Step) smtptest.Answer
	}{
		{"the offer is taken out", nil},
		{"the offer is refused", everyStep(func(s smtptest.Step) bool { return s.Stage == smtptest.StartTLS }, smtptest.Answer{Reply: "454 4.7.0 not now"})},
		{"words are put in", everyStep(func(s smtptest.Step) bool { return s.Stage == smtptest.StartTLS }, smtptest.Answer{Reply: "220 go\r\n250-evil\r\n250 PIPELINING"})},
	}
	conf, _ := smtptest.Certificate(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := openStore(t, t.TempDir())
			subscribe(t, s, 10, fewDomains)
			i := freeze(t, s, []byte("Hello\r\n"))
			srv := &smtptest.Server{Script: tt.script}
			if tt.script != nil {
				srv.TLS = conf
			}
			srv.Start(t)
			out := to(srv)
			out.Dial = srv.Far
			if err := sender(s, out, nil, asleep).Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, want := counts(t, s, i.ID), (news.Counts{Intended: 10, Waiting: 10}); got != want || srv.Count() > 0 {
				t.Errorf("books %+v and %d mails taken, want %+v and none", got, srv.Count(), want)
			}
		})
	}
}

func TestACopyIsGivenUpAfterThreeDays(t *testing.T) {
	t.Parallel()
	srv := &smtptest.Server{Script: func(s smtptest.Step) smtptest.Answer {
		if s.Stage == smtptest.Rcpt {
			return smtptest.Answer{Reply: "450 4.2.1 mailbox busy"}
		}
		return smtptest.Answer{}
	}}
	play(t, 2, fewDomains, srv, nil, func(c *scenario) {
		c.pass(71 * time.Hour)
		c.want(news.Counts{Intended: 2, Waiting: 2})
		c.pass(4 * time.Hour)
		c.want(news.Counts{Intended: 2, GivenUp: 2})
	})
}

// noneLost checks what the server took: so many readers, so many second copies.
func (c *scenario) noneLost(readers, seconds int) {
	c.t.Helper()
	first := map[string][]byte{}
	again := 0
	for _, m := range c.srv.Taken() {
		if before, ok := first[m.MessageID]; ok {
			again++
			if string(before) != string(m.Data) {
				c.t.Errorf("second copy of %s differs", m.MessageID)
			}
		}
		first[m.MessageID] = m.Data
	}
	if len(first) != readers || again != seconds {
		c.t.Errorf("the server took mails for %d readers and %d second copies, want %d and %d", len(first), again, readers, seconds)
	}
	for _, complaint := range c.srv.Complaints() {
		c.t.Errorf("bad manners: %s", complaint)
	}
}

func TestARefusalOfUsHoldsTheIssueAndBlamesNobody(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		address func(int) string
		stage   smtptest.Stage
		reply   string
		most    int32 // attempts
	}{
		{"block list at RCPT", manyDomains, smtptest.Rcpt, "554 5.7.1 your address is on a block list", 50},
		{"block list at the text", manyDomains, smtptest.Dot, "554 5.7.1 rejected by policy", 50},
		{"block list in words only", manyDomains, smtptest.Rcpt, "550 blocked, see spamhaus", 50},
		{"our sender at MAIL, one domain", oneDomain, smtptest.Mail, "550 5.1.8 sender refused", 50},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var attempts atomic.Int32
			srv := &smtptest.Server{Script: func(s smtptest.Step) smtptest.Answer {
				if s.Stage == smtptest.Mail {
					attempts.Add(1)
				}
				if s.Stage == tt.stage {
					return smtptest.Answer{Reply: tt.reply}
				}
				return smtptest.Answer{}
			}}
			play(t, 200, tt.address, srv, nil, func(c *scenario) {
				c.pass(3 * time.Hour)
				if i := c.state(); i.State != news.IssueHeld || !strings.Contains(i.HeldWhy, "because of us") {
					t.Errorf("the issue is %s, %q; want held", i.State, i.HeldWhy)
				}
				c.want(news.Counts{Intended: 200, Waiting: 200})
				if n := attempts.Load(); n > tt.most {
					t.Errorf("%d attempts before it was held, want at most %d", n, tt.most)
				}
			})
		})
	}
}

func TestADomainThatRefusesUsRestsAlone(t *testing.T) {
	t.Parallel()
	srv := &smtptest.Server{}
	play(t, 80, fewDomains, srv, nil, func(c *scenario) {
		until := time.Now().Add(100 * time.Minute)
		var attempts atomic.Int32
		srv.Script = func(s smtptest.Step) smtptest.Answer {
			if s.Stage == smtptest.Rcpt && strings.Contains(s.Line, "@d1.") && time.Now().Before(until) {
				attempts.Add(1)
				return smtptest.Answer{Reply: "550 5.7.1 we do not know you"}
			}
			return smtptest.Answer{}
		}
		c.pass(time.Minute)
		c.want(news.Counts{Intended: 80, Waiting: 20, Sent: 60})
		if n := attempts.Load(); n > 4 {
			t.Errorf("the domain was asked %d times in the first minute, want one a connection at most", n)
		}
		c.pass(3 * time.Hour)
		c.want(news.Counts{Intended: 80, Sent: 80})
		c.noneLost(80, 0)
	})
}

func TestADeferringDomainIsSlowedAlone(t *testing.T) {
	t.Parallel()
	srv := &smtptest.Server{}
	play(t, 400, fewDomains, srv, nil, func(c *scenario) {
		var asked atomic.Int32
		srv.Script = func(s smtptest.Step) smtptest.Answer {
			if s.Stage == smtptest.Rcpt && strings.Contains(s.Line, "@d1.") {
				asked.Add(1)
				return smtptest.Answer{Reply: "421 4.7.0 too many mails from you"}
			}
			return smtptest.Answer{}
		}
		c.pass(2 * time.Minute)
		c.want(news.Counts{Intended: 400, Waiting: 100, Sent: 300})
		if n := asked.Load(); n > 60 {
			t.Errorf("a domain that defers was asked %d times in two minutes", n)
		}
	})
}

func TestPace(t *testing.T) {
	t.Parallel()
	srv := &smtptest.Server{}
	play(t, 120, oneDomain, srv, func(o *deliver.Options) { o.Pace = 60 }, func(c *scenario) {
		c.pass(5 * time.Minute)
		c.want(news.Counts{Intended: 120, Sent: 120})
		c.atMost(60)
	})
}

func TestDomainPace(t *testing.T) {
	t.Parallel()
	srv := &smtptest.Server{}
	play(t, 200, fewDomains, srv, func(o *deliver.Options) { o.DomainPace = 10 }, func(c *scenario) {
		c.pass(8 * time.Minute)
		c.want(news.Counts{Intended: 200, Sent: 200})
		c.atMost(4 * 10)
	})
}

// together runs several senders over the scenario's store, each as if it were
// a process of its own, for so long.
func (c *scenario) together(processes int, d time.Duration, change func(*deliver.Options)) {
	c.t.Helper()
	ctx, stop := context.WithTimeout(c.t.Context(), d)
	defer stop()
	var all sync.WaitGroup
	for n := range processes {
		one := sender(c.store, c.out, func(o *deliver.Options) {
			o.Holder = fmt.Sprintf("process %d", n)
			if change != nil {
				change(o)
			}
		}, asleep)
		all.Go(func() {
			for ctx.Err() == nil {
				if err := one.Run(ctx); err != nil && ctx.Err() == nil {
					c.t.Error(err)
				}
				if _, err := c.store.SendingIssues(ctx); err != nil {
					return
				}
				select {
				case <-time.After(time.Second):
				case <-ctx.Done():
				}
			}
		})
	}
	all.Wait()
}

func TestThePaceIsOfAllProcesses(t *testing.T) {
	t.Parallel()
	srv := &smtptest.Server{}
	play(t, 150, oneDomain, srv, nil, func(c *scenario) {
		c.together(3, 5*time.Minute, func(o *deliver.Options) { o.Pace = 60 })
		c.want(news.Counts{Intended: 150, Sent: 150})
		c.atMost(60)
	})
}

func TestTheDomainPaceIsOfAllProcesses(t *testing.T) {
	t.Parallel()
	srv := &smtptest.Server{}
	play(t, 160, fewDomains, srv, nil, func(c *scenario) {
		c.together(3, 10*time.Minute, func(o *deliver.Options) { o.DomainPace = 12 })
		c.want(news.Counts{Intended: 160, Sent: 160})
		c.atMost(4 * 12)
	})
}

// TestAllProcessesSeeThatWeAreRefused: every second attempt is refused because
// of us. None of eight processes sees fifty attempts, all together do.
func TestAllProcessesSeeThatWeAreRefused(t *testing.T) {
	t.Parallel()
	var attempts atomic.Int32
	srv := &smtptest.Server{Script: func(s smtptest.Step) smtptest.Answer {
		if s.Stage == smtptest.Dot {
			return smtptest.Answer{Delay: 100 * time.Millisecond}
		}
		if s.Stage == smtptest.Rcpt && attempts.Add(1)%3 != 0 {
			return smtptest.Answer{Reply: "554 5.7.1 your address is on a block list", Delay: 100 * time.Millisecond}
		}
		return smtptest.Answer{}
	}}
	play(t, 2000, manyDomains, srv, nil, func(c *scenario) {
		c.together(8, time.Minute, func(o *deliver.Options) { o.Connections = 1 })
		if i := c.state(); i.State != news.IssueHeld || !strings.Contains(i.HeldWhy, "because of us") {
			t.Errorf("the issue is %s, %q; want held", i.State, i.HeldWhy)
		}
		if n := attempts.Load(); n > 50+2*8 {
			t.Errorf("%d attempts of eight processes before it was held, want 50 and what was on its way", n)
		}
	})
}

// atMost checks that no more mails came in any minute, and that the pace was
// used.
func (c *scenario) atMost(n int) {
	c.t.Helper()
	var at []time.Time
	for _, m := range c.srv.Taken() {
		at = append(at, m.At)
	}
	slices.SortFunc(at, time.Time.Compare)
	busiest := 0
	for i := range at {
		k := i
		for k < len(at) && at[k].Sub(at[i]) < time.Minute {
			k++
		}
		busiest = max(busiest, k-i)
	}
	if busiest > n+4 || busiest < n/2 {
		c.t.Errorf("%d mails in the busiest minute, want %d", busiest, n)
	}
}

// TestTheNextRelayIsTakenWhenOneIsDown: the first relay never answers.
func TestTheNextRelayIsTakenWhenOneIsDown(t *testing.T) {
	t.Parallel()
	srv := &smtptest.Server{}
	play(t, 40, fewDomains, srv, nil, func(c *scenario) {
		dead, err := smtpout.ParseRelay("smtp://dead.example:25")
		if err != nil {
			t.Fatal(err)
		}
		c.out.Relays = append([]smtpout.Relay{dead}, c.out.Relays...)
		c.out.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if addr == dead.Addr() {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return srv.Pipe(ctx, network, addr)
		}
		c.pass(10 * time.Minute)
		c.want(news.Counts{Intended: 40, Sent: 40})
		c.noneLost(40, 0)
	})
}

// TestARelayThatIsDeadForADay blames nobody.
func TestARelayThatIsDeadForADay(t *testing.T) {
	t.Parallel()
	srv := &smtptest.Server{}
	play(t, 40, fewDomains, srv, nil, func(c *scenario) {
		back := time.Now().Add(24 * time.Hour)
		c.out.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if time.Now().Before(back) {
				return nil, errors.New("connection refused")
			}
			return srv.Pipe(ctx, network, addr)
		}
		c.pass(23 * time.Hour)
		c.want(news.Counts{Intended: 40, Waiting: 40})
		c.pass(2 * time.Hour)
		c.want(news.Counts{Intended: 40, Sent: 40})
		c.noneLost(40, 0)
	})
}
