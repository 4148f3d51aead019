package smtpout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// A Catcher keeps messages in a Maildir instead of sending them. A message
// stands in new/ whole and durable, or not at all.
type Catcher struct {
	dir  string
	sent atomic.Int64
}

// NewCatcher makes the Maildir dir where there is none, for our eyes only.
func NewCatcher(dir string) (*Catcher, error) {
	for _, sub := range [...]string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("mail catcher: %w", err)
		}
	}
	return &Catcher{dir: dir}, nil
}

// Dir is the Maildir.
func (c *Catcher) Dir() string { return c.dir }

// Session keeps what next yields. It is Client.Session with a disk for a
// server that takes everything.
func (c *Catcher) Session(ctx context.Context, next Next, record Record) error {
	for ctx.Err() == nil {
		m, ok, err := next(ctx)
		if err != nil || !ok {
			return err
		}
		r := Reply{Stage: Dot, Code: 250, Text: "caught"}
		if bad, no := m.check(extensions{utf8: true, eightBit: true}); no {
			r = bad
		} else if err := c.keep(m.Body); err != nil {
			r = Reply{Stage: Mail, Code: 452, Enhanced: "4.3.1", Text: "the mail catcher could not write: " + bounded(err.Error())}
		}
		if err := record(m, r); err != nil {
			return err
		}
	}
	return nil
}

// Send keeps one message.
func (c *Catcher) Send(ctx context.Context, m Message) (Reply, error) {
	return sendOne(ctx, m, c.Session)
}

// keep writes to tmp/, syncs, moves to new/ and syncs the folder.
func (c *Catcher) keep(body []byte) error {
	name := fmt.Sprintf("%d.%d_%d.rightsdesk", time.Now().UnixMicro(), os.Getpid(), c.sent.Add(1))
	tmp := filepath.Join(c.dir, "tmp", name)
	if err := writeDurably(tmp, body); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	if err := os.Rename(tmp, filepath.Join(c.dir, "new", name)); err != nil {
		return err
	}
	return syncFolder(filepath.Join(c.dir, "new"))
}

func writeDurably(name string, b []byte) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncFolder(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
