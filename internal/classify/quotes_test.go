package classify

import "testing"

// TestQuotes: realistic quotations with their speakers. An empty speaker means
// that the text beside the quotation names nobody.
func TestQuotes(t *testing.T) {
	t.Parallel()
	tests := []struct{ language, text, quote, speaker string }{
		{"en", `“We had no water for three days,” said Amal Idris, a nurse in the camp.`, "We had no water for three days", "Amal Idris"},
		{"en", `"The ward is full and the floor too," Dr. Lena Okafor told reporters.`, "The ward is full and the floor too", "Dr. Lena Okafor"},
		{"en", `UN spokesperson Jane Roe said: “This attack must be investigated at once.”`, "This attack must be investigated at once.", "Jane Roe"},
		{"en", `“Nobody came to help us that night,” she said.`, "Nobody came to help us that night", ""},
		{"en", `He called it a “necessary evil” and left.`, "", ""},
		{"en", `“Doctors must be free to treat everyone,” according to Maria van der Berg of the association.`, "Doctors must be free to treat everyone", "Maria van der Berg"},
		{"en", `Paul Kim, head of mission, said in a statement, “We ask all parties to stop.”`, "We ask all parties to stop.", "Paul Kim"},
		{"en", `The report is called “Health in times of war and peace”. It has ninety pages.`, "", ""},
		{"fr", `« Nous n'avons plus de médicaments », a déclaré Awa Diallo, sage-femme.`, "Nous n'avons plus de médicaments", "Awa Diallo"},
		{"fr", `Selon le docteur Paul Meyer, tout manque. « Les malades dorment par terre », explique Jeanne Kabila.`, "Les malades dorment par terre", "Jeanne Kabila"},
		{"fr", `« On ne peut pas continuer ainsi », dit-elle.`, "On ne peut pas continuer ainsi", ""},
		{"fr", `Marc Ngoma, directeur de l'hôpital, a affirmé : « Le bloc a été détruit hier. »`, "Le bloc a été détruit hier.", "Marc Ngoma"},
		{"es", `«No tenemos guantes ni mascarillas», dijo Rosa Quispe, enfermera.`, "No tenemos guantes ni mascarillas", "Rosa Quispe"},
		{"es", `“La cárcel no es un hospital”, afirmó el doctor Luis Prado.`, "La cárcel no es un hospital", "Luis Prado"},
		{"es", `Ana Torres señaló: “El Estado debe pedir perdón a las víctimas”.`, "El Estado debe pedir perdón a las víctimas", "Ana Torres"},
		{"nl", `“We kunnen dit niet langer volhouden”, zei Fatma Yilmaz van de vakbond.`, "We kunnen dit niet langer volhouden", "Fatma Yilmaz"},
		{"nl", `“De cellen zijn overvol en koud”, aldus Jan de Wit.`, "De cellen zijn overvol en koud", "Jan de Wit"},
		{"ru", `«Мы лечим всех, кто приходит к нам», — сказала Анна Петрова.`, "Мы лечим всех, кто приходит к нам", "Анна Петрова"},
		{"ru", `«В камере не было ни света, ни воды», — рассказал он.`, "В камере не было ни света, ни воды", ""},
		{"ru", `Иван Смирнов заявил: «Больница закрыта уже второй месяц».`, "Больница закрыта уже второй месяц", "Иван Смирнов"},
		{"ar", `وقالت سلمى حداد: "نحتاج إلى الأدوية والوقود الآن".`, "نحتاج إلى الأدوية والوقود الآن", "سلمى حداد"},
		{"ar", `قال أحمد منصور: «لم يبق في المستشفى طبيب واحد».`, "لم يبق في المستشفى طبيب واحد", "أحمد منصور"},
		{"zh", `谭德塞表示：“我们必须保护医院和医护人员。”`, "我们必须保护医院和医护人员。", "谭德塞"},
		{"zh", `她说：“我们三天没有喝到干净的水。”`, "我们三天没有喝到干净的水。", ""},
	}
	c := classifier(t)
	for _, tt := range tests {
		got := c.Read(Text{Title: "T", Body: tt.text, Language: tt.language}).Quotes
		switch {
		case tt.quote == "" && len(got) == 0:
		case tt.quote == "" || len(got) != 1:
			t.Errorf("Quotes(%q) = %+v, want %q", tt.text, got, tt.quote)
		case got[0].Text != tt.quote || got[0].Speaker != tt.speaker:
			t.Errorf("Quotes(%q) = %+v, want %q by %q", tt.text, got[0], tt.quote, tt.speaker)
		}
	}
}
