package news

import (
	"math"
	"slices"
	"time"
)

// Polling is what we remember about asking a source.
type Polling struct {
	Next         time.Time // when it is due; zero = at once
	Last         time.Time // our last request; zero = never asked
	LastSuccess  time.Time // the last answer that was a document or a 304
	LastNew      time.Time // the last time it brought something new
	Unchanged    bool      // the last answer brought nothing new
	Failures     int       // failures in a row
	Error        string    // the last failure in plain words; empty after a success
	Gone         bool      // it answered 410: rests until a person asks it again
	RestUntil    time.Time // its host asked for time (Retry-After); zero when it did not or the time is over
	ETag         string    // validators, byte for byte as the server sent them
	LastModified string
	Answered     string // the address that gave them, after redirects: they go to its host only
	BodyHash     string // hex SHA-256 of the last body: an equal one brings nothing
	Seen         int    // entries in the last document
	Hints        Hints  // what the last document said about when to ask again
}

// A SourceState is how a source does, in one word.
type SourceState string

// The states of a source, as `feeds list` prints them.
const (
	SourceOK        SourceState = "ok"
	SourceUnchanged SourceState = "unchanged"
	SourceFailing   SourceState = "failing"
	SourceResting   SourceState = "resting" // answered 410 Gone, or its host asked for time
	SourcePaused    SourceState = "paused"
	SourceOff       SourceState = "off"
)

// StateOf says how a source does.
func StateOf(s *Source, p *Polling) SourceState {
	switch {
	case s.Off != "":
		return SourceOff
	case s.Paused:
		return SourcePaused
	case p.Gone || !p.RestUntil.IsZero():
		return SourceResting
	case p.Failures > 0:
		return SourceFailing
	case p.Unchanged:
		return SourceUnchanged
	}
	return SourceOK
}

// Backoff is the time to wait after n failures in a row: failures to the
// fourth power in minutes, never less than the usual time between polls and
// never more than a day. Failures slow a source down; they do not stop it.
func Backoff(n int, every time.Duration) time.Duration {
	if n <= 0 {
		return every
	}
	d := time.Duration(math.Min(math.Pow(float64(n), 4), 24*60)) * time.Minute
	return min(max(d, every), MaxEvery)
}

// Polled is a source with what we remember about asking it.
type Polled struct {
	Source  Source
	Polling Polling
}

// State says how the source does.
func (p *Polled) State() SourceState { return StateOf(&p.Source, &p.Polling) }

// Arrivals count what an answer brought.
type Arrivals struct {
	New     int // items never seen before
	Changed int // items the publisher edited
	Seen    int // entries in the document
}

// Hints are what an answer says about when to ask again. Empty fields say
// nothing.
type Hints struct {
	Fresh     time.Duration `json:"-"`                   // Cache-Control, Expires: of one answer only
	TTL       time.Duration `json:"ttl,omitempty"`       // rss ttl
	PollEvery time.Duration `json:"every,omitempty"`     // sy:updatePeriod and sy:updateFrequency
	SkipHours []int         `json:"skipHours,omitempty"` // UTC hours in which asking is useless
	SkipDays  []string      `json:"skipDays,omitempty"`  // English day names
}

// HintsOf are the hints of a document.
func HintsOf(f *Feed) Hints {
	return Hints{TTL: time.Duration(f.TTLMinutes) * time.Minute, PollEvery: f.PollEvery, SkipHours: f.SkipHours, SkipDays: f.SkipDays}
}

// Took records an answer that was a document or a 304, fresh for so long, and
// when to ask again by p.Hints. jitter, 0 to 1, spreads the sources of one
// minute over some more.
func (p *Polling) Took(s *Source, a Arrivals, fresh time.Duration, now time.Time, jitter float64) {
	brought := a.New + a.Changed
	if brought > 0 {
		p.LastNew = now
	}
	if p.LastSuccess.IsZero() {
		brought = 0 // the first document holds weeks: it says nothing about the pace
	}
	p.Last, p.LastSuccess, p.Unchanged = now, now, a.New+a.Changed == 0
	p.Failures, p.Error, p.Gone = 0, "", false
	h := p.Hints
	h.Fresh = fresh
	p.Next = h.next(Interval(s.Every, p.LastNew, now, brought), now, jitter)
}

// Failed records a failure and when to try again.
func (p *Polling) Failed(s *Source, why string, gone bool, now time.Time, jitter float64) {
	p.Last, p.Error, p.Gone = now, why, gone
	p.Failures++
	p.Next = Hints{}.next(Backoff(p.Failures, s.Every), now, jitter)
}

// Interval is the time to the next poll of a source that answered. One that
// brought several items is asked sooner, one that has been silent for long is
// asked less often: an eighth of its silence, so that what it brings at last
// waits no longer than it made us wait. Always 15 minutes to 24 hours.
func Interval(every time.Duration, lastNew, now time.Time, brought int) time.Duration {
	switch {
	case brought > 1:
		every /= time.Duration(brought)
	case !lastNew.IsZero():
		every = max(every, now.Sub(lastNew)/8)
	}
	return min(max(every, MinEvery), MaxEvery)
}

// next is now and the interval, but not before the publisher wants it, as far
// as a day goes, and a tenth of the interval later at most.
func (h Hints) next(interval time.Duration, now time.Time, jitter float64) time.Time {
	wait := min(max(interval, h.Fresh, h.TTL, h.PollEvery), MaxEvery)
	wait += time.Duration(jitter * float64(wait) / 10)
	return h.skip(now.Add(wait))
}

// skip moves an instant out of the hours and days in which asking is useless,
// unless a feed rules out more than a day.
func (h Hints) skip(at time.Time) time.Time {
	moved := at.UTC()
	for range 25 {
		if !slices.Contains(h.SkipHours, moved.Hour()) && !slices.Contains(h.SkipDays, moved.Weekday().String()) {
			return moved
		}
		moved = moved.Truncate(time.Hour).Add(time.Hour)
	}
	return at
}

// A HostLease is the right to ask a host, held by one worker until it runs
// out. The fence grows with every lease: what comes in late under an older one
// is refused.
type HostLease struct {
	Host      string
	Holder    string
	Fence     int64
	NotBefore time.Time // the next request must wait until then
	RestUntil time.Time // the host asked for time; zero when it did not
}
