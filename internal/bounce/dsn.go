package bounce

import (
	"bytes"
	"cmp"
	"strconv"
	"strings"
)

// deliveryStatus reads the machine's part of a delivery report (RFC 3464). It
// returns nothing if there is none or it names nobody and the prose does.
func (m *message) deliveryStatus() []Recipient {
	var out []Recipient
	prose := m.bouncedText()
	told := entries(prose)
	for _, s := range m.statuses {
		groups := fieldGroups(s)
		for _, g := range groups {
			if r, ok := m.recipientOf(g, told, len(groups) <= 2); ok {
				out = add(out, r)
			}
		}
	}
	return out
}

// forwarded is the report that a machine passed on inside a message of its own;
// nil if there is none.
func (m *message) forwarded() *message {
	if m.attached == nil || !m.fromRobot() && !m.nullSender() {
		return nil
	}
	if media, params := mediaOf(m.original.get("content-type")); media != "multipart/report" || params["report-type"] == "disposition-notification" {
		return nil
	}
	in := open(m.attached)
	if in.attached = nil; len(in.statuses) == 0 { // one step, no further
		return nil
	}
	return in
}

// fieldGroups are the blocks of fields of a delivery report, a blank line
// between two. Some write "Action" and "Status" of one recipient with blank
// lines in between: a group without a recipient goes to the one before it.
func fieldGroups(s string) []header {
	var out []header
	rest := []byte(s)
	for len(rest) > 0 && len(out) < maxRecipients {
		var h header
		before := len(rest)
		h, rest = readHeader(trimBlank(rest))
		if len(rest) == before { // prose, not fields: skip the line
			_, rest, _ = bytes.Cut(rest, []byte("\n"))
		}
		n := len(out)
		if named := hasRecipient(h); !named && n > 0 && hasRecipient(out[n-1]) && out[n-1].get("action") == "" {
			out[n-1] = append(out[n-1], h...)
		} else if named && n > 0 && !hasRecipient(out[n-1]) && out[n-1].get("action") != "" {
			out[n-1] = append(out[n-1], h...)
		} else if len(h) > 0 {
			out = append(out, h)
		}
	}
	return out
}

func trimBlank(b []byte) []byte {
	for len(b) > 0 && (b[0] == '\n' || b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	return b
}

func hasRecipient(h header) bool {
	return h.get("final-recipient") != "" || h.get("original-recipient") != ""
}

// recipientOf turns one group into what it says of its recipient.
func (m *message) recipientOf(g header, told []entry, alone bool) (Recipient, bool) {
	if !hasRecipient(g) && (g.get("action") == "" || g.get("status") == "") {
		return Recipient{}, false
	}
	address := cmp.Or(fieldAddress(g.get("original-recipient")), fieldAddress(g.get("final-recipient")), fieldAddress(g.get("x-actual-recipient")))
	if address == "" {
		address = cmp.Or(m.namedElsewhere(), bareRecipient(g.get("final-recipient")))
	}
	diagnostic := diagnosticOf(g)
	r := Recipient{Address: address, Action: m.actionOf(g), Status: statusField(g.get("status")), Diagnostic: diagnostic}
	evidence := diagnostic
	if weak(r.Status, diagnostic) {
		evidence += " " + m.proseOf(told, address, alone)
	}
	judge(&r, evidence)
	return r, true
}

// diagnosticOf is what the last system answered, without the type in front.
func diagnosticOf(g header) string {
	d := decodeWords(g.get("diagnostic-code"))
	if kind, text, ok := strings.Cut(d, ";"); ok && len(kind) < 20 && !strings.Contains(strings.TrimSpace(kind), " ") {
		d = text
	}
	if d == "" {
		_, d, _ = strings.Cut(g.get("status"), " ") // "5.1.1 (user unknown)"
	}
	return squeeze(d, maxDiagnostic)
}

// weak says that status and diagnostic alone do not tell why.
func weak(status, diagnostic string) bool {
	v := textVerdict(fold(diagnostic))
	return v == Unknown && (status == "" || byStatus(status) == Unknown || strings.HasSuffix(status, ".0.0") || status == "5.3.0")
}

// proseOf is what the part for people says of an address: the lines behind it,
// or all of it where it is the only one.
func (m *message) proseOf(told []entry, address string, alone bool) string {
	if alone {
		return m.bouncedText()
	}
	return textOf(told, address)
}

func (m *message) actionOf(g header) Action {
	a := strings.ToLower(g.get("action"))
	switch {
	case strings.HasPrefix(a, "fail"):
		return ActionFailed
	case strings.HasPrefix(a, "delay"):
		return ActionDelayed
	case strings.HasPrefix(a, "delivered"), strings.HasPrefix(a, "deliverable"):
		return ActionDelivered
	case strings.HasPrefix(a, "relay"):
		return ActionRelayed
	case strings.HasPrefix(a, "expand"):
		return ActionExpanded
	}
	switch s := statusField(g.get("status")); {
	case strings.HasPrefix(s, "2"):
		return ActionDelivered
	case strings.HasPrefix(s, "4") && (g.get("will-retry-until") != "" || m.saysDelayed()):
		return ActionDelayed
	}
	return ActionFailed
}

// statusField is the first enhanced code of a Status field.
func statusField(v string) string {
	if found := enhanced(v); len(found) > 0 {
		return found[0]
	}
	return ""
}

// fieldAddress reads "rfc822; user@host" and "utf-8; …" (RFC 6533); an address
// of another kind of network is none of ours.
func fieldAddress(v string) string {
	kind, rest, ok := strings.Cut(v, ";")
	if !ok {
		return firstAddress(v)
	}
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "x400", "x.400", "x-x400":
		return ""
	case "utf-8":
		rest = unescapeUTF8(rest)
	}
	return firstAddress(rest)
}

// bareRecipient is a recipient that is no mail address, such as a login name.
func bareRecipient(v string) string {
	kind, rest, ok := strings.Cut(v, ";")
	if ok && strings.Contains(strings.ToLower(kind), "400") {
		return ""
	}
	if !ok {
		rest = v
	}
	return squeeze(strings.Trim(strings.TrimSpace(rest), "<>"), maxAddress)
}

// unescapeUTF8 undoes \x{HEX} of RFC 6533, section 3.
func unescapeUTF8(s string) string {
	var out strings.Builder
	for {
		before, after, ok := strings.Cut(s, `\x{`)
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		hex, rest, closed := strings.Cut(after, "}")
		n, err := strconv.ParseInt(hex, 16, 32)
		if !closed || err != nil {
			out.WriteString(`\x{`)
			s = after
			continue
		}
		out.WriteRune(rune(n))
		s = rest
	}
}

// add keeps each address once, with the graver of two entries; the newer of
// two alike only fills in what was missing.
func add(list []Recipient, r Recipient) []Recipient {
	for i := range list {
		if !strings.EqualFold(list[i].Address, r.Address) {
			continue
		}
		if rank(r.Action) > rank(list[i].Action) || list[i].Verdict == Unknown && r.Verdict != Unknown && r.Action == list[i].Action {
			list[i] = r
		}
		return list
	}
	if len(list) >= maxRecipients {
		return list
	}
	return append(list, r)
}

func rank(a Action) int {
	switch a {
	case ActionFailed:
		return 3
	case ActionDelayed:
		return 2
	case ActionDelivered, ActionRelayed, ActionExpanded:
		return 1
	}
	return 0
}
