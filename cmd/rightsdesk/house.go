package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/access"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/compose"
	"github.com/ifhhro/rightsdesk/internal/curate"
	"github.com/ifhhro/rightsdesk/internal/deliver"
	"github.com/ifhhro/rightsdesk/internal/fetch"
	"github.com/ifhhro/rightsdesk/internal/ingest"
	"github.com/ifhhro/rightsdesk/internal/jobs"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/notices"
	"github.com/ifhhro/rightsdesk/internal/publish"
	"github.com/ifhhro/rightsdesk/internal/signup"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/token"
	"github.com/ifhhro/rightsdesk/internal/web"
	"github.com/ifhhro/rightsdesk/internal/web/admin"
	"github.com/ifhhro/rightsdesk/internal/web/desk"
	"github.com/ifhhro/rightsdesk/internal/web/door"
	"github.com/ifhhro/rightsdesk/internal/web/public"
	"github.com/ifhhro/rightsdesk/internal/web/reader"
)

// mailDirectory is where --catch keeps mail, under the data directory.
const mailDirectory = "mail"

// draftLead is how long before its slot the clock drafts an issue: a Monday
// morning's stands ready on Saturday evening.
const draftLead = 36 * time.Hour

// A post is the way out for mail: a relay or the catcher.
type post interface {
	deliver.Sender
	signup.Sender
}

// A house is everything that was built from the settings, handed down.
type house struct {
	s       *settings
	log     *slog.Logger
	now     func() time.Time
	store   *store.Store
	fetch   *fetch.Client
	post    post // nil: there is no way out
	ingest  *ingest.Ingest
	curate  *curate.Desk
	reader  *curate.Reader
	publish *publish.Publish
	deliver *deliver.Deliver
	signup  *signup.Service
	returns *deliver.Returns // nil: no mailbox of ours takes returned mail
	access  *access.Service
	notices *notices.Service // to the people of the desk

	wake func(kind string) // set once an engine runs; until then work waits for its next look
}

// openHouse checks the settings, opens the store and builds the services. The
// caller closes it.
func (a *app) openHouse(ctx context.Context, s *settings) (*house, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	// Whatever keeps the books, the journal and caught mail lie there.
	if err := os.MkdirAll(s.dataDir, 0o700); err != nil {
		return nil, badSetting("data-dir", "name a directory this user can write", "%v", err)
	}
	st, err := s.openStore(ctx)
	if err != nil {
		return nil, err
	}
	h := &house{s: s, log: a.logger(s), now: time.Now, store: st}
	if err := h.build(); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// Close closes what openHouse opened.
func (h *house) Close() error {
	if h.fetch != nil {
		h.fetch.Close()
	}
	return h.store.Close()
}

func (h *house) woken(kind string) {
	if h.wake != nil {
		h.wake(kind)
	}
}

func (h *house) build() error {
	reader, err := curate.NewReader(h.store, h.now, h.log)
	if err != nil {
		return err
	}
	h.reader = reader
	if err := h.openPost(); err != nil {
		return err
	}
	holder := holderName()
	h.ingest = ingest.New(ingest.Options{
		Store: h.store, Fetch: h.s.fetcher(h.log), Reader: reader,
		Holder: holder, Wake: h.woken, Log: h.log, Now: h.now,
	})
	h.curate = curate.New(h.store, h.now)
	// On a machine of one's own a password will do; in the open it will not.
	h.access = access.New(h.store, access.Options{Base: h.s.base, Name: h.s.name, AskFactor: h.s.base.Scheme == "https", Now: h.now})
	return h.buildMail(holder)
}

func (h *house) buildMail(holder string) error {
	p := &press{sender: h.s.sender, key: h.store.Key(store.KeyBlind), now: h.now, keys: h.store.MailKeys, house: compose.House{
		Name: h.s.name, BaseURL: strings.TrimSuffix(h.s.base.String(), "/"), From: h.s.from, ReplyTo: h.s.replyTo,
		Postal: h.s.postalAddress, ListDomain: domainOf(h.s.sender.Address), Zone: h.s.loc, Complaints: h.s.returns,
	}}
	if h.s.neutral != nil {
		p.neutral = h.s.neutral
		p.house.Neutral = &compose.House{
			Name: h.s.neutral.Name, BaseURL: strings.TrimSuffix(h.s.discreetBase.String(), "/"), From: h.s.discreetFrom,
			ListDomain: domainOf(h.s.neutral.Address), Zone: h.s.loc,
		}
	}
	keys, err := token.NewKeyring(h.store.Key(store.KeyLinks))
	if err != nil {
		return err
	}
	if h.s.returns != "" {
		if p.mailbox, err = token.NewMailbox(keys, h.s.returns); err != nil {
			return err
		}
		if p.neutral != nil {
			if p.quietBox, err = p.mailbox.Also(p.neutral.Address); err != nil {
				return err
			}
		}
	}
	h.openReturns(p.mailbox, p.house)
	var letters signup.Sender
	if h.post != nil {
		letters = signingPost{h.post, p}
	}
	h.signup = signup.New(h.store, signup.Options{
		Keys: keys, Link: h.s.link, Write: p.letter, Send: letters,
		Wake: h.woken, Log: h.log, Now: h.now, Discreet: p.neutral != nil,
	})
	var toStaff notices.Sender
	if h.post != nil {
		toStaff = signingPost{h.post, p}
	}
	h.notices = notices.New(h.store, notices.Options{
		Check: checkAddress, Link: h.s.link, Write: p.notice, Send: toStaff, Solo: h.s.solo, Log: h.log, Now: h.now,
	})
	p.unsubscribe, p.preferences = h.signup.UnsubscribeLink, h.signup.PreferencesLink
	slots, err := publish.ParseSlots(h.s.slot, h.s.loc)
	if err != nil {
		return badSetting("slot", `Monday at seven is --slot "0 7 * * 1"`, "%v", err)
	}
	neutral := ""
	if p.house.Neutral != nil {
		neutral = p.house.Neutral.ListDomain
	}
	h.publish = publish.New(h.store, p, publish.Options{
		Slots: slots, Lead: draftLead, Title: h.s.name, Language: "en", Solo: h.s.solo,
		Domain: p.house.ListDomain, Neutral: neutral, Key: p.key, Sealer: p.sealer, Audit: h.access.Audit, Built: built(), First: h.gate, Test: h.testPost(letters),
	}, h.woken, h.now, h.log)
	// A nil *post in an interface would look like a way out.
	var sender deliver.Sender
	if h.post != nil {
		sender = h.post
	}
	h.deliver = deliver.New(h.store, sender, deliver.Options{
		Load: p.load, Envelope: p.envelope, Holder: holder, Connections: h.s.connections,
		Pace: h.s.pace, DomainPace: h.s.domainPace,
		Room: func(ctx context.Context) error { return keep.Ready(ctx, h.store, h.s.dataDir) },
	}, h.woken, h.now, h.log)
	return nil
}

// checkAddress reads the address of somebody at the desk by the grammar of all
// doors.
func checkAddress(s string) (string, error) {
	a, err := audience.ParseAddress(s)
	return a.Reveal(), err
}

// testPost sends a test mail to somebody at the desk, signed as a reader's copy
// is; nil where there is no way out.
func (h *house) testPost(out signup.Sender) func(context.Context, audience.Address, []byte) error {
	if out == nil {
		return nil
	}
	return func(ctx context.Context, to audience.Address, message []byte) error {
		r, err := out.Send(ctx, smtpout.Message{From: h.s.sender.Address, To: to.Reveal(), UTF8: to.NeedsUTF8(), Body: message})
		if err == nil && !r.Accepted() {
			err = fmt.Errorf("the server did not take it: %v: %w", r, news.ErrRefused)
		}
		return err
	}
}

// openPost opens the way out, if the settings name one.
func (h *house) openPost() error {
	switch {
	case h.s.catch:
		c, err := smtpout.NewCatcher(h.caught())
		if err != nil {
			return err
		}
		h.post = c
	case len(h.s.relay) > 0:
		h.post = &smtpout.Client{Relays: h.s.relay, Hello: h.s.base.Hostname()}
	}
	return nil
}

// syncSources makes the sources those of feeds.yaml.
func (h *house) syncSources(ctx context.Context) error {
	list, err := readFeeds(h.s.feeds)
	if err != nil {
		return err
	}
	return h.ingest.SyncSources(ctx, list)
}

// engine builds the jobs over the services and lets them wake each other.
func (h *house) engine(ctx context.Context) (*jobs.Engine, error) {
	services := jobs.Services{
		DueHosts: h.ingest.DueHosts,
		PollHost: h.ingest.PollHost,
		Place:    h.place,
		Issues:   h.publish.EnsureDrafts,
		Send:     h.deliver.Run,
		Letters:  h.letters,
		Notices:  h.notices.Run,
		Forget:   h.forget,
	}
	var e *jobs.Engine
	var err error
	if h.s.database == "" {
		e, err = jobs.New(ctx, services, h.log)
	} else {
		e, err = jobs.NewPostgres(ctx, h.s.database, h.s.parts(), services, h.log)
	}
	if err != nil {
		return nil, err
	}
	h.wake = e.Wake
	return e, nil
}

// place puts items into stories, read as the desk taught it by now.
func (h *house) place(ctx context.Context) error {
	if err := h.reader.Refresh(ctx); err != nil {
		h.log.ErrorContext(ctx, "desk's lessons not learned", "err", err)
	}
	_, err := h.ingest.Place(ctx)
	return err
}

// forget drops what has been kept long enough.
func (h *house) forget(ctx context.Context) error {
	return errors.Join(h.signup.Lapse(ctx), keep.Retain(ctx, h.store, h.now()))
}

// letters sends the confirmations that are due, when there is a way out.
func (h *house) letters(ctx context.Context) error {
	if h.post == nil {
		return nil
	}
	return h.signup.SendLetters(ctx)
}

// pages builds the site: every part, one handler.
func (h *house) pages() (http.Handler, error) {
	site, err := web.New(web.Options{BaseURL: h.s.baseURL, Neutral: h.s.discreetBaseURL, Name: h.s.name, Sessions: h.access, Zone: h.s.loc, Log: h.log})
	if err != nil {
		return nil, err
	}
	return site.Handler(h.routes(site)...), nil
}

// routes lists what every part of the site answers to.
func (h *house) routes(site *web.Site) [][]web.Route {
	return [][]web.Route{
		public.New(site, h.publish, h.store, h.now).Routes(),
		door.New(site, h.access, h.notices).Routes(),
		desk.New(site, h.curate, h.publish, h.reader, h.store, h.now).Routes(),
		admin.New(site, h.access, h.signup, h.store, h.caught()).Routes(),
		reader.New(site, h.signup).Routes(),
	}
}

// caught is the maildir that administrators read, "" where mail is sent.
func (h *house) caught() string {
	if !h.s.catch {
		return ""
	}
	return filepath.Join(h.s.dataDir, mailDirectory)
}

// link makes a path of the site absolute.
func (s *settings) link(path string) string { return strings.TrimSuffix(s.base.String(), "/") + path }

// holderName names this process in leases: machine and process.
func holderName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d/%d", host, os.Getpid(), time.Now().UnixNano())
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
