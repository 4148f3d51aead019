package clean

import (
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/ifhhro/rightsdesk/internal/symbols"
)

// maxAddress is how long an address may be in bytes. Whoever needs more writes
// no address.
const maxAddress = 16 << 10

// URL returns the key by which we know a page. Two addresses of one page give
// the same key, two pages never do, and URL(URL(x)) == URL(x). The key is an
// https address that mostly also opens the page, but its purpose is to be
// compared; readers get the address as published.
//
// The address is parsed as the WHATWG standard says. Then: http is https;
// "www." and a trailing dot do not count, nor do the hosts "m.", "mobile." and
// "amp." before a name that can be registered; credentials, fragments (but
// "#!…" and "#/…", which name pages), default ports, index pages, trailing and
// doubled slashes, empty queries and the order of parameters do not count;
// percent-encoding has one form; parameters that only say where a reader came
// from or who they are go, those that may identify a page stay. Wrappers are
// opened, AMP pages and archive copies are the page they copy, DOIs and United
// Nations documents have one address each. Language versions, revisions and
// addenda are pages of their own.
//
// The error wraps news.ErrInvalid when raw is no http or https address.
func URL(raw string) (canonical string, err error) {
	if len(raw) > maxAddress {
		return "", invalid(raw, "too long")
	}
	// What is unwrapped is shorter each time, and one rule may uncover work for
	// another: it ends where nothing changes any more.
	for s, rounds := raw, 0; ; rounds++ {
		if rounds > maxAddress {
			return "", invalid(raw, "it leads in circles")
		}
		if d, ok := bareDOI(s); ok {
			return d, nil
		}
		a, err := parse(s)
		if err != nil {
			return "", err
		}
		if inner, ok := unwrap(a); ok && len(inner) < len(s) {
			s = inner
			continue
		}
		k := key(a)
		if k == s {
			return k, nil
		}
		s = k
	}
}

// bareDOI reads "doi:10.…", which is no address but is written like one.
func bareDOI(raw string) (string, bool) {
	raw = strings.TrimSpace(raw)
	if len(raw) < 4 || !strings.EqualFold(raw[:4], "doi:") {
		return "", false
	}
	d, ok := symbols.DOI(raw)
	return doiAddress(d), ok
}

func doiAddress(doi string) string { return "https://doi.org" + pathEscapes("/"+doi) }

// A page is an address taken apart for comparing.
type page struct {
	host     string
	port     string
	path     string // begins with "/"; escapes in one form
	params   []param
	fragment string // with its "!" or "/"; empty where it names no page
}

type param struct {
	key, value string // escapes in one form
}

// key is one round of the rules.
func key(a address) string {
	if d, ok := document(a); ok {
		return d
	}
	p := page{host: plainHost(a.host), path: pathEscapes(a.path), params: params(a.query)}
	if a.port != "443" && (a.scheme != "http" || a.port != "80") {
		p.port = a.port
	}
	if len(a.fragment) > 1 && (a.fragment[0] == '!' || a.fragment[0] == '/') {
		p.fragment = pathEscapes(a.fragment)
	}
	p.dropSessions()
	p.dropTracking()
	p.siteRules()
	p.plainPath()
	slices.SortStableFunc(p.params, func(x, y param) int { return strings.Compare(x.key, y.key) })
	return p.String()
}

// document recognises what has a name of its own: a United Nations document or
// a DOI.
func document(a address) (string, bool) {
	whole := a.String()
	if d, ok := symbols.ParseURL(whole); ok {
		if sym := d.Symbol; strings.HasPrefix(sym, "S/RES/") {
			// The year after the number is written or not.
			sym, _, _ = strings.Cut(sym, "(")
			d.Symbol = sym
		}
		return "https://docs.un.org/" + d.Language + pathEscapes("/"+d.Symbol), true
	}
	switch plainHost(a.host) {
	case "doi.org", "dx.doi.org":
		a.query, a.fragment = "", ""
		if d, ok := symbols.DOI(a.String()); ok {
			return doiAddress(d), true
		}
	}
	return "", false
}

func (p *page) String() string {
	var b strings.Builder
	b.WriteString("https://" + p.host)
	if p.port != "" {
		b.WriteString(":" + p.port)
	}
	b.WriteString(p.path)
	for i, q := range p.params {
		b.WriteByte("?&"[min(i, 1)])
		b.WriteString(q.key)
		if q.value != "" {
			b.WriteString("=" + q.value)
		}
	}
	if p.fragment != "" {
		b.WriteString("#" + p.fragment)
	}
	return b.String()
}

// twins are the first labels of hosts that show the same pages in another
// dress.
var twins = []string{"www.", "m.", "mobile.", "amp."}

// plainHost takes twin labels and the trailing dot off a host, as long as what
// is left is a name somebody registered: "m.gov.example" is, where
// "gov.example" is a public suffix, a name of its own.
func plainHost(host string) string {
	if strings.HasPrefix(host, "[") || endsInNumber(host) {
		return host
	}
	if cut := strings.TrimSuffix(host, "."); cut != "" && !strings.HasSuffix(cut, ".") {
		host = cut
	}
	for again := true; again; {
		again = false
		for _, t := range twins {
			if rest, ok := strings.CutPrefix(host, t); ok && registered(rest) {
				host, again = rest, true
			}
		}
	}
	// Wikipedia and its sisters: en.m.wikipedia.org.
	if first, rest, ok := strings.Cut(host, ".m."); ok && strings.Count(rest, ".") == 1 && len(first) <= 12 && registered(rest) {
		host = first + "." + rest
	}
	return host
}

// registered reports whether host is a registrable domain or stands below one.
func registered(host string) bool {
	if strings.HasPrefix(host, ".") || strings.HasSuffix(host, ".") || strings.Contains(host, "..") {
		return false
	}
	_, err := publicsuffix.EffectiveTLDPlusOne(host)
	return err == nil && strings.Contains(host, ".")
}

// indexPages are what servers show for a folder.
var indexPages = map[string]bool{}

func init() {
	for _, stem := range []string{"index", "default"} {
		for _, ext := range []string{"html", "htm", "php", "asp", "aspx", "shtml", "jsp", "cfm", "xhtml", "php3", "php5", "cgi", "pl"} {
			indexPages[stem+"."+ext] = true
		}
	}
}

// plainPath drops what makes two paths of one page: index page, AMP twin,
// doubled and trailing slashes.
func (p *page) plainPath() {
	for strings.Contains(p.path, "//") {
		p.path = strings.ReplaceAll(p.path, "//", "/")
	}
	if caseless(p.path) {
		// Servers of that make do not look at case.
		p.path = strings.ToLower(p.path)
		for i := range p.params {
			p.params[i].key = strings.ToLower(p.params[i].key)
		}
		p.path = pathEscapes(p.path)
	}
	p.dropAMP()
	dir, last := cutLast(p.path)
	if indexPages[strings.ToLower(last)] {
		p.path = dir + "/"
	}
	if p.path = strings.TrimRight(p.path, "/"); p.path == "" {
		p.path = "/"
	}
}

func caseless(path string) bool {
	_, last := cutLast(strings.ToLower(path))
	return strings.HasSuffix(last, ".aspx") || strings.HasSuffix(last, ".asp") || strings.HasSuffix(last, ".ashx")
}

// cutLast parts a path at its last slash; without one all is last.
func cutLast(path string) (dir, last string) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}

// dropAMP makes the AMP form of a page the page: /amp after an article,
// /amp/ before one, .amp and .amp.html. A page about AMP is no article of that
// name: one has a word with hyphens or digits before it, or a folder.
func (p *page) dropAMP() {
	dir, last := cutLast(strings.TrimRight(p.path, "/"))
	switch {
	case (last == "amp" || last == "amp.html") && (strings.Count(dir, "/") >= 2 || strings.ContainsAny(dir, "-0123456789")):
		p.path = dir
	case strings.HasSuffix(last, ".amp.html"):
		p.path = dir + "/" + strings.TrimSuffix(last, ".amp.html") + ".html"
	case strings.HasSuffix(last, ".amp"):
		p.path = dir + "/" + strings.TrimSuffix(last, ".amp")
	}
	if rest, ok := strings.CutPrefix(p.path, "/amp/"); ok && strings.Contains(strings.Trim(rest, "/"), "/") {
		p.path = "/" + rest
	}
}

// The characters that stand for themselves in a key beside letters, digits and
// "-._~": the reserved ones that servers read alike, escaped or not. In a path
// an escaped delimiter is none: "%2F" is no "/", nor "%3B" a ";".
const (
	inKeyPath   = "/!$&'()*+,:@;="
	inKeyName   = "/!$'()*,:@;?"
	inKeyValue  = inKeyName + "="
	stayEscaped = "/;=?"
)

// normalEscapes gives every byte its one form: itself if it is unreserved or
// in literal, else %XX in capitals. What is in guarded keeps the form it has.
func normalEscapes(s, literal, guarded string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c, escaped := decodedAt(s, i)
		if escaped {
			i += 2
		} else {
			c = s[i]
		}
		switch {
		case unreserved(c), strings.IndexByte(literal, c) >= 0 && (!escaped || strings.IndexByte(guarded, c) < 0):
			b.WriteByte(c)
		default:
			writeEncoded(&b, c)
		}
	}
	return b.String()
}

func pathEscapes(s string) string { return normalEscapes(s, inKeyPath, stayEscaped) }

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// params reads a query. A "+" is a blank; a key that begins with "amp;" was
// escaped once too often.
func params(query string) []param {
	var out []param
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		k, v, _ := strings.Cut(pair, "=")
		k = normalEscapes(strings.ReplaceAll(k, "+", "%20"), inKeyName, "=")
		v = normalEscapes(strings.ReplaceAll(v, "+", "%20"), inKeyValue, "")
		k = strings.TrimPrefix(strings.TrimPrefix(k, "amp;"), "amp%3B")
		if k != "" || v != "" {
			out = append(out, param{k, v})
		}
	}
	return out
}

func (p *page) get(key string) (string, bool) {
	for _, q := range p.params {
		if strings.EqualFold(q.key, key) {
			return q.value, true
		}
	}
	return "", false
}

func (p *page) drop(when func(key, value string) bool) {
	p.params = slices.DeleteFunc(p.params, func(q param) bool { return when(strings.ToLower(q.key), q.value) })
}
