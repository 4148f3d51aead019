package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/ifhhro/rightsdesk/internal/bounce"
)

// bounceJob names a file that holds one returned message.
type bounceJob struct {
	File string `json:"file"`
}

// bounceAnswer is a report as the contract prints it. What is unknown is
// absent.
type bounceAnswer struct {
	Kind              bounce.Kind       `json:"kind"`
	Recipients        []bounceRecipient `json:"recipients"`
	OriginalMessageID string            `json:"original_message_id,omitempty"`
}

type bounceRecipient struct {
	Address    string         `json:"address,omitempty"`
	Action     bounce.Action  `json:"action,omitempty"`
	Status     string         `json:"status,omitempty"`
	Code       int            `json:"code,omitempty"`
	Hard       bool           `json:"hard"`
	Verdict    bounce.Verdict `json:"verdict"`
	Diagnostic string         `json:"diagnostic,omitempty"`
}

func (a *app) bounceStage() stage {
	return stage{
		name:   "bounce",
		short:  "a returned message to what it says of whom",
		answer: inspectBounce,
		file:   bounceFile,
		print:  printBounce,
	}
}

func inspectBounce(_ context.Context, raw json.RawMessage) (any, error) {
	var job bounceJob
	if err := json.Unmarshal(raw, &job); err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	f, err := os.Open(job.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rep, err := bounce.Read(f)
	if err != nil {
		return nil, err
	}
	out := bounceAnswer{Kind: rep.Kind, Recipients: []bounceRecipient{}, OriginalMessageID: rep.OriginalMessageID}
	for _, r := range rep.Recipients {
		out.Recipients = append(out.Recipients, bounceRecipient(r))
	}
	return out, nil
}

func bounceFile(path string) (json.RawMessage, error) {
	return json.Marshal(bounceJob{path})
}

func printBounce(w io.Writer, answer any) error {
	out := answer.(bounceAnswer)
	if _, err := fmt.Fprintln(w, out.Kind); err != nil {
		return err
	}
	for _, r := range out.Recipients {
		final := "soft"
		if r.Hard {
			final = "hard"
		}
		_, err := fmt.Fprintf(w, "  %s  %s  %s  %s  %s\n    %s\n", cmp.Or(r.Address, "(nobody named)"), cmp.Or(string(r.Action), "-"), cmp.Or(r.Status, "-"), final, r.Verdict, r.Diagnostic)
		if err != nil {
			return err
		}
	}
	return nil
}
