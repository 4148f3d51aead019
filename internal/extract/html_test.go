package extract_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"

	"github.com/ifhhro/rightsdesk/internal/extract"
	"github.com/ifhhro/rightsdesk/internal/news"
)

const release = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Release of nurses welcomed | Press Office</title>
<link rel="canonical" href="/en/2022/04/release-of-nurses"><meta property="article:published_time" content="2022-04-05T09:30:00+02:00">
<meta property="article:modified_time" content="2022-04-07T10:00:00+02:00"><meta name="author" content="Ana Lima">
</head><body><nav><ul><li><a href="/">Home</a></li><li><a href="/about">About us</a></li><li><a href="/jobs">Jobs</a></li></ul></nav>
<main><article><h1>Release of nurses welcomed</h1><p>The council of nurses welcomed on Tuesday the release of three colleagues who had spent two years in prison for treating people wounded in a demonstration.</p>
<p>“Nobody should be punished for giving care,” said its president. She recalled that resolution A/HRC/RES/48/13 and the rules of medical ethics protect those who treat the wounded, whoever they are.</p>
<p>The council asked the ministry to drop the charges against two doctors who are still waiting for their trial, and to let the families visit them in the meantime.</p>
<p><a href="/files/letter.pdf">Read the letter</a> and <a href="https://docs.example/report.PDF?v=2">the report</a>, or <a href="/files/letter.pdf">the letter again</a>.</p></article></main>
<aside><h3>Most read</h3><ul><li><a href="/x">Ten recipes for the summer</a></li></ul></aside><footer>© Press Office. All rights reserved. Cookies.</footer></body></html>`

func TestHTML(t *testing.T) {
	t.Parallel()
	got, err := (&extract.Reader{}).Read(context.Background(), extract.Input{Body: []byte(release), URL: "https://press.example/en/2022/04/release-of-nurses?utm_source=x"})
	if err != nil {
		t.Fatal(err)
	}
	day := func(d int) news.Date {
		return news.Date{Time: time.Date(2022, 4, d, 0, 0, 0, 0, time.UTC), Precision: news.Day, Origin: "page"}
	}
	want := extract.Article{
		Title: "Release of nurses welcomed", Published: day(5), Updated: day(7), Authors: []news.Person{{Name: "Ana Lima"}}, Language: "en", Dir: "ltr",
		Canonical: "https://press.example/en/2022/04/release-of-nurses", UNSymbols: []string{"A/HRC/RES/48/13"},
		PDFLinks: []string{"https://press.example/files/letter.pdf", "https://docs.example/report.PDF?v=2"},
	}
	want.Text = got.Text
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("article (-want +got):\n%s", diff)
	}
	for _, in := range []string{"The council of nurses", "“Nobody should be punished", "in the meantime."} {
		if !strings.Contains(got.Text, in) {
			t.Errorf("the text lacks %q:\n%s", in, got.Text)
		}
	}
	for _, out := range []string{"About us", "recipes", "Cookies", "<"} {
		if strings.Contains(got.Text, out) {
			t.Errorf("the text holds %q:\n%s", out, got.Text)
		}
	}
	if strings.Count(got.Text, "\n\n") < 2 {
		t.Errorf("no paragraphs: %q", got.Text)
	}
}

func TestHTMLArabic(t *testing.T) {
	t.Parallel()
	page := `<html dir="rtl" lang="ar"><head><title>بيان</title></head><body><div id="menu"><a href="/">الرئيسية</a></div><article><h1>الإفراج عن الممرضات</h1>` +
		`<p>رحب مجلس الممرضات يوم الثلاثاء بالإفراج عن ثلاث زميلات قضين عامين في السجن بسبب علاجهن لأشخاص أصيبوا في مظاهرة سلمية في العاصمة.</p>` +
		`<p>وقالت رئيسة المجلس إنه لا ينبغي معاقبة أحد على تقديم الرعاية الصحية، وطالبت الوزارة بإسقاط التهم الموجهة إلى طبيبين لا يزالان ينتظران المحاكمة.</p>` +
		`<p>وأضافت أن حماية العاملين في مجال الصحة واجب على جميع السلطات في كل الأوقات وفي كل الأماكن دون تمييز.</p></article></body></html>`
	encoded, err := charmap.Windows1256.NewEncoder().String(page)
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]extract.Input{
		"utf-8":                     {Body: []byte(page)},
		"windows-1256 by header":    {Body: []byte(encoded), Header: map[string]string{"content-type": "text/html; charset=windows-1256"}},
		"windows-1256 by meta":      {Body: []byte(strings.Replace(encoded, "<head>", `<head><meta charset="windows-1256">`, 1))},
		"utf-8 with a wrong header": {Body: []byte(page), Header: map[string]string{"content-type": "text/html; charset=iso-8859-1"}},
	} {
		got, err := (&extract.Reader{}).Read(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		if got.Title != "الإفراج عن الممرضات" || got.Language != "ar" || got.Dir != "rtl" || !strings.Contains(got.Text, "رحب مجلس الممرضات") || got.Published.Known() {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestHTMLHostile: what would make the tree deep, wide or squared is read in
// bounded time, and its words are still there.
func TestHTMLHostile(t *testing.T) {
	t.Parallel()
	words := "<p>The council of nurses welcomed the release of three colleagues who had spent two years in prison.</p>"
	for name, page := range map[string]string{
		"deep":      strings.Repeat("<div>", 40_000) + words,
		"formatted": strings.Repeat(`<b class=x><i lang=y><font size=1>`, 300) + strings.Repeat("<p>x", 4_000) + words,
		"wide":      words + strings.Repeat("<p>x</p>", 35_000),
		"unclosed":  "<table><tr><td>" + strings.Repeat("<table><td>", 5_000) + words,
		"scripts":   words + strings.Repeat("<script>x</script>", 10_000),
		"one tag":   words + "<a " + strings.Repeat("x ", 1<<20),
		"nothing":   "<",
		"too long":  words + strings.Repeat("x ", 2<<20),
		"bytes":     words + strings.Repeat("\x00\xff\xfe", 10_000),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := (&extract.Reader{}).Read(context.Background(), extract.Input{Body: []byte(page)})
			if err != nil && !errors.Is(err, news.ErrInvalid) {
				t.Error(err)
			}
			if name != "nothing" && name != "too long" && !strings.Contains(got.Text, "council of nurses") {
				t.Errorf("the words are gone: %v %.200q %v", err, got.Text, got.Warnings)
			}
			if strings.Contains(got.Text, "<p") || len(got.Text) > news.MaxBodyBytes {
				t.Errorf("%d bytes of text, %.200q", len(got.Text), got.Text)
			}
		})
	}
}

func TestNotAPage(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]extract.Input{
		"empty":   {Body: []byte(" \n")},
		"picture": {Body: []byte("\x89PNG\r\n\x1a\nxxxx")},
		"image":   {Body: []byte("GIF89a"), Header: map[string]string{"content-type": "image/gif"}},
		"archive": {Body: []byte("PK\x03\x04xxxx")},
	} {
		if _, err := (&extract.Reader{}).Read(context.Background(), in); !errors.Is(err, news.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzHTML(f *testing.F) {
	f.Add([]byte(release))
	f.Add([]byte("<p>x<table><td>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := (&extract.Reader{}).Read(context.Background(), extract.Input{Body: body, URL: "https://press.example/"})
		if err != nil && !errors.Is(err, news.ErrInvalid) {
			t.Error(err)
		}
		if err == nil && (a.Language == "" || a.Dir == "") {
			t.Errorf("%+v", a)
		}
	})
}

func BenchmarkHTML(b *testing.B) {
	for b.Loop() {
		if _, err := (&extract.Reader{}).Read(context.Background(), extract.Input{Body: []byte(release), URL: "https://press.example/"}); err != nil {
			b.Fatal(err)
		}
	}
}
