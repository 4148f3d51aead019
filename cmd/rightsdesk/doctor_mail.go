package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/signup"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/token"
)

// examineMail looks at everything that must be right before receivers take our
// mail. There is nothing to look at where none is sent, or by nobody.
func (s *settings) examineMail(ctx context.Context, now time.Time) []keep.Check {
	if s.check() != nil || len(s.relay) == 0 || s.from == defaultSettings().from || s.begun() != nil {
		return nil
	}
	st, err := s.openStore(ctx)
	if err != nil {
		return nil // examineDatabase says so
	}
	defer st.Close() // only read from
	return s.checkMailing(ctx, st, now)
}

func (s *settings) checkMailing(ctx context.Context, st *store.Store, now time.Time) []keep.Check {
	var checks []keep.Check
	out := &smtpout.Client{Relays: s.relay, Hello: s.base.Hostname()}
	for _, r := range s.relay {
		checks = append(checks, keep.CheckRelay(ctx, out, r), keep.CheckPTR(ctx, s.dns(), r))
	}
	domain := domainOf(s.sender.Address)
	envelope := domain
	if s.returns != "" {
		envelope = domainOf(s.returns)
	}
	keys, err := st.MailKeys(ctx)
	if err != nil {
		return append(checks, keep.Ill("DKIM", "see that the database runs", "%v", err))
	}
	checks = append(checks, s.checkDomain(ctx, keys, domain, envelope, now)...)
	if s.neutral != nil {
		quiet := domainOf(s.neutral.Address)
		checks = append(checks, s.checkDomain(ctx, keys, quiet, quiet, now)...)
	}
	return append(checks, keep.CheckReturns(ctx, s.dns(), s.returns, domain), keep.CheckCertificate(ctx, s.base, nil, now), s.checkOneClick(ctx, st))
}

// checkDomain looks at a domain that mail is from, with the one its envelopes
// are of.
func (s *settings) checkDomain(ctx context.Context, keys []audience.MailKey, domain, envelope string, now time.Time) []keep.Check {
	return []keep.Check{keep.CheckSPF(ctx, s.dns(), envelope, s.relay), keep.CheckKeys(ctx, s.dns(), keys, domain, now), keep.CheckDMARC(ctx, s.dns(), domain)}
}

// checkOneClick takes the way of a mail program, for a reader there is not.
func (s *settings) checkOneClick(ctx context.Context, st *store.Store) keep.Check {
	keys, err := token.NewKeyring(st.Key(store.KeyLinks))
	if err != nil {
		return keep.Ill("one-click unsubscribe", "see that the database runs", "%v", err)
	}
	link := signup.New(st, signup.Options{Keys: keys, Link: s.link}).UnsubscribeLink(audience.NewToken())
	return keep.CheckOneClick(ctx, http.DefaultClient, link)
}

// gate says why the first issue of a desk in the open may not go out yet. On a
// machine of one's own nothing is asked.
func (h *house) gate(ctx context.Context) error {
	if h.s.base.Scheme != "https" || len(h.s.relay) == 0 {
		return nil
	}
	var ill []string
	for _, c := range h.s.checkMailing(ctx, h.store, h.now()) {
		if !c.OK {
			ill = append(ill, c.Name+": "+c.Found)
		}
	}
	if len(ill) == 0 {
		return nil
	}
	return hinted(fmt.Errorf("the first issue would be refused or lost (%s): %w", strings.Join(ill, "; "), news.ErrRefused),
		"rightsdesk doctor says what to paste; whoever knows better: rightsdesk issue send ID --despite-doctor REASON")
}
