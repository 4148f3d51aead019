package compose

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/templates/words"
)

// A Confirmation asks somebody whether it was they who signed up, or brings
// another link they asked for.
type Confirmation struct {
	Kind      audience.LetterKind // which words; empty is audience.LetterConfirm
	To        audience.Address
	Language  string
	URL       string    // of the page with the button
	Until     time.Time // when the link ends; zero is never
	Date      time.Time
	MessageID string // without angle brackets
}

// Confirm makes the confirmation mail. It returns an error wrapping
// news.ErrInvalid when the house's own settings cannot stand in a mail.
func Confirm(h House, c Confirmation) ([]byte, error) {
	in := Input{House: h}
	if err := in.check(); err != nil {
		return nil, fmt.Errorf("compose a confirmation: %w", err)
	}
	if c.Kind == "" {
		c.Kind = audience.LetterConfirm
	}
	w := words.In(c.Language)
	fill := map[string]any{"Words": w, "Kind": string(c.Kind), "Name": h.Name, "URL": c.URL, "Postal": h.Postal, "Until": ""}
	if !c.Until.IsZero() {
		fill["Until"] = w.Date(c.Until.UTC()) + c.Until.UTC().Format(", 15:04")
	}
	var body bytes.Buffer
	err := textTemplates().ExecuteTemplate(&body, "confirm.txt", fill)
	if err != nil {
		return nil, fmt.Errorf("compose a confirmation: %w", err)
	}
	return appendConfirmation(h, c, w, body.String()), nil
}

func appendConfirmation(h House, c Confirmation, w *words.Words, body string) []byte {
	b := appendMailbox(nil, "From", mustMailbox(h.From))
	b = append(b, "To: <"+c.To.Reveal()+">\r\n"...)
	if h.ReplyTo != "" {
		b = appendMailbox(b, "Reply-To", mustMailbox(h.ReplyTo))
	}
	b = appendText(b, "Subject", w.Say(string(c.Kind)+".subject", "name", h.Name))
	b = appendDate(b, c.Date)
	b = append(b, "Message-ID: <"+c.MessageID+">\r\nAuto-Submitted: auto-generated\r\n"...)
	b = append(b, "Content-Language: "+c.Language+"\r\nMIME-Version: 1.0\r\n"...)
	return appendPlain(b, body, c.Language)
}

// appendPlain appends a part of text that all readers get alike.
func appendPlain(dst []byte, text, lang string) []byte {
	p := &pieces{form: audience.FormatText, delSp: joinsWithoutBlanks(lang)}
	p.add("head", textLines(strings.TrimRight(text, "\n")+"\n", p.delSp))
	p.encode()
	dst = appendField(dst, "Content-Type", p.contentType())
	dst = appendField(dst, "Content-Transfer-Encoding", p.encoding)
	return append(append(dst, "\r\n"...), p.list[0].body...)
}
