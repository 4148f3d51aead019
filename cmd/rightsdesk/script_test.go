package main

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the command lines of testdata/script as a person types
// them: command, output, exit code.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit":    exitsWith,
			"waitfor": waitsFor,
		},
		Setup: func(e *testscript.Env) error {
			// The test's own binary is the program when it is told so.
			self, err := os.Executable()
			if err != nil {
				return err
			}
			e.Setenv(asProgram, "1")
			e.Setenv("RD", self)
			return nil
		},
	})
}

// exitsWith is `exit CODE COMMAND…`: the command must end with that code.
func exitsWith(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND…")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if err != nil {
		code = exitCode(err)
	}
	if code != args[0] {
		ts.Fatalf("%v: exit %s, want %s", args[1:], code, args[0])
	}
}

func exitCode(err error) string {
	var e *exec.ExitError
	if !errors.As(err, &e) {
		return err.Error()
	}
	return strconv.Itoa(e.ExitCode())
}

// waitsFor is `waitfor FILE`: the file holds something within 20 seconds.
func waitsFor(ts *testscript.TestScript, _ bool, args []string) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for {
		if info, err := os.Stat(ts.MkAbs(args[0])); err == nil && info.Size() > 0 {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			ts.Fatalf("%s did not appear", args[0])
		}
	}
}
