package smtpout

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Timeouts of RFC 5321 §4.5.3.2, and ours for what it leaves open.
const (
	dialTimeout = time.Minute
	// fallbackTimeout is for a connection, and for each answer before MAIL, while
	// another relay is there to try.
	fallbackTimeout = 10 * time.Second
	commandTimeout  = 5 * time.Minute
	dataTimeout     = 2 * time.Minute  // the 354
	writeTimeout    = 3 * time.Minute  // a block of the message
	dotTimeout      = 10 * time.Minute // the answer to the final dot
	quitTimeout     = 5 * time.Second
)

// An Error says why a session could not begin or go on. No message is blamed
// by it: each one taken has its own recorded reply.
type Error struct {
	Relay Relay
	Reply Reply
	Err   error // below; nil when the server said no
}

// Error names the relay and what it said, no address and no password.
func (e *Error) Error() string { return fmt.Sprintf("relay %v: %v", e.Relay, e.Reply) }

// Unwrap returns the network's error, if it was one.
func (e *Error) Unwrap() error { return e.Err }

// extensions are what the server offered, as far as we use it.
type extensions struct {
	pipelining, eightBit, utf8, dsn, startTLS bool
	size                                      int64 // 0: no limit said
	auth                                      []string
}

// A conn is one connection past its greeting.
type conn struct {
	net.Conn          // with TLS once it is on
	raw      net.Conn // below, for the deadlines
	r        *bufio.Reader
	w        *bufio.Writer
	ext      extensions
	limit    deadline
	patience time.Duration // for each answer before MAIL
}

// A deadline keeps a connection's timeouts from reaching over the moment by
// which everything must be over.
type deadline struct {
	mu   sync.Mutex
	over time.Time // zero while there is none
}

// set gives the next read and write so long.
func (c *conn) set(d time.Duration) {
	c.limit.mu.Lock()
	defer c.limit.mu.Unlock()
	t := time.Now().Add(d)
	if over := c.limit.over; !over.IsZero() && over.Before(t) {
		t = over
	}
	c.raw.SetDeadline(t)
}

// end lets the connection live for so long and no longer.
func (c *conn) end(d time.Duration) {
	c.limit.mu.Lock()
	defer c.limit.mu.Unlock()
	c.limit.over = time.Now().Add(d)
	c.raw.SetDeadline(c.limit.over)
}

// connect opens a connection to one relay and brings it to where MAIL can be
// said; the last of several is waited for longest. The error is an *Error.
func (c *Client) connect(ctx context.Context, relay Relay, last bool) (*conn, error) {
	limit, patience := dialTimeout, commandTimeout
	if !last {
		limit, patience = fallbackTimeout, fallbackTimeout
	}
	dialing, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	nc, err := c.dial(dialing, relay.Addr())
	if err != nil {
		return nil, broken(relay, Connect, err)
	}
	cn := &conn{Conn: nc, raw: nc, patience: patience}
	stop := context.AfterFunc(ctx, func() { cn.end(0) })
	defer stop()
	if err := cn.setUp(c, relay); err != nil {
		nc.Close()
		return nil, err
	}
	return cn, nil
}

func (c *Client) dial(ctx context.Context, addr string) (net.Conn, error) {
	if c.Dial != nil {
		return c.Dial(ctx, "tcp", addr)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", addr)
}

func (cn *conn) setUp(c *Client, relay Relay) error {
	cn.set(cn.patience)
	if relay.Implicit {
		if err := cn.startTLS(c, relay); err != nil {
			return broken(relay, StartTLS, err)
		}
	} else {
		cn.buffer()
	}
	if err := cn.expect(relay, Connect, 220, ""); err != nil {
		return err
	}
	if err := cn.hello(c, relay); err != nil {
		return err
	}
	if err := cn.secure(c, relay); err != nil {
		return err
	}
	return cn.authenticate(relay)
}

func (cn *conn) buffer() {
	cn.r, cn.w = bufio.NewReaderSize(cn.Conn, 4<<10), bufio.NewWriterSize(cn.Conn, 64<<10)
}

// command sends a line, unless it is empty, and reads its answer.
func (cn *conn) command(line string) (answer, error) {
	cn.set(cn.patience)
	if line != "" {
		cn.w.WriteString(line)
		cn.w.Write(crlf)
		if err := cn.w.Flush(); err != nil {
			return answer{}, err
		}
	}
	return readAnswer(cn.r)
}

// expect sends a line and returns an *Error unless its answer is want.
func (cn *conn) expect(relay Relay, stage Stage, want int, line string) error {
	a, err := cn.command(line)
	if err != nil {
		return broken(relay, stage, err)
	}
	if a.code != want {
		return &Error{Relay: relay, Reply: a.reply(stage, "")}
	}
	return nil
}

func (cn *conn) hello(c *Client, relay Relay) error {
	name := c.Hello
	if name == "" {
		name = "localhost"
	}
	a, err := cn.command("EHLO " + name)
	if err != nil {
		return broken(relay, Ehlo, err)
	}
	if a.code != 250 {
		return &Error{Relay: relay, Reply: a.reply(Ehlo, "")}
	}
	cn.ext = readExtensions(a.lines[1:])
	return nil
}

func readExtensions(lines []string) extensions {
	var e extensions
	for _, l := range lines {
		word, rest, _ := strings.Cut(strings.ToUpper(l), " ")
		switch {
		case word == "PIPELINING":
			e.pipelining = true
		case word == "8BITMIME":
			e.eightBit = true
		case word == "SMTPUTF8":
			e.utf8 = true
		case word == "DSN":
			e.dsn = true
		case word == "STARTTLS":
			e.startTLS = true
		case word == "SIZE":
			e.size, _ = strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
		case word == "AUTH" || strings.HasPrefix(word, "AUTH="):
			e.auth = append(e.auth, strings.Fields(strings.TrimPrefix(word, "AUTH=")+" "+rest)...)
		}
	}
	return e
}

// secure asks for TLS where it is due. What the server said before TLS is
// forgotten, and a server that said more than its answer is not trusted: a
// third party may have written it (RFC 3207 §6).
func (cn *conn) secure(c *Client, relay Relay) error {
	switch {
	case relay.Implicit || relay.Plain:
		return nil
	case !cn.ext.startTLS && cn.local():
		return nil
	case !cn.ext.startTLS:
		return refuse(relay, StartTLS, "the server offers no TLS; we do not send without it (?tls=none for a line known to be safe)")
	}
	if err := cn.expect(relay, StartTLS, 220, "STARTTLS"); err != nil {
		return err
	}
	if cn.r.Buffered() > 0 {
		return refuse(relay, StartTLS, "something was said between the STARTTLS answer and TLS: someone stands in the line")
	}
	if err := cn.startTLS(c, relay); err != nil {
		return broken(relay, StartTLS, err)
	}
	return cn.hello(c, relay)
}

func (cn *conn) startTLS(c *Client, relay Relay) error {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TLS != nil {
		conf = c.TLS.Clone()
	}
	if conf.ServerName == "" {
		conf.ServerName = relay.Host
	}
	tc := tls.Client(cn.Conn, conf)
	if err := tc.Handshake(); err != nil {
		return fmt.Errorf("TLS: %w", err)
	}
	cn.Conn = tc
	cn.buffer()
	return nil
}

// local reports whether the connection stays on this machine.
func (cn *conn) local() bool {
	if cn.RemoteAddr().Network() == "pipe" {
		return true
	}
	ap, err := netip.ParseAddrPort(cn.RemoteAddr().String())
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

func (cn *conn) authenticate(relay Relay) error {
	if relay.User == "" {
		return nil
	}
	if _, ok := cn.Conn.(*tls.Conn); !ok && !cn.local() {
		return refuse(relay, Auth, "we do not send a password without TLS")
	}
	b64 := base64.StdEncoding.EncodeToString
	for _, m := range cn.ext.auth {
		switch m {
		case "PLAIN":
			return cn.expect(relay, Auth, 235, "AUTH PLAIN "+b64([]byte("\x00"+relay.User+"\x00"+relay.Password)))
		case "LOGIN":
			if err := cn.expect(relay, Auth, 334, "AUTH LOGIN"); err != nil {
				return err
			}
			if err := cn.expect(relay, Auth, 334, b64([]byte(relay.User))); err != nil {
				return err
			}
			return cn.expect(relay, Auth, 235, b64([]byte(relay.Password)))
		}
	}
	return refuse(relay, Auth, "the server offers neither AUTH PLAIN nor LOGIN")
}

// quit says goodbye; whether the server answers changes nothing.
func (cn *conn) quit() {
	cn.set(quitTimeout)
	cn.w.WriteString("QUIT\r\n")
	if cn.w.Flush() == nil {
		readAnswer(cn.r)
	}
	cn.Close()
}

func broken(relay Relay, stage Stage, err error) *Error {
	return &Error{relay, Reply{Stage: stage, Text: clean(wordsOf(err), "")}, err}
}

func refuse(relay Relay, stage Stage, why string) *Error {
	return &Error{relay, Reply{Stage: stage, Text: why}, nil}
}

// envelope appends the commands that open a message.
func (cn *conn) envelope(dst []byte, m *Message) []byte {
	dst = append(append(append(dst, "MAIL FROM:<"...), m.From...), '>')
	if cn.ext.size > 0 {
		dst = strconv.AppendInt(append(dst, " SIZE="...), int64(len(m.Body)), 10)
	}
	if cn.ext.eightBit && (m.UTF8 || !isASCII(m.Body)) {
		dst = append(dst, " BODY=8BITMIME"...)
	}
	if m.UTF8 {
		dst = append(dst, " SMTPUTF8"...)
	}
	if cn.ext.dsn { // a failure comes back with our header only (RFC 3461)
		dst = append(dst, " RET=HDRS"...)
	}
	dst = append(append(append(dst, "\r\nRCPT TO:<"...), m.To...), '>')
	if cn.ext.dsn { // and nothing else comes back
		dst = append(dst, " NOTIFY=FAILURE"...)
	}
	return append(dst, "\r\nDATA\r\n"...)
}
