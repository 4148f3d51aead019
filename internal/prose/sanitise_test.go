package prose_test

import (
	"testing"

	"github.com/ifhhro/rightsdesk/internal/prose"
)

func TestSanitise(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"text", "BMI < 18 & rising", "BMI &lt; 18 &amp; rising"},
		{"paragraphs", "<p>One<p>Two", "<p>One</p><p>Two</p>"},
		{"direction and language survive", `<p dir="RTL" lang="ar">حق <bdi>WHO</bdi></p>`, `<p dir="rtl" lang="ar">حق <bdi>WHO</bdi></p>`},
		{"table", `<table width=9><tr><td colspan=2 style="x">a<td>b</table>c`, `<table><tr><td colspan="2">a</td><td>b</td></tr></table>c`},
		{"table without rows", "<table>loose<td>b</table>", "<table><tr><td>loose</td><td>b</td></tr></table>"},
		{"cell without table", "<td>a</td>", "a"},
		{"nested table", "<table><tr><td>a<table><tr><td>b</table>c<td>d</table>", "<table><tr><td>a<table><tr><td>b</td></tr></table>c</td><td>d</td></tr></table>"},
		{"empty cells", "<table><tr><td></td><td>b</table>", "<table><tr><td></td><td>b</td></tr></table>"},
		{"list", "<ul><li>a<li>b<ul><li>c</ul><li>d</ul>", "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>"},
		{"text in list", "<ul>x<li>y</ul>", "<ul><li>x</li><li>y</li></ul>"},
		{"item without list", "<li>a<li>b", "<ul><li>a</li><li>b</li></ul>"},
		{"definitions", "<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"},
		{"headings and quotation", `<h2>T</h2><blockquote cite="https://a.example/">q</blockquote>`, `<h2>T</h2><blockquote cite="https://a.example/">q</blockquote>`},
		{"block in heading", "<h2>T<p>x", "<h2>T</h2><p>x</p>"},
		{"crossed", "<b>one<p>two</b>three", "<b>one<p>two</p></b>three"},
		{"inline end does not leave its cell", "<b><table><tr><td>x</b>y</table>z</b>", "<b><table><tr><td>xy</td></tr></table>z</b>"},
		{"script", "a<script>alert(1)</script>b", "ab"},
		{"unclosed script", "a<script>alert(1)<p>kept</p>", "a<p>kept</p>"},
		{"unclosed iframe", `<iframe src="javascript:alert(1)"><p>kept</p>`, "<p>kept</p>"},
		{"unclosed comment", "a<!-- x <p>kept</p>", "a<p>kept</p>"},
		{"svg", `<svg><text>label</text><script>x</script></svg>kept`, "kept"},
		{"unclosed svg", `<svg onload=alert(1)><p>kept`, "<p>kept</p>"},
		{"math", `<math><mtext>x</mtext></math>`, "x"},
		{"image", `a<img src="https://t.example/1.gif">b`, "a b"},
		{"link", `<a href="https://a.example/?a=1&amp;b=2" onclick="x" target=_blank>go</a>`, `<a href="https://a.example/?a=1&amp;b=2">go</a>`},
		{"script link", "<a href=\"java\nscript:alert(1)\">go</a>", "go"},
		{"relative link", `<a href="/x">go</a>`, "go"},
		{"scheme-less link", `<a href="//a.example/x">go</a>`, `<a href="https://a.example/x">go</a>`},
		{"credentials", `<a href="https://un.org@evil.example/">go</a>`, `<a href="https://evil.example/">go</a>`},
		{"mail", `<a href="mailto:a@b.example">w</a>`, `<a href="mailto:a@b.example">w</a>`},
		{"link in link", `<a href="https://a.example/">x<a href="https://b.example/">y</a>`, `<a href="https://a.example/">x</a><a href="https://b.example/">y</a>`},
		{"empty elements vanish", "<p><b></b></p><p> </p>x", "x"},
		{"cdata", "<![CDATA[<p>x</p>]]>", "<p>x</p>"},
		{"letter and accent meet", "e<x-y></x-y>\u0301", "é"},
		{"no character is joined to a tag", "<b>x</b>\u0338y", "<b>x</b>\u0338y"},
		{"hidden characters", "so\u00ADft\u200B \u202Ekcab", "soft kcab"},
		{"form", `<form action="/x"><input value=v><button>Go</button></form>`, "<div>Go </div>"},
		{"lone end of paragraph", "a</p>b", "a<br>b"},
		{"old pages", "<center><font size=7>x</font><strike>y</strike></center>", "<div>x<s>y</s></div>"},
		{"style", `<p style="background:url(//t.example)" class=x id=y>z</p>`, "<p>z</p>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := prose.Sanitise(tt.in)
			if got != tt.want {
				t.Errorf("Sanitise(%q)\n got %q\nwant %q", tt.in, got, tt.want)
			}
			if again := prose.Sanitise(got); again != got {
				t.Errorf("not idempotent: %q became %q", got, again)
			}
		})
	}
}

func TestSanitiseAt(t *testing.T) {
	t.Parallel()
	tests := []struct{ base, in, want string }{
		{"https://press.example/en/a", `<a href="b?x=1">y</a>`, `<a href="https://press.example/en/b?x=1">y</a>`},
		{"https://press.example/en/a", `<a href="/b">y</a><a href="//o.example/c">z</a>`, `<a href="https://press.example/b">y</a><a href="https://o.example/c">z</a>`},
		{"https://press.example/en/a", `<a href="#note1">1</a>`, "1"},
		{"https://press.example/en/a", `<a href="javascript:alert(1)">y</a>`, "y"},
		{"https://press.example/en/a", `<a href="https://o.example/c">y</a>`, `<a href="https://o.example/c">y</a>`},
		{"javascript:alert(1)", `<a href="b">y</a>`, "y"},
		{"", `<a href="b">y</a>`, "y"},
	}
	for _, tt := range tests {
		if got := prose.SanitiseAt(tt.in, tt.base); got != tt.want {
			t.Errorf("SanitiseAt(%q, %q) = %q, want %q", tt.in, tt.base, got, tt.want)
		}
	}
}
