package classify

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ifhhro/rightsdesk/internal/analyze"
	"github.com/ifhhro/rightsdesk/internal/dates"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// A calendarWords is how a language says that something must be in by a day.
// Lists hold beginnings of words or phrases, parted by "|".
type calendarWords struct {
	// nouns alone make a day in its sentence a deadline: "closing date".
	nouns []string
	// limit must stand right before the day: "by", "no later than".
	limit *regexp.Regexp
	// after may stand right behind the day instead: Chinese 前.
	after *regexp.Regexp
	// acts must stand in the sentence with limit or after: "apply", "abstracts".
	acts []string
}

// before makes an expression of words that stand right before the day, with a
// weekday or an article between at most.
func before(list string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|\P{L})(?:` + strings.ReplaceAll(list, " ", `[\s\x{a0}]+`) + `)[\s\x{a0}:]*(?:\pL+,?[\s\x{a0}]+)?(?:\pL+,?[\s\x{a0}]+)?$`)
}

func list(phrases string) []string { return strings.Split(phrases, "|") }

var deadlineWords = map[string]calendarWords{
	"en": {
		nouns: list("deadline|closing date|closing day|due date|cut-off date|applications close|application closes|submissions close|nominations close|registration closes|registration ends|call closes|entries close|" +
			"consultation closes|consultation ends|survey closes|last day to apply|last day to register|last day to submit|last day for applications|last day for submissions"),
		limit: before(`by|before|until|till|no later than|not later than|on or before|up to|latest by|prior to|within|is due|are due|due|closes?|ends?|expires?|extended to|opens? until|latest`),
		acts: list("apply|applying|applicat|applicant|submit|submission|send|sent to|regist|sign up|signing up|enrol|nominat|abstract|proposal|manuscript|papers|entries|contribute|contribution|comment|inputs|respond|reply|replies|response|rsvp|" +
			"sign the|complete the|feedback|questionnaire|call for|the call is|call has been|registration|consultation|survey|expression of interest|expressions of interest|report should|evidence"),
	},
	"fr": {
		nouns: list("date limite|date butoir|date de clôture|échéance|clôture des candidatures|clôture des inscriptions|clôture des soumissions|délai de|délai pour|dernier délai|délais de soumission"),
		limit: before(`avant le|avant|jusqu['’]au|jusqu['’]à|d['’]ici le|d['’]ici au|d['’]ici|au plus tard le|au plus tard|sous|dans un délai de|clos le|close le|prolongée? jusqu['’]au|reportée? au`),
		acts:  list("parvenir|observations|candidature|postul|soumettre|soumettez|soumis|envoy|adresser|adressez|inscri|contribu|proposition|résumé|article|manuscrit|répon|signer|signez|déposer|dépôt|transm|participer|commentaire"),
	},
	"es": {
		nouns: list("fecha límite|fecha tope|plazo|fecha de cierre|cierre de la convocatoria|cierre de inscripciones|último día para inscri|último día para presentar|último día para enviar"),
		limit: before(`hasta el|hasta|antes del|antes de|a más tardar el|para el|no más tarde del|a más tardar|vence el|vence|dentro de|en un plazo de|se cierra el|ampliado hasta el|finaliza el`),
		acts:  list("convocatoria|solicit|postul|candidatur|presentar|presentación|presenten|presente|enviar|envíe|envío|remit|inscri|inscrí|contribu|propuesta|resúmenes|resumen|artículo|manuscrito|respond|firmar|firme|aporte|comentario|registr"),
	},
	"nl": {
		nouns: list("deadline|uiterste datum|uiterste inzenddatum|uiterste inleverdatum|sluitingsdatum|inschrijving sluit"),
		limit: before(`voor|vóór|uiterlijk|uiterlijk op|tot|tot en met|tot uiterlijk|niet later dan|binnen|sluit op|sluiten op|sluit|verlengd tot`),
		acts:  list("solliciteer|solliciteren|sollicitatie|aanmeld|meld je|inschrijv|schrijf je in|indien|inzend|stuur|insturen|opsturen|voorstellen|samenvatting|artikelen|reager|reactie|teken de|bijdrage"),
	},
	"ru": {
		nouns: list("крайний срок|крайнего срока|срок подачи|срок приема|срок приёма|дедлайн|последний день подачи|последний день приема|последний день регистрации|прием заявок|приём заявок|прием статей|приём статей|прием тезисов|прием документов|заявки принимаются|срок представления"),
		limit: before(`до|не позднее|не позже|к|завершается|заканчивается|закрывается|истекает|в течение`),
		acts:  list("заявк|подать|подава|подач|отправ|направ|присыла|прислать|регистрац|зарегистр|представ|статьи|статей|тезис|предложени|анкет|ответ|подпис|материал"),
	},
	"ar": {
		nouns: list("الموعد النهائي|آخر موعد|الموعد الأخير|تاريخ الإغلاق|آخر أجل|موعد أقصاه|أجل أقصاه|مهلة تقديم|مهلة التقديم|مهلة إرسال|ينتهي التقديم|تاريخ انتهاء التقديم|باب التقديم"),
		limit: regexp.MustCompile(`(?:قبل|حتى|لغاية|إلى غاية|في موعد لا يتجاوز|قبل يوم|حتى يوم|خلال|في غضون)\s*(?:\p{L}+\s*)?$`),
		acts:  list("تقديم|التقديم|إرسال|ترسل|يرسل|طلبات|الطلبات|التسجيل|تسجيل|المشاركة|مقترحات|ملخصات|مساهمات|الترشيح|الترشح|البحوث|الأبحاث|الملخصات"),
	},
	"zh": {
		nouns: list("截止|截至日期|最后期限|最后一天|期限为|截稿"),
		after: regexp.MustCompile(`^\s*(?:[上下]午|中午|晚上)?\s*(?:[0-9]{1,2}[:：时点](?:[0-9]{2}分?)?|午夜|正午)?\s*(?:（[^）]*）)?\s*(?:之前|前|以前)`),
		limit: regexp.MustCompile(`(?:最迟|不迟于|不晚于|直至|至)\s*$`),
		acts:  list("提交|申请|报名|投稿|递交|寄送|发送|登记|注册|提名|回复|摘要|意见|参加"),
	},
}

// find returns where the first of the phrases stands at the beginning of a
// word, -1 for nowhere. The text is lower case.
func find(text string, phrases []string) int {
	first := -1
	for _, p := range phrases {
		for from := 0; ; {
			at := strings.Index(text[from:], p)
			if at < 0 {
				break
			}
			at += from
			if before, _ := utf8.DecodeLastRuneInString(text[:at]); !unicode.IsLetter(before) || before >= 0x2e80 {
				if first < 0 || at < first {
					first = at
				}
				break
			}
			from = at + len(p)
		}
	}
	return first
}

// maxDeadlines bounds what one item may claim.
const maxDeadlines = 5

// deadlines finds the days by which somebody must act, each with its sentence.
// Days before publication are none.
func deadlines(t Text, language string) []news.Deadline {
	w, ok := deadlineWords[language]
	if !ok {
		return nil
	}
	var out []news.Deadline
	for _, part := range []string{t.Title, t.Body} {
		for _, s := range analyze.Sentences(part) {
			sentence := part[s.Start:s.End]
			if len(sentence) > maxSentence || len(out) == maxDeadlines || !mayNameDay(sentence) {
				continue
			}
			if d, ok := w.deadline(sentence, language, t.Published); ok && !slices.ContainsFunc(out, func(o news.Deadline) bool { return o.Date == d.Date }) {
				out = append(out, d)
			}
		}
	}
	return out
}

// mayNameDay is the cheap question before the dear one: a day needs a number or
// one of a few words.
func mayNameDay(sentence string) bool {
	for i, r := range sentence {
		if r >= '0' && r <= '9' || r >= '٠' && r <= '٩' {
			return true
		}
		if i > 0 && !isWordStart(sentence[i-1]) {
			continue
		}
		for _, w := range dayBeginnings {
			if len(sentence)-i >= len(w) && strings.EqualFold(sentence[i:i+len(w)], w) {
				return true
			}
		}
	}
	return false
}

// isWordStart reports whether a word can begin after this byte; in scripts of
// more than one byte a letter, anywhere.
func isWordStart(before byte) bool { return before <= '/' || before >= 0x80 }

// dayBeginnings begin the words for weekdays, near days, ends and midnight.
var dayBeginnings = []string{
	"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "tomorrow", "today", "midnight", "end of", "within", "weeks",
	"lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "demain", "fin ", "dans ", "semaine",
	"lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo", "mañana", "dentro", "fin de", "final",
	"maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag", "morgen", "binnen", "eind",
	"понедельник", "вторник", "сред", "четверг", "пятниц", "суббот", "воскресень", "завтра", "конца", "через", "течение",
	"الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد", "غدا", "خلال", "غضون", "نهاية",
	"周", "星期", "明天", "月底", "年底", "内",
}

// maxSentence: what is longer is a list or a table, and proves nothing.
const maxSentence = 600

func (w *calendarWords) deadline(sentence, language string, published time.Time) (news.Deadline, bool) {
	lower := strings.ToLower(sentence)
	noun := find(lower, w.nouns)
	if noun < 0 && find(lower, w.acts) < 0 {
		return news.Deadline{}, false
	}
	found := dates.FindAhead(sentence, language, published)
	m, ok := w.choose(sentence, noun, found)
	if !ok || !published.IsZero() && m.To.Before(published.Truncate(24*time.Hour)) {
		return news.Deadline{}, false
	}
	return news.Deadline{Date: m.To.Format(time.DateOnly), Time: m.Time, Zone: m.Zone, Sentence: sentence}, true
}

// choose picks the day that is meant: one with a limit beside it, else the
// first after the noun, else the last before it. Where a term was extended the
// later day counts.
func (w *calendarWords) choose(sentence string, noun int, found []dates.Mention) (dates.Mention, bool) {
	var limited []dates.Mention
	for _, m := range found {
		if m.To.Sub(m.From) > 0 {
			continue
		}
		head := sentence[:m.Start]
		named := w.limit.MatchString(head) || w.limit.MatchString(head+sentence[m.Start:firstSpace(sentence, m)])
		if named || w.after != nil && w.after.MatchString(sentence[m.End:]) {
			limited = append(limited, m)
		}
	}
	if noun >= 0 && extended.MatchString(sentence) && len(found) > 0 {
		return found[len(found)-1], true
	}
	if len(limited) > 0 {
		return limited[len(limited)-1], true
	}
	if noun < 0 {
		return dates.Mention{}, false
	}
	var last dates.Mention
	ok := false
	for _, m := range found {
		if m.To.Sub(m.From) > 0 {
			continue
		}
		if m.Start >= noun {
			return m, true
		}
		last, ok = m, true
	}
	return last, ok
}

// extended: the later of two days is the one that holds.
var extended = regexp.MustCompile(`(?i)extended|postponed|prolong|prorog|ampliad|verlengd|продл|перенес|تمديد|延长|延期`)

// firstSpace ends the first word of a mention: "by Friday" and "within two
// weeks" hold their limit themselves.
func firstSpace(sentence string, m dates.Mention) int {
	if at := strings.IndexByte(sentence[m.Start:m.End], ' '); at > 0 && m.Relative {
		return m.Start + at + 1
	}
	return m.Start
}
