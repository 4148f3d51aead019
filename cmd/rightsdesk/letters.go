package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/compose"
	"github.com/ifhhro/rightsdesk/internal/deliver"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/publish"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
)

// A press makes the words of publish, deliver and signup into mails. It is
// where compose meets the rooms that may not know it.
type press struct {
	house       compose.House
	sender      mail.Address
	key         []byte // blinds readers in Message-IDs
	unsubscribe func(audience.Token) string
	preferences func(audience.Token) string
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
	raw, err := (&text{r, p}).Append(nil, v, c)
	if err != nil {
		return publish.Mail{}, err
	}
	subject, err := subjectOf(raw)
	if err != nil {
		return publish.Mail{}, err
	}
	m := publish.Mail{Subject: subject, Text: r.Text(v), Raw: raw}
	if v.Format == audience.FormatHTML {
		m.HTML = r.HTML(v)
	}
	return m, nil
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
}

// Append appends the message of a copy, the same bytes every time.
func (t *text) Append(dst []byte, v audience.Variant, c audience.Copy) ([]byte, error) {
	return t.Rendered.Append(dst, v, compose.Copy{
		To: c.Address, MessageID: c.MessageID, Unsubscribe: t.press.unsubscribe(c.Token), Preferences: t.press.preferences(c.Token),
	}), nil
}

// load is deliver's: the frozen text of an issue, ready to make copies.
func (p *press) load(_ news.Issue, parts []audience.Part) (deliver.Text, error) {
	r, err := compose.Load(parts)
	if err != nil {
		return nil, err
	}
	return &text{r, p}, nil
}

// envelope is deliver's: whom a server tells that it could not deliver.
func (p *press) envelope(audience.Copy) string { return p.sender.Address }

// letter is signup's: a confirmation, or another link somebody asked for. Its Message-ID is the same for
// every attempt at the same request.
func (p *press) letter(l audience.Letter, link string) (smtpout.Message, error) {
	id := hmac.New(sha256.New, p.key)
	_, _ = io.WriteString(id, "letter "+link) // a hash takes everything
	name := base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(id.Sum(nil)[:16])
	until := l.Until
	if l.What == audience.LetterLink {
		until = time.Time{} // works as long as they read
	}
	body, err := compose.Confirm(p.house, compose.Confirmation{
		Kind: l.What, To: l.Reader.Address, Language: l.Reader.Preferences.Language, URL: link, Until: until,
		Date: p.now(), MessageID: strings.ToLower(name) + "@" + p.house.ListDomain,
	})
	if err != nil {
		return smtpout.Message{}, err
	}
	return smtpout.Message{From: p.sender.Address, To: l.Reader.Address.Reveal(), UTF8: l.Reader.Address.NeedsUTF8(), Body: body}, nil
}
