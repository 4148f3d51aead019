package classify

import (
	"testing"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// TestKinds: realistic titles and beginnings in seven languages.
func TestKinds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		language, title, body string
		usual, want           news.Kind
	}{
		{"en", "Air raid hits clinic in border town", "Three people died on Monday.", "", "news"},
		{"en", "Air raid hits clinic in border town", "Three people died on Monday.", "press-release", "press-release"},
		{"en", "Call for papers: health in prisons", "The journal welcomes articles until May.", "", "call"},
		{"en", "Special section on dual loyalty", "The editors invite papers. Abstracts are invited until 1 March.", "", "call"},
		{"en", "Fellowships for young physicians", "The foundation invites applications from young physicians.", "", "call"},
		{"en", "Vacancy: programme officer", "The office is looking for a colleague.", "", "job"},
		{"en", "Online course on the Istanbul Protocol", "The course is free.", "", "training"},
		{"en", "Open letter to the minister of justice", "We write to you about Dr. X.", "", "letter"},
		{"en", "Release Dr. Hakim: sign the petition", "He has been in prison for a year.", "", "campaign"},
		{"en", "Webinar: medical neutrality under fire", "Join us on 5 May.", "", "event"},
		{"en", "World Mental Health Day: care, not chains", "On 10 October we ask for an end to shackling.", "", "observance"},
		{"en", "Joint statement on attacks on hospitals", "We, the undersigned organisations, are alarmed.", "", "statement"},
		{"en", "Detention of migrants: annual report", "The subcommittee visited 34 prisons.", "", "report"},
		{"en", "Access to insulin in five countries", "In this article the authors look at prices.", "", "article"},
		{"en", "Book review: A history of dual loyalty", "The author is a surgeon.", "", "book"},
		{"en", "Opinion: the vaccine gap is a choice", "I believe that we could share.", "", "opinion"},
		{"en", "Press release: court frees nurses", "The five nurses left prison.", "", "press-release"},
		{"en", "Governments must act on pain relief", "FOR IMMEDIATE RELEASE. Geneva. Patients die in pain.", "", "press-release"},
		{"fr", "Appel à communications : santé en prison", "Les résumés sont attendus.", "", "call"},
		{"fr", "Lettre ouverte au président", "Nous vous écrivons.", "", "letter"},
		{"fr", "Journée mondiale de la santé : la santé pour tous", "Le 7 avril.", "", "observance"},
		{"fr", "Communiqué de presse : les soignants libérés", "Ils ont quitté la prison.", "", "press-release"},
		{"fr", "Des soignants enlevés au nord", "Trois infirmiers ont disparu lundi.", "", "news"},
		{"fr", "Rapport annuel sur les prisons", "La contrôleure a visité trente lieux.", "", "report"},
		{"fr", "Offre d'emploi : coordinateur médical", "Envoyez votre CV.", "", "job"},
		{"es", "Convocatoria: artículos sobre salud mental", "Se reciben textos.", "", "call"},
		{"es", "Carta abierta a la ministra", "Le escribimos por los médicos presos.", "", "letter"},
		{"es", "Curso de derechos humanos para enfermeras", "El curso es gratuito.", "", "training"},
		{"es", "Informe sobre las cárceles", "Los expertos visitaron doce penales.", "", "report"},
		{"es", "Bombardean un hospital en el este", "Murieron dos pacientes.", "", "news"},
		{"es", "Día Internacional de la Mujer: basta de violencia", "El 8 de marzo.", "", "observance"},
		{"nl", "Vacature: jurist asielrecht", "Stuur jouw cv.", "", "job"},
		{"nl", "Open brief aan de Tweede Kamer", "Wij maken ons zorgen.", "", "letter"},
		{"nl", "Ziekenhuis getroffen door raket", "Er vielen vier doden.", "", "news"},
		{"nl", "Jaarverslag van de inspectie", "De inspectie bezocht zestig gevangenissen.", "", "report"},
		{"ru", "Открытое письмо министру", "Мы просим освободить врача.", "", "letter"},
		{"ru", "Вакансия: юрист", "Присылайте резюме.", "", "job"},
		{"ru", "Доклад о положении в тюрьмах", "Эксперты посетили десять колоний.", "", "report"},
		{"ru", "Ракета попала в больницу", "Погибли двое.", "", "news"},
		{"ru", "Онлайн-курс по Стамбульскому протоколу", "Начало в мае.", "", "training"},
		{"ar", "رسالة مفتوحة إلى الرئيس", "نطالب بالإفراج عن الطبيب.", "", "letter"},
		{"ar", "اليوم العالمي للصحة", "في السابع من أبريل.", "", "observance"},
		{"ar", "قصف مستشفى في الشمال", "قتل مريضان.", "", "news"},
		{"zh", "公开信：释放医生", "我们要求释放他。", "", "letter"},
		{"zh", "北部医院遭袭", "两名病人死亡。", "", "news"},
		{"zh", "招聘：项目官员", "请发送简历。", "", "job"},
	}
	c := classifier(t)
	for _, tt := range tests {
		if got := c.Read(Text{Title: tt.title, Body: tt.body, Language: tt.language, Kind: tt.usual}).Kind; got != tt.want {
			t.Errorf("Kind(%q, usually %q) = %s, want %s", tt.title, tt.usual, got, tt.want)
		}
	}
}
