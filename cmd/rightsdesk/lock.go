package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const lockFile = "serving.lock"

// lockDirectory makes this the one serving process of a data directory. The
// lock falls with the process, however it ends. The file names its holder, so
// that a second process can say who was first.
func lockDirectory(dir, what string) (release func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 200)) // only names the holder
		_ = f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock data directory: %w", err)
		}
		return nil, hinted(fmt.Errorf("another process serves %s already: %s", dir, strings.TrimSpace(string(holder))),
			"stop that one first, or name another directory with --data-dir")
	}
	if err := errors.Join(f.Truncate(0), writeAll(f, fmt.Sprintf("pid %d, %s\n", os.Getpid(), what))); err != nil {
		return nil, errors.Join(fmt.Errorf("lock data directory: %w", err), f.Close())
	}
	return f.Close, nil
}

func writeAll(f *os.File, s string) error {
	_, err := f.WriteAt([]byte(s), 0)
	return err
}
