package desk

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/publish"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// A checksPage is what somebody should look at before they approve an issue.
type checksPage struct {
	help
	news.Issue
	Checks []checkView
	Sizes  []sizeView
}

// A checkView is one thing, with the place where it is mended.
type checkView struct{ Words, Why, Path, Where string }

// A sizeView is how large the mail of one language is for a reader of
// everything.
type sizeView struct {
	Language string
	publish.Size
}

func (s *Server) checks(w http.ResponseWriter, r *http.Request) error {
	id, err := issueID(r)
	if err != nil {
		return err
	}
	i, err := s.issues.Issue(r.Context(), id)
	if err != nil {
		return err
	}
	page := &checksPage{help: newHelp(), Issue: i}
	found, err := s.issues.Checks(r.Context(), id)
	if err != nil {
		return err
	}
	for _, c := range found {
		page.Checks = append(page.Checks, newCheckView(&i, c))
	}
	if err := s.storyChecks(r, page); err != nil {
		return err
	}
	for _, lang := range news.Languages() {
		m, err := s.issues.Preview(r.Context(), id, publish.Choice{Language: lang, Format: "html"})
		if errors.Is(err, news.ErrNotFound) {
			break // an issue without a story has no mail
		}
		if err != nil {
			return err
		}
		page.Sizes = append(page.Sizes, sizeView{lang, m.Size})
	}
	return s.site.Render(w, r, "desk/checks", page)
}

// storyChecks adds what the words of the stories should not say as they are.
func (s *Server) storyChecks(r *http.Request, page *checksPage) error {
	for _, id := range page.Issue.Stories() {
		story, _, err := s.desk.Story(r.Context(), id)
		if err != nil {
			return err
		}
		items, err := s.desk.Items(r.Context(), id)
		if err != nil {
			return err
		}
		for _, warning := range s.desk.Warnings(&story, items) {
			page.Checks = append(page.Checks, checkView{warning.Words, warning.Why, fmt.Sprintf("/desk/stories/%d#words", id), story.Headline})
		}
	}
	return nil
}

func newCheckView(i *news.Issue, c publish.Check) checkView {
	v := checkView{Words: c.Words, Why: c.Why}
	switch {
	case c.Story != 0:
		v.Path, v.Where = fmt.Sprintf("/desk/stories/%d#words", c.Story), fmt.Sprintf("Story %d", c.Story)
	case c.Block != 0:
		v.Path, v.Where = blockPath(c.Block), "Standing block"
	case c.Language != "":
		v.Path, v.Where = wordsPath(i.ID, c.Language), web.LanguageName(c.Language)
	default:
		v.Path, v.Where = issuePath(i.ID)+"#introduction", "The issue"
	}
	return v
}
