package compose

import (
	"fmt"
	"time"
)

// PassOn makes the mail that brings people of the house what somebody wrote to
// the address for returned mail, whole and untouched, as a file. It returns an
// error wrapping news.ErrInvalid when the house's own settings cannot stand in
// a mail.
func PassOn(h House, message []byte, date time.Time, messageID string) ([]byte, error) {
	in := Input{House: h}
	if err := in.check(); err != nil {
		return nil, fmt.Errorf("pass on a mail: %w", err)
	}
	to := h.ReplyTo
	if to == "" {
		to = h.From
	}
	b := appendMailbox(nil, "From", mustMailbox(h.From))
	b = append(b, "To: <"+mustMailbox(to).Address+">\r\n"...)
	b = appendText(b, "Subject", "A person wrote to the address for returned mail")
	b = appendDate(b, date)
	b = append(b, "Message-ID: <"+messageID+">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=\"=_passed\"\r\n\r\n--=_passed\r\n"...)
	b = appendPlain(b, "What is attached came to the address for returned mail, and a person seems to have written it.\n"+
		"Open it and answer its sender, not this mail.\n", "en")
	b = append(b, "\r\n--=_passed\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"message.eml\"\r\n"+
		"Content-Transfer-Encoding: base64\r\n\r\n"...)
	return append(appendBase64(b, message), "--=_passed--\r\n"...), nil
}
