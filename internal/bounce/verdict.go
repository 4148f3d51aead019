package bounce

import (
	"strconv"
	"strings"
)

// judge fills in the verdict of r, with the codes and Hard, from its status
// field and the words of the system that refused.
//
// The refusing system's own code beats the field its neighbour filled in, and
// words beat codes where they are plain: many hosts answer 5.1.1 to those they
// block and 5.7.1 for readers they do not have. When in doubt nobody is dead.
func judge(r *Recipient, evidence string) {
	evidence = short(evidence, maxEvidence)
	own := enhanced(evidence)
	r.Code = replyCode(evidence)
	if s := moreTelling(r.Status, own); s != "" {
		r.Status = s
	}
	if r.Action != ActionFailed && r.Action != ActionDelayed {
		r.Verdict = Unknown
		return
	}
	r.Verdict = weigh(r, fold(evidence))
	if r.Verdict == Expired && r.Action == ActionDelayed {
		r.Verdict = Unknown // it says what will be, not what is
	}
	r.Hard = r.Action == ActionFailed && (r.Verdict == AddressDead || r.Verdict == DomainDead)
}

// weigh settles what words and status say together.
func weigh(r *Recipient, text string) Verdict {
	said, coded := textVerdict(text), byStatus(r.Status)
	later := r.temporary()
	switch {
	case (said == AddressDead || said == DomainDead) && coded != said && r.Code < 500 && hasAny(text, lapses):
		return Expired // it was tried for long: what is said of the address is the mail system's guess
	case said == AddressDead && later, said == DomainDead && later:
		return orExpired(r, text, coded)
	case said == Unknown && (coded == AddressDead || coded == DomainDead) && (hasAny(text, doubts) || later):
		return Unknown
	case said == Unknown && coded == Unknown && !later && strings.HasPrefix(r.Status, "5.") && !strings.HasPrefix(r.Status, "5.7.") && hasAny(text, deadHints) && !hasAny(text, doubts):
		return AddressDead
	case said == Unknown && coded == Unknown && r.Status == "" && r.Code >= 500 && hasAny(text, deadHints) && !hasAny(text, doubts):
		return AddressDead
	case said == Unknown || said == RelayTrouble && (coded == DomainDead && !later || coded == Expired):
		return coded
	}
	return said
}

// lapses say that a mail was tried until its time was over.
var lapses = []string{"allowed queue period", "was not delivered within", "aborted after", "retry timeout exceeded", "delivery time expired", "queue too long", "message expired"}

// orExpired is for an address that a host says is gone, but only for now.
func orExpired(r *Recipient, text string, coded Verdict) Verdict {
	switch {
	case hasAny(text, phrases[Expired]):
		return Expired
	case coded == AddressDead || coded == DomainDead:
		return Unknown
	case r.Action == ActionFailed && coded == Unknown:
		return Expired
	}
	return coded
}

// temporary says that the last word was "later".
func (r *Recipient) temporary() bool {
	if r.Status != "" {
		return r.Status[0] == '4'
	}
	return r.Code >= 400 && r.Code < 500
}

// moreTelling picks the code to go by: the field's, unless it is missing, says
// nothing, or the diagnostic brings a better one.
func moreTelling(field string, own []string) string {
	best := field
	for _, s := range own {
		if strings.HasPrefix(s, "2") {
			continue
		}
		switch {
		case best == "", vague(best) && !vague(s):
			best = s
		case best == field && s != field && !vague(s):
			return s
		}
	}
	return best
}

// vague codes only say "no" or "later".
func vague(s string) bool {
	return strings.HasSuffix(s, ".0.0") || s == "5.3.0" || s == "5.5.0" || s == "4.4.7" || s == "5.4.7"
}

// enhanced finds the enhanced status codes in a text, in order; parts of
// numbers with more dots (addresses of hosts, versions) are none.
func enhanced(s string) []string {
	var out []string
	for i := 0; i+4 < len(s) && len(out) < 8; i++ {
		if c := s[i]; c != '2' && c != '4' && c != '5' || s[i+1] != '.' || i > 0 && (isDigit(s[i-1]) || s[i-1] == '.' || s[i-1] == '-' && i > 1 && s[i-2] == '.') {
			continue
		}
		a := digits(s[i+2:])
		if a == 0 || a > 3 || i+2+a >= len(s) || s[i+2+a] != '.' {
			continue
		}
		b := digits(s[i+3+a:])
		end := i + 3 + a + b
		if b == 0 || b > 3 || end < len(s)-1 && s[end] == '.' && isDigit(s[end+1]) {
			continue
		}
		out = append(out, plainStatus(s[i:end]))
		i = end - 1
	}
	return out
}

// plainStatus drops leading zeros: 5.01.01 is 5.1.1.
func plainStatus(s string) string {
	parts := strings.SplitN(s, ".", 3)
	for i, p := range parts {
		if p = strings.TrimLeft(p, "0"); p == "" {
			p = "0"
		}
		parts[i] = p
	}
	return strings.Join(parts, ".")
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func digits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// replyCode finds the SMTP reply code: three digits alone, from 400 on, that
// are followed by what a reply has.
func replyCode(s string) int {
	for i := 0; i+3 <= len(s); i++ {
		if s[i] != '4' && s[i] != '5' || digits(s[i:]) != 3 || s[i+1] > '5' {
			continue
		}
		before := i == 0 || s[i-1] >= 0x80 || strings.IndexByte(" '\"(<:;>#[\t\n=", s[i-1]) >= 0
		after := i+3 == len(s) || s[i+3] >= 0x80 || strings.IndexByte(" -'\")>:;_,]\n", s[i+3]) >= 0
		if n, err := strconv.Atoi(s[i : i+3]); err == nil && before && after {
			return n
		}
	}
	return 0
}

// byStatus is what an enhanced status code says by itself (RFC 3463 and its
// registry).
func byStatus(s string) Verdict {
	if s == "" {
		return Unknown
	}
	class, rest := s[0], s[2:]
	if v, ok := statusVerdicts[rest]; ok {
		if class == '4' && (v == AddressDead || v == DomainDead || v == ContentRefused) {
			return Unknown
		}
		return v
	}
	switch subject, _, _ := strings.Cut(rest, "."); {
	case subject == "4":
		return RelayTrouble
	case subject == "6":
		return ContentRefused
	case subject == "7" && class == '4':
		return RateLimited
	case subject == "7":
		return BlockedUs
	}
	return Unknown
}

// statusVerdicts are the subject and detail of codes that say more than their
// subject does.
var statusVerdicts = map[string]Verdict{
	"1.0": AddressDead, "1.1": AddressDead, "1.2": DomainDead, "1.3": AddressDead, "1.6": AddressDead, "1.10": AddressDead,
	"1.7": BlockedUs, "1.8": BlockedUs, "1.9": ContentRefused,
	"2.1": AddressDead, "2.2": MailboxFull, "2.3": ContentRefused,
	"3.1": MailboxFull, "3.4": ContentRefused,
	"4.4": DomainDead, "4.7": Expired, "4.300": Expired, "4.310": DomainDead,
	"5.3":  RateLimited,
	"7.17": AddressDead, "7.18": DomainDead,
	"7.20": AuthFailure, "7.21": AuthFailure, "7.22": AuthFailure, "7.23": AuthFailure, "7.24": AuthFailure, "7.25": AuthFailure, "7.26": AuthFailure,
	"7.27": AuthFailure, "7.29": AuthFailure, "7.30": AuthFailure, "7.509": AuthFailure, "7.515": AuthFailure, "7.28": RateLimited,
}

// textVerdict finds the first phrase that says why, the gravest mistakes to
// make first: refusals of us, then content, then what passes, then the dead.
func textVerdict(text string) Verdict {
	for _, v := range phraseOrder {
		if hasAny(text, phrases[v]) {
			return v
		}
	}
	return Unknown
}

func hasAny(text string, list []string) bool {
	for _, p := range list {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}

// fold prepares a text for the phrases: lower case, one line, plain quotes,
// without addresses and links, whose words are not the system's.
func fold(s string) string {
	s = short(s, maxText)
	var b strings.Builder
	pos := 0
	for _, a := range findAddresses(s, maxRecipients) {
		b.WriteString(s[pos:a.start])
		pos = a.end
	}
	b.WriteString(s[pos:])
	fields := strings.Fields(strings.ToLower(strings.ReplaceAll(b.String(), "’", "'")))
	kept := fields[:0]
	for _, f := range fields {
		if !strings.Contains(f, "://") || strings.Contains(f, "spamhaus") {
			kept = append(kept, f)
		}
	}
	return strings.Join(kept, " ")
}

// squeeze is s on one line, without control characters, cut to n bytes.
func squeeze(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, short(s, 4*n))
	return short(strings.Join(strings.Fields(s), " "), n)
}
