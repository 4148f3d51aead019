package prose_test

import (
	"slices"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/prose"
)

func TestMarkdown(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, md, html, text string }{
		{"plain", "We are *deeply* concerned.\nStill.", "<p>We are <em>deeply</em> concerned.\nStill.</p>", "We are deeply concerned. Still."},
		{"link", "[Read the letter](https://a.example/l?a=1&b=2)", `<p><a href="https://a.example/l?a=1&amp;b=2">Read the letter</a></p>`, "Read the letter (https://a.example/l?a=1&b=2)"},
		{"bare link", "See https://a.example/x.", `<p>See <a href="https://a.example/x">https://a.example/x</a>.</p>`, "See https://a.example/x."},
		{"script link", "[x](javascript:alert(1))", "<p>x</p>", "x"},
		{"mail", "<a@b.example>", `<p><a href="mailto:a@b.example">a@b.example</a></p>`, "a@b.example"},
		{"raw html", "a <script>alert(1)</script> <b>b</b>", "<p>a alert(1) b</p>", "a alert(1) b"},
		{"raw block", "<div onclick=x>y</div>\n\nz", "<p>z</p>", "z"},
		{"list", "- one\n- two\n  more", "<ul><li>one</li>\n<li>two\nmore</li>\n</ul>", "- one\n- two more"},
		{"numbers", "3. one\n4. two", "<ol start=\"3\"><li>one</li>\n<li>two</li>\n</ol>", "3. one\n4. two"},
		{"quote", "> one\n>\n> two", "<blockquote><p>one</p>\n<p>two</p>\n</blockquote>", "> one\n>\n> two"},
		{"image", "![alt](https://t.example/1.gif)", "", ""},
		{"entities", "AT&amp;T &copy;", "<p>AT&amp;T ©</p>", "AT&T ©"},
		{"table", "|a|b|\n|-|-|\n|1|2|", "<table><thead><tr><th>a</th>\n<th>b</th>\n</tr>\n</thead>\n\n\n<tbody><tr><td>1</td>\n<td>2</td>\n</tr>\n</tbody>\n</table>", "a | b\n1 | 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := prose.Markdown(tt.md); got != tt.html {
				t.Errorf("Markdown(%q)\n got %q\nwant %q", tt.md, got, tt.html)
			}
			if got := prose.MarkdownText(tt.md); got != tt.text {
				t.Errorf("MarkdownText(%q)\n got %q\nwant %q", tt.md, got, tt.text)
			}
		})
	}
}

func TestRawHTML(t *testing.T) {
	t.Parallel()
	for md, want := range map[string][]string{
		"Plain **bold**, 2 < 3 and `<b>`": nil,
		"a <b>bold</b> word":              {"<b>", "</b>"},
		"<div>\nwords\n</div>\n\nmore":    {"<div>\nwords\n</div>"},
		"<script>\nx\n</script>":          {"<script>\nx\n</script>"},
		"> quoted <br> line":              {"<br>"},
	} {
		if got := prose.RawHTML(md); !slices.Equal(got, want) {
			t.Errorf("RawHTML(%q) = %q, want %q", md, got, want)
		}
	}
}
