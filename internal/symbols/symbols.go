// Package symbols finds the names under which documents are filed: United
// Nations document symbols ("A/HRC/RES/48/13") and DOIs ("10.1016/…"), in
// running text and in addresses. It knows how they are written, not what they
// stand for.
package symbols

import (
	"iter"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// suffixes are the parts of a symbol that are written with small letters.
var suffixes = strings.NewReplacer(
	"/REV.", "/Rev.", "/ADD.", "/Add.", "/CORR.", "/Corr.", "/AMEND.", "/Amend.", "/SUMMARY", "/Summary",
	"/PART.", "/Part.", "/EXTRACTS", "/Extracts",
)

// A symbol begins with an organ and a part that only that organ's documents
// have, so that "A/C", "S/he" and the influenza strain "A/California/7/2009"
// are none.
const (
	part   = `[A-Z0-9](?:[A-Z0-9.\-]*[A-Z0-9])?`
	suffix = `(?i:Rev|Add|Corr|Amend)\.[0-9]+`
)

var symbol = regexp.MustCompile(`(?:` + strings.Join([]string{
	`A/(?:[0-9]{1,3}|HRC|RES|DEC|BUR|CONF\.[0-9]+|AC\.[0-9]+|C\.[1-6]|CN\.[0-9]+|ES-[0-9]+|S-[0-9]+|INF|PV\.[0-9]+|SPC|WG\.[0-9]+|COPUOS)`,
	`S/(?:(?:19|20)[0-9]{2}|RES|PRST|PV\.[0-9]+|AC\.[0-9]+|C\.[0-9]+|INF|[0-9]{3,5})`,
	`E/(?:(?:19|20)[0-9]{2}|C\.[0-9]+|CN\.[0-9]+|AC\.[0-9]+|RES|DEC|ICEF|INF|ECE|ESCAP|ESCWA|ECA|ECLAC|CONF\.[0-9]+|[0-9]{4})`,
	`(?:CCPR|CERD|CEDAW|CRC|CMW|CED|CRPD|CESCR)/(?:C|SP|CSP|OP)`,
	`CAT/(?:C|SP|OP)`,
	`HRI/(?:CORE|GEN|MC|ICM)`,
	`ST/(?:[A-Z]{2,}(?:\.[0-9]+)?)`,
	`(?:TD|DP|UNEP|FCCC|ECE|HSP|CBD|ICCD|ISBA|SPLOS|NPT|PBC|JIU|CEB|UNW|PCNICC|ICC-ASP|T|CD|DC|EC|ID|LC|LOS|MP|GC|IDB|WFP|TRADE|TRANS|ENERGY|ECOSOC)/(?:` + part + `)`,
}, "|") + `)(?:/(?:` + suffix + `|` + part + `))*(?:\s?\([0-9]{4}\)|\s?\([IVXL]+(?:-[IVXL]+)?\))?`)

// joint parts the two symbols of a document that was issued to two organs,
// "A/72/392-S/2017/783".
var joint = regexp.MustCompile(`([0-9])[-\x{2010}-\x{2014}]([ASE]/[0-9RP])`)

// InText returns the symbols in s, normalised, in order, each once.
func InText(s string) []string {
	s = joint.ReplaceAllString(s, "$1 $2")
	var found []string
	for from, to := range aboutSlashes(s) {
		for _, at := range symbol.FindAllStringIndex(s[from:to], -1) {
			begin, end := from+at[0], from+at[1]
			if begin > 0 && partOfWord(s[begin-1]) || end < len(s) && isWord(s[end]) {
				continue
			}
			if sym, ok := Normalise(s[begin:end]); ok && !slices.Contains(found, sym) {
				found = append(found, sym)
			}
		}
	}
	return found
}

// How far about a slash a symbol may reach that it is part of: an organ before
// it, a part and a bracket after it.
const (
	beforeSlash = 16
	afterSlash  = 64
)

// aboutSlashes yields the stretches of a text that symbols can stand in. Most
// texts have none, and the pattern is slow.
func aboutSlashes(s string) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for at := 0; ; {
			n := strings.IndexByte(s[at:], '/')
			if n < 0 {
				return
			}
			last := at + n
			from := max(0, last-beforeSlash)
			for n >= 0 {
				n = strings.IndexByte(s[last+1:min(len(s), last+1+afterSlash)], '/')
				last += n + 1
			}
			at = min(len(s), last+1+afterSlash)
			if !yield(from, at) {
				return
			}
		}
	}
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// partOfWord reports a byte that makes what follows the middle of something
// else: a word, a path, an address.
func partOfWord(c byte) bool { return isWord(c) || c == '/' || c == '.' || c == '-' || c == '@' }

// year in brackets belongs to the symbols of the Security Council and the
// Economic and Social Council; behind another it says when.
var year = regexp.MustCompile(`\([0-9]{4}\)$`)

// Normalise gives one way of writing a symbol, or false when s is none:
// capitals but for "Rev.", "Add." and their like, no blanks, the year of a
// resolution of the Security Council in brackets as it was written.
func Normalise(s string) (string, bool) {
	s = strings.ToUpper(strings.Join(strings.Fields(s), ""))
	s = suffixes.Replace(strings.TrimRight(s, "/.,;:"))
	if !strings.HasPrefix(s, "S/") && !strings.HasPrefix(s, "E/") {
		s = year.ReplaceAllString(s, "")
	}
	if m := symbol.FindString(s); m != s || s == "" || !strings.ContainsAny(s, "0123456789") {
		return "", false
	}
	// An organ and one number is a symbol only for the few that number so.
	if strings.Count(s, "/") == 1 && !single.MatchString(s) {
		return "", false
	}
	return s, true
}

var single = regexp.MustCompile(`^(?:S/[0-9]{3,5}|E/[0-9]{4}|[AS]/PV\.[0-9]+)$`)

// languages maps how the United Nations write the language of a document in an
// address to its tag.
var languages = map[string]string{
	"e": "en", "f": "fr", "s": "es", "r": "ru", "a": "ar", "c": "zh",
	"en": "en", "fr": "fr", "es": "es", "ru": "ru", "ar": "ar", "zh": "zh", "de": "de",
	"english": "en", "french": "fr", "spanish": "es", "russian": "ru", "arabic": "ar", "chinese": "zh",
}

// A Document is a United Nations document as an address names it.
type Document struct {
	Symbol   string
	Language string // BCP 47; "en" when the address names none
}

// InURL returns the symbol of the document an address of the United Nations'
// document services leads to.
func InURL(u string) (string, bool) {
	d, ok := ParseURL(u)
	return d.Symbol, ok
}

// ParseURL returns the document an address of the United Nations' document
// services leads to.
func ParseURL(raw string) (Document, bool) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return Document{}, false
	}
	host := strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(u.Hostname()), "www."), ".")
	if host == "undocs.org" || host == "docs.un.org" {
		if d, ok := inPath(u.Path); ok {
			return d, true
		}
	}
	if host == "undocs.org" || host == "un.org" || host == "ohchr.org" || strings.HasSuffix(host, ".un.org") || strings.HasSuffix(host, ".ohchr.org") {
		return inQuery(u.RawQuery)
	}
	return Document{}, false
}

func inPath(path string) (Document, bool) {
	d := Document{Language: "en"}
	path = strings.Trim(path, "/")
	if first, rest, ok := strings.Cut(path, "/"); ok && len(first) == 2 && languages[strings.ToLower(first)] != "" {
		d.Language, path = languages[strings.ToLower(first)], rest
	}
	if i := strings.IndexByte(path, '='); i >= 0 && strings.EqualFold(path[:i], "symbol") {
		path = path[i+1:]
	}
	var ok bool
	d.Symbol, ok = Normalise(path)
	return d, ok
}

// inQuery reads the parameters of the search, landing and download pages:
// ?symbol=, &DS=, ?FinalSymbol=, ?s=, ?symbolno=, ?si=.
func inQuery(query string) (Document, bool) {
	d := Document{Language: "en"}
	for pair := range strings.SplitSeq(strings.ReplaceAll(query, ";", "&"), "&") {
		key, val, _ := strings.Cut(pair, "=")
		val, err := url.QueryUnescape(val)
		if err != nil {
			continue
		}
		switch strings.ToLower(key) {
		case "symbol", "ds", "finalsymbol", "s", "symbolno", "si", "m":
			if sym, ok := Normalise(val); ok && d.Symbol == "" {
				d.Symbol = sym
			}
		case "lang", "l", "language":
			if l := languages[strings.ToLower(val)]; l != "" {
				d.Language = l
			}
		}
	}
	return d, d.Symbol != ""
}

var doi = regexp.MustCompile(`(?i)\b10\.[0-9]{4,9}(?:\.[0-9]+)*/[^\s"<>\x{201C}\x{201D}\x{2018}\x{2019}]+`)

// DOI returns the first DOI in s, a text or an address, in small letters and
// without resolver or prefix.
func DOI(s string) (string, bool) {
	if un, err := url.PathUnescape(s); err == nil {
		s = un
	}
	m := doi.FindString(s)
	if m == "" {
		return "", false
	}
	if strings.Contains(s, "://") {
		m, _, _ = strings.Cut(m, "?")
		m, _, _ = strings.Cut(m, "#")
		m, _, _ = strings.Cut(m, "&")
	}
	m = strings.ToLower(trimDOI(m))
	_, name, _ := strings.Cut(m, "/")
	return m, name != ""
}

// DOIs returns the DOIs in a text, in order, each once.
func DOIs(text string) []string {
	if !strings.Contains(text, "10.") {
		return nil
	}
	var out []string
	for _, m := range doi.FindAllString(text, -1) {
		if d, ok := DOI(m); ok && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}

// trimDOI drops the punctuation of the sentence around a DOI. A closing
// bracket is the DOI's own if it opens one too.
func trimDOI(s string) string {
	for {
		t := strings.TrimRight(s, ".,;:!?*'\u2026\u3002\u060C")
		for _, pair := range []string{"()", "[]", "{}"} {
			if strings.HasSuffix(t, pair[1:]) && strings.Count(t, pair[:1]) < strings.Count(t, pair[1:]) {
				t = t[:len(t)-1]
			}
		}
		if t == s {
			return s
		}
		s = t
	}
}
