package deliver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
)

// domainRest is how long a receiving domain is left alone that refused us.
const domainRest = time.Hour

// judge says what a reply means for the copy. A refusal of us leaves the copy
// waiting, its attempt uncounted: the reader is not to blame.
func judge(r smtpout.Reply) audience.Outcome {
	why := r.String()
	switch {
	case r.Accepted():
		return audience.Outcome{State: audience.Sent, Code: r.Code}
	case r.RefusesReader():
		return audience.Outcome{State: audience.Refused, Code: r.Code, Why: why}
	case r.RefusesUs():
		return audience.Outcome{State: audience.Waiting, Code: r.Code, Why: why, Ours: true, After: domainRest}
	}
	return audience.Outcome{State: audience.Waiting, Code: r.Code, Why: why, Ours: r.AboutUs()}
}

// learn draws what follows from a reply for other copies: a domain that
// refuses us rests, one that puts us off is slowed, and an issue that too many
// refuse is held.
func (s *session) learn(c audience.Copy, r smtpout.Reply, now time.Time) {
	ctx := context.Background() // a hold must stand even as we stop
	if r.Code == 0 {
		return
	}
	s.mu.Lock()
	s.relay = backoff{}
	name := c.Address.Domain()
	d := s.domain(name)
	switch {
	case r.RefusesUs() && r.Stage >= smtpout.Rcpt:
		d.rest = now.Add(domainRest)
	case r.Accepted():
		d.taken()
	case r.Temporary() && r.Stage >= smtpout.Rcpt:
		d.putOff()
	}
	rest := d.rest.After(now)
	w := s.windows[c.Issue]
	if w == nil {
		w = &window{}
		s.windows[c.Issue] = w
	}
	w.add(audience.Attempt{At: now, Domain: name, Refused: r.RefusesUs()})
	if !r.RefusesUs() {
		s.refusals = 0
		s.mu.Unlock()
		return
	}
	s.refusals++
	why := alarm(w.latest())
	if why != "" {
		s.holding++ // nothing sets out until that is written
		defer s.held()
	}
	s.mu.Unlock()
	if why == "" {
		why = s.share(ctx, c.Issue)
	}

	if rest {
		if err := s.store.RestDomain(ctx, c.Issue, name, now, now.Add(domainRest)); err != nil {
			s.log.ErrorContext(ctx, "domain could not be rested", "err", err)
		}
		s.log.WarnContext(ctx, "a domain refuses us and rests", "domain", name, "reply", r.String())
	}
	if why != "" {
		s.alarm(ctx, c.Issue, fmt.Sprintf("%s; the last said: %s", why, r))
	}
}

// share tells the other senders of an issue what this one saw, and looks at
// what all of them saw together.
func (s *session) share(ctx context.Context, id news.IssueID) (why string) {
	s.sharing.Lock() // who comes second would not find what the first is just writing
	defer s.sharing.Unlock()
	own, again := s.attempts(id)
	if len(own) == 0 {
		return ""
	}
	all, err := s.store.ShareAttempts(ctx, id, s.opt.Holder, own, again)
	if errors.Is(err, news.ErrConflict) {
		// Another held the issue, and somebody resumed it: what was seen
		// before counts no more.
		own = own[len(own)-1:]
		s.mu.Lock()
		s.windows[id] = &window{shared: true}
		s.windows[id].add(own[0])
		s.mu.Unlock()
		all, err = s.store.ShareAttempts(ctx, id, s.opt.Holder, own, false)
	}
	if err != nil {
		s.log.ErrorContext(ctx, "attempts could not be shared", "err", err)
		return ""
	}
	slices.SortStableFunc(all, func(a, b audience.Attempt) int { return a.At.Compare(b.At) })
	return alarm(all[max(0, len(all)-windowSize):])
}

// attempts are the latest this process made, and whether it has told others of
// such before.
func (s *session) attempts(id news.IssueID) (own []audience.Attempt, again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.windows[id]
	if w == nil { // the issue was held meanwhile
		return nil, false
	}
	again, w.shared = w.shared, true
	return w.latest(), again
}

func (s *session) alarm(ctx context.Context, id news.IssueID, why string) {
	err := errors.Join(s.hold(ctx, id, why), s.store.ForgetAttempts(ctx, id))
	if err != nil {
		s.stop(fmt.Errorf("hold issue %d: %w", id, err))
	}
	s.mu.Lock()
	delete(s.windows, id) // who resumes it starts afresh
	s.refusals = 0
	s.mu.Unlock()
}

// depart lets one more copy set out. While nothing but refusals of us comes
// back, no more are under way than may still be refused before an issue is
// held; what came back then decides. It reports false when this connection must
// first end what it has under way itself, or ctx is done.
func (s *session) depart(ctx context.Context) bool {
	for {
		s.mu.Lock()
		free := s.holding == 0 && (s.refusals == 0 || s.flights == 0 || s.refusals+s.flights < windowSize)
		if free {
			s.flights++
		}
		s.mu.Unlock()
		if free || s.underWay() || !pause(ctx, idleFor/100) {
			return free
		}
	}
}

// held says that an issue which refusals of us hold is written down as such.
func (d *Deliver) held() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.holding--
}

// arrived says that so many of those that set out are under way no more.
func (d *Deliver) arrived(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.flights -= n
}

// A window is the last attempts of this process at an issue, for seeing that
// it is us who are refused, not readers.
type window struct {
	last   [windowSize]audience.Attempt
	n      int
	shared bool // others were told
}

const (
	windowSize  = 50
	windowAlarm = 25 // refusals among them, over two domains or more
)

func (w *window) add(a audience.Attempt) {
	w.last[w.n%windowSize] = a
	w.n++
}

// latest lists them, the oldest first.
func (w *window) latest() []audience.Attempt {
	if w.n <= windowSize {
		return slices.Clone(w.last[:w.n])
	}
	first := w.n % windowSize
	return slices.Concat(w.last[first:], w.last[:first])
}

// alarm says why an issue with these last attempts must be held, or "".
func alarm(last []audience.Attempt) string {
	domains, refused := map[string]bool{}, 0
	for _, a := range last {
		if a.Refused {
			refused++
			domains[a.Domain] = true
		}
	}
	if refused >= windowAlarm && len(domains) >= 2 || refused == windowSize {
		return fmt.Sprintf("%d of the last %d attempts were refused because of us, not of the readers", refused, len(last))
	}
	return ""
}
