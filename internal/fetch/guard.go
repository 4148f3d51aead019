package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// special are the networks of the IANA special-purpose registries, and a few
// that are no public address by other rules.
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32",
	"2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

// unicast6 is all of IPv6 that has been given out for public use; the rest of
// the space is nobody's.
var unicast6 = netip.MustParsePrefix("2000::/3")

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// badPorts are ports from 1024 on that speak something else: those browsers
// refuse, and databases, caches and consoles.
var badPorts = map[int]bool{
	1433: true, 1434: true, 1521: true, 1719: true, 1720: true, 1723: true, 2049: true, 2375: true, 2376: true, 2379: true,
	2380: true, 3306: true, 3389: true, 3659: true, 4045: true, 4190: true, 5060: true, 5061: true, 5432: true, 5672: true,
	5900: true, 5984: true, 6000: true, 6379: true, 6443: true, 6566: true, 6665: true, 6666: true, 6667: true, 6668: true,
	6669: true, 6679: true, 6697: true, 9042: true, 9100: true, 9200: true, 9300: true, 10080: true, 10250: true, 11211: true,
	27017: true, 27018: true, 50000: true,
}

// A guard says which addresses may be asked.
type guard struct {
	allow []netip.Prefix
}

// checkURL looks at what can be known before a name is resolved.
func (g *guard) checkURL(u *url.URL) error {
	host := u.Hostname()
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.User != nil, u.Opaque != "", host == "":
		return ErrRefused
	case !portAllowed(u.Port()):
		return ErrRefused
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return g.check(addr)
	}
	if strings.ContainsAny(host, "%:") || numeric(host) {
		return ErrRefused
	}
	return nil
}

// numeric reports whether a host ends in a number and is thus an IPv4 address
// in one of its other spellings: decimal, octal, hexadecimal, or short of
// parts. No real name does.
func numeric(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

func portAllowed(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.Atoi(port)
	return err == nil && (n == 80 || n == 443 || n >= 1024 && n <= 65535 && !badPorts[n])
}

// check looks at an address about to be dialled.
func (g *guard) check(addr netip.Addr) error {
	within := func(p netip.Prefix) bool { return p.Contains(addr) }
	switch {
	case addr.Zone() != "":
		return ErrRefused
	case slices.ContainsFunc(g.allow, within):
		return nil
	case slices.ContainsFunc(special, within):
		return ErrRefused
	case addr.Is6() && !unicast6.Contains(addr):
		return ErrRefused
	}
	return nil
}

// control runs between the making of a socket and its connect: the address it
// sees is the one that is dialled, whatever a name meant a moment ago.
func (g *guard) control(network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" {
		return ErrRefused
	}
	return g.check(to.Addr())
}

func tlsWith(roots *x509.CertPool) *tls.Config {
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}
