package deliver

import (
	"context"
	"fmt"
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
	w.add(name, r.RefusesUs())
	why := w.alarm()
	s.mu.Unlock()

	if r.RefusesUs() && rest {
		if err := s.store.RestDomain(ctx, c.Issue, name, now, now.Add(domainRest)); err != nil {
			s.log.ErrorContext(ctx, "domain could not be rested", "err", err)
		}
		s.log.WarnContext(ctx, "a domain refuses us and rests", "domain", name, "reply", r.String())
	}
	if why != "" {
		s.alarm(ctx, c.Issue, fmt.Sprintf("%s; the last said: %s", why, r))
	}
}

func (s *session) alarm(ctx context.Context, id news.IssueID, why string) {
	if err := s.hold(ctx, id, why); err != nil {
		s.stop(fmt.Errorf("hold issue %d: %w", id, err))
	}
	s.mu.Lock()
	delete(s.windows, id) // who resumes it starts afresh
	s.mu.Unlock()
}

// A window is the last attempts of an issue, for seeing that it is us who are
// refused, not readers.
type window struct {
	last [windowSize]attempt
	n    int
}

type attempt struct {
	domain  string
	refused bool // us
}

const (
	windowSize  = 50
	windowAlarm = 25 // refusals among them, over two domains or more
)

func (w *window) add(domain string, refused bool) {
	w.last[w.n%windowSize] = attempt{domain, refused}
	w.n++
}

// alarm says why the issue must be held, or "".
func (w *window) alarm() string {
	domains, refused := map[string]bool{}, 0
	for _, a := range w.last[:min(w.n, windowSize)] {
		if a.refused {
			refused++
			domains[a.domain] = true
		}
	}
	if refused >= windowAlarm && len(domains) >= 2 || refused == windowSize {
		return fmt.Sprintf("%d of the last %d attempts were refused because of us, not of the readers", refused, min(w.n, windowSize))
	}
	return ""
}
