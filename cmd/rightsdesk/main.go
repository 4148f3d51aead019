// Command rightsdesk is a desk for human-rights news: it reads what publishers
// put out, puts it before curators, and mails and publishes what they chose.
//
// This package holds the commands, the configuration and the wiring. It is the
// only place that reads flags, the environment and signals.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // a zone must resolve on a machine without its own table
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// An app is one run of the program: the world it was started in.
type app struct {
	getenv func(string) string
	stdin  io.Reader
	stdout io.Writer // results only
	stderr io.Writer // everything else
}

// run runs one command line and returns its exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr}
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return a.report(root.ExecuteContext(ctx))
}
