// Package inbox lets returned mail in: by LMTP, or from an IMAP mailbox. It
// hands each message and the addresses it was sent to on to a taker; what a
// message means is for bounce, and what follows for deliver.
package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-smtp"
)

// A Taker takes in one message and the addresses its envelope names, none if
// the door does not know them. After an error the message is offered again.
type Taker func(ctx context.Context, to []string, message io.Reader) error

// Bounds on what LMTP takes.
const (
	maxMessage    = 16 << 20
	maxRecipients = 20
	lmtpTimeout   = 2 * time.Minute
	takeTimeout   = time.Minute
)

// ServeLMTP answers a mail server (RFC 2033) until ctx is done and lets what is
// being taken end. It takes mail for the addresses that ours accepts, and says
// that a message was taken only once take has returned.
func ServeLMTP(ctx context.Context, l net.Listener, name string, ours func(address string) bool, take Taker, log *slog.Logger) error {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &delivery{ctx: context.WithoutCancel(ctx), ours: ours, take: take}, nil
	}))
	s.LMTP, s.Domain, s.ErrorLog = true, name, quiet{log}
	s.MaxMessageBytes, s.MaxRecipients, s.MaxLineLength = maxMessage, maxRecipients, 1<<20
	s.ReadTimeout, s.WriteTimeout = lmtpTimeout, lmtpTimeout
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeTimeout)
		defer cancel()
		stopped <- s.Shutdown(end)
	}()
	if err := s.Serve(l); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
		return fmt.Errorf("serve LMTP: %w", err)
	}
	return <-stopped
}

// quiet counts what the library has to say and repeats none of it: there are
// addresses in it.
type quiet struct{ log *slog.Logger }

func (q quiet) Printf(string, ...any) { q.log.Warn("a connection of the mail server broke") }
func (q quiet) Println(...any)        { q.log.Warn("a connection of the mail server broke") }

// A delivery is one connection of a mail server.
type delivery struct {
	ctx  context.Context
	ours func(string) bool
	take Taker
	to   []string
}

var (
	errNotHere = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox here"}
	errLater   = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Cannot be written down now, try again"}
)

// Mail, Rcpt, Data, Reset and Logout are the steps of the protocol.
func (d *delivery) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt takes addresses of ours alone.
func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	if !d.ours(to) {
		return errNotHere
	}
	d.to = append(d.to, to)
	return nil
}

// Data takes the message in.
func (d *delivery) Data(r io.Reader) error {
	ctx, cancel := context.WithTimeout(d.ctx, takeTimeout)
	defer cancel()
	err := d.take(ctx, d.to, r)
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	var refused *smtp.SMTPError
	if errors.As(err, &refused) { // too large
		return refused
	}
	if err != nil {
		return errLater
	}
	return nil
}

// Reset forgets the recipients.
func (d *delivery) Reset() { d.to = nil }

// Logout ends the connection.
func (d *delivery) Logout() error { return nil }
