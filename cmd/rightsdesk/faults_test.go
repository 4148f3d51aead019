package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/deliver/crashtest"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store/storetest"
	"golang.org/x/sys/unix"
)

// A disk is a small one of its own under a data directory.
type disk struct {
	dir   string
	image string // of an ext4; "" for memory
}

// memoryDisk mounts so many megabytes of memory.
func memoryDisk(t *testing.T, megabytes int) disk {
	t.Helper()
	d := disk{dir: t.TempDir()}
	if err := unix.Mount("tmpfs", d.dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=700", megabytes)); err != nil {
		t.Skipf("left out: a full disk (this machine mounts no disks: %v)", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(d.dir, unix.MNT_DETACH) })
	return d
}

// fileDisk mounts a file as an ext4.
func fileDisk(t *testing.T, megabytes int64) disk {
	t.Helper()
	d := disk{dir: t.TempDir(), image: filepath.Join(t.TempDir(), "disk.img")}
	f, err := os.Create(d.image)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(megabytes<<20), f.Close()); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", d.image).CombinedOutput(); err != nil {
		t.Skipf("left out: a power cut and a failing disk (this machine mounts no disks: mkfs.ext4: %v %s)", err, out)
	}
	if err := d.mount("loop"); err != nil {
		t.Skipf("left out: a power cut and a failing disk (this machine mounts no disks: %v)", err)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "--lazy", d.dir).Run() })
	return d
}

func (d disk) mount(how string) error {
	out, err := exec.Command("mount", "-o", "errors=remount-ro,"+how, d.image, d.dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// again takes the disk away and mounts it once more, as after a start of the
// machine: what was not synced is gone.
func (d disk) again(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("umount", d.dir).CombinedOutput(); err != nil {
		t.Fatalf("umount: %v: %s", err, out)
	}
	if err := d.mount("loop"); err != nil {
		t.Fatal(err)
	}
}

// remount makes a disk that nobody uses read-only, "ro", or writable, "rw".
func (d disk) remount(t *testing.T, how string) {
	t.Helper()
	if out, err := exec.Command("mount", "-o", "remount,"+how, d.dir).CombinedOutput(); err != nil {
		t.Fatalf("remount: %v: %s", err, out)
	}
}

// ext4Shutdown is EXT4_IOC_SHUTDOWN, and noLogFlush what it does: the journal
// is not written either, as when the power goes.
const (
	ext4Shutdown = 0x8004587d
	noLogFlush   = 2
)

// cut is the power cut: nothing reaches the disk any more, and what was not
// synced never will.
func (d disk) cut(t *testing.T) {
	t.Helper()
	f, err := os.Open(d.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.IoctlSetPointerInt(int(f.Fd()), ext4Shutdown, noLogFlush); err != nil {
		t.Skipf("left out: a power cut (this machine mounts no disks that can be cut off: %v)", err)
	}
}

// A broken is a desk that sends from a disk that is about to fail.
type broken struct {
	*crashtest.Mailing
	s       *settings
	metrics string
	said    bytes.Buffer // by the processes, on stderr
	left    map[string]bool
}

// newBroken prepares a desk on a disk, with its books there or in a PostgreSQL.
func newBroken(t *testing.T, d disk, database string, copies, connections int) (b *broken, id news.IssueID) {
	t.Helper()
	s := crashSettings(t)
	s.dataDir, s.database, s.listen = filepath.Join(d.dir, "data"), database, freePort(t)
	b = &broken{s: s, metrics: freePort(t), left: map[string]bool{}}
	b.Mailing = crashtest.Slow(t, 10*time.Millisecond, func(relay string) *exec.Cmd {
		cmd := program(t.Context(), t, "serve", "--data-dir", s.dataDir, "--database", database, "--feeds", s.feeds, "--listen", s.listen, "--base-url", "http://localhost",
			"--metrics-listen", b.metrics, "--relay", relay, "--connections", fmt.Sprint(connections), "--log-format", "json")
		cmd.Stderr = &b.said
		return cmd
	})
	return b, issueFor(t, s, copies)
}

// leaving lets readers leave by the link in their mail, one after the other,
// until stop is called, and notes whom it was acknowledged to.
func (b *broken) leaving(every int) (stop func()) {
	var all sync.WaitGroup
	end := make(chan struct{})
	all.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ; {
			select {
			case <-end:
				return
			case <-tick.C:
			}
			taken := b.Server.Taken()
			if n >= len(taken) {
				continue
			}
			if status, err := oneClick(b.s.listen, taken[n]); err == nil && status == http.StatusOK {
				b.left[taken[n].To] = true
			}
			n += every
		}
	})
	return func() {
		close(end)
		all.Wait()
	}
}

// finish lets a process that runs send the rest, stops it, and asks all
// witnesses. So many second copies may have gone out at most.
func (b *broken) finish(t *testing.T, last *exec.Cmd, id news.IssueID, copies, most int) (seconds int) {
	t.Helper()
	books, err := b.s.openStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer books.Close()
	settled(t, books, id)
	if err := last.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := last.Wait(); err != nil {
		t.Errorf("the serving process ended with %v", err)
	}
	if seconds = b.Seconds(t, copies, witnessed(t, b.s, books, id, copies, len(b.left))); seconds > most {
		t.Errorf("%d second copies, want at most %d", seconds, most)
	}
	active := rawCount(t, b.s, `SELECT COUNT(*) FROM readers WHERE state = 'active'`)
	barred := rawCount(t, b.s, `SELECT COUNT(DISTINCT blind) FROM suppressions`)
	if gone := copies - active; gone < len(b.left) || barred < len(b.left) {
		t.Errorf("%d readers were told that they left; %d are gone, %d are barred", len(b.left), gone, barred)
	}
	return seconds
}

// still waits until nothing was sent for a while, and returns how much was.
func (b *broken) still(t *testing.T, d time.Duration) int {
	t.Helper()
	over := time.After(2 * time.Minute)
	for n := b.Server.Count(); ; {
		select {
		case <-time.After(d):
		case <-over:
			t.Fatal("it does not stop sending")
		}
		now := b.Server.Count()
		if now == n {
			return n
		}
		n = now
	}
}

func (b *broken) ready(t *testing.T) (status int, says string) {
	t.Helper()
	r, err := http.Get("http://" + b.metrics + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(r.Body); err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, body.String()
}

// TestTheDiskFillsUp: a disk of the desk's own is filled to the last byte while
// an issue goes out. The sending stops, the desk says what to do, and it goes
// on by itself when there is room; nobody is lost.
func TestTheDiskFillsUp(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes its time")
	}
	const copies, connections = 1500, 4
	d := memoryDisk(t, 96)
	b, id := newBroken(t, d, "", copies, connections)
	serving := b.Start(t)
	t.Cleanup(func() { _ = serving.Process.Kill() }) // it has ended
	b.Sent(t, 100)
	stop := b.leaving(7)
	filler := filepath.Join(d.dir, "filler")
	fillUp(t, filler)
	stopped := b.still(t, 3*time.Second)
	if stopped >= copies {
		t.Fatalf("all %d mails went out although the disk is full", stopped)
	}
	if status, says := b.ready(t); status != http.StatusServiceUnavailable || !strings.Contains(says, "full") {
		t.Errorf("/readyz says %d %q", status, says)
	}
	stop()
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	seconds := b.finish(t, serving, id, copies, connections)
	if !strings.Contains(b.said.String(), "make room on the disk") {
		t.Errorf("it does not say what to do:\n%s", &b.said)
	}
	t.Logf("disk full after %d of %d copies: lost 0, second copies %d, at most %d; it went on by itself", stopped, copies, seconds, connections)
}

// fillUp writes until there is no room for a byte.
func fillUp(t *testing.T, file string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() // to be removed
	for _, size := range []int{1 << 20, 4096, 1} {
		chunk := make([]byte, size)
		for err = nil; err == nil; {
			_, err = f.Write(chunk)
		}
		if !errors.Is(err, unix.ENOSPC) {
			t.Fatal(err)
		}
	}
}

// halt stops a process between two system calls: a sync that is on its way
// comes to its end first. The kernel may call a sync well that was on its way
// while the disk went, which no machine without power could act upon.
func halt(t *testing.T, p *os.Process) {
	t.Helper()
	if err := p.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	over := time.After(time.Minute)
	for !halted(t, p.Pid) {
		select {
		case <-tick.C:
		case <-over:
			t.Fatal("a process does not halt")
		}
	}
}

// halted reports whether every thread of a process stands still.
func halted(t *testing.T, pid int) bool {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("threads of process %d: %d, %v", pid, len(threads), err)
	}
	for _, name := range threads {
		stat, err := os.ReadFile(name)
		if err != nil {
			return false // it has just ended
		}
		if state := stat[bytes.LastIndexByte(stat, ')')+2]; state != 'T' {
			return false
		}
	}
	return true
}

// TestPowerCut cuts the power under a desk that sends and whose readers leave:
// whatever was acknowledged is durable.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	cuts := 2
	if os.Getenv("RIGHTSDESK_CRASH") != "" {
		cuts = 20
	}
	copies, connections := 400*(cuts+1), 4
	d := fileDisk(t, 256)
	b, id := newBroken(t, d, "", copies, connections)
	for k := range cuts {
		serving := b.Start(t)
		stop := b.leaving(7)
		b.Sent(t, b.Server.Count()+100+37*k%200)
		halt(t, serving.Process)
		d.cut(t)
		if err := serving.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = serving.Wait() // it was killed
		stop()
		d.again(t)
	}
	last := b.Start(t)
	t.Cleanup(func() { _ = last.Process.Kill() }) // it has ended
	seconds := b.finish(t, last, id, copies, cuts*connections)
	t.Logf("%d power cuts under %d copies: lost 0, second copies %d, at most %d; %d readers were told that they left, and all of them have",
		cuts, copies, seconds, cuts*connections, len(b.left))
}

// TestTheDiskFails: from one moment on no sync succeeds. The desk stops sending
// and ends with an error that says why; on a sound disk it goes on.
func TestTheDiskFails(t *testing.T) {
	t.Parallel()
	const copies, connections = 800, 4
	d := fileDisk(t, 256)
	b, id := newBroken(t, d, "", copies, connections)
	serving := b.Start(t)
	stop := b.leaving(7)
	b.Sent(t, 200)
	halt(t, serving.Process)
	d.cut(t)
	if err := serving.Process.Signal(unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := serving.Wait(); err == nil {
		t.Error("the disk failed and the process ended well")
	}
	stop()
	if !strings.Contains(b.said.String(), "the disk failed, nothing more is written") {
		t.Errorf("it does not say why it ends:\n%s", &b.said)
	}
	stopped := b.Server.Count()
	d.again(t)
	last := b.Start(t)
	t.Cleanup(func() { _ = last.Process.Kill() }) // it has ended
	seconds := b.finish(t, last, id, copies, connections)
	t.Logf("the disk failed after %d of %d copies: lost 0, second copies %d, at most %d", stopped, copies, seconds, connections)
}

// TestReadOnlyDisk: the kernel makes the disk read-only in the middle of an
// issue, as it does when it finds a fault. The desk stops, does not start while
// the disk is so, and goes on when it can be written again.
func TestReadOnlyDisk(t *testing.T) {
	t.Parallel()
	const copies, connections = 800, 4
	d := fileDisk(t, 256)
	b, id := newBroken(t, d, "", copies, connections)
	serving := b.Start(t)
	b.Sent(t, 100)
	halt(t, serving.Process)
	d.fault(t)
	if err := serving.Process.Signal(unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := serving.Wait(); err == nil {
		t.Error("the disk became read-only and the process ended well")
	}
	stopped := b.Server.Count()
	d.again(t)
	d.remount(t, "ro")
	commandLine(t, exitFailed, "", "serve", "--data-dir", b.s.dataDir, "--feeds", b.s.feeds, "--listen", b.s.listen, "--catch")
	out, _ := commandLine(t, exitFound, "", "doctor", "--data-dir", b.s.dataDir, "--feeds", b.s.feeds, "--catch", "--listen", "127.0.0.1:0")
	if !strings.Contains(out, "mount it for writing") {
		t.Errorf("doctor does not say what to do:\n%s", out)
	}
	if n := b.Server.Count(); n != stopped {
		t.Errorf("%d mails went out from a read-only disk", n-stopped)
	}
	d.remount(t, "rw")
	last := b.Start(t)
	t.Cleanup(func() { _ = last.Process.Kill() }) // it has ended
	seconds := b.finish(t, last, id, copies, connections)
	t.Logf("read-only after %d of %d copies: lost 0, second copies %d, at most %d", stopped, copies, seconds, connections)
}

// fault lets the kernel find a fault in the file system.
func (d disk) fault(t *testing.T) {
	t.Helper()
	out, err := exec.Command("findmnt", "--noheadings", "--output", "SOURCE", d.dir).Output()
	if err != nil {
		t.Skipf("left out: a disk that becomes read-only (this machine mounts no disks: findmnt: %v)", err)
	}
	trigger := filepath.Join("/sys/fs/ext4", filepath.Base(strings.TrimSpace(string(out))), "trigger_fs_error")
	if err := os.WriteFile(trigger, []byte("a test\n"), 0o200); err != nil {
		t.Skipf("left out: a disk that becomes read-only (this machine mounts no disks that can be made faulty: %v)", err)
	}
}

// TestTheDatabaseRestarts: PostgreSQL is stopped as if it crashed, and in make
// crash in good order too, while an issue goes out. The sending stops, the desk lives on and
// says that it cannot work, and it goes on by itself.
func TestTheDatabaseRestarts(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits until a database is there again")
	}
	const copies, connections = 900, 4
	cluster := storetest.NewCluster(t)
	b, id := newBroken(t, disk{dir: t.TempDir()}, cluster.Address, copies, connections)
	serving := b.Start(t)
	t.Cleanup(func() { _ = serving.Process.Kill() }) // it has ended
	stops := []string{"immediate"}
	if os.Getenv("RIGHTSDESK_CRASH") != "" {
		stops = append(stops, "fast")
	}
	for k, how := range stops {
		b.Sent(t, 100+300*k)
		cluster.Stop(t, how)
		n := b.still(t, 2*time.Second)
		if n >= copies {
			t.Fatal("all mails went out although the database was stopped")
		}
		if status, says := b.ready(t); status != http.StatusServiceUnavailable {
			t.Errorf("/readyz says %d %q", status, says)
		}
		cluster.Start(t)
		t.Logf("stopped (%s) after %d of %d copies", how, n, copies)
	}
	// Its addresses are taken by itself, and doctor knows.
	commandLine(t, 0, "", "doctor", "--data-dir", b.s.dataDir, "--database", cluster.Address, "--feeds", b.s.feeds, "--listen", b.s.listen,
		"--base-url", "http://localhost", "--metrics-listen", b.metrics, "--catch")
	most := len(stops) * connections
	seconds := b.finish(t, serving, id, copies, most)
	t.Logf("lost 0, second copies %d, at most %d; it went on by itself", seconds, most)
}
