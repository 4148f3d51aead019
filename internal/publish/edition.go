package publish

import (
	"fmt"
	"sync"
	"time"

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
	neutral  string // empty: no discreet copies
	key      []byte
	sealer   func() (Sealer, error) // reads the text once it is needed
	variants []audience.Variant
	byList   map[string]int // language, format and stories to variant
	byChoice map[string]int // language, format and topics to variant; -1 for none
}

func (p *Publish) edition(i *news.Issue, stories []news.Story, parts []audience.Part) *edition {
	sealer := p.opt.Sealer
	if sealer == nil {
		sealer = func([]audience.Part, time.Time) (Sealer, error) { return nil, news.ErrRefused }
	}
	return &edition{
		name: i.Name, stories: stories, parts: parts, domain: p.opt.Domain, neutral: p.opt.Neutral, key: p.opt.Key,
		sealer: sync.OnceValues(func() (Sealer, error) { return sealer(parts, i.Frozen) }),
		byList: map[string]int{}, byChoice: map[string]int{},
	}
}

// Parts are the frozen text.
func (e *edition) Parts() []audience.Part { return e.parts }

// Variants are all that Assign has given out.
func (e *edition) Variants() []audience.Variant { return e.variants }

// noNeutral is why a reader gets nothing whose mail must look like any other
// while the house cannot send such mails.
const noNeutral = "asked for a discreet mail, and no neutral sender is set"

// Assign gives a reader's share. Nobody who asked for more secrecy than we can
// give gets a mail with less: without a neutral sender a discreet copy is
// excluded, and without a key that works there is a notice in its place.
func (e *edition) Assign(r audience.Reader) (audience.Share, bool) {
	p := r.Preferences
	choice := fmt.Sprint(p.Language, p.Format, p.Topics)
	n, known := e.byChoice[choice]
	if !known {
		n = e.variantOf(p)
		e.byChoice[choice] = n
	}
	if n < 0 {
		return audience.Share{}, false
	}
	share := audience.Share{Variant: n, Discreet: p.Discreet}
	domain := e.domain
	if p.Discreet {
		if domain = e.neutral; domain == "" {
			domain, share.Excluded = e.domain, noNeutral
		}
	}
	share.MessageID = compose.MessageID(e.name, e.key, r.Token, domain)
	if len(r.OpenPGP) > 0 && share.Excluded == "" {
		e.cover(&share, r)
	}
	return share, true
}

// cover encrypts a reader's copy.
func (e *edition) cover(share *audience.Share, r audience.Reader) {
	share.Cover = audience.CoverNotice
	seal, err := e.sealer()
	if err != nil {
		return
	}
	c := audience.Copy{Token: r.Token, Address: r.Address, MessageID: share.MessageID, Discreet: share.Discreet}
	if sealed, err := seal(e.variants[share.Variant], c, r.OpenPGP); err == nil {
		share.Cover, share.Sealed = audience.CoverSealed, sealed
	}
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
