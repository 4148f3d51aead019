package compose_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"golang.org/x/net/html"
)

// clientsFile is what caniemail.com measured, put there by .ci/needs.
const clientsFile = ".ci/tools/caniemail-2.0.2.json"

// majorClients are those the digest must look right in, as caniemail.com names
// family and platform.
var majorClients = []string{
	"apple-mail macos", "apple-mail ios",
	"gmail desktop-webmail", "gmail mobile-webmail", "gmail ios", "gmail android",
	"outlook windows", "outlook macos", "outlook outlook-com", "outlook ios", "outlook android",
	"yahoo desktop-webmail", "yahoo ios", "yahoo android",
	"samsung-email android", "thunderbird macos", "thunderbird windows",
	"protonmail desktop-webmail", "protonmail ios", "protonmail android",
	"gmx desktop-webmail", "gmx ios", "gmx android",
}

// exceptions are what not every major client knows, and why nothing is lost
// where it is not known.
var exceptions = map[string]string{
	"css-at-media":                      "narrower edges on a phone; without it the wide ones stay",
	"css-at-media-prefers-color-scheme": "our own dark colours; without it the client's, or the light ones",
	"css-color-scheme":                  "says that there are dark colours",
	"html-meta-color-scheme":            "says that there are dark colours",
	"css-important":                     "only in the style sheet, which only holds what is named here",
	"css-selector-class":                "only in the style sheet: every style stands in its element too",
	"css-selector-descendant":           "only in the style sheet",
	"css-selector-grouping":             "only in the style sheet",
	"css-selector-type":                 "only in the style sheet",
	"css-display":                       "hides the line for lists of mails; where it is not known that is 1px high, in the page's colour",
	"css-display-none":                  "the same",
	"css-max-height":                    "the same",
	"css-overflow":                      "the same",
	"html-style":                        "the style sheet itself",
	"html-body":                         "what it says stands on the tables too",
	"html-doctype":                      "the layout is of tables, which are drawn alike without it",
	"html-aria-label":                   "names the article for screen readers; without it they read its text",
	"html-role":                         "tells screen readers which tables are layout; without it they count cells",
	"html-lang":                         "tells screen readers how to speak; without it they guess",
	"html-dir":                          "where it is taken out the style direction stands, and lines still begin on their side, by align",
	"html-anchor-links":                 "leads from the list of stories to each; without it one scrolls",
	"css-text-decoration":               "headlines without a line below them; without it with one",
}

// partly is what some clients know in part only, and why the part we use is
// among what they know.
var partly = map[string]string{
	"css-background-color": "GMX takes it from bgcolor, which stands beside it",
	"css-border":           "none is thicker than 8px, none is on a paragraph",
	"css-direction":        "the attribute stands beside it",
	"css-font-size":        "all sizes are in px",
	"css-font-weight":      "only bold and normal",
	"css-line-height":      "mso-line-height-rule stands beside it",
	"css-margin":           "none is negative or auto; the one on the body is 0",
	"css-max-width":        "only on the table, in which Outlook gets a fixed one",
	"css-padding":          "what matters is on table cells",
	"css-text-align":       "only left and right",
	"html-align":           "only on table cells",
	"html-lists":           "no list is reversed or numbered otherwise",
	"html-mailto-links":    "an address and nothing else",
	"html-width":           "only 100% on tables",
}

// unlisted is what caniemail.com says nothing of, because every client has it
// or because nothing is lost without it.
var unlisted = regexp.MustCompile(`^(<(html|head|title|meta|br|a|em|i|b|tbody|thead|tr|td|th)>|` +
	`\[(href|class|id|border|style|type|bgcolor|charset|name|content|xmlns|aria-roledescription)\]|` +
	`css-(color|font-family|font-style|supported-color-schemes|mso-line-height-rule|mso-hide))$`)

// TestClients: what the digest is made of works in the major clients, but for
// the exceptions.
func TestClients(t *testing.T) {
	t.Parallel()
	known := readClients(t)
	used := map[string]bool{}
	for _, doc := range digests(t) {
		for name := range featuresOf(t, doc) {
			slug := slugOf(name, known)
			used[slug] = true
			if slug == "" && !unlisted.MatchString(name) {
				t.Errorf("%s is used, and nothing is known about it", name)
			}
		}
	}
	delete(used, "")
	pairs, works := 0, 0
	for _, slug := range slices.Sorted(maps.Keys(used)) {
		var without []string
		for _, client := range majorClients {
			support, ok := known[slug][client]
			if !ok {
				continue
			}
			_, inPart := partly[slug]
			if exceptions[slug] == "" {
				pairs++
			}
			switch {
			case support[0] == 'y':
			case support[0] == 'a' && inPart:
			default:
				without = append(without, client+" "+support)
				continue
			}
			if exceptions[slug] == "" {
				works++
			}
		}
		why := exceptions[slug]
		switch {
		case why != "" && len(without) == 0:
			t.Errorf("%s works everywhere: it is no exception", slug)
		case len(without) > 0:
			t.Logf("%s is not in %s. %s", slug, strings.Join(without, ", "), why)
		}
	}
	for _, slug := range slices.Concat(slices.Collect(maps.Keys(exceptions)), slices.Collect(maps.Keys(partly))) {
		if !used[slug] {
			t.Errorf("%s is excepted and not used", slug)
		}
	}
	t.Logf("%d features in %d clients: of %d that are no exception %d work (%.1f %%)", len(used), len(majorClients), pairs, works,
		100*float64(works)/float64(pairs))
	if 100*works < 99*pairs {
		t.Error("less than 99 % of what the digest is made of works in the major clients")
	}
}

// readClients reads what each client made last of each feature: "y", "a"
// (partly), "n" or "u", with notes.
func readClients(t *testing.T) map[string]map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", clientsFile))
	if err != nil {
		t.Skip("left out: what mail clients support is missing, .ci/needs brings it")
	}
	var file struct {
		Data []struct {
			Slug  string
			Stats map[string]map[string]map[string]string // family, platform, version
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	known := map[string]map[string]string{}
	for _, f := range file.Data {
		known[f.Slug] = map[string]string{}
		for family, platforms := range f.Stats {
			for platform, versions := range platforms {
				if len(versions) == 0 {
					continue
				}
				last := slices.MaxFunc(slices.Collect(maps.Keys(versions)), compareVersions)
				if support := versions[last]; support != "" && support[0] != 'u' {
					known[f.Slug][family+" "+platform] = support
				}
			}
		}
	}
	return known
}

// compareVersions compares "16.80" and "2022-02", number by number.
func compareVersions(a, b string) int {
	number := regexp.MustCompile(`\d+`)
	pad := func(s string) string {
		return number.ReplaceAllStringFunc(s, func(n string) string { return fmt.Sprintf("%08s", n) })
	}
	return cmp.Compare(pad(a), pad(b))
}

// digests are mails in HTML that hold all there can be in one.
func digests(t *testing.T) []string {
	t.Helper()
	r := render(t, sample())
	var docs []string
	for _, lang := range audience.Languages() {
		docs = append(docs, r.HTML(audience.Variant{Language: lang, Format: audience.FormatHTML, Stories: all}))
	}
	in, ids := bigIssue(60)
	in.Languages = []string{"en"}
	in.Stories[0].Commentary = "# One\n\n## Two\n\n> quoted\n\n1. first\n2. second\n\n**bold**, *slanted*, `code` and [mail](mailto:desk@example.org)"
	return append(docs, render(t, in).HTML(audience.Variant{Language: "en", Format: audience.FormatHTML, Stories: ids}))
}

// featuresOf are the elements, attributes and styles of a page, as names that
// slugOf understands.
func featuresOf(t *testing.T, doc string) map[string]bool {
	t.Helper()
	root, err := html.Parse(strings.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		switch n.Type {
		case html.DoctypeNode:
			found["html-doctype"] = true
		case html.CommentNode:
			found["html-comments"] = true
		case html.ElementNode:
			elementFeatures(n, found)
			if n.Data == "style" {
				sheetFeatures(n.FirstChild.Data, found)
			}
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
	}
	walk(root)
	return found
}

func elementFeatures(n *html.Node, found map[string]bool) {
	found["<"+n.Data+">"] = true
	for _, a := range n.Attr {
		found["["+a.Key+"]"] = true
		switch {
		case a.Key == "style":
			declarationFeatures(a.Val, found)
		case a.Key == "href" && strings.HasPrefix(a.Val, "#"):
			found["html-anchor-links"] = true
		case a.Key == "href" && strings.HasPrefix(a.Val, "mailto:"):
			found["html-mailto-links"] = true
		case n.Data == "meta" && a.Val == "color-scheme":
			found["html-meta-color-scheme"] = true
		}
	}
}

var (
	atRule   = regexp.MustCompile(`@([a-z-]+)([^{]*)\{`)
	rule     = regexp.MustCompile(`([^{}]+)\{([^{}]*)\}`)
	cssUnit  = regexp.MustCompile(`\d(px|em|rem|%|pt|vh|vw)`)
	function = regexp.MustCompile(`([a-z-]+)\(`)
)

func sheetFeatures(sheet string, found map[string]bool) {
	for _, m := range atRule.FindAllStringSubmatch(sheet, -1) {
		found["css-at-"+m[1]] = true
		if strings.Contains(m[2], "prefers-color-scheme") {
			found["css-at-media-prefers-color-scheme"] = true
		}
	}
	for _, m := range rule.FindAllStringSubmatch(sheet, -1) {
		for selector := range strings.SplitSeq(m[1], ",") {
			selectorFeatures(strings.TrimSpace(selector), found)
		}
		if strings.Contains(m[1], ",") {
			found["css-selector-grouping"] = true
		}
		declarationFeatures(m[2], found)
	}
}

func selectorFeatures(s string, found map[string]bool) {
	for mark, slug := range map[string]string{".": "css-selector-class", " ": "css-selector-descendant", "#": "css-selector-id", ">": "css-selector-child",
		"[": "css-selector-attribute", "*": "css-selector-universal", "+": "css-selector-adjacent-sibling", "::": "css-pseudo-element", ":hover": "css-pseudo-class-hover"} {
		if strings.Contains(s, mark) {
			found[slug] = true
		}
	}
	if regexp.MustCompile(`(^| )[a-z]`).MatchString(s) {
		found["css-selector-type"] = true
	}
}

func declarationFeatures(style string, found map[string]bool) {
	for declaration := range strings.SplitSeq(style, ";") {
		property, value, ok := strings.Cut(declaration, ":")
		if !ok {
			continue
		}
		property = strings.TrimSpace(property)
		found["css-"+property] = true
		if property == "display" && strings.Contains(value, "none") {
			found["css-display-none"] = true
		}
		if strings.Contains(value, "!important") {
			found["css-important"] = true
		}
		for _, m := range cssUnit.FindAllStringSubmatch(value, -1) {
			found["css-unit-"+map[string]string{"%": "percent"}[m[1]]+strings.TrimPrefix(m[1], "%")] = true
		}
		for _, m := range function.FindAllStringSubmatch(value, -1) {
			found["css-function-"+m[1]] = true
		}
	}
}

// slugOf finds a name among what caniemail.com knows: "<h2>" is html-h1-h6,
// "css-margin-top" is css-margin.
func slugOf(name string, known map[string]map[string]string) string {
	switch name {
	case "<h1>", "<h2>", "<h3>", "<h4>", "<h5>", "<h6>":
		return "html-h1-h6"
	case "<ul>", "<ol>", "<li>":
		return "html-lists"
	}
	slug := name
	if strings.ContainsAny(name[:1], "<[") {
		slug = "html-" + strings.Trim(name, "<>[]")
	}
	for slug != "" && known[slug] == nil {
		at := strings.LastIndexByte(slug, '-')
		if slug = slug[:max(at, 0)]; slug == "css" || slug == "html" {
			return ""
		}
	}
	return slug
}
