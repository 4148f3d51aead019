package keep

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// A Restored is a database that came out of a backup.
type Restored interface {
	Store
	HoldRestored(ctx context.Context, why string, now time.Time) (held int, err error)
	Replay(ctx context.Context, journal io.Reader, now time.Time) (audience.Replayed, error)
	Close() error
}

// A Restorer brings a backup back.
type Restorer struct {
	Identities []age.Identity
	Examine    Examine
	// Open opens the database in a directory, bringing its tables up to date.
	Open     func(ctx context.Context, dir string) (Restored, error)
	Journals []string // suppression journals that were kept beside the lost database
	Now      func() time.Time
}

// An Outcome is what a restore did.
type Outcome struct {
	Manifest Manifest
	Held     int // issues
	Replayed audience.Replayed
	Report   Report
}

// unfinished is where a restore works, so that a directory never holds half a
// desk under its name.
const unfinished = "restoring"

// To restores file into dir, which must hold no desk. Nothing that is there
// afterwards goes out before a person says so, and nobody who left according
// to the journals comes back. Without all of it done, dir holds no desk.
func (r *Restorer) To(ctx context.Context, file, dir string) (o Outcome, err error) {
	if _, err := os.Lstat(filepath.Join(dir, databaseName)); err == nil {
		return o, fmt.Errorf("restore: %s holds a desk already: %w", dir, news.ErrConflict)
	}
	work := filepath.Join(dir, unfinished)
	if err := errors.Join(os.RemoveAll(work), os.MkdirAll(work, 0o700)); err != nil {
		return o, fmt.Errorf("restore: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if o.Manifest, err = r.unpack(file, work); err != nil {
		return o, fmt.Errorf("restore %s: %w", file, err)
	}
	if err := r.compare(ctx, o.Manifest, filepath.Join(work, databaseName)); err != nil {
		return o, fmt.Errorf("restore %s: %w", file, err)
	}
	if err := r.makeSafe(ctx, work, &o); err != nil {
		return o, fmt.Errorf("restore %s: %w", file, err)
	}
	return o, adopt(work, dir)
}

// compare sees that the database is the one that was backed up.
func (r *Restorer) compare(ctx context.Context, m Manifest, file string) error {
	step, digest, err := r.Examine(ctx, file)
	if err != nil {
		return err
	}
	if step != m.Step || digest != m.Digest {
		return fmt.Errorf("its books have the digest %s at step %d, the manifest says %s at step %d: take another backup: %w",
			digest, step, m.Digest, m.Step, news.ErrInvalid)
	}
	return nil
}

func (r *Restorer) makeSafe(ctx context.Context, dir string, o *Outcome) (err error) {
	s, err := r.Open(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	now := r.Now()
	why := "restored from the backup of " + o.Manifest.Time.UTC().Format("2006-01-02 15:04 UTC") + "; what waits may have gone out since"
	if o.Held, err = s.HoldRestored(ctx, why, now); err != nil {
		return err
	}
	for _, name := range r.Journals {
		if err := r.replay(ctx, s, name, now, &o.Replayed); err != nil {
			return err
		}
	}
	o.Report, err = Verify(ctx, s)
	return err
}

func (r *Restorer) replay(ctx context.Context, s Restored, name string, now time.Time, sum *audience.Replayed) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close() // only read from
	done, err := s.Replay(ctx, f, now)
	if err != nil {
		return fmt.Errorf("replay %s: %w", name, err)
	}
	sum.Lines += done.Lines
	sum.Readers += done.Readers
	sum.Damaged += done.Damaged
	sum.Gaps += done.Gaps
	return nil
}

// adopt moves what is ready into dir, the database last: with it the desk is
// there.
func adopt(work, dir string) error {
	entries, err := os.ReadDir(work)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	for _, e := range entries {
		if e.Name() == databaseName {
			continue
		}
		if err := os.Rename(filepath.Join(work, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
	}
	err = os.Rename(filepath.Join(work, databaseName), filepath.Join(dir, databaseName))
	if err = errors.Join(err, syncDirectory(dir)); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

// unpack decrypts a backup into dir and returns its manifest.
func (r *Restorer) unpack(file, dir string) (m Manifest, err error) {
	f, err := os.Open(file)
	if err != nil {
		return m, err
	}
	defer f.Close() // only read from
	open, err := age.Decrypt(f, r.Identities...)
	if err != nil {
		return m, err
	}
	plain, err := zstd.NewReader(open, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return m, err
	}
	defer plain.Close()
	archive := tar.NewReader(plain)
	if err := next(archive, manifestName); err != nil {
		return m, err
	}
	if err := json.NewDecoder(io.LimitReader(archive, maxManifest)).Decode(&m); err != nil {
		return m, fmt.Errorf("its manifest: %w", err)
	}
	if m.Format != 1 {
		return m, fmt.Errorf("it is of format %d, this program knows 1: use a newer program: %w", m.Format, news.ErrInvalid)
	}
	if err := next(archive, databaseName); err != nil {
		return m, err
	}
	return m, save(archive, filepath.Join(dir, databaseName))
}

func next(archive *tar.Reader, name string) error {
	h, err := archive.Next()
	if err != nil {
		return fmt.Errorf("its archive: %w", err)
	}
	if h.Name != name {
		return fmt.Errorf("its archive holds %q where %s should stand: %w", h.Name, name, news.ErrInvalid)
	}
	return nil
}

func save(from io.Reader, file string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
