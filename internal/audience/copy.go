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

// GiveUpAfter is how long a copy is tried.
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
	State     CopyState
	Why       string // of excluded, refused, given up: in plain words, no address in it
	Attempts  int
	Uncertain int       // how often a sender died holding it: so many second copies may exist
	NextTry   time.Time // zero when final
	Frozen    time.Time
	Settled   time.Time // when it became final
	Fence     int64     // the lease it is held under; a result from another fence is refused
	Code      int       // last SMTP reply code; 0 if none
}

// An Outcome is what became of one attempt, in the words of the ledger.
type Outcome struct {
	State CopyState     // Sent, Refused or Waiting
	Why   string        // no address in it
	Code  int           // SMTP reply code; 0 if none came
	After time.Duration // Waiting: not before this; 0 = by the schedule
	// Ours: the reply refuses us (before RCPT, or 5.7.x), not the reader. The
	// attempt is not counted against the copy.
	Ours bool
}

// Record settles an attempt. It returns an error wrapping news.ErrConflict if
// the copy is not being attempted.
func (c *Copy) Record(o Outcome, now time.Time, jitter float64) error {
	if c.State != Attempting {
		return fmt.Errorf("record copy %d: it is %s: %w", c.ID, c.State, news.ErrConflict)
	}
	c.Code, c.Why = o.Code, o.Why
	switch o.State {
	case Sent, Refused:
		c.State, c.Settled, c.NextTry = o.State, now, time.Time{}
	case Waiting:
		if now.Sub(c.Frozen) > GiveUpAfter {
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

// RetryAfter is the wait after the n-th attempt: 1, 5, 15, 60 minutes and then
// hourly, up to a quarter more by jitter (0 to 1).
func RetryAfter(n int, jitter float64) time.Duration {
	steps := [...]time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}
	d := steps[min(max(n, 1), len(steps))-1]
	return d + time.Duration(float64(d)*jitter/4)
}

// Counts are the books of one issue.
type Counts struct {
	Intended  int `json:"intended"`
	Waiting   int `json:"waiting"` // attempting among them
	Sent      int `json:"sent"`
	Refused   int `json:"refused"`
	Excluded  int `json:"excluded"`
	GivenUp   int `json:"given_up"`
	Withdrawn int `json:"withdrawn"`
	Uncertain int `json:"uncertain"` // copies that may have gone out twice; a mark, not a state
}

// Balanced reports whether every intended copy is accounted for.
func (c Counts) Balanced() bool {
	return c.Intended == c.Waiting+c.Sent+c.Refused+c.Excluded+c.GivenUp+c.Withdrawn
}
