package analyze

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTerms(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, language, want string }{
		{"stem beside the word", "Detained doctors", "en", "detained detain doctors doctor"},
		{"marks stripped", "l'accès aux médicaments", "fr", "l acces acce aux medicaments medic"},
		{"full width and ligature", "ＨＩＶ ﬁnance", "", "hiv finance"},
		{"Arabic letter forms and article", "الأطبّاء والصحة", "ar", "الاطباء اطباء والصحه صح"},
		{"Russian", "Врачей арестовали", "ru", "врачеи врач арестовали арестова"},
		{"Chinese pairs", "医院遭袭击。", "zh", "医院 院遭 遭袭 袭击"},
		{"traditional as simplified", "醫護人員", "zh", "医护 护人 人员"},
		{"a lone character", "A 水 B", "zh", "a 水 b"},
		{"Thai pairs", "สุขภาพ", "th", "สุข ขภ ภา าพ"},
		{"soft hyphen and joiner", "health­care nurse\u200bs", "", "healthcare nurses"},
		{"numbers", "COVID-19, ٢٠٢٠", "", "covid 19 2020"},
		{"nothing", " … ", "en", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(Terms(tt.text, tt.language), " ")
			if got != tt.want {
				t.Errorf("Terms(%q, %q) = %q, want %q", tt.text, tt.language, got, tt.want)
			}
		})
	}
}

// TestQueryFindsTerms: what a reader types finds the word in its other forms.
func TestQueryFindsTerms(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, language, words string }{
		{"Doctor arrested", "en", "doctors"},
		{"Doctors arrested", "en", "doctor"},
		{"الصحة للجميع", "ar", "صحة"},
		{"пытки заключённых", "ru", "заключенный"},
		{"vluchtelingen in het ziekenhuis", "nl", "vluchteling"},
		{"世界卫生组织", "zh", "卫生"},
	}
	for _, tt := range tests {
		have := map[string]bool{}
		for _, term := range Terms(tt.text, tt.language) {
			have[term] = true
		}
		for _, group := range Query(tt.words, "") {
			found := false
			for _, term := range group {
				found = found || have[term]
			}
			if !found {
				t.Errorf("Query(%q) = %v finds nothing in %v", tt.words, group, Terms(tt.text, tt.language))
			}
		}
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want []string
	}{
		{"Dr. Amin was held. He is free now.", []string{"Dr. Amin was held.", "He is free now."}},
		{"Resolution no. 48 of the U.N. passed! Why?", []string{"Resolution no. 48 of the U.N. passed!", "Why?"}},
		{"He said: “We wait.” Then he left.", []string{"He said: “We wait.”", "Then he left."}},
		{"医院遭袭击。两人死亡。", []string{"医院遭袭击。", "两人死亡。"}},
		{"عاجل؟ نعم. قال الطبيب", []string{"عاجل؟", "نعم.", "قال الطبيب"}},
		{"Title without stop\n\nNext paragraph", []string{"Title without stop", "Next paragraph"}},
		{"It costs 3.5 million. ok so small", []string{"It costs 3.5 million. ok so small"}},
		{"", nil},
	}
	for _, tt := range tests {
		var got []string
		for _, s := range Sentences(tt.text) {
			got = append(got, tt.text[s.Start:s.End])
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Sentences(%q): %s", tt.text, diff)
		}
	}
}

func FuzzTokens(f *testing.F) {
	f.Add("Doctors' 医院 والصحة ﬁ\u200b", "ar")
	f.Add("\xff\xfe broken ­", "en")
	f.Fuzz(func(t *testing.T, text, language string) {
		last := 0
		for _, tok := range Tokens(text, language) {
			if tok.Start < last || tok.End <= tok.Start || tok.End > len(text) || tok.Fold == "" || tok.Stem == "" {
				t.Fatalf("Tokens(%q): bad token %+v after %d", text, tok, last)
			}
			if strings.ContainsAny(tok.Fold+tok.Stem, " \n") {
				t.Fatalf("Tokens(%q): %+v holds a space", text, tok)
			}
			last = tok.End
		}
	})
}

func FuzzSentences(f *testing.F) {
	f.Add("He waited ... and left.\" Then. \xff.")
	f.Add("U.S. Dr.. 1.2.3!?”. ")
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for _, s := range Sentences(text) {
			if s.Start < last || s.End <= s.Start || s.End > len(text) {
				t.Fatalf("Sentences(%q): bad span %+v after %d", text, s, last)
			}
			last = s.End
		}
	})
}

func BenchmarkTerms(b *testing.B) {
	text := strings.Repeat("Aid groups said on Monday that access to health care has collapsed. ", 30)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Terms(text, "en")
	}
}
