package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/compose"
	"github.com/ifhhro/rightsdesk/internal/deliver"
	"github.com/ifhhro/rightsdesk/internal/inbox"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/token"
	"github.com/spf13/cobra"
)

// pollEvery is how often serve looks into the mailbox of returned mail.
const pollEvery = 5 * time.Minute

func (a *app) bouncesCommand() *cobra.Command {
	s := defaultSettings()
	var asJSON bool
	var to []string
	c := &cobra.Command{Use: "bounces", Short: "mail that came back: take one in, or poll its mailbox",
		Long: "bounces takes in what came back of our mail. The signed address a message was sent to says whose copy it is about;\n" +
			"without one it moves nobody. Give these commands the settings that serve gets.\n" + exitHelp}
	s.houseFlags(c.PersistentFlags())
	c.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON")
	take := &cobra.Command{
		Use: "take [FILE]", Short: "take in one message, from a file or from stdin", Args: cobra.MaximumNArgs(1),
		Long: "take reads one message. As a pipe of a mail server it can be told the envelope's recipient:\n" +
			"  |rightsdesk bounces take --recipient \"$RECIPIENT\"\n" + exitHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			in := io.NopCloser(a.stdin)
			if len(args) == 1 && args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				in = f
			}
			defer in.Close()
			return a.withReturns(cmd.Context(), &s, func(ctx context.Context, h *house) error {
				t, err := h.returns.Take(ctx, to, in)
				if err != nil {
					return err
				}
				return a.printTaken(t, asJSON)
			})
		},
	}
	take.Flags().StringArrayVar(&to, "recipient", nil, "an address the envelope names (repeatable); else the message's own fields are read")
	poll := &cobra.Command{
		Use: "poll", Short: "take in what is new in the mailbox of returned mail", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withReturns(cmd.Context(), &s, func(ctx context.Context, h *house) error { return a.pollReturns(ctx, h, asJSON) })
		},
	}
	returnsFlags(poll.Flags(), &s)
	c.AddCommand(take, poll)
	return c
}

func (a *app) withReturns(ctx context.Context, s *settings, do func(context.Context, *house) error) (err error) {
	if err := s.check(); err != nil {
		return err
	}
	if s.returns == "" {
		return badSetting("returns", "say for example --returns bounces@example.org", "no mailbox of ours takes returned mail")
	}
	if err := s.begun(); err != nil {
		return err
	}
	h, err := a.openHouse(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	return do(ctx, h)
}

func (a *app) printTaken(t deliver.Taken, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(a.stdout).Encode(t)
	}
	words := []string{t.What, string(t.Kind)}
	if t.Verdict != "" {
		words = append(words, string(t.Verdict))
	}
	if t.Issue != 0 {
		words = append(words, fmt.Sprintf("issue %d", t.Issue))
	}
	_, err := fmt.Fprintln(a.stdout, strings.Join(words, "\t"))
	return err
}

func (a *app) pollReturns(ctx context.Context, h *house, asJSON bool) error {
	if h.s.returnsMailbox == "" {
		return badSetting("returns-mailbox", "say for example --returns-mailbox imaps://bounces:password@mail.example.org/INBOX", "it names no mailbox")
	}
	bar := a.progress("taking in messages")
	defer bar.Done()
	n := 0
	_, err := h.s.inbox.Poll(ctx, h.now(), func(ctx context.Context, to []string, r io.Reader) error {
		t, err := h.returns.Take(ctx, to, r)
		if err != nil {
			return err
		}
		n++
		bar.Set(n)
		return a.printTaken(t, asJSON)
	})
	return err
}

// openReturns builds what takes in returned mail, if there is a mailbox for it.
func (h *house) openReturns(mailbox *token.Mailbox, own compose.House) {
	if mailbox == nil {
		return
	}
	h.returns = &deliver.Returns{Store: h.store, Mailbox: mailbox, Now: h.now, Log: h.log}
	if h.post != nil {
		h.returns.Pass = func(ctx context.Context, message []byte) error { return h.passOn(ctx, own, message) }
	}
}

// passOn brings what a person wrote to where answers go.
func (h *house) passOn(ctx context.Context, own compose.House, message []byte) error {
	to := h.s.sender.Address
	if h.s.answers != "" {
		to = h.s.answers
	}
	body, err := compose.PassOn(own, message, h.now(), rand.Text()+"@"+own.ListDomain)
	if err != nil {
		return err
	}
	r, err := h.post.Send(ctx, smtpout.Message{From: h.s.sender.Address, To: to, Body: body})
	if err == nil && !r.Accepted() {
		err = fmt.Errorf("pass on a mail: %v", r)
	}
	return err
}

// take is what the doors of returned mail call.
func (h *house) take(ctx context.Context, to []string, r io.Reader) error {
	_, err := h.returns.Take(ctx, to, r)
	return err
}

// watchReturns looks into the mailbox of returned mail until ctx is done.
func (h *house) watchReturns(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		n, err := h.s.inbox.Poll(ctx, h.now(), h.take)
		switch {
		case err != nil && ctx.Err() == nil:
			h.log.ErrorContext(ctx, "returned mail cannot be read", "err", err)
		case n > 0:
			h.log.InfoContext(ctx, "returned mail read", "messages", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// serveLMTP lets the machine's mail server hand returned mail over.
func (h *house) serveLMTP(ctx context.Context, l net.Listener) error {
	return inbox.ServeLMTP(ctx, l, h.s.base.Hostname(), h.returns.Mailbox.Holds, h.take, h.log)
}
