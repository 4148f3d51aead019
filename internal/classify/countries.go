package classify

import (
	"embed"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

//go:embed countries/*.txt
var countryFiles embed.FS

// A gazetteer finds countries in the texts of one language.
type gazetteer struct {
	words *trie
	// of each atom: the country ("--" for a mask) and what the word is.
	atoms    []placeName
	language string
	cased    bool // the language writes names with a capital
}

// A placeName is an entry of the gazetteer.
type placeName struct {
	code string
	of   nameKind
}

type nameKind byte

const (
	countryName nameKind = iota // or a place that stands for it
	adjective                   // "Sudanese"
)

// gazetteers are compiled when their language is first met.
var gazetteers = func() map[string]func() *gazetteer {
	m := map[string]func() *gazetteer{}
	for _, language := range Languages() {
		m[language] = sync.OnceValue(func() *gazetteer {
			text, err := countryFiles.ReadFile("countries/" + language + ".txt")
			if err != nil {
				panic(fmt.Sprintf("classify: embedded countries: %v", err))
			}
			return newGazetteer(language, string(text))
		})
	}
	return m
}()

// newGazetteer reads lines of `CODE name | +adjective | town`; a place
// weighs as much as the name.
func newGazetteer(language, text string) *gazetteer {
	g := &gazetteer{words: newTrie(), language: language, cased: language != "ar" && language != "zh"}
	lex := &lexicon{language: language, words: g.words}
	p := parser{lex: lex}
	inflected := language == "ru" || language == "ar" || language == "zh"
	for line := range strings.SplitSeq(text, "\n") {
		code, names, ok := strings.Cut(line, " ")
		if !ok || code == "#" {
			continue
		}
		for _, name := range strings.Split(names, " | ") {
			is := countryName
			if rest, ok := strings.CutPrefix(name, "+"); ok {
				name, is = rest, adjective
			} else if !inflected && !strings.ContainsAny(name, "=^") {
				name = "=" + strings.Join(strings.Fields(name), " =")
			}
			g.atoms = append(g.atoms, placeName{code, is})
			if err := p.addPhrase(name, lex.newAtom()); err != nil {
				panic(fmt.Sprintf("classify: embedded countries %s, %q: %v", language, line, err))
			}
		}
	}
	return g
}

// A mention is one place where a country is named.
type mention struct {
	hit
	placeName
}

// mentions finds the names in the text, the longest at each place; a longer
// name or a mask hides what stands inside it.
func (g *gazetteer) mentions(d *document) []mention {
	hits := g.words.find(d.title, d.toks[:d.titleLen], int32(len(g.atoms)), 0, nil)
	hits = g.words.find(d.body, d.toks[d.titleLen:], int32(len(g.atoms)), int32(d.titleLen), hits)
	var all []mention
	for atom, list := range hits {
		for _, h := range list {
			if m := (mention{h, g.atoms[atom]}); g.writtenAsName(d, m) {
				all = append(all, m)
			}
		}
	}
	slices.SortFunc(all, func(a, b mention) int {
		if a.start != b.start {
			return int(a.start - b.start)
		}
		return int(b.end - a.end)
	})
	var out []mention
	last := int32(0)
	for _, m := range all {
		if m.start < last {
			continue
		}
		last = m.end
		if m.code != "--" && !isPersonOrMoney(d, m) && !g.namesLanguage(d, m) && !(g.language == "en" && d.alsoSmall(m)) {
			out = append(out, m)
		}
	}
	return out
}

// smallWords are names that are other words when written small. A text that
// has both speaks of those.
var smallWords = map[string]string{"Turkey": "turkey", "Chad": "chad", "China": "china"}

func (d *document) alsoSmall(m mention) bool {
	small := smallWords[d.words(m.start, m.end)]
	return small != "" && smallWord(d.title+" "+d.body, small)
}

func smallWord(text, word string) bool {
	for from := 0; ; {
		at := strings.Index(text[from:], word)
		if at < 0 {
			return false
		}
		from += at + len(word)
		after, _ := utf8.DecodeRuneInString(text[from:])
		before, _ := utf8.DecodeLastRuneInString(text[:from-len(word)])
		if !unicode.IsLetter(after) && !unicode.IsLetter(before) {
			return true
		}
	}
}

// writtenAsName: where names take a capital a word without one is something
// else ("turkey", "chad"); adjectives take none in French, Spanish and Russian.
func (g *gazetteer) writtenAsName(d *document, m mention) bool {
	if !g.cased || m.code == "--" || m.of == adjective {
		return true
	}
	r, _ := utf8.DecodeRuneInString(d.words(m.start, m.end))
	return unicode.IsUpper(r)
}

// firstNames are countries whose names people bear.
var firstNames = map[string]bool{"JO": true, "TD": true, "GE": true, "IL": true}

// isPersonOrMoney tells "Michael Jordan" and "US$ 5" from countries.
func isPersonOrMoney(d *document, m mention) bool {
	if m.code == "US" && strings.HasPrefix(d.after(m.end), "$") {
		return true
	}
	if !firstNames[m.code] || m.of != countryName || m.end-m.start > 1 {
		return false
	}
	if d.beginsName(m) {
		return true
	}
	if m.start == 0 {
		return false
	}
	before := d.words(m.start-1, m.start)
	r, _ := utf8.DecodeRuneInString(before)
	gap := d.between(m.start-1, m.start)
	return unicode.IsUpper(r) && gap == " " && !nounBefore[strings.ToLower(before)] && !allCaps(before)
}

// beginsName: a surname follows, "Jordan Smith". In a title, where any word may
// take a capital, only if the body has both words, too.
func (d *document) beginsName(m mention) bool {
	if int(m.end) >= len(d.toks) || d.between(m.end-1, m.end) != " " {
		return false
	}
	next := d.words(m.end, m.end+1)
	r, _ := utf8.DecodeRuneInString(next)
	if !unicode.IsUpper(r) || allCaps(next) || nounAfter[next] {
		return false
	}
	return int(m.start) >= d.titleLen || strings.Contains(d.body, d.words(m.start, m.end+1))
}

// nounAfter are words that take a capital behind a country without being a
// surname.
var nounAfter = map[string]bool{"River": true, "Valley": true, "Lake": true, "Government": true, "Ministry": true, "Health": true, "Office": true, "National": true, "Red": true, "Medical": true, "State": true, "University": true, "Times": true, "On": true, "In": true, "Basin": true, "Hospital": true}

// nounBefore are words that take a capital before a country without being a
// person's name.
var nounBefore = map[string]bool{
	"in": true, "from": true, "for": true, "of": true, "and": true, "to": true, "the": true, "with": true, "across": true, "on": true, "as": true,
	"government": true, "northern": true, "southern": true, "eastern": true, "western": true, "central": true, "lake": true, "when": true, "how": true,
	"en": true, "au": true, "de": true, "la": true, "le": true, "in the": true, "why": true, "urges": true, "urge": true, "against": true, "experts": true,
}

func allCaps(s string) bool { return len(s) > 1 && strings.ToUpper(s) == s }

// after returns the text that follows the word before index at.
func (d *document) after(at int32) string {
	text := d.body
	if int(at) <= d.titleLen {
		text = d.title
	}
	return text[d.toks[at-1].End:]
}

// between returns what stands between two neighbouring words, empty across the
// end of the title.
func (d *document) between(a, b int32) string {
	if int(a) < d.titleLen != (int(b) < d.titleLen) {
		return ""
	}
	text := d.body
	if int(a) < d.titleLen {
		text = d.title
	}
	return text[d.toks[a].End:d.toks[b].Start]
}

// Weights of a mention by where it stands and what it is.
var (
	mentionZone = [zones]float64{inTitle: 3, inLead: 1.6, inBody: 0.8, inTail: 0.3}
	mentionKind = map[nameKind]float64{countryName: 1, adjective: 0.75}
)

const (
	datelineWeight = 0.3 // "GENEVA, 3 March –" says where it was written
	funderWeight   = 0   // "with funds from Japan"
	enoughWeight   = 1.1
	shareOfBest    = 0.3
	maxCountries   = 6
)

// countries says what a text is about, most central first: named in the title,
// or at its beginning, or again and again.
func (g *gazetteer) countries(d *document) []string {
	sums, counts := map[string]float64{}, map[string]int{}
	var order []string
	for _, m := range g.mentions(d) {
		if counts[m.code] == 0 {
			order = append(order, m.code)
		}
		w := mentionZone[d.zone[m.start]] * mentionKind[m.of]
		switch {
		case d.inDateline(m):
			w = datelineWeight
		case d.asFunder(m):
			w = funderWeight
		}
		counts[m.code]++
		sums[m.code] = max(sums[m.code], w) + 0.35*min(sums[m.code], w)
	}
	best := 0.0
	for _, w := range sums {
		best = math.Max(best, w)
	}
	order = slices.DeleteFunc(order, func(code string) bool { return sums[code] < enoughWeight || sums[code] < shareOfBest*best })
	if slices.Contains(order, "GE") && counts["US"] > 0 && (counts["GE"] <= counts["US"] || !georgian.MatchString(d.title+" "+d.body)) {
		order = slices.DeleteFunc(order, func(code string) bool { return code == "GE" }) // the American state
	}
	slices.SortStableFunc(order, func(a, b string) int { return cmpFloat(sums[b], sums[a]) })
	return order[:min(len(order), maxCountries)]
}

// georgian words stand in texts about the country only.
var georgian = regexp.MustCompile(`Georgian|Tbilisi|Abkhaz|Ossetia|Batumi|Tiflis|Грузи|géorgien`)

// isPlace reports whether a name is that of a country or what belongs to one.
func (g *gazetteer) isPlace(name string) bool {
	if name == "" {
		return false
	}
	d := newDocument("", name, g.language)
	for _, m := range g.mentions(d) {
		if m.start == 0 && int(m.end) == len(d.toks) {
			return true
		}
	}
	return false
}

// inDateline: the mention stands in the first words of the body, before the
// dash that ends a dateline.
func (d *document) inDateline(m mention) bool {
	if int(m.start) < d.titleLen || int(m.start) > d.titleLen+6 {
		return false
	}
	from := d.toks[m.start].Start
	head := d.body[:min(len(d.body), from+80)]
	for _, dash := range []string{" – ", " — ", " - ", "– ", "— ", "(Reuters)", "(AFP)", "(AP)"} {
		if at := strings.Index(head, dash); at > from && !strings.ContainsAny(head[:at], ".!?;") {
			return true
		}
	}
	return false
}

// funders are the words before a country that pays and is not spoken of.
var funders = []string{
	"funded by", "funding from", "funds from", "financed by", "supported by", "support from", "support of", "donated by", "donation from", "grant from", "contribution from",
	"financé par", "financement de", "soutien de", "appui de", "don de", "financiado por", "financiación de", "apoyo de", "donación de", "gefinancierd door", "steun van",
	"при поддержке", "при финансировании", "بدعم من", "بتمويل من",
}

func (d *document) asFunder(m mention) bool {
	if int(m.start) < d.titleLen {
		return false
	}
	at := d.toks[m.start].Start
	before := strings.ToLower(strings.ToValidUTF8(d.body[max(0, at-45):at], ""))
	for _, f := range funders {
		if i := strings.LastIndex(before, f); i >= 0 && !strings.ContainsAny(before[i:], ".;") {
			return true
		}
	}
	return false
}
