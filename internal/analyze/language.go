// Package analyze looks at text alone: which language it is in and which way it
// runs.
package analyze

import (
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

// A Language is what we hold a text to be written in.
type Language struct {
	Tag        string  // BCP 47, "pt" or "sr-Latn"; "und" when unsure
	Confidence float64 // 0 to 1; 0 with "und"
	Script     string  // ISO 15924, "Latn", by count of letters; "Zyyy" without letters
	Dir        string  // "ltr" or "rtl", of the script; without letters of the declared language
}

// Und is the tag of a text whose language we do not know.
const Und = "und"

// DetectLanguage says what text is written in. declared is what the publisher
// claims, a BCP 47 tag or empty: evidence, and often wrong.
func DetectLanguage(text, declared string) Language {
	claim := normalTag(declared)
	script, share := mainScript(text)
	if script == "" {
		if claim == Und {
			return Language{Tag: Und, Script: "Zyyy", Dir: "ltr"}
		}
		return Language{Tag: claim, Confidence: 0.5, Script: "Zyyy", Dir: Direction(claim)}
	}
	l := Language{Tag: Und, Script: script, Dir: scriptDirection(script)}
	switch {
	case onlyLanguage[script] != "":
		l.Tag, l.Confidence = onlyLanguage[script], share
	case claim != Und && scriptOf(claim) == script:
		l.Tag, l.Confidence = claim, 0.6
	}
	return l
}

// normalTag gives a declared tag its canonical form, or "und".
func normalTag(declared string) string {
	t, err := language.Parse(strings.ReplaceAll(strings.TrimSpace(declared), "_", "-"))
	if err != nil {
		return Und
	}
	return t.String()
}

func scriptOf(tag string) string {
	s, _ := language.Make(tag).Script()
	return s.String()
}

// onlyLanguage names the language of the scripts that in our field write one.
var onlyLanguage = map[string]string{
	"Grek": "el", "Thai": "th", "Hang": "ko", "Jpan": "ja", "Hans": "zh", "Geor": "ka", "Armn": "hy", "Khmr": "km",
	"Laoo": "lo", "Sinh": "si", "Taml": "ta", "Telu": "te", "Knda": "kn", "Mlym": "ml", "Gujr": "gu", "Guru": "pa",
	"Orya": "or", "Tibt": "bo", "Thaa": "dv", "Cher": "chr",
}

// scripts are those we count, with their ISO 15924 names.
var scripts = []struct {
	name  string
	table *unicode.RangeTable
}{
	{"Latn", unicode.Latin}, {"Arab", unicode.Arabic}, {"Cyrl", unicode.Cyrillic}, {"Hans", unicode.Han},
	{"Kana", unicode.Hiragana}, {"Kana", unicode.Katakana}, {"Hang", unicode.Hangul}, {"Grek", unicode.Greek},
	{"Hebr", unicode.Hebrew}, {"Deva", unicode.Devanagari}, {"Beng", unicode.Bengali}, {"Thai", unicode.Thai},
	{"Geor", unicode.Georgian}, {"Armn", unicode.Armenian}, {"Ethi", unicode.Ethiopic}, {"Khmr", unicode.Khmer},
	{"Laoo", unicode.Lao}, {"Mymr", unicode.Myanmar}, {"Sinh", unicode.Sinhala}, {"Taml", unicode.Tamil},
	{"Telu", unicode.Telugu}, {"Knda", unicode.Kannada}, {"Mlym", unicode.Malayalam}, {"Gujr", unicode.Gujarati},
	{"Guru", unicode.Gurmukhi}, {"Orya", unicode.Oriya}, {"Tibt", unicode.Tibetan}, {"Thaa", unicode.Thaana},
	{"Syrc", unicode.Syriac}, {"Nkoo", unicode.Nko}, {"Cher", unicode.Cherokee}, {"Mong", unicode.Mongolian},
	{"Tfng", unicode.Tifinagh}, {"Adlm", unicode.Adlam},
}

// mainScript returns the script of most letters and its share of them; empty
// without letters.
func mainScript(text string) (script string, share float64) {
	counts, total := map[string]int{}, 0
	for _, r := range text {
		if !unicode.IsLetter(r) {
			continue
		}
		total++
		counts[scriptOfRune(r)]++
	}
	if total == 0 {
		return "", 0
	}
	// Japanese mixes three scripts; a text with any share of kana is Japanese.
	if kana := counts["Kana"]; kana > 0 && kana*10 >= counts["Hans"] && kana+counts["Hans"] > total/2 {
		return "Jpan", float64(kana+counts["Hans"]) / float64(total)
	}
	best := ""
	for name, n := range counts {
		if best == "" || n > counts[best] || n == counts[best] && name < best {
			best = name
		}
	}
	return best, float64(counts[best]) / float64(total)
}

func scriptOfRune(r rune) string {
	if r < 0x250 {
		return "Latn"
	}
	for _, s := range scripts {
		if unicode.Is(s.table, r) {
			return s.name
		}
	}
	return "Zzzz"
}
