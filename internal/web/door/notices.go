package door

import (
	"errors"
	"net/http"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/notices"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// noticesForm is the part of door/account about mail.
type noticesForm struct {
	Address string // as its person gave it
	Given   bool
	Kinds   []noticeLine
	NoWay   bool   // no mail leaves this desk
	Waiting int    // things still to be told
	Trouble string // why the last mail was not taken
	Stopped bool   // and none is tried any more
	Wrong   string
}

// A noticeLine is one kind of notice with its tick.
type noticeLine struct {
	Kind  staff.NoticeKind
	Words string
	On    bool
}

// noticeWords say when somebody is told.
var noticeWords = map[staff.NoticeKind]string{
	staff.NoticeNote:     "Somebody writes a note that concerns me or answers mine",
	staff.NoticeAssigned: "A story is given to me to look after",
	staff.NoticeDecided:  "Something is decided about a story I began",
	staff.NoticeApproval: "An issue waits for a second person, and I may approve it",
}

func noticeLines(m staff.Mailbox) []noticeLine {
	var out []noticeLine
	for _, k := range staff.NoticeKinds() {
		out = append(out, noticeLine{k, noticeWords[k], m.Wants(k)})
	}
	return out
}

func formOf(b notices.Box) noticesForm {
	return noticesForm{Address: b.Address.Reveal(), Given: b.Given, Kinds: noticeLines(b.Mailbox), NoWay: b.NoWay,
		Waiting: b.Waiting, Trouble: b.Trouble, Stopped: b.Stopped}
}

func (s *Server) setNotices(w http.ResponseWriter, r *http.Request) error {
	address := r.FormValue("address")
	var kinds []staff.NoticeKind
	for _, k := range r.Form["kind"] {
		kinds = append(kinds, staff.NoticeKind(k))
	}
	err := s.notices.Save(r.Context(), *web.Account(r), address, kinds)
	if errors.Is(err, news.ErrInvalid) {
		form := noticesForm{Address: address, Kinds: noticeLines(staff.Mailbox{Kinds: kinds}), Wrong: web.Plain(err)}
		return s.renderAccount(w, r, http.StatusUnprocessableEntity, accountPage{Notices: form})
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, web.AccountPath+"?done=notices", http.StatusSeeOther)
	return nil
}

func (s *Server) stopNotices(w http.ResponseWriter, r *http.Request) error {
	if err := s.notices.Drop(r.Context(), *web.Account(r)); err != nil {
		return err
	}
	http.Redirect(w, r, web.AccountPath+"?done=no-notices", http.StatusSeeOther)
	return nil
}
