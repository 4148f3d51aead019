package smtpout

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// A Message is one mail with its envelope: exactly one recipient, the code for
// more does not exist.
type Message struct {
	From string // envelope sender; empty is the null sender
	To   string
	UTF8 bool // an address or a header needs SMTPUTF8 (RFC 6531)
	// Body is the whole message (RFC 5322), lines ended by CRLF, not
	// dot-stuffed. It must stay as it is until its reply was recorded.
	Body []byte
	Ref  int64 // the caller's own
	// NotBefore holds this message back, for pace; zero is at once. The one
	// before it is finished first. More than a few minutes and the server will
	// have hung up: end the session instead.
	NotBefore time.Time
}

// A Stage is how far a message came.
type Stage int

// The stages in their order. Up to Mail a reply is about us; from Rcpt on it
// can be about the reader.
const (
	Connect Stage = iota
	Ehlo
	StartTLS
	Auth
	Mail
	Rcpt
	Data
	Dot // the message was sent whole
)

var stageNames = [...]string{"connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "dot"}

// String names the stage in lower case.
func (s Stage) String() string { return stageNames[s] }

// MarshalText gives the name.
func (s Stage) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// A Reply is what became of one attempt.
type Reply struct {
	Stage    Stage
	Code     int    // 250, 421, 550; 0: the server said nothing we could read
	Enhanced string // RFC 3463, "5.1.1"; empty if it gave none
	// Text is what the server said, or what went wrong: one line of at most
	// 500 characters, control characters escaped, every address replaced.
	Text string
}

// String is for logs: "rcpt: 550 5.1.1 no such user".
func (r Reply) String() string {
	if r.Code == 0 {
		return r.Stage.String() + ": " + r.Text
	}
	return strings.Join(strings.Fields(fmt.Sprintf("%v: %d %s %s", r.Stage, r.Code, r.Enhanced, r.Text)), " ")
}

// Accepted reports whether the server took the message on itself.
func (r Reply) Accepted() bool { return r.Stage == Dot && r.Code/100 == 2 }

// Uncertain reports whether the final dot was sent and no answer came: the
// server may have the message.
func (r Reply) Uncertain() bool { return r.Stage == Dot && r.Code == 0 }

// Temporary reports whether trying again later can help.
func (r Reply) Temporary() bool { return !r.Accepted() && r.Code/100 != 5 }

// RefusesUs reports whether the refusal is of the sender and blames no reader:
// before RCPT, a policy code (5.7.x), or a text that names a block list or
// our authentication where the code is too coarse to say so.
func (r Reply) RefusesUs() bool {
	return r.Code/100 == 5 && r.AboutUs()
}

// RefusesReader reports whether the server will not take mail for this reader.
func (r Reply) RefusesReader() bool { return r.Code/100 == 5 && !r.AboutUs() }

// AboutUs reports whether the reply says nothing of the reader: it came before
// RCPT, or is about policy. An attempt that ended so is not counted against
// the copy.
func (r Reply) AboutUs() bool {
	return r.Stage < Rcpt || strings.HasPrefix(r.Enhanced, "5.7.") || r.Code/100 == 5 && blamesUs(r.Text)
}

// Over reports whether this connection has ended with the reply.
func (r Reply) Over() bool { return r.Code == 421 || r.Code == 0 }

// blamesUs knows the words in which servers refuse a sender under a code that
// would blame the recipient.
func blamesUs(text string) bool {
	t := strings.ToLower(text)
	for _, w := range [...]string{"spamhaus", "spamcop", "barracudacentral", "sorbs", "blacklist", "block list", "blocklist",
		"dnsbl", "rbl ", "client host", "your ip", "reputation", "dmarc", "dkim", "spf ", "reverse dns", "ptr record", "rdns"} {
		if strings.Contains(t, w) {
			return true
		}
	}
	return false
}

// check returns the reply to record for a message that cannot be sent over a
// server with these extensions, and whether there is one.
func (m *Message) check(ext extensions) (Reply, bool) {
	no := func(stage Stage, code int, enhanced, text string) (Reply, bool) {
		return Reply{stage, code, enhanced, text}, true
	}
	switch {
	case !plainPath(m.From):
		return no(Mail, 553, "5.1.7", "our envelope sender cannot be written in SMTP")
	case m.To == "" || !plainPath(m.To):
		return no(Rcpt, 553, "5.1.3", "the address cannot be written in SMTP")
	case !wholeLines(m.Body):
		return no(Mail, 554, "5.6.0", "our message has a bare CR or LF, or no end of line")
	case ext.size > 0 && int64(len(m.Body)) > ext.size:
		return no(Mail, 552, "5.3.4", fmt.Sprintf("our message is larger than the %d octets the server takes", ext.size))
	case m.UTF8 && !ext.utf8:
		return no(Rcpt, 553, "5.6.7", "the server cannot carry addresses outside ASCII (no SMTPUTF8)")
	case !m.UTF8 && !ext.eightBit && !isASCII(m.Body):
		return no(Mail, 554, "5.6.3", "our message has 8-bit text and the server takes none (no 8BITMIME)")
	}
	return Reply{}, false
}

// plainPath reports whether an address can stand between angle brackets
// without ending them or the line.
func plainPath(a string) bool {
	return len(a) <= 254 && !strings.ContainsFunc(a, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == '<' || r == '>' || r == 0xfffd
	})
}

// wholeLines reports whether b ends with CRLF and has neither a bare CR nor a
// bare LF, which servers disagree about and smuggle by.
func wholeLines(b []byte) bool {
	if !bytes.HasSuffix(b, crlf) {
		return false
	}
	for len(b) > 0 {
		n := bytes.IndexByte(b, '\n')
		if n < 1 || b[n-1] != '\r' || bytes.IndexByte(b[:n-1], '\r') >= 0 {
			return false
		}
		b = b[n+1:]
	}
	return true
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

var crlf = []byte("\r\n")

// stuffed appends b to dst with every leading dot doubled (RFC 5321 §4.5.2).
func stuffed(dst, b []byte) []byte {
	if b[0] == '.' {
		dst = append(dst, '.')
	}
	for {
		n := bytes.Index(b, []byte("\n."))
		if n < 0 {
			return append(dst, b...)
		}
		dst = append(append(dst, b[:n+1]...), '.')
		b = b[n+1:]
	}
}
