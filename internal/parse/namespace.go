package parse

import (
	"strings"
)

// A space is a vocabulary, by its customary prefix: "dc", "atom", "media".
// The empty space is the feed's own: RSS, or in an Atom document Atom.
type space string

const (
	native   space = ""
	foreign  space = "?" // a vocabulary we do not read
	xhtml    space = "xhtml"
	atomName space = "atom"
)

// spaces maps namespace addresses, as plainNamespace writes them.
var spaces = map[string]space{
	"purl.org/rss/1.0":                             native,
	"my.netscape.com/rdf/simple/0.9":               native,
	"channel.netscape.com/rdf/simple/0.9":          native,
	"my.netscape.com/publish/formats/rss-0.91.dtd": native,
	"purl.org/net/rss1.1":                          native,
	"backend.userland.com/rss":                     native,
	"backend.userland.com/rss2":                    native,
	"backend.userland.com/rss091":                  native,
	"backend.userland.com/rss092":                  native,
	"blogs.law.harvard.edu/tech/rss":               native,
	"cyber.law.harvard.edu/rss":                    native,
	"www.rssboard.org/rss-specification":           native,

	"www.w3.org/2005/atom": atomName,
	"purl.org/atom/ns":     atomName,

	"www.w3.org/1999/xhtml":                         xhtml,
	"www.w3.org/tr/rec-html40":                      xhtml,
	"www.w3.org/1999/02/22-rdf-syntax-ns":           "rdf",
	"purl.org/dc/elements/1.0":                      "dc",
	"purl.org/dc/elements/1.1":                      "dc",
	"purl.org/metadata/dublin_core":                 "dc",
	"purl.org/dc/terms":                             "dcterms",
	"purl.org/rss/1.0/modules/content":              "content",
	"purl.org/rss/1.0/modules/syndication":          "sy",
	"purl.org/rss/1.0/modules/slash":                "slash",
	"purl.org/rss/1.0/modules/taxonomy":             "taxo",
	"purl.org/rss/1.0/modules/annotation":           "annotate",
	"purl.org/rss/1.0/modules/link":                 "l",
	"webns.net/mvcb":                                "admin",
	"search.yahoo.com/mrss":                         "media",
	"tools.search.yahoo.com/mrss":                   "media",
	"video.search.yahoo.com/mrss":                   "media",
	"www.rssboard.org/media-rss":                    "media",
	"www.itunes.com/dtds/podcast-1.0.dtd":           "itunes",
	"itunes.com/dtds/podcast-1.0.dtd":               "itunes",
	"example.com/dtds/podcast-1.0.dtd":              "itunes",
	"www.google.com/schemas/play-podcasts/1.0":      "googleplay",
	"podcastindex.org/namespace/1.0":                "podcast",
	"rssnamespace.org/feedburner/ext/1.0":           "feedburner",
	"www.pheedo.com/namespace/pheedo":               "pheedo",
	"purl.org/syndication/thread/1.0":               "thr",
	"wellformedweb.org/commentapi":                  "wfw",
	"www.georss.org/georss":                         "georss",
	"www.opengis.net/gml":                           "gml",
	"www.w3.org/2003/01/geo/wgs84_pos":              "geo",
	"backend.userland.com/creativecommonsrssmodule": "creativecommons",
	"web.resource.org/cc":                           "cc",
	"news.yandex.ru":                                "yandex",
	"base.google.com/ns/1.0":                        "g",
	"xmlns.com/foaf/0.1":                            "foaf",
	"a9.com/-/spec/opensearch/1.1":                  "opensearch",
	"purl.org/net/prism":                            "prism",
	"www.w3.org/1999/xlink":                         "xlink",
	"www.w3.org/xml/1998/namespace":                 "xml",
}

// customary are the prefixes that mean their vocabulary where a namespace is
// missing or misspelt.
var customary = map[string]space{
	"rss": native, "atom": atomName, "a10": atomName, "atom10": atomName, "atom03": atomName,
	"html": xhtml, "xhtml": xhtml, "rdf": "rdf", "dc": "dc", "dcterms": "dcterms", "content": "content", "sy": "sy",
	"slash": "slash", "taxo": "taxo", "admin": "admin", "media": "media", "itunes": "itunes", "googleplay": "googleplay",
	"podcast": "podcast", "feedburner": "feedburner", "thr": "thr", "wfw": "wfw", "georss": "georss", "gml": "gml", "geo": "geo",
	"creativecommons": "creativecommons", "cc": "cc", "yandex": "yandex", "prism": "prism", "foaf": "foaf", "xlink": "xlink", "xml": "xml",
	"dcq": "dcterms", "pheedo": "pheedo",
}

// plainNamespace takes out of a namespace address what people get wrong:
// case, scheme, spaces, the sign at its end.
func plainNamespace(uri string) string {
	uri = lower(strings.TrimSpace(uri))
	uri = strings.TrimPrefix(strings.TrimPrefix(uri, "https://"), "http://")
	uri, _, _ = strings.Cut(uri, "#")
	return strings.TrimRight(uri, "/")
}

// spaceOf finds the vocabulary of a namespace declaration. Typing errors of up
// to two letters are forgiven.
func spaceOf(prefix, uri string) space {
	plain := plainNamespace(uri)
	if s, ok := spaces[plain]; ok {
		return s
	}
	if strings.Contains(plain, "prismstandard.org/") {
		return "prism"
	}
	if s, ok := customary[lower(prefix)]; ok && prefix != "" {
		return s
	}
	for known, s := range spaces {
		if known[0] == 'm' || len(plain) < 10 { // the netscape ones differ by a letter anyway
			continue
		}
		if nearly(plain, known, 2) {
			return s
		}
	}
	if prefix == "" {
		return native
	}
	return foreign
}

// nearly reports whether a and b differ by at most n letters typed, left out or
// put in, or two neighbours exchanged.
func nearly(a, b string, n int) bool {
	if d := len(a) - len(b); d > n || -d > n {
		return false
	}
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if a == "" || b == "" {
		return len(a)+len(b) <= n
	}
	if n == 0 {
		return false
	}
	if len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0] {
		return true
	}
	return nearly(a[1:], b[1:], n-1) || nearly(a[1:], b, n-1) || nearly(a, b[1:], n-1)
}

// A binding is a namespace declaration in force.
type binding struct {
	prefix string
	space  space
}

// qname is the key of the cache of names.
type qname struct {
	space space
	local string
}

// Limits on what names a document may make us remember.
const (
	maxNames    = 4096
	maxBindings = 512
)

// bind notes the namespaces an element declares.
func (r *reader) bind(attrs []attr) {
	for _, a := range attrs {
		if len(r.bindings) >= maxBindings {
			return
		}
		if a.name == "xmlns" {
			r.bindings = append(r.bindings, binding{"", spaceOf("", a.value)})
		} else if prefix, ok := strings.CutPrefix(a.name, "xmlns:"); ok {
			r.bindings = append(r.bindings, binding{prefix, spaceOf(prefix, a.value)})
		}
	}
}

// resolve gives an element the name our readers know: "title", "dc:creator",
// "atom:link", "xhtml:div", all in lower case.
func (r *reader) resolve(name string) string {
	prefix, local, ok := strings.Cut(name, ":")
	if !ok {
		prefix, local = "", name
	}
	key := qname{r.spaceOfPrefix(prefix), local}
	if s, ok := r.names[key]; ok {
		return s
	}
	s := lower(local)
	if key.space != native {
		s = string(key.space) + ":" + s
	}
	if len(r.names) < maxNames {
		r.names[key] = s
	}
	return s
}

func (r *reader) spaceOfPrefix(prefix string) space {
	for i := len(r.bindings) - 1; i >= 0; i-- {
		if r.bindings[i].prefix == prefix {
			return r.own(r.bindings[i].space)
		}
	}
	if prefix == "" {
		return native
	}
	if s, ok := customary[lower(prefix)]; ok {
		return r.own(s)
	}
	return foreign
}

// own makes Atom the native vocabulary of an Atom document.
func (r *reader) own(s space) space {
	if s == atomName && r.isAtom {
		return native
	}
	return s
}
