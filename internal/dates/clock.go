package dates

import (
	"fmt"
	"regexp"
	"strings"
)

// clocks find a time of day; the groups are hour, minute and half of the day.
var clocks = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\b([01]?[0-9]|2[0-4])[:.h]([0-5][0-9])\s?(a\.?m\.?|p\.?m\.?)?`),
	regexp.MustCompile(`(?i)\b(1[0-2]|[1-9])()\s?(a\.?m\.?|p\.?m\.?)`),
	regexp.MustCompile(`(?i)\b([01]?[0-9]|2[0-3])\s?(?:heures?|h|uur|час(?:ов|а)?|horas?)\s?([0-5][0-9])?()`),
	regexp.MustCompile(`([01]?[0-9]|2[0-4])\s?(?:点|时)(?:([0-5][0-9])分)?()`),
}

// midnights are words for the end of a day.
var midnights = regexp.MustCompile(`(?i)\bmidnight\b|\bminuit\b|\bmedianoche\b|\bmiddernacht\b|полночь|полуночи|منتصف الليل|午夜`)

var noons = regexp.MustCompile(`(?i)\bnoon\b|\bmidi\b|\bmediodía\b|полдень|полудня|正午`)

// zoneNear finds the zone that follows a time.
var zoneNear = regexp.MustCompile(`^[\s,(（]{0,3}((?:UTC|GMT)(?:\s?[+\-−]\s?[0-9]{1,2}(?::?[0-9]{2})?)?|CEST|CET|EEST|EET|WAT|CAT|EAT|SAST|BST|IST|EST|EDT|ET|CST|CDT|CT|MST|PST|PDT|PT|MSK|JST|HKT|AEST|AEDT|NPT|PKT` +
	`|(?:\p{Lu}[\p{L} ]{2,15}?|local) time|heure (?:de|d['’])\s?\p{Lu}\p{L}+|hora de(?:l)? \p{Lu}\p{L}+|(?:по )?\p{L}+(?:ому|скому) времени|МСК|بتوقيت \p{L}+|北京时间|日内瓦时间)`)

// zoneBefore finds a zone before a time, as Chinese has it.
var zoneBefore = regexp.MustCompile(`(\p{Han}{2,4}时间)[^0-9]{0,9}$`)

const nearBytes = 90 // how far from its day a time may stand

// clock looks for a time of day and its zone beside a mention, in its sentence.
func (f *finder) clock(m *Mention) {
	after := strings.TrimPrefix(f.text[m.End:min(len(f.text), m.End+nearBytes)], "T")
	after = upToSentenceEnd(strings.ToValidUTF8(after, ""))
	before := strings.ToValidUTF8(f.text[max(0, m.Start-nearBytes):m.Start], "")
	if at := strings.LastIndexAny(before, "!?。\n"); at >= 0 {
		before = before[at+1:]
	}
	if at := strings.LastIndex(before, ". "); at >= 0 {
		before = before[at+1:]
	}
	for _, side := range []string{after, before} {
		if t, end, ok := timeIn(side); ok {
			m.Time = t
			if z := zoneNear.FindStringSubmatch(side[end:]); z != nil {
				m.Zone = strings.TrimSpace(z[1])
			} else if z := zoneBefore.FindStringSubmatch(side[:end]); z != nil {
				m.Zone = z[1]
			}
			return
		}
	}
}

// upToSentenceEnd cuts at a stop that ends a sentence, not at "17.00" or "p.m.".
func upToSentenceEnd(s string) string {
	for i, r := range s {
		switch r {
		case '!', '?', '。', '\n', '؟', ';':
			return s[:i]
		case '.':
			rest := s[i+1:]
			if half := s[max(0, i-3):i]; strings.HasSuffix(half, ".m") || strings.HasSuffix(half, "pm") {
				continue
			}
			if strings.HasPrefix(rest, " ") && len(rest) > 1 && rest[1] >= 'A' && rest[1] <= 'Z' {
				return s[:i]
			}
		}
	}
	return s
}

// timeIn reads the first time of day; end is where it ends.
func timeIn(s string) (hhmm string, end int, ok bool) {
	best := -1
	for _, re := range clocks {
		at := re.FindStringSubmatchIndex(s)
		if at == nil || best >= 0 && at[0] >= best {
			continue
		}
		g := groups(s, at)
		h, minute := atoi(g[1]), atoi(g[2])
		switch half := strings.ReplaceAll(g[3], ".", ""); {
		case half == "pm" && h < 12:
			h += 12
		case half == "am" && h == 12:
			h = 0
		}
		if h == 24 && minute == 0 {
			h, minute = 23, 59
		}
		if h > 23 {
			continue
		}
		best, end, hhmm, ok = at[0], at[1], fmt.Sprintf("%02d:%02d", h, minute), true
	}
	if ok {
		return hhmm, end, true
	}
	if at := midnights.FindStringIndex(s); at != nil {
		return "23:59", at[1], true
	}
	if at := noons.FindStringIndex(s); at != nil {
		return "12:00", at[1], true
	}
	return "", 0, false
}
