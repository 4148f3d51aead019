package desk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// A besideView is one thing that can stand beside an issue's stories, with the
// tick that keeps it there.
type besideView struct {
	Key   string
	Group string // the heading it stands under
	Words string
	Lang  string // of Words
	Path  string // where it is mended; may be empty
	On    bool
}

// besideOf lists what stands, or could stand, beside the stories.
func besideOf(i *news.Issue, a news.Around) []besideView {
	var out []besideView
	add := func(key, group, words, lang, path string) {
		out = append(out, besideView{key, group, words, lang, path, !slices.Contains(i.LeftOut, key)})
	}
	for n := range a.Closing {
		c := &a.Closing[n]
		add(c.Key(), "Closes soon", web.Day(c.Date)+": "+c.Title, c.Language, fmt.Sprintf("/desk/stories/%d", c.Story))
	}
	for n := range a.Days {
		o := &a.Days[n]
		add(o.Key(), "The week’s days", web.Day(o.Date)+": "+o.In("en"), "en", "")
	}
	for n := range a.Corrections {
		c := &a.Corrections[n]
		add(c.Key(), "Corrections", excerpt(prose.MarkdownText(c.Text), 90), c.Language, "")
	}
	for n := range a.Blocks {
		b := &a.Blocks[n]
		add(b.Key(), "Standing blocks", web.BlockName(b.Kind)+": "+excerpt(prose.MarkdownText(b.Texts[0].Text), 70), b.Texts[0].Language, blockPath(b.ID))
	}
	return out
}

// leftOut reads which of the things that the form showed are not ticked.
func leftOut(form url.Values) *[]string {
	shown, ok := form["beside"]
	if !ok {
		return nil
	}
	out := slices.DeleteFunc(slices.Clone(shown), func(key string) bool { return slices.Contains(form["keep"], key) })
	return &out
}

// An issueWordsPage is what an issue says in one language other than its own.
type issueWordsPage struct {
	help
	news.Issue
	Language  string
	Text      news.IssueText
	Headings  []headingView
	Languages []choice // Here: the one that is being written
	Compose   bool
	Theirs    *news.IssueText // what somebody else saved meanwhile; nil if nobody did
}

type headingView struct{ Own, Theirs string }

func wordsPath(id news.IssueID, language string) string {
	return fmt.Sprintf("/desk/issues/%d/words?language=%s", id, url.QueryEscape(language))
}

func (s *Server) issueWords(w http.ResponseWriter, r *http.Request) error {
	id, err := issueID(r)
	if err != nil {
		return err
	}
	i, err := s.issues.Issue(r.Context(), id)
	if err != nil {
		return err
	}
	language := r.URL.Query().Get("language")
	if !slices.Contains(news.Languages(), language) || language == i.Language {
		return fmt.Errorf("words in %q: %w", language, news.ErrNotFound)
	}
	page := newIssueWordsPage(i, language)
	page.Compose = may(r, staff.ComposeIssues) && i.Editable()
	return s.site.Render(w, r, "desk/issue-words", page)
}

func newIssueWordsPage(i news.Issue, language string) *issueWordsPage {
	page := &issueWordsPage{help: newHelp(), Issue: i, Language: language, Languages: issueLanguages(&i, language)}
	if n := slices.IndexFunc(i.Texts, func(t news.IssueText) bool { return t.Language == language }); n >= 0 {
		page.Text = i.Texts[n]
	}
	for n, section := range i.Sections {
		h := headingView{Own: section.Heading}
		if n < len(page.Text.Headings) {
			h.Theirs = page.Text.Headings[n]
		}
		page.Headings = append(page.Headings, h)
	}
	return page
}

// issueLanguages lists the languages an issue can have words in beside its own;
// "written" stands at those it has.
func issueLanguages(i *news.Issue, here string) []choice {
	var out []choice
	for _, code := range news.Languages() {
		if code == i.Language {
			continue
		}
		c := choice{Name: web.LanguageName(code), Path: wordsPath(i.ID, code), Here: code == here}
		if _, ok := i.In(code); ok {
			c.Count = "written"
		}
		out = append(out, c)
	}
	return out
}

func (s *Server) saveIssueWords(w http.ResponseWriter, r *http.Request) error {
	id, err := issueID(r)
	if err != nil {
		return err
	}
	form, err := readForm(r)
	if err != nil {
		return err
	}
	seen, _ := strconv.ParseInt(form.Get("revision"), 10, 64)
	text := news.IssueText{Language: form.Get("language"), Title: form.Get("title"), Introduction: text(form, "introduction"), Headings: form["heading"]}
	_, err = s.issues.Arrange(r.Context(), id, news.Arrangement{Text: &text}, seen, who(r))
	if errors.Is(err, news.ErrConflict) {
		return s.wordsConflict(w, r, id, text, err)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, wordsPath(id, text.Language), http.StatusSeeOther)
	return nil
}

// wordsConflict shows what somebody typed over what was saved meanwhile: who
// translates and who arranges do not undo each other.
func (s *Server) wordsConflict(w http.ResponseWriter, r *http.Request, id news.IssueID, text news.IssueText, was error) error {
	i, err := s.issues.Issue(r.Context(), id)
	if err != nil {
		return err
	}
	if !i.Editable() || !slices.Contains(news.Languages(), text.Language) {
		return was
	}
	page := newIssueWordsPage(i, text.Language)
	page.Theirs = &news.IssueText{Title: page.Text.Title, Introduction: page.Text.Introduction}
	page.Text.Title, page.Text.Introduction, page.Compose = text.Title, text.Introduction, true
	for n := range min(len(page.Headings), len(text.Headings)) {
		page.Headings[n].Theirs = text.Headings[n]
	}
	return s.site.RenderStatus(w, r, http.StatusConflict, "desk/issue-words", page)
}

// A blocksPage is the library of standing blocks.
type blocksPage struct {
	help
	Blocks  []news.Block
	Compose bool
}

// A blockPage is one block of it; its number is zero for a new one.
type blockPage struct {
	help
	news.Block
	Kinds    []choice
	Texts    []blockText
	Compose  bool
	Problems []string // what keeps it from being saved
}

type blockText struct{ Language, Text string }

func blockPath(id news.BlockID) string { return fmt.Sprintf("/desk/blocks/%d", id) }

func (s *Server) blockList(w http.ResponseWriter, r *http.Request) error {
	blocks, err := s.issues.Blocks(r.Context())
	if err != nil {
		return err
	}
	return s.site.Render(w, r, "desk/blocks", &blocksPage{newHelp(), blocks, may(r, staff.ComposeIssues)})
}

func (s *Server) block(w http.ResponseWriter, r *http.Request) error {
	b, err := s.blockOf(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	page := newBlockPage(b)
	page.Compose = may(r, staff.ComposeIssues)
	return s.site.Render(w, r, "desk/block", page)
}

// blockOf finds a block of the library; "0" is one that is not there yet.
func (s *Server) blockOf(ctx context.Context, id string) (news.Block, error) {
	if id == "0" {
		return news.Block{}, nil
	}
	blocks, err := s.issues.Blocks(ctx)
	if err != nil {
		return news.Block{}, err
	}
	n := slices.IndexFunc(blocks, func(b news.Block) bool { return fmt.Sprint(b.ID) == id })
	if n < 0 {
		return news.Block{}, fmt.Errorf("block %q: %w", id, news.ErrNotFound)
	}
	return blocks[n], nil
}

func newBlockPage(b news.Block) *blockPage {
	page := &blockPage{help: newHelp(), Block: b}
	for _, k := range news.BlockKinds() {
		page.Kinds = append(page.Kinds, choice{Name: web.BlockName(k), Path: string(k), Here: k == b.Kind})
	}
	for _, code := range news.Languages() {
		said, _ := b.In(code)
		page.Texts = append(page.Texts, blockText{code, said})
	}
	return page
}

func (s *Server) saveBlock(w http.ResponseWriter, r *http.Request) error {
	old, err := s.blockOf(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	form, err := readForm(r)
	if err != nil {
		return err
	}
	if form.Get("do") == "drop" {
		if err := s.issues.DropBlock(r.Context(), old.ID, who(r)); err != nil {
			return err
		}
		http.Redirect(w, r, "/desk/blocks", http.StatusSeeOther)
		return nil
	}
	b := blockFrom(form, old.ID)
	_, err = s.issues.SaveBlock(r.Context(), b, who(r))
	if errors.Is(err, news.ErrInvalid) {
		page := newBlockPage(b)
		page.Compose, page.Problems = true, problems(err)
		return s.site.RenderStatus(w, r, http.StatusUnprocessableEntity, "desk/block", page)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/desk/blocks", http.StatusSeeOther)
	return nil
}

func blockFrom(form url.Values, id news.BlockID) news.Block {
	field := func(name string) string { return strings.TrimSpace(form.Get(name)) }
	b := news.Block{ID: id, Kind: news.BlockKind(field("kind")), URL: field("url"), From: field("from"), Until: field("until")}
	b.Position, _ = strconv.Atoi(field("position")) // empty or odd: first
	for _, code := range news.Languages() {
		if said := strings.TrimSpace(text(form, "text-"+code)); said != "" {
			b.Texts = append(b.Texts, news.BlockText{Language: code, Text: said})
		}
	}
	return b
}

// problems are the sentences of an error that names several things.
func problems(err error) []string {
	var out []string
	for _, line := range strings.Split(err.Error(), "\n") {
		out = append(out, web.Plain(errors.New(line)))
	}
	return out
}
