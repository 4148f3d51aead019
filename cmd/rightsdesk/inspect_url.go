package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/clean"
)

// urlJob is an address as `inspect url` takes it.
type urlJob struct {
	URL string `json:"url"`
}

type urlAnswer struct {
	Canonical string `json:"canonical"`
}

func (a *app) urlStage() stage {
	return stage{
		name:   "url",
		short:  "an address to the key by which we know its page",
		answer: inspectURL,
		file:   urlFile,
		print:  printURL,
	}
}

func inspectURL(_ context.Context, raw json.RawMessage) (any, error) {
	var job urlJob
	if err := json.Unmarshal(raw, &job); err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	canonical, err := clean.URL(job.URL)
	if err != nil {
		return nil, err
	}
	return urlAnswer{canonical}, nil
}

// urlFile takes an address as it is, else a file that holds one.
func urlFile(arg string) (json.RawMessage, error) {
	if strings.Contains(arg, "://") {
		return json.Marshal(urlJob{arg})
	}
	text, err := os.ReadFile(arg)
	if err != nil {
		return nil, err
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(text), []byte("\n"))
	return json.Marshal(urlJob{string(line)})
}

func printURL(w io.Writer, answer any) error {
	_, err := fmt.Fprintln(w, answer.(urlAnswer).Canonical)
	return err
}
