package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// A stage is one station of the line that can be looked at alone, with no
// network and no database.
type stage struct {
	name, short string
	// answer does one job and returns a struct or map whose JSON is the
	// contract's answer, without ref and ok. An error is an answer too.
	answer func(ctx context.Context, job json.RawMessage) (any, error)
	// file turns a file named on the command line into a job.
	file func(path string) (json.RawMessage, error)
	// print shows an answer to a person; nil prints indented JSON.
	print func(w io.Writer, answer any) error
	// all, where set, answers the whole input at once instead of job by job
	// (stories are a set). It emits one answer with its ref for each item.
	all func(ctx context.Context, jobs []json.RawMessage, emit func(ref, answer any, err error)) error
}

func (a *app) inspectCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "inspect",
		Short: "look at one station alone: no network, no database",
		Long: "inspect STAGE FILE… prints for a person. With --batch --json it reads one JSON job a line on\n" +
			"stdin and prints one JSON answer a line; an error is an answer, and the exit code is 0.\n" + exitHelp,
	}
	for _, s := range a.stages() {
		c.AddCommand(a.stageCommand(s))
	}
	return c
}

// stages lists the stations, in the order of the line.
func (a *app) stages() []stage {
	return []stage{a.feedStage(), a.pageStage(), a.urlStage(), a.languageStage(), a.topicsStage(), a.bounceStage()}
}

func (a *app) stageCommand(s stage) *cobra.Command {
	var batch, asJSON bool
	c := &cobra.Command{
		Use:   s.name + " FILE…",
		Short: s.short,
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case batch:
				return a.inspectBatch(cmd.Context(), s)
			case len(args) == 0:
				return usageError("rightsdesk inspect "+s.name+" FILE, or --batch with jobs on stdin", "inspect %s needs something to look at", s.name)
			}
			return a.inspectFiles(cmd.Context(), s, args, asJSON)
		},
	}
	c.Flags().BoolVar(&batch, "batch", false, "read one JSON job a line on stdin, print one JSON answer a line")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// A longAnswer writes its line piece by piece, so that a long one is never in
// memory as a whole.
type longAnswer interface {
	stream(w io.Writer, ref any) error
}

// batchMemory is where the garbage collector begins to work harder, in bytes.
const batchMemory = 120 << 20

// maxJob bounds one line of input: a body of 25 MiB may travel inside a job.
const maxJob = 64 << 20

func (a *app) inspectBatch(ctx context.Context, s stage) error {
	out := bufio.NewWriter(a.stdout)
	defer out.Flush()
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	// Memory is given back between big documents instead of being kept for the
	// next one.
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(batchMemory))
	emit := func(ref, answer any, err error) {
		if long, ok := answer.(longAnswer); ok && err == nil {
			_ = long.stream(out, ref) // stdout gone: the next write says so
			return
		}
		encodeAnswer(enc, ref, answer, err)
	}
	if s.all != nil {
		var jobs []json.RawMessage
		err := eachLine(a.stdin, func(line []byte, lineErr error) {
			if lineErr != nil {
				emit(nil, nil, lineErr)
				return
			}
			jobs = append(jobs, bytes.Clone(line))
		})
		if err != nil {
			return fmt.Errorf("read jobs: %w", err)
		}
		return s.all(ctx, jobs, emit)
	}
	err := eachLine(a.stdin, func(line []byte, lineErr error) {
		if lineErr != nil {
			emit(nil, nil, lineErr)
		} else {
			answer, err := safely(ctx, s, line)
			emit(refOf(line), answer, err)
		}
		out.Flush()
	})
	if err != nil {
		return fmt.Errorf("read jobs: %w", err)
	}
	return nil
}

// safely answers one job; a fault of ours in one job must not take the others
// with it.
func safely(ctx context.Context, s stage, job json.RawMessage) (answer any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal fault: %v (please report this input)", p)
			if os.Getenv("RIGHTSDESK_TRACE") != "" {
				fmt.Fprintf(os.Stderr, "%s\n", debug.Stack())
			}
		}
	}()
	return s.answer(ctx, job)
}

func refOf(job []byte) any {
	var r struct {
		Ref json.RawMessage `json:"ref"`
	}
	if json.Unmarshal(job, &r) != nil || r.Ref == nil {
		return nil
	}
	return r.Ref
}

// encodeAnswer writes {"ref":…,"ok":true, …answer} or {"ref":…,"ok":false,"error":…}.
func encodeAnswer(enc *json.Encoder, ref, answer any, err error) {
	if err != nil {
		_ = enc.Encode(struct { // stdout gone: the next write says so
			Ref   any    `json:"ref"`
			OK    bool   `json:"ok"`
			Error string `json:"error"`
		}{ref, false, err.Error()})
		return
	}
	body, mErr := marshal(answer)
	if mErr != nil {
		encodeAnswer(enc, ref, nil, fmt.Errorf("internal fault: %w", mErr))
		return
	}
	head, _ := marshal(struct {
		Ref any  `json:"ref"`
		OK  bool `json:"ok"`
	}{ref, true})
	line := head
	if len(body) > 2 {
		line = append(append(head[:len(head)-1:len(head)-1], ','), body[1:]...)
	}
	_ = enc.Encode(json.RawMessage(line))
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// eachLine calls do with every line that is not blank; a line over maxJob is
// skipped and reported, not fatal.
func eachLine(r io.Reader, do func(line []byte, err error)) error {
	br := bufio.NewReaderSize(r, 1<<16)
	var line []byte
	over := false
	for {
		chunk, err := br.ReadSlice('\n')
		if len(line)+len(chunk) > maxJob {
			over, line = true, line[:0]
		}
		if !over {
			line = append(line, chunk...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if text := bytes.TrimSpace(line); over {
			do(nil, fmt.Errorf("a job is longer than %d MiB", maxJob>>20))
		} else if len(text) > 0 {
			do(text, nil)
		}
		line, over = line[:0], false
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (a *app) inspectFiles(ctx context.Context, s stage, paths []string, asJSON bool) error {
	for _, path := range paths {
		job, err := s.file(path)
		if err != nil {
			return err
		}
		answer, err := s.answer(ctx, job)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if asJSON || s.print == nil {
			enc := json.NewEncoder(a.stdout)
			enc.SetEscapeHTML(false)
			if !asJSON {
				enc.SetIndent("", "  ")
			}
			if err := enc.Encode(answer); err != nil {
				return err
			}
			continue
		}
		if err := s.print(a.stdout, answer); err != nil {
			return err
		}
	}
	return nil
}
