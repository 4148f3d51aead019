package smtpout

import "context"

// Probe opens a connection to one relay as a session does, with TLS and
// authentication, and ends it without a mail. The error is an *Error.
func (c *Client) Probe(ctx context.Context, relay Relay) error {
	cn, err := c.connect(ctx, relay, true)
	if err != nil {
		return err
	}
	cn.quit()
	return nil
}

// OnLoopback reports whether the relay is this machine itself.
func (r Relay) OnLoopback() bool { return isLoopback(r.Host) }
