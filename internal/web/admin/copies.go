package admin

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// copiesPage is what admin/copies shows: the readers behind one part of an
// issue's books.
type copiesPage struct {
	news.Issue
	Which  string
	Parts  []copiesPart
	Copies []copyLine
	Older  audience.CopyID // the number to go on after; 0 at the end
}

// A copiesPart is one of the parts that can be looked at.
type copiesPart struct {
	Which, Name string
	Here        bool
}

// A copyLine is one copy as the list shows it.
type copyLine struct {
	audience.Copy
	Address string // empty once erased
}

const copiesAPage = 100

// uncertain is the part of the books that is a mark, not a state.
const uncertain = "uncertain"

func copiesParts(which string) (parts []copiesPart, known bool) {
	for _, p := range []copiesPart{
		{string(audience.Refused), "Refused", false}, {string(audience.GivenUp), "Given up", false}, {string(audience.Excluded), "Left out", false},
		{string(audience.Waiting), "Waiting", false}, {string(audience.Withdrawn), "Withdrawn", false}, {uncertain, "Uncertain", false},
	} {
		p.Here = p.Which == which
		known = known || p.Here
		parts = append(parts, p)
	}
	return parts, known
}

// copiesPage asks which part of an issue's books is to be looked at.
func (s *Server) copiesPage(w http.ResponseWriter, r *http.Request) error {
	page, err := s.booksOf(r)
	if err != nil {
		return err
	}
	page.Parts, _ = copiesParts("")
	return s.site.Render(w, r, "admin/copies", page)
}

func (s *Server) booksOf(r *http.Request) (page copiesPage, err error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return page, fmt.Errorf("issue %q: %w", r.PathValue("id"), news.ErrNotFound)
	}
	page.Issue, err = s.books.Issue(r.Context(), news.IssueID(id))
	return page, err
}

// copies names the readers of one part of an issue's books, all but those who
// simply got it. Each look is noted.
func (s *Server) copies(w http.ResponseWriter, r *http.Request) error {
	page, err := s.booksOf(r)
	if err != nil {
		return err
	}
	var known bool
	page.Which = r.FormValue("which")
	if page.Parts, known = copiesParts(page.Which); !known {
		return fmt.Errorf("part %q of the books: %w", page.Which, news.ErrNotFound)
	}
	if err := s.note(r, "look at readers", page.Where()); err != nil {
		return err
	}
	copies, err := s.copiesOf(r, page.ID, page.Which)
	if err != nil {
		return err
	}
	if len(copies) > copiesAPage {
		copies = copies[:copiesAPage]
		page.Older = copies[copiesAPage-1].ID
	}
	for _, c := range copies {
		page.Copies = append(page.Copies, copyLine{c, c.Address.Reveal()})
	}
	return s.site.Render(w, r, "admin/copies", page)
}

// copiesOf reads one more than a page shows, to see whether there are more.
func (s *Server) copiesOf(r *http.Request, id news.IssueID, which string) ([]audience.Copy, error) {
	after := audience.CopyID(number(r.FormValue("after")))
	if which != uncertain {
		return s.books.CopiesIn(r.Context(), id, audience.CopyState(which), after, copiesAPage+1)
	}
	all, err := s.books.UncertainCopies(r.Context(), id)
	for len(all) > 0 && all[0].ID <= after {
		all = all[1:]
	}
	return all, err
}

// Said is what happened to the copy last, as far as it is known.
func (l copyLine) Said() string {
	if l.Why == "" && l.Code > 0 {
		return strconv.Itoa(l.Code)
	}
	return l.Why
}

// Named is the address as a page shows it.
func (l copyLine) Named() string {
	if l.Address == "" {
		return "forgotten"
	}
	return l.Address
}
