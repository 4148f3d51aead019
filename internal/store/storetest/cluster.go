package storetest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A Cluster is a PostgreSQL of a test's own, which it may stop and start. Its
// commits are durable, as in a real one.
type Cluster struct {
	Address string
	bin     string
	dir     string
	port    int
}

// NewCluster makes and starts one, or leaves the test out aloud where there is
// no PostgreSQL. It ends with the test.
func NewCluster(t *testing.T) *Cluster {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_ctl")
	if err != nil || len(found) == 0 {
		t.Skip("left out: a PostgreSQL that is stopped and started (there is none to install one from)")
	}
	slices.Sort(found)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir: its parent is closed to the user PostgreSQL runs as.
	dir, err := os.MkdirTemp("", "cluster-*")
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{bin: filepath.Dir(found[len(found)-1]), dir: dir, port: port,
		Address: fmt.Sprintf("postgres://rightsdesk@127.0.0.1:%d/postgres?sslmode=disable", port)}
	t.Cleanup(func() {
		_ = c.command("pg_ctl", "stop", "-m", "immediate").Run() // it may be stopped
		_ = os.RemoveAll(dir)
	})
	if os.Geteuid() == 0 {
		if out, err := exec.Command("chown", "nobody", dir).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if out, err := c.command("initdb", "-U", "rightsdesk", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v: %s", err, out)
	}
	c.Start(t)
	return c
}

// command is one of PostgreSQL's, run as somebody who is not root.
func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	args = append([]string{filepath.Join(c.bin, name), "-D", filepath.Join(c.dir, "db")}, args...)
	if os.Geteuid() == 0 {
		args = append([]string{"setpriv", "--reuid=nobody", "--clear-groups", "--"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = c.dir
	return cmd
}

// Start starts it and returns when it answers.
func (c *Cluster) Start(t *testing.T) {
	t.Helper()
	out, err := c.command("pg_ctl", "start", "-w", "-l", filepath.Join(c.dir, "log"),
		"-o", fmt.Sprintf("-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories=", c.port)).CombinedOutput()
	if err != nil {
		t.Fatalf("start PostgreSQL: %v: %s", err, out)
	}
}

// Stop stops it: "fast" in good order, "immediate" as if it crashed.
func (c *Cluster) Stop(t *testing.T, how string) {
	t.Helper()
	if out, err := c.command("pg_ctl", "stop", "-w", "-m", how).CombinedOutput(); err != nil {
		t.Fatalf("stop PostgreSQL: %v: %s", err, strings.TrimSpace(string(out)))
	}
}
