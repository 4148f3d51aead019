package compose_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readThird is what the mail library of another language makes of the messages
// named on its command line, one JSON object a line.
const readThird = `
import email, email.policy, json, sys
for name in sys.argv[1:]:
    with open(name, "rb") as f:
        m = email.message_from_binary_file(f, policy=email.policy.default)
    parts = [p for p in m.walk() if not p.is_multipart()]
    print(json.dumps({
        "Defects": [str(d) for p in m.walk() for d in p.defects] + [str(d) for _, v in m.items() for d in v.defects],
        "Subject": m["subject"], "To": m["to"].addresses[0].addr_spec, "ID": m["message-id"],
        "Types": [p.get_content_type() for p in parts],
        "Bodies": [p.get_payload(decode=True).decode("utf-8").replace("\r\n", "\n") for p in parts]}))
`

// TestThirdParser: a mail library that shares nothing with ours reads every
// golden as the other two do, and finds no defect.
func TestThirdParser(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("left out: python3 is missing, a third parser of mails")
	}
	files, err := filepath.Glob(filepath.Join("testdata", "*.eml"))
	if err != nil || len(files) < 50 {
		t.Fatalf("%d goldens, %v", len(files), err)
	}
	out, err := exec.CommandContext(t.Context(), python, append([]string{"-c", readThird}, files...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for _, file := range files {
		var got struct {
			Defects, Types, Bodies []string
			Subject, To, ID        string
		}
		if err := dec.Decode(&got); err != nil {
			t.Fatal(err)
		}
		msg, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := readStd(t, msg)
		if len(got.Defects) > 0 {
			t.Errorf("%s: %v", file, got.Defects)
		}
		for i := range want.Bodies { // it reads lines, whatever ends them
			want.Bodies[i] = strings.ReplaceAll(want.Bodies[i], "\r\n", "\n")
		}
		theirs := reading{Subject: got.Subject, From: want.From, To: got.To, ID: got.ID, Date: want.Date, Types: got.Types, Bodies: got.Bodies}
		if diff := cmp.Diff(want, theirs); diff != "" {
			t.Errorf("%s is read differently (-ours +theirs):\n%s", file, diff)
		}
	}
}
