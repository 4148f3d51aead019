// Package smtptest is an SMTP server for tests. It takes everything unless a
// script says otherwise, and remembers what it took: envelope, text and
// Message-ID. It checks the client's manners as it goes: what breaks RFC 5321
// is listed in Complaints.
package smtptest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A Stage is a moment at which the server answers.
type Stage string

// The stages, in the order of a session.
const (
	Connect  Stage = "connect"
	Ehlo     Stage = "ehlo"
	StartTLS Stage = "starttls"
	Auth     Stage = "auth"
	Mail     Stage = "mail"
	Rcpt     Stage = "rcpt"
	Data     Stage = "data"
	Dot      Stage = "dot" // the text has come, whole
	Rset     Stage = "rset"
	Quit     Stage = "quit"
)

// A Step is what the server is about to answer.
type Step struct {
	Stage Stage
	Line  string // the command as sent; empty at Connect and Dot
	Conn  int    // connections are numbered from 1
	N     int    // how often this stage was reached on this server, from 1
	Taken Taken  // the message so far
}

// An Answer is what the server does. The zero Answer is the ordinary one.
type Answer struct {
	Reply string        // "550 5.1.1 no such user", or several lines with CRLF between; empty is the ordinary reply
	Delay time.Duration // before answering
	// Take keeps a message at Dot although the reply is not the ordinary one
	// or never comes.
	Take bool
	Drop bool // close the connection instead of answering
	Hang bool // close the connection after answering
}

// A Taken is a message as it came.
type Taken struct {
	From, To  string
	Params    string // of MAIL, upper case: "SIZE=120 SMTPUTF8"
	Data      []byte // without dot-stuffing; nil if the server keeps no texts
	MessageID string // with its angle brackets
	Conn      int
	At        time.Time
}

// A Server is a running server. Set its fields before Start.
type Server struct {
	// Script says what to do at each step; nil always does the ordinary. It is
	// called from many goroutines.
	Script func(Step) Answer
	// Extensions are offered after EHLO. Nil is PIPELINING, 8BITMIME,
	// SMTPUTF8, ENHANCEDSTATUSCODES and SIZE 10485760; TLS and User add theirs.
	Extensions []string
	TLS        *tls.Config // offers STARTTLS
	Implicit   bool        // TLS from the first byte
	User       string      // asks for AUTH with these
	Password   string
	Logins     []string // mechanisms offered; nil is PLAIN and LOGIN
	NoTexts    bool     // keep envelopes and Message-IDs only

	listener net.Listener
	running  sync.WaitGroup

	mu         sync.Mutex
	conns      map[net.Conn]bool
	opened     int
	counts     map[Stage]int
	taken      []Taken
	complaints []string
	closed     bool
}

// New starts a server on loopback that ends with the test.
func New(t testing.TB, script func(Step) Answer) *Server {
	t.Helper()
	s := &Server{Script: script}
	s.Start(t)
	return s
}

// Start makes s listen on a free port of loopback until the test ends.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.listener, s.conns, s.counts = l, map[net.Conn]bool{}, map[Stage]int{}
	s.running.Go(s.accept)
	t.Cleanup(s.Close)
}

// Close hangs up on everybody and waits until all is quiet.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.listener.Close()
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// Addr is host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// URL is the server as a relay setting, "smtp://127.0.0.1:2525".
func (s *Server) URL() string {
	if s.Implicit {
		return "smtps://" + s.Addr()
	}
	return "smtp://" + s.Addr()
}

// Taken returns what the server took so far, in order.
func (s *Server) Taken() []Taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}

// Count is how many messages the server took so far.
func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.taken)
}

// Connections is how many connections were opened so far.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened
}

// Complaints lists what clients did that RFC 5321 or 2920 forbids.
func (s *Server) Complaints() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.complaints)
}

func (s *Server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			c.Close()
			return
		}
		s.welcome(c)
		s.mu.Unlock()
	}
}

// welcome serves c; the caller holds the lock.
func (s *Server) welcome(c net.Conn) {
	s.opened++
	s.conns[c] = true
	t := &talk{s: s, raw: c, n: s.opened}
	s.running.Go(func() {
		t.serve()
		c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	})
}

// Pipe connects without a network, whatever the address: for a client in a
// synctest bubble, with messages of less than 64 KB.
func (s *Server) Pipe(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		s.conns, s.counts = map[net.Conn]bool{}, map[Stage]int{}
	}
	s.welcome(server)
	return client, nil
}

func (s *Server) complain(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.complaints = append(s.complaints, fmt.Sprintf(format, args...))
}

func (s *Server) take(m Taken) {
	if m.MessageID == "" {
		m.MessageID = messageID(m.Data)
	}
	if s.NoTexts {
		m.Data = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = append(s.taken, m)
}

func messageID(data []byte) string {
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return ""
	}
	return m.Header.Get("Message-Id")
}

// A talk is one connection.
type talk struct {
	s     *Server
	raw   net.Conn
	c     net.Conn
	r     *bufio.Reader
	w     *bufio.Writer
	n     int
	known bool // logged in, or nobody need
	open  bool // MAIL was accepted
	msg   Taken
	rcpts int
}

var errDrop = errors.New("hang up")

func (t *talk) serve() {
	t.use(t.raw)
	if t.s.Implicit {
		t.use(tls.Server(t.raw, t.s.TLS))
	}
	if _, err := t.answer(Connect, "", "220 test.example ESMTP"); err != nil {
		return
	}
	for {
		if t.r.Buffered() == 0 && t.w.Flush() != nil {
			return
		}
		line, err := t.r.ReadString('\n')
		if err != nil {
			return
		}
		text, ok := strings.CutSuffix(line, "\r\n")
		if !ok {
			t.s.complain("a line ended by a bare LF: %q", line)
		}
		if err := t.command(text); err != nil {
			return
		}
	}
}

func (t *talk) use(c net.Conn) {
	t.c, t.r, t.w = c, bufio.NewReaderSize(c, 64<<10), bufio.NewWriter(c)
}

// answer lets the script speak, else says usual. It reports whether what was
// said is a good answer.
func (t *talk) answer(stage Stage, line, usual string) (bool, error) {
	a := t.ask(stage, line)
	reply := usual
	if a.Reply != "" {
		reply = a.Reply
	}
	good := reply[0] == '2' && stage != Data || reply[0] == '3'
	if a.Take || stage == Dot && good && !a.Drop {
		t.s.take(t.msg)
	}
	if a.Delay > 0 {
		t.w.Flush()
		wait := time.NewTimer(a.Delay)
		<-wait.C
	}
	if a.Drop {
		t.w.Flush()
		return false, errDrop
	}
	t.w.WriteString(reply + "\r\n")
	if a.Hang {
		t.w.Flush()
		return false, errDrop
	}
	return good, nil
}

func (t *talk) ask(stage Stage, line string) Answer {
	t.s.mu.Lock()
	t.s.counts[stage]++
	step := Step{Stage: stage, Line: line, Conn: t.n, N: t.s.counts[stage], Taken: t.msg}
	t.s.mu.Unlock()
	if t.s.Script == nil {
		return Answer{}
	}
	return t.s.Script(step)
}

func (t *talk) command(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	var err error
	switch strings.ToUpper(verb) {
	case "EHLO":
		_, err = t.answer(Ehlo, line, t.greeting())
	case "STARTTLS":
		err = t.startTLS(line)
	case "AUTH":
		err = t.auth(rest)
	case "MAIL":
		err = t.mail(line, rest)
	case "RCPT":
		err = t.rcpt(line, rest)
	case "DATA":
		err = t.data(line)
	case "RSET":
		t.open, t.rcpts = false, 0
		_, err = t.answer(Rset, line, "250 2.0.0 ok")
	case "NOOP":
		t.w.WriteString("250 2.0.0 ok\r\n")
	case "QUIT":
		t.answer(Quit, line, "221 2.0.0 bye")
		t.w.Flush()
		return errDrop
	default:
		t.s.complain("unknown command %q", line)
		t.w.WriteString("500 5.5.2 what?\r\n")
	}
	return err
}

func (t *talk) greeting() string {
	ext := slices.Clone(t.s.Extensions)
	if t.s.Extensions == nil {
		ext = []string{"PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "SIZE 10485760"}
	}
	if _, on := t.c.(*tls.Conn); t.s.TLS != nil && !on {
		ext = append(ext, "STARTTLS")
	}
	if t.s.User != "" {
		logins := t.s.Logins
		if logins == nil {
			logins = []string{"PLAIN", "LOGIN"}
		}
		ext = append(ext, "AUTH "+strings.Join(logins, " "))
	}
	lines := append([]string{"test.example"}, ext...)
	for i := range lines {
		sep := "-"
		if i == len(lines)-1 {
			sep = " "
		}
		lines[i] = "250" + sep + lines[i]
	}
	return strings.Join(lines, "\r\n")
}

func (t *talk) startTLS(line string) error {
	ok, err := t.answer(StartTLS, line, "220 2.0.0 go ahead")
	if err != nil || !ok {
		return err
	}
	if err := t.w.Flush(); err != nil {
		return err
	}
	t.use(tls.Server(t.c, t.s.TLS))
	return nil
}

func (t *talk) mail(line, rest string) error {
	if t.s.User != "" && !t.known {
		t.w.WriteString("530 5.7.0 log in first\r\n")
		return nil
	}
	if t.open {
		t.s.complain("MAIL within a transaction")
		t.w.WriteString("503 5.5.1 nested MAIL\r\n")
		return nil
	}
	path, params, ok := path(rest, "FROM:")
	if !ok {
		t.s.complain("bad MAIL: %q", line)
	}
	t.msg = Taken{From: path, Params: strings.ToUpper(params), Conn: t.n}
	t.rcpts = 0
	good, err := t.answer(Mail, line, "250 2.1.0 ok")
	t.open = good
	return err
}

func (t *talk) rcpt(line, rest string) error {
	if !t.open {
		t.w.WriteString("503 5.5.1 no MAIL\r\n")
		return nil
	}
	path, _, ok := path(rest, "TO:")
	if !ok || path == "" {
		t.s.complain("bad RCPT: %q", line)
	}
	t.msg.To = path
	good, err := t.answer(Rcpt, line, "250 2.1.5 ok")
	if good {
		t.rcpts++
	}
	return err
}

func (t *talk) data(line string) error {
	if t.rcpts == 0 {
		t.w.WriteString("503 5.5.1 no recipient\r\n")
		return nil
	}
	good, err := t.answer(Data, line, "354 go ahead")
	if err != nil || !good {
		return err
	}
	if err := t.w.Flush(); err != nil {
		return err
	}
	if t.msg.Data, err = t.text(); err != nil {
		return err
	}
	t.msg.At = time.Now()
	t.open, t.rcpts = false, 0
	_, err = t.answer(Dot, "", "250 2.0.0 taken")
	return err
}

// text reads up to the final dot and takes the stuffing out.
func (t *talk) text() ([]byte, error) {
	var b bytes.Buffer
	for {
		line, err := t.r.ReadSlice('\n')
		if err != nil {
			return nil, errors.Join(err, io.ErrUnexpectedEOF)
		}
		if !bytes.HasSuffix(line, []byte("\r\n")) || bytes.IndexByte(line[:len(line)-2], '\r') >= 0 {
			t.s.complain("bare CR or LF in the text: %q", line)
		}
		if len(line) > 1000 {
			t.s.complain("a line of %d octets", len(line))
		}
		if string(line) == ".\r\n" {
			return b.Bytes(), nil
		}
		b.Write(bytes.TrimPrefix(line, []byte(".")))
	}
}

// path reads FROM:<…> or TO:<…> and what follows.
func path(s, prefix string) (addr, params string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", "", false
	}
	addr, ok = strings.CutPrefix(s[len(prefix):], "<")
	if !ok {
		return "", "", false
	}
	addr, params, ok = strings.Cut(addr, ">")
	return addr, strings.TrimSpace(params), ok
}

// CloseConns hangs up on those connected by Pipe and waits until all is quiet.
func (s *Server) CloseConns() {
	s.mu.Lock()
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

// Far connects to the server, and the connection says it comes from another
// machine.
func (s *Server) Far(ctx context.Context, network, _ string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, s.Addr())
	return far{c}, err
}

type far struct{ net.Conn }

// RemoteAddr is an address of the documentation range.
func (far) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25} }
