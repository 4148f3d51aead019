package symbols_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/symbols"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	const (
		council = "Human Rights Council"
		gc      = "General Assembly"
	)
	for _, want := range []symbols.Description{
		{Symbol: "A/HRC/RES/48/13", Body: council, Session: "48", What: "resolution", Title: "Right to a clean, healthy and sustainable environment"},
		{Symbol: "A/HRC/49/50", Body: council, Session: "49"},
		{Symbol: "A/HRC/49/50/Add.1", Body: council, Session: "49", What: "addendum 1"},
		{Symbol: "A/HRC/50/L.13", Body: council, Session: "50", What: "draft"},
		{Symbol: "A/HRC/RES/S-28/1", Body: council, Session: "28 (special)", What: "resolution"},
		{Symbol: "A/HRC/WG.6/27/NLD/1", Body: "Working Group on the Universal Periodic Review", Session: "27", What: "national report", Country: "NL"},
		{Symbol: "A/HRC/WGAD/2026/25", Body: "Working Group on Arbitrary Detention", Session: "2026", What: "opinion No. 25/2026"},
		{Symbol: "A/RES/70/1", Body: gc, Session: "70", What: "resolution", Title: "2030 Agenda for Sustainable Development"},
		{Symbol: "A/RES/217(III)", Body: gc, Session: "III", What: "resolution", Title: "Universal Declaration of Human Rights"},
		{Symbol: "A/RES/ES-11/1", Body: gc, Session: "11 (emergency special)", What: "resolution"},
		{Symbol: "A/76/172", Body: gc, Session: "76"},
		{Symbol: "A/C.3/74/L.20/Rev.1", Body: "Third Committee of the General Assembly", Session: "74", What: "draft"},
		{Symbol: "S/RES/2286(2016)", Body: "Security Council", Session: "2016", What: "resolution", Title: "Protection of the wounded and sick, and of medical personnel"},
		{Symbol: "S/PRST/2014/3", Body: "Security Council", Session: "2014", What: "presidential statement"},
		{Symbol: "S/2014/365", Body: "Security Council", Session: "2014"},
		{Symbol: "E/C.12/GC/22", Body: "Committee on Economic, Social and Cultural Rights", What: "general comment No. 22", Title: "The right to sexual and reproductive health"},
		{Symbol: "E/C.12/NLD/CO/6", Body: "Committee on Economic, Social and Cultural Rights", What: "concluding observations", Country: "NL"},
		{Symbol: "E/CN.4/2003/58", Body: "Commission on Human Rights", Session: "2003"},
		{Symbol: "E/RES/2015/5", Body: "Economic and Social Council", Session: "2015", What: "resolution"},
		{Symbol: "CEDAW/C/GC/35", Body: "Committee on the Elimination of Discrimination against Women", What: "general recommendation No. 35", Title: "Gender-based violence against women"},
		{Symbol: "CAT/C/NLD/CO/8", Body: "Committee against Torture", What: "concluding observations", Country: "NL"},
		{Symbol: "CAT/OP/12/6", Body: "Subcommittee on Prevention of Torture", Session: "12"},
		{Symbol: "CCPR/C/118/D/2348/2014", Body: "Human Rights Committee", Session: "118", What: "decision on communication No. 2348/2014"},
		{Symbol: "CRC/C/UKR/5-6", Body: "Committee on the Rights of the Child", What: "report of the State", Country: "UA"},
		{Symbol: "UNEP/EA.5/28", Body: "United Nations Environment Programme"},
	} {
		want.URL = "https://docs.un.org/en/" + want.Symbol
		if diff := cmp.Diff(want, symbols.Describe(want.Symbol)); diff != "" {
			t.Errorf("Describe(%q) (-want +got):\n%s", want.Symbol, diff)
		}
	}
	if got := symbols.Address("A/76/172", "ar"); got != "https://docs.un.org/ar/A/76/172" {
		t.Errorf("Address = %q", got)
	}
}

func TestMandateNear(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, symbol, want string }{
		{"In its report (A/HRC/49/50) the Special Rapporteur on torture looks at cells.", "A/HRC/49/50", "Special Rapporteur on torture"},
		{"The Special Rapporteur on the right of everyone to the highest attainable standard of health reported in A/76/172.", "A/76/172", "Special Rapporteur on the right to health"},
		{"La Rapporteuse spéciale sur la santé a présenté le rapport A/HRC/50/28.", "A/HRC/50/28", "Special Rapporteur on the right to health"},
		{"El Relator Especial sobre la tortura presentó el informe A/HRC/52/30.", "A/HRC/52/30", "Special Rapporteur on torture"},
		{"Специальный докладчик по вопросу о пытках представил доклад A/HRC/52/30.", "A/HRC/52/30", "Special Rapporteur on torture"},
		{"المقررة الخاصة المعنية بمسألة التعذيب في التقرير A/HRC/52/30.", "A/HRC/52/30", "Special Rapporteur on torture"},
		{"酷刑问题特别报告员的报告（A/HRC/52/30）。", "A/HRC/52/30", "Special Rapporteur on torture"},
		{"The Special Rapporteurs on torture and on extrajudicial executions wrote A/HRC/52/30.", "A/HRC/52/30", ""},
		{"The Special Rapporteur on torture spoke. The Council adopted A/HRC/RES/49/1.", "A/HRC/RES/49/1", ""},
		{"Torture is banned (A/RES/39/46).", "A/RES/39/46", ""},
	} {
		if got := symbols.MandateNear(tt.text, tt.symbol); got != tt.want {
			t.Errorf("MandateNear(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
