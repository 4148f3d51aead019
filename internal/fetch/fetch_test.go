package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

func TestGetIsPlain(t *testing.T) {
	t.Parallel()
	var got http.Header
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("ETag", `W/"odd  tag"`)
		w.Header().Set("Last-Modified", "Sat, 21 Nov 2026 09:00:00 GMT")
		w.Header().Set("Cache-Control", "public, max-age=600")
		w.Header().Add("X-Two", "1")
		w.Header().Add("X-Two", "2")
		io.WriteString(w, "hello")
	})
	c := newClient(loopback, quick())
	for range 2 {
		resp, err := c.Get(t.Context(), Request{URL: at + "/feed#part", Accept: "application/rss+xml", Agent: "rightsdesk (+https://d.example)"})
		if err != nil {
			t.Fatal(err)
		}
		if string(resp.Body) != "hello" || resp.ETag != `W/"odd  tag"` || resp.LastModified != "Sat, 21 Nov 2026 09:00:00 GMT" ||
			resp.FreshFor != 10*time.Minute || resp.URL != at+"/feed" || resp.Header["x-two"] != "1, 2" || resp.Wire != 5 || resp.MovedTo != "" {
			t.Errorf("Get = %+v", resp)
		}
	}
	want := http.Header{"Accept": {"application/rss+xml"}, "Accept-Encoding": {"gzip, br, zstd"}, "User-Agent": {"rightsdesk (+https://d.example)"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the second request's headers (-want +got):\n%s", diff)
	}
}

func TestConditional(t *testing.T) {
	t.Parallel()
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"a b"` && r.Header.Get("If-Modified-Since") == "yesterday-ish" {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.WriteHeader(http.StatusTeapot)
	})
	c := newClient(loopback, quick())
	resp, err := c.Get(t.Context(), Request{URL: at, ETag: `"a b"`, LastModified: "yesterday-ish"})
	if err != nil || !resp.NotModified || resp.Body != nil || resp.RetryAfter != 2*time.Minute {
		t.Errorf("Get = %+v, %v; want a 304 that asks for two minutes", resp, err)
	}
}

// TestValidatorsStayAtHome: an ETag goes to the host that gave it and to no
// other, also over redirects.
func TestValidatorsStayAtHome(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]string{}
	note := func(name string, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[name] = r.Header.Get("If-None-Match") + r.Header.Get("Referer") + r.Header.Get("Cookie")
	}
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		note("other", r)
		io.WriteString(w, "x")
	})
	own := serve(t, func(w http.ResponseWriter, r *http.Request) {
		note("own", r)
		w.Header().Set("Set-Cookie", "a=b; Path=/")
		http.Redirect(w, r, other+"/there", http.StatusFound)
	})
	tests := []struct{ by, own, other string }{
		{"", "tag", ""},
		{own + "/x", "tag", ""},
		{other + "/x", "", "tag"},
		{"https://third.example/", "", ""},
	}
	for _, tt := range tests {
		c := newClient(loopback, quick())
		if _, err := c.Get(t.Context(), Request{URL: own, ETag: "tag", ValidatedBy: tt.by}); err != nil {
			t.Fatal(err)
		}
		if seen["own"] != tt.own || seen["other"] != tt.other {
			t.Errorf("validated by %q: own host got %q, the other %q; want %q, %q", tt.by, seen["own"], seen["other"], tt.own, tt.other)
		}
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var code int
		fmt.Sscanf(r.URL.Path, "/%d", &code)
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(code)
	})
	tests := []struct {
		code      int
		permanent bool
	}{{204, false}, {202, false}, {206, false}, {302, false}, {304, false}, {401, true}, {403, true}, {404, true}, {406, false}, {410, true}, {429, false}, {451, true}, {500, false}, {503, false}, {599, false}}
	for _, tt := range tests {
		c := newClient(loopback, quick())
		_, err := c.Get(t.Context(), Request{URL: fmt.Sprintf("%s/%d", at, tt.code)})
		var e *Error
		if !errors.As(err, &e) || e.Status != tt.code || e.Permanent != tt.permanent || e.RetryAfter != 7*time.Second {
			t.Errorf("status %d gives %+v; want permanent %v and 7 s", tt.code, err, tt.permanent)
		}
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	//lint:ignore S1021 the handler names the address it is served at
	var at string
	at = serve(t, func(w http.ResponseWriter, r *http.Request) {
		var n, code int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d/%d", &n, &code); err != nil || n == 0 {
			io.WriteString(w, "end")
			return
		}
		if n == 2 && code == 399 {
			code = 302
		} else if code == 399 {
			code = 301
		}
		http.Redirect(w, r, strings.Replace(r.URL.Path, fmt.Sprint("/", n), fmt.Sprint("/", n-1), 1), code)
	})
	tests := []struct {
		path, moved string
		fails       bool
	}{
		{"/1/301", "/0/301", false},
		{"/5/308", "/0/308", false},
		{"/6/301", "", true},
		{"/1/302", "", false},
		{"/1/303", "", false},
		{"/3/307", "", false},
		{"/3/399", "/2/399", false}, // 301, 302, 301: only the first is for good
	}
	for _, tt := range tests {
		c := newClient(loopback, quick())
		resp, err := c.Get(t.Context(), Request{URL: at + tt.path})
		if (err != nil) != tt.fails {
			t.Errorf("Get(%s): %v", tt.path, err)
			continue
		}
		if err == nil && (strings.TrimPrefix(resp.MovedTo, at) != tt.moved || string(resp.Body) != "end") {
			t.Errorf("Get(%s) moved to %q, want %q", tt.path, resp.MovedTo, tt.moved)
		}
	}
}

func TestNoStepDownFromTLS(t *testing.T) {
	t.Parallel()
	plain := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("asked in the clear") })
	srv := httptest.NewTLSServer(http.RedirectHandler(plain, http.StatusFound))
	t.Cleanup(srv.Close)
	o := loopback
	o.RootCAs = x509.NewCertPool()
	o.RootCAs.AddCert(srv.Certificate())
	_, err := newClient(o, quick()).Get(t.Context(), Request{URL: srv.URL})
	var e *Error
	if !errors.As(err, &e) || !e.Permanent || !strings.Contains(err.Error(), "https to http") {
		t.Errorf("https to http gives %v", err)
	}
	if _, err := newClient(loopback, quick()).Get(t.Context(), Request{URL: srv.URL}); err == nil {
		t.Error("an unknown certificate was trusted")
	}
}

// pack encodes body.
func pack(t *testing.T, how string, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch how {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "br":
		w = brotli.NewWriter(&b)
	case "zstd":
		zw, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w = zw
	default:
		return body
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sender serves one body under one Content-Encoding.
func sender(t *testing.T, encoding string, body []byte) string {
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if encoding != "" {
			w.Header().Set("Content-Encoding", encoding)
		}
		w.Write(body)
	})
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	text := bytes.Repeat([]byte("news from all over "), 1000)
	zipped := pack(t, "gzip", text)
	tests := []struct {
		name, encoding string
		body           []byte
		want           error // nil: the text
	}{
		{"plain", "", text, nil},
		{"identity", "identity", text, nil},
		{"gzip", "gzip", zipped, nil},
		{"x-gzip", "X-GZIP", zipped, nil},
		{"gzip nobody declared", "", zipped, nil},
		{"text declared as gzip", "gzip", text, nil},
		{"gzip with padding behind", "gzip", append(bytes.Clone(zipped), make([]byte, 100)...), nil},
		{"two gzip members", "gzip", append(pack(t, "gzip", text[:500]), pack(t, "gzip", text[500:])...), nil},
		{"brotli", "br", pack(t, "br", text), nil},
		{"zstd", "zstd", pack(t, "zstd", text), nil},
		{"deflate, unasked", "deflate", text, errEncoding},
		{"twice", "gzip, gzip", pack(t, "gzip", zipped), errEncoding},
		{"gzip cut short", "gzip", zipped[:len(zipped)-20], errCut},
		{"zstd cut short", "zstd", pack(t, "zstd", text)[:20], errCut},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp, err := newClient(loopback, quick()).Get(t.Context(), Request{URL: sender(t, tt.encoding, tt.body)})
			if !errors.Is(err, tt.want) {
				t.Fatalf("Get: %v, want %v", err, tt.want)
			}
			if err == nil && !bytes.Equal(resp.Body, text) {
				t.Errorf("the body has %d bytes, want %d", len(resp.Body), len(text))
			}
		})
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	zeros := make([]byte, 30<<20)
	noise := make([]byte, 26<<20)
	for i := range noise { // no compressor gets far with this
		noise[i] = byte(i*i>>7 ^ i*2654435761>>11)
	}
	tests := []struct {
		name, encoding string
		body           []byte
		most           int64
		want           error
	}{
		{"gzip bomb", "gzip", pack(t, "gzip", zeros), 0, errBomb},
		{"gzip bomb nobody declared", "", pack(t, "gzip", zeros), 0, errBomb},
		{"brotli bomb", "br", pack(t, "br", zeros), 0, errBomb},
		{"zstd bomb", "zstd", pack(t, "zstd", zeros), 0, errBomb},
		{"too large as sent", "", noise, 0, errTooLarge},
		{"too large for this page", "", noise[:5<<20], 4 << 20, errTooLarge},
		{"large enough", "", noise[:24<<20], 0, nil},
		{"small and dense", "gzip", pack(t, "gzip", zeros[:1<<20]), 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(loopback, quick()).Get(t.Context(), Request{URL: sender(t, tt.encoding, tt.body), MaxBytes: tt.most})
			if !errors.Is(err, tt.want) {
				t.Errorf("Get: %v, want %v", err, tt.want)
			}
		})
	}
}

// TestStallers: nobody can hold us longer than the limits say, wherever they
// stall. The limits are shortened; that each ends by itself is the test.
func TestStallers(t *testing.T) {
	t.Parallel()
	short := quick()
	short.firstByte, short.tls = 100*time.Millisecond, 100*time.Millisecond
	short.slowWindow, short.slowBytes = 150*time.Millisecond, 1<<10
	short.whole = 3 * time.Second
	drip := func(c net.Conn, s string, every time.Duration) {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for range tick.C {
			if _, err := io.WriteString(c, s); err != nil {
				return
			}
		}
	}
	tests := []struct {
		name, scheme string
		answer       func(net.Conn)
		want         string
	}{
		{"silent", "http", func(net.Conn) {}, "no answer in time"},
		{"silent in the handshake", "https", func(net.Conn) {}, "handshake timeout"},
		{"headers drop by drop", "http", func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nX: "); drip(c, "a", 10*time.Millisecond) }, "no answer in time"},
		{"interim answers without end", "http", func(c net.Conn) { drip(c, "HTTP/1.1 103 Early Hints\r\n\r\n", 10*time.Millisecond) }, "no answer in time"},
		{"huge headers", "http", func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\n"+strings.Repeat("X: "+strings.Repeat("a", 1000)+"\r\n", 70)+"\r\nbody")
		}, "64 KiB"},
		{"body drop by drop", "http", func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
			drip(c, "a", 10*time.Millisecond)
		}, errSlow.Error()},
		{"body stops", "http", func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc")
		}, errSlow.Error()},
		{"body without end", "http", func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
			drip(c, strings.Repeat("a", 1<<10), 10*time.Millisecond)
		}, errTooLong.Error()},
		{"body shorter than it says", "http", func(c net.Conn) {
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
			c.Close()
		}, errCut.Error()},
		{"not HTTP", "http", func(c net.Conn) { io.WriteString(c, "220 mail.example ESMTP\r\n") }, "malformed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at := raw(t, tt.answer)
			_, err := newClient(loopback, short).Get(t.Context(), Request{URL: tt.scheme + "://" + at + "/"})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Get: %v; want …%s…", err, tt.want)
			}
		})
	}
}

// raw is a server that reads one request and then does as answer says.
func raw(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				if _, err := c.Read(make([]byte, 4096)); err != nil {
					return
				}
				all.Go(func() { answer(c) })
				io.Copy(io.Discard, c) // until the client hangs up
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
	return l.Addr().String()
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	at := raw(t, func(net.Conn) {})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newClient(loopback, quick()).Get(ctx, Request{URL: "http://" + at}); !errors.Is(err, context.Canceled) {
		t.Errorf("Get on a cancelled context: %v", err)
	}
}

// TestPace: one request at a time to a host, a second between; other hosts do
// not wait.
func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(time.Second)
		start := time.Now()
		var mu sync.Mutex
		var begun []time.Duration
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				leave, err := p.enter(t.Context(), "a.example")
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				begun = append(begun, time.Since(start))
				mu.Unlock()
				time.Sleep(300 * time.Millisecond)
				leave()
			})
		}
		leave, err := p.enter(t.Context(), "b.example")
		if err != nil || time.Since(start) != 0 {
			t.Errorf("another host waits %v, %v", time.Since(start), err)
		}
		leave()
		all.Wait()
		want := []time.Duration{0, 1300 * time.Millisecond, 2600 * time.Millisecond, 3900 * time.Millisecond}
		if diff := cmp.Diff(want, begun); diff != "" {
			t.Errorf("requests begin at (-want +got):\n%s", diff)
		}
		p.mu.Lock()
		time.Sleep(2 * time.Second)
		p.sweep()
		if len(p.lanes) != 0 {
			t.Errorf("%d hosts are remembered for nothing", len(p.lanes))
		}
		p.mu.Unlock()
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		in   string
		want time.Duration
	}{
		{"", 0}, {"0", 0}, {"120", 2 * time.Minute}, {" 5 ", 5 * time.Second}, {"-5", 0}, {"soon", 0}, {"1.5", 0},
		{"99999999999999999999999", MaxWait}, {"86401", MaxWait},
		{"Sat, 21 Nov 2026 12:10:00 GMT", 10 * time.Minute}, {"Sat, 21 Nov 2026 11:00:00 GMT", 0},
		{"Saturday, 21-Nov-26 12:10:00 GMT", 10 * time.Minute}, {"Sat, 21 Nov 2099 12:00:00 GMT", MaxWait},
	}
	for _, tt := range tests {
		if got := retryAfter(tt.in, now); got != tt.want {
			t.Errorf("retryAfter(%q) = %v, want %v", tt.in, got, tt.want)
		}
	}
}

func TestFreshFor(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		in   string // header lines
		want time.Duration
	}{
		{"", 0},
		{"Cache-Control: max-age=300", 5 * time.Minute},
		{"Cache-Control: Public, MAX-AGE=\"300\"", 5 * time.Minute},
		{"Cache-Control: max-age=300|Age: 60", 4 * time.Minute},
		{"Cache-Control: max-age=300|Age: 600", 0},
		{"Cache-Control: no-cache, max-age=300", 0},
		{"Cache-Control: max-age=99999999999999", MaxWait},
		{"Cache-Control: max-age=x", 0},
		{"Cache-Control: max-age=0|Expires: Sat, 21 Nov 2026 13:00:00 GMT", 0},
		{"Expires: Sat, 21 Nov 2026 13:00:00 GMT", time.Hour},
		{"Expires: Sat, 21 Nov 2026 13:00:00 GMT|Date: Sat, 21 Nov 2026 12:30:00 GMT", 30 * time.Minute},
		{"Expires: 0", 0}, {"Expires: Thu, 19 Nov 1981 08:52:00 GMT", 0},
	}
	for _, tt := range tests {
		h := http.Header{}
		for line := range strings.SplitSeq(tt.in, "|") {
			if name, v, ok := strings.Cut(line, ": "); ok {
				h.Set(name, v)
			}
		}
		if got := freshFor(h, now); got != tt.want {
			t.Errorf("freshFor(%q) = %v, want %v", tt.in, got, tt.want)
		}
	}
}
