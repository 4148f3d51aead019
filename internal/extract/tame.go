package extract

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Bounds on what is given to the tree builder. An honest page nests forty deep
// and has five thousand elements.
const (
	maxDepth      = 200
	maxFormatting = 24
	maxElements   = 30_000
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

// tame drops the start tags that would make a tree too deep, too wide or
// squared, and says whether it did. The words stay.
func tame(page string) (tamed string, dropped bool) {
	z := html.NewTokenizer(strings.NewReader(page))
	var out strings.Builder
	out.Grow(len(page))
	var stack []string
	open, elements := 0, 0
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return out.String(), dropped
		}
		raw := z.Raw()
		keep := true
		switch kind {
		case html.StartTagToken:
			raw = slices.Clone(raw)
			name, _ := z.TagName()
			n := string(name)
			elements++
			if voidElements[n] {
				keep = elements <= maxElements
				break
			}
			if len(stack) > 0 && repeats[n] && stack[len(stack)-1] == n {
				stack = stack[:len(stack)-1]
			}
			keep = len(stack) < maxDepth && elements <= maxElements && !(formatting[n] && open >= maxFormatting)
			if keep {
				stack = append(stack, n)
				if formatting[n] {
					open++
				}
			}
		case html.EndTagToken:
			raw = slices.Clone(raw)
			name, _ := z.TagName()
			n := string(name)
			if i := lastIndex(stack, n); i >= 0 {
				if formatting[n] {
					open = max(0, open-1)
				}
				stack = stack[:i]
			}
		}
		if keep {
			out.Write(raw)
		} else {
			out.WriteByte(' ')
			dropped = true
		}
	}
}

func lastIndex(stack []string, name string) int {
	for i := len(stack) - 1; i >= 0; i-- {
		if stack[i] == name {
			return i
		}
	}
	return -1
}
