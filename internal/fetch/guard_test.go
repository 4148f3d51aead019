package fetch

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestGuardKnowsEveryNetwork(t *testing.T) {
	t.Parallel()
	var g guard
	for _, p := range special {
		last := p.Addr().AsSlice()
		for bit := p.Bits(); bit < len(last)*8; bit++ {
			last[bit/8] |= 0x80 >> (bit % 8)
		}
		end, _ := netip.AddrFromSlice(last)
		for _, a := range []netip.Addr{p.Addr(), end} {
			if g.check(a) == nil {
				t.Errorf("check(%v) of %v = nil, want ErrRefused", a, p)
			}
		}
	}
	for _, s := range []string{"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
		"169.253.255.255", "172.15.255.255", "172.32.0.0", "192.167.255.255", "198.17.255.255", "198.20.0.0", "223.255.255.255",
		"2001:200::1", "2606:4700::1", "2a00::1", "2003::1"} {
		if err := g.check(netip.MustParseAddr(s)); err != nil {
			t.Errorf("check(%s) = %v, want nil", s, err)
		}
	}
}

// refusedURLs is every way we know to write an address that must not be asked.
var refusedURLs = []string{
	"http://127.0.0.1/", "http://127.1/", "http://127.0.1/", "http://0/", "http://0.0.0.0:8080/",
	"http://2130706433/", "http://017700000001/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.0.0.0x1/",
	"http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data/", "http://100.64.0.1/",
	"http://[::1]/", "http://[::]/", "http://[::127.0.0.1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/",
	"http://[::ffff:8.8.8.8]/", "http://[64:ff9b::7f00:1]/", "http://[64:ff9b::8.8.8.8]/", "http://[64:ff9b:1::1]/", "http://[2002:7f00:1::]/",
	"http://[2001:0:53aa:64c::1]/", "http://[fe80::1]/", "http://[fe80::1%25lo]/", "http://[2606:4700::1%25eth0]/", "http://[fc00::1]/",
	"http://[fec0::1]/", "http://[ff02::1]/", "http://[100::1]/", "http://[4000::1]/", "http://[3fff::1]/", "http://[5f00::1]/",
	"http://user@host.example/", "http://user:secret@host.example/", "http://host.example:22/", "http://host.example:25/",
	"http://host.example:6379/", "http://host.example:0/", "http://host.example:65536/", "http://host.example:5432/",
	"ftp://host.example/", "file:///etc/passwd", "gopher://host.example/", "unix:///run/x.sock", "javascript:alert(1)", "//host.example/", "/etc/passwd",
	"", "http://", "http:///path", "http:host.example", "http://host.example\n.evil.example/", "http://127.0.0.1./", "http://127.0.0.1%2f@host.example/",
}

// TestRefusalsAreAlike: one message and one time, whatever the reason, and no
// packet sent: the bubble would not let one out.
func TestRefusalsAreAlike(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{})
		for _, raw := range refusedURLs {
			start := time.Now()
			_, err := c.Get(t.Context(), Request{URL: raw})
			var e *Error
			if !errors.As(err, &e) || e.Err != ErrRefused || !e.Permanent || e.Status != 0 {
				t.Errorf("Get(%q) = %v, want plainly refused", raw, err)
				continue
			}
			if took := time.Since(start); took != usualLimits.refusal {
				t.Errorf("Get(%q) is refused after %v, want %v", raw, took, usualLimits.refusal)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error gives a password away: %v", err)
			}
		}
	})
}

func TestWideDigitsAreDigits(t *testing.T) {
	t.Parallel()
	c := newClient(Options{}, quick())
	for _, raw := range []string{"http://１２７.０.０.１/", "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/"} {
		if _, err := c.Get(t.Context(), Request{URL: raw}); !errors.Is(err, ErrRefused) {
			t.Errorf("Get(%q) = %v, want refused", raw, err)
		}
	}
}

// quick are limits for tests on loopback: nothing to wait for.
func quick() limits {
	l := usualLimits
	l.gap, l.refusal = 0, 0
	return l
}

// loopback lets a client ask 127.0.0.1, and nothing else.
var loopback = Options{Agent: "test", Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}

// serve starts a server on 127.0.0.1 and returns its address.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

// secret starts a server on 127.0.0.2, which no test client may ask, and
// counts who comes.
func secret(t *testing.T) (port string, hits *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skipf("left out: no second loopback address here: %v", err)
	}
	hits = new(atomic.Int64)
	srv := &http.Server{
		Handler:   http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }),
		ConnState: func(_ net.Conn, s http.ConnState) { hits.Add(1) },
	}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port, hits
}

func TestRedirectInward(t *testing.T) {
	t.Parallel()
	port, hits := secret(t)
	for _, to := range []string{"http://127.0.0.2:" + port + "/", "//127.0.0.2:" + port + "/", "http://[::1]:" + port + "/", "file:///etc/passwd",
		"http://me@127.0.0.1:" + port + "/", "http://2130706434:" + port + "/", "http://127.0.0.1:22/"} {
		at := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusFound)
		})
		c := newClient(loopback, quick())
		if _, err := c.Get(t.Context(), Request{URL: at}); !errors.Is(err, ErrRefused) {
			t.Errorf("a redirect to %q gives %v, want refused", to, err)
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("the private server was reached %d times", n)
	}
}

// TestRebinding: a name that means a public address first and ours the next
// time is stopped at the dial, because what is checked there is what is
// dialled.
func TestRebinding(t *testing.T) {
	t.Parallel()
	port, hits := secret(t)
	asked := new(atomic.Int64)
	resolver := nameServer(t, func(string) netip.Addr {
		if asked.Add(1) == 1 {
			return netip.MustParseAddr("127.0.0.1")
		}
		return netip.MustParseAddr("127.0.0.2")
	})
	first := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		w.Header().Set("Location", "http://rebind.example:"+port+"/")
		w.WriteHeader(http.StatusFound)
	})
	o := loopback
	o.Resolver = resolver
	c := newClient(o, quick())
	_, err := c.Get(t.Context(), Request{URL: strings.Replace(first, "127.0.0.1", "rebind.example", 1)})
	if !errors.Is(err, ErrRefused) {
		t.Errorf("a rebound name gives %v, want refused", err)
	}
	if asked.Load() < 2 || hits.Load() != 0 {
		t.Errorf("name asked %d times, private server reached %d times; want 2 or more, 0", asked.Load(), hits.Load())
	}
}

// nameServer is a DNS server that answers every A question with answer(name).
func nameServer(t *testing.T, answer func(string) netip.Addr) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			m.Response, m.Authoritative, m.Additionals = true, true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
					Body: &dnsmessage.AResource{A: answer(q.Name.String()).As4()}}}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(out, from)
			}
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-done
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func TestNoProxy(t *testing.T) {
	t.Parallel()
	if New(Options{}).transport.Proxy != nil {
		t.Error("a proxy of the environment would be asked instead of the address that was checked")
	}
}
