package classify

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Names of languages look like names of peoples: "in French and Spanish" says
// nothing of France. These expressions find where languages are spoken of, one
// list a language of the text.

// tongues are the names of languages in each language, as beginnings of
// expressions.
var tongues = map[string]string{
	"en": `English|French|Spanish|Russian|Arabic|Chinese|Mandarin|Cantonese|Portuguese|Dutch|German|Italian|Turkish|Ukrainian|Polish|Romanian|Greek|Hungarian|Czech|Swedish|Norwegian|Danish|Finnish|Albanian|Serbian|Croatian|Bosnian|Bulgarian|Armenian|Georgian|Azerbaijani|Kazakh|Kyrgyz|Uzbek|Tajik|Persian|Farsi|Dari|Pashto|Kurdish|Hebrew|Hindi|Urdu|Bengali|Tamil|Nepali|Burmese|Thai|Khmer|Lao|Vietnamese|Indonesian|Malay|Japanese|Korean|Mongolian|Swahili|Somali|Amharic|Tigrinya|Hausa|Creole`,
	"fr": `anglais|français|espagnol|russe|arabe|chinois|mandarin|portugais|néerlandais|allemand|italien|turc|ukrainien|polonais|roumain|grec|hongrois|suédois|danois|persan|farsi|dari|kurde|hébreu|hindi|ourdou|bengali|birman|vietnamien|japonais|coréen|swahili|somali|créole`,
	"es": `inglés|francés|español|castellano|ruso|árabe|chino|mandarín|portugués|neerlandés|holandés|alemán|italiano|turco|ucraniano|polaco|rumano|griego|sueco|persa|kurdo|hebreo|hindi|urdu|bengalí|birmano|vietnamita|japonés|coreano|suajili|criollo|quechua`,
	"nl": `Engels|Frans|Spaans|Russisch|Arabisch|Chinees|Portugees|Nederlands|Duits|Italiaans|Turks|Oekraïens|Pools|Roemeens|Grieks|Zweeds|Deens|Perzisch|Farsi|Koerdisch|Hebreeuws|Hindi|Birmaans|Vietnamees|Japans|Koreaans|Swahili|Somalisch`,
}

// chain joins names of languages as a list does.
func chain(names, joints string) string {
	return `(?:` + names + `)(?:(?:` + joints + `)(?:` + names + `))*`
}

// A tongue holds the expressions of one language: those that name languages by
// themselves, and those that do unless a word of ours follows, as in "in French
// prisons".
type tongue struct{ sure, open *regexp.Regexp }

var tongueOf = func() map[string]tongue {
	en := chain(tongues["en"], `, (?:and |or |then )?| and | or | & |/`)
	fr := chain(`(?:`+tongues["fr"]+`)e?s?`, `, | et | ou |/|, en | et en | et l['’]| et le `)
	es := chain(`(?:`+tongues["es"]+`)a?s?`, `, | y | e | o |/`)
	nl := chain(tongues["nl"], `, | en | of |/|, het | en het `)
	return map[string]tongue{
		"en": {
			regexp.MustCompile(`(?:` + en + `)(?:[- ](?:languages?|speaking|speakers?|versions?|editions?|translations?|translators?|subtitles|interpretation|interpreters?|lessons|courses?)\b)`),
			regexp.MustCompile(`\b(?:[Ii]n|[Ii]nto|[Tt]o|[Ff]rom|[Bb]oth|[Ss]peaks?|[Ss]peaking|[Rr]ead) (?:both )?(?:` + en + `)`),
		},
		"fr": {
			regexp.MustCompile(`(?i)(?:en|langues?|versions?|éditions?|traductions?|vers l['’]|vers le|depuis l['’]|parlent|parlants?) (?:langues? )?` + fr + `|(?:vers |depuis |à partir de |traduite?s? )(?:le |l['’]|de l['’]|du )` + fr + `|(?:du|de l['’]) ?(?:` + tongues["fr"] + `) (?:vers|en|à l['’]|au) `),
			nil,
		},
		"es": {
			regexp.MustCompile(`(?i)\b(?:en|al|idiomas?|lenguas?|versión|versiones|edición|traducción(?: al)?|hablan?|habla) ` + es + `(?:\P{L}|$)`),
			nil,
		},
		"nl": {
			regexp.MustCompile(`(?:in|naar|uit) het ` + nl + `(?:\P{L}|$)|(?:` + tongues["nl"] + `)talig`),
			nil,
		},
		"ru": {
			regexp.MustCompile(`(?i)(?:\p{L}+(?:ск|цк)\p{L}{2,3}(?:, | и | или ))*\p{L}+(?:ск|цк)\p{L}{2,3} язык\p{L}*|по-\p{L}+ски|с \p{L}+(?:ск|цк)ого на \p{L}+(?:ск|цк)ий`),
			nil,
		},
		"ar": {
			regexp.MustCompile(`(?:ال|بال|لل)?لغ(?:ة|ات|تين|تان) (?:ال|و?ال)?\p{L}+(?:\s*[،,]?\s*وال\p{L}+(?:ية|تين))*|(?:^|\s)و?بال(?:فرنسية|إنجليزية|انجليزية|إسبانية|اسبانية|عربية|روسية|صينية|تركية|ألمانية|فارسية|كردية)(?:\s*[،,]?\s*وال\p{L}+ية)*`),
			nil,
		},
		"zh": {
			regexp.MustCompile(`(?:英|法|俄|中|德|日|韩|西班牙|阿拉伯|葡萄牙|荷兰|意大利|土耳其|乌克兰|波兰|希腊|缅甸|越南|泰国|印尼|波斯)(?:语|文(?:版|本|字|译|网|、|，|。|和|及|与|$))`),
			nil,
		},
	}
}()

// languagesIn returns the stretches of a text, in bytes, that name languages.
func languagesIn(text, language string) [][]int {
	t, ok := tongueOf[language]
	if !ok || text == "" {
		return nil
	}
	out := t.sure.FindAllStringIndex(text, -1)
	if t.open == nil {
		return out
	}
	for _, at := range t.open.FindAllStringIndex(text, -1) {
		if !nounFollows(text[at[1]:]) {
			out = append(out, at)
		}
	}
	return out
}

// nounFollows: a word that a people's name would stand before, not one that
// only joins sentences.
func nounFollows(rest string) bool {
	word, ok := strings.CutPrefix(rest, " ")
	if !ok {
		return strings.HasPrefix(rest, "-")
	}
	if i := strings.IndexFunc(word, func(r rune) bool { return r == ' ' || strings.ContainsRune(".,;:!?()", r) }); i >= 0 {
		word = word[:i]
	}
	return word != "" && !joins[strings.ToLower(word)]
}

var joins = map[string]bool{
	"and": true, "or": true, "as": true, "with": true, "by": true, "for": true, "at": true, "on": true, "from": true, "to": true, "is": true, "are": true, "was": true,
	"were": true, "will": true, "but": true, "so": true, "because": true, "that": true, "only": true, "here": true, "too": true, "(pdf)": true, "–": true, "—": true, "-": true,
}

// How far about a mention the words stand that make it a language, in bytes.
const aboutTongue = 120

// namesLanguage reports whether a mention is the name of a language there.
func (g *gazetteer) namesLanguage(d *document, m mention) bool {
	if m.of != adjective && g.language != "ar" && g.language != "zh" {
		return false
	}
	text := d.body
	if int(m.start) < d.titleLen {
		text = d.title
	}
	at := d.toks[m.start].Start
	from := runeStart(text, max(0, at-aboutTongue))
	near := text[from:runeStart(text, min(len(text), d.toks[m.end-1].End+aboutTongue))]
	for _, s := range languagesIn(near, g.language) {
		if s[0] <= at-from && at-from < s[1] {
			return true
		}
	}
	return false
}

// runeStart moves a place back to the beginning of its letter.
func runeStart(s string, at int) int {
	for at > 0 && at < len(s) && !utf8.RuneStart(s[at]) {
		at--
	}
	return at
}
