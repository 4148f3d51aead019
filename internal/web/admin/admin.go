// Package admin is the administrators' part of the site: who may come to the
// desk, what was done there, the readers, and the mail that was caught instead
// of sent. It is the only part of the desk that can show a reader.
package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/ifhhro/rightsdesk/internal/access"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/signup"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// Books are the copies of an issue by reader.
type Books interface {
	Issue(ctx context.Context, id news.IssueID) (news.Issue, error)
	CopiesIn(ctx context.Context, id news.IssueID, state audience.CopyState, after audience.CopyID, limit int) ([]audience.Copy, error)
	UncertainCopies(ctx context.Context, id news.IssueID) ([]audience.Copy, error)
}

// A Server answers the administrators' requests.
type Server struct {
	site    *web.Site
	access  *access.Service
	readers *signup.Service
	books   Books
	caught  string
}

// New returns the administrators' pages over their services. caught is the
// maildir of the mail catcher, "" where mail is sent.
func New(site *web.Site, a *access.Service, readers *signup.Service, books Books, caught string) *Server {
	return &Server{site, a, readers, books, caught}
}

// Routes lists the administrators' routes with the permission each needs.
func (s *Server) Routes() []web.Route {
	return []web.Route{
		{Pattern: "GET /admin", Needs: staff.RunDesk, Do: s.overview},
		// Accounts.
		{Pattern: "GET /admin/people", Needs: staff.RunDesk, Do: s.people},
		{Pattern: "POST /admin/people", Needs: staff.RunDesk, Do: s.invite},
		{Pattern: "POST /admin/people/{name}/roles", Needs: staff.RunDesk, Do: s.setRoles},
		{Pattern: "POST /admin/people/{name}/reset", Needs: staff.RunDesk, Do: s.reset},
		{Pattern: "POST /admin/people/{name}/sessions", Needs: staff.RunDesk, Do: s.endSessions},
		{Pattern: "POST /admin/people/{name}/disable", Needs: staff.RunDesk, Do: s.disable},
		{Pattern: "GET /admin/audit", Needs: staff.RunDesk, Do: s.audit},
		// Readers. A search is a POST, so that no address stands in a
		// browser's history.
		{Pattern: "GET /admin/readers", Needs: staff.SeeReaders, Do: s.readersPage},
		{Pattern: "POST /admin/readers", Needs: staff.SeeReaders, Do: s.findReader},
		{Pattern: "POST /admin/readers/suppress", Needs: staff.SeeReaders, Do: s.suppressReader},
		{Pattern: "POST /admin/readers/erase", Needs: staff.SeeReaders, Do: s.eraseReader},
		// The readers behind an issue's books. A look is noted, and so a POST.
		{Pattern: "GET /admin/issues/{id}", Needs: staff.SeeReaders, Do: s.copiesPage},
		{Pattern: "POST /admin/issues/{id}", Needs: staff.SeeReaders, Do: s.copies},
		// Caught mail.
		{Pattern: "GET /admin/mail", Needs: staff.SeeReaders, Do: s.mail},
		{Pattern: "GET /admin/mail/{name}", Needs: staff.SeeReaders, Do: s.message},
		{Pattern: "GET /admin/mail/{name}/html", Needs: staff.SeeReaders, Do: s.messageHTML},
		{Pattern: "GET /admin/mail/{name}/source", Needs: staff.SeeReaders, Do: s.messageSource},
	}
}

// overviewPage is what admin/overview shows.
type overviewPage struct {
	Accounts int
	Invited  int
	Active   int // readers
	Pending  int // readers who asked and have not confirmed
	Catching bool
	Caught   int
	Recent   []staff.AuditEntry
}

func (s *Server) overview(w http.ResponseWriter, r *http.Request) error {
	page := overviewPage{Catching: s.caught != ""}
	accounts, err := s.access.Accounts(r.Context())
	if err != nil {
		return err
	}
	for _, a := range accounts {
		page.Accounts++
		if a.Standing() == "invited" {
			page.Invited++
		}
	}
	if web.Account(r).May(staff.SeeReaders) {
		counts, err := s.readers.Counts(r.Context())
		if err != nil {
			return err
		}
		page.Active, page.Pending = counts[audience.Active], counts[audience.Pending]
	}
	if page.Caught, err = countCaught(s.caught); err != nil {
		return err
	}
	if page.Recent, err = s.access.AuditLog(r.Context(), "", 0, 8); err != nil {
		return err
	}
	return s.site.Render(w, r, "admin/overview", page)
}

// note writes a line into the audit log about what this request did.
func (s *Server) note(r *http.Request, what, subject string) error {
	return s.access.Audit(r.Context(), staff.AuditEntry{Who: web.Account(r).Name, What: what, Subject: subject})
}

// auditPage is what admin/audit shows.
type auditPage struct {
	Query   string
	Entries []staff.AuditEntry
	Older   int64 // the number to go on before; 0 at the end
}

const auditLines = 100

func (s *Server) audit(w http.ResponseWriter, r *http.Request) error {
	page := auditPage{Query: r.FormValue("q")}
	var err error
	if page.Entries, err = s.access.AuditLog(r.Context(), page.Query, number(r.FormValue("before")), auditLines+1); err != nil {
		return err
	}
	if len(page.Entries) > auditLines {
		page.Entries = page.Entries[:auditLines]
		page.Older = page.Entries[auditLines-1].ID
	}
	return s.site.Render(w, r, "admin/audit", page)
}

// accountLine is one account as the people page shows it.
type accountLine struct {
	staff.Account
	Standing string
	Seen     time.Time // zero if signed in nowhere
	Roles    []roleChoice
	Self     bool
}

type roleChoice struct {
	Role staff.Role
	Held bool
	Does string
}
