//go:build ignore

// Gendates takes out of the npm package cldr-dates-full (Unicode CLDR, see
// NOTICE) what words needs of it:
//
//	npm install --prefix /tmp/cldr cldr-dates-full@48.2.0
//	go run gendates.go /tmp/cldr/node_modules/cldr-dates-full
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Locales by our language. English dates are written day first, as most of
// our readers write them.
var locales = [][2]string{{"en", "en-GB"}, {"fr", "fr"}, {"es", "es"}, {"ru", "ru"}, {"ar", "ar"}, {"zh", "zh"}, {"nl", "nl"}}

type gregorian struct {
	Months, Days struct {
		Format map[string]map[string]string
	}
	DateFormats     map[string]any
	DateTimeFormats struct{ AvailableFormats map[string]string }
}

func main() {
	out := map[string]map[string]any{}
	for _, l := range locales {
		g := read(os.Args[1], l[1])
		var months, days []string
		for m := 1; m <= 12; m++ {
			months = append(months, g.Months.Format["wide"][strconv.Itoa(m)])
		}
		for _, d := range []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} {
			days = append(days, g.Days.Format["wide"][d])
		}
		out[l[0]] = map[string]any{
			"months": months, "days": days, "long": g.DateFormats["long"], "full": g.DateFormats["full"],
			"day": g.DateTimeFormats.AvailableFormats["MMMMd"],
		}
	}
	b, err := json.MarshalIndent(out, "", "\t")
	check(err)
	// Few fonts on old phones have the narrow no-break space.
	b = bytes.ReplaceAll(b, []byte("\u202f"), []byte("\u00a0"))
	check(os.WriteFile("dates.json", append(b, '\n'), 0o644))
}

func read(dir, locale string) gregorian {
	b, err := os.ReadFile(filepath.Join(dir, "main", locale, "ca-gregorian.json"))
	check(err)
	var f struct {
		Main map[string]struct {
			Dates struct{ Calendars struct{ Gregorian gregorian } }
		}
	}
	check(json.Unmarshal(b, &f))
	return f.Main[locale].Dates.Calendars.Gregorian
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
