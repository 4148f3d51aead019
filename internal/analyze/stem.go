package analyze

import (
	"strings"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
)

// A stemmer cuts one word, lower case and with its marks, to its stem.
type stemmer func(word string) string

// stemmed are the languages a query without a language is stemmed in.
var stemmed = []string{"en", "fr", "es", "nl", "ru", "ar"}

var stemmers = map[string]stemmer{
	"en": snowball(english.Stem), "fr": snowball(french.Stem), "es": snowball(spanish.Stem),
	"nl": snowball(dutch.Stem), "ru": snowball(russian.Stem), "de": snowball(german.Stem),
	"it": snowball(italian.Stem), "pt": snowball(portuguese.Stem), "ar": lightArabic,
}

// stemmerOf returns nil for a language we have no stemmer for.
func stemmerOf(language string) stemmer {
	base, _, _ := strings.Cut(language, "-")
	return stemmers[strings.ToLower(base)]
}

func snowball(stem func(*snowballstem.Env) bool) stemmer {
	return func(word string) string {
		env := snowballstem.NewEnv(word)
		stem(env)
		return env.Current()
	}
}

// lightArabic strips the article, the prefixed "and" and the common endings,
// and touches no letter inside the word ("light10" of Larkey, Ballesteros and
// Connell). The Snowball stemmer keeps "health" and "the health" apart, which a
// search must not.
func lightArabic(word string) string {
	w := []rune(unify(word))
	if len(w) > 3 && w[0] == 'و' && !startsWithWaw(string(w)) {
		w = w[1:]
	}
	for _, p := range arabicPrefixes {
		if len(w) >= len(p)+2 && string(w[:len(p)]) == string(p) {
			w = w[len(p):]
			break
		}
	}
	for _, s := range arabicSuffixes {
		if len(w) >= 2*len(s)+1 && string(w[len(w)-len(s):]) == string(s) {
			w = w[:len(w)-len(s)]
		}
	}
	return string(w)
}

var (
	arabicPrefixes = [][]rune{[]rune("بال"), []rune("كال"), []rune("فال"), []rune("لل"), []rune("ال")}
	arabicSuffixes = [][]rune{[]rune("ها"), []rune("ان"), []rune("ات"), []rune("ون"), []rune("ين"), []rune("يه"), []rune("ه"), []rune("ي")}
	// Words of the field that begin with waw themselves.
	wawWords = []string{"وباء", "وباي", "وبايي", "وفاه", "وفيات", "وزار", "وزير", "وصول", "وصم", "وقاي", "وقف", "وثيق", "وثايق", "وضع",
		"وطن", "ولاد", "والد", "وقود", "وكال", "وسايل", "وسط", "وحد", "واجب", "ورش", "وعي", "وظيف", "واقع", "ولاي"}
)

func startsWithWaw(w string) bool {
	for _, p := range wawWords {
		if strings.HasPrefix(w, p) {
			return true
		}
	}
	return false
}
