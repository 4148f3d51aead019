package extract

import (
	"strings"

	"golang.org/x/net/html"
)

// Bounds on what is given to the tree builder. An honest page nests forty deep
// and has five thousand elements.
const (
	maxDepth      = 100
	maxFormatting = 24
	maxTables     = 6 // inside one another
	maxElements   = 20_000
)

// formatting are elements that the HTML algorithm opens again in every
// paragraph after an author forgot to close them, which squares the tree.
var formatting = map[string]bool{
	"a": true, "b": true, "big": true, "code": true, "em": true, "font": true, "i": true, "nobr": true, "s": true,
	"small": true, "strike": true, "strong": true, "tt": true, "u": true,
}

var voidElements = map[string]bool{
	"area": true, "base": true, "br": true, "col": true, "embed": true, "hr": true, "img": true, "input": true,
	"link": true, "meta": true, "param": true, "source": true, "track": true, "wbr": true, "frame": true,
}

// repeats are elements of which a new one ends the one before.
var repeats = map[string]bool{"p": true, "li": true, "td": true, "th": true, "tr": true, "dt": true, "dd": true, "option": true}

// tame drops the tags that would make a tree too deep, too wide or squared, and
// says whether it did. The words stay.
func tame(page string) (tamed string, dropped bool) {
	z := html.NewTokenizer(strings.NewReader(page))
	var t tamer
	t.out.Grow(len(page))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return t.out.String(), t.dropped
		case html.StartTagToken, html.EndTagToken:
			raw := string(z.Raw())
			name, _ := z.TagName()
			switch {
			case kind == html.EndTagToken && !t.end(string(name)):
				t.blank()
			case kind == html.StartTagToken && !t.start(string(name)):
				t.dropped = true
				t.blank()
			default:
				t.write(raw)
			}
		default:
			t.write(string(z.Raw()))
		}
	}
}

// A tamer knows what is open, as far as start and end tags tell.
type tamer struct {
	out                          strings.Builder
	gap                          bool // the last thing written was a blank in place of a tag
	dropped                      bool
	stack                        []string
	elements, formatting, tables int
}

func (t *tamer) write(s string) {
	t.out.WriteString(s)
	t.gap = false
}

// blank parts the words that a tag parted.
func (t *tamer) blank() {
	if !t.gap {
		t.out.WriteByte(' ')
		t.gap = true
	}
}

// start reports whether an element may be opened, and opens it.
func (t *tamer) start(name string) bool {
	if t.elements >= maxElements {
		return false
	}
	if voidElements[name] {
		t.elements++
		return true
	}
	if n := len(t.stack); n > 0 && repeats[name] && t.stack[n-1] == name {
		t.stack = t.stack[:n-1]
	}
	if len(t.stack) >= maxDepth || formatting[name] && t.formatting >= maxFormatting || name == "table" && t.tables >= maxTables {
		return false
	}
	t.elements++
	t.stack = append(t.stack, name)
	if formatting[name] {
		t.formatting++
	}
	if name == "table" {
		t.tables++
	}
	return true
}

// end closes an element. An end tag without its start makes no element, but
// for </p> and </br>.
func (t *tamer) end(name string) bool {
	i := len(t.stack) - 1
	for i >= 0 && t.stack[i] != name {
		i--
	}
	if i < 0 {
		return name != "p" && name != "br"
	}
	if formatting[name] {
		t.formatting--
	}
	for _, closed := range t.stack[i:] {
		if closed == "table" {
			t.tables--
		}
	}
	t.stack = t.stack[:i]
	return true
}
