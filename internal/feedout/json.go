package feedout

type jsonFeed struct {
	Version     string       `json:"version"`
	Title       string       `json:"title"`
	Home        string       `json:"home_page_url"`
	Self        string       `json:"feed_url"`
	Description string       `json:"description,omitempty"`
	Language    string       `json:"language,omitempty"`
	Authors     []jsonPerson `json:"authors,omitempty"`
	Items       []jsonItem   `json:"items"`
}

type jsonPerson struct {
	Name string `json:"name"`
}

type jsonItem struct {
	ID        string       `json:"id"`
	URL       string       `json:"url"`
	External  string       `json:"external_url,omitempty"`
	Title     string       `json:"title"`
	Summary   string       `json:"summary,omitempty"`
	HTML      string       `json:"content_html"`
	Published string       `json:"date_published"`
	Modified  string       `json:"date_modified,omitempty"`
	Authors   []jsonPerson `json:"authors,omitempty"`
	Tags      []string     `json:"tags,omitempty"`
	Language  string       `json:"language,omitempty"`
}

func jsonOf(f Feed) jsonFeed {
	out := jsonFeed{Version: "https://jsonfeed.org/version/1.1", Title: f.Title, Home: f.Home, Self: f.Self, Description: f.Description,
		Language: f.Language, Authors: people(f.Author), Items: []jsonItem{}}
	for _, e := range f.Entries {
		item := jsonItem{ID: e.ID, URL: e.URL, External: e.Related, Title: e.Title, Summary: e.Summary, HTML: e.HTML,
			Published: written(e.Published), Modified: written(e.Updated), Authors: people(e.Author), Language: e.Language}
		for _, c := range e.Categories {
			item.Tags = append(item.Tags, c.Label)
		}
		out.Items = append(out.Items, item)
	}
	return out
}

func people(name string) []jsonPerson {
	if name == "" {
		return nil
	}
	return []jsonPerson{{name}}
}
