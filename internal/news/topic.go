package news

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"

	"github.com/goccy/go-yaml"
)

// A Slug names a topic for ever: digests, feeds, preferences and decisions
// all use it.
type Slug string

// A Topic is one of the 30 subjects of the desk.
type Topic struct {
	Slug  Slug   `yaml:"slug"`
	Group string `yaml:"group"` // key of TopicGroups
	Name  string `yaml:"name"`  // English; other languages are in templates
	Scope string `yaml:"scope"` // the rule by which an item is judged
}

// A Kind is what an item is, beside what it is about.
type Kind string

//go:embed topics.yaml
var topicsYAML []byte

type topicFile struct {
	Version int               `yaml:"version"`
	Groups  map[string]string `yaml:"groups"`
	Topics  []Topic           `yaml:"topics"`
	Kinds   []Kind            `yaml:"kinds"`
}

// The file is part of the program: a mistake in it is ours and stops the tests.
var topicList = sync.OnceValue(func() topicFile {
	var f topicFile
	if err := yaml.UnmarshalWithOptions(topicsYAML, &f, yaml.Strict()); err != nil {
		panic(fmt.Sprintf("news: embedded topics.yaml: %v", err))
	}
	return f
})

// Languages are those we publish in, as BCP 47, in the order they are offered.
func Languages() []string { return []string{"en", "fr", "es", "ru", "ar", "zh", "nl"} }

// Topics returns all topics in the order of the list. The slice is shared:
// do not change it.
func Topics() []Topic { return topicList().Topics }

// TopicGroups returns the English name of each group by its key.
func TopicGroups() map[string]string { return topicList().Groups }

// Kinds returns all kinds. The slice is shared: do not change it.
func Kinds() []Kind { return topicList().Kinds }

// Known reports whether k is one of Kinds.
func (k Kind) Known() bool { return slices.Contains(Kinds(), k) }

// Known reports whether s is the slug of a topic.
func (s Slug) Known() bool {
	_, ok := TopicBySlug(s)
	return ok
}

// TopicBySlug returns the topic of that slug.
func TopicBySlug(s Slug) (Topic, bool) {
	for _, t := range Topics() {
		if t.Slug == s {
			return t, true
		}
	}
	return Topic{}, false
}

// CheckTopics returns an error wrapping ErrInvalid that names the first slug
// that is no topic or stands twice.
func CheckTopics(slugs []Slug) error {
	for i, s := range slugs {
		if !s.Known() {
			return fmt.Errorf("topic %q is not one of the 30: %w", s, ErrInvalid)
		}
		if slices.Contains(slugs[:i], s) {
			return fmt.Errorf("topic %q stands twice: %w", s, ErrInvalid)
		}
	}
	return nil
}

// A TopicScore is what the classifier says of one topic.
type TopicScore struct {
	Slug     Slug
	Score    float64  // calibrated probability, 0 to 1
	Assigned bool     // over the topic's threshold
	Evidence []string // the words that earned it, as they stand in the text
}

// A Deadline is a day by which somebody must act, with the sentence that
// proves it.
type Deadline struct {
	Date     string // 2006-01-02
	Time     string // 15:04, if the text gives one
	Zone     string // as written, if the text gives one
	Sentence string
}

// A Quote is a quotation with its speaker, if the text names one.
type Quote struct {
	Text    string
	Speaker string
}

// Facts are what an item says of itself when read by the classifier.
type Facts struct {
	Kind      Kind
	Topics    []TopicScore // all 30, best first
	Countries []string     // ISO 3166-1 alpha-2, what it is about, most central first
	UNSymbols []string
	Deadlines []Deadline
	Quotes    []Quote
}

// Assigned returns the slugs over their threshold, best first.
func (f *Facts) Assigned() []Slug {
	var out []Slug
	for _, t := range f.Topics {
		if t.Assigned {
			out = append(out, t.Slug)
		}
	}
	return out
}
