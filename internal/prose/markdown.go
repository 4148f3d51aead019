package prose

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
	"golang.org/x/net/html"
	"golang.org/x/text/unicode/norm"
)

// markdown reads CommonMark with tables, strikethrough and bare addresses as
// links. Raw HTML is dropped by the renderer; Sanitise looks at the rest.
var markdown = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Linkify))
})

// Markdown returns the safe HTML of a commentary.
func Markdown(md string) string {
	var b bytes.Buffer
	if err := markdown().Convert([]byte(visible(md)), &b); err != nil {
		return Sanitise("<p>" + html.EscapeString(md) + "</p>")
	}
	return Sanitise(b.String())
}

// MarkdownText returns a commentary as plain text for text mails: paragraphs
// apart by an empty line, links as "words (https://…)", lists with "-" or
// their numbers, quotations with ">"; no pictures. Lines are not folded.
func MarkdownText(md string) string {
	src := []byte(visible(md))
	doc := markdown().Parser().Parse(text.NewReader(src))
	return norm.NFC.String(strings.TrimSpace(blocksText(doc, src, "\n\n")))
}

// blocksText joins the texts of the blocks in n.
func blocksText(n ast.Node, src []byte, gap string) string {
	var parts []string
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if s := blockText(c, src); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, gap)
}

func blockText(n ast.Node, src []byte) string {
	switch n := n.(type) {
	case *ast.Blockquote:
		return indent(blocksText(n, src, "\n\n"), "> ", "> ")
	case *ast.List:
		return listText(n, src)
	case *ast.ThematicBreak:
		return "* * *"
	case *ast.HTMLBlock:
		return ""
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		return strings.TrimRight(string(n.Lines().Value(src)), "\n")
	case *extast.Table:
		return blocksText(n, src, "\n")
	case *extast.TableHeader, *extast.TableRow:
		return blocksText(n, src, " | ")
	}
	return strings.TrimSpace(inlineText(n, src))
}

func listText(l *ast.List, src []byte) string {
	var items []string
	n := l.Start
	for c := l.FirstChild(); c != nil; c = c.NextSibling() {
		mark := "- "
		if l.IsOrdered() {
			mark = fmt.Sprintf("%d. ", n)
			n++
		}
		gap := "\n\n"
		if l.IsTight {
			gap = "\n"
		}
		items = append(items, indent(blocksText(c, src, gap), mark, strings.Repeat(" ", len(mark))))
	}
	if l.IsTight {
		return strings.Join(items, "\n")
	}
	return strings.Join(items, "\n\n")
}

// indent puts first before the first line of s and rest before the others.
func indent(s, first, rest string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		prefix := rest
		if i == 0 {
			prefix = first
		}
		lines[i] = strings.TrimRight(prefix+line, " ")
	}
	return strings.Join(lines, "\n")
}

func inlineText(n ast.Node, src []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			if c.IsRaw() {
				b.Write(c.Value(src))
			} else {
				b.WriteString(unescape(string(c.Value(src))))
			}
			switch {
			case c.HardLineBreak():
				b.WriteByte('\n')
			case c.SoftLineBreak():
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(c.Value)
		case *ast.RawHTML, *ast.Image:
		case *ast.AutoLink:
			b.Write(c.Label(src))
		case *ast.Link:
			b.WriteString(linkText(inlineText(c, src), string(c.Destination)))
		default:
			b.WriteString(inlineText(c, src))
		}
	}
	return b.String()
}

// unescape resolves entities and takes off the backslashes that kept a
// character from being markup; an escaped ampersand begins no entity.
func unescape(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			b.WriteString(html.UnescapeString(s))
			return b.String()
		}
		b.WriteString(html.UnescapeString(s[:i]))
		s = s[i+1:]
		if s != "" && util.IsPunct(s[0]) {
			b.WriteByte(s[0])
			s = s[1:]
		} else {
			b.WriteByte('\\')
		}
	}
}

// linkText writes a link so that paper could carry it; an address that may not
// be followed is left out, as Markdown leaves it out.
func linkText(words, dest string) string {
	to, ok := link(dest, nil)
	words = strings.TrimSpace(words)
	shown := strings.TrimPrefix(to, "mailto:")
	switch {
	case !ok:
		return words
	case words == "" || words == dest || words == shown:
		return shown
	}
	return words + " (" + shown + ")"
}

// RawHTML are the pieces of HTML in a Markdown text, which Markdown and
// MarkdownText leave out, each as it was written.
func RawHTML(md string) []string {
	src := []byte(visible(md))
	var out []string
	var look func(n ast.Node)
	look = func(n ast.Node) {
		switch n := n.(type) {
		case *ast.RawHTML:
			out = append(out, string(n.Segments.Value(src)))
		case *ast.HTMLBlock:
			block := string(n.Lines().Value(src))
			if n.HasClosure() {
				block += string(n.ClosureLine.Value(src))
			}
			out = append(out, strings.TrimSpace(block))
		}
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			look(c)
		}
	}
	look(markdown().Parser().Parse(text.NewReader(src)))
	return out
}
