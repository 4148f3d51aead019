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
	p := &progress{out: a.stderr, what: what, next: plainEvery}
	if f, ok := a.stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(-1, progressbar.OptionSetWriter(f), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	}
	return p
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
