package prose_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ifhhro/rightsdesk/internal/prose"
)

func TestHTMLText(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"", ""},
		{"<p>One &amp;\n two</p><p>Three</p>", "One & two\n\nThree"},
		{"a<br>b<br><br>c", "a\nb\n\nc"},
		{"<ul><li>a</li><li>b</li></ul>c", "a\nb\n\nc"},
		{"<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc"},
		{"<style>x{}</style><script>y</script>z", "z"},
		{"<pre>a\n  b</pre>", "a\nb"},
		{"cafe\u0301", "café"},
		{"a&nbsp;b&lt;i&gt;", "a b<i>"},
		{"foo<b>bar</b>baz", "foobarbaz"},
	}
	for _, tt := range tests {
		if got := prose.HTMLText(tt.in); got != tt.want {
			t.Errorf("HTMLText(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"AT&amp;T <b>x</b>", "AT&T x"},
		{"AT&amp;amp;T", "AT&T"},
		{"&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;ok", "ok"},
		{"BMI < 18 and > 12", "BMI < 18 and > 12"},
		{"R&D at Q&A", "R&D at Q&A"},
		{"Letter by <Name> & <a.b@c.example>", "Letter by Name & a.b@c.example"},
		{" a\u00A0\u200Bb\n c ", "a b c"},
		{"so\u00ADft", "soft"},
		{"\u202Eevil\u202C", "evil"},
		{"می\u200Cخواهم", "می\u200Cخواهم"},
		{"<img src=x onerror=alert(1)", ""},
		{"x <3 y", "x <3 y"},
		{"&lt" + "\u037E" + "b>", "<b>"[3:]},
		{"[EN/AR] Title", "[EN/AR] Title"},
	}
	for _, tt := range tests {
		if got := prose.Line(tt.in); got != tt.want {
			t.Errorf("Line(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	family := "👩\u200D👩\u200D👧"
	tests := []struct {
		in    string
		limit int
		want  string
	}{
		{"abc", 3, "abc"},
		{"abc", 2, "ab"},
		{"abé", 3, "ab"},
		{"e\u0301e\u0301", 4, "e\u0301"},
		{"a" + family + "b", 10, "a"},
		{strings.Repeat("x", 2000) + family, 2004, strings.Repeat("x", 2000)},
	}
	for _, tt := range tests {
		got := prose.Cut(tt.in, tt.limit)
		if got != tt.want || !utf8.ValidString(got) {
			t.Errorf("Cut(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
		}
	}
}

func TestAsHTML(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		in     string
		isHTML bool
		want   string
	}{
		{"html", "<p>a &amp; b</p>", true, "<p>a &amp; b</p>"},
		{"escaped twice", "&lt;p&gt;a &amp;amp; b&lt;/p&gt;", true, "<p>a &amp; b</p>"},
		{"escaped twice inside one element", "<div>&lt;p&gt;a&lt;/p&gt;</div>", true, "<p>a</p>"},
		{"escaped three times", "&amp;lt;p&amp;gt;a&amp;lt;/p&amp;gt;", true, "&amp;lt;p&amp;gt;a&amp;lt;/p&amp;gt;"},
		{"a text about a tag", "<p>Use &lt;b&gt; and &lt;/b&gt; for bold</p>", true, "<p>Use &lt;b&gt; and &lt;/b&gt; for bold</p>"},
		{"a comparison", "BMI &lt; 18", true, "BMI &lt; 18"},
		{"text", "a < b & c", false, "a &lt; b &amp; c"},
		{"text in paragraphs", "one\n two\n\n\nthree", false, "<p>one\n two</p><p>three</p>"},
		{"mislabelled", "<p>a</p>", false, "<p>a</p>"},
	}
	for _, tt := range tests {
		if got := prose.AsHTML(tt.in, tt.isHTML); got != tt.want {
			t.Errorf("%s: AsHTML(%q, %v) = %q, want %q", tt.name, tt.in, tt.isHTML, got, tt.want)
		}
	}
}

func TestInline(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"<h1>One <i>two</i></h1><p>three</p>", "One <i>two</i> three"},
		{`<a href="https://a.example/">x</a> <b>y</b>`, "x <b>y</b>"},
		{`<bdi dir="rtl">حق</bdi>`, `<bdi dir="rtl">حق</bdi>`},
		{"a<br>b<hr>c", "a b c"},
	}
	for _, tt := range tests {
		if got := prose.Inline(tt.in); got != tt.want {
			t.Errorf("Inline(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
