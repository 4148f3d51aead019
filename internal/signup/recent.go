package signup

import (
	"net/netip"
	"sync"
	"time"
)

// How often one network may ask. It is remembered in memory only and for no
// longer than the window.
const (
	asksANetwork = 30
	askWindow    = time.Hour
	maxNetworks  = 50_000
)

// recent counts the sign-ups of each network, /24 or /56, in this window.
type recent struct {
	mu    sync.Mutex
	began time.Time
	asks  map[netip.Prefix]int
}

func newRecent() *recent { return &recent{asks: map[netip.Prefix]int{}} }

// allow counts one more and reports whether it is within the bound. An unknown
// network is allowed: other caps carry it.
func (r *recent) allow(from netip.Addr, now time.Time) bool {
	if !from.IsValid() {
		return true
	}
	from = from.Unmap().WithZone("")
	bits := 56
	if from.Is4() {
		bits = 24
	}
	network, err := from.Prefix(bits)
	if err != nil {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.began) >= askWindow || len(r.asks) >= maxNetworks {
		r.began = now
		clear(r.asks)
	}
	r.asks[network]++
	return r.asks[network] <= asksANetwork
}
