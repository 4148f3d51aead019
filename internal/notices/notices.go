// Package notices tells the people of the desk by mail what concerns them: a
// note, a story to look after, what became of one they began, an issue that
// waits for a second person. It knows staff alone: nothing here can name a
// reader, and no mail of it stands in the readers' ledger.
//
// What there is to tell is a row that the change itself left; this package
// gathers the rows of each person into one small mail.
package notices

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

// Store is what notices needs remembered.
type Store interface {
	Mailbox(ctx context.Context, id staff.AccountID) (staff.Mailbox, error)
	SaveMailbox(ctx context.Context, m staff.Mailbox, e staff.AuditEntry) error
	DropMailbox(ctx context.Context, id staff.AccountID, e staff.AuditEntry) error
	WaitingNotices(ctx context.Context, id staff.AccountID) (int, error)
	TakeMailboxes(ctx context.Context, now, next time.Time, limit int) ([]staff.Mailbox, error)
	EndNotices(ctx context.Context, id staff.AccountID, told []staff.Notice, sent, next time.Time) error
	PutOffNotices(ctx context.Context, id staff.AccountID, next time.Time, why string, stop bool) error
	Story(ctx context.Context, id news.StoryID) (news.Story, error)
	Issue(ctx context.Context, id news.IssueID) (news.Issue, error)
}

// A Sender is the way out for mail.
type Sender interface {
	Send(ctx context.Context, m smtpout.Message) (smtpout.Reply, error)
}

// A Mail is what somebody is told, before it becomes a message.
type Mail struct {
	To      staff.Address
	Subject string
	Text    string
	// Key is the same for every attempt at the same mail.
	Key string
}

// Options is what a Service is made of besides its store.
type Options struct {
	// Check reads an address as every door of the house does, and returns it as
	// it is kept; its errors wrap news.ErrInvalid and do not repeat the address.
	Check func(address string) (string, error)
	Link  func(path string) string // makes a path of the site absolute
	Write func(m Mail) (smtpout.Message, error)
	Send  Sender // nil: there is no way out, and everything waits
	Solo  bool   // no issue waits for a second person
	Log   *slog.Logger
	Now   func() time.Time
}

// A Service tells the desk. It is safe for concurrent use.
type Service struct {
	store Store
	o     Options
}

// New returns a Service over a store.
func New(store Store, o Options) *Service { return &Service{store, o} }

// Box is an account's mailbox as its person sees it.
type Box struct {
	staff.Mailbox
	Given   bool // there is an address
	NoWay   bool // no mail leaves this desk
	Waiting int  // things still to be told
}

// Box reads an account's mailbox. One that gave no address wants every kind.
func (s *Service) Box(ctx context.Context, id staff.AccountID) (Box, error) {
	m, err := s.store.Mailbox(ctx, id)
	if errors.Is(err, news.ErrNotFound) {
		return Box{Mailbox: staff.Mailbox{Kinds: staff.NoticeKinds()}, NoWay: s.o.Send == nil}, nil
	}
	if err != nil {
		return Box{}, err
	}
	n, err := s.store.WaitingNotices(ctx, id)
	return Box{m, true, s.o.Send == nil, n}, err
}

// Save tells an account of those kinds at that address from now on. The error
// wraps news.ErrInvalid when it is none.
func (s *Service) Save(ctx context.Context, a staff.Account, address string, kinds []staff.NoticeKind) error {
	checked, err := s.o.Check(address)
	if err != nil {
		return err
	}
	m := staff.Mailbox{Account: a, Address: staff.AddressOf(checked)}
	for _, k := range staff.NoticeKinds() {
		for _, wanted := range kinds {
			if k == wanted {
				m.Kinds = append(m.Kinds, k)
			}
		}
	}
	return s.store.SaveMailbox(ctx, m, s.entry(a, "set notices", fmt.Sprint(m.Kinds)))
}

// Drop forgets an account's address and tells it nothing any more.
func (s *Service) Drop(ctx context.Context, a staff.Account) error {
	return s.store.DropMailbox(ctx, a.ID, s.entry(a, "stop notices", ""))
}

func (s *Service) entry(a staff.Account, what, detail string) staff.AuditEntry {
	return staff.AuditEntry{At: s.o.Now(), Who: a.Name, What: what, Subject: "account " + a.Name, Detail: detail}
}

const (
	mailsAtOnce = 20
	// A mail that a dead process held is tried again after this.
	patience = 15 * time.Minute
)

// Run mails everybody what is due. One address that does not work keeps no
// other waiting. Without a way out nothing is taken up, and so nothing lost.
func (s *Service) Run(ctx context.Context) error {
	if s.o.Send == nil {
		return nil
	}
	for {
		now := s.o.Now()
		boxes, err := s.store.TakeMailboxes(ctx, now, now.Add(patience), mailsAtOnce)
		if err != nil {
			return err
		}
		for _, m := range boxes {
			if err := s.tell(ctx, m); err != nil {
				return fmt.Errorf("notices of account %d: %w", m.Account.ID, err)
			}
		}
		if len(boxes) < mailsAtOnce {
			return nil
		}
	}
}

func (s *Service) tell(ctx context.Context, m staff.Mailbox) error {
	mail, err := s.mail(ctx, m)
	if err != nil {
		return err
	}
	if mail.Text == "" {
		return s.store.EndNotices(ctx, m.Account.ID, m.Waiting, time.Time{}, s.o.Now())
	}
	message, err := s.o.Write(mail)
	if err != nil {
		return err
	}
	reply, err := s.o.Send.Send(ctx, message)
	now := s.o.Now()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		s.o.Log.WarnContext(ctx, "notice put off", "account", m.Account.ID, "attempts", m.Attempts, "err", err)
		return s.store.PutOffNotices(ctx, m.Account.ID, now.Add(retryAfter(m.Attempts)), "The mail server could not be reached.", false)
	case reply.Accepted():
		s.o.Log.InfoContext(ctx, "notice sent", "account", m.Account.ID, "attempts", m.Attempts)
		return s.store.EndNotices(ctx, m.Account.ID, m.Waiting, now, now.Add(staff.NoticeGather))
	}
	s.o.Log.WarnContext(ctx, "notice not taken", "account", m.Account.ID, "stage", reply.Stage, "code", reply.Code)
	why, stop := fmt.Sprintf("The mail server put it off (%d).", reply.Code), reply.RefusesReader()
	switch {
	case stop:
		why = fmt.Sprintf("The mail server refused this address (%d).", reply.Code)
	case reply.Code == 0:
		why = "The mail server did not answer."
	}
	return s.store.PutOffNotices(ctx, m.Account.ID, now.Add(retryAfter(m.Attempts)), why, stop)
}

// retryAfter is the wait after the n-th attempt: 1, 2, 4 … minutes, at most an
// hour.
func retryAfter(n int) time.Duration {
	return min(time.Minute<<min(max(n-1, 0), 6), time.Hour)
}

// mostLines is how many things one mail tells; the desk shows the rest.
const mostLines = 20

// mail is what is told of all that waits; without words when nothing of it is
// to be told any more.
func (s *Service) mail(ctx context.Context, m staff.Mailbox) (Mail, error) {
	var text strings.Builder
	lines, last := 0, staff.Notice{}
	for _, n := range m.Waiting {
		words, path, err := s.words(ctx, n)
		if errors.Is(err, news.ErrNotFound) || err == nil && words == "" {
			continue
		}
		if err != nil {
			return Mail{}, err
		}
		if lines++; lines <= mostLines {
			text.WriteString(words + "\n" + s.o.Link(path) + "\n\n")
		}
		last = n
	}
	if lines == 0 {
		return Mail{}, nil
	}
	if lines > mostLines {
		fmt.Fprintf(&text, "And %d more:\n%s\n\n", lines-mostLines, s.o.Link("/desk"))
	}
	text.WriteString("You asked the desk to tell you. Change or stop it on your account page:\n" + s.o.Link("/desk/account") + "\n")
	subject := subjects[last.Kind]
	if lines > 1 {
		subject = fmt.Sprintf("The desk: %d things for you", lines)
	}
	return Mail{To: m.Address, Subject: subject, Text: text.String(), Key: fmt.Sprintf("%d/%d", m.Account.ID, last.ID)}, nil
}

var subjects = map[staff.NoticeKind]string{
	staff.NoticeNote:     "The desk: a note for you",
	staff.NoticeAssigned: "The desk: a story to look after",
	staff.NoticeDecided:  "The desk: what became of your story",
	staff.NoticeApproval: "The desk: an issue waits for your approval",
}

// words says one thing in a sentence, with the path of its page at the desk.
func (s *Service) words(ctx context.Context, n staff.Notice) (words, path string, err error) {
	if n.Kind == staff.NoticeApproval {
		i, err := s.store.Issue(ctx, n.Issue)
		if err != nil || s.o.Solo || i.State != news.IssueDraft {
			return "", "", err
		}
		return fmt.Sprintf("An issue, “%s”, waits for a second person. Its editor is %s.", oneLine(i.Title), n.Who), fmt.Sprintf("/desk/issues/%d", n.Issue), nil
	}
	story, err := s.store.Story(ctx, n.Story)
	if err != nil {
		return "", "", err
	}
	// A mail is an exit of the house: whoever may see the story opens it there.
	name := "a story under embargo"
	if !story.Held(s.o.Now()) {
		name = "“" + oneLine(story.Headline) + "”"
	}
	return sentence(n, name), fmt.Sprintf("/desk/stories/%d", n.Story), nil
}

// sentence says what happened to a story of that name.
func sentence(n staff.Notice, name string) string {
	switch n.Kind {
	case staff.NoticeAssigned:
		return fmt.Sprintf("%s asks you to look after %s.", n.Who, name)
	case staff.NoticeDecided:
		return fmt.Sprintf("What you began, %s, %s, by %s.", name, became[news.StoryState(n.What)], n.Who)
	case staff.NoticeNote:
		if n.What == staff.Answered {
			return fmt.Sprintf("%s answered your note on %s.", n.Who, name)
		}
		return fmt.Sprintf("%s wrote a note on %s.", n.Who, name)
	}
	return ""
}

// became says what a story came to be.
var became = map[news.StoryState]string{
	news.StoryQueued:    "was put back into the queue",
	news.StoryLater:     "was kept for later",
	news.StoryApproved:  "was approved",
	news.StoryRejected:  "was rejected",
	news.StoryWithdrawn: "was withdrawn",
	news.StoryMerged:    "was joined to another story",
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
