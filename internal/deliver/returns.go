package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/bounce"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/token"
)

// ReturnStore is what Returns needs remembered.
type ReturnStore interface {
	TakeReturn(ctx context.Context, issue news.IssueID, id audience.ReaderID, now time.Time,
		take func(c audience.Copy, r *audience.Reader, returns []audience.Return) (keep *audience.Return, bars audience.SuppressionReason, e staff.AuditEntry, err error)) error
	ChangeReader(ctx context.Context, t audience.Token, now time.Time, change func(*audience.Reader) (changed bool, bars audience.SuppressionReason, err error)) error
}

// Returns takes in what comes back of our mail, whichever door brought it.
// Whom a message is about is settled by the signed address it was sent to,
// never by what it says; without one it moves nobody.
type Returns struct {
	Store   ReturnStore
	Mailbox *token.Mailbox
	// Pass hands what a person wrote on to people; nil leaves it where it is.
	Pass func(ctx context.Context, message []byte) error
	Now  func() time.Time
	Log  *slog.Logger
}

// What became of a message that came in.
const (
	Counted    = "counted"    // it is in the books of its copy
	Suppressed = "suppressed" // and its reader is not written to any more
	Unwanted   = "left"       // its sender asked to leave, and has left
	Known      = "known"      // nothing worse than what was known
	Ignored    = "ignored"    // an automatic reply, or a notice that all is well
	Person     = "person"     // somebody wrote it
	NotOurs    = "not ours"   // no signed address says whose it is, or an old one does
)

// A Taken is what became of one message.
type Taken struct {
	What    string         `json:"what"`
	Kind    bounce.Kind    `json:"kind"`
	Verdict bounce.Verdict `json:"verdict,omitempty"`
	Issue   news.IssueID   `json:"issue,omitempty"`
}

// MaxReturned bounds what is read of one message.
const MaxReturned = 10 << 20

// Take takes in one message. to are the addresses its envelope says it was sent
// to, as far as the door knows them. The error is of the books: the message
// should be offered again.
func (x *Returns) Take(ctx context.Context, to []string, r io.Reader) (Taken, error) {
	message, err := io.ReadAll(io.LimitReader(r, MaxReturned))
	if err != nil {
		return Taken{}, fmt.Errorf("read what came back: %w", err)
	}
	// The reader works in place, and a person's words are passed on whole.
	report, err := bounce.Read(bytes.NewReader(message))
	if err != nil {
		return Taken{}, err
	}
	if len(to) == 0 {
		to = report.To
	}
	t, err := x.take(ctx, to, report)
	t.Kind = report.Kind
	if err == nil && t.What == Person && x.Pass != nil {
		err = x.Pass(ctx, message)
	}
	if err != nil {
		return t, fmt.Errorf("take in what came back: %w", err)
	}
	x.Log.InfoContext(ctx, "mail came back", "kind", t.Kind, "what", t.What, "verdict", t.Verdict)
	return t, nil
}

func (x *Returns) take(ctx context.Context, to []string, report bounce.Report) (Taken, error) {
	switch report.Kind {
	case bounce.Bounce, bounce.Delayed:
		return x.count(ctx, to, report)
	case bounce.Complaint:
		return x.complaint(ctx, to, report)
	case bounce.AutoReply, bounce.Delivered:
		return Taken{What: Ignored}, nil
	}
	if reader, ok := x.leaving(to); ok {
		return Taken{What: Unwanted}, x.leave(ctx, reader)
	}
	for _, a := range to {
		if _, err := x.Mailbox.ReadReturn(a, x.Now()); err == nil || errors.Is(err, token.ErrExpired) {
			return Taken{What: Person}, nil
		}
	}
	return Taken{What: NotOurs}, nil
}

// copyOf is the copy that signed addresses speak of: one, or none.
func (x *Returns) copyOf(addresses []string) (r token.Return, ok bool) {
	for _, a := range addresses {
		found, err := x.Mailbox.ReadReturn(a, x.Now())
		if err != nil || ok && found == r {
			continue
		}
		if ok {
			return token.Return{}, false
		}
		r, ok = found, true
	}
	return r, ok
}

// leaving is the reader whom signed addresses let go: one, or none.
func (x *Returns) leaving(addresses []string) (reader audience.Token, ok bool) {
	for _, a := range addresses {
		id, err := x.Mailbox.ReadUnsubscribe(a)
		if err != nil || ok && audience.Token(id) == reader {
			continue
		}
		if ok {
			return audience.Token{}, false
		}
		reader, ok = audience.Token(id), true
	}
	return reader, ok
}

func (x *Returns) leave(ctx context.Context, t audience.Token) error {
	now := x.Now()
	return forgiving(x.Store.ChangeReader(ctx, t, now, func(r *audience.Reader) (bool, audience.SuppressionReason, error) {
		if !r.Unsubscribe(now) {
			return false, "", nil
		}
		return true, audience.Unsubscribed, nil
	}))
}

// forgiving lets a reader be gone, or a copy whose row is: there is nothing
// left to do.
func forgiving(err error) error {
	if errors.Is(err, news.ErrNotFound) {
		return nil
	}
	return err
}

// complaint bars whoever called a mail of ours unwanted, silently.
func (x *Returns) complaint(ctx context.Context, to []string, report bounce.Report) (Taken, error) {
	addresses := append(append([]string(nil), to...), report.Inside...)
	if c, ok := x.copyOf(addresses); ok {
		return x.record(ctx, c, func(audience.Copy) (audience.Return, bool) {
			return audience.Return{Verdict: audience.Complaint}, true
		})
	}
	reader, ok := x.leaving(addresses)
	if !ok {
		return Taken{What: NotOurs}, nil
	}
	now := x.Now()
	return Taken{What: Suppressed}, forgiving(x.Store.ChangeReader(ctx, reader, now, func(r *audience.Reader) (bool, audience.SuppressionReason, error) {
		if !r.Suppress(now) {
			return false, "", nil
		}
		return true, audience.Complained, nil
	}))
}

// count puts a report of what a server could not deliver into the books.
func (x *Returns) count(ctx context.Context, to []string, report bounce.Report) (Taken, error) {
	c, ok := x.copyOf(to)
	if !ok {
		return Taken{What: NotOurs}, nil
	}
	return x.record(ctx, c, func(c audience.Copy) (audience.Return, bool) {
		said, ok := about(report, c.Address)
		if !ok {
			return audience.Return{}, false
		}
		ret := audience.Return{Verdict: string(said.Verdict), Hard: said.Hard && said.Action == bounce.ActionFailed,
			Status: said.Status, Text: redact(said.Diagnostic, c.Address)}
		if said.Action == bounce.ActionDelayed {
			ret.Verdict, ret.Hard = string(bounce.Delayed), false
		}
		return ret, true
	})
}

// about is what a report says of the reader's address. A report that names one
// other address alone speaks of where the reader's mail is sent on; one that
// names several others says nothing about the reader.
func about(report bounce.Report, address audience.Address) (bounce.Recipient, bool) {
	for _, r := range report.Recipients {
		if strings.EqualFold(r.Address, address.Reveal()) {
			return r, r.Action != bounce.ActionDelivered && r.Action != bounce.ActionRelayed && r.Action != bounce.ActionExpanded
		}
	}
	if len(report.Recipients) != 1 {
		return bounce.Recipient{}, false
	}
	r := report.Recipients[0]
	return r, r.Action == bounce.ActionFailed || r.Action == bounce.ActionDelayed
}

// record keeps what came back of a copy, and bars its reader when the rule
// says so.
func (x *Returns) record(ctx context.Context, of token.Return, say func(audience.Copy) (audience.Return, bool)) (Taken, error) {
	issue, id, now := news.IssueID(of.Issue), audience.ReaderID(of.Reader), x.Now()
	out := Taken{What: Known, Issue: issue}
	err := x.Store.TakeReturn(ctx, issue, id, now, func(c audience.Copy, r *audience.Reader, returns []audience.Return) (*audience.Return, audience.SuppressionReason, staff.AuditEntry, error) {
		out.What = Known // the step may be tried again
		nothing := func() (*audience.Return, audience.SuppressionReason, staff.AuditEntry, error) {
			return nil, "", staff.AuditEntry{}, nil
		}
		ret, ok := say(c)
		if !ok || c.FirstTry.IsZero() || c.Address.IsZero() {
			return nothing()
		}
		ret.Issue, ret.Reader, ret.Sent, ret.At = issue, id, c.FirstTry, now
		out.Verdict = bounce.Verdict(ret.Verdict)
		all := []audience.Return{ret}
		for _, earlier := range returns {
			if earlier.Issue != issue {
				all = append(all, earlier)
			} else if !ret.Graver(earlier) {
				return nothing()
			}
		}
		out.What = Counted
		bars := audience.Bars(all)
		if bars == "" || r.Address != c.Address || !r.Suppress(now) {
			return &ret, "", staff.AuditEntry{}, nil
		}
		out.What = Suppressed
		return &ret, bars, staff.AuditEntry{At: now, Who: "returned mail", What: "suppress reader",
			Subject: fmt.Sprintf("reader %d", id), Detail: fmt.Sprintf("%s, found by issue %d", bars, issue)}, nil
	})
	return out, forgiving(err)
}

var anyAddress = regexp.MustCompile(`[^\s<>"'(),;:\[\]]+(@|%40|=40)[^\s<>"'(),;:\[\]]+`)

// maxReturnText bounds what is kept of what a server said.
const maxReturnText = 300

// redact is what a server said without any address in it, nor the reader's
// name before the @ alone.
func redact(s string, a audience.Address) string {
	s = anyAddress.ReplaceAllString(s, "[address]")
	local, domain, _ := strings.Cut(a.Reveal(), "@")
	for _, form := range []string{local + "=" + domain, local} {
		if len(form) < 2 {
			continue
		}
		s = regexp.MustCompile(`(?i)(^|[^\pL\pN])`+regexp.QuoteMeta(form)+`($|[^\pL\pN])`).ReplaceAllString(s, "${1}[address]${2}")
	}
	return strings.ToValidUTF8(s[:min(len(s), maxReturnText)], "")
}
