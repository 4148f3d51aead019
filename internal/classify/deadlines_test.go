package classify

import (
	"strings"
	"testing"
	"time"
)

// TestDeadlines: realistic sentences in seven languages, published on
// Wednesday 18 November 2020.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	tests := []struct{ language, text, want string }{
		{"en", "The call is open to all. Abstracts must be submitted by 15 January 2021.", "2021-01-15"},
		{"en", "Deadline: 1 December 2020, 23:59 CET.", "2020-12-01 23:59 CET"},
		{"en", "Applications close on 4 December.", "2020-12-04"},
		{"en", "Please send your contributions before Friday.", "2020-11-20"},
		{"en", "Register within two weeks to secure your seat.", "2020-12-02"},
		{"en", "The closing date for nominations is 30 November at 5 p.m. Geneva time.", "2020-11-30 17:00 Geneva time"},
		{"en", "The deadline has been extended from 1 November to 10 December 2020.", "2020-12-10"},
		{"en", "The army must leave the camp by 30 November.", ""},
		{"en", "He was arrested on 5 November and sent to prison.", ""},
		{"en", "Submissions for the report were discussed on 3 December 2020 in Geneva.", ""},
		{"en", "The committee asked the State to submit its report by 28 May 2021.", "2021-05-28"},
		{"en", "The application of the law was examined before 12 December 2019.", ""},
		{"en", "The deadline for comments was 3 March 2020.", ""},
		{"en", "Sign the petition before 10 December, Human Rights Day.", "2020-12-10"},
		{"en", "By 2030 all states should submit plans.", ""},
		{"en", "Entries are due on 31 January 2021.", "2021-01-31"},
		{"en", "Manuscripts should reach the editors no later than Monday, 4 January 2021.", "2021-01-04"},
		{"en", "Hundreds of people gathered before 9 December's vote on the constitution.", ""},
		{"fr", "Les candidatures doivent être envoyées avant le 15 décembre 2020.", "2020-12-15"},
		{"fr", "Date limite de soumission : 31 janvier 2021 à 18 h (heure de Genève).", "2021-01-31 18:00 heure de Genève"},
		{"fr", "L'appel à contributions est ouvert jusqu'au 1er mars 2021.", "2021-03-01"},
		{"fr", "Les inscriptions sont ouvertes jusqu'à vendredi.", "2020-11-20"},
		{"fr", "Il a été arrêté avant le 5 décembre.", ""},
		{"fr", "La réunion du 12 décembre portera sur les candidatures.", ""},
		{"es", "La fecha límite para enviar propuestas es el 20 de enero de 2021 a las 17:00.", "2021-01-20 17:00"},
		{"es", "Las solicitudes pueden presentarse hasta el 30 de noviembre.", "2020-11-30"},
		{"es", "El plazo de inscripción termina el 5 de diciembre de 2020.", "2020-12-05"},
		{"es", "Los médicos fueron detenidos antes del 3 de diciembre.", ""},
		{"es", "Los resúmenes deben enviarse antes del 15 de diciembre.", "2020-12-15"},
		{"ru", "Заявки принимаются до 25 декабря 2020 года.", "2020-12-25"},
		{"ru", "Крайний срок подачи тезисов – 15 января 2021 г.", "2021-01-15"},
		{"ru", "Статьи следует отправить не позднее 1 февраля 2021 года.", "2021-02-01"},
		{"ru", "Врач находится под стражей до 25 декабря.", ""},
		{"ar", "الموعد النهائي لتقديم الطلبات هو 31 كانون الثاني/يناير 2021.", "2021-01-31"},
		{"ar", "يرجى إرسال الملخصات قبل 10 ديسمبر 2020.", "2020-12-10"},
		{"ar", "اعتقل الطبيب قبل 10 ديسمبر.", ""},
		{"zh", "截止日期为2021年1月5日。", "2021-01-05"},
		{"zh", "请于12月10日前提交摘要。", "2020-12-10"},
		{"zh", "会议于12月10日举行。", ""},
		{"zh", "申请最迟2021年2月1日递交。", "2021-02-01"},
		{"nl", "Solliciteren kan tot en met 3 januari 2021.", "2021-01-03"},
		{"nl", "De deadline voor samenvattingen is 15 december, 12.00 uur.", "2020-12-15 12:00"},
		{"nl", "Meld je uiterlijk vrijdag aan.", "2020-11-20"},
		{"nl", "Het parlement stemt voor 15 december over de wet.", ""},
	}
	c := classifier(t)
	published := time.Date(2020, 11, 18, 8, 0, 0, 0, time.UTC)
	given, right := 0, 0
	for _, tt := range tests {
		var got []string
		for _, d := range c.Read(Text{Title: "A title", Body: tt.text, Language: tt.language, Published: published}).Deadlines {
			got = append(got, strings.TrimSpace(strings.TrimSpace(d.Date+" "+d.Time)+" "+d.Zone))
			if !strings.Contains(tt.text, d.Sentence) {
				t.Errorf("Deadlines(%q): sentence %q does not stand in the text", tt.text, d.Sentence)
			}
		}
		given += len(got)
		if s := strings.Join(got, "; "); s == tt.want {
			right += len(got)
		} else {
			t.Errorf("Deadlines(%q) = %q, want %q", tt.text, s, tt.want)
		}
	}
	if p := float64(right) / float64(given); p < 0.95 {
		t.Errorf("precision %.3f, want 0.95", p)
	}
}
