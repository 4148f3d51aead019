package analyze

import (
	"strings"

	"golang.org/x/text/language"
)

// rightToLeft are the scripts written from right to left (ISO 15924).
var rightToLeft = map[string]bool{
	"Arab": true, "Hebr": true, "Syrc": true, "Thaa": true, "Nkoo": true, "Adlm": true, "Rohg": true, "Mand": true, "Samr": true,
}

// Direction is the base direction of a language, "rtl" or "ltr", by the script
// its BCP 47 tag names or implies: "ar" is rtl, "az" ltr, "az-Arab" rtl.
func Direction(tag string) string {
	t, err := language.Parse(strings.TrimSpace(tag))
	if err != nil {
		return "ltr"
	}
	s, _ := t.Script()
	return scriptDirection(s.String())
}

func scriptDirection(script string) string {
	if rightToLeft[script] {
		return "rtl"
	}
	return "ltr"
}
