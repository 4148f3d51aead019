// Package feedlist reads feeds.yaml, the list of sources a house asks. It is
// strict: an unknown key, a slug that stands twice, a selector that does not
// compile are errors that name file, line and column and show the place.
// What a source promises is in package news; asking it is in package fetch.
package feedlist

import (
	"errors"
	"fmt"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// Version is the version of the file format this program reads.
const Version = 1

// DefaultEvery is the time between two polls where the file says nothing.
const DefaultEvery = time.Hour

// maxFile bounds the file: a list of ten thousand sources is far below it.
const maxFile = 4 << 20

// A List is a source list that keeps every promise of its words.
type List struct {
	Sources []news.Source // in file order, slugs unique, all valid; no IDs yet
}

// file is feeds.yaml as written.
type file struct {
	Version  int      `yaml:"version"`
	Defaults defaults `yaml:"defaults"`
	Sources  []source `yaml:"sources"`
}

type defaults struct {
	Every    string `yaml:"every"`
	Language string `yaml:"language"`
	Agent    string `yaml:"agent"`
}

type source struct {
	Slug     string            `yaml:"slug"`
	Name     string            `yaml:"name"`
	Home     string            `yaml:"home"`
	Feed     string            `yaml:"feed"`
	Page     string            `yaml:"page"`
	JSON     string            `yaml:"json"`
	Select   map[string]string `yaml:"select"`
	Path     map[string]string `yaml:"path"`
	Every    string            `yaml:"every"`
	Language string            `yaml:"language"`
	Agent    string            `yaml:"agent"`
	Kind     string            `yaml:"kind"`
	Family   string            `yaml:"family"`
	Leans    []string          `yaml:"leans"`
	Rhythm   string            `yaml:"rhythm"`
	Terms    string            `yaml:"terms"`
	Proven   string            `yaml:"proven"`
	Off      string            `yaml:"off"`
}

// Parse reads a source list. name is the file's name for messages. Every error
// is an *Error, or several of them joined.
func Parse(name string, data []byte) (List, error) {
	doc := &document{name: name, data: data}
	if len(data) > maxFile {
		return List{}, doc.at(1, 1, fmt.Sprintf("the file is longer than %d MiB", maxFile>>20))
	}
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		return List{}, doc.fromYAML(err)
	}
	doc.tree = tree
	f, err := doc.decode()
	if err != nil {
		return List{}, err
	}
	return doc.build(f)
}

// decode maps the tree onto file, refusing what file does not know.
func (d *document) decode() (*file, error) {
	var f file
	var body ast.Node
	for _, part := range d.tree.Docs {
		switch {
		case part.Body == nil:
		case body != nil:
			return nil, d.atNode(part.Body, "a second document: a source list is one")
		default:
			body = part.Body
		}
	}
	if body == nil {
		return nil, d.at(1, 1, "the file is empty: it needs version and sources")
	}
	if err := yaml.NodeToValue(body, &f, yaml.Strict()); err != nil {
		return nil, d.fromYAML(err)
	}
	if f.Version != Version {
		return nil, d.atPath("$.version", fmt.Sprintf("version is %d, this program reads version %d", f.Version, Version))
	}
	return &f, nil
}

// build turns every entry into a source and reports all that is wrong at once.
func (d *document) build(f *file) (List, error) {
	var list List
	var wrong []error
	first := map[string]int{}
	usual, err := f.Defaults.usual()
	if err != nil {
		wrong = append(wrong, d.field("$.defaults", err))
	}
	for i := range f.Sources {
		at := fmt.Sprintf("$.sources[%d]", i)
		s, err := f.Sources[i].read(usual)
		if err == nil {
			if j, twice := first[s.Slug]; twice {
				err = &news.FieldError{Field: "slug", Problem: fmt.Sprintf("%q stands twice, first as source %d", s.Slug, j+1)}
			}
		}
		if err != nil {
			wrong = append(wrong, d.field(at, err))
			continue
		}
		first[s.Slug] = i
		list.Sources = append(list.Sources, s)
	}
	if err := errors.Join(wrong...); err != nil {
		return List{}, err
	}
	return list, nil
}
