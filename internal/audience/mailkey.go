package audience

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// The algorithms of mail keys, as DKIM calls them in k=.
const (
	KeyRSA     = "rsa"
	KeyEd25519 = "ed25519"
)

// rsaBits is the size of a new RSA key: the largest whose public half fits
// every DNS provider's form.
const rsaBits = 2048

// A MailKey is a private key that signs mail of one domain (DKIM). Keys come
// in pairs, one of each algorithm. A pair waits until its public halves stand
// in DNS, signs until the next pair does, and stays readable in DNS a while
// longer.
type MailKey struct {
	ID        int64
	Domain    string // A-label
	Selector  string // where in DNS the public half stands, before ._domainkey
	Algorithm string
	Private   []byte // PKCS #8
	Made      time.Time
	Begun     time.Time // signs from then on; zero while it waits
	Ended     time.Time // signs what was frozen before then; zero while it is the latest
}

// KeyRest is how long the public half of a key that has ended stays in DNS:
// longer than a mail can be on its way.
const KeyRest = 14 * 24 * time.Hour

// KeyAge is how old a key in use may be before doctor asks for a new one.
const KeyAge = 366 * 24 * time.Hour

// NewMailKeys makes a pair for a domain whose selectors no other of its keys
// has. They wait.
func NewMailKeys(domain string, others []MailKey, now time.Time) ([]MailKey, error) {
	taken := map[string]bool{}
	for _, k := range others {
		taken[k.Selector] = true
	}
	name := now.UTC().Format("20060102")
	for n := 'b'; taken["rsa"+name] || taken["ed"+name]; n++ {
		if n > 'z' {
			return nil, fmt.Errorf("make mail keys: too many in a day: %w", news.ErrConflict)
		}
		name = now.UTC().Format("20060102") + string(n)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return nil, fmt.Errorf("make mail keys: %w", err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make mail keys: %w", err)
	}
	pair := []MailKey{
		{Domain: domain, Selector: "rsa" + name, Algorithm: KeyRSA, Made: now},
		{Domain: domain, Selector: "ed" + name, Algorithm: KeyEd25519, Made: now},
	}
	for i, key := range []crypto.Signer{rsaKey, edKey} {
		if pair[i].Private, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
			return nil, fmt.Errorf("make mail keys: %w", err)
		}
	}
	return pair, nil
}

// Signer is the key as it signs.
func (k *MailKey) Signer() (crypto.Signer, error) {
	key, err := x509.ParsePKCS8PrivateKey(k.Private)
	if err != nil {
		return nil, fmt.Errorf("mail key %s: %w", k.Selector, err)
	}
	s, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("mail key %s: a %T does not sign: %w", k.Selector, key, news.ErrInvalid)
	}
	return s, nil
}

// Record is where the public half stands in DNS, and the text there (RFC 6376
// §3.6.1, RFC 8463 §4).
func (k *MailKey) Record() (name, text string, err error) {
	s, err := k.Signer()
	if err != nil {
		return "", "", err
	}
	public, ok := s.Public().(ed25519.PublicKey)
	der := []byte(public)
	if !ok {
		if der, err = x509.MarshalPKIXPublicKey(s.Public()); err != nil {
			return "", "", fmt.Errorf("mail key %s: %w", k.Selector, err)
		}
	}
	return k.Selector + "._domainkey." + k.Domain, "v=DKIM1; k=" + k.Algorithm + "; p=" + base64.StdEncoding.EncodeToString(der), nil
}

// Standing is where the key stands at a time, in a word.
func (k *MailKey) Standing(now time.Time) string {
	switch {
	case k.Begun.IsZero():
		return "waiting"
	case k.Ended.IsZero():
		return "in use"
	case now.Before(k.Ended.Add(KeyRest)):
		return "resting"
	}
	return "over"
}

// SigningKeys are those among keys that sign what a domain froze or wrote at a
// time: always the same, so that a mail sent again is the same bytes.
func SigningKeys(keys []MailKey, domain string, at time.Time) (out []MailKey) {
	for _, k := range keys {
		if k.Domain == domain && !k.Begun.IsZero() && !at.Before(k.Begun) && (k.Ended.IsZero() || at.Before(k.Ended)) {
			out = append(out, k)
		}
	}
	return out
}

// RotateKeys lets the keys of a domain that wait sign from now on, and ends
// those that did. It returns an error wrapping news.ErrConflict when none
// waits.
func RotateKeys(keys []MailKey, domain string, now time.Time) error {
	waits := false
	for i := range keys {
		waits = waits || keys[i].Domain == domain && keys[i].Begun.IsZero()
	}
	if !waits {
		return fmt.Errorf("rotate the keys of %s: none waits: %w", domain, news.ErrConflict)
	}
	for i := range keys {
		switch k := &keys[i]; {
		case k.Domain != domain:
		case k.Begun.IsZero():
			k.Begun = now
		case k.Ended.IsZero():
			k.Ended = now
		}
	}
	return nil
}
