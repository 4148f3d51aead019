package main

import (
	"strings"
	"testing"
)

func TestOneServingProcessPerDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	release, err := lockDirectory(dir, "listening on 127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockDirectory(dir, "listening on 127.0.0.1:2"); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("second lock: %v; want an error that names the first", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	again, err := lockDirectory(dir, "listening on 127.0.0.1:2")
	if err != nil {
		t.Fatalf("lock after release: %v", err)
	}
	if err := again(); err != nil {
		t.Error(err)
	}
}
