package news

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// SourceID numbers a stored Source; zero until stored.
type SourceID int64

// A Method is how a source is read.
type Method string

// The three ways a source can be read.
const (
	MethodFeed Method = "feed" // RSS, Atom, RDF or JSON Feed
	MethodPage Method = "page" // a web page that lists items, read by CSS selectors
	MethodJSON Method = "json" // a JSON answer, read by paths
)

// A Source is a publisher's address that we ask for items: one entry of
// feeds.yaml.
type Source struct {
	ID       SourceID
	Slug     string // unique, lower case, [a-z0-9-], never reused
	Name     string
	Home     string // the page a person would open; may be empty
	Method   Method
	Address  string            // absolute http or https address that is polled
	Select   map[string]string // MethodPage: CSS selectors for item, link, title, date, next
	Path     map[string]string // MethodJSON: paths for item, link, title, date
	Language string            // BCP 47, what its items usually are written in
	Kind     Kind              // what its items usually are; may be empty
	Family   string            // sources of one family share a publisher; may be empty
	Leans    []Slug            // topics it leans to: a prior, never a verdict
	Rhythm   float64           // items a day as expected; 0 if nothing is expected
	Terms    string            // terms of reuse, for people
	Proven   string            // year and month it was last known good, "2026-09"; empty = unproven
	Off      string            // why it is not polled; empty when it is
	Every    time.Duration     // usual time between polls
	Agent    string            // what we call ourselves when asking
	Paused   bool              // taken out of feeds.yaml, or paused at the desk
}

// Bounds on the time between two polls of one source (SAFETY, "Manners").
const (
	MinEvery = 15 * time.Minute
	MaxEvery = 24 * time.Hour
)

var sourceSlug = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// A FieldError is a broken promise with the field that broke it, so that who
// reads a file can point at the line. It wraps ErrInvalid.
type FieldError struct {
	Field   string // as in feeds.yaml: "slug", "every"
	Problem string
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

// Unwrap makes it an ErrInvalid.
func (e *FieldError) Unwrap() error { return ErrInvalid }

// Validate returns a *FieldError that names the first broken promise, or nil.
func (s *Source) Validate() error {
	bad := func(field, format string, args ...any) error {
		return &FieldError{field, fmt.Sprintf(format, args...)}
	}
	switch {
	case !sourceSlug.MatchString(s.Slug) || len(s.Slug) > 80:
		return bad("slug", "%q is not lower-case letters, digits and single hyphens", s.Slug)
	case strings.TrimSpace(s.Name) == "":
		return bad("name", "is missing")
	case s.Every < MinEvery || s.Every > MaxEvery:
		return bad("every", "%v is not between %v and %v", s.Every, MinEvery, MaxEvery)
	case s.Kind != "" && !s.Kind.Known():
		return bad("kind", "%q is not one of %v", s.Kind, Kinds())
	}
	if err := checkAddress(s.Address); err != nil {
		return bad(string(s.Method), "%v", err)
	}
	for _, t := range s.Leans {
		if !t.Known() {
			return bad("leans", "%q is not a topic", t)
		}
	}
	return nil
}

func checkAddress(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return fmt.Errorf("%q is not an address", raw)
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%q is not an http or https address", raw)
	case u.Host == "":
		return fmt.Errorf("%q has no host", raw)
	case u.User != nil:
		return fmt.Errorf("%q carries a user name or password", u.Redacted())
	}
	return nil
}

// Host is the host we must be polite to, lower case with its port if it names
// one; empty when the address does not parse.
func (s *Source) Host() string {
	u, err := url.Parse(s.Address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// Polled reports whether the source is asked at all.
func (s *Source) Polled() bool { return s.Off == "" && !s.Paused }
