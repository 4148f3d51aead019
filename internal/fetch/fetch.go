// Package fetch turns an address into bytes. It is the only client that asks
// addresses which came from outside, so everything that keeps such an address
// from hurting us is here: it never connects into a private network, never
// takes more than a bounded amount of bytes, memory and time, keeps at least a
// second between two requests to a host, and gives away nothing (no cookies,
// no Referer, validators only to the host they came from).
//
// What the bytes mean is left to package parse, when to ask again to ingest.
package fetch

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Options say how a Client asks. The zero value is right but for the agent.
type Options struct {
	Agent    string         // who we say we are, with a contact address
	Allow    []netip.Prefix // private networks that may be asked after all; logged loudly
	Resolver *net.Resolver  // nil = the system's
	RootCAs  *x509.CertPool // nil = the system's
	Log      *slog.Logger   // nil = silent
}

// A Client asks. It is safe for concurrent use, and all that ask within one
// process should share one: the second between two requests is kept in it.
type Client struct {
	agent     string
	guard     guard
	transport *http.Transport
	pace      *pace
	limits    limits
}

// limits are those of SAFETY, "Fetching".
type limits struct {
	connect, tls, firstByte, whole time.Duration

	slowWindow time.Duration // a body that brings less than slowBytes in it is over
	slowBytes  int64

	headers       int64
	wire, decoded int64 // bytes of a body as sent and as decoded
	ratio         int64 // decoded to wire, once ratioFrom bytes are decoded
	ratioFrom     int64

	redirects int
	gap       time.Duration // between two requests to a host
	refusal   time.Duration // after which every refusal is given, whatever its reason
}

var usualLimits = limits{
	connect: 10 * time.Second, tls: 10 * time.Second, firstByte: 20 * time.Second, whole: 60 * time.Second,
	slowWindow: 20 * time.Second, slowBytes: 20 << 10,
	headers: 64 << 10, wire: 25 << 20, decoded: 25 << 20, ratio: 100, ratioFrom: 1 << 20,
	redirects: 5, gap: time.Second, refusal: time.Second,
}

// New returns a client.
func New(o Options) *Client {
	return newClient(o, usualLimits)
}

func newClient(o Options, l limits) *Client {
	c := &Client{agent: o.Agent, guard: guard{allow: o.Allow}, limits: l, pace: newPace(l.gap)}
	if len(o.Allow) > 0 && o.Log != nil {
		o.Log.Warn("fetching from private networks is allowed", "networks", fmt.Sprint(o.Allow))
	}
	dialer := &net.Dialer{Timeout: l.connect, Resolver: o.Resolver, Control: c.guard.control}
	var only1 http.Protocols
	only1.SetHTTP1(true)
	c.transport = &http.Transport{
		Proxy:                  nil, // the environment's proxy would be dialled instead of the address checked
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    l.tls,
		ResponseHeaderTimeout:  l.firstByte,
		MaxResponseHeaderBytes: l.headers,
		MaxConnsPerHost:        1,
		MaxIdleConnsPerHost:    1,
		MaxIdleConns:           32,
		IdleConnTimeout:        15 * time.Second,
		DisableCompression:     true, // decoded here, within limits
		Protocols:              &only1,
	}
	if o.RootCAs != nil {
		c.transport.TLSClientConfig = tlsWith(o.RootCAs)
	}
	return c
}

// Close drops the idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// A Request says what to ask for.
type Request struct {
	URL    string
	Accept string // media types; empty = anything
	Agent  string // empty = the client's

	// Validators of an earlier answer, byte for byte, and the address that gave
	// them: they are sent to that address's host and to no other. An empty
	// ValidatedBy is URL.
	ETag         string
	LastModified string
	ValidatedBy  string

	MaxBytes int64 // of the decoded body; 0 or more than 25 MiB = 25 MiB
}

// A Response is an answer with a whole body (200) or a 304.
type Response struct {
	Status       int
	NotModified  bool
	URL          string            // the address that answered, after redirects
	MovedTo      string            // where permanent redirects alone lead from the address asked; empty if nowhere
	Header       map[string]string // lower-case names; a repeated header is joined by ", "
	Body         []byte            // decoded; nil when NotModified
	ETag         string
	LastModified string
	RetryAfter   time.Duration // as asked for, at most 24 h; 0 if not
	FreshFor     time.Duration // by Cache-Control or Expires, at most 24 h; 0 if not said
	Wire         int64         // bytes of the body as sent
}

// MaxWait bounds what a server may ask us to wait.
const MaxWait = 24 * time.Hour

// Get asks once, following redirects. Every error is an *Error.
func (c *Client) Get(ctx context.Context, r Request) (*Response, error) {
	start := time.Now()
	resp, err := c.follow(ctx, r)
	if err == nil {
		return resp, nil
	}
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Err: err}
	}
	e.URL = redacted(r.URL)
	if errors.Is(err, ErrRefused) {
		e.Permanent = true
		e.Err = ErrRefused // whatever stands around it would tell the cases apart
		_ = sleep(ctx, c.limits.refusal-time.Since(start))
	}
	return nil, e
}

// follow asks hop by hop.
func (c *Client) follow(ctx context.Context, r Request) (*Response, error) {
	u, err := url.Parse(strings.TrimSpace(r.URL))
	if err != nil {
		return nil, fmt.Errorf("not an address: %w", ErrRefused)
	}
	if r.ValidatedBy == "" {
		r.ValidatedBy = r.URL
	}
	moved, permanent := "", true
	var until time.Time // set when the first request starts
	for hop := 0; ; hop++ {
		u.Fragment, u.RawFragment = "", ""
		if err := c.guard.checkURL(u); err != nil {
			return nil, err
		}
		a, err := c.ask(ctx, u, r, &until)
		if err != nil {
			return nil, err
		}
		if a.location == "" {
			a.resp.MovedTo = moved
			return a.resp, nil
		}
		next, err := c.redirect(u, a.location, hop)
		if err != nil {
			return nil, err
		}
		if permanent = permanent && a.permanent; permanent {
			moved = next.String()
		}
		u = next
	}
}

// redirect reads where a redirect points.
func (c *Client) redirect(from *url.URL, location string, hop int) (*url.URL, error) {
	if hop >= c.limits.redirects {
		return nil, fmt.Errorf("more than %d redirects", c.limits.redirects)
	}
	next, err := from.Parse(location)
	if err != nil {
		return nil, errors.New("redirects to what is no address")
	}
	if from.Scheme == "https" && next.Scheme == "http" {
		return nil, &Error{Permanent: true, Err: errors.New("redirects from https to http")}
	}
	return next, nil
}

// An answer is one hop's: a response, or a redirect.
type answer struct {
	resp      *Response
	location  string
	permanent bool
}

// ask does one request within the host's pace and reads the answer whole. The
// hops of one Get share the time until; waiting for the first turn is free.
func (c *Client) ask(ctx context.Context, u *url.URL, r Request, until *time.Time) (answer, error) {
	leave, err := c.pace.enter(ctx, strings.ToLower(u.Host))
	if err != nil {
		return answer{}, err
	}
	defer leave()
	if until.IsZero() {
		*until = time.Now().Add(c.limits.whole)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ctx, stop := context.WithDeadlineCause(ctx, *until, errTooLong)
	defer stop()
	req, conditional, err := c.request(ctx, u, r)
	if err != nil {
		return answer{}, err
	}
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return answer{}, c.explain(ctx, err)
	}
	defer resp.Body.Close()
	if location := resp.Header.Get("Location"); isRedirect(resp.StatusCode) && location != "" {
		return answer{location: location, permanent: resp.StatusCode == 301 || resp.StatusCode == 308}, nil
	}
	out, err := c.take(resp, conditional, r.MaxBytes, cancel)
	if err != nil {
		return answer{}, c.explain(ctx, err)
	}
	out.URL = u.String()
	return answer{resp: out}, nil
}

func isRedirect(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

// request builds the request of one hop, and says whether it is conditional.
func (c *Client) request(ctx context.Context, u *url.URL, r Request) (*http.Request, bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, false, fmt.Errorf("not an address: %w", ErrRefused)
	}
	agent := r.Agent
	if agent == "" {
		agent = c.agent
	}
	req.Header.Set("User-Agent", agent)
	req.Header.Set("Accept-Encoding", "gzip, br, zstd")
	req.Header.Set("Accept", "*/*")
	if r.Accept != "" {
		req.Header.Set("Accept", r.Accept)
	}
	conditional := false
	if by, err := url.Parse(r.ValidatedBy); err == nil && sameHost(by, u) {
		for name, v := range map[string]string{"If-None-Match": r.ETag, "If-Modified-Since": r.LastModified} {
			if v != "" && sendable(v) {
				req.Header.Set(name, v)
				conditional = true
			}
		}
	}
	return req, conditional, nil
}

func sameHost(a, b *url.URL) bool { return strings.EqualFold(a.Host, b.Host) }

// sendable reports whether a header can carry v.
func sendable(v string) bool {
	return len(v) <= maxValidator && strings.IndexFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) < 0
}

// maxValidator bounds an ETag or date worth keeping.
const maxValidator = 4 << 10

// take reads the answer to the end of its body.
func (c *Client) take(resp *http.Response, conditional bool, maxBytes int64, cancel context.CancelCauseFunc) (*Response, error) {
	out := &Response{
		Status: resp.StatusCode, Header: flat(resp.Header), ETag: resp.Header.Get("ETag"), LastModified: resp.Header.Get("Last-Modified"),
		RetryAfter: retryAfter(resp.Header.Get("Retry-After"), time.Now()), FreshFor: freshFor(resp.Header, time.Now()),
	}
	switch {
	case resp.StatusCode == http.StatusNotModified && conditional:
		out.NotModified = true
		return out, nil
	case resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNonAuthoritativeInfo:
		return nil, statusError(resp.StatusCode, out.RetryAfter)
	}
	limit := c.limits.decoded
	if maxBytes > 0 {
		limit = min(limit, maxBytes)
	}
	var err error
	out.Body, out.Wire, err = c.limits.read(resp.Body, resp.Header.Get("Content-Encoding"), limit, cancel)
	if err != nil {
		return nil, &Error{Status: resp.StatusCode, RetryAfter: out.RetryAfter, Err: err}
	}
	return out, nil
}

func flat(h http.Header) map[string]string {
	m := make(map[string]string, len(h))
	for name, values := range h {
		m[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return m
}

func redacted(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "an address that does not parse"
	}
	return u.Redacted()
}

// sleep waits for d, or until ctx is done.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
