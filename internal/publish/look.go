package publish

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// A Choice is what a reader could have chosen, to see the mail they would get.
type Choice struct {
	Language string
	Format   string      // html, text or lite
	Topics   []news.Slug // none = all
}

// Preview makes the mail that a reader of that choice gets, or would get if
// the issue were frozen as it stands. It returns an error wrapping
// news.ErrNotFound when no story is for them.
func (p *Publish) Preview(ctx context.Context, id news.IssueID, c Choice) (Mail, error) {
	return p.mailTo(ctx, id, c, "reader@example.org", "")
}

// SendTest sends somebody at the desk the mail of that choice as it stands, to
// an address of their own: outside the readers' ledger, its subject marked, its
// links for readers those of nobody. It returns an error wrapping
// news.ErrRefused when there is no way out for mail.
func (p *Publish) SendTest(ctx context.Context, id news.IssueID, c Choice, address, who string) error {
	if p.opt.Test == nil {
		return fmt.Errorf("send a test of issue %d: neither a relay nor the catcher is set up: %w", id, news.ErrRefused)
	}
	to, err := audience.ParseAddress(address)
	if err != nil {
		return err
	}
	m, err := p.mailTo(ctx, id, c, address, "test-"+strings.ToLower(rand.Text())+"@"+p.opt.Domain)
	if err != nil {
		return err
	}
	if err := p.opt.Test(ctx, to, marked(m.Raw)); err != nil {
		return fmt.Errorf("send a test of issue %d: %w", id, err)
	}
	i, err := p.store.Issue(ctx, id)
	if err != nil {
		return err
	}
	_, err = p.did(ctx, who, "test", fmt.Sprintf("revision %d in %s as %s", i.Revision, c.Language, c.Format), i)
	return err
}

// marked is a message whose subject says that it is a test.
func marked(message []byte) []byte {
	return bytes.Replace(message, []byte("\r\nSubject: "), []byte("\r\nSubject: [Test]\r\n "), 1)
}

// mailTo makes the mail of a choice for one address. An empty messageID is that
// of a reader without a token.
func (p *Publish) mailTo(ctx context.Context, id news.IssueID, c Choice, address, messageID string) (Mail, error) {
	prefs := audience.Preferences{Language: c.Language, Format: audience.Format(c.Format), Topics: c.Topics}
	if err := prefs.Check(); err != nil {
		return Mail{}, err
	}
	i, err := p.store.Issue(ctx, id)
	if err != nil {
		return Mail{}, err
	}
	stories, err := p.store.StoriesOf(ctx, id)
	if err != nil {
		return Mail{}, err
	}
	if !i.IsFrozen() {
		i, stories = public(i, stories)
		if i, err = p.dressed(ctx, i); err != nil {
			return Mail{}, err
		}
	}
	parts, at, err := p.text(ctx, i, stories)
	if err != nil {
		return Mail{}, err
	}
	e := p.edition(&i, stories, parts)
	nobody := audience.Reader{Preferences: prefs}
	share, ok := e.Assign(nobody)
	if !ok {
		return Mail{}, fmt.Errorf("issue %d has no story on these topics: %w", id, news.ErrNotFound)
	}
	if messageID == "" {
		messageID = share.MessageID
	}
	to, err := audience.ParseAddress(address)
	if err != nil {
		return Mail{}, err
	}
	return p.compose.Mail(parts, e.variants[share.Variant], audience.Copy{Issue: id, Address: to, MessageID: messageID}, at)
}

// text is the frozen text of an issue with the instant of its freeze, or what
// it would be now.
func (p *Publish) text(ctx context.Context, i news.Issue, stories []news.Story) ([]audience.Part, time.Time, error) {
	if i.IsFrozen() {
		parts, err := p.store.Parts(ctx, i.ID)
		return parts, i.Frozen, err
	}
	parts, err := p.compose.Render(i, stories)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("render issue %d: %w", i.ID, err)
	}
	return parts, p.now(), nil
}

// Archive reads up to limit issues whose text is public, the latest first.
func (p *Publish) Archive(ctx context.Context, limit int) ([]news.Issue, error) {
	return p.store.FrozenIssues(ctx, limit)
}

// Archived reads a public issue by its name with its stories in order, and
// without calls of stories that were withdrawn. An issue that is not frozen does
// not exist outside.
func (p *Publish) Archived(ctx context.Context, name string) (news.Issue, []news.Story, error) {
	i, err := p.store.IssueByName(ctx, name)
	if err != nil {
		return news.Issue{}, nil, err
	}
	if !i.IsFrozen() {
		return news.Issue{}, nil, fmt.Errorf("issue %s: %w", name, news.ErrNotFound)
	}
	known, err := p.store.Closing(ctx, i.ID, "0001-01-01", "9999-12-31")
	if err != nil {
		return news.Issue{}, nil, err
	}
	i.Closing = stillOpen(i.Closing, known)
	stories, err := p.store.StoriesOf(ctx, i.ID)
	return i, stories, err
}
