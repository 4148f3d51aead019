package extract_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ifhhro/rightsdesk/internal/extract"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// TestMain lets the test binary be the subprocess, as the program is in life.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "extract-pdf" {
		os.Exit(extract.PDFMain(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

func reader(t *testing.T) *extract.Reader {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &extract.Reader{PDF: []string{self, "extract-pdf"}}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPDF(t *testing.T) {
	t.Parallel()
	got, err := reader(t).Read(context.Background(), extract.Input{Body: readFile(t, "english.pdf"), URL: "https://press.example/a.pdf"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Nurses were freed\n\nThe council adopted A/HRC/RES/48/13 on Tuesday, after two years of efforts by doctors & nurses. This is a long line so that it wraps around the page and we see how lines are joined.\n\nSecond paragraph with office efficient ligatures.",
		"Page two says hello.",
	}
	if diff := cmp.Diff(want, got.Pages); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	if got.Title != "Nurses were freed" || got.Language != "en" || got.Scanned || got.Canonical != "https://press.example/a.pdf" || len(got.UNSymbols) != 1 {
		t.Errorf("got %+v", got)
	}
}

// TestPDFArabic: the document writes its lines as they look, in shapes of
// letters; what comes out is written as it is read.
func TestPDFArabic(t *testing.T) {
	t.Parallel()
	got, err := reader(t).Read(context.Background(), extract.Input{Body: readFile(t, "arabic.pdf")})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"الحق في الصحة\n\nتدين منظمة الصحة العالمية (WHO) الهجوم على المستشفى في 12 مارس 2022، وتدعو إلى حماية العاملين في مجال الصحة والمرضى في جميع الأوقات.\n\nالقرار A/HRC/RES/50/1 اعتمد أمس."}
	if diff := cmp.Diff(want, got.Pages); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	if got.Language != "ar" || got.Dir != "rtl" {
		t.Errorf("language %s, %s", got.Language, got.Dir)
	}
}

// document makes a small PDF of the given objects, the first being the
// catalogue.
func document(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var offsets []int
	for i, o := range objects {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}

func stream(dict, data string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(data), data)
}

func TestPDFScanned(t *testing.T) {
	t.Parallel()
	body := document(
		"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>",
		stream("", "q 100 0 0 100 0 0 cm /I Do Q"), stream("/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8", "x"),
	)
	got, err := reader(t).Read(context.Background(), extract.Input{Body: body})
	if err != nil {
		t.Fatal(err)
	}
	if !got.Scanned || len(got.Warnings) == 0 || got.Text != "" {
		t.Errorf("got %+v", got)
	}
}

// TestPDFBroken: a broken document costs a process, not us.
func TestPDFBroken(t *testing.T) {
	t.Parallel()
	good := readFile(t, "english.pdf")
	bomb := document("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R] /Count 999999 >>")
	r := reader(t)
	r.PDFTime = time.Second
	for name, body := range map[string][]byte{
		"cut": good[:len(good)/2], "only a header": []byte("%PDF-1.7\n"), "pages that hold themselves": bomb,
		"nested arrays": []byte("%PDF-1.7\n" + strings.Repeat("[", 1<<20)), "flipped": flip(good),
	} {
		a, err := r.Read(context.Background(), extract.Input{Body: body})
		if err != nil && !errors.Is(err, news.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		t.Logf("%s: %d pages, %v", name, len(a.Pages), err)
	}
	if _, err := (&extract.Reader{}).Read(context.Background(), extract.Input{Body: good}); !errors.Is(err, news.ErrInvalid) {
		t.Errorf("without a subprocess: %v", err)
	}
}

func flip(b []byte) []byte {
	b = bytes.Clone(b)
	for i := 50; i < len(b); i += 97 {
		b[i] ^= 1
	}
	return b
}
