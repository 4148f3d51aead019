package smtpout

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

// A signing is a signer with the DNS records of its keys.
type signing struct {
	*Signer
	rsa *rsa.PrivateKey
	ed  ed25519.PrivateKey
	dns map[string]string
}

func newSigning(t testing.TB) *signing {
	t.Helper()
	rsaKey, err := rsa.GenerateKey(rand.Reader, MinRSABits)
	if err != nil {
		t.Fatal(err)
	}
	public, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSigner("example.org", SigningKey{"r1", rsaKey}, SigningKey{"e1", edKey})
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return &signing{s, rsaKey, edKey, map[string]string{
		"r1._domainkey.example.org": "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der),
		"e1._domainkey.example.org": "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public),
	}}
}

var signedAt = time.Date(2024, 11, 18, 6, 0, 0, 0, time.UTC)

func (s *signing) signed(t testing.TB, message []byte) []byte {
	t.Helper()
	b, err := s.Append(nil, signedAt, func(dst []byte) ([]byte, error) { return append(dst, message...), nil })
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// verify asks the library which signatures hold.
func (s *signing) verify(t testing.TB, message []byte) (held int) {
	t.Helper()
	list, err := dkim.VerifyWithOptions(bytes.NewReader(message), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		return []string{s.dns[name]}, nil
	}})
	if err != nil {
		return 0
	}
	for _, v := range list {
		if v.Err == nil && v.Domain == "example.org" {
			held++
		}
	}
	return held
}

// composed are the mails that compose's goldens hold: every language and form.
func composed(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{
		"blanks": []byte("From: a@example.org\r\nSubject:  many \t blanks \r\n\tfolded\r\nX: y\r\n\r\n a  b\t\tc \t\r\n\t\r\nd\t\r\n \r\n\r\n \r\n"),
		"empty":  []byte("From: a@example.org\r\n\r\n"),
		"blank":  []byte("From: a@example.org\r\n\r\n \t\r\n\r\n"),
		"open":   []byte("From: a@example.org\r\n\r\nno line end"),
		"twice":  []byte("From: a@example.org\r\nComments: one\r\nList-Id: <one>\r\nList-Id: <two>\r\n\r\nx\r\n"),
	}
	files, err := filepath.Glob("../compose/testdata/*-*.eml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b = bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
		if bytes.HasPrefix(b, []byte("From:")) {
			out[filepath.Base(f)] = b
		}
	}
	for _, lang := range []string{"en", "fr", "es", "ru", "ar", "zh", "nl"} {
		if out[lang+"-html.eml"] == nil {
			t.Fatalf("no mail in %s among %d", lang, len(out))
		}
	}
	return out
}

// TestSigned: both signatures of every mail hold, in lines of usual length, and
// the same again is the same bytes.
func TestSigned(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	for name, message := range composed(t) {
		b := s.signed(t, message)
		if n := s.verify(t, b); n != 2 {
			t.Errorf("%s: %d signatures hold", name, n)
		}
		if !bytes.Equal(b, s.signed(t, message)) || !bytes.HasSuffix(b, message) {
			t.Errorf("%s: signed again it differs", name)
		}
		for line := range bytes.Lines(b[:s.room]) {
			if len(line) > 78+2 || !bytes.HasSuffix(line, []byte("\r\n")) {
				t.Errorf("%s: line %q", name, line)
			}
		}
	}
}

// TestSignedSecondVerifier: what the first verifier believes, a second one,
// written by others in another language, believes too.
func TestSignedSecondVerifier(t *testing.T) {
	t.Parallel()
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import dkim, nacl").Run() != nil {
		t.Skip("left out: the second DKIM verifier (python3-dkim and python3-nacl are missing)")
	}
	s := newSigning(t)
	job := struct {
		Keys     map[string]string `json:"keys"`
		Messages map[string][]byte `json:"messages"`
	}{s.dns, map[string][]byte{}}
	want := map[string]string{}
	for name, message := range composed(t) {
		b := s.signed(t, message)
		job.Messages[name], want[name] = b, "1 1"
		damaged := bytes.Clone(b)
		damaged[len(b)-len(message)+len("From: ")] ^= 1
		job.Messages["damaged-"+name], want["damaged-"+name] = damaged, "0 0"
	}
	in, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "testdata/verify.py")
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		var ee *exec.ExitError
		if errors.As(err, &ee) {
			t.Fatalf("%v\n%s", err, ee.Stderr)
		}
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(out)) {
		name, held, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n++; held != want[name] {
			t.Errorf("%s: %s, want %s", name, held, want[name])
		}
	}
	if n != len(want) {
		t.Errorf("%d of %d answered", n, len(want))
	}
}

// TestSignedFlipped: one bit changed anywhere that counts, and neither
// signature holds; in a signature, that one.
func TestSignedFlipped(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	message := composed(t)["ar-lite.eml"]
	b := s.signed(t, message)
	held := func(at int) int {
		damaged := bytes.Clone(b)
		damaged[at] ^= 1
		return s.verify(t, damaged)
	}
	end := bytes.Index(message, []byte("\r\n\r\n"))
	for at := 0; at < len(message); at += 1 + at/100 {
		if isBlankChange(message, at) || at < end && !underSignature(message, at) {
			continue
		}
		if n := held(s.room + at); n != 0 {
			t.Errorf("octet %d (%q): %d signatures hold", at, message[max(0, at-10):at+1], n)
		}
	}
	for at := 0; at < s.room; at += 7 {
		if isBlankChange(b, at) {
			continue
		}
		if n := held(at); n > 1 {
			t.Errorf("octet %d of the signatures (%q): both hold", at, b[max(0, at-10):at+1])
		}
	}
}

// isBlankChange reports whether flipping an octet can leave the canonical form
// as it was: a blank turned into another, a line end, or a field no more.
func isBlankChange(b []byte, at int) bool {
	return strings.IndexByte(" \t\r\n!", b[at]) >= 0 || b[at]^1 == '\n' || b[at]^1 == '\r'
}

// underSignature reports whether an octet of the header stands in a field that
// is signed.
func underSignature(b []byte, at int) bool {
	for _, f := range splitFields(nil, b[:bytes.Index(b, []byte("\r\n\r\n"))+2]) {
		if at >= f.at && at < f.end {
			name := strings.ToLower(string(b[f.at:f.colon]))
			for _, s := range signedFields {
				if s == name {
					return true
				}
			}
		}
	}
	return false
}

// TestOversigned: nobody can add a second From, Subject or Date, nor a List
// field that was not there.
func TestOversigned(t *testing.T) {
	t.Parallel()
	s := newSigning(t)
	b := s.signed(t, composed(t)["confirm-en.eml"])
	for _, field := range []string{"From: x@example.com", "Subject: x", "Date: Mon, 01 Jan 2024 00:00:00 +0000", "List-Unsubscribe: <https://example.com>", "Reply-To: x@example.com"} {
		if n := s.verify(t, append([]byte(field+"\r\n"), b...)); n != 0 {
			t.Errorf("with another %s %d signatures hold", field, n)
		}
	}
	if n := s.verify(t, append([]byte("Received: by example.com\r\n"), b...)); n != 2 {
		t.Errorf("with a Received line %d signatures hold", n)
	}
}

// TestNewSignerRefuses: keys that receivers would not believe, and none.
func TestNewSignerRefuses(t *testing.T) {
	t.Parallel()
	short := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}}
	if s, err := NewSigner("example.org", SigningKey{"r1", short}); err == nil {
		t.Errorf("an RSA key of 1024 bits is taken: %v", s)
	}
	if s, err := NewSigner("example.org"); err == nil {
		t.Errorf("no key is taken: %v", s)
	}
}

func BenchmarkSigned(b *testing.B) {
	s := newSigning(b)
	message := composed(b)["en-html.eml"]
	for len(message) < 30<<10 {
		message = append(message, "It was the best of times,  it was the worst of times. =20\r\n"...)
	}
	b.Run("limit", func(b *testing.B) { // nothing but the three primitives
		for b.Loop() {
			sum := sha256.Sum256(message)
			if _, err := rsa.SignPKCS1v15(nil, s.rsa, crypto.SHA256, sum[:]); err != nil {
				b.Fatal(err)
			}
			ed25519.Sign(s.ed, sum[:])
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
	})
	b.Run("signed", func(b *testing.B) {
		var buf []byte
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if buf, err = s.Append(buf[:0], signedAt, func(dst []byte) ([]byte, error) { return append(dst, message...), nil }); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
	})
}
