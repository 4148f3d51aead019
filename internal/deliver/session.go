package deliver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
)

// After so many connections in a row that ended without one mail taken, this
// one gives up for the run.
const maxBroken = 3

// How long an open connection waits for its next copy while more are being
// taken from the books.
const idleFor = time.Second

// errNotBegun ends a session whose next copy may not go after all: its
// envelope was on the way, its text is not sent.
var errNotBegun = errors.New("the copy may not be sent any more")

// connection sends what is due over one connection after another.
func (r *run) connection(ctx context.Context) {
	for broken := 0; broken < maxBroken; {
		var first job
		select {
		case j, ok := <-r.due:
			if !ok {
				return
			}
			first = j
		case <-ctx.Done():
			return
		}
		s := &session{run: r, first: &first, open: map[int64]*flight{}}
		r.ledger.writers.Add(1)
		err := r.sender.Session(ctx, s.next, s.record)
		r.ledger.writers.Add(-1)
		broken++
		if s.accepted > 0 || err == nil || errors.Is(err, errNotBegun) {
			broken = 0
		}
		r.out.Add(-int64(len(s.open)))
		r.arrived(len(s.open))
		if err != nil && s.first != nil { // nothing was asked for: there was no connection
			r.out.Add(-1)
			r.trouble(ctx, err)
			return
		}
	}
	r.trouble(ctx, errors.New("connections break before a mail is taken"))
}

// trouble rests the relay, unless other connections of this run get answers:
// then it only takes fewer connections than we would like.
func (r *run) trouble(ctx context.Context, err error) {
	if ctx.Err() != nil || r.taken.Load() > 0 {
		return
	}
	r.log.WarnContext(ctx, "relay cannot be used, no reader is blamed", "err", err, "rest", r.rest())
}

// A session is one connection: what it has taken and has no answer for yet.
// The next copy is made while the answer for the one before is written down.
type session struct {
	*run
	first    *job // taken before the connection was opened; nil once handed out
	accepted int

	flying sync.Mutex
	open   map[int64]*flight
	last   *flight // the latest handed out, while it has no answer
	spare  [][]byte
}

// A flight is a copy on its way. One that was handed out while another was on
// its way is begun by the record of that one.
type flight struct {
	audience.Copy
	body   []byte
	before *flight // whose record begins this one; nil once it has
	behind *flight // which this one's record begins
}

// next hands out the next copy that may go. When no other is on its way the
// copy is begun here; else the record of the one before begins it, in the same
// transaction, before its text is sent.
func (s *session) next(ctx context.Context) (m smtpout.Message, ok bool, err error) {
	if !s.depart(ctx) {
		return m, false, nil
	}
	if m, ok, err = s.choose(ctx); !ok {
		s.arrived(1)
	}
	return m, ok, err
}

func (s *session) choose(ctx context.Context) (smtpout.Message, bool, error) {
	for {
		j, ok := s.pull(ctx)
		if !ok {
			return smtpout.Message{}, false, nil
		}
		if !s.cleared(&j.Copy) {
			s.ledger.note(j.Copy)
			continue
		}
		f, err := s.make(j)
		if err != nil {
			s.out.Add(-1)
			return smtpout.Message{}, false, s.hold(ctx, j.Issue, fmt.Sprintf("a copy cannot be made: %v", err))
		}
		// Once it is on its way, f is the record's.
		m := smtpout.Message{From: s.opt.Envelope(f.Copy), To: f.Address.Reveal(), UTF8: f.Address.NeedsUTF8(), Body: f.body, Ref: int64(f.ID)}
		if begun, err := s.begin(f); err != nil {
			return smtpout.Message{}, false, err
		} else if !begun {
			s.land(f)
			continue
		}
		m.NotBefore = s.turn()
		return m, true, nil
	}
}

// begin puts a copy on its way, and marks it as begun unless the record of
// another will do so. It reports false when the copy may not go any more.
func (s *session) begin(f *flight) (bool, error) {
	if s.follow(f) {
		return true, nil
	}
	begun, err := s.ledger.settle(nil, f.ID)
	if err != nil || !begun {
		return false, err
	}
	if err := f.Attempt(s.now()); err != nil {
		return false, err
	}
	s.flying.Lock()
	defer s.flying.Unlock()
	s.open[int64(f.ID)], s.last = f, f
	return true, nil
}

// follow puts a copy behind the one handed out before it, while that has no
// answer.
func (s *session) follow(f *flight) bool {
	s.flying.Lock()
	defer s.flying.Unlock()
	if s.last == nil {
		return false
	}
	f.before, s.last.behind = s.last, f
	s.open[int64(f.ID)], s.last = f, f
	return true
}

// underWay reports whether a copy of this connection has no answer yet.
func (s *session) underWay() bool {
	s.flying.Lock()
	defer s.flying.Unlock()
	return len(s.open) > 0
}

// answered takes a copy off its way and reports whether it was begun: one that
// could not be put on the wire has its answer before that.
func (s *session) answered(id int64) (f *flight, begun bool) {
	s.flying.Lock()
	defer s.flying.Unlock()
	f = s.open[id]
	if f == nil {
		return nil, false
	}
	delete(s.open, id)
	if s.last == f {
		s.last = nil
	}
	if f.behind != nil {
		f.behind.before = nil
	}
	if f.before == nil {
		return f, true
	}
	f.before.behind = f.behind
	if f.behind != nil {
		f.behind.before = f.before
		f.behind = nil
	}
	return f, false
}

// land is the end of a copy's way, and lets its memory be used again.
func (s *session) land(f *flight) {
	s.out.Add(-1)
	s.flying.Lock()
	defer s.flying.Unlock()
	s.spare = append(s.spare, f.body)
}

// pull takes the next copy, waiting a little for one while more are being
// taken from the books.
func (s *session) pull(ctx context.Context) (job, bool) {
	if j := s.first; j != nil {
		s.first = nil
		return *j, true
	}
	for begun := s.now(); ; {
		select {
		case j, ok := <-s.due:
			return j, ok
		default:
		}
		if s.dry.Load() || s.now().Sub(begun) > idleFor || !pause(ctx, idleFor/100) {
			return job{}, false
		}
	}
}

// pause waits and reports whether ctx still stands.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// make composes a copy into memory that an earlier one used.
func (s *session) make(j job) (*flight, error) {
	if j.Variant < 0 || j.Variant >= len(j.variants) {
		return nil, fmt.Errorf("copy %d is of variant %d, there are %d", j.ID, j.Variant, len(j.variants))
	}
	body, err := j.text.Append(s.memory(), j.variants[j.Variant], j.Copy)
	return &flight{Copy: j.Copy, body: body}, err
}

// memory is what an earlier copy used, emptied.
func (s *session) memory() []byte {
	s.flying.Lock()
	defer s.flying.Unlock()
	n := len(s.spare)
	if n == 0 {
		return nil
	}
	buf := s.spare[n-1]
	s.spare = s.spare[:n-1]
	return buf[:0]
}

// record writes down what became of a copy and, in the same transaction, that
// the one behind it is begun. It returns when both are durable.
func (s *session) record(m smtpout.Message, r smtpout.Reply) error {
	f, begun := s.answered(m.Ref)
	if f == nil {
		return fmt.Errorf("an answer for copy %d, which is not on its way", m.Ref)
	}
	defer s.land(f)
	defer s.arrived(1) // once it is known what the answer means for others
	now := s.now()
	if !begun {
		if err := f.Attempt(now); err != nil {
			return err
		}
	}
	if err := f.Record(judge(r), now, rand.Float64()); err != nil {
		return err
	}
	if r.Uncertain() {
		f.Uncertain++
	}
	err := s.settle(f)
	if err != nil && !errors.Is(err, errNotBegun) {
		return err
	}
	s.taken.Add(1)
	if r.Accepted() {
		s.accepted++
	}
	s.learn(f.Copy, r, now)
	return err
}

// settle writes the answer for a copy down, and that the one behind it is
// begun.
func (s *session) settle(f *flight) error {
	if f.behind == nil {
		_, err := s.ledger.settle(&f.Copy, 0)
		return err
	}
	begun, err := s.ledger.settle(&f.Copy, f.behind.ID)
	switch {
	case err != nil:
		return err
	case !begun:
		return errNotBegun
	}
	return f.behind.Attempt(s.now())
}
