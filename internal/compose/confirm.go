package compose

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/templates/words"
)

// A Confirmation asks somebody whether it was they who signed up.
type Confirmation struct {
	To        audience.Address
	Language  string
	URL       string    // of the page with the button
	Until     time.Time // when the link ends
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
	w := words.In(c.Language)
	var body bytes.Buffer
	err := textTemplates().ExecuteTemplate(&body, "confirm.txt", map[string]any{
		"Words": w, "Name": h.Name, "URL": c.URL, "Postal": h.Postal,
		"Until": w.Date(c.Until.UTC()) + c.Until.UTC().Format(", 15:04"),
	})
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
	b = appendText(b, "Subject", w.Say("confirm.subject", "name", h.Name))
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
