// Package compose makes of one issue and one reader's choice one MIME message
// (RFC 5322, 2045), and the confirmation mail. Everything that two readers'
// copies can share is rendered and transfer-encoded once, in pieces: per story
// and language, as HTML, as text and as short text. A variant is an ordered
// list of stories; a copy is its pieces with the reader's few bytes between.
//
// Who gets which stories is for publish, who signs and sends for deliver and
// smtpout. Nothing in a mail is remote, and no address stands in it but its
// reader's own and ours.
package compose

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// A House is who publishes the digest: what is the same in every issue.
type House struct {
	Name    string // of the digest as readers know it, "IFHHRO digest"
	BaseURL string // of the public pages, without a slash at its end
	From    string // "IFHHRO digest <digest@weekly.example.org>" or the address alone
	ReplyTo string // the same; empty leaves it out
	Owner   string // address of the people behind the list; empty is that of From
	Postal  string // postal address, one line
	// ListDomain is what List-Id and Message-IDs end in, "weekly.example.org".
	ListDomain string
	Zone       *time.Location // for the days readers see; nil is UTC
	// Complaints is the address complaints are reported to (CFBL-Address, RFC
	// 9477); empty leaves it out.
	Complaints string
	// Neutral is the sender of discreet copies, whose name, addresses and
	// domain say nothing of the digest; nil: none are made.
	Neutral *House
}

// An Input is one issue with all its stories, in the words of news.
type Input struct {
	Issue     news.Issue
	Stories   []news.Story // every story of Issue.Sections, in any order
	House     House
	Languages []string // to render; nil is all a reader can choose
	// Preferences says that a page behind Copy.Preferences exists.
	Preferences bool
}

// A Copy is what is one reader's own in a message.
type Copy struct {
	To          audience.Address
	MessageID   string // without angle brackets, of MessageID
	Unsubscribe string // absolute address with the reader's token
	Preferences string // the same; only used when Input.Preferences was set
	// Discreet copies have a neutral outside, if the house has a neutral sender.
	// Their addresses and Message-ID must then be of its domain.
	Discreet bool
	// UnsubscribeMail is the mailbox that takes the same by mail; empty leaves
	// it out of List-Unsubscribe.
	UnsubscribeMail string
}

// Render makes every piece of an issue. It returns an error wrapping
// news.ErrInvalid that names the field when something a person filled in
// cannot stand in a mail: a line break or NUL in a line, an address that is
// none. Date is Issue.Frozen, or the slot while it is not frozen.
func Render(in Input) (*Rendered, error) {
	if err := in.check(); err != nil {
		return nil, fmt.Errorf("compose issue %s: %w", in.Issue.Name, err)
	}
	r := &Rendered{editions: map[edition]*pieces{}}
	r.meta = in.meta()
	languages := in.Languages
	if languages == nil {
		languages = audience.Languages()
	}
	for _, lang := range languages {
		v := in.view(lang)
		r.meta.Heads[lang] = in.fixedHead(v)
		r.meta.Sealed[lang] = in.sealedNote(v)
		if in.House.Neutral != nil {
			r.meta.Discreet[lang] = in.discreetHead(v)
		}
		for _, form := range forms {
			p, err := form.render(v)
			if err != nil {
				return nil, fmt.Errorf("compose issue %s in %s as %s: %w", in.Issue.Name, lang, form.name, err)
			}
			r.editions[edition{lang, form.name}] = p
		}
	}
	r.meta.Languages = languages
	return r, nil
}

// check refuses what cannot stand in a mail.
func (in *Input) check() error {
	lines := map[string]string{
		"the issue's title": in.Issue.Title, "the issue's name": in.Issue.Name,
	}
	for _, s := range in.Issue.Sections {
		lines["a section's heading"] += s.Heading
	}
	for _, t := range in.Issue.Texts {
		lines["the issue's title in "+t.Language] = t.Title
		lines["a section's heading"] += strings.Join(t.Headings, "")
	}
	for _, c := range in.Issue.Closing {
		lines["what closes soon"] += c.Title + c.URL
	}
	for _, d := range in.Issue.Days {
		lines["an international day"] += d.Names["en"] + d.URL
	}
	for i := range in.Stories {
		s := &in.Stories[i]
		name := fmt.Sprintf("story %d", s.ID)
		lines[name+"'s headline"] = s.Headline
		lines[name+"'s source"] = s.SourceName
		lines[name+"'s signature"] = s.By
		lines[name+"'s link"] = s.Link
		for _, c := range s.Credits {
			lines[name+"'s source"] += c.Name + c.URL
		}
		for _, f := range s.Further {
			lines[name+"'s further reading"] += f.Title + f.URL
		}
		for _, t := range s.Texts {
			lines[name+"'s headline in "+t.Language] = t.Headline
		}
	}
	for field, s := range lines {
		if strings.ContainsAny(s, "\r\n\x00") {
			return fmt.Errorf("%s holds a line break or NUL: %w", field, news.ErrInvalid)
		}
	}
	if in.House.Neutral != nil {
		if err := in.House.Neutral.check(); err != nil {
			return fmt.Errorf("the neutral sender: %w", err)
		}
	}
	return in.House.check()
}

func (h *House) check() error {
	if strings.ContainsAny(h.Name+h.Postal+h.From+h.ReplyTo+h.Owner+h.Complaints+h.BaseURL, "\r\n\x00") {
		return fmt.Errorf("the house's name or an address of it holds a line break or NUL: %w", news.ErrInvalid)
	}
	for field, s := range map[string]string{"From": h.From, "Reply-To": h.ReplyTo, "the list's owner": h.Owner, "the address for complaints": h.Complaints} {
		if s == "" && field != "From" {
			continue
		}
		if _, err := parseMailbox(s); err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
	}
	u, err := url.Parse(h.BaseURL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.HasSuffix(h.BaseURL, "/"):
		return fmt.Errorf("the base address is not http(s)://host without a slash at its end: %w", news.ErrInvalid)
	case !domainName(h.ListDomain):
		return fmt.Errorf("the list's domain is no domain name: %w", news.ErrInvalid)
	case strings.TrimSpace(h.Name) == "":
		return fmt.Errorf("the digest needs a name: %w", news.ErrInvalid)
	}
	return nil
}

// zone is where the days readers see are counted.
func (h *House) zone() *time.Location {
	if h.Zone == nil {
		return time.UTC
	}
	return h.Zone
}

// pages is where the public pages in a language begin.
func (h *House) pages(lang string) string {
	if lang == "en" {
		return h.BaseURL
	}
	return h.BaseURL + "/" + lang
}

// instant is the Date of every copy.
func (in *Input) instant() time.Time {
	if !in.Issue.Frozen.IsZero() {
		return in.Issue.Frozen
	}
	return in.Issue.Slot
}
