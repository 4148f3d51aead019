package audience_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"plain", "dora@reader.example", "dora@reader.example"},
		{"blanks around", "  dora@reader.example\n", "dora@reader.example"},
		{"dots and tags are kept", "D.ora+news@reader.example", "D.ora+news@reader.example"},
		{"domain folds", "dora@Reader.EXAMPLE", "dora@reader.example"},
		{"international domain", "dora@bücher.example", "dora@xn--bcher-kva.example"},
		{"international name", "дора@reader.example", "дора@reader.example"},
		{"empty", "", ""},
		{"no at", "dora", ""},
		{"no name", "@reader.example", ""},
		{"no dot", "dora@localhost", ""},
		{"display name", "Dora <dora@reader.example>", ""},
		{"quoted", `"do ra"@reader.example`, ""},
		{"two dots", "do..ra@reader.example", ""},
		{"ends with a dot", "dora.@reader.example", ""},
		{"literal", "dora@[127.0.0.1]", ""},
		{"header injection", "dora@reader.example\r\nBcc: x@y.example", ""},
		{"inner blank", "do ra@reader.example", ""},
		{"comma", "a@reader.example,b@reader.example", ""},
		{"nul", "do\x00ra@reader.example", ""},
		{"bad label", "dora@-reader.example", ""},
		{"too long", strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 100) + "example", ""},
		{"long name", strings.Repeat("a", 65) + "@reader.example", ""},
		{"not utf-8", "d\xff@reader.example", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := audience.ParseAddress(tt.in)
			if got.Reveal() != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("ParseAddress(%q) = %q, %v; want %q", tt.in, got.Reveal(), err, tt.want)
			}
			if err != nil && (!errors.Is(err, news.ErrInvalid) || len(tt.in) > 4 && strings.Contains(err.Error(), tt.in)) {
				t.Errorf("error %q is not ErrInvalid or repeats the address", err)
			}
		})
	}
}

func TestAnAddressHidesFromEveryPrinter(t *testing.T) {
	t.Parallel()
	a, err := audience.ParseAddress("dora@reader.example")
	if err != nil {
		t.Fatal(err)
	}
	r := audience.Reader{Address: a}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", a)
		fmt.Fprintf(&out, verb+"\n", r)
		fmt.Fprintf(&out, verb+"\n", &r)
	}
	if err := json.NewEncoder(&out).Encode(r); err != nil {
		t.Fatal(err)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("x", "address", a, "reader", r, "pointer", &r)
	}
	if strings.Contains(out.String(), "dora") || strings.Contains(out.String(), "646f7261") {
		t.Errorf("the address shows:\n%s", out.String())
	}
}

func TestACopyKeepsTheBooks(t *testing.T) {
	t.Parallel()
	frozen := time.Date(2026, 11, 16, 7, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		at   time.Duration
		o    audience.Outcome
		want audience.CopyState
		next time.Duration // after the attempt; 0 = final
	}{
		{"taken", time.Minute, audience.Outcome{State: audience.Sent, Code: 250}, audience.Sent, 0},
		{"refused", time.Minute, audience.Outcome{State: audience.Refused, Code: 550}, audience.Refused, 0},
		{"put off", time.Minute, audience.Outcome{State: audience.Waiting, Code: 451}, audience.Waiting, time.Minute},
		{"put off until", time.Minute, audience.Outcome{State: audience.Waiting, After: time.Hour}, audience.Waiting, time.Hour},
		{"put off too long", 73 * time.Hour, audience.Outcome{State: audience.Waiting, Code: 451}, audience.GivenUp, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := audience.Copy{State: audience.Attempting, Attempts: 1, FirstTry: frozen}
			now := frozen.Add(tt.at)
			if err := c.Record(tt.o, now, 0); err != nil {
				t.Fatal(err)
			}
			var next time.Time
			if tt.next != 0 {
				next = now.Add(tt.next)
			}
			if c.State != tt.want || !c.NextTry.Equal(next) || c.State.Final() == c.Settled.IsZero() {
				t.Errorf("state %s, next %v, settled %v; want %s, %v", c.State, c.NextTry, c.Settled, tt.want, next)
			}
		})
	}
	idle := audience.Copy{State: audience.Waiting}
	if err := idle.Record(audience.Outcome{State: audience.Sent}, frozen, 0); !errors.Is(err, news.ErrConflict) {
		t.Errorf("recording a copy nobody attempts: %v, want ErrConflict", err)
	}
}

func TestTheLifeOfAReader(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 16, 7, 0, 0, 0, time.UTC)
	r := audience.Reader{State: audience.Pending, Consent: audience.Consent{Asked: now}}
	if err := r.Confirm(now.Add(73 * time.Hour)); !errors.Is(err, news.ErrConflict) {
		t.Errorf("confirming after 73 hours: %v, want ErrConflict", err)
	}
	for range 2 {
		if err := r.Confirm(now.Add(time.Hour)); err != nil || r.State != audience.Active {
			t.Fatalf("Confirm: %v, %s", err, r.State)
		}
	}
	for range 2 {
		r.Unsubscribe(now.Add(2 * time.Hour))
		if r.State != audience.Left {
			t.Fatalf("after Unsubscribe: %s", r.State)
		}
	}
	if err := r.Confirm(now.Add(3 * time.Hour)); !errors.Is(err, news.ErrConflict) {
		t.Errorf("an old link brings back somebody who left: %v", err)
	}
	if !r.Ask(audience.Preferences{Language: "en", Format: audience.FormatText}, "v1", now) || r.State != audience.Pending {
		t.Errorf("asking again after leaving: %s", r.State)
	}
	dead := audience.Reader{State: audience.Suppressed}
	if dead.Ask(audience.Preferences{}, "v1", now) || dead.State != audience.Suppressed {
		t.Error("asking revived a suppressed address")
	}
}
