package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// ErrRefused is the one answer to every address we do not ask, whatever the
// reason: a different word for each would tell a stranger what stands in our
// network.
var ErrRefused = errors.New("this address may not be asked: only http and https to public hosts, on ports 80, 443 and from 1024")

// What a server can do to a body.
var (
	errTooLarge = errors.New("the answer is larger than we take")
	errBomb     = errors.New("the answer unpacks to more than a hundred times its size")
	errSlow     = errors.New("the answer came too slowly")
	errTooLong  = errors.New("the answer took longer than a minute")
	errEncoding = errors.New("the answer is packed in a way we did not ask for")
	errCut      = errors.New("the answer broke off")
)

// An Error says why a fetch failed and whether trying again can help.
type Error struct {
	URL        string        // as asked for, without a password
	Status     int           // HTTP status; 0 if no answer came
	RetryAfter time.Duration // as asked by the server; 0 if it did not
	Permanent  bool          // gone, forbidden or refused: trying again soon does not help
	Err        error
}

func (e *Error) Error() string { return e.URL + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

func statusError(status int, retry time.Duration) error {
	text := http.StatusText(status)
	if text == "" {
		text = "an unknown status"
	}
	e := &Error{Status: status, RetryAfter: retry, Err: fmt.Errorf("answered %d %s", status, text)}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusGone, http.StatusUnavailableForLegalReasons:
		e.Permanent = true
	}
	return e
}

// explain puts a transport's error into plain words.
func (c *Client) explain(ctx context.Context, err error) error {
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	cause := context.Cause(ctx)
	switch {
	case errors.Is(err, ErrRefused):
		return ErrRefused
	case cause != nil && (errors.Is(cause, errSlow) || errors.Is(cause, errTooLong)):
		return withStatus(err, cause)
	case cause != nil:
		return cause
	case errors.As(err, &dns) && dns.IsNotFound:
		return errors.New("no such host")
	case strings.Contains(err.Error(), "server response headers exceeded"):
		return errors.New("the headers of the answer are longer than 64 KiB")
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("no answer in time: %w", err)
	}
	return err
}

// withStatus keeps the status of an answer whose body did not arrive.
func withStatus(err, cause error) error {
	var e *Error
	if errors.As(err, &e) {
		return &Error{Status: e.Status, RetryAfter: e.RetryAfter, Err: cause}
	}
	return cause
}
