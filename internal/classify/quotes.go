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
	minQuoteWords = 3 // of what somebody is said to have said
	minQuoteHan   = 6 // characters, where words are not parted
	// Where no word of saying stands beside it, it must be a sentence by its
	// length, or by the mark it ends with: else it is a title or a term.
	minSentenceWords = 8
	minSentenceHan   = 16
	maxQuoteBytes    = 1500
	maxQuotes        = 10
)

// closers are the marks that end what each mark begins.
var closers = map[rune]string{'“': "”", '„': "“”", '«': "»", '»': "«", '「': "」", '『': "』", '‘': "’", '"': "\""}

// speech are the verbs and words that tie a quotation to its speaker.
var speech = map[string]string{
	"en": `said|says|told|tells|added|adds|explained|explains|stated|states|warned|warns|stressed|noted|notes|declared|recalled|recounts|insisted|emphasi[sz]ed|commented|argued|argues|wrote|writes|reported|urged|concluded|remarked|recalls|testified|shouted|chanted|insists|says|cried|asked|asks|replied|replies|according to`,
	"fr": `a déclaré|déclare|a dit|dit|a affirmé|affirme|a expliqué|explique|a souligné|souligne|a ajouté|ajoute|a averti|avertit|a indiqué|indique|a estimé|estime|a rappelé|rappelle|témoigne|raconte|a précisé|précise|selon|a conclu|a-t-il déclaré|a dénoncé|dénonce|a regretté|a alerté|alerte|a confié|confie|insiste|résume|a raconté|a témoigné|a écrit|écrit`,
	"es": `dijo|dice|afirmó|afirma|señaló|señala|declaró|declara|explicó|explica|añadió|agregó|agrega|advirtió|subrayó|destacó|indicó|sostuvo|manifestó|recordó|aseguró|comentó|concluyó|según|relata|precisó|denunció|denuncia|denunciaron|lamentó|lamenta|advierte|asegura|relató|contó|cuenta|expresó|reclamó|insistió|insiste|respondió|alertó|exigió`,
	"nl": `zei|zegt|aldus|verklaarde|verklaart|stelde|stelt|vertelde|vertelt|voegde toe|waarschuwde|waarschuwt|benadrukte|benadrukt|volgens|schrijft|schreef|legt uit|vindt|laat weten|liet weten|zeggen|zeiden`,
	"ru": `сказал[аи]?|заявил[аи]?|отметил[аи]?|подчеркнул[аи]?|добавил[аи]?|пояснил[аи]?|сообщил[аи]?|рассказал[аи]?|говорит|напомнил[аи]?|предупредил[аи]?|считает|указал[аи]?|написал[аи]?|говорил[аи]?|ответил[аи]?|призвал[аи]?|рассказыва[ею]т|вспоминает|утвержда[ею]т|по словам`,
	"ar": `قال|قالت|وقال|وقالت|أضاف|أضافت|وأضاف|وأضافت|صرح|صرحت|وصرح|أكد|أكدت|وأكد|وأكدت|أوضح|أوضحت|وأوضح|ذكر|ذكرت|أشار|أشارت|حذر|حذرت|وحذر|وحذرت|يقول|تقول|ويقول|وتقول|أعلن|أعلنت|دعا|دعت|شدد|شددت|كتب|كتبت|بحسب|وفقا ل`,
	"zh": `表示|说|指出|强调|称|认为|警告|补充|解释|写道|呼吁|告诉`,
}

// An attribution holds the expressions of one language.
type attribution struct {
	after  *regexp.Regexp // verb, then speaker: ” said Jane Roe
	behind *regexp.Regexp // speaker, then verb: ” Jane Roe said
	ahead  *regexp.Regexp // speaker and verb before the quotation
	lead   *regexp.Regexp // what stands before the verb before the quotation; the name is in it
	source *regexp.Regexp // "according to" and a name, before the quotation
	said   *regexp.Regexp // a word of saying right behind the quotation
	saying *regexp.Regexp // a word of saying right before it
}

// sources are the words for "according to", before a name.
var sources = map[string]string{
	"en": `[Aa]ccording to|[Ff]or|[Ii]n the words of`, "fr": `[Ss]elon|[Dd]['’]après|[Pp]our`, "es": `[Ss]egún|[Pp]ara|[Ee]n palabras de`,
	"nl": `[Vv]olgens|[Aa]ldus`, "ru": `[Пп]о словам|[Пп]о мнению`,
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
			out[language] = attribution{
				ahead:  regexp.MustCompile(`([\p{Han}·A-Za-z]{2,18}?)(?:在[^，。：“]{2,20})?(?:` + verbs + `)[，：:道]{0,2}$`),
				after:  regexp.MustCompile(`^[，。、\s]*([\p{Han}·A-Za-z]{2,18}?)(?:在[^，。：“]{2,20})?(?:` + verbs + `)`),
				said:   regexp.MustCompile(`^[，。、\s]*[^，。“]{0,20}?(?:` + verbs + `)`),
				saying: regexp.MustCompile(`(?:` + verbs + `)[，：:道]{0,2}$`),
			}
		case "ar":
			out[language] = attribution{
				ahead:  regexp.MustCompile(`(?:^|\s)(?:` + verbs + `)\s+([\p{L}\s]{3,60}?)(?:،[^:“«"]{0,60})?\s*(?:إن|أن|بأن|أنه|أنها)?\s*[:،]?\s*$`),
				after:  regexp.MustCompile(`^[\s،.]*(?:` + verbs + `)\s+([\p{L}\s]{3,40}?)(?:[،.:]|$)`),
				said:   regexp.MustCompile(`^[\s،.]*(?:` + verbs + `)\s`),
				saying: regexp.MustCompile(`(?:^|[\s،])(?:` + verbs + `)\s[^.!?؟«»"]{0,80}[:،]?\s*$`),
			}
		default:
			out[language] = attribution{
				after:  regexp.MustCompile(`^[\s,.;–—\-]*(?:(?:` + verbs + `)[\s,]+)(` + title + name + `)`),
				behind: regexp.MustCompile(`^[\s,.;–—\-]*(` + title + name + `)[^.!?“”"«»]{0,60}?\s(?:` + verbs + `)`),
				lead:   regexp.MustCompile(`^(.*?)\s(?:` + verbs + `)[^.!?“”"«»]{0,50}[:,]?\s*$`),
				source: regexp.MustCompile(`(?:^|\P{L})(?:` + sources[language] + `)\s+` + title + name + `[^.!?“”"«»]{0,40}$`),
				said:   regexp.MustCompile(`^[\s,.;–—\-]*(?:[\p{L}'’\-]+[\s,]+){0,5}?(?:` + verbs + `)(?:\P{L}|$)`),
				saying: regexp.MustCompile(`(?i)(?:^|\P{L})(?:` + verbs + `)(?:\P{L}[^.!?“”"«»]{0,60})?$`),
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
		a, near := attributions[language], around(text, i, next)
		if quoted := strings.Join(strings.Fields(inner), " "); isQuotation(quoted, a.tied(near)) {
			quoted = strings.TrimRight(quoted, ",，、")
			who := a.speaker(near)
			if gazetteers[language]().isPlace(who) {
				who = ""
			}
			out = append(out, news.Quote{Text: quoted, Speaker: who})
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

// isQuotation: somebody is said to have said it, or it is a sentence by itself.
func isQuotation(s string, tied bool) bool {
	han := 0
	for _, r := range s {
		if unicode.Is(unicode.Han, r) {
			han++
		}
	}
	words := len(strings.Fields(s))
	sentence := words >= minSentenceWords || words >= minQuoteWords && strings.HasSuffix(s, ".") && !beginsSmall(s)
	if han > 0 {
		sentence = han >= minSentenceHan
		words = han - minQuoteHan + minQuoteWords
	}
	return words >= minQuoteWords && (tied || sentence) && !strings.ContainsAny(s, "<>")
}

const aroundQuote = 260 // bytes looked at on either side

// A context is what stands before and behind a quotation in its paragraph.
type context struct{ before, after string }

func around(text string, from, to int) context {
	before := strings.ToValidUTF8(text[max(0, from-aroundQuote):from], "")
	if at := strings.LastIndexByte(before, '\n'); at >= 0 {
		before = before[at+1:]
	}
	after := strings.ToValidUTF8(text[to:min(len(text), to+aroundQuote)], "")
	if at := strings.IndexByte(after, '\n'); at >= 0 {
		after = after[:at]
	}
	return context{before, after}
}

// called: what is in quotation marks behind these words is the name of a work,
// a body or a thing.
var called = regexp.MustCompile(`(?i)(?:^|\P{L})(?:book|novel|article|report|film|documentary|song|poem|study|paper|campaign|programme|program|project|group|organi[sz]ation|movement|titled|entitled|called|named|` +
	`livre|roman|article|rapport|film|étude|campagne|projet|organisation|association|intitulée?|` + `libro|novela|artículo|informe|película|estudio|campaña|proyecto|organización|titulad[oa]|llamad[oa]|` +
	`boek|artikel|rapport|documentaire|onderzoek|campagne|organisatie|stichting|zogenoemde|` + `книг[аиуе]|стать[яюие]|доклад[аеу]?|фильм[ае]?|исследовани[ея]|организаци[яиюей]+|движени[ея]|проект[ае]?|кампани[яию]|` +
	`كتاب|مقال|تقرير|فيلم|دراسة|حملة|مشروع|منظمة|جمعية|حركة|شبكة|مؤسسة)[\s:,]*$|(?:书|报告|文章|电影|组织|运动|所谓的?|题为|名为)$`)

// tied: a word of saying stands right beside the quotation.
func (a attribution) tied(c context) bool {
	if a.said != nil && a.said.MatchString(c.after) {
		return true
	}
	if !endsOpen(c.before) || called.MatchString(c.before) {
		return false
	}
	last := lastSentence(c.before)
	return a.saying != nil && a.saying.MatchString(last) || a.source != nil && a.source.MatchString(last)
}

func (a attribution) speaker(c context) string {
	before, after := c.before, c.after
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
	if a.source != nil {
		if m := a.source.FindStringSubmatch(lastSentence(before)); m != nil {
			return speakerName(m[1])
		}
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
// "UN spokesperson Jane Roe [said]": the name before the first comma that
// has one before it, the last one there, and one of several words before a lone one.
func nameIn(s string) string {
	for head := range strings.SplitSeq(s, ",") {
		best := ""
		for _, n := range nameOnly.FindAllString(head, -1) {
			if n = speakerName(n); n != "" && (strings.Contains(n, " ") || !strings.Contains(best, " ")) {
				best = n
			}
		}
		if best != "" {
			return best
		}
	}
	return ""
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
	s = withoutRole(s)
	first, _, more := strings.Cut(strings.ToLower(s), " ")
	if notNames[first] && !more || notNames[strings.ToLower(s)] || utf8.RuneCountInString(s) > 90 {
		return ""
	}
	return s
}

// rolesAhead stand before a name without being part of it, where letters have
// no capitals: the word, or all up to it.
var rolesAhead = []string{"الطبيب ", "الطبيبة ", "الدكتور ", "الدكتورة ", "الممرض ", "الممرضة ", "المتحدث ", "المتحدثة ", "الوزير ", "الوزيرة ", "السيد ", "السيدة ", "المدير ", "المديرة "}

// arabicOffice is an office and its field: "the minister of health".
var arabicOffice = regexp.MustCompile(`^(?:وزيرة?|مديرة?|رئيسة?|نقيبة?|مفوضة?|مقررة?|ممثلة?|المتحدثة? باسم|الناطقة? باسم|عضوة?) \p{L}+ (?:العامة? |الأعلى )?`)

var hanRole = regexp.MustCompile(`^.*(?:总干事|秘书长|高级专员|特别报告员|报告员|发言人|负责人|主任|部长|主席|院长|会长|教授|医生|护士|律师|博士|先生|女士)(\p{Han}[\p{Han}·]+)$`)

// withoutRole leaves the name: "the surgeon Ada Obi" is Ada Obi.
func withoutRole(s string) string {
	s = arabicOffice.ReplaceAllString(s, "")
	for _, role := range rolesAhead {
		s = strings.TrimPrefix(s, role)
	}
	if m := hanRole.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	words := strings.Fields(s)
	for i, w := range words {
		switch {
		case !beginsSmall(w):
			if i > 0 && particles[words[i-1]] {
				i--
			}
			return oneSentence(strings.Join(words[i:], " "))
		case elsewhere[w]:
			return ""
		}
	}
	return s
}

func beginsSmall(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLower(r)
}

// particles are small words that begin surnames.
var particles = map[string]bool{"de": true, "da": true, "di": true, "van": true, "von": true, "al": true, "bin": true, "ibn": true, "ter": true, "ten": true}

// elsewhere are words that lead to a place, a paper or somebody spoken to:
// "said in an interview with The Guardian".
var elsewhere = map[string]bool{
	"in": true, "at": true, "during": true, "with": true, "after": true, "before": true, "on": true, "to": true, "that": true, "he": true, "she": true, "they": true, "we": true,
	"dans": true, "lors": true, "avec": true, "après": true, "avant": true, "il": true, "elle": true, "que": true, "sur": true,
	"en": true, "durante": true, "con": true, "tras": true, "ante": true,
	"tijdens": true, "met": true, "na": true, "tegen": true, "dat": true, "hij": true, "zij": true, "ze": true,
	"в": true, "во": true, "на": true, "с": true, "со": true, "после": true, "что": true, "он": true, "она": true,
}

// oneSentence ends a name where its sentence does, not at an initial or "Dr.".
func oneSentence(s string) string {
	for at := 0; ; {
		n := strings.Index(s[at:], ". ")
		if n < 0 {
			break
		}
		at += n
		if word := s[strings.LastIndexByte(s[:at], ' ')+1 : at]; utf8.RuneCountInString(word) > 4 {
			return s[:at]
		}
		at += 2
	}
	for _, of := range []string{"'s", "’s"} {
		if strings.HasSuffix(s, of) {
			return ""
		}
	}
	return s
}
