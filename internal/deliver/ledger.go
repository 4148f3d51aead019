package deliver

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
)

// An entry is what one connection asks of the ledger: write down what became
// of a copy, and that another is about to be sent.
type entry struct {
	done   *audience.Copy  // nil for none
	begin  audience.CopyID // zero for none
	answer chan answer     // nil if nobody waits
}

// An answer comes when the entry is durable.
type answer struct {
	begun bool // the copy to begin may be sent
	err   error
}

// A ledger writes the entries of all connections, those that wait together in
// one transaction: a commit costs the disk the same for one as for many.
type ledger struct {
	store   Store
	fence   int64
	now     func() time.Time
	log     *slog.Logger
	entries chan entry
	broken  func(error)   // told once when the books cannot be kept
	noted   func(n int)   // told how many copies that nobody waited for were written
	writers atomic.Int32  // connections that are open, each with one entry at a time
	took    time.Duration // the latest write
}

// How many entries one transaction takes.
const batchEntries = 256

// longestGather bounds how long a transaction waits for more entries.
const longestGather = 2 * time.Millisecond

// run writes until entries is closed. A ledger that failed once answers
// everything with that error: nothing more may be sent that cannot be
// recorded.
func (l *ledger) run(ctx context.Context) {
	var failed error
	for first := range l.entries {
		batch := l.gather(first)
		if failed == nil {
			if failed = l.write(ctx, batch); failed != nil {
				l.broken(failed)
			}
			continue
		}
		for _, e := range batch {
			if e.answer != nil {
				e.answer <- answer{err: failed}
			}
		}
	}
}

// gather takes what else waits, and waits itself until half of the connections
// ask: a commit costs nearly the same for one entry as for several, so half of
// one spent waiting is saved again by the commits it spares, and while it is
// written the other half sends.
func (l *ledger) gather(first entry) []entry {
	batch, waiting := []entry{first}, 0
	patience := time.NewTimer(min(l.took/2, longestGather))
	defer patience.Stop()
	for e, ok := first, true; ok && len(batch) < batchEntries; {
		if e.answer != nil {
			waiting++
		}
		if 2*waiting >= int(l.writers.Load()) {
			return l.rest(batch)
		}
		select {
		case e, ok = <-l.entries:
			if ok {
				batch = append(batch, e)
			}
		case <-patience.C:
			return batch
		}
	}
	return batch
}

// rest takes what waits already.
func (l *ledger) rest(batch []entry) []entry {
	for len(batch) < batchEntries {
		select {
		case e, ok := <-l.entries:
			if !ok {
				return batch
			}
			batch = append(batch, e)
		default:
			return batch
		}
	}
	return batch
}

func (l *ledger) write(ctx context.Context, batch []entry) error {
	var done []audience.Copy
	var begin []audience.CopyID
	for _, e := range batch {
		if e.done != nil {
			done = append(done, *e.done)
		}
		if e.begin != 0 {
			begin = append(begin, e.begin)
		}
	}
	began := time.Now()
	begun, lost, err := l.store.Settle(ctx, l.fence, l.now(), done, begin)
	l.took = time.Since(began)
	if err == nil && len(lost) > 0 {
		l.log.WarnContext(ctx, "results came too late, another sender had taken over", "copies", len(lost))
	}
	notes := 0
	for _, e := range batch {
		if e.answer == nil {
			notes++
			continue
		}
		e.answer <- answer{slices.Contains(begun, e.begin), err}
	}
	l.noted(notes)
	return err
}

// settle writes down what became of a copy and that another is begun, and
// returns when both are durable. Either may be absent.
func (l *ledger) settle(done *audience.Copy, begin audience.CopyID) (begun bool, err error) {
	e := entry{done, begin, make(chan answer, 1)}
	l.entries <- e
	a := <-e.answer
	return a.begun, a.err
}

// note writes down a copy that was not attempted; nobody need wait for it.
func (l *ledger) note(c audience.Copy) { l.entries <- entry{done: &c} }
