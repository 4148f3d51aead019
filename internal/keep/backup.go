package keep

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// The names inside a backup: an age-encrypted, zstd-compressed tar.
const (
	manifestName = "manifest.json"
	databaseName = "rightsdesk.db"
)

// maxManifest bounds what is read as a manifest.
const maxManifest = 64 << 10

// A Manifest says what a backup holds.
type Manifest struct {
	Format  int       `json:"format"`  // 1
	Version string    `json:"version"` // of the program that made it
	Step    int64     `json:"step"`    // of the migrations
	Time    time.Time `json:"time"`
	Digest  string    `json:"digest"` // as verify gives it
}

// A Source is the database a backup is made of.
type Source interface {
	// Snapshot writes one moment of the database to an empty file.
	Snapshot(ctx context.Context, file string) error
}

// Examine reads the migration step and the digest of a database file.
type Examine func(ctx context.Context, file string) (step int64, digest string, err error)

// A Backuper makes backups. Its fields are set once.
type Backuper struct {
	Source     Source
	Examine    Examine
	Scratch    string // directory for the snapshot, which lies there in the clear while it is encrypted
	Recipients []age.Recipient
	Version    string
	Now        func() time.Time
}

// ParseRecipients reads age1… public keys. Errors wrap news.ErrInvalid.
func ParseRecipients(keys []string) ([]age.Recipient, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("a backup needs somebody who can read it: %w", news.ErrInvalid)
	}
	var out []age.Recipient
	for _, k := range keys {
		r, err := age.ParseRecipients(strings.NewReader(k))
		if err != nil {
			return nil, fmt.Errorf("%q is not an age public key: %w", k, news.ErrInvalid)
		}
		out = append(out, r...)
	}
	return out, nil
}

// To makes a backup in file, which must not exist: either all of it is there
// and durable, or nothing is.
func (b *Backuper) To(ctx context.Context, file string) (m Manifest, err error) {
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("backup: %s exists already: %w", file, news.ErrConflict)
	}
	out, err := os.CreateTemp(filepath.Dir(file), ".backup-*") // 0600
	if err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	defer os.Remove(out.Name()) // renamed when all went well
	if m, err = b.write(ctx, out); err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	// A link, unlike a rename, does not replace what appeared meanwhile.
	if err := errors.Join(os.Link(out.Name(), file), syncDirectory(filepath.Dir(file))); err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	return m, nil
}

func (b *Backuper) write(ctx context.Context, w io.Writer) (m Manifest, err error) {
	if err := os.MkdirAll(b.Scratch, 0o700); err != nil {
		return m, err
	}
	snap, err := os.CreateTemp(b.Scratch, ".snapshot-*") // 0600
	if err != nil {
		return m, err
	}
	// The directory holds the database itself: the snapshot needs no more care.
	defer func() { err = errors.Join(err, snap.Close(), os.Remove(snap.Name())) }()
	m = Manifest{Format: 1, Version: b.Version, Time: b.Now().UTC()}
	if err := b.Source.Snapshot(ctx, snap.Name()); err != nil {
		return m, err
	}
	if m.Step, m.Digest, err = b.Examine(ctx, snap.Name()); err != nil {
		return m, err
	}
	return m, seal(w, b.Recipients, m, snap)
}

// seal writes the archive.
func seal(w io.Writer, to []age.Recipient, m Manifest, database *os.File) error {
	sealed, err := age.Encrypt(w, to...)
	if err != nil {
		return err
	}
	packed, err := zstd.NewWriter(sealed, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	archive := tar.NewWriter(packed)
	manifest, err := json.Marshal(m)
	if err != nil {
		return err
	}
	info, err := database.Stat()
	if err != nil {
		return err
	}
	err = archive.WriteHeader(&tar.Header{Name: manifestName, Mode: 0o600, Size: int64(len(manifest)), ModTime: m.Time})
	if err == nil {
		_, err = archive.Write(manifest)
	}
	if err == nil {
		err = archive.WriteHeader(&tar.Header{Name: databaseName, Mode: 0o600, Size: info.Size(), ModTime: m.Time})
	}
	if err == nil {
		_, err = io.Copy(archive, database)
	}
	return errors.Join(err, archive.Close(), packed.Close(), sealed.Close())
}

func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
