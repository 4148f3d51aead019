package keep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// A Check is one thing doctor looked at.
type Check struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	Found string `json:"found"`        // what is there, in plain words; names no reader
	Do    string `json:"do,omitempty"` // the next step when it is not well
}

// Well is a check that found nothing wrong.
func Well(name, found string, args ...any) Check {
	return Check{Name: name, OK: true, Found: fmt.Sprintf(found, args...)}
}

// Ill is a check that found something wrong, and what to do.
func Ill(name, do, found string, args ...any) Check {
	return Check{Name: name, Found: fmt.Sprintf(found, args...), Do: do}
}

// SpareBytes is what must be free beside room for a second database, which a
// backup or a migration takes.
const SpareBytes = 256 << 20

// CheckDirectory looks at a data directory: that it is there, ours alone, and
// takes a durable write.
func CheckDirectory(dir string) Check {
	const name = "data directory"
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Ill(name, "begin a desk with rightsdesk serve, or name its directory with --data-dir", "%s is not there", dir)
	case err != nil:
		return Ill(name, "let the user that runs the desk read it", "%v", err)
	case !info.IsDir():
		return Ill(name, "name a directory with --data-dir", "%s is not a directory", dir)
	case info.Mode().Perm()&0o077 != 0:
		return Ill(name, "chmod 700 "+dir, "%s can be read by others (%v)", dir, info.Mode().Perm())
	}
	if err := tryWrite(dir); err != nil {
		return Ill(name, "give it to the user that runs the desk, mount it for writing, and see that the disk is sound", "%v", err)
	}
	return Well(name, "%s takes durable writes", dir)
}

// tryWrite writes a file durably and takes it away again.
func tryWrite(dir string) error {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 4096))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

// CheckDisk looks whether there is room for the work and for one more copy of
// the database file, which need not exist.
func CheckDisk(dir, database string) Check {
	const name = "disk"
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return Ill(name, "see that the disk is there", "%s: %v", dir, err)
	}
	free := int64(st.Bavail) * int64(st.Bsize)
	need := int64(SpareBytes)
	if info, err := os.Stat(filepath.Join(dir, database)); err == nil {
		need += info.Size()
	}
	if free < need {
		return Ill(name, "make room, or move the data directory to a larger disk", "%d MB free, %d MB needed", free>>20, need>>20)
	}
	return Well(name, "%d MB free, %d MB needed", free>>20, need>>20)
}

// CheckClock sees that the clock is not before the day the program was built;
// built is zero when that is unknown.
func CheckClock(now, built time.Time) Check {
	const name = "clock"
	if now.Before(built) {
		return Ill(name, "set the clock, and let it be kept by NTP", "it says %s, before this program was built (%s)",
			now.UTC().Format(time.RFC3339), built.UTC().Format(time.RFC3339))
	}
	return Well(name, "%s", now.UTC().Format(time.RFC3339))
}

// A Database can say what it is, and whether it takes writes.
type Database interface {
	About(ctx context.Context) (string, error)
	Writable(ctx context.Context) error
}

// CheckDatabase sees that the database answers and takes a durable write.
func CheckDatabase(ctx context.Context, d Database) Check {
	const name = "database"
	about, err := d.About(ctx)
	if err == nil {
		err = d.Writable(ctx)
	}
	if err != nil {
		return Ill(name, "see that the database runs, is not read-only and has room", "%v", err)
	}
	return Well(name, "%s", about)
}

// LeastBytes must be free for the house to go on: below it the next commit may
// find no room.
const LeastBytes = 32 << 20

// Ready says why the house cannot keep what it would acknowledge, or nil. dir
// is where its files lie.
func Ready(ctx context.Context, d Database, dir string) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return fmt.Errorf("look at the disk: %w", err)
	}
	if free := int64(st.Bavail) * int64(st.Bsize); free < LeastBytes {
		return fmt.Errorf("the disk is full: %d MB free, %d needed", free>>20, LeastBytes>>20)
	}
	return d.Writable(ctx)
}
