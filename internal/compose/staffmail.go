package compose

import (
	"fmt"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

// A StaffMail is a small mail to somebody at the desk. It is no mail of the
// list: it has none of its fields.
type StaffMail struct {
	To        staff.Address
	Subject   string
	Text      string // plain, lines ended by \n
	Date      time.Time
	MessageID string // without angle brackets
}

// ToStaff makes a mail to somebody at the desk. It returns an error wrapping
// news.ErrInvalid when something cannot stand in a mail.
func ToStaff(h House, m StaffMail) ([]byte, error) {
	in := Input{House: h}
	if err := in.check(); err != nil {
		return nil, fmt.Errorf("compose a mail to staff: %w", err)
	}
	if strings.ContainsAny(m.Subject+m.To.Reveal()+m.MessageID, "\r\n\x00") {
		return nil, fmt.Errorf("compose a mail to staff: a field has a line break: %w", news.ErrInvalid)
	}
	b := appendMailbox(nil, "From", mustMailbox(h.From))
	b = append(b, "To: <"+m.To.Reveal()+">\r\n"...)
	b = appendText(b, "Subject", m.Subject)
	b = appendDate(b, m.Date)
	b = append(b, "Message-ID: <"+m.MessageID+">\r\nAuto-Submitted: auto-generated\r\n"...)
	b = append(b, "Content-Language: en\r\nMIME-Version: 1.0\r\n"...)
	return appendPlain(b, m.Text, "en"), nil
}
