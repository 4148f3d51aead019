package publish

import (
	"fmt"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/compose"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// An edition is an issue at its freeze. It grows with the different choices
// readers made, not with the readers.
type edition struct {
	name     string
	stories  []news.Story
	parts    []audience.Part
	domain   string
	key      []byte
	variants []audience.Variant
	byList   map[string]int // language, format and stories to variant
	byChoice map[string]int // language, format and topics to variant; -1 for none
}

func newEdition(name string, stories []news.Story, parts []audience.Part, domain string, key []byte) *edition {
	return &edition{name: name, stories: stories, parts: parts, domain: domain, key: key, byList: map[string]int{}, byChoice: map[string]int{}}
}

// Parts are the frozen text.
func (e *edition) Parts() []audience.Part { return e.parts }

// Variants are all that Assign has given out.
func (e *edition) Variants() []audience.Variant { return e.variants }

// Assign gives a reader's variant and Message-ID.
func (e *edition) Assign(r audience.Reader) (variant int, messageID string, ok bool) {
	p := r.Preferences
	choice := fmt.Sprint(p.Language, p.Format, p.Topics)
	n, known := e.byChoice[choice]
	if !known {
		n = e.variantOf(p)
		e.byChoice[choice] = n
	}
	if n < 0 {
		return 0, "", false
	}
	return n, compose.MessageID(e.name, e.key, r.Token, e.domain), true
}

// variantOf numbers the mail of a choice, -1 when no story is for it.
func (e *edition) variantOf(p audience.Preferences) int {
	v := audience.Variant{Language: p.Language, Format: p.Format, Stories: storiesFor(e.stories, p.Topics)}
	if len(v.Stories) == 0 {
		return -1
	}
	list := fmt.Sprint(v.Language, v.Format, v.Stories)
	n, known := e.byList[list]
	if !known {
		n = len(e.variants)
		e.variants = append(e.variants, v)
		e.byList[list] = n
	}
	return n
}

// storiesFor are the stories that go to a reader of these topics, in order.
func storiesFor(stories []news.Story, topics []news.Slug) []news.StoryID {
	var out []news.StoryID
	for _, s := range stories {
		if s.GoesTo(topics) {
			out = append(out, s.ID)
		}
	}
	return out
}
