package prose

import "testing"

func TestEscapeMarkdown(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"", ""},
		{"Plain words, with a full stop.", "Plain words, with a full stop."},
		{"2 * 3 * 4", `2 \* 3 \* 4`},
		{"a_file_name and _this_", `a_file_name and \_this\_`},
		{"[EN/RU] <b>x</b> `code`", "\\[EN/RU\\] \\<b>x\\</b> \\`code\\`"},
		{"# not a heading", `\# not a heading`},
		{"- not a list\n1. nor this\n2020. nor that", "\\- not a list\n1\\. nor this\n2020\\. nor that"},
		{"1.5 million", "1.5 million"},
		{"> no quotation", `\> no quotation`},
		{"a line\n===", "a line\n\\==="},
		{"AT&T, Q & A, &amp; and &#60;", `AT\&T, Q & A, \&amp; and \&#60;`},
		{"    no code", "no code"},
		{"one\n\ntwo", "one\n\ntwo"},
		{`back\slash`, `back\\slash`},
		{"a|b\n-|-", "a\\|b\n\\-\\|-"},
	}
	for _, tt := range tests {
		if got := EscapeMarkdown(tt.in); got != tt.want {
			t.Errorf("EscapeMarkdown(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// TestEscapedTextReadsAsItself: what was escaped comes out of Markdown as the
// text it was.
func TestEscapedTextReadsAsItself(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"Plain words.", "2 * 3 * 4", "a_file_name and _this_ and __that__", "[EN/RU] <b>x</b> `code`", "# not a heading", "- not a list",
		"1. nor this", "> no quotation", "AT&T, Q&A, &amp; and &#60;", `back\slash \* twice`, "*bold* and ~~gone~~", "one\n\ntwo",
		"![a picture](https://x.example/a.png)", "a | b", "***", "---", "+ plus", "العربية *نص*", "中文_文字_",
	} {
		if got := MarkdownText(EscapeMarkdown(in)); got != in {
			t.Errorf("%q comes back as %q (escaped %q)", in, got, EscapeMarkdown(in))
		}
	}
}
