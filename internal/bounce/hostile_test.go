package bounce

import (
	"fmt"
	"strings"
	"testing"
)

// hostile are messages made to cost much.
func hostile() map[string]string {
	const head = "From: mailer-daemon@relay.example\nTo: desk@news.example.org\nSubject: failure notice\n"
	report := head + "Content-Type: multipart/report; boundary=b\n\n--b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n"
	var deep, many, fields strings.Builder
	deep.WriteString(head)
	for i := range 20000 {
		fmt.Fprintf(&deep, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	many.WriteString(report)
	for i := range 60000 {
		fmt.Fprintf(&many, "Final-Recipient: rfc822; reader%d@reader.example\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 %s\n\n", i, strings.Repeat("sorry ", 5))
	}
	for i := range 200000 {
		fmt.Fprintf(&fields, "X-%d: y\n", i)
	}
	fill := func(s string) string { return strings.Repeat(s, maxMessage/len(s)) }
	return map[string]string{
		"deep": deep.String(), "many recipients": many.String(), "many fields": head + fields.String(),
		"one long field": head + "X-A: " + fill("a"), "folded field": head + "X-A:" + fill("\n a"), "nothing but at signs": head + "\n" + fill("@"),
		"addresses": head + "\n" + fill("a@b.example "), "address lines": head + "\n" + fill("<a@b.example>:\n"), "local part": head + "\n" + fill("a") + "@b.example", "domain": head + "\na@" + fill("b."),
		"boundaries": head + "Content-Type: multipart/mixed; boundary=b\n\n" + fill("--b\n"), "no boundary": head + "Content-Type: multipart/mixed\n\n" + fill("--bbbb\n"),
		"NULs": fill("\x00"), "blank lines": fill("\n"), "colons": fill(":"), "base64": head + "Content-Transfer-Encoding: base64\n\n" + fill("QUFB"), "html": head + "Content-Type: text/html\n\n" + fill("<p>a"), "open tag": head + "Content-Type: text/html\n\n" + fill("<a "),
		"prose in the report": report + fill("sorry\n"), "digits": head + "\n" + fill("5.1."), "words": head[:len(head)-1] + " " + fill("=?gb18030?B?/w==?= "), "escapes": report + "Final-Recipient: utf-8; " + fill(`\x{`),
		"wrong charset": head + "Content-Type: text/plain; charset=utf-16\n\n" + fill("\xff\xd8"), "empty": "", "only a header": head,
	}
}

// TestHostile: every message gets an answer within the bounds of its size. The
// time is not asserted; BenchmarkHostile shows it.
func TestHostile(t *testing.T) {
	t.Parallel()
	for name, m := range hostile() {
		rep, err := Read(strings.NewReader(m))
		if err != nil || rep.Kind == "" {
			t.Errorf("%s: %+v, %v", name, rep.Kind, err)
		}
		if len(rep.Recipients) > maxRecipients {
			t.Errorf("%s: %d recipients", name, len(rep.Recipients))
		}
		for _, r := range rep.Recipients {
			if r.Hard {
				t.Errorf("%s: a dead reader out of nothing: %+v", name, r)
				break
			}
		}
	}
}

func BenchmarkHostile(b *testing.B) {
	for name, m := range hostile() {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(strings.NewReader(m)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
