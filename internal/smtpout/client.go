package smtpout

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"time"
)

// MaxPerConnection is how many messages go over one connection.
const MaxPerConnection = 100

// grace is how long a session may take to end its message in hand once its
// context is done. A clean stop thereby leaves nothing uncertain unless the
// server is slower than this.
const grace = 20 * time.Second

// A Client sends over SMTP. Its fields are set before the first use and not
// changed after; any number of sessions may run at once.
type Client struct {
	Relays []Relay     // tried in this order; one that fails comes last for a while
	Hello  string      // our name in EHLO; empty is "localhost"
	TLS    *tls.Config // nil: the system's roots, TLS 1.2 and up
	Dial   func(ctx context.Context, network, addr string) (net.Conn, error)

	mu   sync.Mutex
	down map[string]outage // by address
}

// An outage is what is remembered of a relay that could not be used.
type outage struct {
	fails int
	until time.Time // the others are asked first before
}

// How long a relay that could not be used comes after the others: longer each
// time, between these.
const (
	outageFirst = time.Minute
	outageMost  = 15 * time.Minute
)

// A Next hands out the message to send next, or false when there is none. It
// must answer at once: the message before is kept open on the wire meanwhile.
type Next func(ctx context.Context) (Message, bool, error)

// A Record writes down what became of a message. It returns when that is
// durable; an error ends the session.
type Record func(Message, Reply) error

// Session opens one connection and sends what next yields, until next says
// there is no more, ctx is done, or MaxPerConnection went over it; the caller
// begins another session if it has more. It returns an *Error when no
// connection could be made or the connection ended early.
//
// Every message taken from next is recorded exactly once, unless record itself
// fails. record has returned before the final dot of the following message is
// sent, but next may be called, and the text before that dot be on its way,
// while record is still writing: the wait for the disk and the wait for the
// line pass together. With PIPELINING that dot, MAIL, RCPT and DATA of the next
// travel together, one round trip a message. Once ctx is done no message is taken and
// the one in hand is ended within 20 seconds.
func (c *Client) Session(ctx context.Context, next Next, record Record) error {
	cn, relay, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer cn.Close()
	stop := context.AfterFunc(ctx, func() { cn.end(grace) })
	defer stop()
	s := &session{cn: cn, relay: relay, record: record}
	if err := s.run(ctx, next); err != nil {
		return err
	}
	cn.quit()
	return nil
}

// Send sends one message over a connection of its own. The error is for when
// no attempt was made.
func (c *Client) Send(ctx context.Context, m Message) (Reply, error) {
	return sendOne(ctx, m, c.Session)
}

func sendOne(ctx context.Context, m Message, session func(context.Context, Next, Record) error) (Reply, error) {
	var out Reply
	taken, recorded := false, false
	err := session(ctx, func(context.Context) (Message, bool, error) {
		first := !taken
		taken = true
		return m, first, nil
	}, func(_ Message, r Reply) error {
		out, recorded = r, true
		return nil
	})
	switch {
	case recorded:
		return out, nil
	case err == nil:
		err = ctx.Err()
	}
	return Reply{}, err
}

func (c *Client) open(ctx context.Context) (*conn, Relay, error) {
	err := errors.New("no relay is set")
	var all []error
	relays := c.inTurn()
	for n, relay := range relays {
		var cn *conn
		cn, err = c.connect(ctx, relay, n == len(relays)-1)
		c.remember(ctx, relay, err)
		if err == nil {
			return cn, relay, nil
		}
		all = append(all, err)
	}
	if len(all) > 1 {
		err = errors.Join(all...)
	}
	return nil, Relay{}, err
}

// inTurn lists the relays as they are to be tried: in their order, those that
// lately could not be used behind the others.
func (c *Client) inTurn() []Relay {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	var up, down []Relay
	for _, r := range c.Relays {
		if c.down[r.Addr()].until.After(now) {
			down = append(down, r)
		} else {
			up = append(up, r)
		}
	}
	return append(up, down...)
}

// remember notes whether a relay could be used. That we were stopped says
// nothing of it.
func (c *Client) remember(ctx context.Context, relay Relay, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	addr, now := relay.Addr(), time.Now()
	switch o := c.down[addr]; {
	case err == nil:
		delete(c.down, addr)
	case ctx.Err() == nil && !o.until.After(now): // connections that fail together count once
		if c.down == nil {
			c.down = map[string]outage{}
		}
		c.down[addr] = outage{o.fails + 1, now.Add(min(outageFirst<<min(o.fails, 10), outageMost))}
	}
}

// A session is one connection with at most one message whose dot is not yet
// answered.
type session struct {
	cn      *conn
	relay   Relay
	record  Record
	writing chan error // the record under way; nil if none is
	held    *Message   // its text is due, with the dot
	texted  bool       // the text of held was sent, its dot was not
	dirty   bool       // a transaction is open that RSET must end
	over    bool       // the server hung up after an answer that counts
	buf     []byte
}

func (s *session) run(ctx context.Context, next Next) (err error) {
	defer func() { err = errors.Join(err, s.written()) }()
	for range MaxPerConnection {
		if ctx.Err() != nil {
			break
		}
		m, ok, err := next(ctx)
		if err != nil {
			return errors.Join(err, s.finish())
		}
		if !ok {
			break
		}
		if err := s.take(ctx, m); err != nil {
			return err
		}
	}
	return s.finish()
}

// take brings m to where its text is due, and before that ends the message
// held.
func (s *session) take(ctx context.Context, m Message) error {
	if r, no := m.check(s.cn.ext); no {
		return s.put(m, r)
	}
	if wait := time.Until(m.NotBefore); !m.NotBefore.IsZero() && wait > 0 {
		if err := s.finish(); err != nil {
			return s.abandon(m, err)
		}
		if !sleep(ctx, wait) {
			return s.put(m, Reply{Stage: Mail, Text: "we were stopped before its turn"})
		}
	}
	if !s.cn.ext.pipelining {
		if err := s.finish(); err != nil {
			return s.abandon(m, err)
		}
	}
	var err error
	if s.buf, err = s.dot(s.buf[:0]); err != nil {
		return err
	}
	if s.dirty {
		s.buf = append(s.buf, "RSET\r\n"...)
	}
	s.buf = s.cn.envelope(s.buf, &m)
	if s.cn.ext.pipelining {
		s.write(s.buf)
	}
	if err := s.settle(); err != nil {
		return s.abandon(m, err)
	}
	r := s.dialogue(&m)
	if r.Stage != Dot {
		return s.settled(m, r)
	}
	s.held, s.texted = &m, false
	if s.busy() {
		s.buf = stuffed(s.buf[:0], m.Body)
		s.write(s.buf)
		s.texted = true
	}
	return nil
}

// dot appends what is due of the message held up to its final dot, once the
// message before it is written down.
func (s *session) dot(dst []byte) ([]byte, error) {
	if s.held == nil {
		return dst, nil
	}
	if err := s.written(); err != nil {
		return dst, err
	}
	if !s.texted {
		dst = stuffed(dst, s.held.Body)
	}
	return append(dst, ".\r\n"...), nil
}

// finish ends the message held, if one is, and begins to record the answer.
func (s *session) finish() error {
	if s.held == nil {
		return nil
	}
	var err error
	if s.buf, err = s.dot(s.buf[:0]); err != nil {
		return err
	}
	s.write(s.buf)
	return s.settle()
}

// settle reads the answer to the dot of the message held and begins to record
// it.
func (s *session) settle() error {
	if s.held == nil {
		return nil
	}
	m := *s.held
	s.held = nil
	return s.settled(m, s.read(Dot, dotTimeout, m.To))
}

// settled begins to record a reply and says whether the connection can go on.
func (s *session) settled(m Message, r Reply) error {
	if err := s.put(m, r); err != nil {
		return err
	}
	if !r.Over() && !s.over {
		return nil
	}
	if err := s.written(); err != nil {
		return err
	}
	return &Error{Relay: s.relay, Reply: r}
}

// put begins to record a reply, once the one before is recorded.
func (s *session) put(m Message, r Reply) error {
	if err := s.written(); err != nil {
		return err
	}
	done := make(chan error, 1)
	s.writing = done
	go func() { done <- s.record(m, r) }() // run returns after it
	runtime.Gosched()                      // what has to become durable goes before the work on the next text
	return nil
}

// written waits until what was put is recorded.
func (s *session) written() error {
	if s.writing == nil {
		return nil
	}
	err := <-s.writing
	s.writing = nil
	return err
}

// busy reports whether a record is under way.
func (s *session) busy() bool {
	select {
	case err := <-s.writing:
		s.writing <- err // for written, which it does not keep waiting
		return false
	default:
		return s.writing != nil
	}
}

// abandon records a message that was taken when the connection had ended, or
// gives up on it when recording itself is broken.
func (s *session) abandon(m Message, err error) error {
	if over, ok := errors.AsType[*Error](err); ok {
		return errors.Join(err, s.put(m, Reply{Stage: Mail, Text: bounded("the connection had ended: " + over.Reply.String())}))
	}
	return err
}

// dialogue sends the envelope in s.buf, unless it is on its way already, and
// reads its answers. It returns a Reply at Dot with code 354 when the text is
// due, else why not.
func (s *session) dialogue(m *Message) Reply {
	lines := s.buf
	if s.dirty {
		lines = s.step(lines)
		if r := s.read(Mail, commandTimeout, ""); r.Over() {
			return r
		}
		s.dirty = false
	}
	due := Reply{Stage: Dot, Code: 354}
	why := due
	for stage := Mail; stage <= Data; stage++ {
		lines = s.step(lines)
		r := s.read(stage, limits[stage], m.To)
		switch {
		case why != due: // refused already: what follows only says so again
			if s.over = r.Over(); s.over {
				return why
			}
		case r.Over():
			return r
		case r.Code < 400 && !good(r):
			s.over = true // nobody knows what it waits for now
			return outOfOrder(r)
		case !good(r):
			why = r
			if !s.cn.ext.pipelining {
				return why
			}
		}
		switch {
		case stage == Mail:
			s.dirty = good(r)
		case stage == Data && good(r):
			s.dirty = false
			if why != due {
				return s.empty(why)
			}
		}
	}
	return why
}

var limits = map[Stage]time.Duration{Mail: commandTimeout, Rcpt: commandTimeout, Data: dataTimeout}

func good(r Reply) bool {
	if r.Stage == Data {
		return r.Code == 354
	}
	return r.Code/100 == 2
}

// outOfOrder makes an answer that is neither what was asked for nor a refusal
// a temporary one: a 250 to DATA is no reason to blame a reader.
func outOfOrder(r Reply) Reply {
	return Reply{Stage: r.Stage, Code: 451, Text: bounded(fmt.Sprintf("out of order: %d %s", r.Code, r.Text))}
}

// empty ends a transaction that the server opened although it took no
// recipient (RFC 2920 §3.1).
func (s *session) empty(why Reply) Reply {
	s.write([]byte(".\r\n"))
	s.over = s.read(Dot, commandTimeout, "").Over()
	return why
}

// step sends the first line where the server wants them one by one.
func (s *session) step(lines []byte) []byte {
	if s.cn.ext.pipelining {
		return nil
	}
	for i, b := range lines {
		if b == '\n' {
			s.write(lines[:i+1])
			return lines[i+1:]
		}
	}
	return lines
}

// write sends b. Whether it went is learnt from the answer: a server that
// hung up has often said why.
func (s *session) write(b []byte) {
	s.cn.set(writeTimeout)
	s.cn.w.Write(b)
	s.cn.w.Flush()
}

func (s *session) read(stage Stage, limit time.Duration, to string) Reply {
	s.cn.set(limit)
	a, err := readAnswer(s.cn.r)
	if err != nil {
		return Reply{Stage: stage, Text: clean(wordsOf(err), to)}
	}
	return a.reply(stage, to)
}

func wordsOf(err error) string {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the server closed the connection"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "no answer in time"
	}
	return err.Error()
}

// sleep waits and reports whether ctx still stands.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
