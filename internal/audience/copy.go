package audience

import (
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// CopyID numbers a stored Copy.
type CopyID int64

// A CopyState is where one reader's copy of one issue stands.
type CopyState string

// The states of a copy. The first two count as waiting, the others are final.
const (
	Waiting    CopyState = "waiting"
	Attempting CopyState = "attempting" // a sender holds it and may have sent it
	Sent       CopyState = "sent"       // the server took it
	Refused    CopyState = "refused"    // the server refused this reader for good
	Excluded   CopyState = "excluded"   // the reader left, was suppressed or erased before it went
	GivenUp    CopyState = "given_up"   // put off for three days
	Withdrawn  CopyState = "withdrawn"  // a person stopped the issue
)

// Final reports whether nothing more happens to the copy.
func (s CopyState) Final() bool { return s != Waiting && s != Attempting }

// GiveUpAfter is how long a copy is tried, from its first attempt.
const GiveUpAfter = 3 * 24 * time.Hour

// A Copy is one reader's copy of one issue: one row of the ledger.
type Copy struct {
	ID        CopyID
	Issue     news.IssueID
	Reader    ReaderID
	Variant   int     // which of the issue's variants it is
	Token     Token   // the reader's, fixed at the freeze
	Address   Address // fixed at the freeze; zero once erased
	MessageID string  // without angle brackets; stable over every attempt
	Discreet  bool    // its outside says nothing of what is in it
	Cover     Cover
	Sealed    []byte // of CoverSealed: the encrypted mail, the same over every attempt
	State     CopyState
	Why       string // of excluded, refused, given up: in plain words, no address in it
	Attempts  int
	Uncertain int       // how often a sender died holding it: so many second copies may exist
	FirstTry  time.Time // when a sender first held it to send; zero before
	NextTry   time.Time // zero when final
	Settled   time.Time // when it became final
	Fence     int64     // the lease it is held under; a result from another fence is refused
	Code      int       // last SMTP reply code; 0 if none
	Now       State     // where its reader stands as it is taken; Suppressed if the journal says so
}

// Exclude settles a copy whose reader is active no more, and reports whether
// it did. It stays waiting otherwise.
func (c *Copy) Exclude(now time.Time) bool {
	if c.State != Waiting || c.Now == Active && !c.Address.IsZero() {
		return false
	}
	c.State, c.Why, c.Settled, c.NextTry = Excluded, excludedWhy[c.Now], now, time.Time{}
	if c.Why == "" {
		c.Why = "erased"
	}
	return true
}

// Why a reader who is not active gets no copy.
var excludedWhy = map[State]string{
	Pending: "asked again, not confirmed yet", Left: "unsubscribed", Suppressed: "suppressed", Erased: "erased",
}

// Attempt marks that a sender is about to send the copy.
func (c *Copy) Attempt(now time.Time) error {
	if c.State != Waiting {
		return fmt.Errorf("attempt copy %d: it is %s: %w", c.ID, c.State, news.ErrConflict)
	}
	c.State = Attempting
	c.Attempts++
	if c.FirstTry.IsZero() {
		c.FirstTry = now
	}
	return nil
}

// An Outcome is what became of one attempt, in the words of the ledger.
type Outcome struct {
	State CopyState     // Sent, Refused, Excluded or Waiting
	Why   string        // no address in it
	Code  int           // SMTP reply code; 0 if none came
	After time.Duration // Waiting: not before this; 0 = by the schedule
	// Ours: the reply refuses us (before RCPT, or 5.7.x), not the reader. The
	// attempt is not counted against the copy.
	Ours bool
}

// An Attempt is what is remembered of one for a while, to see that it is us who
// are refused, not readers.
type Attempt struct {
	At      time.Time
	Domain  string // of the reader; with nothing before the @
	Refused bool   // us
}

// Record settles an attempt. It returns an error wrapping news.ErrConflict if
// the copy is not being attempted.
func (c *Copy) Record(o Outcome, now time.Time, jitter float64) error {
	if c.State != Attempting {
		return fmt.Errorf("record copy %d: it is %s: %w", c.ID, c.State, news.ErrConflict)
	}
	c.Code, c.Why = o.Code, o.Why
	if o.Ours {
		c.Attempts--
	}
	switch o.State {
	case Sent, Refused, Excluded:
		c.State, c.Settled, c.NextTry = o.State, now, time.Time{}
	case Waiting:
		if now.Sub(c.FirstTry) > GiveUpAfter {
			c.State, c.Settled, c.NextTry = GivenUp, now, time.Time{}
			break
		}
		wait := o.After
		if wait == 0 {
			wait = RetryAfter(c.Attempts, jitter)
		}
		c.State, c.NextTry = Waiting, now.Add(wait)
	default:
		return fmt.Errorf("record copy %d: outcome %q: %w", c.ID, o.State, news.ErrInvalid)
	}
	return nil
}

// PutOff lets a copy that may not be attempted now wait until then, for so long
// as copies are tried.
func (c *Copy) PutOff(until time.Time, why string, now time.Time) {
	if c.FirstTry.IsZero() {
		c.FirstTry = now
	}
	c.Why, c.NextTry = why, until
	if now.Sub(c.FirstTry) > GiveUpAfter {
		c.State, c.Settled, c.NextTry = GivenUp, now, time.Time{}
	}
}

// RetryAfter is the wait after the n-th attempt: 1, 5, 15, 60 minutes and then
// hourly, up to a quarter more by jitter (0 to 1).
func RetryAfter(n int, jitter float64) time.Duration {
	steps := [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}
	d := steps[min(max(n, 1), len(steps))-1]
	return d + time.Duration(float64(d)*jitter/4)
}
