package classify

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// Bounds on a quotation: shorter ones are words in quotation marks, longer ones
// have lost their end.
const (
	minQuoteWords = 4
	minQuoteHan   = 8 // characters, where words are not parted
	maxQuoteBytes = 1500
	maxQuotes     = 10
)

// closers are the marks that end what each mark begins.
var closers = map[rune]string{'“': "”", '„': "“”", '«': "»", '»': "«", '「': "」", '『': "』", '‘': "’", '"': "\""}

// speech are the verbs and words that tie a quotation to its speaker.
var speech = map[string]string{
	"en": `said|says|told|tells|added|adds|explained|explains|stated|states|warned|warns|stressed|noted|notes|declared|recalled|recounts|insisted|emphasi[sz]ed|commented|argued|argues|wrote|writes|reported|urged|concluded|remarked|according to`,
	"fr": `a déclaré|déclare|a dit|dit|a affirmé|affirme|a expliqué|explique|a souligné|souligne|a ajouté|ajoute|a averti|avertit|a indiqué|indique|a estimé|estime|a rappelé|rappelle|témoigne|raconte|a précisé|précise|selon|a conclu|a-t-il déclaré`,
	"es": `dijo|dice|afirmó|afirma|señaló|señala|declaró|declara|explicó|explica|añadió|agregó|agrega|advirtió|subrayó|destacó|indicó|sostuvo|manifestó|recordó|aseguró|comentó|concluyó|según|relata|precisó`,
	"nl": `zei|zegt|aldus|verklaarde|verklaart|stelde|stelt|vertelde|vertelt|voegde toe|waarschuwde|waarschuwt|benadrukte|benadrukt|volgens|schrijft|schreef|legt uit`,
	"ru": `сказал[аи]?|заявил[аи]?|отметил[аи]?|подчеркнул[аи]?|добавил[аи]?|пояснил[аи]?|сообщил[аи]?|рассказал[аи]?|говорит|напомнил[аи]?|предупредил[аи]?|считает|указал[аи]?|написал[аи]?`,
	"ar": `قال|قالت|وقال|وقالت|أضاف|أضافت|وأضاف|وأضافت|صرح|صرحت|وصرح|أكد|أكدت|وأكد|وأكدت|أوضح|أوضحت|وأوضح|ذكر|ذكرت|أشار|أشارت|حذر|حذرت|بحسب|وفقا ل`,
	"zh": `表示|说|指出|强调|称|认为|警告|补充|解释|写道|呼吁|告诉`,
}

// An attribution holds the expressions of one language.
type attribution struct {
	after  *regexp.Regexp // verb, then speaker: ” said Jane Roe
	behind *regexp.Regexp // speaker, then verb: ” Jane Roe said
	ahead  *regexp.Regexp // speaker and verb before the quotation
	lead   *regexp.Regexp // what stands before the verb before the quotation; the name is in it
}

// name is a run of capitalised words with the small words names hold.
const name = `((?:(?:Dr|Prof|Mr|Mrs|Ms|Sr|Sra|M|Mme|Dra|Sir)\.?\s)?\p{Lu}[\p{L}'’\-.]*(?:\s(?:\p{Lu}[\p{L}'’\-.]*|del|der|den|de|da|van|von|bin|ibn|al|el|la|ten|ter|y)){0,6})`

// title is what may stand between verb and name: "WHO spokesperson", "le docteur".
const title = `(?:(?:[\p{Ll}][\p{L}'’\-]*|\p{Lu}{2,})[\s,]+){0,8}?`

var attributions = func() map[string]attribution {
	out := map[string]attribution{}
	for language, verbs := range speech {
		switch language {
		case "zh":
			out[language] = attribution{ahead: regexp.MustCompile(`([\p{Han}·A-Za-z]{2,18}?)(?:在[^，。：“]{2,20})?(?:` + verbs + `)[，：:道]{0,2}$`)}
		case "ar":
			out[language] = attribution{
				ahead: regexp.MustCompile(`(?:^|\s)(?:` + verbs + `)\s+([\p{L}\s]{3,60}?)(?:،[^:“«"]{0,60})?\s*(?:إن|أن|بأن|أنه|أنها)?\s*[:،]?\s*$`),
				after: regexp.MustCompile(`^[\s،.]*(?:` + verbs + `)\s+([\p{L}\s]{3,40}?)(?:[،.:]|$)`),
			}
		default:
			out[language] = attribution{
				after:  regexp.MustCompile(`^[\s,.;–—\-]*(?:(?:` + verbs + `)[\s,]+)(` + title + name + `)`),
				behind: regexp.MustCompile(`^[\s,.;–—\-]*(` + title + name + `)[^.!?“”"«»]{0,60}?\s(?:` + verbs + `)`),
				lead:   regexp.MustCompile(`^(.*?)\s(?:` + verbs + `)[^.!?“”"«»]{0,50}[:,]?\s*$`),
			}
		}
	}
	return out
}()

// quotes finds quotations and, where the text beside them names one, their
// speaker. Nobody is guessed: "she said" leaves the speaker open.
func quotes(text, language string) []news.Quote {
	var out []news.Quote
	for i := 0; i < len(text) && len(out) < maxQuotes; {
		r, n := utf8.DecodeRuneInString(text[i:])
		closing, opens := closers[r]
		if !opens || r == '‘' || r == '"' && !opensHere(text, i) {
			i += n
			continue
		}
		end := strings.IndexAny(text[i+n:], closing)
		if end < 0 || end > maxQuoteBytes {
			i += n
			continue
		}
		inner := text[i+n : i+n+end]
		_, width := utf8.DecodeRuneInString(text[i+n+end:])
		next := i + n + end + width
		if quoted := strings.Join(strings.Fields(inner), " "); isQuotation(quoted) {
			quoted = strings.TrimRight(quoted, ",，、")
			out = append(out, news.Quote{Text: quoted, Speaker: attributions[language].speaker(text[:i], text[next:])})
		}
		i = next
	}
	return out
}

// opensHere: a straight mark opens after white space or a bracket.
func opensHere(text string, i int) bool {
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return i == 0 || unicode.IsSpace(r) || strings.ContainsRune("([:", r)
}

func isQuotation(s string) bool {
	han := 0
	for _, r := range s {
		if unicode.Is(unicode.Han, r) {
			han++
		}
	}
	if han > 0 {
		return han >= minQuoteHan
	}
	return len(strings.Fields(s)) >= minQuoteWords && !strings.ContainsAny(s, "<>")
}

const aroundQuote = 260 // bytes looked at on either side

func (a attribution) speaker(before, after string) string {
	before = strings.ToValidUTF8(before[max(0, len(before)-aroundQuote):], "")
	if at := strings.LastIndexAny(before, "\n"); at >= 0 {
		before = before[at+1:]
	}
	after = strings.ToValidUTF8(after[:min(len(after), aroundQuote)], "")
	if at := strings.IndexByte(after, '\n'); at >= 0 {
		after = after[:at]
	}
	if a.after != nil {
		if m := a.after.FindStringSubmatch(after); m != nil {
			return speakerName(m[1])
		}
	}
	if a.behind != nil {
		if m := a.behind.FindStringSubmatch(after); m != nil {
			return speakerName(m[1])
		}
	}
	if !endsOpen(before) {
		return ""
	}
	if a.ahead != nil {
		if m := a.ahead.FindStringSubmatch(lastSentence(before)); m != nil {
			return speakerName(m[1])
		}
	}
	if a.lead != nil {
		if m := a.lead.FindStringSubmatch(lastSentence(before)); m != nil {
			return nameIn(m[1])
		}
	}
	return ""
}

var nameOnly = regexp.MustCompile(name)

// nameIn picks the speaker of "Paul Kim, head of the mission, [said]" and of
// "UN spokesperson Jane Roe [said]": the name before the first comma, the last
// one there, and one of several words before a lone one.
func nameIn(s string) string {
	head, _, _ := strings.Cut(s, ",")
	names := nameOnly.FindAllString(head, -1)
	best := ""
	for _, n := range names {
		if n = speakerName(n); n != "" && (strings.Contains(n, " ") || !strings.Contains(best, " ")) {
			best = n
		}
	}
	return best
}

// endsOpen: what stands before the quotation leads into it.
func endsOpen(before string) bool {
	before = strings.TrimSpace(before)
	r, _ := utf8.DecodeLastRuneInString(before)
	return !strings.ContainsRune(".!?”\"»。", r)
}

func lastSentence(s string) string {
	for _, stop := range []string{"。", "؟", "! ", "? "} {
		if at := strings.LastIndex(s, stop); at >= 0 {
			s = s[at+len(stop):]
		}
	}
	for at := strings.LastIndex(s, ". "); at >= 0; at = strings.LastIndex(s[:at], ". ") {
		if at > 2 && !titleBefore(s[:at]) {
			return s[at+2:]
		}
	}
	return s
}

func titleBefore(s string) bool {
	for _, t := range []string{"Dr", "Prof", "Mr", "Mrs", "Ms", "Sr", "Sra", "M", "Dra"} {
		if strings.HasSuffix(s, t) {
			return true
		}
	}
	return false
}

// pronouns and other capitalised words that name nobody.
var notNames = map[string]bool{
	"he": true, "she": true, "they": true, "it": true, "we": true, "i": true, "the": true, "a": true, "this": true, "that": true, "but": true, "and": true, "in": true,
	"il": true, "elle": true, "ils": true, "elles": true, "on": true, "le": true, "la": true, "les": true, "él": true, "ella": true, "ellos": true, "el": true, "los": true,
	"hij": true, "zij": true, "ze": true, "het": true, "de": true, "он": true, "она": true, "они": true, "هو": true, "هي": true, "他": true, "她": true, "他们": true, "并": true,
}

func speakerName(s string) string {
	s = strings.Trim(strings.Join(strings.Fields(s), " "), " ,.;:،")
	for trimmed := true; trimmed; {
		trimmed = false
		for _, particle := range []string{" de", " van", " von", " der", " den", " del", " da", " el", " la", " y", " al"} {
			if cut, ok := strings.CutSuffix(s, particle); ok {
				s, trimmed = cut, true
			}
		}
	}
	first, _, more := strings.Cut(strings.ToLower(s), " ")
	if notNames[first] && !more || notNames[strings.ToLower(s)] || utf8.RuneCountInString(s) > 90 {
		return ""
	}
	return s
}
