package keep

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
)

// probeFor bounds each look at something outside.
const probeFor = 15 * time.Second

// A Prober opens a connection to a relay and ends it; smtpout's Client is one.
type Prober interface {
	Probe(ctx context.Context, r smtpout.Relay) error
}

// CheckRelay sees that a mail server lets us in.
func CheckRelay(ctx context.Context, p Prober, r smtpout.Relay) Check {
	ctx, cancel := context.WithTimeout(ctx, probeFor)
	defer cancel()
	name := "relay " + r.Addr()
	if err := p.Probe(ctx, r); err != nil {
		return Ill(name, "see that it runs, that its certificate names it, and that user and password are right", "%v", err)
	}
	return Well(name, "lets us in")
}

// CheckSPF sees that a domain says who may send for it.
func CheckSPF(ctx context.Context, dns Resolver, domain string, relays []smtpout.Relay) Check {
	ctx, cancel := context.WithTimeout(ctx, probeFor)
	defer cancel()
	const name = "SPF"
	line := "v=spf1"
	for _, r := range relays {
		if !r.OnLoopback() {
			line += " a:" + r.Host
		}
	}
	paste := "paste, with whatever else sends for it: " + ZoneLine(domain, line+" mx -all")
	found, err := records(ctx, dns, domain, "v=spf1")
	switch {
	case err != nil:
		return Ill(name, "see that DNS answers, then look again", "%v", err)
	case len(found) == 0:
		return Ill(name, paste, "%s does not say who may send for it", domain)
	case len(found) > 1:
		return Ill(name, "make one line of them", "%s has %d lines: receivers believe none", domain, len(found))
	case strings.Contains(found[0]+" ", "+all ") || strings.Contains(found[0], " all "):
		return Ill(name, "end it with -all", "%s lets anybody send for it: %s", domain, found[0])
	}
	return Well(name, "%s: %s", domain, found[0])
}

// records are the TXT records of a name that begin so.
func records(ctx context.Context, dns Resolver, name, begins string) (out []string, err error) {
	all, err := dns.LookupTXT(ctx, name+".")
	if err != nil && !isMissing(err) {
		return nil, fmt.Errorf("ask for %s: %w", name, err)
	}
	for _, text := range all {
		if strings.HasPrefix(strings.ToLower(text), begins) {
			out = append(out, text)
		}
	}
	return out, nil
}

// CheckDMARC sees that a domain says what becomes of mail that pretends.
func CheckDMARC(ctx context.Context, dns Resolver, domain string) Check {
	ctx, cancel := context.WithTimeout(ctx, probeFor)
	defer cancel()
	const name = "DMARC"
	found, err := records(ctx, dns, "_dmarc."+domain, "v=dmarc1")
	switch {
	case err != nil:
		return Ill(name, "see that DNS answers, then look again", "%v", err)
	case len(found) != 1 || tag(found[0], "p") == "":
		return Ill(name, "paste: "+ZoneLine("_dmarc."+domain, "v=DMARC1; p=quarantine"), "%d lines at _dmarc.%s, it needs one with p=", len(found), domain)
	}
	return Well(name, "%s", found[0])
}

// CheckKeys sees that mail of a domain is signed with keys that DNS shows and
// that are not too old.
func CheckKeys(ctx context.Context, dns Resolver, keys []audience.MailKey, domain string, now time.Time) Check {
	ctx, cancel := context.WithTimeout(ctx, probeFor)
	defer cancel()
	const name = "DKIM"
	signing := audience.SigningKeys(keys, domain, now)
	if len(signing) == 0 {
		return Ill(name, "rightsdesk keys make, paste its lines, then: rightsdesk keys rotate", "mail from %s is not signed", domain)
	}
	for _, k := range signing {
		if err := SeeRecord(ctx, dns, k); err != nil {
			do := "see that DNS answers"
			if where, text, bad := k.Record(); bad == nil {
				do = "paste: " + ZoneLine(where, text)
			}
			return Ill(name, do, "%v", err)
		}
		if now.Sub(k.Begun) > audience.KeyAge {
			return Ill(name, "rightsdesk keys rotate", "%s has been in use since %s", k.Selector, k.Begun.Format(time.DateOnly))
		}
	}
	return Well(name, "%d keys of %s stand in DNS", len(signing), domain)
}

// CheckReturns sees that what comes back can reach us: an address for it, of
// the sender's domain, whose server is in DNS.
func CheckReturns(ctx context.Context, dns Resolver, address, domain string) Check {
	ctx, cancel := context.WithTimeout(ctx, probeFor)
	defer cancel()
	const name = "returned mail"
	if address == "" {
		return Ill(name, "name a mailbox with --returns, and how it is read with --returns-mailbox or --lmtp-listen", "nobody hears of dead addresses and complaints")
	}
	own := address[strings.LastIndexByte(address, '@')+1:]
	if own != domain && !strings.HasSuffix(own, "."+domain) && !strings.HasSuffix(domain, "."+own) {
		return Ill(name, "let it be of "+domain+", or below it", "%s and From are of different domains: SPF does not help DMARC", own)
	}
	mx, err := dns.LookupMX(ctx, own+".")
	if err != nil && !isMissing(err) {
		return Ill(name, "see that DNS answers, then look again", "%v", err)
	}
	if len(mx) == 0 {
		return Ill(name, "paste: "+own+". IN MX 10 the.server.of.that.mailbox.", "no MX says where mail for %s goes", own)
	}
	return Well(name, "%s, by %s", address, strings.TrimSuffix(mx[0].Host, "."))
}

// CheckPTR sees that the addresses of a relay have a name that leads back.
func CheckPTR(ctx context.Context, dns Resolver, r smtpout.Relay) Check {
	ctx, cancel := context.WithTimeout(ctx, probeFor)
	defer cancel()
	name := "PTR of " + r.Host
	if r.OnLoopback() {
		return Well(name, "it is this machine; look at the address it sends from")
	}
	addresses, err := dns.LookupHost(ctx, r.Host)
	if err != nil {
		return Ill(name, "see that DNS knows the relay", "%v", err)
	}
	for _, a := range addresses {
		names, err := dns.LookupAddr(ctx, a)
		if err != nil || !slices.ContainsFunc(names, func(n string) bool {
			back, err := dns.LookupHost(ctx, n)
			return err == nil && slices.Contains(back, a)
		}) {
			return Ill(name, "ask whoever gave you "+a+" to give it a name that leads back to it", "%s has no name that leads back to it", a)
		}
	}
	return Well(name, "%d addresses, each with a name", len(addresses))
}

// CertificateLeft is how long a certificate must still hold.
const CertificateLeft = 10 * 24 * time.Hour

// CheckCertificate sees that readers' programs believe our pages. A nil o
// believes whom the system does.
func CheckCertificate(ctx context.Context, base *url.URL, o *tls.Config, now time.Time) Check {
	const name = "certificate"
	if base.Scheme != "https" {
		return Well(name, "%s needs none", base)
	}
	ctx, cancel := context.WithTimeout(ctx, probeFor)
	defer cancel()
	port := base.Port()
	if port == "" {
		port = "443"
	}
	c, err := (&tls.Dialer{Config: o}).DialContext(ctx, "tcp", net.JoinHostPort(base.Hostname(), port))
	if err != nil {
		return Ill(name, "let the proxy of "+base.Hostname()+" have a certificate for that name, and reach the desk", "%v", err)
	}
	defer c.Close() // nothing was written
	until := c.(*tls.Conn).ConnectionState().PeerCertificates[0].NotAfter
	if until.Sub(now) < CertificateLeft {
		return Ill(name, "renew it, and see why that did not happen by itself", "it ends on %s", until.Format(time.DateOnly))
	}
	return Well(name, "good until %s", until.Format(time.DateOnly))
}

// CheckOneClick does what a mail program does when its reader says
// "unsubscribe" (RFC 8058), with the link of a reader there is not.
func CheckOneClick(ctx context.Context, client *http.Client, link string) Check {
	const name = "one-click unsubscribe"
	ctx, cancel := context.WithTimeout(ctx, probeFor)
	defer cancel()
	const do = "start the desk, and let the proxy pass POST to /unsubscribe/ on without asking for anything"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, link, strings.NewReader("List-Unsubscribe=One-Click"))
	if err != nil {
		return Ill(name, do, "%v", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	plain := *client
	plain.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := plain.Do(r)
	if err != nil {
		return Ill(name, do, "%v", errors.Unwrap(err)) // which does not repeat the link
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return Ill(name, do, "the way from outside answers %s", answer.Status)
	}
	return Well(name, "works from here")
}
