package staff

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// An Address is where somebody at the desk gets mail. It hides from every
// print, log and JSON encoder; code that must have it says so with Reveal.
type Address struct{ s string }

// AddressOf is the address in s, which somebody checked already.
func AddressOf(s string) Address { return Address{s} }

// Reveal returns the address itself. Whoever calls it answers for where it goes.
func (a Address) Reveal() string { return a.s }

const hidden = "[address]"

// String hides the address.
func (Address) String() string { return hidden }

// Format hides the address under every verb.
func (Address) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// LogValue hides the address.
func (Address) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the address; JSON uses it too.
func (Address) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// A NoticeKind is one sort of thing that somebody at the desk can be told of
// by mail.
type NoticeKind string

// The kinds of notices.
const (
	NoticeNote     NoticeKind = "note"     // a note that concerns or answers them
	NoticeAssigned NoticeKind = "assigned" // a story they are to look after
	NoticeDecided  NoticeKind = "decided"  // what became of a story they began
	NoticeApproval NoticeKind = "approval" // an issue that waits for a second person
)

// NoticeKinds lists all kinds in the order a page shows them.
func NoticeKinds() []NoticeKind {
	return []NoticeKind{NoticeNote, NoticeAssigned, NoticeDecided, NoticeApproval}
}

// Wait is how long after it happened a thing is told. An issue is told when
// its editor has left it alone for a while.
func (k NoticeKind) Wait() time.Duration {
	if k == NoticeApproval {
		return NoticeGather
	}
	return 0
}

// NoticeGather is the least time between two mails to one person: what happens
// meanwhile goes together.
const NoticeGather = 10 * time.Minute

// Answered is what Notice.What says of a note that answers one of theirs.
const Answered = "answer"

// A Notice is one thing that happened.
type Notice struct {
	ID    int64
	Kind  NoticeKind
	Who   string // who did it
	What  string // the state of a decided story; Answered
	Story news.StoryID
	Issue news.IssueID // of NoticeApproval
}

// A Mailbox is where and of what somebody is told.
type Mailbox struct {
	Account  Account // its ID alone when it is saved
	Address  Address
	Kinds    []NoticeKind // they want
	Attempts int          // since the last mail that was taken
	Trouble  string       // why the last attempt failed; empty if it did not
	Stopped  bool         // the address was refused: nothing goes there until it is saved anew
	Sent     time.Time    // when the last mail was taken
	Waiting  []Notice     // when it is taken for sending, the oldest first
}

// Wants reports whether its person wants to be told of a kind.
func (m *Mailbox) Wants(k NoticeKind) bool { return slices.Contains(m.Kinds, k) }
