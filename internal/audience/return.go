package audience

import (
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// Complaint is the verdict of a Return by which a reader called the mail
// unwanted; the others are those of package bounce.
const Complaint = "complaint"

// A Return is what came back of one copy after a server had taken it: the
// gravest that was said. The copy stays sent.
type Return struct {
	Issue   news.IssueID
	Reader  ReaderID
	Verdict string
	Hard    bool   // the address is gone
	Status  string // RFC 3463; empty if unknown
	Text    string // what was said, no address in it
	Sent    time.Time
	At      time.Time // when it came back
}

// Graver reports whether r says something worse than an earlier return of the
// same copy.
func (r *Return) Graver(earlier Return) bool { return r.weight() > earlier.weight() }

func (r *Return) weight() int {
	switch {
	case r.Verdict == Complaint:
		return 3
	case r.Hard:
		return 2
	case r.Verdict != "" && r.Verdict != "delayed":
		return 1
	}
	return 0
}

// DeadAfter is how far apart two issues must have been sent that both found an
// address gone, before it is believed.
const DeadAfter = 5 * 24 * time.Hour

// Bars says for which reason a reader with these returns must not be written
// to any more: a complaint, or an address that was gone for two issues sent at
// least DeadAfter apart. It is "" for none.
func Bars(returns []Return) SuppressionReason {
	var first, last time.Time
	for _, r := range returns {
		switch {
		case r.Verdict == Complaint:
			return Complained
		case !r.Hard:
			continue
		}
		if first.IsZero() || r.Sent.Before(first) {
			first = r.Sent
		}
		if r.Sent.After(last) {
			last = r.Sent
		}
	}
	if !first.IsZero() && last.Sub(first) >= DeadAfter {
		return DeadAddress
	}
	return ""
}
