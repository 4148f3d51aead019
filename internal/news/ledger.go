package news

import (
	"cmp"
	"slices"
	"time"
)

// A Ledger is the books of one issue opened up: how its copies go, and where
// to. No reader can be told from it.
type Ledger struct {
	Counts
	OnTheWay int            // waiting copies that are with a server now
	Next     time.Time      // when the next waiting copy goes, UTC; zero when none does
	LeftOut  []LeftOut      // why copies are excluded, most first; empty once the rows are forgotten
	Domains  []DomainCounts // per receiving domain, most copies first; likewise
	Marked   map[string]int // uncertain copies by state: "sent" of them are sent
}

// A LeftOut is a reason for which readers get no copy.
type LeftOut struct {
	Why string `json:"why"` // "unsubscribed"
	N   int    `json:"copies"`
}

// DomainCounts are the books of the copies that go to one receiving domain.
type DomainCounts struct {
	Domain string `json:"domain"` // empty: the smaller ones together
	Counts
}

// NamedFrom is how many copies of an issue go to a domain at least that is
// called by its name: at a domain of a few, its name may be a person's.
const NamedFrom = 10

// GroupDomains puts those of few copies together, and orders them.
func GroupDomains(all []DomainCounts) []DomainCounts {
	var out []DomainCounts
	var small DomainCounts
	for _, d := range all {
		if d.Intended >= NamedFrom && d.Domain != "" {
			out = append(out, d)
			continue
		}
		small.Counts = small.plus(d.Counts)
	}
	slices.SortFunc(out, func(a, b DomainCounts) int {
		return cmp.Or(cmp.Compare(b.Intended, a.Intended), cmp.Compare(a.Domain, b.Domain))
	})
	if small.Intended > 0 {
		out = append(out, small)
	}
	return out
}

func (c Counts) plus(d Counts) Counts {
	return Counts{
		Intended: c.Intended + d.Intended, Waiting: c.Waiting + d.Waiting, Sent: c.Sent + d.Sent, Refused: c.Refused + d.Refused,
		Excluded: c.Excluded + d.Excluded, GivenUp: c.GivenUp + d.GivenUp, Withdrawn: c.Withdrawn + d.Withdrawn, Uncertain: c.Uncertain + d.Uncertain,
	}
}
