package desk

import (
	"errors"
	"net/http"
	"slices"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

// A conflictView is what stands beside an editor's own arrangement when
// somebody else saved meanwhile: nothing of either is lost.
type conflictView struct {
	Who          string // saved the other; empty when the clock did
	Title        string // the other's, where both changed it
	Introduction string
	Sections     []sectionView // the other's order, where both changed it
}

// arrangeConflict shows an arrangement that could not be saved over the one
// that was: what only one of the two changed is as that one has it, what both
// changed is the editor's own, with the other's beside it.
func (s *Server) arrangeConflict(w http.ResponseWriter, r *http.Request, id news.IssueID, mine news.Arrangement, seen int64, was error) error {
	page, err := s.issuePage(r.Context(), id)
	if err != nil {
		return err
	}
	if !page.Editable() || page.Revision == seen {
		return was
	}
	base, err := s.issues.Version(r.Context(), id, seen)
	if err != nil && !errors.Is(err, news.ErrNotFound) {
		return err
	}
	page.merge(base, mine)
	page.Compose, page.Readers, page.Alone = true, may(r, staff.SeeReaders), page.Issue.Alone(who(r))
	return s.site.RenderStatus(w, r, http.StatusConflict, "desk/issue", page)
}

// merge lays an editor's arrangement of base over the issue as it is now.
func (p *issuePage) merge(base news.Version, mine news.Arrangement) {
	p.Conflict = &conflictView{Who: p.EditedBy}
	both := func(base, theirs, mine string, other *string) string {
		switch {
		case mine == theirs || mine == base:
			return theirs
		case theirs != base:
			*other = theirs
		}
		return mine
	}
	p.Issue.Title = both(base.Title, p.Issue.Title, *mine.Title, &p.Conflict.Title)
	p.Issue.Introduction = both(base.Introduction, p.Issue.Introduction, *mine.Introduction, &p.Conflict.Introduction)
	if sameSections(*mine.Sections, base.Sections) || sameSections(*mine.Sections, p.Issue.Sections) {
		return
	}
	if !sameSections(p.Issue.Sections, base.Sections) {
		p.Conflict.Sections = p.Sections
	}
	stories := base.Stories()
	merged := p.Issue.Merged(*mine.Sections, stories)
	p.arrange(merged)
}

func sameSections(a, b []news.Section) bool {
	return slices.EqualFunc(a, b, func(a, b news.Section) bool { return a.Heading == b.Heading && slices.Equal(a.Stories, b.Stories) })
}
