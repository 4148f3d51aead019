package smtpout_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/smtpout"
)

func TestParseRelay(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{ // want: as printed; empty is an error
		{"smtp://relay.example", "smtp://relay.example:587"},
		{"smtps://relay.example", "smtps://relay.example:465"},
		{"smtp://desk:s3cret@relay.example:25", "smtp://desk@relay.example:25"},
		{"smtps://a%40b:s3cret@relay.example", "smtps://a%40b@relay.example:465"},
		{"smtp://[::1]:2525", "smtp://[::1]:2525"},
		{"smtp://relay.example?tls=none", "smtp://relay.example:587?tls=none"},
		{"smtp://desk:s3cret@127.0.0.1?tls=none", "smtp://desk@127.0.0.1:587?tls=none"},
		{"smtp://desk:s3cret@localhost:25?tls=none", "smtp://desk@localhost:25?tls=none"},
		{"smtp://desk:s3cret@relay.example?tls=none", ""},
		{"smtps://relay.example?tls=none", ""},
		{"smtp://relay.example?tls=maybe", ""},
		{"smtp://relay.example?x=1", ""},
		{"smtp://desk:s3cret@relay.example:99999", ""},
		{"smtp://desk:s3cret@relay.example:x", ""},
		{"smtp://desk:s3cret@", ""},
		{"smtp:desk:s3cret", ""},
		{"http://desk:s3cret@relay.example", ""},
		{"smtp://relay.example/path", ""},
		{"desk:s3cret@relay.example:25", ""},
		{"", ""},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			r, err := smtpout.ParseRelay(tt.in)
			if (err == nil) != (tt.want != "") {
				t.Fatalf("ParseRelay(%q) = %v, %v", tt.in, r, err)
			}
			if err != nil {
				if strings.Contains(err.Error(), "s3cret") {
					t.Errorf("the error shows the password: %v", err)
				}
				return
			}
			var b strings.Builder
			slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "relay", r)
			all := fmt.Sprintf("%v %+v %#v %s %q", r, r, r, r, r) + b.String()
			if r.String() != tt.want || strings.Contains(all, "s3cret") {
				t.Errorf("ParseRelay(%q) = %s; want %s", tt.in, all, tt.want)
			}
		})
	}
}
