package keep

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

// A Resolver asks DNS; *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupHost(ctx context.Context, host string) ([]string, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// MailKeys is where the keys that sign mail are remembered.
type MailKeys interface {
	ChangeMailKeys(ctx context.Context, change func([]audience.MailKey) ([]audience.MailKey, error)) error
	Audit(ctx context.Context, e staff.AuditEntry) error
}

// MakeKeys makes a pair of keys for a domain, which waits until RotateKeys. It
// returns the pair that waits already, if there is one.
func MakeKeys(ctx context.Context, s MailKeys, domain, who string, now time.Time) (pair []audience.MailKey, fresh bool, err error) {
	err = s.ChangeMailKeys(ctx, func(keys []audience.MailKey) ([]audience.MailKey, error) {
		pair = waiting(keys, domain)
		if len(pair) > 0 {
			return nil, nil
		}
		fresh = true
		pair, err = audience.NewMailKeys(domain, keys, now)
		return pair, err
	})
	if err == nil && fresh {
		err = s.Audit(ctx, keyEntry("make mail keys", domain, pair, who, now))
	}
	return pair, fresh, err
}

func waiting(keys []audience.MailKey, domain string) (out []audience.MailKey) {
	for _, k := range keys {
		if k.Domain == domain && k.Begun.IsZero() {
			out = append(out, k)
		}
	}
	return out
}

func keyEntry(what, domain string, keys []audience.MailKey, who string, now time.Time) staff.AuditEntry {
	var names []string
	for _, k := range keys {
		names = append(names, k.Selector)
	}
	return staff.AuditEntry{At: now, Who: who, What: what, Subject: "domain " + domain, Detail: strings.Join(names, ", ")}
}

// BeginKeys lets the pair that waits sign from now on, once see finds nothing
// wrong with the line of each in DNS. Errors wrap news.ErrRefused for lines
// that do not stand, and news.ErrConflict when no pair waits.
func BeginKeys(ctx context.Context, s MailKeys, domain, who string, now time.Time, see func(audience.MailKey) error) error {
	var begun []audience.MailKey
	err := s.ChangeMailKeys(ctx, func(keys []audience.MailKey) ([]audience.MailKey, error) {
		begun = waiting(keys, domain)
		for _, k := range begun {
			if err := see(k); err != nil {
				return nil, fmt.Errorf("%w: %w", err, news.ErrRefused)
			}
		}
		return keys, audience.RotateKeys(keys, domain, now)
	})
	if err != nil {
		return err
	}
	return s.Audit(ctx, keyEntry("begin mail keys", domain, begun, who, now))
}

// SeeRecord reports what is wrong with a key's line in DNS.
func SeeRecord(ctx context.Context, dns Resolver, k audience.MailKey) error {
	name, want, err := k.Record()
	if err != nil {
		return err
	}
	found, err := dns.LookupTXT(ctx, name+".")
	switch {
	case isMissing(err):
		return fmt.Errorf("%s has no TXT line", name)
	case err != nil:
		return fmt.Errorf("ask for %s: %w", name, err)
	}
	for _, text := range found {
		if tag(text, "p") == tag(want, "p") && (tag(text, "k") == k.Algorithm || k.Algorithm == audience.KeyRSA && tag(text, "k") == "") {
			return nil
		}
	}
	return fmt.Errorf("%s has another TXT line than ours", name)
}

// isMissing reports whether DNS answered that there is nothing.
func isMissing(err error) bool {
	var e *net.DNSError
	return errors.As(err, &e) && e.IsNotFound
}

// tag is the value of one tag of a DKIM, DMARC or similar record, without
// blanks.
func tag(record, name string) string {
	for part := range strings.SplitSeq(record, ";") {
		k, v, _ := strings.Cut(part, "=")
		if strings.TrimSpace(k) == name {
			return strings.Join(strings.Fields(v), "")
		}
	}
	return ""
}

// ZoneLine is a TXT record as it is pasted into a zone, in strings of at most
// 255 octets (RFC 1035 §3.3.14).
func ZoneLine(name, text string) string {
	var parts []string
	for len(text) > 255 {
		parts = append(parts, `"`+text[:255]+`"`)
		text = text[255:]
	}
	return name + ". IN TXT " + strings.Join(append(parts, `"`+text+`"`), " ")
}
