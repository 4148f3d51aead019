package smtpout

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// A Relay is the server that takes our mail. Print it freely: no verb shows
// its password.
type Relay struct {
	Host     string // name or address literal
	Port     string
	User     string // empty: no authentication
	Password string
	Implicit bool // smtps: TLS from the first byte
	Plain    bool // ?tls=none: never TLS, for relays reached over a safe line
}

// ParseRelay reads smtp[s]://user:password@host:port. Without a port it is 465
// for smtps and 587 for smtp. smtp uses STARTTLS and refuses to go on without
// it, except on loopback, where the server need not offer it, and with
// ?tls=none, which never asks for it. Errors do not repeat the address: a
// password may stand in it.
func ParseRelay(s string) (Relay, error) {
	bad := func(why string) (Relay, error) {
		return Relay{}, errors.New("relay: " + why + "; write smtp://user:password@host:port or smtps://…")
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Opaque != "":
		return bad("is not an address")
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return bad("begins with neither smtp:// nor smtps://")
	case u.Hostname() == "":
		return bad("names no host")
	case u.Path != "" && u.Path != "/" || u.Fragment != "":
		return bad("has something after the host and port")
	}
	r := Relay{Host: u.Hostname(), Port: u.Port(), Implicit: u.Scheme == "smtps"}
	if r.Port == "" {
		r.Port = map[bool]string{true: "465", false: "587"}[r.Implicit]
	}
	if n, err := strconv.ParseUint(r.Port, 10, 16); err != nil || n == 0 {
		return bad("has no valid port")
	}
	if u.User != nil {
		r.User = u.User.Username()
		r.Password, _ = u.User.Password()
	}
	if err := r.readOptions(u); err != nil {
		return bad(err.Error())
	}
	return r, nil
}

func (r *Relay) readOptions(u *url.URL) error {
	for k, v := range u.Query() {
		if k != "tls" || len(v) != 1 || v[0] != "none" || r.Implicit {
			return errors.New("has an option that is not known; smtp:// takes ?tls=none, smtps:// takes none")
		}
		r.Plain = true
	}
	if r.Plain && r.User != "" && !isLoopback(r.Host) {
		return errors.New("would send a password without TLS")
	}
	return nil
}

// Addr is host:port.
func (r Relay) Addr() string { return net.JoinHostPort(r.Host, r.Port) }

// String is the relay as a person would write it, without the password.
func (r Relay) String() string {
	scheme, user, query := "smtp://", "", ""
	if r.Implicit {
		scheme = "smtps://"
	}
	if r.User != "" {
		user = url.User(r.User).String() + "@"
	}
	if r.Plain {
		query = "?tls=none"
	}
	return scheme + user + r.Addr() + query
}

// Format prints String whatever the verb.
func (r Relay) Format(f fmt.State, _ rune) { io.WriteString(f, r.String()) }

// MarshalText gives String; slog and JSON use it.
func (r Relay) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
