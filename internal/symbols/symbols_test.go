package symbols_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ifhhro/rightsdesk/internal/symbols"
)

func TestInText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want []string
	}{
		{"see A/HRC/RES/48/13 and A/HRC/48/13/Add.1.", []string{"A/HRC/RES/48/13", "A/HRC/48/13/Add.1"}},
		{"resolution A/RES/70/1, again A/RES/70/1", []string{"A/RES/70/1"}},
		{"Security Council resolution S/RES/2286 (2016)", []string{"S/RES/2286(2016)"}},
		{"(S/2014/365)", []string{"S/2014/365"}},
		{"general comment E/C.12/GC/22; E/CN.4/2003/58", []string{"E/C.12/GC/22", "E/CN.4/2003/58"}},
		{"views CCPR/C/118/D/2348/2014", []string{"CCPR/C/118/D/2348/2014"}},
		{"CEDAW/C/GC/35, CRC/C/GC/15 et CAT/OP/12/6", []string{"CEDAW/C/GC/35", "CRC/C/GC/15", "CAT/OP/12/6"}},
		{"A/C.3/74/L.20/REV.1", []string{"A/C.3/74/L.20/Rev.1"}},
		{"UPR: A/HRC/WG.6/27/MDA/1", []string{"A/HRC/WG.6/27/MDA/1"}},
		{"A/76/172", []string{"A/76/172"}},
		{"doc. A/RES/ES-11/1", []string{"A/RES/ES-11/1"}},
		{"issued as A/72/392-S/2017/783 and A/69/926–S/2015/446", []string{"A/72/392", "S/2017/783", "A/69/926", "S/2015/446"}},
		{"A/RES/217(III)", []string{"A/RES/217(III)"}},
		{"قرار A/HRC/RES/50/1.", []string{"A/HRC/RES/50/1"}},
		{"人权理事会A/HRC/53/4号文件", []string{"A/HRC/53/4"}},
		{"an A/C unit, A/B tests, s/he, A/H1N1", nil},
		{"strain A/California/7/2009 (H1N1)", nil},
		{"see https://x.example/A/HRC/48/13", nil},
		{"in 24/7 care", nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, symbols.InText(tt.in)); diff != "" {
			t.Errorf("InText(%q) (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestParseURL(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, symbol, language string }{
		{"https://undocs.org/A/HRC/48/13", "A/HRC/48/13", "en"},
		{"https://undocs.org/en/A/HRC/48/13", "A/HRC/48/13", "en"},
		{"http://www.undocs.org/a/hrc/48/13", "A/HRC/48/13", "en"},
		{"https://undocs.org/Home/Mobile?FinalSymbol=A%2FHRC%2F48%2F13&Language=E&DeviceType=Desktop", "A/HRC/48/13", "en"},
		{"https://docs.un.org/fr/A/HRC/48/13", "A/HRC/48/13", "fr"},
		{"https://docs.un.org/en/S/RES/2286%20(2016)", "S/RES/2286(2016)", "en"},
		{"https://www.un.org/ga/search/view_doc.asp?symbol=A/RES/70/1&Lang=S", "A/RES/70/1", "es"},
		{"https://daccess-ods.un.org/access.nsf/Get?Open&DS=A/HRC/26/L.33/Rev.1&Lang=E", "A/HRC/26/L.33/Rev.1", "en"},
		{"https://documents.un.org/symbol-explorer?s=A/77/L.1", "A/77/L.1", "en"},
		{"https://tbinternet.ohchr.org/_layouts/15/treatybodyexternal/Download.aspx?symbolno=CCPR%2fC%2fGC%2f37&Lang=en", "CCPR/C/GC/37", "en"},
		{"http://ap.ohchr.org/documents/dpage_e.aspx?si=A/HRC/29/33", "A/HRC/29/33", "en"},
		{"https://news.un.org/en/story/2022/04/1115242", "", ""},
		{"https://evil.example/?symbol=A/RES/70/1", "", ""},
	}
	for _, tt := range tests {
		got, ok := symbols.ParseURL(tt.in)
		if ok != (tt.symbol != "") || ok && got != (symbols.Document{Symbol: tt.symbol, Language: tt.language}) {
			t.Errorf("ParseURL(%q) = %+v, %v; want %q %q", tt.in, got, ok, tt.symbol, tt.language)
		}
	}
}

func TestDOI(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"https://doi.org/10.1016/S0140-6736(20)30183-5", "10.1016/s0140-6736(20)30183-5"},
		{"http://dx.doi.org/10.1136%2Fbmjgh-2020-003097", "10.1136/bmjgh-2020-003097"},
		{"doi:10.1371/journal.pmed.1003021.", "10.1371/journal.pmed.1003021"},
		{"(DOI 10.1000/xyz123).", "10.1000/xyz123"},
		{"https://journals.plos.org/plosmedicine/article?id=10.1371/journal.pmed.1003021&type=x", "10.1371/journal.pmed.1003021"},
		{"on 10.12.2020/21", ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got, ok := symbols.DOI(tt.in); got != tt.want || ok != (tt.want != "") {
			t.Errorf("DOI(%q) = %q, %v; want %q", tt.in, got, ok, tt.want)
		}
	}
}

func TestDOIs(t *testing.T) {
	t.Parallel()
	const text = "See doi:10.1016/S0140-6736(20)30183-5, https://doi.org/10.1371/journal.pmed.1003583 and again 10.1371/JOURNAL.PMED.1003583. Version 10.4/5 is none."
	want := []string{"10.1016/s0140-6736(20)30183-5", "10.1371/journal.pmed.1003583"}
	if diff := cmp.Diff(want, symbols.DOIs(text)); diff != "" {
		t.Errorf("DOIs (-want +got):\n%s", diff)
	}
}
