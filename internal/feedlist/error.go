package feedlist

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// An Error is one mistake in a source list and where it stands. It wraps
// news.ErrInvalid.
type Error struct {
	File    string
	Line    int // from 1
	Column  int // from 1, in characters
	Problem string
	Excerpt string // the line, the two before it and a pointer; ends in a line break
}

// Error is "feeds.yaml:12:5: problem" and the excerpt under it.
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s\n%s", e.File, e.Line, e.Column, e.Problem, strings.TrimRight(e.Excerpt, "\n"))
}

// Unwrap makes it an ErrInvalid.
func (e *Error) Unwrap() error { return news.ErrInvalid }

// A document is a file being read, able to say where a mistake stands.
type document struct {
	name string
	data []byte
	tree *ast.File
}

// fromYAML places an error of the YAML reader.
func (d *document) fromYAML(err error) error {
	var y yaml.Error
	if !errors.As(err, &y) {
		return d.at(1, 1, err.Error())
	}
	return d.atToken(y.GetToken(), plain(y.GetMessage()))
}

// plain says the commonest decoder messages without Go's words.
func plain(msg string) string {
	const into = "cannot unmarshal "
	if rest, ok := strings.CutPrefix(msg, into); ok {
		from, to, _ := strings.Cut(rest, " into Go ")
		switch {
		case strings.HasSuffix(to, "of type string"):
			return "text is wanted here, not " + article(from)
		case strings.HasSuffix(to, "of type int"):
			return "a number is wanted here, not " + article(from)
		}
	}
	return msg
}

func article(goType string) string {
	switch {
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	case strings.HasPrefix(goType, "map"):
		return "a group of keys"
	case strings.Contains(goType, "int"), strings.Contains(goType, "float"):
		return "a number (put it in quotes)"
	case goType == "bool":
		return "yes or no (put it in quotes)"
	}
	return goType
}

// field places a *news.FieldError of the entry at path.
func (d *document) field(path string, err error) error {
	var f *news.FieldError
	if !errors.As(err, &f) {
		return d.atPath(path, err.Error())
	}
	for _, p := range []string{path + "." + f.Field, path + ".slug", path + ".name", path} {
		if node := d.find(p); node != nil {
			return d.atNode(node, f.Error())
		}
	}
	return d.at(1, 1, f.Error())
}

func (d *document) find(path string) ast.Node {
	p, err := yaml.PathString(path)
	if err != nil {
		return nil
	}
	node, err := p.FilterFile(d.tree)
	if err != nil {
		return nil
	}
	return node
}

func (d *document) atPath(path, problem string) error {
	if node := d.find(path); node != nil {
		return d.atNode(node, problem)
	}
	return d.at(1, 1, problem)
}

func (d *document) atNode(node ast.Node, problem string) error {
	if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 {
		node = m.Values[0].Key
	}
	return d.atToken(node.GetToken(), problem)
}

func (d *document) atToken(t *token.Token, problem string) error {
	if t == nil || t.Position == nil {
		return d.at(1, 1, problem)
	}
	return d.at(t.Position.Line, t.Position.Column, problem)
}

// at makes the error with its excerpt.
func (d *document) at(line, column int, problem string) error {
	return &Error{File: d.name, Line: line, Column: column, Problem: problem, Excerpt: d.excerpt(line, column)}
}

func (d *document) excerpt(line, column int) string {
	lines := strings.Split(strings.ReplaceAll(string(d.data), "\r\n", "\n"), "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	var b strings.Builder
	for n := max(1, line-2); n <= line; n++ {
		mark := ' '
		if n == line {
			mark = '>'
		}
		text, _ := shown(lines[n-1], 0)
		fmt.Fprintf(&b, "%c %4d | %s\n", mark, n, text)
	}
	_, before := shown(lines[line-1], column-1)
	fmt.Fprintf(&b, "       | %s^\n", strings.Repeat(" ", before))
	return b.String()
}

// maxShown bounds a line in an excerpt, in characters.
const maxShown = 160

// shown makes a line harmless for a terminal and says at which character of
// the result the column-th character stands.
func shown(line string, column int) (text string, at int) {
	var b strings.Builder
	n := 0
	for i, r := range []rune(line) {
		if i == column {
			at = n
		}
		switch {
		case n >= maxShown:
			return b.String() + "…", min(at, maxShown)
		case r == '\t':
			r = ' '
		case !unicode.IsPrint(r):
			r = '\uFFFD'
		}
		b.WriteRune(r)
		n++
	}
	if column >= n {
		at = n
	}
	return b.String(), at
}
