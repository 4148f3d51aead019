package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// sourceSpec is what of a source has no column, as it is stored.
type sourceSpec struct {
	Home     string            `json:"home,omitempty"`
	Method   news.Method       `json:"method"`
	Address  string            `json:"address"`
	Select   map[string]string `json:"select,omitempty"`
	Path     map[string]string `json:"path,omitempty"`
	Language string            `json:"language,omitempty"`
	Kind     news.Kind         `json:"kind,omitempty"`
	Family   string            `json:"family,omitempty"`
	Leans    []news.Slug       `json:"leans,omitempty"`
	Rhythm   float64           `json:"rhythm,omitempty"`
	Terms    string            `json:"terms,omitempty"`
	Proven   string            `json:"proven,omitempty"`
	Off      string            `json:"off,omitempty"`
	Every    time.Duration     `json:"every"` // nanoseconds
	Agent    string            `json:"agent,omitempty"`
}

func specOf(s *news.Source) sourceSpec {
	return sourceSpec{s.Home, s.Method, s.Address, s.Select, s.Path, s.Language, s.Kind, s.Family, s.Leans, s.Rhythm, s.Terms,
		s.Proven, s.Off, s.Every, s.Agent}
}

func (c *sourceSpec) into(s *news.Source) {
	s.Home, s.Method, s.Address, s.Select, s.Path, s.Language = c.Home, c.Method, c.Address, c.Select, c.Path, c.Language
	s.Kind, s.Family, s.Leans, s.Rhythm, s.Terms, s.Proven = c.Kind, c.Family, c.Leans, c.Rhythm, c.Terms, c.Proven
	s.Off, s.Every, s.Agent = c.Off, c.Every, c.Agent
}

// polledColumns are read by scanPolled, in this order, from sources s LEFT
// JOIN hosts h.
const polledColumns = `s.id, s.slug, s.name, s.spec, s.paused, s.next_poll, s.last_poll, s.last_success, s.last_new, s.unchanged, s.failures,
	s.error, s.gone, s.etag, s.last_modified, s.answered, s.body_hash, s.seen, s.hints, COALESCE(h.rest_until, 0)`

func scanPolled(row scanner) (news.Polled, error) {
	var out news.Polled
	s, p := &out.Source, &out.Polling
	var spec, hints string
	var next, last, success, fresh, rest int64
	err := row.Scan(&s.ID, &s.Slug, &s.Name, &spec, &s.Paused, &next, &last, &success, &fresh, &p.Unchanged, &p.Failures,
		&p.Error, &p.Gone, &p.ETag, &p.LastModified, &p.Answered, &p.BodyHash, &p.Seen, &hints, &rest)
	if err != nil {
		return out, err
	}
	var c sourceSpec
	if err := errors.Join(fromJSON(spec, &c), fromJSON(hints, &p.Hints)); err != nil {
		return out, fmt.Errorf("source %s: %w", s.Slug, err)
	}
	c.into(s)
	p.Next, p.Last, p.LastSuccess, p.LastNew, p.RestUntil = at(next), at(last), at(success), at(fresh), at(rest)
	return out, nil
}

func polledWhere(ctx context.Context, q querier, now time.Time, where string, args ...any) ([]news.Polled, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+polledColumns+` FROM sources s LEFT JOIN hosts h ON h.host = s.host `+where, args...)
	out, err := collect(rows, err, scanPolled)
	if err != nil {
		return nil, fmt.Errorf("read sources: %w", err)
	}
	for i := range out {
		if p := &out[i].Polling; !p.RestUntil.After(now) {
			p.RestUntil = time.Time{}
		}
	}
	return out, nil
}

// Polled reads all sources with what we remember about asking them, as it
// stands at now, in the order they were first met.
func (s *Store) Polled(ctx context.Context, now time.Time) ([]news.Polled, error) {
	return polledWhere(ctx, s.r, now, `ORDER BY s.id`)
}

// Sources reads all sources, in the order they were first met.
func (s *Store) Sources(ctx context.Context) ([]news.Source, error) {
	all, err := s.Polled(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	out := make([]news.Source, len(all))
	for i := range all {
		out[i] = all[i].Source
	}
	return out, nil
}

// SyncSources makes the stored sources those of the list: a new slug is added,
// a changed field applies, a slug that is missing is paused and one that came
// back goes on. A source at a new address is asked at once, with no validators
// of the old one.
func (s *Store) SyncSources(ctx context.Context, list []news.Source) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		all, err := polledWhere(ctx, tx, time.Time{}, ``)
		if err != nil {
			return err
		}
		old := map[string]news.Source{}
		for _, p := range all {
			old[p.Source.Slug] = p.Source
		}
		for i := range list {
			if err := syncSource(ctx, tx, &list[i], old); err != nil {
				return fmt.Errorf("source %s: %w", list[i].Slug, err)
			}
			delete(old, list[i].Slug)
		}
		for slug := range old {
			if _, err := tx.ExecContext(ctx, `UPDATE sources SET paused = 1, polled = 0 WHERE slug = $1`, slug); err != nil {
				return fmt.Errorf("pause source %s: %w", slug, err)
			}
		}
		return nil
	})
}

func syncSource(ctx context.Context, tx *sql.Tx, src *news.Source, old map[string]news.Source) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO sources (slug, name, host, spec, polled, paused) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (slug) DO UPDATE SET name = $2, host = $3, spec = $4, polled = $5, paused = $6`,
		src.Slug, src.Name, src.Host(), toJSON(specOf(src)), bit(src.Polled()), bit(src.Paused))
	if err != nil {
		return err
	}
	if was, known := old[src.Slug]; !known || was.Address == src.Address {
		return nil
	}
	_, err = tx.ExecContext(ctx, `UPDATE sources SET next_poll = 0, failures = 0, error = '', gone = 0, etag = '', last_modified = '',
		answered = '', body_hash = '', seen = 0, hints = '{}' WHERE slug = $1`, src.Slug)
	return err
}

// DueHosts lists the hosts with a source that is due at now and that nobody is
// asking.
func (s *Store) DueHosts(ctx context.Context, now time.Time) ([]string, error) {
	rows, err := s.r.QueryContext(ctx, `
		SELECT s.host FROM sources s LEFT JOIN hosts h ON h.host = s.host
		 WHERE s.polled = 1 AND s.gone = 0 AND s.next_poll <= $1
		   AND COALESCE(h.rest_until, 0) <= $1 AND (COALESCE(h.holder, '') = '' OR h.until <= $1)
		 GROUP BY s.host ORDER BY MIN(s.next_poll), s.host`, ms(now))
	hosts, err := collect(rows, err, func(row scanner) (host string, err error) {
		err = row.Scan(&host)
		return host, err
	})
	if err != nil {
		return nil, fmt.Errorf("due hosts: %w", err)
	}
	return hosts, nil
}

// DueSources lists the sources of a host that are due at now, the longest due
// first.
func (s *Store) DueSources(ctx context.Context, host string, now time.Time) ([]news.Polled, error) {
	return polledWhere(ctx, s.r, now, `WHERE s.host = $1 AND s.polled = 1 AND s.gone = 0 AND s.next_poll <= $2 ORDER BY s.next_poll, s.id`, host, ms(now))
}

// LeaseHost gives holder the sole right to ask a host until then. It returns
// an error wrapping news.ErrConflict while another holds it.
func (s *Store) LeaseHost(ctx context.Context, host, holder string, now, until time.Time) (news.HostLease, error) {
	lease := news.HostLease{Host: host, Holder: holder}
	err := s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO hosts (host) VALUES ($1) ON CONFLICT (host) DO NOTHING`, host); err != nil {
			return fmt.Errorf("lease %s: %w", host, err)
		}
		var notBefore, rest int64
		err := tx.QueryRowContext(ctx, `
			UPDATE hosts SET holder = $1, fence = fence + 1, until = $2
			 WHERE host = $3 AND (holder = '' OR until <= $4)
			RETURNING fence, not_before, rest_until`, holder, ms(until), host, ms(now)).Scan(&lease.Fence, &notBefore, &rest)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("lease %s: somebody is asking it: %w", host, news.ErrConflict)
		}
		if err != nil {
			return fmt.Errorf("lease %s: %w", host, err)
		}
		lease.NotBefore, lease.RestUntil = at(notBefore), at(rest)
		return nil
	})
	return lease, err
}

// ReleaseHost ends a lease. One that was lost meanwhile is not an error.
func (s *Store) ReleaseHost(ctx context.Context, l news.HostLease) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE hosts SET holder = '', until = 0 WHERE host = $1 AND fence = $2`, l.Host, l.Fence)
		if err != nil {
			return fmt.Errorf("release %s: %w", l.Host, err)
		}
		return nil
	})
}

// VoidLeases ends every lease on a host. The one serving process of a
// directory calls it at its start: who held them is dead. A late result under
// one of them is refused.
func (s *Store) VoidLeases(ctx context.Context) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE hosts SET holder = '', until = 0, fence = fence + 1 WHERE holder <> ''`); err != nil {
			return fmt.Errorf("void leases: %w", err)
		}
		return nil
	})
}

// SavePoll records what asking a source brought, in one step: its items, the
// new ones and the edited ones unplaced; what settle makes of their number;
// and, with the lease renewed until then, from when its host may be asked
// again. It returns an error wrapping news.ErrConflict, and records nothing,
// when the lease was lost meanwhile.
func (s *Store) SavePoll(ctx context.Context, l news.HostLease, until time.Time, src news.SourceID, items []news.Item,
	settle func(news.Arrivals) news.Polling) error {
	err := s.savePoll(ctx, l, until, src, items, settle)
	if errors.Is(err, news.ErrConflict) {
		err = errors.Join(err, s.write(ctx, func(tx *sql.Tx) error { return countLate(ctx, tx, "polls", 1) }))
	}
	return err
}

func (s *Store) savePoll(ctx context.Context, l news.HostLease, until time.Time, src news.SourceID, items []news.Item,
	settle func(news.Arrivals) news.Polling) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `UPDATE hosts SET until = $1, not_before = $2, rest_until = $3 WHERE host = $4 AND fence = $5`,
			ms(until), ms(l.NotBefore), ms(l.RestUntil), l.Host, l.Fence)
		if err != nil {
			return fmt.Errorf("renew lease of %s: %w", l.Host, err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(fmt.Errorf("answer of %s came too late, another asks it now: %w", l.Host, news.ErrConflict), err)
		}
		arrivals, err := storeItems(ctx, tx, src, items)
		if err != nil {
			return err
		}
		return savePolling(ctx, tx, src, settle(arrivals))
	})
}

func savePolling(ctx context.Context, tx *sql.Tx, src news.SourceID, p news.Polling) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE sources SET next_poll = $1, last_poll = $2, last_success = $3, last_new = $4, unchanged = $5, failures = $6, error = $7,
			gone = $8, etag = $9, last_modified = $10, answered = $11, body_hash = $12, seen = $13, hints = $14
		 WHERE id = $15`,
		ms(p.Next), ms(p.Last), ms(p.LastSuccess), ms(p.LastNew), bit(p.Unchanged), p.Failures, p.Error,
		bit(p.Gone), p.ETag, p.LastModified, p.Answered, p.BodyHash, p.Seen, toJSON(p.Hints), src)
	if err != nil {
		return fmt.Errorf("record poll of source %d: %w", src, err)
	}
	return nil
}

// Rhythm counts the items that came from each source on each of the last days,
// the latest day last; a day has 24 hours and ends now.
func (s *Store) Rhythm(ctx context.Context, now time.Time, days int) (map[news.SourceID][]int, error) {
	const day = 24 * time.Hour
	from := now.Add(-time.Duration(days) * day)
	rows, err := s.r.QueryContext(ctx, `SELECT source, (seen - $1) / $2, COUNT(*) FROM items
		WHERE seen >= $1 AND seen < $3 GROUP BY 1, 2`, ms(from), day.Milliseconds(), ms(now))
	out := map[news.SourceID][]int{}
	_, err = collect(rows, err, func(row scanner) (none struct{}, err error) {
		var source news.SourceID
		var at, n int
		if err := row.Scan(&source, &at, &n); err != nil {
			return none, err
		}
		if out[source] == nil {
			out[source] = make([]int, days)
		}
		out[source][at] = n
		return none, nil
	})
	if err != nil {
		return nil, fmt.Errorf("rhythm of sources: %w", err)
	}
	return out, nil
}
