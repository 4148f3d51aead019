package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// From is the network address a request came from, invalid if unknown. Behind
// a proxy of our own, on this machine or its private network, it is the last
// address the proxy was told; nobody else's word on it is taken.
func From(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	from := peer.Addr().Unmap()
	if !from.IsLoopback() && !from.IsPrivate() {
		return from
	}
	told := r.Header.Values("X-Forwarded-For")
	if len(told) == 0 {
		return from
	}
	hops := strings.Split(told[len(told)-1], ",")
	if a, err := netip.ParseAddr(strings.TrimSpace(hops[len(hops)-1])); err == nil {
		return a.Unmap()
	}
	return from
}
