package symbols

import (
	"regexp"
	"strings"
)

// expert names the holders of the Human Rights Council's mandates.
var expert = regexp.MustCompile(`(?i)(special rapporteurs?|independent experts?|working group|rapporteur(?:e)?s? spéciaux|rapporteuse? spéciale?|rapporteur spécial|experte? indépendante?|groupe de travail|relatora? especial|experta? independiente|grupo de trabajo|` +
	`специальн\p{L}+ докладчи\p{L}+|независим\p{L}+ экспер\p{L}+|рабоч\p{L}+ групп\p{L}+|المقررة? الخاصة?|الخبيرة? المستقلة?|特别报告员|独立专家|speciaal rapporteur|speciale rapporteur|onafhankelijke? expert)`)

// A mandate is a subject the Council gave to an expert, and the words by which
// it is known.
type mandate struct {
	name  string
	words *regexp.Regexp
}

func words(list string) *regexp.Regexp { return regexp.MustCompile(`(?i)(?:` + list + `)`) }

var mandates = []mandate{
	{"Special Rapporteur on torture", words(`torture|tortura|пытк|التعذيب|酷刑|marteling|foltering`)},
	{"Special Rapporteur on the right to health", words(`(?:right|droit|derecho)[^.;]{0,60}(?:health|santé|salud)|on health|sur la santé|sobre la salud|право\p{L}* на здоровье|правe? на наивысш|الحق في الصحة|健康权|recht op gezondheid`)},
	{"Special Rapporteur on extrajudicial, summary or arbitrary executions", words(`extrajudicial|summary executions|exécutions extrajudiciaires|ejecuciones extrajudiciales|внесудебн|法外处决`)},
	{"Special Rapporteur on human rights defenders", words(`human rights defenders|défenseur|defensor|правозащитник|المدافعين عن حقوق الإنسان|人权维护者|mensenrechtenverdedigers`)},
	{"Special Rapporteur on freedom of expression", words(`freedom of (?:opinion|expression)|liberté d['’](?:opinion|expression)|libertad de (?:opinión|expresión)|свобод\p{L}+ (?:мнений|выражения)`)},
	{"Special Rapporteur on peaceful assembly and association", words(`peaceful assembly|réunion pacifique|reunión pacífica|мирн\p{L}+ собрани`)},
	{"Special Rapporteur on violence against women and girls", words(`violence against women|violence contre les femmes|violencia contra la mujer|насили\p{L}+ в отношении женщин|العنف ضد المرأة|暴力侵害妇女`)},
	{"Special Rapporteur on the independence of judges and lawyers", words(`judges and lawyers|juges et (?:des )?avocats|magistrados y abogados|судей и адвокатов`)},
	{"Special Rapporteur on the rights of persons with disabilities", words(`persons with disabilities|personnes handicapées|personas con discapacidad|инвалид|ذوي الإعاقة|残疾人`)},
	{"Independent Expert on the rights of older persons", words(`older persons|personnes âgées|personas de edad|пожилы`)},
	{"Independent Expert on sexual orientation and gender identity", words(`sexual orientation|orientation sexuelle|orientación sexual|сексуальн\p{L}+ ориентаци|性取向`)},
	{"Special Rapporteur on the right to food", words(`right to food|droit à l['’]alimentation|derecho a la alimentación|право\p{L}* на питание`)},
	{"Special Rapporteur on the rights to water and sanitation", words(`drinking water|water and sanitation|eau potable|agua potable|питьев\p{L}+ вод`)},
	{"Special Rapporteur on adequate housing", words(`adequate housing|logement convenable|vivienda adecuada|жилищ`)},
	{"Special Rapporteur on extreme poverty", words(`extreme poverty|extrême pauvreté|pobreza extrema|крайн\p{L}+ нищет`)},
	{"Special Rapporteur on toxics and human rights", words(`toxics|hazardous substances|substances dangereuses|sustancias peligrosas|опасных веществ`)},
	{"Special Rapporteur on the environment", words(`healthy environment|human rights and the environment|environnement|medio ambiente|окружающ`)},
	{"Special Rapporteur on the human rights of migrants", words(`of migrants|des migrants|de los migrantes|мигрантов`)},
	{"Special Rapporteur on internally displaced persons", words(`internally displaced|déplacées dans leur propre pays|desplazados internos|внутренне перемещ`)},
	{"Special Rapporteur on trafficking in persons", words(`trafficking in persons|traite des êtres humains|trata de personas|торговл\p{L}+ людьми`)},
	{"Special Rapporteur on the rights of Indigenous Peoples", words(`indigenous peoples|peuples autochtones|pueblos indígenas|коренных народов`)},
	{"Special Rapporteur on racism", words(`racism|racisme|racismo|расизм`)},
	{"Special Rapporteur on counter-terrorism and human rights", words(`countering terrorism|counter-terrorism|lutte antiterroriste|lucha contra el terrorismo|борьб\p{L}+ с терроризмом`)},
	{"Working Group on Arbitrary Detention", words(`arbitrary detention|détention arbitraire|detención arbitraria|произвольн\p{L}+ задержани|任意拘留`)},
	{"Working Group on Enforced or Involuntary Disappearances", words(`disappearances|disparitions|desapariciones|исчезновени|强迫失踪`)},
}

// MandateNear names the expert of whom the sentence about a symbol speaks;
// empty when there is none or more than one.
func MandateNear(text, symbol string) string {
	at := strings.Index(text, symbol)
	if at < 0 || !strings.HasPrefix(symbol, "A/") {
		return ""
	}
	sentence := sentenceAt(text, at, at+len(symbol))
	who := expert.FindStringIndex(sentence)
	if who == nil {
		return ""
	}
	about := sentence[who[0]:]
	if loc := strings.Index(about, symbol); loc > 0 {
		about = about[:loc]
	}
	if strings.HasPrefix(about, "特别") || strings.HasPrefix(about, "独立") { // Chinese names the subject first
		about = sentence[:who[0]]
	}
	name := ""
	for _, m := range mandates {
		switch {
		case !m.words.MatchString(about):
		case name != "":
			return ""
		default:
			name = m.name
		}
	}
	return name
}

// sentenceAt is what stands between the stops around a place; a stop within a
// symbol ends nothing.
func sentenceAt(text string, from, to int) string {
	begin := 0
	for _, stop := range []string{". ", "。", "! ", "? ", "\n", "؟"} {
		if i := strings.LastIndex(text[:from], stop); i >= 0 && i+len(stop) > begin {
			begin = i + len(stop)
		}
	}
	end := len(text)
	for _, stop := range []string{". ", "。", "! ", "? ", "\n", "؟"} {
		if i := strings.Index(text[to:], stop); i >= 0 && to+i < end {
			end = to + i
		}
	}
	return text[begin:end]
}
