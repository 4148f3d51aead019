package deliver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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
		err := r.sender.Session(ctx, s.next, s.record)
		broken++
		if s.accepted > 0 || err == nil || errors.Is(err, errNotBegun) {
			broken = 0
		}
		r.out.Add(-int64(len(s.open)))
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
	r.mu.Lock()
	defer r.mu.Unlock()
	rest := r.relay.fail(r.now())
	r.log.WarnContext(ctx, "relay cannot be used, no reader is blamed", "err", err, "rest", rest)
}

// A session is one connection: what it has taken and has no answer for yet.
type session struct {
	*run
	first    *job // taken before the connection was opened; nil once handed out
	open     map[int64]*flight
	behind   *flight // handed out while another is open, not yet begun
	spare    [][]byte
	accepted int
}

// A flight is a copy on its way.
type flight struct {
	audience.Copy
	body []byte
}

// next hands out the next copy that may go. When no other is on its way the
// copy is begun here; else the record of the one before begins it, in the same
// transaction, before its text is sent.
func (s *session) next(ctx context.Context) (smtpout.Message, bool, error) {
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
		if len(s.open) > 0 {
			s.behind = f
		} else if begun, err := s.ledger.settle(nil, f.ID); err != nil {
			return smtpout.Message{}, false, err
		} else if !begun {
			s.out.Add(-1)
			s.spare = append(s.spare, f.body)
			continue
		} else if err := f.Attempt(s.now()); err != nil {
			return smtpout.Message{}, false, err
		}
		s.open[int64(f.ID)] = f
		return smtpout.Message{From: s.opt.Envelope(f.Copy), To: f.Address.Reveal(), UTF8: f.Address.NeedsUTF8(), Body: f.body,
			Ref: int64(f.ID), NotBefore: s.turn()}, true, nil
	}
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
	var buf []byte
	if n := len(s.spare); n > 0 {
		buf, s.spare = s.spare[n-1], s.spare[:n-1]
	}
	body, err := j.text.Append(buf[:0], j.variants[j.Variant], j.Copy)
	return &flight{j.Copy, body}, err
}

// record writes down what became of a copy and, in the same transaction, that
// the one behind it is begun. It returns when both are durable.
func (s *session) record(m smtpout.Message, r smtpout.Reply) error {
	f := s.open[m.Ref]
	if f == nil {
		return fmt.Errorf("an answer for copy %d, which is not on its way", m.Ref)
	}
	delete(s.open, m.Ref)
	defer s.out.Add(-1)
	now := s.now()
	behind := s.behind
	s.behind = nil
	if behind == f { // it got its answer before its turn came
		behind = nil
		if err := f.Attempt(now); err != nil {
			return err
		}
	}
	o := s.judge(f.Copy, r)
	if err := f.Record(o, now, rand.Float64()); err != nil {
		return err
	}
	if r.Uncertain() {
		f.Uncertain++
	}
	begin := audience.CopyID(0)
	if behind != nil {
		begin = behind.ID
	}
	begun, err := s.ledger.settle(&f.Copy, begin)
	s.spare = append(s.spare, f.body)
	if err != nil {
		return err
	}
	s.taken.Add(1)
	if r.Accepted() {
		s.accepted++
	}
	s.learn(f.Copy, r, now)
	if behind == nil {
		return nil
	}
	if !begun {
		return errNotBegun
	}
	return behind.Attempt(now)
}
