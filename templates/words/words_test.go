package words

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

var languages = []string{"en", "fr", "es", "ru", "ar", "zh", "nl"}

func load(t *testing.T, name string) map[string]any {
	t.Helper()
	b, err := files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := yaml.UnmarshalWithOptions(b, &m, yaml.Strict()); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return m
}

var gap = regexp.MustCompile(`\{\{\.[a-z]+\}\}`)

// forms are the texts of an entry: one, or one for each plural category.
func forms(v any) []string {
	if m, ok := v.(map[string]any); ok {
		var out []string
		for _, f := range m {
			out = append(out, f.(string))
		}
		return out
	}
	return []string{v.(string)}
}

// TestSameKeys: in every area each language says what the others say, with the
// same gaps. English is the measure where it stands in the area's files.
func TestSameKeys(t *testing.T) {
	t.Parallel()
	entries, err := files.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	measure := map[string]map[string]any{}
	for _, e := range slices.Backward(entries) {
		area, lang, _ := strings.Cut(strings.TrimSuffix(e.Name(), ".yaml"), ".")
		if _, ok := measure[area]; !ok || lang == "en" {
			measure[area] = load(t, e.Name())
		}
	}
	for _, e := range entries {
		area, lang, _ := strings.Cut(strings.TrimSuffix(e.Name(), ".yaml"), ".")
		want, got := measure[area], load(t, e.Name())
		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("%s has other keys (-want +%s)\n%s", e.Name(), lang, diff)
			continue
		}
		for key, v := range got {
			checkForms(t, e.Name()+": "+key, want[key], v)
		}
	}
	for area := range measure {
		for _, lang := range languages[1:] {
			if _, err := files.ReadFile(area + "." + lang + ".yaml"); err != nil {
				t.Error(err)
			}
		}
	}
}

func checkForms(t *testing.T, name string, measure, v any) {
	t.Helper()
	want := gaps(forms(measure)[0])
	for _, f := range forms(v) {
		if strings.TrimSpace(f) == "" {
			t.Errorf("%s says nothing", name)
		}
		if _, plural := v.(map[string]any); !plural && !slices.Equal(want, gaps(f)) {
			t.Errorf("%s has gaps %v, want %v", name, gaps(f), want)
		}
	}
}

func gaps(s string) []string {
	found := gap.FindAllString(s, -1)
	slices.Sort(found)
	return found
}

func TestCount(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lang string
		want map[int]string
	}{
		{"en", map[int]string{0: "0 stories", 1: "1 story", 2: "2 stories"}},
		{"fr", map[int]string{0: "0 article", 1: "1 article", 2: "2 articles"}},
		{"ru", map[int]string{1: "1 материал", 2: "2 материала", 5: "5 материалов", 11: "11 материалов", 21: "21 материал", 22: "22 материала"}},
		{"ar", map[int]string{0: "لا مواد", 1: "مادة واحدة", 2: "مادتان", 3: "3 مواد", 11: "11 مادة", 100: "100 مادة"}},
		{"zh", map[int]string{1: "1篇", 7: "7篇"}},
	} {
		for n, want := range tt.want {
			if got := In(tt.lang).Count("mail.stories", n); got != want {
				t.Errorf("%s: Count(%d) = %q, want %q", tt.lang, n, got, want)
			}
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	d := func(y int, m time.Month, day int) time.Time { return time.Date(y, m, day, 0, 0, 0, 0, time.UTC) }
	for _, tt := range []struct{ lang, date, full, span, months string }{
		{"en", "1 November 2026", "Sunday, 1 November 2026", "23–29 November 2026", "30 November – 6 December 2026"},
		{"fr", "1er novembre 2026", "dimanche 1er novembre 2026", "23–29 novembre 2026", "30 novembre – 6 décembre 2026"},
		{"es", "1 de noviembre de 2026", "domingo, 1 de noviembre de 2026", "23–29 de noviembre de 2026", "30 de noviembre – 6 de diciembre de 2026"},
		{"ru", "1 ноября 2026 г.", "воскресенье, 1 ноября 2026 г.", "23–29 ноября 2026 г.", "30 ноября – 6 декабря 2026 г."},
		{"ar", "1 نوفمبر 2026", "الأحد، 1 نوفمبر 2026", "23–29 نوفمبر 2026", "30 نوفمبر – 6 ديسمبر 2026"},
		{"zh", "2026年11月1日", "2026年11月1日星期日", "2026年11月23日–29日", "2026年11月30日–12月6日"},
		{"nl", "1 november 2026", "zondag 1 november 2026", "23–29 november 2026", "30 november – 6 december 2026"},
		{"xx", "1 November 2026", "Sunday, 1 November 2026", "23–29 November 2026", "30 November – 6 December 2026"},
	} {
		w := In(tt.lang)
		got := []string{w.Date(d(2026, 11, 1)), w.FullDate(d(2026, 11, 1)), w.Span(d(2026, 11, 23), d(2026, 11, 29)), w.Span(d(2026, 11, 30), d(2026, 12, 6))}
		if diff := cmp.Diff([]string{tt.date, tt.full, tt.span, tt.months}, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.lang, diff)
		}
	}
	en := In("en")
	if got := en.Span(d(2026, 12, 28), d(2027, 1, 3)); got != "28 December 2026 – 3 January 2027" {
		t.Errorf("Span over a year = %q", got)
	}
	if got := en.Span(d(2026, 12, 28), d(2026, 12, 28)); got != "28 December 2026" {
		t.Errorf("Span of a day = %q", got)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]string{"fr": "arabe, Ukraine, Torture et mauvais traitements", "ar": "العربية، أوكرانيا، التعذيب وسوء المعاملة", "zh": "阿拉伯语、乌克兰、酷刑与虐待"} {
		w := In(lang)
		if got := w.List([]string{w.LanguageName("ar"), w.CountryName("UA"), w.Say("topic.torture")}); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
	w := In("en")
	if got := w.LanguageName("??") + w.CountryName("??") + w.Say("no.such.key"); got != "????no.such.key" {
		t.Errorf("unknown names: %q", got)
	}
}
