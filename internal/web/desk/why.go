package desk

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/classify"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// A whyPage answers why a story was given a topic, or why not.
type whyPage struct {
	help
	Story     news.Story
	Topic     news.Topic
	Reason    classify.Reason
	Percent   int
	From      int // percent from which it is given
	Clues     []clueView
	Taught    []clueView
	Stronger  []string
	Item      news.Item
	Title     []part
	Text      []part
	Given     bool   // the story has it
	Read      bool   // there is an item to read
	Words     string // where its words are read and edited
	WordsIn   string // their language
	AskWhy    string
	AskTopics []topicGroup
}

// A clueView is one thing that speaks for a topic or against it.
type clueView struct {
	Words   string
	Where   string
	Times   int
	Points  string
	Pattern string
	Against bool
}

func (s *Server) why(w http.ResponseWriter, r *http.Request) error {
	id, err := storyID(r.PathValue("id"))
	if err != nil {
		return err
	}
	topic, ok := news.TopicBySlug(news.Slug(r.FormValue("topic")))
	if !ok {
		return fmt.Errorf("topic %q: %w", r.FormValue("topic"), news.ErrNotFound)
	}
	story, _, err := s.read(r, id)
	if err != nil {
		return err
	}
	items, err := s.desk.Items(r.Context(), id)
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return s.site.Render(w, r, "desk/why", newWhyPage(story, topic))
	}
	it := items[max(0, slices.IndexFunc(items, func(it news.Item) bool { return story.LedBy(&it) }))]
	reason, err := s.reader.WhyNot(r.Context(), &it, topic.Slug)
	if err != nil {
		return err
	}
	page := newWhyPage(story, topic)
	page.explain(it, reason)
	return s.site.Render(w, r, "desk/why", page)
}

func newWhyPage(story news.Story, topic news.Topic) *whyPage {
	return &whyPage{help: newHelp(), Story: story, Topic: topic, Given: slices.Contains(story.Topics, topic.Slug),
		AskWhy: fmt.Sprintf("/desk/stories/%d/why", story.ID), AskTopics: topicGroups([]news.Slug{topic.Slug})}
}

// explain puts a reason into words, and marks them in the text.
func (p *whyPage) explain(it news.Item, reason classify.Reason) {
	p.Read, p.Item, p.Reason = true, it, reason
	p.Percent, p.From = percent(reason.Score), percent(reason.Threshold)
	for _, slug := range reason.Stronger[:min(len(reason.Stronger), classify.MaxTopics)] {
		p.Stronger = append(p.Stronger, web.TopicName(slug))
	}
	var spoken []string
	for _, c := range reason.Clues {
		p.Clues = append(p.Clues, clueOf(c))
		spoken = append(spoken, c.Words...)
	}
	for _, c := range reason.Taught {
		p.Taught = append(p.Taught, clueOf(c))
		spoken = append(spoken, c.Words...)
	}
	p.Title, p.Text = mark(it.Title, spoken), mark(it.Text, spoken)
	language, _, _ := strings.Cut(it.Language, "-")
	if !slices.Contains(classify.Languages(), language) {
		language = "en"
	}
	p.Words, p.WordsIn = lexiconPath(p.Topic.Slug, language), web.LanguageName(language)
}

func clueOf(c classify.Clue) clueView {
	return clueView{Words: strings.Join(c.Words, " … "), Where: cmp.Or(c.Where, "text"), Times: c.Times, Points: fmt.Sprintf("%+.1f", c.Points), Pattern: c.Pattern, Against: c.Points < 0}
}

func percent(score float64) int { return int(score*100 + .5) }

// WhyPath is the page that answers for one topic of the story.
func (p *storyPage) WhyPath(topic news.Slug) string {
	return fmt.Sprintf("/desk/stories/%d/why?%s", p.ID, url.Values{"topic": {string(topic)}}.Encode())
}

// Asking is the form that asks about any topic.
func (p *storyPage) Asking() *whyPage { return newWhyPage(p.Story, news.Topic{}) }
