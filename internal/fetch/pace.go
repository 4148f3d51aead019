package fetch

import (
	"context"
	"sync"
	"time"
)

// A pace lets one request at a time to each host, with a gap between the end
// of one and the start of the next.
type pace struct {
	gap   time.Duration
	mu    sync.Mutex
	lanes map[string]*lane
}

// A lane is one host's.
type lane struct {
	turn  chan struct{} // holds a token while nobody asks
	users int           // that hold or want the turn; guarded by pace.mu
	free  time.Time     // from when the next may ask; owned by who has the turn
	done  time.Time     // the same for the sweep; guarded by pace.mu
}

func newPace(gap time.Duration) *pace {
	return &pace{gap: gap, lanes: map[string]*lane{}}
}

// enter waits for the host's turn. leave must be called once the answer has
// been read.
func (p *pace) enter(ctx context.Context, host string) (leave func(), err error) {
	l := p.join(host)
	select {
	case <-ctx.Done():
		p.part(l)
		return nil, ctx.Err()
	case <-l.turn:
	}
	if err := sleep(ctx, time.Until(l.free)); err != nil {
		l.turn <- struct{}{}
		p.part(l)
		return nil, err
	}
	return func() {
		l.free = time.Now().Add(p.gap)
		l.turn <- struct{}{}
		p.part(l)
	}, nil
}

func (p *pace) join(host string) *lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.lanes) > 512 {
		p.sweep()
	}
	l := p.lanes[host]
	if l == nil {
		l = &lane{turn: make(chan struct{}, 1)}
		l.turn <- struct{}{}
		p.lanes[host] = l
	}
	l.users++
	return l
}

func (p *pace) part(l *lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.users--
	l.done = time.Now().Add(p.gap)
}

// sweep forgets the hosts nobody waits for and whose gap is over.
func (p *pace) sweep() {
	now := time.Now()
	for host, l := range p.lanes {
		if l.users == 0 && l.done.Before(now) {
			delete(p.lanes, host)
		}
	}
}
