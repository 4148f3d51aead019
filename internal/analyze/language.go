// Package analyze looks at text alone, one way for every language: its words
// and sentences as search and topics need them, which language it is written
// in, which way it runs. It knows nothing of items or topics and does no I/O.
package analyze

import (
	"math"
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

// A Language is what we hold a text to be written in.
type Language struct {
	Tag        string  // BCP 47 without region, "pt"; "und" when unsure
	Confidence float64 // 0 to 1; 0 with "und"
	Script     string  // ISO 15924 by count of letters, "Latn", "Hans", "Jpan"; "Zyyy" without letters
	Dir        string  // "ltr" or "rtl", of the script; without letters of the declared language
}

// Und is the tag of a text whose language we do not know.
const Und = "und"

const (
	// trustDeclared is the confidence in a claim that nothing speaks for or
	// against.
	trustDeclared = 0.5
	// leastShare is how much of the weight a language needs to be named.
	leastShare = 0.4
	// leastGuess is what the model's best guess must reach: below it the text
	// is no language it has seen, or none at all.
	leastGuess = 0.13
	// rareWeight is what a guess of a language hardly any news is written in
	// counts. Short headlines look like Lombard or Interlingua by accident.
	rareWeight = 0.1
)

// DetectLanguage says what text is written in. declared is what the publisher
// claims, a BCP 47 tag or empty: evidence, and often wrong.
func DetectLanguage(text, declared string) Language {
	claim := baseTag(declared)
	line := wordsOnly(text)
	script, letters, share := mainScript(line)
	if script == "" {
		if claim == Und {
			return Language{Tag: Und, Script: "Zyyy", Dir: "ltr"}
		}
		return Language{Tag: claim, Confidence: trustDeclared, Script: "Zyyy", Dir: Direction(claim)}
	}
	l := Language{Tag: Und, Script: script, Dir: scriptDirection(script)}
	if only := onlyLanguage[script]; only != "" {
		l.Tag, l.Confidence = only, share
		if sameLanguage(claim, only) {
			l.Tag = claim
		}
		return l
	}
	l.Tag, l.Confidence = weigh(line, script, letters, claim)
	return l
}

// weigh lets the model, telling letters, function words and the claim speak
// about a line in a script that many languages use.
func weigh(line, script string, letters int, claim string) (tag string, confidence float64) {
	scores := map[string]float64{}
	for _, g := range languageModel().guesses(line, 0.0005) {
		if scriptOfLabel(g.tag) != script {
			continue
		}
		tag, p := g.tag, g.p
		if main := variantOf[tag]; main != "" {
			tag = main
		} else if rare[tag] {
			p *= rareWeight
		}
		scores[tag] += p
	}
	strongest := 0.0
	for _, s := range scores {
		strongest = max(strongest, s)
	}
	tellByLetters(scores, line)
	words := strings.Fields(line)
	tellByWords(scores, words, script)
	believed := Und
	if claim != Und && defaultScript(claim) == script {
		believed = claim
		joinSiblings(scores, claim)
	}
	sharpen(scores, letters)
	if believed != Und {
		// The fewer letters there are, the more the claim says.
		n := float64(letters)
		scores[claim] = max(scores[claim], 0.001, 1.5/(n*n)) * (2 + 600/n)
	}
	total := 0.0
	for t, s := range scores {
		total += s
		if tag == "" || s > scores[tag] || s == scores[tag] && t < tag {
			tag = t
		}
	}
	if tag != "" && total > 0 {
		confidence = scores[tag] / total
	}
	switch {
	case tag != believed && (tag == "" || strongest < leastGuess || confidence < sureEnough(len(words), letters)):
		if believed == Und {
			return Und, 0
		}
		return believed, min(trustDeclared, confidence+0.1)
	}
	return tag, min(confidence, 1)
}

// sureEnough is the share of the weight a language needs to be named: a word
// or two are as often a name as a language.
func sureEnough(words, letters int) float64 {
	switch {
	case letters < 3:
		return 2
	case words < 3 && letters < 16:
		return 0.85
	}
	return leastShare
}

// joinSiblings gives the claim what the model says of languages that it or
// publishers do not tell apart.
func joinSiblings(scores map[string]float64, claim string) {
	for t := range scores {
		if t != claim && sameLanguage(t, claim) {
			scores[claim] += scores[t]
			delete(scores, t)
		}
	}
}

// sharpen lets the better guess win more clearly the longer the text is: the
// model averages over words and so is no surer of a page than of a line.
func sharpen(scores map[string]float64, letters int) {
	power := 1 + min(1.5, float64(letters)/80)
	for t, s := range scores {
		scores[t] = math.Pow(s, power)
	}
}

// maxModelText is how much of a text is looked at, in bytes; more does not
// make the answer better.
const maxModelText = 2048

// wordsOnly is the words of the beginning of text on one line, in small
// letters, without addresses, numbers and punctuation.
func wordsOnly(text string) string {
	if len(text) > maxModelText {
		text = strings.ToValidUTF8(text[:maxModelText], "")
	}
	var b strings.Builder
	for field := range strings.FieldsSeq(text) {
		if strings.Contains(field, "://") || strings.HasPrefix(field, "www.") || strings.IndexByte(field, '@') >= 0 || field[0] == '#' {
			continue
		}
		for word := range strings.FieldsFuncSeq(strings.ToLower(field), betweenWords) {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(word)
		}
	}
	return b.String()
}

func betweenWords(r rune) bool {
	switch r {
	case '\'', '’', '-', '\u200c':
		return false
	}
	if r < 0x80 {
		return r < 'a' || r > 'z'
	}
	return !unicode.IsLetter(r) && !unicode.IsMark(r)
}

// baseTag is a declared tag without region and variant, or "und": "fr" of
// "fr_FR", "sr" of "sr-Latn-RS".
func baseTag(declared string) string {
	t, err := language.Parse(strings.ReplaceAll(strings.TrimSpace(declared), "_", "-"))
	if err != nil || t == language.Und {
		return Und
	}
	b, _ := t.Base()
	return b.String()
}

func defaultScript(tag string) string {
	if s := scriptOfLabel(tag); s != "" {
		return s
	}
	s, _ := language.Make(tag).Script()
	return s.String()
}

// siblings are tags for what a model cannot tell apart, or what publishers
// name either way; the publisher's own name wins.
var siblings = func() map[string]int {
	m := map[string]int{}
	for i, group := range []string{"hr bs sr sh cnr", "no nb nn", "tl fil", "fa prs", "zh cmn yue wuu", "ar arb arz", "ku kmr", "id ms", "ur pnb", "he iw", "am ti", "rw rn", "hi mai bh", "et vro", "lv ltg", "sw swh"} {
		for tag := range strings.FieldsSeq(group) {
			m[tag] = i + 1
		}
	}
	return m
}()

func sameLanguage(a, b string) bool { return a == b || siblings[a] != 0 && siblings[a] == siblings[b] }

// variantOf gives the written language of labels for spoken varieties.
var variantOf = map[string]string{"arz": "ar", "wuu": "zh", "yue": "zh"}

// rare are labels of the model that hardly any news is written in.
var rare = setOf(`als an arz ast av azb ba bar bcl bh bpy bxr cbk ce ceb co cv diq dsb dty dv eml eo frr fy gd gn gom gv
	hif hsb ia ie ilo io jbo jv krc kv kw lb lez li lmo lrc mai mhr min mrj mwl myv mzn nah nap nds new nn oc os pam
	pfl pms pnb rm rue sa sah sc scn sco sh su tyv vec vep vls vo wa war wuu xal xmf yi yue tt br la`)

// labelScripts are the scripts of the model's labels that are not Latin.
var labelScripts = func() map[string]string {
	m := map[string]string{}
	for script, tags := range map[string]string{
		"Arab": "ar arz azb ckb fa lrc mzn pnb ps sd ug ur",
		"Cyrl": "av ba be bg bxr ce cv kk krc kv ky lez mhr mk mn mrj myv os ru rue sah sr tg tt tyv uk xal",
		"Deva": "bh dty gom hi mai mr ne new sa",
		"Beng": "as bn bpy", "Hebr": "he yi", "Hans": "zh wuu yue", "Jpan": "ja", "Kore": "ko", "Grek": "el",
		"Ethi": "am ti", "Geor": "ka xmf", "Armn": "hy", "Thai": "th", "Mymr": "my", "Tibt": "bo", "Thaa": "dv",
	} {
		for tag := range strings.FieldsSeq(tags) {
			m[tag] = script
		}
	}
	return m
}()

// scriptless are labels of the model whose script names the language alone.
var scriptless = setOf("kn km lo ml gu pa or si ta te")

func scriptOfLabel(tag string) string {
	if s := labelScripts[tag]; s != "" {
		return s
	}
	if scriptless[tag] {
		return ""
	}
	return "Latn"
}

// onlyLanguage names the language of the scripts that in our field write one.
var onlyLanguage = map[string]string{
	"Grek": "el", "Thai": "th", "Kore": "ko", "Jpan": "ja", "Hans": "zh", "Hant": "zh", "Geor": "ka", "Armn": "hy",
	"Khmr": "km", "Laoo": "lo", "Sinh": "si", "Taml": "ta", "Telu": "te", "Knda": "kn", "Mlym": "ml", "Gujr": "gu",
	"Guru": "pa", "Orya": "or", "Tibt": "bo", "Thaa": "dv", "Cher": "chr", "Mymr": "my", "Syrc": "syr", "Nkoo": "nqo",
	"Adlm": "ff",
}

// scripts are those we count, with their ISO 15924 names.
var scripts = []struct {
	name  string
	table *unicode.RangeTable
}{
	{"Latn", unicode.Latin}, {"Arab", unicode.Arabic}, {"Cyrl", unicode.Cyrillic}, {"Hans", unicode.Han},
	{"Kana", unicode.Hiragana}, {"Kana", unicode.Katakana}, {"Kore", unicode.Hangul}, {"Grek", unicode.Greek},
	{"Hebr", unicode.Hebrew}, {"Deva", unicode.Devanagari}, {"Beng", unicode.Bengali}, {"Thai", unicode.Thai},
	{"Geor", unicode.Georgian}, {"Armn", unicode.Armenian}, {"Ethi", unicode.Ethiopic}, {"Khmr", unicode.Khmer},
	{"Laoo", unicode.Lao}, {"Mymr", unicode.Myanmar}, {"Sinh", unicode.Sinhala}, {"Taml", unicode.Tamil},
	{"Telu", unicode.Telugu}, {"Knda", unicode.Kannada}, {"Mlym", unicode.Malayalam}, {"Gujr", unicode.Gujarati},
	{"Guru", unicode.Gurmukhi}, {"Orya", unicode.Oriya}, {"Tibt", unicode.Tibetan}, {"Thaa", unicode.Thaana},
	{"Syrc", unicode.Syriac}, {"Nkoo", unicode.Nko}, {"Cher", unicode.Cherokee}, {"Mong", unicode.Mongolian},
	{"Tfng", unicode.Tifinagh}, {"Adlm", unicode.Adlam},
}

// mainScript returns the script of most letters of text, how many letters
// there are, and the share of the script; empty without letters. A letter of
// a script without an alphabet weighs three, so that a Chinese headline with
// two Latin names in it is Chinese.
func mainScript(text string) (script string, letters int, share float64) {
	counts, total, old := map[string]int{}, 0, 0
	for _, r := range text {
		if !unicode.IsLetter(r) {
			continue
		}
		letters++
		s := scriptOfRune(r)
		weight := 1
		if s == "Hans" || s == "Kana" || s == "Kore" {
			weight = 3
		}
		if s == "Hans" && foldChar(string(r)) != string(r) {
			old++
		}
		total += weight
		counts[s] += weight
	}
	if total == 0 {
		return "", 0, 0
	}
	// Japanese mixes three scripts; a text with a tenth of kana is Japanese.
	if kana, han := counts["Kana"], counts["Hans"]; kana > 0 && kana*10 >= han && 2*(kana+han) > total {
		return "Jpan", letters, float64(kana+han) / float64(total)
	}
	for name, n := range counts {
		if script == "" || n > counts[script] || n == counts[script] && name < script {
			script = name
		}
	}
	// Han letters stand in no Latin text, Latin names in many a Chinese one.
	if script == "Latn" && counts["Hans"]*4 > total {
		script = "Hans"
	}
	share = float64(counts[script]) / float64(total)
	if script == "Hans" && old*30 > counts["Hans"] {
		script = "Hant"
	}
	return script, letters, share
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
