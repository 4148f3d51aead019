package clean

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// A wrapper is a service that sends a reader on to another address, which it
// carries. host is matched against the plain host: a name alone, or a suffix
// that begins with a dot.
type wrapper struct {
	hosts  string // names, blanks between
	path   string // how the path begins
	params string // the parameters that may carry the address, in order
}

var wrappers = []wrapper{
	{".safelinks.protection.outlook.com safelinks.protection.outlook.com statics.teams.cdn.office.net", "/", "url"},
	{"l.facebook.com lm.facebook.com facebook.com", "/l.php", "u"},
	{"facebook.com", "/flx/warn", "u"},
	{"facebook.com", "/sharer", "u"},
	{"l.instagram.com", "/", "u"},
	{"l.messenger.com", "/l.php", "u"},
	{"l.threads.com l.threads.net", "/", "u"},
	{"linkedin.com", "/redir/", "url"},
	{"linkedin.com", "/safety/go", "url"},
	{"linkedin.com", "/sharing/share-offsite", "url"},
	{"linkedin.com", "/shareArticle", "url"},
	{"twitter.com x.com", "/share", "url"},
	{"twitter.com x.com", "/intent/tweet", "url"},
	{"t.umblr.com", "/redirect", "z"},
	{"out.reddit.com", "/", "url"},
	{"vk.com away.vk.com", "/away.php", "to"},
	{"youtube.com", "/redirect", "q"},
	{"slack-redir.net", "/link", "url"},
	{"exit.sc", "/", "url"},
	{"duckduckgo.com", "/l/", "uddg"},
	{"bing.com", "/news/apiclick.aspx", "url"},
	{"linkprotect.cudasvc.com", "/url", "a"},
	{"clicktime.symantec.com", "/", "u"},
	{"urldefense.proofpoint.com", "/v1/", "u"},
	{"disq.us", "/url", "url"},
	{"getpocket.com", "/redirect", "url"},
	{"flipboard.com", "/redirect", "url"},
	{"medium.com", "/m/global-identity", "redirectUrl"},
	{"steamcommunity.com", "/linkfilter", "url u"},
	{"deref-mail.com deref-gmx.net deref-web.de deref-gmx.com", "/", "redirectUrl"},
	{"redirect.viglink.com", "/", "u"},
	{"go.redirectingat.com go.skimresources.com", "/", "url"},
	{"anrdoezrs.net dpbolvw.net jdoqocy.com kqzyfj.com tkqlhce.com", "/", "url"},
}

// unwrap returns the address another one carries.
func unwrap(a address) (string, bool) {
	host := plainHost(a.host)
	for _, try := range []func(string, address) string{fromGoogle, fromParameter, fromProofpoint, fromArchive, fromAMPCache, fromPath} {
		if inner := try(host, a); inner != "" {
			if inner = absolute(inner); inner != "" {
				return inner, true
			}
		}
	}
	return "", false
}

// absolute makes sure a carried address is one, mending what carriers do to
// it; empty if it is none.
func absolute(s string) string {
	s = strings.TrimSpace(s)
	for range 2 {
		if low := strings.ToLower(s); strings.HasPrefix(low, "http%3a") || strings.HasPrefix(low, "https%3a") {
			s = percentDecode(s)
		}
	}
	if m := oneSlash.FindStringSubmatch(s); m != nil {
		s = m[1] + "//" + m[2]
	}
	if _, ok := bareDOI(s); ok {
		return s
	}
	if _, err := parse(s); err != nil {
		return ""
	}
	return s
}

var oneSlash = regexp.MustCompile(`^(?i)(https?:)/([^/].*)$`)

func hostIn(host, list string) bool {
	for h := range strings.FieldsSeq(list) {
		if host == h || h[0] == '.' && strings.HasSuffix(host, h) {
			return true
		}
	}
	return false
}

// value is a parameter's value, decoded.
func value(query, key string) string {
	for pair := range strings.SplitSeq(query, "&") {
		pair = strings.TrimPrefix(pair, "amp;")
		k, v, _ := strings.Cut(pair, "=")
		if strings.EqualFold(k, key) && v != "" {
			return percentDecode(strings.ReplaceAll(v, "+", " "))
		}
	}
	return ""
}

func fromParameter(host string, a address) string {
	for _, w := range wrappers {
		if !hostIn(host, w.hosts) || !strings.HasPrefix(a.path, w.path) {
			continue
		}
		for key := range strings.FieldsSeq(w.params) {
			if v := value(a.query, key); v != "" {
				return v
			}
		}
	}
	return ""
}

var googleHost = regexp.MustCompile(`^google\.(?:com|[a-z]{2}|com?\.[a-z]{2})$`)

// fromGoogle opens search results and alerts (/url?q=, ?url=), AMP views
// (/amp/s/host/path), cached copies and those news addresses that still carry
// theirs.
func fromGoogle(host string, a address) string {
	switch {
	case googleHost.MatchString(host) && (a.path == "/url" || a.path == "/imgres" || a.path == "/alerts/feeds/url"):
		for _, key := range []string{"url", "q", "u", "imgrefurl"} {
			if v := value(a.query, key); strings.HasPrefix(strings.ToLower(v), "http") {
				return v
			}
		}
	case googleHost.MatchString(host) && strings.HasPrefix(a.path, "/amp/"):
		return ampPath(strings.TrimPrefix(a.path, "/amp/"), a.query)
	case host == "webcache.googleusercontent.com":
		if _, rest, ok := strings.Cut(value(a.query, "q"), "cache:"); ok {
			return afterCacheID(rest)
		}
	case host == "news.google.com":
		return googleNews(a.path)
	}
	return ""
}

// afterCacheID reads "ID:http://host/path+words" or "host/path".
func afterCacheID(s string) string {
	s, _, _ = strings.Cut(s, " ")
	if i := strings.Index(s, "http"); i >= 0 && (i == 0 || s[i-1] == ':') {
		return s[i:]
	}
	if _, rest, ok := strings.Cut(s, ":"); ok {
		s = rest
	}
	return "http://" + s
}

var carried = regexp.MustCompile(`https?://[\x21-\x7e]+`)

// googleNews reads the address inside an article id of the older kind, a
// base64 message with the address in clear.
func googleNews(path string) string {
	_, id := cutLast(strings.TrimRight(path, "/"))
	if !strings.Contains(path, "/articles/") || !strings.HasPrefix(id, "CBM") {
		return ""
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(id, "="))
	if err != nil {
		return ""
	}
	at := carried.FindIndex(raw)
	if at == nil || at[0] == 0 {
		return ""
	}
	// The byte before the address is its length, or the high part of it.
	found := raw[at[0]:at[1]]
	if n := int(raw[at[0]-1]); n <= len(found) && n > 10 {
		found = found[:n]
	}
	return string(found)
}

// ampPath reads "s/host/path" (https) or "host/path" (http).
func ampPath(rest, query string) string {
	scheme := "http://"
	if r, ok := strings.CutPrefix(rest, "s/"); ok {
		scheme, rest = "https://", r
	}
	if !strings.Contains(rest, ".") {
		return ""
	}
	if query != "" {
		rest += "?" + query
	}
	return scheme + rest
}

// fromAMPCache reads host.cdn.ampproject.org/c/s/host/path and its relatives:
// the first letter is the kind of content.
func fromAMPCache(host string, a address) string {
	if !hostIn(host, ".cdn.ampproject.org cdn.ampproject.org .bing-amp.com") {
		return ""
	}
	kind, rest, ok := strings.Cut(strings.TrimPrefix(a.path, "/"), "/")
	if kind == "wp" || kind == "v" || kind == "c" || kind == "i" || kind == "a" {
		if ok {
			return ampPath(rest, a.query)
		}
	}
	return ""
}

var (
	archivePath = regexp.MustCompile(`^/(?:web|wayback|all|ukgwa|tna|noFrame/replay|awa|webarchive|replay)?/?[0-9*]{4,14}(?:[a-z]{2}_)?\*?/+(.+)$`)
	archiveHost = "web.archive.org archive.org wayback.archive.org archive.ph archive.is archive.today archive.li archive.vn archive.md archive.fo webarchive.nationalarchives.gov.uk arquivo.pt webarchive.loc.gov webarchive.org.uk wayback.archive-it.org webarchive.proni.gov.uk vefsafn.is archive-it.org"
	archiveIt   = regexp.MustCompile(`^/[0-9]+(/[0-9]{4,14}.*)$`)
)

// fromArchive reads /web/20200101000000/http://host/path.
func fromArchive(host string, a address) string {
	if !hostIn(host, archiveHost) {
		return ""
	}
	path := a.path
	if m := archiveIt.FindStringSubmatch(path); m != nil && strings.HasSuffix(host, "archive-it.org") {
		path = m[1]
	}
	var inner string
	if m := archivePath.FindStringSubmatch(path); m != nil {
		inner = m[1]
	}
	for _, prefix := range []string{"/web/", "/save/", "/newest/"} {
		if rest, ok := strings.CutPrefix(path, prefix); ok && inner == "" && strings.HasPrefix(rest, "http") {
			inner = rest
		}
	}
	if inner == "" {
		return ""
	}
	if !strings.HasPrefix(strings.ToLower(inner), "http") {
		if first, _, _ := strings.Cut(inner, "/"); !registered(strings.ToLower(first)) {
			return ""
		}
		inner = "http://" + inner
	}
	return withQuery(inner, a)
}

func withQuery(inner string, a address) string {
	if a.query != "" {
		inner += "?" + a.query
	}
	if a.fragment != "" {
		inner += "#" + a.fragment
	}
	return inner
}

var (
	defenceV3  = regexp.MustCompile(`^/v3/__(.+?)__;([A-Za-z0-9_-]*)`)
	defenceRun = regexp.MustCompile(`\*(\*[A-Za-z0-9_-])?`)
)

// fromProofpoint reads /v2/url?u=https-3A__host_path and /v3/__https://host/path__;….
func fromProofpoint(host string, a address) string {
	if !hostIn(host, "urldefense.com urldefense.us urldefense.proofpoint.com") {
		return ""
	}
	if strings.HasPrefix(a.path, "/v2/") {
		return percentDecode(strings.NewReplacer("-", "%", "_", "/").Replace(value(a.query, "u")))
	}
	// The address inside may hold a query of its own.
	whole := a.path
	if a.query != "" {
		whole += "?" + a.query
	}
	if a.fragment != "" {
		whole += "#" + a.fragment
	}
	m := defenceV3.FindStringSubmatch(whole)
	if m == nil {
		return ""
	}
	replaced, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(m[2], "="))
	if err != nil {
		replaced = nil
	}
	return putBack(m[1], replaced)
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// putBack writes the characters that were taken out back where "*" stands for
// one and "**X" for a run of them, X telling how long (A is two).
func putBack(s string, chars []byte) string {
	return defenceRun.ReplaceAllStringFunc(s, func(m string) string {
		n := 1
		if len(m) == 3 {
			n = strings.IndexByte(base64Digits, m[2]) + 2
		}
		if n > len(chars) {
			return m
		}
		out := string(chars[:n])
		chars = chars[n:]
		return out
	})
}

// fromPath opens services that carry the address as the end of their path or
// as their whole query: secure-web.cisco.com/token/https%3A%2F%2Fhost, href.li/?https://host.
func fromPath(host string, a address) string {
	switch host {
	case "href.li", "anonym.to", "nullrefer.com", "dereferer.me":
		return percentDecode(a.query)
	case "secure-web.cisco.com":
		_, last := cutLast(a.path)
		return percentDecode(last)
	case "r.search.yahoo.com":
		if _, rest, ok := strings.Cut(a.path, "/RU="); ok {
			rest, _, _ = strings.Cut(rest, "/R")
			return percentDecode(rest)
		}
	case "bing.com":
		if v := value(a.query, "u"); strings.HasPrefix(a.path, "/ck/") && strings.HasPrefix(v, "a1") {
			raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(v[2:], "="))
			if err == nil {
				return string(raw)
			}
		}
	}
	return ""
}
