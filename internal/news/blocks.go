package news

import (
	"slices"
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
)

// BlockKinds lists the standing blocks in the order a mail shows them.
func BlockKinds() []BlockKind {
	return []BlockKind{FeaturedTopic, SupportCampaign, TrainingMaterials, StepsForChange, VoicesInTheField}
}

// Known reports whether k is one of BlockKinds.
func (k BlockKind) Known() bool { return slices.Contains(BlockKinds(), k) }

// A Block is a standing invitation that comes back week after week. It stands
// in an issue whose day is within its dates, for readers of a language it was
// written in.
type Block struct {
	Kind  BlockKind
	URL   string // where it leads; absolute
	Texts []BlockText
	From  string // 2006-01-02, the first day; empty = always
	Until string // the last day; empty = for ever
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
	URL      string
}

// An Observance is an international day.
type Observance struct {
	Date  string            // 2006-01-02
	Names map[string]string // by language; English is always there
	URL   string            // may be empty
}

// A Correction puts right what an earlier issue said.
type Correction struct {
	Issue    string // name of the issue it is about
	Text     string // Markdown
	Language string
	URL      string // of the story that was corrected; may be empty
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
// it reports false and returns the issue's own.
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
