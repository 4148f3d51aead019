package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// SQLite's result codes that say something of the disk, in their low byte.
const (
	sqliteReadOnly = 8
	sqliteIOError  = 10
	sqliteFull     = 13
)

// noRoom are PostgreSQL's words for the same.
var noRoom = map[string]bool{"53100": true /* disk_full */, "25006": true /* read_only_sql_transaction */}

// failed looks at what a write ended with. No room is news.ErrNoRoom: nothing
// was written, and it can be tried again. After an error of the disk itself
// nobody knows what of the last commits is durable: the store takes no more
// writes, for a sync that failed once may only pretend to work the next time.
func (s *Store) failed(err error) error {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		switch lite.Code() & 0xff {
		case sqliteFull, sqliteReadOnly:
			return fmt.Errorf("%w: %w", news.ErrNoRoom, err)
		case sqliteIOError:
			s.stop(err)
		}
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && noRoom[pg.Code] {
		return fmt.Errorf("%w: %w", news.ErrNoRoom, err)
	}
	return err
}

func (s *Store) stop(err error) {
	err = fmt.Errorf("the disk failed, nothing more is written: %w", err)
	if s.broken.CompareAndSwap(nil, &err) {
		close(s.stopped)
	}
}

// usable is the error that stopped the store, if one did.
func (s *Store) usable() error {
	if err := s.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// Failed waits until the disk fails, and returns that, or until ctx is done,
// and returns nil. A process that serves ends with it: what it says then may
// not be true.
func (s *Store) Failed(ctx context.Context) error {
	select {
	case <-s.stopped:
		return s.usable()
	case <-ctx.Done():
		return nil
	}
}
