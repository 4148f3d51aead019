package desk

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/web"
	"github.com/ifhhro/rightsdesk/internal/web/webtest"
)

// half is an issue half way out, with copies in every state.
func half() *issuePage {
	i := news.Issue{ID: 1, Name: "2026-47", Title: "Health and human rights, week 47", State: news.IssueSending, Slot: noon, Frozen: noon,
		Sections: []news.Section{{Stories: []news.StoryID{1}}}}
	c := news.Counts{Intended: 9214, Sent: 6120, Waiting: 2975, Refused: 31, Excluded: 84, GivenUp: 4, Uncertain: 5}
	domain := func(name string, all, sent, refused int) news.DomainCounts {
		return news.DomainCounts{Domain: name, Counts: news.Counts{Intended: all, Sent: sent, Waiting: all - sent - refused, Refused: refused}}
	}
	page := newIssuePage(i, news.Ledger{Counts: c, OnTheWay: 16, Next: noon.Add(5 * time.Minute), Marked: map[string]int{"sent": 4, "waiting": 1},
		LeftOut: []news.LeftOut{{Why: "unsubscribed", N: 70}, {Why: "suppressed", N: 14}},
		Domains: []news.DomainCounts{domain("mail.example", 5310, 3600, 12), domain("university-of-the-north.example", 2100, 1500, 9), domain("", 1804, 1020, 10)},
	}, []news.Story{{ID: 1, Headline: "Two hospitals hit", SourceName: "UN News", Language: "en", State: news.StoryApproved}})
	page.Now, page.Compose, page.Readers = noon, true, true
	return page
}

// TestTheLedgerInABrowser: axe finds nothing on the books of an issue, light,
// dark and on a phone, and they can be looked at as pictures.
func TestTheLedgerInABrowser(t *testing.T) {
	axe := webtest.Axe(t, filepath.Join("..", "..", ".."))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	site, err := web.New(web.Options{BaseURL: base, Name: "Test digest", Sessions: alwaysCara{}})
	if err != nil {
		t.Fatal(err)
	}
	show := []web.Route{{Pattern: "GET /desk/issues/1", Needs: staff.ReadDesk, Do: func(w http.ResponseWriter, r *http.Request) error {
		return site.Render(w, r, "desk/issue", half())
	}}}
	server := httptest.NewUnstartedServer((&stopwatch{}).around(site.Handler(show)))
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	b := webtest.OpenBrowser(t, base)
	for _, dark := range []bool{false, true} {
		for _, phone := range []bool{false, true} {
			name := fmt.Sprintf("ledger dark=%v phone=%v", dark, phone)
			b.Dark(dark)
			b.Phone(phone)
			b.Open("/desk/issues/1")
			b.Until("the books", `document.querySelector("#books svg.books rect.uncertain") !== null`)
			b.Judge(name, axe)
			b.Picture(name)
		}
	}
}
