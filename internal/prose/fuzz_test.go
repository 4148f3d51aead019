package prose_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/ifhhro/rightsdesk/internal/prose"
)

// alive finds in HTML what a browser would run, load or follow out of line. It
// is written without looking at the allow-list: it knows what is dangerous.
func alive(fragment string) string {
	nodes, err := html.ParseFragment(strings.NewReader(fragment), nil)
	if err != nil {
		return err.Error()
	}
	for _, n := range nodes {
		for d := range n.Descendants() {
			if d.Type != html.ElementNode {
				continue
			}
			if dangerous.MatchString(d.Data) || d.Namespace != "" {
				return "<" + d.Data + ">"
			}
			for _, a := range d.Attr {
				if loads.MatchString(a.Key) || strings.HasPrefix(a.Key, "on") {
					return d.Data + "@" + a.Key
				}
				if (a.Key == "href" || a.Key == "cite") && !harmless.MatchString(a.Val) {
					return d.Data + "@" + a.Key + "=" + a.Val
				}
			}
		}
	}
	return ""
}

var (
	dangerous = regexp.MustCompile(`^(script|style|iframe|frame|frameset|object|embed|applet|svg|math|form|input|button|select|textarea|img|image|video|audio|source|track|picture|link|meta|base|template|marquee|isindex|details|dialog|portal|noscript|title|plaintext|xmp|keygen|slot)$`)
	loads     = regexp.MustCompile(`^(style|src|srcset|srcdoc|background|poster|data|action|formaction|ping|xlink:href|xml:base|id|name|class|target|manifest|codebase|usemap|is|part|slot|tabindex|accesskey|autofocus|contenteditable)$`)
	harmless  = regexp.MustCompile(`^(https?://[^/]|mailto:[^?]*@)`)
)

// TestAliveFindsThings keeps the witness honest.
func TestAliveFindsThings(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"<script>x</script>", "<p onclick=x>", `<a href="javascript:x">y</a>`, "<img src=x>", "<svg>", `<p style="x">`, `<a href="/x">y</a>`} {
		if alive(s) == "" {
			t.Errorf("%q passes for dead", s)
		}
	}
	if a := alive(`<p dir="rtl"><a href="https://a.example/">x</a></p>`); a != "" {
		t.Error(a)
	}
}

func checkSafe(t *testing.T, in string) {
	t.Helper()
	for name, f := range map[string]func(string) string{"Sanitise": prose.Sanitise, "Inline": prose.Inline} {
		out := f(in)
		if a := alive(out); a != "" {
			t.Errorf("%s(%q) = %q is alive: %s", name, in, out, a)
		}
		if again := f(out); again != out {
			t.Errorf("%s(%q) = %q, of which it makes %q", name, in, out, again)
		}
		if !utf8.ValidString(out) {
			t.Errorf("%s(%q) is not UTF-8", name, in)
		}
	}
	for name, f := range map[string]func(string) string{"Text": prose.Text, "Line": prose.Line} {
		out := f(in)
		if tag.MatchString(out) {
			t.Errorf("%s(%q) = %q holds a tag", name, in, out)
		}
		if again := f(out); again != out {
			t.Errorf("%s(%q) = %q, of which it makes %q", name, in, out, again)
		}
	}
	if a := alive(prose.Markdown(in)); a != "" {
		t.Errorf("Markdown(%q) is alive: %s", in, a)
	}
	if out := prose.HTMLText(in); !utf8.ValidString(out) {
		t.Errorf("HTMLText(%q) is not UTF-8", in)
	}
	prose.MarkdownText(in)
	prose.AsHTML(in, false)
	prose.AsHTML(in, true)
}

var tag = regexp.MustCompile(`<[a-zA-Z/!?]`)

func FuzzSafe(f *testing.F) {
	for _, s := range []string{
		"<p>One<p>Two", "<table>x<td>y<table>", "<ul>x<li>y<ol>", "<b><p></b>x<i></p>", "<a href=//a.example/x>y<a href=z>", "<svg><p>x</svg>", "<math><mtext><table><mglyph><style><img src=x onerror=y>",
		"<!-- x --!> <p>", "<![CDATA[<b>]]>", "<script><!--<script>x</script>", "&lt;b&gt;x&lt;/b&gt;", "<dl><dt>a<dd>b<p>c", "<h1>a<h2>b", "e<x></x>\u0301", "<b>\u0338", "<pre>\n a</pre>", "[x](javascript:y) *a* `b`",
		"<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<textarea><b>", "<select><option>a", "<td><tr></table>", "<q cite=x>y", "<a href=\"https://a@b.example/ c\">d</a>", "<ol start=3 type=a reversed><li value=2>x",
	} {
		f.Add(s)
	}
	f.Fuzz(checkSafe)
}

func BenchmarkSanitise(b *testing.B) {
	page := strings.Repeat(`<p class="x">Nurses were <b>detained</b> in <a href="https://press.example/a?b=1&amp;c=2" target="_blank">the town</a>.</p><ul><li>one</li><li>two</li></ul><img src="x">`, 25)
	nested := strings.Repeat("<div><b>", 30_000)
	for _, bm := range []struct{ name, in string }{{"page5KB", page}, {"page50KB", strings.Repeat(page, 10)}, {"nested240KB", nested}} {
		b.Run(bm.name, func(b *testing.B) {
			b.SetBytes(int64(len(bm.in)))
			for b.Loop() {
				prose.Sanitise(bm.in)
			}
		})
	}
}
