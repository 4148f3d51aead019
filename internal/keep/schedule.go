package keep

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Schedule makes backups by the clock and keeps the latest of them.
type Schedule struct {
	Backup Backuper
	Dir    string        // holds nothing but backups
	Every  time.Duration // between two backups
	Keep   int           // how many stay, at least one
}

// The name of a scheduled backup is its time.
const (
	backupPrefix = "rightsdesk-"
	backupSuffix = ".age"
	backupTime   = "20060102T150405Z"
)

// Scheduled makes a backup when the last one is old enough, and removes the
// oldest beyond those to keep. Called too often it does nothing: what was
// missed while the house was down is made up once.
func (s *Schedule) Scheduled(ctx context.Context) error {
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return fmt.Errorf("scheduled backup: %w", err)
	}
	now := s.Backup.Now().UTC()
	made, err := s.made()
	if err != nil {
		return err
	}
	// One from the future is a clock that was wrong: it must not stop the
	// backups until then.
	if last := latest(made); !last.IsZero() && now.Sub(last) < s.Every && !last.After(now) {
		return nil
	}
	name := backupPrefix + now.Format(backupTime) + backupSuffix
	if _, err := s.Backup.To(ctx, filepath.Join(s.Dir, name)); err != nil {
		return err
	}
	return s.rotate()
}

// latest is when the last of some backups was made; zero when there is none.
func latest(made []string) time.Time {
	if len(made) == 0 {
		return time.Time{}
	}
	t, _ := time.Parse(backupPrefix+backupTime+backupSuffix, made[len(made)-1]) // zero: not one of ours
	return t
}

// CheckBackups sees that backups by the clock are made: the last is no older
// than two of them apart.
func CheckBackups(dir string, every time.Duration, now time.Time) Check {
	const name, do = "backups", "the log of the serving desk says why: see that it runs, may write there and has room"
	made, err := (&Schedule{Dir: dir}).made()
	if err != nil {
		return Ill(name, do, "%v", err)
	}
	last := latest(made)
	switch {
	case last.IsZero():
		return Ill(name, do, "there is none in %s", dir)
	case now.Sub(last) > 2*every:
		return Ill(name, do, "the last of %d in %s is of %s", len(made), dir, last.Format(time.RFC3339))
	}
	return Well(name, "%d in %s, the last of %s", len(made), dir, last.Format(time.RFC3339))
}

// made lists the backups that are there, oldest first.
func (s *Schedule) made() ([]string, error) {
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return nil, fmt.Errorf("scheduled backup: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), backupPrefix) && strings.HasSuffix(e.Name(), backupSuffix) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

func (s *Schedule) rotate() error {
	made, err := s.made()
	if err != nil {
		return err
	}
	for _, name := range made[:max(0, len(made)-max(1, s.Keep))] {
		if err := os.Remove(filepath.Join(s.Dir, name)); err != nil {
			return fmt.Errorf("remove an old backup: %w", err)
		}
	}
	return nil
}
