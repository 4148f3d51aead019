package bounce

import (
	"slices"
	"strings"
)

// looksReturned tells a returned mail from one that a person or an answering
// machine wrote: who sent it, and what it says.
func (m *message) looksReturned() bool {
	if m.header.get("x-failed-recipients") != "" || len(m.statuses) > 0 {
		return true
	}
	subject, text := fold(m.subject), fold(m.bouncedText())
	named := hasAny(subject, returnedSubjects) && !isReply(subject)
	if m.fromRobot() {
		return named || !hasAny(subject, autoSubjects) && (hasAny(text, returnedTexts) || textVerdict(short(text, maxEvidence)) != Unknown)
	}
	says := hasAny(text, returnedTexts)
	if m.isAutomatic() {
		return named && says && m.original != nil && !hasAny(subject, autoSubjects)
	}
	return named && (says || m.original != nil || m.nullSender()) || !isReply(subject) && says && (m.original != nil || m.nullSender())
}

func (m *message) fromRobot() bool {
	from := strings.ToLower(decodeWords(m.header.get("from")))
	return isRobot(firstAddress(from)) || hasAny(from, []string{"mailer-daemon", "mail delivery", "postmaster", "mail administrator", "mail daemon", "mailer daemon", "delivery subsystem", "mail system", "mailerdaemon"})
}

func (m *message) nullSender() bool {
	return strings.TrimSpace(m.header.get("return-path")) == "<>"
}

func isReply(subject string) bool {
	for _, p := range []string{"re:", "fw:", "fwd:", "aw:", "wg:", "tr:", "rv:", "sv:", "vs:", "antw:"} {
		if strings.HasPrefix(subject, p) {
			return true
		}
	}
	return false
}

func (m *message) saysDelayed() bool {
	return hasAny(fold(m.subject), delayedPhrases) || hasAny(fold(m.bouncedText()), delayedPhrases)
}

func (m *message) saysDelivered() bool {
	text := short(fold(m.bouncedText()), maxEvidence)
	return hasAny(fold(m.subject), deliveredPhrases) || hasAny(text, deliveredPhrases) && textVerdict(text) == Unknown
}

// returned reads a report that is prose only.
func (m *message) returned() []Recipient {
	prose := m.bouncedText()
	action := ActionFailed
	switch {
	case m.saysDelayed():
		action = ActionDelayed
	case m.saysDelivered():
		action = ActionDelivered
	}
	var out []Recipient
	for _, e := range m.named(prose) {
		r := Recipient{Address: e.address, Action: action, Diagnostic: squeeze(e.text, maxDiagnostic)}
		evidence := e.text
		if textVerdict(fold(evidence)) == Unknown && len(enhanced(evidence)) == 0 {
			evidence = prose
		}
		judge(&r, evidence)
		out = add(out, r)
	}
	return out
}

// named are the recipients a prose report speaks of; at least one, whose
// address is empty when nothing names it.
func (m *message) named(prose string) []entry {
	found := m.candidates(prose)
	var out []entry
	for _, v := range m.header.all("x-failed-recipients") {
		for _, a := range findAddresses(v, maxRecipients) {
			out = append(out, entry{address: a.address, text: textOf(found, a.address)})
		}
	}
	to := m.originalTo()
	switch {
	case len(out) > 0:
		return out
	case len(found) > 0 && (found[0].score > inSentence || to == ""):
		return found
	case to != "":
		return []entry{{address: to, text: textOf(found, to)}}
	}
	return []entry{{text: prose}}
}

func textOf(found []entry, address string) string {
	for _, e := range found {
		if strings.EqualFold(e.address, address) {
			return e.text
		}
	}
	return ""
}

// candidates are the best placed addresses of the prose that are not ours.
func (m *message) candidates(prose string) []entry {
	ours := m.ours()
	all := entries(prose)
	best := 0
	for _, e := range all {
		if !slices.Contains(ours, strings.ToLower(e.address)) {
			best = max(best, e.score)
		}
	}
	var out []entry
	for _, e := range all {
		if e.score == best && !slices.Contains(ours, strings.ToLower(e.address)) {
			out = append(out, e)
		}
	}
	if best == inSentence && len(out) > 1 {
		out = out[:1]
	}
	return out
}

// ours are the addresses of the two ends of the report, which it is not about.
func (m *message) ours() []string {
	var out []string
	take := func(h header, names ...string) {
		for _, n := range names {
			for _, v := range h.all(n) {
				for _, a := range findAddresses(v, 20) {
					out = append(out, strings.ToLower(a.address))
				}
			}
		}
	}
	take(m.header, "to", "from", "delivered-to", "x-original-to", "envelope-to", "reply-to")
	take(m.original, "from", "sender", "return-path", "reply-to", "errors-to")
	to := strings.ToLower(m.originalTo())
	return slices.DeleteFunc(out, func(a string) bool { return a == to })
}

// namedElsewhere finds the recipient of a report whose machine part does not
// name it.
func (m *message) namedElsewhere() string {
	if m.elsewhere == nil {
		m.elsewhere = &m.named(m.bouncedText())[0].address
	}
	return *m.elsewhere
}

// originalTo is the one address the returned mail was sent to, or "".
func (m *message) originalTo() string {
	for _, name := range []string{"x-envelope-to", "envelope-to", "to", "apparently-to", "cc", "bcc"} {
		if a := firstAddress(m.original.get(name)); a != "" {
			return a
		}
	}
	return ""
}

// An entry is an address in prose with the lines that are about it.
type entry struct {
	address string
	text    string
	score   int
}

// How an address stands in its line.
const (
	inSentence = 1 + iota
	labelled   // "Recipient: a@b"
	leading    // "<a@b>: reason"
)

// entries finds the addresses in a report's prose, each once.
func entries(prose string) []entry {
	var out []entry
	last := -1
	for _, line := range strings.Split(prose, "\n") {
		found := findAddresses(line, 50)
		if isSenderLine(line) {
			found = nil
		}
		fresh := false
		for _, a := range found {
			if isRobot(a.address) || len(out) >= maxRecipients {
				continue
			}
			score := place(line, a)
			if i := slices.IndexFunc(out, func(e entry) bool { return strings.EqualFold(e.address, a.address) }); i >= 0 {
				out[i].score = max(out[i].score, score)
				last = i
			} else if score > inSentence || !fresh {
				out = append(out, entry{address: a.address, score: score})
				last = len(out) - 1
			}
			fresh = true
		}
		if last >= 0 && len(out[last].text) < maxEvidence {
			out[last].text += short(line, maxEvidence) + "\n"
		}
	}
	return out
}

// isSenderLine tells lines that name who wrote, not who was written to.
func isSenderLine(line string) bool {
	l := strings.ToLower(strings.TrimLeft(line, " \t>*-|"))
	for _, p := range []string{"from:", "mail from", "sender:", "reply-to:", "return-path:", "message-id:", "message id", "in-reply-to:", "references:", "von:", "de:", "da:", "van:", "от:", "发件人", "寄件者", "差出人", "送信者", "x-", "received:", "errors-to:", "list-", "original-envelope-id", "originating"} {
		if strings.HasPrefix(l, p) {
			return true
		}
	}
	return strings.Contains(l, "mail from:") || strings.Contains(l, "message-id")
}

// place says how prominently an address stands in its line.
func place(line string, a span) int {
	before := strings.TrimRight(line[:a.start], "<[('\" \t")
	after := strings.TrimLeft(line[a.end:], ">])'\" \t")
	switch before = strings.TrimLeft(before, " \t>*-|•·\""); {
	case before == "":
		return leading
	case strings.HasSuffix(before, ":") || strings.HasSuffix(before, "："):
		return labelled
	case strings.HasSuffix(before, "=") || strings.HasSuffix(before, ";"):
		return labelled
	case after == ":" || strings.HasPrefix(after, "..."):
		return labelled
	}
	return inSentence
}

// bouncedText is what the report says, without the mail it returns.
func (m *message) bouncedText() string {
	if m.prose == nil {
		text, _ := cutOriginal(strings.Join(m.texts, "\n"))
		m.prose = &text
	}
	return *m.prose
}

// inlineOriginal reads the header of a mail that was returned as text.
func (m *message) inlineOriginal() header {
	_, after := cutOriginal(strings.Join(m.texts, "\n"))
	for range 8 {
		after = strings.TrimLeft(after, "\n \t")
		line, rest, _ := strings.Cut(after, "\n")
		if isField([]byte(line)) {
			h, _ := readHeader([]byte(after))
			return h
		}
		after = rest
	}
	return nil
}

// cutOriginal divides a report where the returned mail begins.
func cutOriginal(s string) (report, original string) {
	for pos := 0; pos < len(s); {
		end := len(s)
		if n := strings.IndexByte(s[pos:], '\n'); n >= 0 {
			end = pos + n + 1
		}
		line := strings.ToLower(short(strings.TrimLeft(s[pos:end], " \t>"), 200))
		if strings.HasPrefix(line, "received: ") || strings.HasPrefix(line, "return-path: ") {
			return s[:pos], s[pos:]
		}
		if isMark(line) {
			return s[:pos], s[end:]
		}
		pos = end
	}
	return s, ""
}

// isMark tells the lines that announce the returned mail.
func isMark(line string) bool {
	return hasAny(line, []string{
		"below this line is a copy of the message", "this is a copy of the message", "this is a copy of your message", "unsent message follows", "unsent message below", "undelivered message follows", "message header follows", "message headers follow",
		"original message follows", "original message headers", "original message header", "headers of the original", "header of the original", "headers from the original", "returned message follows", "returned message below", "message text follows", "message contents follow", "copy of the original message", "original mail header", "returned mail follows", "the body of the original message", "beginning of the original message", "start of returned message", "start of message", "header of your message", "your original message", "this is the original message", "text of your message",
	}) || strings.HasPrefix(line, "-") && hasAny(line, []string{"original message", "mensaje original", "message original", "ursprüngliche nachricht", "messaggio originale", "原邮件", "原始邮件", "исходное сообщение"})
}
