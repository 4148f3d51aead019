package smtpout

import (
	"bufio"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadReply(t *testing.T) {
	t.Parallel()
	const to = "Jan.Jansen@mail.example"
	tests := []struct {
		name, in string
		want     Reply
	}{
		{"plain", "250 ok\r\n", Reply{Rcpt, 250, "", "ok"}},
		{"code alone", "250\r\n", Reply{Rcpt, 250, "", ""}},
		{"enhanced", "550 5.1.1 unknown\r\n", Reply{Rcpt, 550, "5.1.1", "unknown"}},
		{"enhanced alone", "550 5.1.1\r\n", Reply{Rcpt, 550, "5.1.1", ""}},
		{"another class", "550 4.1.1 odd\r\n", Reply{Rcpt, 550, "", "odd"}},
		{"lines", "550-5.1.1 one\r\n550-5.1.1 two\r\n550 5.1.1 three\r\n", Reply{Rcpt, 550, "5.1.1", "one two three"}},
		{"lf only", "450 4.2.0 later\n", Reply{Rcpt, 450, "4.2.0", "later"}},
		{"its address", "550 <Jan.Jansen@mail.example>: unknown\r\n", Reply{Rcpt, 550, "", "<[address]>: unknown"}},
		{"in another case", "550 JAN.JANSEN@MAIL.EXAMPLE unknown\r\n", Reply{Rcpt, 550, "", "[address] unknown"}},
		{"its name", "550 user jan.jansen: unknown\r\n", Reply{Rcpt, 550, "", "user [address]: unknown"}},
		{"another address", "550 forwarded to piet@home.example failed\r\n", Reply{Rcpt, 550, "", "forwarded to [address] failed"}},
		{"verp", "550 bounce+piet=home.example@us.example\r\n", Reply{Rcpt, 550, "", "[address]"}},
		{"percent", "550 see https://x.example/?a=piet%40home.example now\r\n", Reply{Rcpt, 550, "", "see https:[address] now"}},
		{"control characters", "550 \x1b[31mred\x07 \u202eevil\r\n", Reply{Rcpt, 550, "", `\x1b[31mred\a \u202eevil`}},
		{"not utf-8", "550 \xff\xfe no\r\n", Reply{Rcpt, 550, "", "\ufffd no"}},
		{"long", "550 " + strings.Repeat("é", 900) + "\r\n", Reply{Rcpt, 550, "", strings.Repeat("é", 499) + "…"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, err := readAnswer(bufio.NewReaderSize(strings.NewReader(tt.in), 64))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, a.reply(Rcpt, to)); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, bad := range []string{"", "25", "hello\r\n", "650 what\r\n", "250?ok\r\n", "250-a\r\n251 b\r\n", "250-a\r\n", "250 no end"} {
		if a, err := readAnswer(bufio.NewReader(strings.NewReader(bad))); err == nil {
			t.Errorf("readAnswer(%q) = %+v, want an error", bad, a)
		}
	}
}

func TestStuffed(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a\r\n": "a\r\n", ".\r\n": "..\r\n", "a\r\n.\r\n": "a\r\n..\r\n", "..a\r\n.b\r\nc.\r\n": "...a\r\n..b\r\nc.\r\n", "\r\n.\r\n.\r\n": "\r\n..\r\n..\r\n",
	} {
		if got := string(stuffed(nil, []byte(in))); got != want {
			t.Errorf("stuffed(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzReadAnswer(f *testing.F) {
	f.Add("250-a\r\n250 b\r\n", "a@b.example")
	f.Add("550 5.1.1 <a@b.example>\x1b\r\n", "a@b.example")
	f.Fuzz(func(t *testing.T, in, to string) {
		a, err := readAnswer(bufio.NewReader(strings.NewReader(in)))
		if err != nil {
			return
		}
		r := a.reply(Rcpt, to)
		if strings.ContainsAny(r.Text, "\r\n\x00\x1b") || len([]rune(r.Text)) > maxReplyText {
			t.Errorf("reply text %q", r.Text)
		}
	})
}
