// Package bounce reads a returned message: which recipients it speaks of, what
// happened to each, and how final that is. It knows delivery reports (RFC 3464,
// 6533), enhanced status codes (RFC 3463), complaints (RFC 5965), automatic
// replies (RFC 3834), and the prose that mail systems have written instead.
//
// It does no I/O beyond the reader it is given and believes nothing: whose copy
// a message is about is for the caller to settle, by the signed token in one of
// the addresses of Report.To, never by what the text says.
package bounce

import (
	"bytes"
	"fmt"
	"io"
)

// A Kind is what a message is as a whole: the gravest of its recipients'.
type Kind string

// The kinds of messages that come back.
const (
	Bounce      Kind = "bounce"
	Delayed     Kind = "delayed"
	Delivered   Kind = "delivered"
	Complaint   Kind = "complaint"
	AutoReply   Kind = "auto-reply"
	Unsubscribe Kind = "unsubscribe"
	Other       Kind = "other"
)

// An Action is what a mail system says it did (RFC 3464, 2.3.3); empty for
// recipients of messages that are no delivery report.
type Action string

// The actions of RFC 3464.
const (
	ActionFailed    Action = "failed"
	ActionDelayed   Action = "delayed"
	ActionDelivered Action = "delivered"
	ActionRelayed   Action = "relayed"
	ActionExpanded  Action = "expanded"
)

// A Verdict is why a copy did not arrive.
type Verdict string

// The verdicts. AddressDead and DomainDead say that the reader's address is
// gone; BlockedUs, AuthFailure and ContentRefused speak of us.
const (
	AddressDead    Verdict = "address-dead"
	MailboxFull    Verdict = "mailbox-full"
	DomainDead     Verdict = "domain-dead"
	BlockedUs      Verdict = "blocked-us"
	AuthFailure    Verdict = "auth-failure"
	ContentRefused Verdict = "content-refused"
	Greylisted     Verdict = "greylisted"
	RateLimited    Verdict = "rate-limited"
	RelayTrouble   Verdict = "relay-trouble"
	Expired        Verdict = "expired"
	Unknown        Verdict = "unknown"
)

// A Recipient is what a message says of one address.
type Recipient struct {
	Address    string // as written, without brackets; empty if the message names none
	Action     Action
	Status     string // RFC 3463, such as 5.1.1; empty if unknown
	Code       int    // SMTP reply code; 0 if unknown
	Hard       bool   // the address is gone: only AddressDead and DomainDead of a failed copy
	Verdict    Verdict
	Diagnostic string // one line of plain text, at most maxDiagnostic bytes
}

// A Report is what one returned message says.
type Report struct {
	Kind       Kind
	Recipients []Recipient // in the order of the message, each address once
	// OriginalMessageID is that of the mail that came back, without brackets;
	// empty if unknown.
	OriginalMessageID string
	// To are the addresses this message was sent to, the envelope's first: one
	// of them carries our token if the message answers a copy of ours.
	To []string
	// Inside are addresses of the mail that came back which may carry our token
	// where To does not, as in a complaint: its envelope sender and where one
	// leaves by mail.
	Inside []string
}

// Bounds on what is read of one message: all it takes in memory stays under
// 64 MiB. A report mostly stands before the mail it returns; what lies behind
// maxMessage is attachments.
const (
	maxMessage    = 10 << 20
	maxText       = 64 << 10 // of prose looked at
	maxDiagnostic = 1 << 10
	maxEvidence   = 4 << 10 // of words weighed for one recipient
	maxRecipients = 300
)

// Read reads one message, as much of it as it needs. Every message gets an
// answer, however broken; the error is the reader's.
func Read(r io.Reader) (Report, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxMessage))
	if err != nil {
		return Report{}, fmt.Errorf("read the returned message: %w", err)
	}
	m := open(plainLines(raw))
	rep := m.report()
	rep.To, rep.Inside = m.sentTo(), m.inside()
	rep.OriginalMessageID = m.originalID()
	return rep, nil
}

// report asks the readers in the order of how much each can be relied on: what
// was written for machines first.
func (m *message) report() Report {
	if kind, ok := m.complaint(); kind == Complaint && ok {
		return Report{Kind: kind, Recipients: m.complained()}
	} else if ok {
		return Report{Kind: kind}
	}
	if rcpts := m.deliveryStatus(); len(rcpts) > 0 {
		return Report{Kind: gravest(rcpts), Recipients: rcpts}
	}
	if rcpts := m.notification(); len(rcpts) > 0 {
		return Report{Kind: gravest(rcpts), Recipients: rcpts}
	}
	if in := m.forwarded(); in != nil {
		return in.report()
	}
	if m.isReceipt() && !m.isRejection() {
		return Report{Kind: AutoReply}
	}
	if m.isRejection() || m.looksReturned() {
		if rcpts := m.returned(); len(rcpts) > 0 {
			return Report{Kind: gravest(rcpts), Recipients: rcpts}
		}
	}
	switch {
	case m.isUnsubscribe():
		return Report{Kind: Unsubscribe}
	case m.isAutomatic():
		return Report{Kind: AutoReply}
	}
	return Report{Kind: Other}
}

// gravest is the kind of a delivery report.
func gravest(rcpts []Recipient) Kind {
	kind := Delivered
	for _, r := range rcpts {
		switch r.Action {
		case ActionFailed:
			return Bounce
		case ActionDelayed:
			kind = Delayed
		}
	}
	return kind
}

// plainLines makes every line end in LF, whatever ended it, and drops NULs; it
// works in place.
func plainLines(b []byte) []byte {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	out := b[:0]
	for i, c := range b {
		switch {
		case c == 0 || c == '\r' && i+1 < len(b) && b[i+1] == '\n':
		case c == '\r':
			out = append(out, '\n')
		default:
			out = append(out, c)
		}
	}
	return out
}
