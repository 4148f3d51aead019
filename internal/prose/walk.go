package prose

import (
	"bytes"
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// A visitor is told what stands in a fragment, in order: words with their
// entities decoded and the tags around them, in lower case. At a start tag z
// stands at its attributes, if there are any.
type visitor interface {
	words(s string)
	start(name string, z *html.Tokenizer, attrs bool)
	end(name string)
}

// maxRereads bounds how often the rest of a fragment is read again after an
// element that swallowed it.
const maxRereads = 16

// walk reads a fragment as a browser does with scripts off, with two
// differences for the sake of texts that were cut or mangled on their way: an
// element that takes everything up to its end tag and has none takes only the
// words up to the next tag, and CDATA marks are not there.
func walk(fragment string, v visitor) {
	if strings.Contains(fragment, "<![CDATA[") {
		fragment = strings.NewReplacer("<![CDATA[", "", "]]>", "").Replace(fragment)
	}
	for range maxRereads {
		if fragment = walkOnce(fragment, v); fragment == "" {
			return
		}
	}
}

// walkOnce returns what has to be read again.
func walkOnce(fragment string, v visitor) (rest string) {
	z := html.NewTokenizer(strings.NewReader(fragment))
	foreign := 0 // depth of svg, whose words are labels in a picture
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.TextToken:
			if foreign == 0 {
				v.words(html.UnescapeString(string(z.Raw())))
			}
		case html.CommentToken:
			if raw := z.Raw(); bytes.HasPrefix(raw, []byte("<!--")) && !commentEnd.Match(raw) {
				return fromNextTag(string(raw[4:]))
			}
		case html.SelfClosingTagToken:
			name, attrs := z.TagName()
			if n := string(name); foreign == 0 && n != "svg" && !swallows[n] {
				v.start(n, z, attrs)
			}
		case html.StartTagToken:
			name, attrs := z.TagName()
			n := string(name)
			if n == "svg" || foreign > 0 && !leavesPicture[n] {
				if n == "svg" {
					foreign++
				}
				continue
			}
			foreign = 0
			if swallows[n] {
				if rest, closed := swallowed(z); !closed {
					return fromNextTag(rest)
				}
				continue
			}
			v.start(n, z, attrs)
			z.NextIsNotRawText() // textarea, noscript, iframe: what is in them is ours to read
		case html.EndTagToken:
			name, _ := z.TagName()
			n := string(name)
			if foreign > 0 {
				if n == "svg" {
					foreign--
				}
				continue
			}
			v.end(n)
		}
	}
}

// swallows are elements whose content is no markup and no text for a reader.
var swallows = map[string]bool{
	"script": true, "style": true, "title": true,
}

// swallowed reads to the end tag of such an element. Without one it returns
// all that was left.
func swallowed(z *html.Tokenizer) (rest string, closed bool) {
	switch z.Next() {
	case html.EndTagToken:
		return "", true
	case html.TextToken:
		rest = string(z.Raw())
		return rest, z.Next() == html.EndTagToken
	}
	return "", false
}

// leavesPicture are the tags at which a browser knows that somebody forgot to
// close an svg.
var leavesPicture = map[string]bool{
	"b": true, "big": true, "blockquote": true, "body": true, "br": true, "center": true, "code": true, "dd": true,
	"div": true, "dl": true, "dt": true, "em": true, "embed": true, "h1": true, "h2": true, "h3": true, "h4": true,
	"h5": true, "h6": true, "head": true, "hr": true, "i": true, "img": true, "li": true, "listing": true, "menu": true,
	"meta": true, "nobr": true, "ol": true, "p": true, "pre": true, "ruby": true, "s": true, "small": true, "span": true,
	"strong": true, "strike": true, "sub": true, "sup": true, "table": true, "tt": true, "u": true, "ul": true, "var": true,
}

var commentEnd = regexp.MustCompile(`(--!?|^<!-?-?)>$`)

var anyTag = regexp.MustCompile(`</?[a-zA-Z]`)

func fromNextTag(s string) string {
	if at := anyTag.FindStringIndex(s); at != nil {
		return s[at[0]:]
	}
	return ""
}
