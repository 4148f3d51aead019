package deliver

import (
	"context"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
)

// A backoff is how long the relay is left alone after it could not be used.
type backoff struct {
	fails int
	until time.Time
}

const (
	backoffFirst = 15 * time.Second
	backoffMost  = 15 * time.Minute
)

// fail rests for longer each time it is called without a success between.
func (b *backoff) fail(now time.Time) time.Duration {
	rest := min(backoffFirst<<min(b.fails, 10), backoffMost)
	b.fails++
	b.until = now.Add(rest)
	return rest
}

// A domain is what we know of one that receives for our readers.
type domain struct {
	rest   time.Time     // nothing goes there before
	base   time.Duration // between two mails of this process, as set
	gap    time.Duration // between two mails, as learnt; at least base
	next   time.Time     // the next mail may go then
	since  time.Time     // when its copies began to queue
	tail   time.Time     // where the queue ends
	streak int           // times put off in a row
}

// A domain is slowed after so many deferrals in a row, by steps between these.
const (
	streakMax = 5
	gapFirst  = time.Second
	gapMost   = 15 * time.Second
)

// putOff learns that the domain answered "later".
func (d *domain) putOff() {
	if d.streak++; d.streak < streakMax {
		return
	}
	d.streak = 0
	d.gap = min(max(2*d.gap, gapFirst), gapMost)
}

// taken learns that the domain took a mail.
func (d *domain) taken() {
	d.streak = 0
	if d.gap /= 2; d.gap < gapFirst/2 {
		d.gap = 0
	}
	d.gap = max(d.gap, d.base)
}

// slot says whether a copy that fell due at due may go now, else when.
func (d *domain) slot(due, now time.Time) (wait time.Time, ok bool) {
	if d.gap == 0 {
		return now, true
	}
	queued := due.After(d.since) // it had its place in the queue given before
	if !d.next.After(now) && (queued || !d.tail.After(now)) {
		d.next = now.Add(d.gap)
		return now, true
	}
	if queued && d.tail.After(now) {
		return d.next, false
	}
	if !d.tail.After(now) {
		d.since, d.tail = now, d.next
	}
	slot := d.tail
	d.tail = slot.Add(d.gap)
	return slot, false
}

// domain is what we know of a domain; the caller holds the lock.
func (d *Deliver) domain(name string) *domain {
	dom := d.domains[name]
	if dom == nil {
		dom = &domain{}
		d.domains[name] = dom
	}
	dom.base = d.gap(d.opt.DomainPace)
	dom.gap = max(dom.gap, dom.base)
	return dom
}

// countEvery is how often the processes that share a pace are counted.
const countEvery = time.Second

// keepPace sees how many share the pace, where one is set, until ctx is done.
func (r *run) keepPace(ctx context.Context) {
	for r.paced() && pause(ctx, countEvery) {
		r.sharePace(ctx)
	}
}

func (d *Deliver) paced() bool { return d.opt.Pace > 0 || d.opt.DomainPace > 0 }

// sharePace counts the processes that send; each keeps to its part of the
// pace. One that died counts until its lease runs out. When they cannot be
// counted, the last count stands.
func (d *Deliver) sharePace(ctx context.Context) {
	if !d.paced() {
		return
	}
	n, err := d.store.Senders(ctx, d.now())
	if err != nil {
		if ctx.Err() == nil {
			d.log.WarnContext(ctx, "senders could not be counted", "err", err)
		}
		return
	}
	d.senders.Store(int32(n))
}

// gap is the time this process leaves between two mails, of so many a minute
// by all.
func (d *Deliver) gap(pace int) time.Duration {
	return gapOf(pace) * time.Duration(max(1, d.senders.Load()))
}

// gapOf is the time between two mails at so many a minute; 0 for no limit.
func gapOf(pace int) time.Duration {
	if pace <= 0 {
		return 0
	}
	return time.Minute / time.Duration(pace)
}

// cleared reports whether a copy may go to its domain now. Where it may not,
// the copy waits until it may.
func (d *Deliver) cleared(c *audience.Copy) bool {
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	dom := d.domain(c.Address.Domain())
	if dom.rest.After(now) {
		c.PutOff(dom.rest, "its domain refuses our mail and is left alone for a while", now)
		return false
	}
	wait, ok := dom.slot(c.NextTry, now)
	if !ok {
		c.NextTry = wait
	}
	return ok
}

// turn reserves the next place under the house's pace; the zero time is at
// once.
func (d *Deliver) turn() time.Time {
	gap := d.gap(d.opt.Pace)
	if gap == 0 {
		return time.Time{}
	}
	now := d.now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pace.Before(now) {
		d.pace = now
	}
	at := d.pace
	d.pace = at.Add(gap)
	return at
}

// longestHold is how long a connection is kept waiting for its turn.
const longestHold = 30 * time.Second

// connections is how many connections a run opens: no more than the pace keeps
// busy.
func (d *Deliver) connections() int {
	gap := d.gap(d.opt.Pace)
	if gap == 0 {
		return d.opt.Connections
	}
	return min(d.opt.Connections, max(1, int(longestHold/gap)))
}

// resting reports whether the relay is left alone now.
func (d *Deliver) resting(now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.relay.until.After(now)
}
