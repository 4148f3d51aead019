package public

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

func (s *Server) robots(w http.ResponseWriter, r *http.Request) error {
	body := "User-agent: *\nDisallow: /desk\nDisallow: /admin\nDisallow: /confirm/\nDisallow: /preferences/\nDisallow: /unsubscribe/\nSitemap: " +
		s.site.Link("/sitemap.xml") + "\n"
	return send(w, r, "text/plain; charset=utf-8", time.Time{}, []byte(body))
}

// security says where to report a hole (RFC 9116). It expires so that nobody
// trusts an old copy.
func (s *Server) security(w http.ResponseWriter, r *http.Request) error {
	expires := s.now().UTC().Truncate(24*time.Hour).AddDate(0, 6, 0)
	body := fmt.Sprintf("Contact: %s\nExpires: %s\nCanonical: %s\n", s.site.Link("/about"), expires.Format(time.RFC3339), s.site.Link("/.well-known/security.txt"))
	return send(w, r, "text/plain; charset=utf-8", time.Time{}, []byte(body))
}

type urlset struct {
	XMLName xml.Name  `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	URLs    []siteURL `xml:"url"`
}

type siteURL struct {
	Loc     string `xml:"loc"`
	Changed string `xml:"lastmod,omitempty"`
}

func (u *urlset) add(loc string, changed time.Time) {
	one := siteURL{Loc: loc}
	if !changed.IsZero() {
		one.Changed = changed.UTC().Format(time.RFC3339)
	}
	u.URLs = append(u.URLs, one)
}

// sitemap names the lists, the issues, the topics and the latest stories;
// older stories are found from their issues.
func (s *Server) sitemap(w http.ResponseWriter, r *http.Request) error {
	issues, err := s.issues.Archive(r.Context(), issueListed)
	if err != nil {
		return err
	}
	stories, err := s.stories.PublicStories(r.Context(), news.Filter{Limit: news.MaxPage})
	if err != nil {
		return err
	}
	var out urlset
	for _, path := range []string{"/", "/issues", "/stories", "/topics", "/about", "/privacy", "/feeds", "/subscribe"} {
		out.add(s.site.Link(path), time.Time{})
	}
	for _, i := range issues {
		out.add(s.site.Link("/issues/"+i.Name), i.Frozen)
	}
	for _, story := range stories {
		out.add(s.site.Link(storyPath(&story)), latest(story.ApprovedAt, story.Updated))
	}
	for _, t := range news.Topics() {
		out.add(s.site.Link("/topics/"+string(t.Slug)), time.Time{})
	}
	return sendXML(w, r, "application/xml; charset=utf-8", out)
}
