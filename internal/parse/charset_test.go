package parse

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// Sentences long enough to tell an encoding by.
var sentences = map[string]string{
	"ru": "Врачи без границ сообщают о нападении на больницу в осаждённом городе, погибли трое медиков",
	"uk": "Лікарі без кордонів повідомляють про напад на лікарню в оточеному місті, загинули троє медиків",
	"el": "Οι γιατροί ζητούν την άμεση απελευθέρωση των συναδέλφων τους που κρατούνται χωρίς δίκη",
	"ar": "الأطباء يطالبون بالإفراج الفوري عن زملائهم المحتجزين دون محاكمة في السجن المركزي",
	"he": "הרופאים דורשים את שחרורם המיידי של עמיתיהם העצורים ללא משפט בבית הכלא המרכזי",
	"tr": "Doktorlar, yargılanmadan tutuklu bulunan meslektaşlarının derhal serbest bırakılmasını istiyor; sağlık çalışanları güvende değil",
	"fr": "Les médecins exigent la libération immédiate de leurs collègues détenus sans procès à la prison centrale, où l’accès aux soins est refusé",
	"de": "Ärztinnen und Ärzte fordern die sofortige Freilassung ihrer Kolleginnen, die ohne Verfahren im Zentralgefängnis festgehalten werden – für Gesundheit",
	"pl": "Lekarze żądają natychmiastowego zwolnienia kolegów przetrzymywanych bez procesu w więzieniu; łączność z miastem jest przerwana",
	"zh": "医生要求立即释放未经审判而被关押在中央监狱的同事，并呼吁各方尊重医疗中立",
	"tw": "醫生要求立即釋放未經審判而被關押在中央監獄的同事，並呼籲各方尊重醫療中立",
	"ja": "医師たちは、裁判なしに中央刑務所に拘束されている同僚の即時釈放を求めている",
	"ko": "의사들은 재판 없이 중앙 교도소에 구금된 동료들의 즉각적인 석방을 요구하고 있다",
}

func rssOf(declared, title string) string {
	head := ""
	if declared != "" {
		head = fmt.Sprintf(`<?xml version="1.0" encoding="%s"?>`, declared)
	}
	return head + "<rss version=\"2.0\"><channel><title>Feed</title>\n<item><title>" + title + "</title></item>\n<item><title>" + title + "</title></item></channel></rss>"
}

func encode(t *testing.T, enc encoding.Encoding, s string) []byte {
	t.Helper()
	out, err := enc.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDeclaredCharsets(t *testing.T) {
	t.Parallel()
	tests := []struct {
		label, lang string
		enc         encoding.Encoding
	}{
		{"utf-8", "ar", encoding.Nop},
		{"UTF-8", "zh", encoding.Nop},
		{"windows-1251", "ru", charmap.Windows1251},
		{"cp1251", "ru", charmap.Windows1251},
		{"koi8-r", "ru", charmap.KOI8R},
		{"KOI8-U", "uk", charmap.KOI8U},
		{"iso-8859-5", "ru", charmap.ISO8859_5},
		{"ibm866", "ru", charmap.CodePage866},
		{"windows-1252", "fr", charmap.Windows1252},
		{"iso-8859-1", "de", charmap.Windows1252},
		{"iso-8859-15", "de", charmap.Windows1252},
		{"iso-8859-2", "pl", charmap.ISO8859_2},
		{"windows-1250", "pl", charmap.Windows1250},
		{"windows-1253", "el", charmap.Windows1253},
		{"iso-8859-7", "el", charmap.ISO8859_7},
		{"windows-1254", "tr", charmap.Windows1254},
		{"iso-8859-9", "tr", charmap.ISO8859_9},
		{"windows-1255", "he", charmap.Windows1255},
		{"iso-8859-8", "he", charmap.ISO8859_8},
		{"windows-1256", "ar", charmap.Windows1256},
		{"iso-8859-6", "ar", charmap.ISO8859_6},
		{"gb2312", "zh", simplifiedchinese.GBK},
		{"gbk", "zh", simplifiedchinese.GBK},
		{"gb18030", "zh", simplifiedchinese.GB18030},
		{"hz-gb-2312", "zh", simplifiedchinese.HZGB2312},
		{"big5", "tw", traditionalchinese.Big5},
		{"shift_jis", "ja", japanese.ShiftJIS},
		{"Shift-JIS", "ja", japanese.ShiftJIS},
		{"euc-jp", "ja", japanese.EUCJP},
		{"iso-2022-jp", "ja", japanese.ISO2022JP},
		{"euc-kr", "ko", korean.EUCKR},
		{"ks_c_5601-1987", "ko", korean.EUCKR},
		{"ibm855", "ru", charmap.CodePage855},
		{"macintosh", "fr", charmap.Macintosh},
		{"x-mac-cyrillic", "ru", charmap.MacintoshCyrillic},
		{"utf-16", "ru", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)},
		{"utf-16", "ru", unicode.UTF16(unicode.BigEndian, unicode.UseBOM)},
		{"utf-16", "ru", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
		{"utf-16be", "ja", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
		{"utf-32", "ar", utf32.UTF32(utf32.BigEndian, utf32.UseBOM)},
		{"utf-32le", "ar", utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)},
	}
	for _, tt := range tests {
		t.Run(tt.label+" "+tt.lang, func(t *testing.T) {
			t.Parallel()
			title := sentences[tt.lang]
			switch tt.label {
			case "iso-8859-15":
				title = strings.ReplaceAll(title, "–", "-")
			case "iso-8859-1", "iso-8859-7", "iso-8859-9", "iso-8859-2":
				title = strings.NewReplacer("–", "-", "’", "'").Replace(title)
			}
			for name, in := range map[string]Input{
				"declared": {Body: encode(t, tt.enc, rssOf(tt.label, title))},
				"header":   {Body: encode(t, tt.enc, rssOf("", title)), Header: map[string]string{"content-type": "application/rss+xml; charset=" + tt.label}},
				"header over declaration": {Body: encode(t, tt.enc, rssOf("us-ascii", title)),
					Header: map[string]string{"content-type": `text/xml;charset="` + tt.label + `"`}},
			} {
				doc, err := Feed(in)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if got := fieldOf(doc, "2.title"); got != title || doc.Recovered {
					t.Errorf("%s: title = %q; want %q; encoding %s, warnings %q", name, got, title, doc.Encoding, doc.Warnings)
				}
			}
		})
	}
}

// TestWrongLabels: a label the bytes refute does not win.
func TestWrongLabels(t *testing.T) {
	t.Parallel()
	ru, fr := sentences["ru"], sentences["fr"]
	tests := []struct {
		name     string
		in       Input
		title    string
		encoding string
	}{
		{"UTF-8 declared Latin 1", Input{Body: []byte(rssOf("iso-8859-1", ru))}, ru, "utf-8"},
		{"UTF-8 labelled windows-1251 by the server", Input{Body: []byte(rssOf("utf-8", ru)), Header: map[string]string{"content-type": "text/xml; charset=windows-1251"}}, ru, "utf-8"},
		{"UTF-8 declared UTF-16", Input{Body: []byte(rssOf("utf-16", ru))}, ru, "utf-8"},
		{"windows-1251 declared UTF-8", Input{Body: encode(t, charmap.Windows1251, rssOf("utf-8", ru))}, ru, "windows-1251"},
		{"windows-1252 declared UTF-8", Input{Body: encode(t, charmap.Windows1252, rssOf("utf-8", fr))}, fr, "windows-1252"},
		{"windows-1252 declared Latin 1", Input{Body: encode(t, charmap.Windows1252, rssOf("iso-8859-1", fr))}, fr, "windows-1252"},
		{"windows-1251 labelled UTF-8 by the server", Input{Body: encode(t, charmap.Windows1251, rssOf("windows-1251", ru)), Header: map[string]string{"content-type": "text/xml; charset=utf-8"}}, ru, "windows-1251"},
		{"an unknown label", Input{Body: encode(t, charmap.KOI8R, rssOf("koi8-r", ru)), Header: map[string]string{"content-type": "text/xml; charset=none"}}, ru, "koi8-r"},
		{"a BOM over all labels", Input{Body: []byte("\ufeff" + rssOf("windows-1251", ru)), Header: map[string]string{"content-type": "text/xml; charset=koi8-r"}}, ru, "utf-8"},
		{"ASCII keeps its label", Input{Body: []byte(rssOf("iso-8859-1", "plain"))}, "plain", "iso-8859-1"},
		{"ASCII without a label", Input{Body: []byte(rssOf("", "plain"))}, "plain", "utf-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := Feed(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := fieldOf(doc, "title"); got != tt.title || doc.Encoding != tt.encoding {
				t.Errorf("%q as %s; want %q as %s", got, doc.Encoding, tt.title, tt.encoding)
			}
		})
	}
}

func TestUndeclaredCharsets(t *testing.T) {
	t.Parallel()
	tests := []struct {
		lang string
		enc  encoding.Encoding
	}{
		{"ru", charmap.Windows1251}, {"ru", charmap.KOI8R}, {"fr", charmap.Windows1252}, {"el", charmap.Windows1253},
		{"ar", charmap.Windows1256}, {"zh", simplifiedchinese.GBK}, {"tw", traditionalchinese.Big5}, {"ja", japanese.ShiftJIS},
		{"ja", japanese.EUCJP}, {"ja", japanese.ISO2022JP}, {"ko", korean.EUCKR}, {"ru", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
		{"tr", charmap.Windows1254}, {"he", charmap.Windows1255}, {"pl", charmap.Windows1250}, {"de", charmap.Windows1252},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.lang, " ", tt.enc), func(t *testing.T) {
			t.Parallel()
			title := sentences[tt.lang]
			doc, err := Feed(Input{Body: encode(t, tt.enc, rssOf("", title))})
			if err != nil {
				t.Fatal(err)
			}
			if got := fieldOf(doc, "title"); got != title {
				t.Errorf("title = %q as %s; want %q", got, doc.Encoding, title)
			}
		})
	}
}

// TestBadBytes: a few bytes that are no UTF-8 cost themselves, not the text.
func TestBadBytes(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, title, want string }{
		{"one Latin letter", "caf\xe9 – les médecins", "café – les médecins"},
		{"a quotation mark", "it\x92s – médecins", "it’s – médecins"},
		{"a broken character", "Врач\xd0\x20и врачи", "Врач\ufffd и врачи"},
		{"a lone byte in ASCII, declared UTF-8", "caf\xe9", "café"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := Feed(Input{Body: []byte(rssOf("utf-8", tt.title))})
			if err != nil {
				t.Fatal(err)
			}
			if got := fieldOf(doc, "title"); got != tt.want || !doc.Recovered || doc.Encoding != "utf-8" {
				t.Errorf("title = %q, recovered %v, as %s; want %q", got, doc.Recovered, doc.Encoding, tt.want)
			}
		})
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(rssOf("utf-8", "squeezed"))); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	doc, err := Feed(Input{Body: b.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	if got := fieldOf(doc, "title"); got != "squeezed" {
		t.Errorf("title = %q", got)
	}
}
