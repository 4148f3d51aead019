package classify

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/analyze"
	"github.com/ifhhro/rightsdesk/internal/dates"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// A calendarWords is how a language says that something must be in by a day.
type calendarWords struct {
	// noun alone makes a day in its sentence a deadline: "closing date".
	noun *regexp.Regexp
	// limit must stand right before the day: "by", "no later than".
	limit *regexp.Regexp
	// after may stand right behind the day instead: Chinese 前.
	after *regexp.Regexp
	// act must stand in the sentence with limit or after: "apply", "abstracts".
	act *regexp.Regexp
}

func words(list string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|\P{L})(?:` + strings.ReplaceAll(list, " ", `[\s\x{a0}]+`) + `)`)
}

// before makes an expression of words that stand right before the day, with a
// weekday or an article between at most.
func before(list string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:^|\P{L})(?:` + strings.ReplaceAll(list, " ", `[\s\x{a0}]+`) + `)[\s\x{a0}:]*(?:\pL+,?[\s\x{a0}]+)?(?:\pL+,?[\s\x{a0}]+)?$`)
}

var deadlineWords = map[string]calendarWords{
	"en": {
		noun:  words(`deadline|closing date|closing day|due date|cut-off date|(?:applications?|submissions?|nominations?|registration|call|entries|consultation|survey) (?:will )?(?:close|closes|closing|end|ends)\b|(?:is|are) due\b|last day (?:to|for)|open until|extended (?:to|until)`),
		limit: before(`by|before|until|till|no later than|not later than|on or before|up to|latest by|prior to`),
		act:   words(`appl(?:y|ying|ication|ications|icants)\b|submi(?:t|ts|tted|tting|ssion|ssions)\b|send|sent to|regist(?:er|ration)|sign(?:ing)? up|enrol|nominat|abstracts?\b|proposals?\b|manuscripts?\b|papers?\b|entries|contribut(?:e|ion|ions)\b|comments?\b|inputs?\b|respond|reply|responses?\b|rsvp|sign the|complete the|feedback|expressions? of interest|cv|report should|evidence`),
	},
	"fr": {
		noun:  words(`date limite|date butoir|date de clôture|échéance|clôture des (?:candidatures|inscriptions|soumissions)|délai (?:de|pour)|dernier délai|prolongée? jusqu`),
		limit: before(`avant le|avant|jusqu['’]au|jusqu['’]à|d['’]ici le|d['’]ici au|d['’]ici|au plus tard le|au plus tard`),
		act:   words(`candidatures?|postul|soum(?:ettre|ission|issions|is|ettez)|envoy|adress(?:er|ez)|inscri|contribu|propositions?|résumés?|articles?|manuscrits?|répon|signer|déposer|dépôt|transm|particip|commentaires`),
	},
	"es": {
		noun:  words(`fecha límite|fecha tope|plazo|fecha de cierre|cierre de (?:la convocatoria|inscripciones)|vence|último día para|ampliado hasta`),
		limit: before(`hasta el|hasta|antes del|antes de|a más tardar el|para el|no más tarde del`),
		act:   words(`solicitud|solicitar|postul|candidatur|present(?:ar|ación|e|en)|envi|remit|inscri|inscripci|contribu|propuestas?|resúmenes|artículos?|manuscritos?|respond|firm(?:ar|e)|aportes?|comentarios|registr`),
	},
	"nl": {
		noun:  words(`deadline|uiterste (?:datum|inzenddatum|inleverdatum)|sluitingsdatum|inschrijving sluit|sluit op|verlengd tot`),
		limit: before(`voor|vóór|uiterlijk|uiterlijk op|tot|tot en met|tot uiterlijk|niet later dan`),
		act:   words(`solliciteer|solliciteren|sollicitatie|aanmeld|meld je|inschrijv|schrijf je in|indien|dien|inzend|stuur|insturen|opsturen|voorstellen|samenvatting|artikelen|reager|reactie|teken|bijdrage`),
	},
	"ru": {
		noun:  words(`крайний срок|крайнего срока|срок подачи|срок приема|срок приёма|дедлайн|последний день (?:подачи|приема|приёма|регистрации)|прием (?:заявок|статей|тезисов|документов)|приём (?:заявок|статей|тезисов|документов)|заявки принимаются|срок представления`),
		limit: before(`до|не позднее|не позже|к`),
		act:   words(`заявк|подать|подава|подач|отправ|направ|присыла|прислать|регистрац|зарегистр|представ|статьи|статей|тезис|предложени|анкет|ответ|подпис|материал`),
	},
	"ar": {
		noun:  regexp.MustCompile(`الموعد النهائي|آخر موعد|الموعد الأخير|تاريخ الإغلاق|آخر أجل|موعد أقصاه|أجل أقصاه|ينتهي التقديم|تاريخ انتهاء التقديم|باب التقديم`),
		limit: regexp.MustCompile(`(?:قبل|حتى|لغاية|إلى غاية|في موعد لا يتجاوز|قبل يوم|حتى يوم)\s*(?:\p{L}+\s*)?$`),
		act:   regexp.MustCompile(`تقديم|التقديم|إرسال|ترسل|يرسل|طلبات|الطلبات|التسجيل|تسجيل|المشاركة|مقترحات|ملخصات|مساهمات|الترشيح|الترشح|البحوث|الأبحاث`),
	},
	"zh": {
		noun:  regexp.MustCompile(`截止|截至日期|最后期限|最后一天|期限为|截稿`),
		after: regexp.MustCompile(`^\s*(?:之?前|以前|（[^）]*）前)`),
		limit: regexp.MustCompile(`(?:最迟|不迟于|不晚于|直至|至)\s*$`),
		act:   regexp.MustCompile(`提交|申请|报名|投稿|递交|寄送|发送|登记|注册|提名|回复|摘要|意见|参加`),
	},
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
			if len(sentence) > maxSentence || len(out) == maxDeadlines {
				continue
			}
			if d, ok := w.deadline(sentence, language, t.Published); ok && !slices.ContainsFunc(out, func(o news.Deadline) bool { return o.Date == d.Date }) {
				out = append(out, d)
			}
		}
	}
	return out
}

// maxSentence: what is longer is a list or a table, and proves nothing.
const maxSentence = 600

func (w *calendarWords) deadline(sentence, language string, published time.Time) (news.Deadline, bool) {
	noun := w.noun.FindStringIndex(sentence)
	if noun == nil && !w.act.MatchString(sentence) {
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
func (w *calendarWords) choose(sentence string, noun []int, found []dates.Mention) (dates.Mention, bool) {
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
	if noun != nil && extended.MatchString(sentence) && len(found) > 0 {
		return found[len(found)-1], true
	}
	if len(limited) > 0 {
		return limited[len(limited)-1], true
	}
	if noun == nil {
		return dates.Mention{}, false
	}
	var last dates.Mention
	ok := false
	for _, m := range found {
		if m.To.Sub(m.From) > 0 {
			continue
		}
		if m.Start >= noun[0] {
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
