package desk

import (
	"slices"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/symbols"
)

// Documents are the United Nations documents a story speaks of, as far as
// their symbols and the words around them tell.
func (p *storyPage) Documents() []symbols.Description {
	var out []symbols.Description
	for _, symbol := range p.Facts.UNSymbols {
		d := symbols.Describe(symbol)
		d.URL = symbols.Address(symbol, p.Language)
		for i := range p.Items {
			if d.Mandate == "" {
				d.Mandate = symbols.MandateNear(p.Items[i].Title+"\n"+p.Items[i].Text, symbol)
			}
		}
		out = append(out, d)
	}
	return out
}

// DOIs are those of the items that tell a story, or that stand in their texts.
func (p *storyPage) DOIs() []string {
	var out []string
	for i := range p.Items {
		for _, doi := range doisOf(&p.Items[i].Item) {
			if !slices.Contains(out, doi) {
				out = append(out, doi)
			}
		}
	}
	return out
}

func doisOf(it *news.Item) []string {
	if it.DOI != "" {
		return []string{it.DOI}
	}
	return symbols.DOIs(it.Text)
}
