package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"golang.org/x/sys/unix"
)

// JournalFile is the name of the suppression journal beside the database: the
// table suppressions once more, as a file that only grows. After a restore it
// tells of those who left since the backup. It names nobody; each line bears
// the MAC of the table, and the one before it, so that a line stands for
// itself and a missing one is seen.
const JournalFile = "suppressions.journal"

// journalTail is more than two lines.
const journalTail = 4096

// KeepJournal keeps the journal in file from now on, and first writes down
// what it lacks. Whatever changes whom we may write to returns only once the
// file is durable. It returns an error wrapping news.ErrRefused when the file
// knows of somebody the database does not: an older database was put under it.
func (s *Store) KeepJournal(ctx context.Context, file string) error {
	s.journalMu.Lock()
	s.journalFile = file
	s.journalMu.Unlock()
	return s.syncJournal(ctx)
}

// writeJournaled is write for what may bar somebody.
func (s *Store) writeJournaled(ctx context.Context, f func(tx *sql.Tx) error) error {
	if err := s.write(ctx, f); err != nil {
		return err
	}
	return s.syncJournal(ctx)
}

// syncJournal appends to the file the lines it lacks. Several processes may do
// so at once.
func (s *Store) syncJournal(ctx context.Context) error {
	s.journalMu.Lock()
	defer s.journalMu.Unlock()
	if s.journalFile == "" {
		return nil
	}
	f, err := os.OpenFile(s.journalFile, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("suppression journal: %w", err)
	}
	defer f.Close() // synced below
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("suppression journal: %w", err)
	}
	if err := s.appendJournal(ctx, f); err != nil {
		return fmt.Errorf("suppression journal %s: %w", s.journalFile, err)
	}
	return nil
}

func (s *Store) appendJournal(ctx context.Context, f *os.File) error {
	last, end, err := lastLine(f)
	if err != nil {
		return err
	}
	if err := s.knows(ctx, last); err != nil {
		return err
	}
	rows, err := s.r.QueryContext(ctx, `SELECT id, blind, reason, at, lifted, mac FROM suppressions WHERE id > $1 ORDER BY id`, last.id)
	lines, err := collect(rows, err, func(row scanner) (l journalLine, err error) {
		err = row.Scan(&l.id, &l.sup.Key, &l.sup.Reason, &l.at, &l.sup.Lifted, &l.mac)
		return l, err
	})
	if err != nil || len(lines) == 0 {
		return err
	}
	var b bytes.Buffer
	for _, l := range lines {
		l.before = last.mac
		fmt.Fprintln(&b, l)
		last = l
	}
	if _, err := f.WriteAt(b.Bytes(), end); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if end > 0 {
		return nil
	}
	return syncDirectory(filepath.Dir(f.Name())) // the file is new
}

// knows reports an error unless the last line of the file is in the database.
func (s *Store) knows(ctx context.Context, last journalLine) error {
	if last.id == 0 {
		return nil
	}
	var mac []byte
	err := s.r.QueryRowContext(ctx, `SELECT mac FROM suppressions WHERE id = $1`, last.id).Scan(&mac)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if !bytes.Equal(mac, last.mac) {
		return fmt.Errorf("it tells of people who left of whom this database does not know (line %d): restore the backup with rightsdesk restore --journal: %w",
			last.id, news.ErrRefused)
	}
	return nil
}

// lastLine reads the last whole line and where the next one goes. A line that
// a power cut tore was acknowledged to nobody.
func lastLine(f *os.File) (last journalLine, end int64, err error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return last, 0, err
	}
	from := max(0, size-journalTail)
	b := make([]byte, size-from)
	if _, err := f.ReadAt(b, from); err != nil {
		return last, 0, err
	}
	n := bytes.LastIndexByte(b, '\n') + 1
	if end = from + int64(n); end < size {
		if err := f.Truncate(end); err != nil {
			return last, 0, err
		}
	}
	if n == 0 {
		return last, end, nil
	}
	text := bytes.TrimRight(b[:n], "\n")
	last, err = parseLine(string(text[bytes.LastIndexByte(text, '\n')+1:]))
	return last, end, err
}

// A journalLine is one line of the file.
type journalLine struct {
	id     int64
	at     int64 // milliseconds UTC
	sup    audience.Suppression
	before []byte // the MAC of the line before; empty for the first
	mac    []byte
}

func (l journalLine) String() string {
	return fmt.Sprintf("1 %d %d %s %d %x %x %x", l.id, l.at, l.sup.Reason, bit(l.sup.Lifted), l.sup.Key, l.before, l.mac)
}

func parseLine(s string) (l journalLine, err error) {
	bad := fmt.Errorf("a line of the journal is not one of ours: %w", news.ErrInvalid)
	f := strings.Split(s, " ")
	if len(f) != 8 || f[0] != "1" {
		return l, bad
	}
	l.sup.Reason, l.sup.Lifted = audience.SuppressionReason(f[3]), f[4] == "1"
	for _, err := range []error{number10(f[1], &l.id), number10(f[2], &l.at), fromHex(f[5], &l.sup.Key), fromHex(f[6], &l.before), fromHex(f[7], &l.mac)} {
		if err != nil {
			return l, bad
		}
	}
	l.sup.At = at(l.at)
	return l, nil
}

func number10(s string, into *int64) (err error) {
	*into, err = strconv.ParseInt(s, 10, 64)
	return err
}

func fromHex(s string, into *[]byte) (err error) {
	*into, err = hex.DecodeString(s)
	return err
}

func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Replay takes in a journal file that may know more than the database: whoever
// left, complained or was erased since is let go, barred or erased here too.
// A damaged line is counted and not believed; one that follows a missing line is
// counted and believed on its own MAC.
func (s *Store) Replay(ctx context.Context, journal io.Reader, now time.Time) (out audience.Replayed, err error) {
	err = s.writeJournaled(ctx, func(tx *sql.Tx) error {
		out, err = s.replay(ctx, tx, journal, now)
		return err
	})
	return out, err
}

func (s *Store) replay(ctx context.Context, tx *sql.Tx, journal io.Reader, now time.Time) (out audience.Replayed, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT mac FROM suppressions ORDER BY id`)
	macs, err := collect(rows, err, func(row scanner) (mac []byte, err error) {
		err = row.Scan(&mac)
		return mac, err
	})
	if err != nil {
		return out, fmt.Errorf("read suppressions: %w", err)
	}
	known := map[string]bool{}
	for _, mac := range macs {
		known[string(mac)] = true
	}
	var before []byte
	in := bufio.NewScanner(journal)
	for in.Scan() {
		l, err := parseLine(in.Text())
		if err != nil || !hmac.Equal(l.mac, s.journalLink(l.before, l.sup)) {
			out.Damaged++
			continue
		}
		if !bytes.Equal(l.before, before) {
			out.Gaps++
		}
		if before = l.mac; known[string(l.mac)] {
			continue
		}
		known[string(l.mac)] = true
		out.Lines++
		if err := s.bar(ctx, tx, l.sup, now, &out); err != nil {
			return out, err
		}
	}
	if err := in.Err(); err != nil {
		return out, fmt.Errorf("read the journal: %w", err)
	}
	return out, nil
}

// bar does again what a line of the journal tells of.
func (s *Store) bar(ctx context.Context, tx *sql.Tx, sup audience.Suppression, now time.Time, out *audience.Replayed) error {
	if err := s.journal(ctx, tx, sup); err != nil {
		return err
	}
	r, err := reader(ctx, tx, `r.blind = $1`, sup.Key)
	if err != nil || r.ID == 0 || !r.Bar(sup, now) {
		return err
	}
	out.Readers++
	if r.State == audience.Erased {
		if err := eraseCopies(ctx, tx, r.ID); err != nil {
			return err
		}
	}
	return s.saveReader(ctx, tx, &r)
}

func eraseCopies(ctx context.Context, tx *sql.Tx, id audience.ReaderID) error {
	if _, err := tx.ExecContext(ctx, `UPDATE copies SET address = '' WHERE reader = $1`, id); err != nil {
		return fmt.Errorf("erase reader: %w", err)
	}
	return nil
}
