package access

import (
	"strings"
	"sync"
	"time"
)

// Delays after failed sign-ins: none for the first few, then doubling. An
// account's delay stays short, or anybody could keep its person out.
const (
	freeTries      = 3
	networkTries   = 10 // a network may be a whole office
	accountMaxWait = time.Minute
	networkMaxWait = 15 * time.Minute
	forgetAfter    = time.Hour
	maxDelays      = 20_000 // entries in memory
)

// A delayKey is an account by name, whether it exists or not, or a network.
type delayKey struct {
	network bool
	name    string
}

// keysOf returns the account of an attempt and, if its address is known, its
// network: the /24 or the /56.
func keysOf(a Attempt) []delayKey {
	name := a.Name
	if len(name) > 256 {
		name = name[:256]
	}
	keys := []delayKey{{name: strings.ToLower(name)}}
	if !a.From.IsValid() {
		return keys
	}
	bits := 56
	from := a.From.Unmap().WithZone("")
	if from.Is4() {
		bits = 24
	}
	if p, err := from.Prefix(bits); err == nil {
		keys = append(keys, delayKey{network: true, name: p.String()})
	}
	return keys
}

// delays remembers failed sign-ins, in memory only.
type delays struct {
	mu  sync.Mutex
	all map[delayKey]delay
}

type delay struct {
	failures int
	last     time.Time
}

func newDelays() *delays { return &delays{all: map[delayKey]delay{}} }

// try counts one attempt as failed before it is made, so that a hundred sent
// at once are no better than one by one. It returns how long to wait instead,
// or 0 when the attempt may go on.
func (d *delays) try(now time.Time, keys ...delayKey) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	var longest time.Duration
	for _, k := range keys {
		e := d.all[k]
		longest = max(longest, e.last.Add(pause(k, e.failures)).Sub(now))
	}
	if longest > 0 {
		return longest
	}
	if len(d.all) >= maxDelays {
		d.prune(now)
	}
	for _, k := range keys {
		e := d.all[k]
		if now.Sub(e.last) > forgetAfter {
			e = delay{}
		}
		d.all[k] = delay{e.failures + 1, now}
	}
	return 0
}

// pause is the wait after so many failures in a row: 1, 2, 4 seconds and on.
func pause(k delayKey, failures int) time.Duration {
	free, most := freeTries, accountMaxWait
	if k.network {
		free, most = networkTries, networkMaxWait
	}
	if failures < free {
		return 0
	}
	return min(time.Second<<min(failures-free, 20), most)
}

// prune forgets what is old, and everything if that does not make room: a
// flood must not take our memory.
func (d *delays) prune(now time.Time) {
	for k, e := range d.all {
		if now.Sub(e.last) > forgetAfter {
			delete(d.all, k)
		}
	}
	if len(d.all) >= maxDelays {
		clear(d.all)
	}
}

// succeeded takes back what try counted: the account begins afresh, a network
// keeps the failures it had.
func (d *delays) succeeded(keys ...delayKey) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range keys {
		e := d.all[k]
		e.failures--
		if !k.network || e.failures <= 0 {
			delete(d.all, k)
			continue
		}
		d.all[k] = e
	}
}
