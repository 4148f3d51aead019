package main

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A progress shows on stderr how far long work is whose end nobody knows: a
// bar on a terminal, plain lines elsewhere.
type progress struct {
	out  io.Writer
	what string
	bar  *progressbar.ProgressBar // nil where there is no terminal
	next int                      // when the next plain line is due
}

// plainEvery is how many steps one plain line stands for.
const plainEvery = 5000

func (a *app) progress(what string) *progress {
	return &progress{out: a.stderr, what: what, next: plainEvery, bar: a.bar(what, -1)}
}

// bar is a progress bar on a terminal, and nil elsewhere. most is -1 when
// nobody knows the end.
func (a *app) bar(what string, most int) *progressbar.ProgressBar {
	f, ok := a.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	return progressbar.NewOptions(most, progressbar.OptionSetWriter(f), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
}

// Set says how many steps are done.
func (p *progress) Set(n int) {
	switch {
	case p.bar != nil:
		_ = p.bar.Set(n) // a bar that cannot be drawn is no reason to stop
	case n >= p.next:
		fmt.Fprintf(p.out, "%s: %d\n", p.what, n)
		p.next = n - n%plainEvery + plainEvery
	}
}

// Done takes the bar away.
func (p *progress) Done() {
	if p.bar != nil {
		_ = p.bar.Finish() // as above
	}
}

// steps show on stderr how far work is that has a known number of steps: a bar
// on a terminal, a line a step elsewhere.
type steps struct {
	out      io.Writer
	what     string
	bar      *progressbar.ProgressBar // nil where there is no terminal
	total, n int
}

func (a *app) steps(what string, total int) *steps {
	return &steps{out: a.stderr, what: what, bar: a.bar(what, total), total: total}
}

// did says that one more step is done.
func (s *steps) did(which string) {
	s.n++
	if s.bar != nil {
		_ = s.bar.Set(s.n) // a bar that cannot be drawn is no reason to stop
		return
	}
	fmt.Fprintf(s.out, "%s %d/%d: %s\n", s.what, s.n, s.total, which)
}

func (s *steps) done() {
	if s.bar != nil {
		_ = s.bar.Finish() // as above
	}
}
