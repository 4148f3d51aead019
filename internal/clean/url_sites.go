package clean

import (
	"regexp"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/symbols"
)

// siteRules know how the publishers and platforms of our field write several
// addresses for one page. They run on the plain host.
func (p *page) siteRules() {
	switch {
	case p.host == "news.un.org":
		// The link of a feed shows the story in a frame of the feed reader.
		if rest, ok := strings.CutPrefix(p.path, "/feed/view/"); ok {
			p.path = "/" + rest
		}
	case p.host == "apps.who.int" && strings.HasPrefix(p.path, "/iris/"):
		p.host, p.path = "iris.who.int", strings.TrimPrefix(p.path, "/iris")
	case p.host == "who.int":
		if rest, ok := strings.CutPrefix(p.path, "/news-room/detail/"); ok {
			p.path = "/news/item/" + rest
		}
	case p.host == "un.org":
		p.unitedNations()
	case p.host == "ohchr.org":
		p.humanRightsOffice()
	case p.host == "youtube.com" || p.host == "youtu.be" || p.host == "youtube-nocookie.com" || p.host == "music.youtube.com":
		p.youtube()
	case p.host == "twitter.com" || p.host == "x.com":
		p.host = "x.com"
		p.path = tweetTail.ReplaceAllString(p.path, "$1")
		p.drop(func(k, _ string) bool { return k == "s" || k == "t" || k == "lang" })
	case p.host == "web.facebook.com" || p.host == "mbasic.facebook.com" || p.host == "touch.facebook.com":
		p.host = "facebook.com"
	case strings.HasSuffix(p.host, ".wikipedia.org"):
		p.wikipedia()
	case p.host == "ncbi.nlm.nih.gov":
		p.medline()
	case p.host == "pubmed.ncbi.nlm.nih.gov":
		p.params = nil
	case p.host == "journals.plos.org":
		p.plos()
	case p.host == "news.google.com":
		p.drop(func(k, _ string) bool { return k == "hl" || k == "gl" || k == "ceid" || k == "oc" })
	default:
		p.blogger()
	}
	p.publisherDOI()
}

var tweetTail = regexp.MustCompile(`(?i)^(/[^/]+/status/[0-9]+)/(?:photo|video)/[0-9]+/?$`)

// unitedNations: the old news pages carry keywords beside their number; press
// releases moved to a host of their own.
func (p *page) unitedNations() {
	if strings.HasPrefix(strings.ToLower(p.path), "/apps/news/") {
		p.drop(func(k, _ string) bool {
			return k == "cr" || k == "cr1" || k == "&cr" || k == "kw1" || k == "kw2" || k == "kw3"
		})
	}
	if rest, ok := strings.CutPrefix(p.path, "/press/"); ok && len(rest) > 2 && rest[2] == '/' {
		p.host, p.path = "press.un.org", "/"+rest
	}
}

// humanRightsOffice: a press release without a language is the English one.
func (p *page) humanRightsOffice() {
	_, release := p.get("NewsID")
	if _, named := p.get("LangID"); release && !named {
		p.params = append(p.params, param{"langid", "E"})
	}
}

func (p *page) youtube() {
	id := ""
	switch first, rest, _ := strings.Cut(strings.TrimPrefix(p.path, "/"), "/"); {
	case p.host == "youtu.be":
		id = first
	case first == "embed" || first == "shorts" || first == "live" || first == "v":
		id, _, _ = strings.Cut(rest, "/")
	case first == "watch":
		id, _ = p.get("v")
	}
	if id != "" {
		p.host, p.path, p.params = "youtube.com", "/watch", []param{{"v", id}}
		return
	}
	p.drop(func(k, _ string) bool { return k == "si" || k == "pp" || k == "ab_channel" })
}

// wikipedia: index.php?title=X is /wiki/X.
func (p *page) wikipedia() {
	if title, ok := p.get("title"); ok && len(p.params) == 1 && p.path == "/w/index.php" && title != "" {
		p.path, p.params = "/wiki/"+strings.ReplaceAll(title, "%20", "_"), nil
	}
}

var pubmed = regexp.MustCompile(`^/(?:m/)?pubmed/([0-9]+)/?$`)

// medline: PubMed and PMC moved to hosts of their own.
func (p *page) medline() {
	if m := pubmed.FindStringSubmatch(p.path); m != nil {
		p.host, p.path, p.params = "pubmed.ncbi.nlm.nih.gov", "/"+m[1], nil
	} else if rest, ok := strings.CutPrefix(p.path, "/pmc/"); ok {
		p.host, p.path = "pmc.ncbi.nlm.nih.gov", "/"+rest
	}
}

// plos: the address of an article is its DOI.
func (p *page) plos() {
	if id, ok := p.get("id"); ok && strings.HasSuffix(p.path, "/article") {
		if d, ok := symbols.DOI(percentDecode(id)); ok {
			p.toDOI(d)
		}
	}
}

var doiPath = regexp.MustCompile(`^/doi/(?:full/)?(10\.[0-9]{4,9}/.+)$`)

// publisherDOI: /doi/10.… and /doi/full/10.… on a publisher's host are where
// the DOI leads; abstracts and PDFs have addresses of their own.
func (p *page) publisherDOI() {
	if m := doiPath.FindStringSubmatch(p.path); m != nil {
		if d, ok := symbols.DOI(percentDecode(strings.TrimRight(m[1], "/"))); ok {
			p.toDOI(d)
		}
	}
}

func (p *page) toDOI(d string) {
	*p = page{host: "doi.org", path: pathEscapes("/" + d)}
}

var bloggerHost = regexp.MustCompile(`^([a-z0-9-]+)\.blogspot\.(?:[a-z]{2,3}|co\.[a-z]{2}|com\.[a-z]{2})$`)

// blogger: one blog answers under the suffix of every country, and asks for
// its mobile form by ?m=.
func (p *page) blogger() {
	if m := bloggerHost.FindStringSubmatch(p.host); m != nil {
		p.host = m[1] + ".blogspot.com"
		p.drop(func(k, v string) bool { return k == "m" && (v == "0" || v == "1") })
	}
}
