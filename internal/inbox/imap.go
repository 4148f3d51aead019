package inbox

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// A Mailbox is an IMAP mailbox that returned mail arrives in, and nothing else.
type Mailbox struct {
	Host, Port string
	User       string
	Folder     string
	secret     string
	implicit   bool // TLS from the start; else STARTTLS, but on loopback
	insecure   bool // of a host on loopback alone: no TLS at all
}

// ParseMailbox reads imaps://user:password@host:port/FOLDER, or imap:// for
// STARTTLS. The folder is INBOX when none is named. A password goes over the
// wire in clear to the machine's own loopback alone. No error repeats it.
func ParseMailbox(s string) (Mailbox, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "imap" && u.Scheme != "imaps" || u.Hostname() == "":
		return Mailbox{}, errors.New("not imaps://user:password@host:993/INBOX")
	case u.User == nil:
		return Mailbox{}, errors.New("it names no user")
	}
	m := Mailbox{Host: u.Hostname(), Port: u.Port(), User: u.User.Username(), Folder: strings.TrimPrefix(u.Path, "/"), implicit: u.Scheme == "imaps"}
	m.secret, _ = u.User.Password()
	if m.Folder == "" {
		m.Folder = "INBOX"
	}
	if m.Port == "" {
		m.Port = map[bool]string{true: "993", false: "143"}[m.implicit]
	}
	ip := net.ParseIP(m.Host)
	m.insecure = !m.implicit && (ip != nil && ip.IsLoopback() || m.Host == "localhost")
	return m, nil
}

// String is the mailbox without its password.
func (m Mailbox) String() string {
	return m.User + " at " + net.JoinHostPort(m.Host, m.Port) + "/" + m.Folder
}

// Times and numbers of one poll.
const (
	imapTimeout = 2 * time.Minute
	pollMost    = 500                 // messages in one poll
	keepFor     = 30 * 24 * time.Hour // what was taken stays in the mailbox so long
)

// connect opens the mailbox.
func (m Mailbox) connect(ctx context.Context) (*imapclient.Client, error) {
	o := &imapclient.Options{TLSConfig: &tls.Config{ServerName: m.Host, MinVersion: tls.VersionTLS12}}
	d := net.Dialer{Timeout: imapTimeout}
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(m.Host, m.Port))
	if err != nil {
		return nil, err
	}
	switch {
	case m.implicit:
		conn = tls.Client(conn, o.TLSConfig)
	case !m.insecure:
		c, err := imapclient.NewStartTLS(conn, o)
		if err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return c, m.login(c)
	}
	c := imapclient.New(conn, o)
	return c, m.login(c)
}

func (m Mailbox) login(c *imapclient.Client) error {
	if err := c.Login(m.User, m.secret).Wait(); err != nil {
		return errors.Join(fmt.Errorf("log in as %s: %w", m.User, err), c.Close())
	}
	return nil
}

// Poll offers every message that was not seen yet to take, and marks those it
// took as seen; after thirty days they are deleted, but for those that a person
// flagged. It returns how many were taken.
func (m Mailbox) Poll(ctx context.Context, now time.Time, take Taker) (taken int, err error) {
	fail := func(err error) (int, error) { return taken, fmt.Errorf("mailbox %v: %w", m, err) }
	c, err := m.connect(ctx)
	if err != nil {
		return fail(err)
	}
	defer c.Close() // logged out, or broken
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	if _, err := c.Select(m.Folder, nil).Wait(); err != nil {
		return fail(err)
	}
	found, err := c.UIDSearch(&imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagSeen, imap.FlagDeleted}}, nil).Wait()
	if err != nil {
		return fail(err)
	}
	var worst error
	for _, uid := range found.AllUIDs() {
		if taken == pollMost || ctx.Err() != nil {
			break
		}
		if err := takeOne(ctx, c, uid, take); err != nil {
			worst = err // the others may be well
			continue
		}
		taken++
	}
	if err := errors.Join(worst, tidy(c, now), c.Logout().Wait()); err != nil {
		return fail(err)
	}
	return taken, nil
}

// takeOne offers one message and marks it as seen once it was taken.
func takeOne(ctx context.Context, c *imapclient.Client, uid imap.UID, take Taker) error {
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Size: maxMessage}}
	list, err := c.Fetch(imap.UIDSetNum(uid), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		return err
	}
	if len(list) == 0 { // gone meanwhile
		return nil
	}
	for _, part := range list[0].BodySection {
		if err := take(ctx, nil, bytes.NewReader(part.Bytes)); err != nil {
			return err
		}
	}
	return c.Store(imap.UIDSetNum(uid), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close()
}

// tidy deletes what was taken long ago.
func tidy(c *imapclient.Client, now time.Time) error {
	old, err := c.UIDSearch(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagSeen}, NotFlag: []imap.Flag{imap.FlagFlagged}, Before: now.Add(-keepFor)}, nil).Wait()
	if err != nil || len(old.AllUIDs()) == 0 {
		return err
	}
	set := imap.UIDSetNum(old.AllUIDs()...)
	err = c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close()
	if err != nil || !c.Caps().Has(imap.CapUIDPlus) {
		return err // the mailbox's owner, or another client, expunges
	}
	return c.UIDExpunge(set).Close()
}
