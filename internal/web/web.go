// Package web is the frame every page stands in: routes with the permission
// each needs, security headers, the check of host and origin, sessions,
// rendering, static files and the pages that say what went wrong. The pages
// themselves are in its parts: public, reader, desk, admin and door, each with
// one route list. Listeners are cmd's.
package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/templates"
)

// Options is what a Site is made of.
type Options struct {
	// BaseURL is the address the world knows us by: https, or http on
	// localhost. Every link we print begins with it and its host is the only
	// one we answer to.
	BaseURL string
	// Neutral is another address of ours, whose name says nothing of us: the
	// links of discreet mails begin with it. Empty: there is none.
	Neutral string
	// Name is the name of the house as the layout shows it.
	Name string
	// Sessions says whose session a browser's secret is.
	Sessions Sessions
	// Zone is where days and hours are told on every page; nil is UTC.
	Zone *time.Location
	Log  *slog.Logger     // nil discards
	Now  func() time.Time // nil is time.Now
}

// Sessions says who is signed in.
type Sessions interface {
	// Session returns the live session of a secret and notes that it was
	// seen. It returns an error wrapping news.ErrNotFound when there is none
	// or it is over.
	Session(ctx context.Context, secret string) (staff.Session, error)
}

// A Site turns route lists into handlers that share one frame.
type Site struct {
	base     *url.URL
	neutral  *url.URL // nil: there is none
	name     string
	sessions Sessions
	zone     *time.Location
	log      *slog.Logger
	now      func() time.Time
	pages    *pages
	static   map[string]asset // by public name
	origin   *http.CrossOriginProtection
}

// New returns a Site over the embedded templates. Its error wraps
// news.ErrInvalid when the base address cannot be used.
func New(o Options) (*Site, error) {
	base, err := ParseBase(o.BaseURL)
	if err != nil {
		return nil, err
	}
	root, err := fs.Sub(templates.FS, "web")
	if err != nil {
		return nil, fmt.Errorf("web templates: %w", err)
	}
	s := &Site{base: base, name: o.Name, sessions: o.Sessions, zone: o.Zone, log: o.Log, now: o.Now, origin: http.NewCrossOriginProtection()}
	if o.Neutral != "" {
		if s.neutral, err = ParseBase(o.Neutral); err != nil {
			return nil, err
		}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.zone == nil {
		s.zone = time.UTC
	}
	if err := s.origin.AddTrustedOrigin(base.Scheme + "://" + base.Host); err != nil {
		return nil, fmt.Errorf("base address: %w", err)
	}
	if s.static, err = readAssets(root); err != nil {
		return nil, err
	}
	if s.pages, err = readPages(root, s); err != nil {
		return nil, err
	}
	return s, nil
}

// ParseBase reads a base address: https, or http on localhost alone, with no
// path, query or name in it. Its error wraps news.ErrInvalid.
func ParseBase(s string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(s, "/"))
	switch {
	case err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return nil, fmt.Errorf("base address %q: must look like https://digest.example.org: %w", s, news.ErrInvalid)
	case u.Scheme == "http" && !local(u.Hostname()), u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("base address %q: must begin with https:// (http:// is for localhost alone): %w", s, news.ErrInvalid)
	}
	u.Host = strings.ToLower(u.Host)
	return u, nil
}

// local reports whether a host name can only mean this machine.
func local(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Link returns the absolute address of a path on this site. It is made of the
// configured base alone, never of what a request claims.
func (s *Site) Link(path string) string { return s.base.String() + path }

// Host is the name the world knows us by.
func (s *Site) Host() string { return s.base.Hostname() }

// Name is the name of the house.
func (s *Site) Name() string { return s.name }

// Zone is where the house tells days and hours.
func (s *Site) Zone() *time.Location { return s.zone }

// secure reports whether the world reaches us by https.
func (s *Site) secure() bool { return s.base.Scheme == "https" }

// requestID returns a short random name for one request, so that a person can
// point at it and an administrator can find it in the log.
func requestID() string { return strings.ToLower(rand.Text()[:10]) }

// staticAge is how long a browser may keep a file whose name holds its hash.
const staticAge = 365 * 24 * time.Hour
