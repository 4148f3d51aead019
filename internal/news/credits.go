package news

import "slices"

// TakeCredits says who published the story, from the items that tell it and
// the names of their sources: the item the story links to first, one credit a
// source and language. What the items say of other languages of their page,
// and items in other languages, are the story's Also.
func (s *Story) TakeCredits(items []Item, names map[SourceID]string) {
	s.Credits, s.Also = nil, nil
	leading := slices.IndexFunc(items, func(it Item) bool { return it.URL == s.Link })
	if leading > 0 {
		items = slices.Concat(items[leading:leading+1], items[:leading], items[leading+1:])
	}
	for _, it := range items {
		if names[it.Source] == "" {
			continue
		}
		s.credit(Credit{Name: names[it.Source], URL: it.URL, Language: it.Language, Published: it.Published.Time})
		if it.Language != s.Language && it.Language != "und" {
			s.alsoIn(Alternate{Language: it.Language, URL: it.URL})
		}
		for _, a := range it.Alternates {
			s.alsoIn(a)
		}
	}
}

func (s *Story) credit(c Credit) {
	same := func(o Credit) bool { return o.Name == c.Name && o.Language == c.Language }
	if !slices.ContainsFunc(s.Credits, same) {
		s.Credits = append(s.Credits, c)
	}
}

func (s *Story) alsoIn(a Alternate) {
	same := func(o Alternate) bool { return o.Language == a.Language }
	if a.URL != "" && a.Language != "" && a.Language != s.Language && a.Language != "x-default" && !slices.ContainsFunc(s.Also, same) {
		s.Also = append(s.Also, a)
	}
}
