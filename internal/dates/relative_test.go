package dates

import (
	"strings"
	"testing"
	"time"
)

// TestFind: days in running text, told from Wednesday 18 November 2020.
func TestFind(t *testing.T) {
	t.Parallel()
	published := time.Date(2020, 11, 18, 9, 0, 0, 0, time.UTC)
	tests := []struct{ language, text, want string }{
		{"en", "Apply by 5 January 2021.", "2021-01-05"},
		{"en", "Send it before December 1st, 5 p.m. Geneva time.", "2020-12-01 17:00 Geneva time"},
		{"en", "The 3rd of March is near", "2021-03-03"},
		{"en", "It happened yesterday and goes on tomorrow.", "2020-11-17~ 2020-11-19~"},
		{"en", "until next Friday", "2020-11-27~"},
		{"en", "by Friday", "2020-11-20~"},
		{"en", "on Friday", ""},
		{"en", "within two weeks", "2020-12-02~"},
		{"en", "three days ago", "2020-11-15~"},
		{"en", "last week", "2020-11-09..2020-11-15~"},
		{"en", "by the end of the month", "2020-11-30~"},
		{"en", "at the end of February 2021", "2021-02-28"},
		{"en", "due 2020-12-10T23:59", "2020-12-10 23:59"},
		{"en", "due 2020-12-10, 23:59 CET", "2020-12-10 23:59 CET"},
		{"en", "on 04/05/2021", ""}, // which is the month?
		{"en", "on 25/12/2020", "2020-12-25"},
		{"en", "in March 2021", ""},
		{"en", "the May 4 movement of 31 June", "2021-05-04"}, // there is no 31 June
		{"en", "no later than midnight on 30 November (UTC)", "2020-11-30 23:59"},
		{"fr", "avant le 15 décembre 2020 à 18 h (heure de Genève)", "2020-12-15 18:00 heure de Genève"},
		{"fr", "jusqu'au 1er mars", "2021-03-01"},
		{"fr", "hier, il y a trois jours", "2020-11-17~ 2020-11-15~"},
		{"fr", "vendredi prochain", "2020-11-20~"},
		{"fr", "d'ici la fin du mois", "2020-11-30~"},
		{"es", "hasta el 20 de enero de 2021 a las 17:00", "2021-01-20 17:00"},
		{"es", "ayer y pasado mañana", "2020-11-17~ 2020-11-20~"},
		{"es", "dentro de dos semanas", "2020-12-02~"},
		{"es", "el próximo lunes", "2020-11-23~"},
		{"nl", "uiterlijk 3 januari 2021 om 12.00 uur", "2021-01-03 12:00"},
		{"nl", "gisteren, overmorgen", "2020-11-17~ 2020-11-20~"},
		{"nl", "binnen drie weken", "2020-12-09~"},
		{"ru", "до 25 декабря 2020 года", "2020-12-25"},
		{"ru", "вчера; через две недели", "2020-11-17~ 2020-12-02~"},
		{"ru", "до пятницы", "2020-11-20~"},
		{"ru", "не позднее 15 января, 18:00 по московскому времени", "2021-01-15 18:00 по московскому времени"},
		{"ar", "قبل 10 ديسمبر 2020", "2020-12-10"},
		{"ar", "في موعد أقصاه ٣١ كانون الثاني/يناير ٢٠٢١", "2021-01-31"},
		{"ar", "أمس", "2020-11-17~"},
		{"zh", "截止日期为2021年1月5日", "2021-01-05"},
		{"zh", "请于12月10日前提交", "2020-12-10"},
		{"zh", "昨天", "2020-11-17~"},
		{"zh", "下周五", "2020-11-27~"},
		{"en", "Nothing is said here, maybe in May or on Sunday", ""},
	}
	for _, tt := range tests {
		var got []string
		for _, m := range Find(tt.text, tt.language, published) {
			got = append(got, describe(m))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("Find(%q, %q) = %q, want %q", tt.text, tt.language, s, tt.want)
		}
	}
}

func describe(m Mention) string {
	s := m.From.Format(time.DateOnly)
	if !m.To.Equal(m.From) {
		s += ".." + m.To.Format(time.DateOnly)
	}
	if m.Relative {
		s += "~"
	}
	return strings.TrimSpace(strings.TrimSpace(s+" "+m.Time) + " " + m.Zone)
}

func TestFindAhead(t *testing.T) {
	t.Parallel()
	published := time.Date(2020, 11, 18, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{"closes on Friday": "2020-11-20~", "closes on Wednesday at noon": "2020-11-25~ 12:00"} {
		m := FindAhead(text, "en", published)
		if len(m) != 1 || describe(m[0]) != want {
			t.Errorf("FindAhead(%q) = %v, want %s", text, m, want)
		}
	}
}

// TestFindWithoutPublication: relative days and days without a year mean
// nothing then.
func TestFindWithoutPublication(t *testing.T) {
	t.Parallel()
	if m := Find("yesterday, on 5 May, and on 6 May 2021", "en", time.Time{}); len(m) != 1 || describe(m[0]) != "2021-05-06" {
		t.Errorf("Find without publication = %v", m)
	}
}

func FuzzFind(f *testing.F) {
	f.Add("by 31 February 2021, 25:61 CET or last week", "en")
	f.Add("截止2021年1月5日 午夜", "zh")
	f.Add("٩٩٩٩ يناير ٣١", "ar")
	f.Fuzz(func(t *testing.T, text, language string) {
		for _, m := range Find(text, language, time.Date(2020, 2, 29, 0, 0, 0, 0, time.UTC)) {
			if m.Start < 0 || m.End > len(text) || m.Start >= m.End || m.To.Before(m.From) {
				t.Fatalf("Find(%q, %q): %+v", text, language, m)
			}
		}
	})
}
