package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"strings"
	"time"
	"unicode"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/compose"
	"github.com/ifhhro/rightsdesk/internal/deliver"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/notices"
	"github.com/ifhhro/rightsdesk/internal/publish"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
	"github.com/ifhhro/rightsdesk/internal/token"
)

// A press makes the words of publish, deliver and signup into mails. It is
// where compose meets the rooms that may not know it.
type press struct {
	house       compose.House
	sender      mail.Address
	neutral     *mail.Address // of discreet copies; nil: none are made
	key         []byte        // blinds readers in Message-IDs
	unsubscribe func(audience.Token) string
	preferences func(audience.Token) string
	mailbox     *token.Mailbox // of what comes back; nil: the sender's own, and nobody reads it
	quietBox    *token.Mailbox // the same under the neutral sender's address
	keys        func(ctx context.Context) ([]audience.MailKey, error)
	now         func() time.Time
}

// Render is publish's: the text of an issue in pieces.
func (p *press) Render(i news.Issue, stories []news.Story) ([]audience.Part, error) {
	r, err := compose.Render(compose.Input{Issue: i, Stories: stories, House: p.house, Preferences: true})
	if err != nil {
		return nil, err
	}
	return r.Parts(), nil
}

// Mail is publish's: one message taken apart for looking at.
func (p *press) Mail(parts []audience.Part, v audience.Variant, c audience.Copy, _ time.Time) (publish.Mail, error) {
	r, err := compose.Load(parts)
	if err != nil {
		return publish.Mail{}, err
	}
	raw, err := (&text{Rendered: r, press: p}).Append(nil, v, c)
	if err != nil {
		return publish.Mail{}, err
	}
	subject, err := subjectOf(raw)
	if err != nil {
		return publish.Mail{}, err
	}
	m := publish.Mail{Subject: subject, Text: r.Text(v), Raw: raw, Size: sizeOf(r, v)}
	if v.Format == audience.FormatHTML {
		m.HTML = r.HTML(v)
	}
	return m, nil
}

// sizeOf measures a variant against what its format may be.
func sizeOf(r *compose.Rendered, v audience.Variant) publish.Size {
	s := r.Size(v)
	out := publish.Size{Bytes: s.Message, Short: s.Short, Left: s.Left}
	switch v.Format {
	case audience.FormatLite:
		out.Most = compose.MaxLite
	case audience.FormatText:
	default:
		out.Bytes, out.Most = s.HTML, compose.MaxHTML
	}
	return out
}

func subjectOf(raw []byte) (string, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return "", fmt.Errorf("read the composed message: %w", err)
	}
	return new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
}

// A text is deliver's: a frozen issue that makes copies.
type text struct {
	*compose.Rendered
	press *press
	// signer and neutral sign ordinary and discreet copies; nil: not signed
	signer, neutral *smtpout.Signer
	frozen          time.Time
}

// Append appends the message of a copy, the same bytes every time.
func (t *text) Append(dst []byte, v audience.Variant, c audience.Copy) ([]byte, error) {
	own := t.press.own(c)
	write := func(dst []byte) ([]byte, error) {
		switch c.Cover {
		case audience.CoverNone:
			return t.Rendered.Append(dst, v, own), nil
		case audience.CoverSealed:
			return t.AppendSealed(dst, v.Language, own, c.Sealed), nil
		case audience.CoverNotice:
			return t.AppendNotice(dst, v.Language, own), nil
		}
		return nil, fmt.Errorf("copy %d is under cover %q: %w", c.ID, c.Cover, news.ErrInvalid)
	}
	signer := t.signer
	if c.Discreet {
		signer = t.neutral
	}
	if signer == nil {
		return write(dst)
	}
	return signer.Append(dst, t.frozen, write)
}

// own is what is the reader's own in a copy.
func (p *press) own(c audience.Copy) compose.Copy {
	own := compose.Copy{
		To: c.Address, MessageID: c.MessageID, Discreet: c.Discreet,
		Unsubscribe: p.unsubscribe(c.Token), Preferences: p.preferences(c.Token),
	}
	if c.Discreet {
		own.Unsubscribe, own.Preferences = p.neutrally(own.Unsubscribe), p.neutrally(own.Preferences)
	}
	if p.mailbox != nil {
		own.UnsubscribeMail = p.box(c).Unsubscribe(c.Token)
	}
	return own
}

// box is the mailbox of what comes back of a copy, under a name that tells no
// more than the copy does.
func (p *press) box(c audience.Copy) *token.Mailbox {
	if c.Discreet && p.quietBox != nil {
		return p.quietBox
	}
	return p.mailbox
}

// neutrally is a link to our pages under the name that says nothing of us.
func (p *press) neutrally(link string) string {
	if p.house.Neutral == nil {
		return link
	}
	return p.house.Neutral.BaseURL + strings.TrimPrefix(link, p.house.BaseURL)
}

// sealer is publish's: what encrypts copies at the freeze.
func (p *press) sealer(parts []audience.Part, frozen time.Time) (publish.Sealer, error) {
	r, err := compose.Load(parts)
	if err != nil {
		return nil, err
	}
	return func(v audience.Variant, c audience.Copy, key audience.PublicKey) ([]byte, error) {
		k, err := compose.ReadKey(key, frozen)
		if err != nil {
			return nil, err
		}
		return r.Seal(v, p.own(c), k, frozen)
	}, nil
}

// load is deliver's: the frozen text of an issue, ready to make copies.
func (p *press) load(ctx context.Context, i news.Issue, parts []audience.Part) (deliver.Text, error) {
	r, err := compose.Load(parts)
	if err != nil {
		return nil, err
	}
	t := &text{Rendered: r, press: p, frozen: i.Frozen}
	if t.signer, err = p.signer(ctx, domainOf(p.sender.Address), i.Frozen); err != nil {
		return nil, err
	}
	if p.neutral != nil {
		if t.neutral, err = p.signer(ctx, domainOf(p.neutral.Address), i.Frozen); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// signer signs what a domain froze or wrote at that time, always with the same
// keys; nil when there were none.
func (p *press) signer(ctx context.Context, domain string, at time.Time) (*smtpout.Signer, error) {
	all, err := p.keys(ctx)
	if err != nil {
		return nil, err
	}
	var keys []smtpout.SigningKey
	for _, k := range audience.SigningKeys(all, domain, at) {
		key, err := k.Signer()
		if err != nil {
			return nil, err
		}
		keys = append(keys, smtpout.SigningKey{Selector: k.Selector, Key: key})
	}
	if len(keys) == 0 {
		return nil, nil
	}
	return smtpout.NewSigner(domain, keys...)
}

// A signingPost signs each message as it leaves.
type signingPost struct {
	post
	press *press
}

// Send is signup's.
func (s signingPost) Send(ctx context.Context, m smtpout.Message) (smtpout.Reply, error) {
	now := s.press.now()
	signer, err := s.press.signer(ctx, domainOf(m.From), now)
	if err != nil {
		return smtpout.Reply{}, err
	}
	if signer != nil {
		body := m.Body
		if m.Body, err = signer.Append(nil, now, func(dst []byte) ([]byte, error) { return append(dst, body...), nil }); err != nil {
			return smtpout.Reply{}, err
		}
	}
	return s.post.Send(ctx, m)
}

// returnsFor is how long what comes back of a copy is believed.
const returnsFor = 30 * 24 * time.Hour

// envelope is deliver's: whom a server tells that it could not deliver.
func (p *press) envelope(c audience.Copy) string {
	switch {
	case p.mailbox == nil && c.Discreet && p.neutral != nil:
		return p.neutral.Address
	case p.mailbox == nil:
		return p.sender.Address
	}
	return p.box(c).Return(token.Return{Issue: int64(c.Issue), Reader: int64(c.Reader)}, p.now().Add(returnsFor))
}

// letter is signup's: a confirmation, or another link somebody asked for. Its Message-ID is the same for
// every attempt at the same request.
func (p *press) letter(l audience.Letter, link string) (smtpout.Message, error) {
	name := p.nameOf("letter " + link)
	until := l.Until
	if l.What == audience.LetterLink {
		until = time.Time{} // works as long as they read
	}
	house, from := p.house, p.sender.Address
	if l.Reader.Preferences.Discreet && p.neutral != nil {
		house, from, link = *p.house.Neutral, p.neutral.Address, p.neutrally(link)
	}
	body, err := compose.Confirm(house, compose.Confirmation{
		Kind: l.What, To: l.Reader.Address, Language: l.Reader.Preferences.Language, URL: link, Until: until,
		Date: p.now(), MessageID: name + "@" + house.ListDomain,
	})
	if err != nil {
		return smtpout.Message{}, err
	}
	return smtpout.Message{From: from, To: l.Reader.Address.Reveal(), UTF8: l.Reader.Address.NeedsUTF8(), Body: body}, nil
}

// nameOf is what stands before the @ of a Message-ID: a keyed hash of what the
// mail is.
func (p *press) nameOf(mail string) string {
	id := hmac.New(sha256.New, p.key)
	_, _ = io.WriteString(id, mail) // a hash takes everything
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(id.Sum(nil)[:16]))
}

// notice is notices': a small mail to somebody at the desk.
func (p *press) notice(m notices.Mail) (smtpout.Message, error) {
	body, err := compose.ToStaff(p.house, compose.StaffMail{To: m.To, Subject: m.Subject, Text: m.Text, Date: p.now(),
		MessageID: p.nameOf("notice "+m.Key) + "@" + p.house.ListDomain})
	if err != nil {
		return smtpout.Message{}, err
	}
	to := m.To.Reveal()
	return smtpout.Message{From: p.sender.Address, To: to, UTF8: strings.ContainsFunc(to, func(r rune) bool { return r > unicode.MaxASCII }), Body: body}, nil
}
