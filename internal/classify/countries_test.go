package classify

import (
	"strings"
	"testing"
)

// TestCountries: realistic cases in seven languages. Countries are what the
// item is about, in any order here, most central first in life.
func TestCountries(t *testing.T) {
	t.Parallel()
	tests := []struct{ language, title, body, want string }{
		{"en", "Sudan: hospital in El Fasher hit again", "Rockets struck the Saudi maternity hospital in Darfur.", "SD"},
		{"en", "South Sudan: cholera in Juba", "The ministry in Juba counts 300 cases.", "SS"},
		{"en", "Nurses on trial in Türkiye", "GENEVA (3 March 2021) – UN experts asked Turkish authorities to drop the charges.", "TR"},
		{"en", "Syrian refugees in Lebanon face eviction", "Families in the Bekaa were told to go.", "SY LB"},
		{"en", "Clinic reopens in Kunduz", "With funding from Japan, the provincial clinic in Afghanistan works again.", "AF"},
		{"en", "Niger floods", "Niamey and Diffa are under water. Neighbouring Nigeria is spared.", "NE"},
		{"en", "Jordan limits care for refugees", "Amman says that refugees must pay.", "JO"},
		{"en", "Michael Jordan gives money to a clinic", "The clinic in North Carolina in the United States will open in June.", "US"},
		{"en", "Georgia: law on foreign agents", "In Tbilisi police beat protesters.", "GE"},
		{"en", "Georgia's abortion ban back in force", "The court in Atlanta, U.S., let the state law stand. The United States Supreme Court had opened the door.", "US"},
		{"en", "DR Congo: doctors on strike in Goma", "Staff in North Kivu has not been paid.", "CD"},
		{"en", "Gaza: no fuel for incubators", "Hospitals in the West Bank wait too. Israeli authorities closed the crossing.", "PS IL"},
		{"en", "World Medical Association amends Declaration of Tokyo", "The assembly also spoke of the Geneva Conventions and the Istanbul Protocol.", ""},
		{"en", "Price of insulin in the UK and the US", "Patients in Britain pay nothing.", "GB US"},
		{"en", "Budget of US$ 5 million approved", "The board met on Monday.", ""},
		{"en", "Uyghur doctors held in Xinjiang", "China denies it.", "CN"},
		{"en", "Crimea: prisoners without a doctor", "Ukraine has asked for access.", "UA"},
		{"en", "Kosovo: mental health law", "Parliament in Pristina voted.", "XK"},
		{"en", "Volunteers roast turkey", "They gave turkey to the homeless.", ""},
		{"en", "Rohingya in Cox's Bazar", "Those who fled Myanmar live in camps in Bangladesh.", "BD MM"},
		{"en", "Report on Latin American prisons", "The Inter-American Court has heard three cases.", ""},
		{"en", "Guinea worm nearly gone", "Only six cases were found in Chad and Angola.", "TD AO"},
		{"fr", "Burkina Faso : des soignants enlevés", "Les médecins burkinabè de Djibo demandent une protection.", "BF"},
		{"fr", "RDC : la rougeole progresse", "À Kinshasa et au Nord-Kivu, les centres de santé manquent de vaccins.", "CD"},
		{"fr", "Les réfugiés soudanais au Tchad", "Ils ont fui le Darfour pour l'est du Tchad.", "SD TD"},
		{"fr", "Accord de Paris : où en est-on ?", "Les États se réunissent.", ""},
		{"fr", "Niger : la méningite recule", "À Niamey, les cas diminuent.", "NE"},
		{"fr", "Le HCR salue la loi de Djibouti", "Le pays accueille des réfugiés.", "DJ"},
		{"es", "Venezuela: enfermeras sin salario", "En Caracas, las enfermeras venezolanas protestan.", "VE"},
		{"es", "Nicaragua expulsa a médicos", "Los médicos nicaragüenses habían curado a manifestantes en Managua.", "NI"},
		{"es", "Cárceles de El Salvador", "Los presos salvadoreños no reciben atención médica.", "SV"},
		{"es", "Migrantes en la frontera de México", "En Tijuana esperan miles de hondureños.", "MX"},
		{"es", "América Latina debate sobre el aborto", "Los países de la región se reúnen.", ""},
		{"ru", "В Беларуси осудили врача", "Минский суд приговорил хирурга к трём годам.", "BY"},
		{"ru", "Больницы Украины под обстрелом", "В Харькове разрушен роддом.", "UA"},
		{"ru", "Тюрьмы в России: пытки и болезни", "Российские правозащитники посетили колонию в Чечне.", "RU"},
		{"ru", "Стамбульский протокол: новая редакция", "Документ описывает, как расследовать пытки.", ""},
		{"ru", "Узбекистан закрывает интернат", "В Ташкенте готовят новый закон.", "UZ"},
		{"ar", "السودان: قصف مستشفى في الخرطوم", "قتل ثلاثة مرضى في دارفور.", "SD"},
		{"ar", "اعتقال طبيب في مصر", "قالت الأسرة إن السلطات المصرية تحتجزه في القاهرة.", "EG"},
		{"ar", "لاجئون سوريون في لبنان", "نقص في الأدوية في سوريا ولبنان.", "SY LB"},
		{"ar", "اليمن: الكوليرا تعود", "سجلت صنعاء والحديدة مئات الحالات.", "YE"},
		{"ar", "اتفاق باريس بعد عشر سنوات", "اجتمعت الدول.", ""},
		{"zh", "苏丹：法希尔医院遭袭", "达尔富尔的医生说，三名病人死亡。", "SD"},
		{"zh", "南苏丹霍乱疫情", "朱巴报告了三百例病例。", "SS"},
		{"zh", "缅甸若开邦医院被炸", "联合国谴责这次袭击。", "MM"},
		{"zh", "世界医学会修订东京宣言", "大会还讨论了日内瓦公约。", ""},
		{"zh", "加沙：医院缺电", "以色列关闭了过境点。", "PS IL"},
		{"nl", "Oekraïne: kraamkliniek getroffen in Marioepol", "De Oekraïense artsen werken in de kelder.", "UA"},
		{"nl", "Turkse arts veroordeeld", "De rechtbank in Ankara gaf hem drie jaar cel.", "TR"},
		{"nl", "Gevangenissen op Haïti", "Haïtiaanse gevangenen krijgen geen eten.", "HT"},
		{"nl", "Verdrag van Istanbul tien jaar oud", "Vrouwenorganisaties vieren feest.", ""},
		{"nl", "Asielzoekers slapen buiten in Ter Apel", "Nederland schiet tekort, zegt de inspectie.", "NL"},
	}
	c := classifier(t)
	right, given := 0, 0
	for _, tt := range tests {
		got := c.Read(Text{Title: tt.title, Body: tt.body, Language: tt.language}).Countries
		want := strings.Fields(tt.want)
		given += len(got)
		for _, code := range got {
			if strings.Contains(tt.want, code) {
				right++
			}
		}
		if len(got) != len(want) {
			t.Logf("Countries(%q) = %v, want %v", tt.title, got, want)
		}
		for _, code := range want {
			if !strings.Contains(strings.Join(got, " "), code) {
				t.Errorf("Countries(%q) = %v, want %s among them", tt.title, got, code)
			}
		}
	}
	if p := float64(right) / float64(given); p < 0.95 {
		t.Errorf("precision %.3f (%d of %d), want 0.95", p, right, given)
	}
}
