package news

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A BlockKind says which of the standing blocks a block is.
type BlockKind string

// The standing blocks of the digest.
const (
	FeaturedTopic     BlockKind = "featured-topic"
	TrainingMaterials BlockKind = "training-materials"
	StepsForChange    BlockKind = "steps-for-change"
	VoicesInTheField  BlockKind = "voices-in-the-field"
	SupportCampaign   BlockKind = "support-campaign"
	CallForWork       BlockKind = "call-for-contributions"
	Donation          BlockKind = "donation"
	AboutUs           BlockKind = "about"
	Contact           BlockKind = "contact"
)

// BlockKinds lists the standing blocks in the order in which those of the same
// position stand.
func BlockKinds() []BlockKind {
	return []BlockKind{FeaturedTopic, SupportCampaign, TrainingMaterials, StepsForChange, VoicesInTheField, CallForWork, Donation, AboutUs, Contact}
}

// Known reports whether k is one of BlockKinds.
func (k BlockKind) Known() bool { return slices.Contains(BlockKinds(), k) }

// BlockID numbers a stored Block; zero until stored.
type BlockID int64

// A Block is a standing invitation that comes back week after week. It stands
// in an issue whose day is within its dates, for readers of a language it was
// written in.
type Block struct {
	ID       BlockID
	Kind     BlockKind
	Position int    // the lowest stands first
	URL      string // where it leads; absolute; may be empty
	Texts    []BlockText
	From     string // 2006-01-02, the first day; empty = always
	Until    string // the last day; empty = for ever
	EditedBy string
}

// Check returns an error wrapping ErrInvalid that names everything that keeps
// the block from standing in an issue.
func (b *Block) Check() error {
	var errs []error
	if !b.Kind.Known() {
		errs = append(errs, fmt.Errorf("block %q is not one of %v: %w", b.Kind, BlockKinds(), ErrInvalid))
	}
	if b.URL != "" {
		if err := checkAddress(b.URL); err != nil {
			errs = append(errs, fmt.Errorf("the block's link %w: %w", err, ErrInvalid))
		}
	}
	for _, day := range []string{b.From, b.Until} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			errs = append(errs, fmt.Errorf("%q is no day such as 2026-11-30: %w", day, ErrInvalid))
		}
	}
	if b.From != "" && b.Until != "" && b.Until < b.From {
		errs = append(errs, fmt.Errorf("the block ends on %s, before it begins on %s: %w", b.Until, b.From, ErrInvalid))
	}
	if len(b.Texts) == 0 {
		errs = append(errs, fmt.Errorf("a block says something in one language at least: %w", ErrInvalid))
	}
	for _, t := range b.Texts {
		switch {
		case !slices.Contains(Languages(), t.Language):
			errs = append(errs, fmt.Errorf("language %q is not one of %v: %w", t.Language, Languages(), ErrInvalid))
		case len(t.Text) > maxBlock:
			errs = append(errs, fmt.Errorf("the block is longer than %d KB in %s: %w", maxBlock>>10, t.Language, ErrInvalid))
		}
	}
	return errors.Join(errs...)
}

// maxBlock bounds a block's text, in bytes.
const maxBlock = 4 << 10

// SortBlocks puts blocks in the order in which an issue shows them.
func SortBlocks(blocks []Block) {
	slices.SortStableFunc(blocks, func(a, b Block) int {
		if a.Position != b.Position {
			return a.Position - b.Position
		}
		return slices.Index(BlockKinds(), a.Kind) - slices.Index(BlockKinds(), b.Kind)
	})
}

// A BlockText is a block in one language.
type BlockText struct {
	Language string
	Text     string // Markdown, usually a sentence
}

// Stands reports whether the block is shown on a day.
func (b *Block) Stands(day time.Time) bool {
	d := day.Format(time.DateOnly)
	return (b.From == "" || b.From <= d) && (b.Until == "" || d <= b.Until)
}

// In returns the block's text in a language, and whether it has one.
func (b *Block) In(language string) (string, bool) {
	for _, t := range b.Texts {
		if t.Language == language {
			return t.Text, true
		}
	}
	return "", false
}

// An IssueText is what an editor wrote for an issue in a language other than
// the issue's own.
type IssueText struct {
	Language     string
	Title        string
	Introduction string   // Markdown
	Headings     []string // of the sections in order; an empty one is not translated
}

// A Closing is something whose deadline is near.
type Closing struct {
	Date     string // 2006-01-02
	Title    string // plain text
	Language string // of Title
	URL      string // empty where only our page tells of it
	// Story is the story that tells of it; zero if none does. Page is its
	// public name.
	Story StoryID           `json:",omitempty"`
	Page  string            `json:",omitempty"`
	Texts map[string]string `json:",omitempty"` // the title in other languages
}

// In returns the title in a language, else as it is, and which language it is
// in.
func (c *Closing) In(language string) (title, in string) {
	if t := c.Texts[language]; t != "" {
		return t, language
	}
	return c.Title, c.Language
}

// closingDays is how long before its deadline a call closes soon.
const closingDays = 14

// ClosingDays are the first and the last day, 2006-01-02, of which an issue says
// that something closes soon: from today, also when it goes out early, to two
// weeks after its own day.
func (i *Issue) ClosingDays(now time.Time, zone *time.Location) (first, last string) {
	return now.In(zone).Format(time.DateOnly), i.Slot.In(zone).AddDate(0, 0, closingDays).Format(time.DateOnly)
}

// ClosingOf is what an issue says of the deadline of a story.
func ClosingOf(s *Story) Closing {
	c := Closing{Date: s.Deadline, Title: s.Headline, Language: s.Language, URL: s.Link, Story: s.ID, Page: s.Name()}
	for _, t := range s.Texts {
		if t.Headline != "" {
			if c.Texts == nil {
				c.Texts = map[string]string{}
			}
			c.Texts[t.Language] = t.Headline
		}
	}
	return c
}

// An Observance is an international day.
type Observance struct {
	Date  string            // 2006-01-02
	Names map[string]string // by language; English is always there
	URL   string            // may be empty
}

// In returns the day's name in a language, else in English.
func (o *Observance) In(language string) string {
	if name := o.Names[language]; name != "" {
		return name
	}
	return o.Names["en"]
}

// A Correction puts right what an earlier issue said.
type Correction struct {
	ID       int64  // zero until stored
	Issue    string // name of the issue it is about
	Text     string // Markdown
	Language string
	URL      string // of the story that was corrected; may be empty
	Page     string // its public name, where it is one of ours
	Story    StoryID
	Who      string // desk account
	At       time.Time
}

// NewCorrection says what was wrong in a story, or returns an error wrapping
// ErrInvalid.
func NewCorrection(story StoryID, language, text, who string, now time.Time) (Correction, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return Correction{}, wrong("correction", fmt.Errorf("say what was wrong and is right now; readers see it: %w", ErrInvalid))
	case len(text) > MaxTextBytes:
		return Correction{}, wrong("correction", fmt.Errorf("the correction is longer than %d KB: %w", MaxTextBytes>>10, ErrInvalid))
	}
	return Correction{Story: story, Language: language, Text: text, Who: who, At: now}, nil
}

// A Reference is something worth reading beside a story.
type Reference struct {
	Title    string
	URL      string
	Language string // empty where it is the story's
}

// A Credit is who published one of a story's items.
type Credit struct {
	Name      string
	URL       string
	Language  string
	Published time.Time
}

// In returns the issue's text in a language. Where nobody wrote it in that one
// it reports false and returns the issue's own; a heading nobody translated is
// the issue's own, and so is the introduction (IntroductionIn).
func (i *Issue) In(language string) (IssueText, bool) {
	own := IssueText{Language: i.Language, Title: i.Title, Introduction: i.Introduction}
	for _, s := range i.Sections {
		own.Headings = append(own.Headings, s.Heading)
	}
	if language == i.Language {
		return own, true
	}
	for _, t := range i.Texts {
		if t.Language != language {
			continue
		}
		headings := slices.Clone(own.Headings)
		for n := range min(len(headings), len(t.Headings)) {
			if t.Headings[n] != "" {
				headings[n] = t.Headings[n]
			}
		}
		t.Headings = headings
		return t, true
	}
	return own, false
}

// IntroductionIn returns the introduction in a language, else the issue's own,
// and which language it is in.
func (i *Issue) IntroductionIn(language string) (text, in string) {
	if t, ok := i.In(language); ok && t.Introduction != "" {
		return t.Introduction, language
	}
	return i.Introduction, i.Language
}

// translate puts, replaces or takes away (when empty) what an issue says in a
// language other than its own. It returns an error wrapping ErrInvalid.
func (i *Issue) translate(t IssueText) error {
	t.Title = strings.Join(strings.Fields(t.Title), " ")
	t.Introduction = strings.TrimSpace(t.Introduction)
	headings := make([]string, min(len(t.Headings), len(i.Sections)))
	for n := range headings {
		headings[n] = strings.Join(strings.Fields(t.Headings[n]), " ")
	}
	t.Headings = headings
	said := t.Title + t.Introduction + strings.Join(headings, "")
	switch {
	case t.Language == i.Language || !slices.Contains(Languages(), t.Language):
		return fmt.Errorf("language %q is not one of %v less the issue's own: %w", t.Language, Languages(), ErrInvalid)
	case said != "" && t.Title == "":
		return fmt.Errorf("issue %d in %s: it needs a title: %w", i.ID, t.Language, ErrInvalid)
	case len(t.Introduction) > MaxTextBytes:
		return fmt.Errorf("issue %d in %s: the introduction is longer than %d KB: %w", i.ID, t.Language, MaxTextBytes>>10, ErrInvalid)
	}
	texts := slices.DeleteFunc(slices.Clone(i.Texts), func(old IssueText) bool { return old.Language == t.Language })
	if said != "" {
		texts = append(texts, t)
	}
	slices.SortFunc(texts, func(a, b IssueText) int { return strings.Compare(a.Language, b.Language) })
	i.Texts = texts
	return nil
}

// followHeadings keeps each translated heading with its section when the
// sections change: a section is known by its heading.
func (i *Issue) followHeadings(before []Section) {
	texts := slices.Clone(i.Texts)
	for n := range texts {
		headings := make([]string, len(i.Sections))
		for m, s := range i.Sections {
			was := slices.IndexFunc(before, func(old Section) bool { return old.Heading == s.Heading })
			if s.Heading != "" && was >= 0 && was < len(texts[n].Headings) {
				headings[m] = texts[n].Headings[was]
			}
		}
		texts[n].Headings = headings
	}
	i.Texts = texts
}
