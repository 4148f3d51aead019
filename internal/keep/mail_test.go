package keep_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/smtpout"
)

// A zone is what DNS says; what it does not say is not there.
type zone struct {
	txt, host, addr map[string][]string
	mx              map[string]string
	down            error
}

func (z zone) answer(list []string) ([]string, error) {
	switch {
	case z.down != nil:
		return nil, z.down
	case len(list) == 0:
		return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
	}
	return list, nil
}

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	return z.answer(z.txt[name])
}
func (z zone) LookupHost(_ context.Context, name string) ([]string, error) {
	return z.answer(z.host[strings.TrimSuffix(name, ".")])
}
func (z zone) LookupAddr(_ context.Context, a string) ([]string, error) { return z.answer(z.addr[a]) }
func (z zone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	found, err := z.answer(strings.Fields(z.mx[name]))
	if err != nil {
		return nil, err
	}
	return []*net.MX{{Host: found[0]}}, nil
}

// door is a relay that answers so.
type door struct{ err error }

func (d door) Probe(context.Context, smtpout.Relay) error { return d.err }

// TestMailChecks: each check tells what is right from what is not, and says
// what to paste.
func TestMailChecks(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	relay, err := smtpout.ParseRelay("smtps://me:secret@mail.example.org:465")
	if err != nil {
		t.Fatal(err)
	}
	relays := []smtpout.Relay{relay}
	keys, err := audience.NewMailKeys("example.org", nil, evening)
	if err != nil {
		t.Fatal(err)
	}
	waiting := append([]audience.MailKey(nil), keys...)
	if err := audience.RotateKeys(keys, "example.org", evening); err != nil {
		t.Fatal(err)
	}
	txt := map[string][]string{"example.org.": {"some other line", "v=spf1 mx -all"}, "_dmarc.example.org.": {"v=DMARC1; p=reject"}, "open.example.": {"v=spf1 +all"}, "two.example.": {"v=spf1 -all", "v=spf1 mx -all"}}
	for _, k := range keys {
		name, text, err := k.Record()
		if err != nil {
			t.Fatal(err)
		}
		txt[name+"."] = []string{text[:20] + " " + text[20:]}
	}
	dns := zone{txt: txt, mx: map[string]string{"example.org.": "mx.example.org."},
		host: map[string][]string{"mail.example.org": {"192.0.2.1"}, "bare.example.org": {"192.0.2.2"}}, addr: map[string][]string{"192.0.2.1": {"mail.example.org."}}}
	down := zone{down: errors.New("i/o timeout")}
	bare := relay
	bare.Host = "bare.example.org"
	for name, tt := range map[string]struct {
		check keep.Check
		do    string // "" when all is well
	}{
		"relay":                {keep.CheckRelay(ctx, door{}, relay), ""},
		"relay refuses":        {keep.CheckRelay(ctx, door{errors.New("535 no")}, relay), "password"},
		"SPF":                  {keep.CheckSPF(ctx, dns, "example.org", relays), ""},
		"SPF missing":          {keep.CheckSPF(ctx, dns, "example.com", relays), `example.com. IN TXT "v=spf1 a:mail.example.org mx -all"`},
		"SPF open":             {keep.CheckSPF(ctx, dns, "open.example", relays), "-all"},
		"SPF twice":            {keep.CheckSPF(ctx, dns, "two.example", relays), "one line"},
		"SPF unasked":          {keep.CheckSPF(ctx, down, "example.org", relays), "DNS answers"},
		"DMARC":                {keep.CheckDMARC(ctx, dns, "example.org"), ""},
		"DMARC missing":        {keep.CheckDMARC(ctx, dns, "example.com"), `_dmarc.example.com. IN TXT "v=DMARC1;`},
		"DKIM":                 {keep.CheckKeys(ctx, dns, keys, "example.org", evening), ""},
		"DKIM not begun":       {keep.CheckKeys(ctx, dns, waiting, "example.org", evening), "keys rotate"},
		"DKIM missing":         {keep.CheckKeys(ctx, zone{}, keys, "example.org", evening), "._domainkey.example.org. IN TXT"},
		"DKIM old":             {keep.CheckKeys(ctx, dns, keys, "example.org", evening.Add(400*24*time.Hour)), "keys rotate"},
		"returns":              {keep.CheckReturns(ctx, dns, "bounces@example.org", "example.org"), ""},
		"returns nowhere":      {keep.CheckReturns(ctx, dns, "", "example.org"), "--returns"},
		"returns elsewhere":    {keep.CheckReturns(ctx, dns, "bounces@example.com", "example.org"), "example.org"},
		"returns without a MX": {keep.CheckReturns(ctx, dns, "bounces@b.example.org", "example.org"), "IN MX"},
		"PTR":                  {keep.CheckPTR(ctx, dns, relay), ""},
		"PTR missing":          {keep.CheckPTR(ctx, dns, bare), "192.0.2.2"},
	} {
		if tt.check.OK != (tt.do == "") || !strings.Contains(tt.check.Do, tt.do) || tt.check.Found == "" || strings.Contains(tt.check.Found, "secret") {
			t.Errorf("%s: %+v", name, tt.check)
		}
	}
}

// TestPagesChecks: a certificate that is believed and lasts, and a link that
// answers POST at once.
func TestPagesChecks(t *testing.T) {
	t.Parallel()
	site := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/", http.StatusSeeOther)
		}
		if r.Method != http.MethodPost || r.FormValue("List-Unsubscribe") != "One-Click" {
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
	}))
	t.Cleanup(site.Close)
	base, err := url.Parse(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := site.Client()
	o := client.Transport.(*http.Transport).TLSClientConfig
	if c := keep.CheckCertificate(t.Context(), base, o, time.Now()); !c.OK {
		t.Errorf("certificate: %+v", c)
	}
	if c := keep.CheckCertificate(t.Context(), base, nil, time.Now()); c.OK {
		t.Errorf("a certificate nobody knows: %+v", c)
	}
	if c := keep.CheckCertificate(t.Context(), base, o, site.Certificate().NotAfter.Add(-time.Hour)); c.OK || !strings.Contains(c.Do, "renew") {
		t.Errorf("a certificate about to end: %+v", c)
	}
	if c := keep.CheckOneClick(t.Context(), client, site.URL+"/unsubscribe/x"); !c.OK {
		t.Errorf("one-click: %+v", c)
	}
	if c := keep.CheckOneClick(t.Context(), client, site.URL+"/moved"); c.OK {
		t.Errorf("one-click by a redirect: %+v", c)
	}
	if c := keep.CheckOneClick(t.Context(), http.DefaultClient, site.URL+"/secret-token"); c.OK || strings.Contains(c.Found, "secret-token") {
		t.Errorf("one-click without trust: %+v", c)
	}
}
