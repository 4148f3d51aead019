package bounce

import (
	"encoding/json"
	"strings"
)

// A notification is how Amazon SES tells of a copy, in JSON, by mail.
type notification struct {
	Type    string `json:"notificationType"`
	Event   string `json:"eventType"`
	Message string `json:"Message"` // of SNS, around it
	Bounce  struct {
		Type       string         `json:"bounceType"`
		Recipients []sesRecipient `json:"bouncedRecipients"`
	} `json:"bounce"`
}

type sesRecipient struct {
	Address    string `json:"emailAddress"`
	Action     string `json:"action"`
	Status     string `json:"status"`
	Diagnostic string `json:"diagnosticCode"`
}

// notification reads the recipients of a notification in JSON; none if the
// message is no such thing.
func (m *message) notification() []Recipient {
	for _, text := range m.texts {
		var n notification
		if !readJSON(text, &n) {
			continue
		}
		if n.Message != "" && n.Type == "" && n.Event == "" && !readJSON(n.Message, &n) {
			continue
		}
		if !strings.EqualFold(n.Type+n.Event, "Bounce") {
			continue
		}
		var out []Recipient
		for _, s := range n.Bounce.Recipients[:min(len(n.Bounce.Recipients), maxRecipients)] {
			out = add(out, s.recipient(n.Bounce.Type))
		}
		return out
	}
	return nil
}

// readJSON reads the object a text begins with; what follows it is a footer.
func readJSON(text string, into *notification) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "{") && json.NewDecoder(strings.NewReader(text)).Decode(into) == nil
}

func (s sesRecipient) recipient(kind string) Recipient {
	r := Recipient{Address: firstAddress(s.Address), Action: ActionFailed, Status: statusField(s.Status), Diagnostic: squeeze(s.Diagnostic, maxDiagnostic)}
	if strings.EqualFold(s.Action, "delayed") {
		r.Action = ActionDelayed
	}
	judge(&r, s.Diagnostic)
	if !strings.EqualFold(kind, "Permanent") {
		r.Hard = false
		if r.Verdict == AddressDead || r.Verdict == DomainDead {
			r.Verdict = Unknown
		}
	}
	return r
}
