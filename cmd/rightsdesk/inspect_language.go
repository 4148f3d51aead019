package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/ifhhro/rightsdesk/internal/analyze"
)

// languageJob is a text as `inspect language` takes it.
type languageJob struct {
	Text     string `json:"text"`
	Declared string `json:"declared,omitempty"`
}

type languageAnswer struct {
	Language   string  `json:"language"`
	Confidence float64 `json:"confidence"`
	Script     string  `json:"script"`
	Dir        string  `json:"dir"`
}

func (a *app) languageStage() stage {
	return stage{
		name:   "language",
		short:  "which language a text is written in, and which way it runs",
		answer: inspectLanguage,
		file:   languageFile,
		print:  printLanguage,
	}
}

func inspectLanguage(_ context.Context, raw json.RawMessage) (any, error) {
	var job languageJob
	if err := json.Unmarshal(raw, &job); err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	l := analyze.DetectLanguage(job.Text, job.Declared)
	return languageAnswer{Language: l.Tag, Confidence: l.Confidence, Script: l.Script, Dir: l.Dir}, nil
}

func languageFile(path string) (json.RawMessage, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return json.Marshal(languageJob{Text: string(text)})
}

func printLanguage(w io.Writer, answer any) error {
	l := answer.(languageAnswer)
	_, err := fmt.Fprintf(w, "%s  %.2f  %s  %s\n", l.Language, l.Confidence, l.Script, l.Dir)
	return err
}
