package compose_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/gopenpgp/v3/crypto"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/compose"
)

var frozen = time.Date(2026, 11, 23, 6, 0, 4, 0, time.UTC)

// keys makes a secret key, which ends a year after the freeze, and what its
// owner would upload.
func keys(t testing.TB) (secret *crypto.Key, public []byte) {
	t.Helper()
	secret, err := crypto.PGP().KeyGeneration().AddUserId("", "reader@mail.example").GenerationTime(frozen.AddDate(0, -1, 0).Unix()).
		Lifetime(365 * 24 * 3600).New().GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	armored, err := secret.GetArmoredPublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return secret, []byte(armored)
}

func unseal(t *testing.T, msg []byte, secret *crypto.Key) []byte {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(msg))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/encrypted" || params["protocol"] != "application/pgp-encrypted" {
		t.Fatalf("Content-Type %q %v, %v", kind, params, err)
	}
	mr := multipart.NewReader(m.Body, params["boundary"])
	var bodies [][]byte
	for {
		p, err := mr.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, b)
	}
	if len(bodies) != 2 || string(bodies[0]) != "Version: 1\r\n" {
		t.Fatalf("parts %q", bodies)
	}
	dec, err := crypto.PGP().Decryption().DecryptionKey(secret).New()
	if err != nil {
		t.Fatal(err)
	}
	got, err := dec.Decrypt(bodies[1], crypto.Armor)
	if err != nil {
		t.Fatal(err)
	}
	return got.Bytes()
}

// TestSealed: what a reader's key opens is the whole message with its true
// header; outside stand neither its subject nor a word of it.
func TestSealed(t *testing.T) {
	t.Parallel()
	secret, public := keys(t)
	k, err := compose.ReadKey(public, frozen)
	if err != nil {
		t.Fatal(err)
	}
	r := render(t, sample())
	for _, lang := range audience.Languages() {
		c := copyFor(t, "reader@mail.example")
		v := audience.Variant{Language: lang, Format: audience.FormatHTML, Stories: all}
		sealed, err := r.Seal(v, c, k, frozen)
		if err != nil {
			t.Fatal(err)
		}
		msg := r.AppendSealed(nil, lang, c, sealed)
		if bytes.Contains(sealed, []byte("reader")) || !bytes.Equal(msg, r.AppendSealed(nil, lang, c, sealed)) {
			t.Errorf("%s: what is kept names its reader, or other bytes were sent the second time", lang)
		}
		inside := unseal(t, msg, secret)
		golden(t, lang+"-sealed-inside.eml", inside)
		checkMessage(t, inside)
		outer, err := mail.ReadMessage(bytes.NewReader(msg))
		if err != nil {
			t.Fatal(err)
		}
		plain, hidden := readStd(t, r.Append(nil, v, c)), readStd(t, inside)
		if outer.Header.Get("Subject") != "[...]" || hidden.Subject != plain.Subject || hidden.Bodies[1] != plain.Bodies[1] {
			t.Errorf("%s: outer subject %q, inner %q, clear %q", lang, outer.Header.Get("Subject"), hidden.Subject, plain.Subject)
		}
		for _, word := range []string{"Sudan", "nurses", "prison", "Content-Language"} {
			if bytes.Contains(msg, []byte(word)) {
				t.Errorf("%s: %q stands outside", lang, word)
			}
		}
		for name, want := range map[string]string{"Subject": "[...]", "To": "<reader@mail.example>", "Date": outer.Header.Get("Date")} {
			if !bytes.Contains(inside, []byte("\r\nHP-Outer: "+name+": "+want+"\r\n")) {
				t.Errorf("%s: no HP-Outer for %s", lang, name)
			}
		}
		if !bytes.Contains(inside, []byte(`hp="cipher"`)) {
			t.Errorf("%s: the inner part does not say hp=cipher", lang)
		}
	}
}

// TestBadKeys: no clear text goes to a reader whose key does not work, and they
// learn what is wrong with it.
func TestBadKeys(t *testing.T) {
	t.Parallel()
	secret, public := keys(t)
	private, err := secret.Armor()
	if err != nil {
		t.Fatal(err)
	}
	_, other := keys(t)
	for name, tt := range map[string]struct {
		key  []byte
		now  time.Time
		want compose.KeyFault
	}{
		"empty":       {nil, frozen, compose.KeyUnreadable},
		"no key":      {[]byte("hello"), frozen, compose.KeyUnreadable},
		"cut":         {public[:len(public)/2], frozen, compose.KeyUnreadable},
		"secret":      {[]byte(private), frozen, compose.KeySecret},
		"huge":        {make([]byte, compose.MaxKeyBytes+1), frozen, compose.KeyTooLarge},
		"expired":     {public, frozen.AddDate(2, 0, 0), compose.KeyExpired},
		"signs only":  {signing(t, secret), frozen, compose.KeySignsOnly},
		"two of them": {append(kept(t, public), kept(t, other)...), frozen, compose.KeyUnreadable},
	} {
		if _, err := compose.ReadKey(tt.key, tt.now); !errors.Is(err, compose.ErrKey) || !errors.Is(err, tt.want) {
			t.Errorf("%s: ReadKey = %v, want %v", name, err, tt.want)
		}
	}
	k, err := compose.ReadKey(public, frozen)
	if err != nil {
		t.Fatal(err)
	}
	if end := k.Expires(frozen); !end.Equal(frozen.AddDate(0, -1, 365)) || len(k.Fingerprint()) != 49 {
		t.Errorf("the key %q expires at %v", k.Fingerprint(), end)
	}
	r := render(t, sample())
	v, c := audience.Variant{Language: "en", Format: audience.FormatHTML, Stories: all}, copyFor(t, "reader@mail.example")
	for _, bad := range []*compose.Key{nil, k} {
		sealed, err := r.Seal(v, c, bad, frozen.AddDate(2, 0, 0))
		if !errors.Is(err, compose.ErrKey) || sealed != nil {
			t.Errorf("Seal = %d bytes, %v", len(sealed), err)
		}
	}
}

// kept is a key as it is kept.
func kept(t *testing.T, armored []byte) []byte {
	t.Helper()
	k, err := compose.ReadKey(armored, frozen)
	if err != nil {
		t.Fatal(err)
	}
	b, err := k.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := compose.ReadKey(b, frozen); err != nil || again.Fingerprint() != k.Fingerprint() {
		t.Fatalf("a key that was kept: %v", err)
	}
	return b
}

// signing is the public half of a key without what can be encrypted to.
func signing(t *testing.T, secret *crypto.Key) []byte {
	t.Helper()
	k, err := secret.ToPublic()
	if err != nil {
		t.Fatal(err)
	}
	k.GetEntity().Subkeys = nil
	b, err := k.Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestNotice: where to read the issue, and nothing of what is in it.
func TestNotice(t *testing.T) {
	t.Parallel()
	r := render(t, sample())
	for _, lang := range audience.Languages() {
		c := copyFor(t, "reader@mail.example")
		msg := r.AppendNotice(nil, lang, c)
		golden(t, lang+"-notice.eml", msg)
		checkMessage(t, msg)
		body := readStd(t, msg).Bodies[0]
		for _, want := range []string{"/issues/2026-48", c.Unsubscribe, c.Preferences} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: %q is missing", lang, want)
			}
		}
		for _, word := range []string{"nurses", "Sudan", "infirmières", "Doctors"} {
			if bytes.Contains(msg, []byte(word)) || strings.Contains(body, word) {
				t.Errorf("%s: says %q", lang, word)
			}
		}
	}
}

// TestDiscreet: nothing outside the body tells what the mail is.
func TestDiscreet(t *testing.T) {
	t.Parallel()
	in := sample()
	in.House.Neutral = &compose.House{
		Name: "Weekly update", BaseURL: "https://post.example", From: "Weekly update <post@post.example>", ListDomain: "list.post.example",
	}
	r := render(t, in)
	loaded, err := compose.Load(r.Parts())
	if err != nil {
		t.Fatal(err)
	}
	c := copyFor(t, "reader@mail.example")
	c.Discreet = true
	c.MessageID = "2026-48.x@post.example"
	c.Unsubscribe, c.Preferences = "https://post.example/unsubscribe/x", "https://post.example/preferences/x"
	c.UnsubscribeMail = ""
	for _, lang := range audience.Languages() {
		v := audience.Variant{Language: lang, Format: audience.FormatHTML, Stories: all}
		msg := r.Append(nil, v, c)
		golden(t, lang+"-discreet.eml", msg)
		checkMessage(t, msg)
		if !bytes.Equal(msg, loaded.Append(nil, v, c)) {
			t.Errorf("%s: other bytes after loading", lang)
		}
		if shown, _, _ := strings.Cut(readStd(t, msg).Bodies[1], `<div role="article"`); strings.Contains(shown[strings.Index(shown, "<body"):], "nurses") {
			t.Errorf("%s: a list of mails shows a headline of a discreet one:\n%s", lang, shown)
		}
		header, _, _ := strings.Cut(string(msg), "\r\n\r\n")
		outside := strings.ToLower(header + readStd(t, msg).Subject)
		for _, word := range []string{"ifhhro", "digest.example", "weekly.example", "rights", "health", "doctor", "sudan", "santé", "salud"} {
			if strings.Contains(outside, word) {
				t.Errorf("%s: %q stands outside the body:\n%s", lang, word, header)
			}
		}
	}
	in.House.Neutral.From = "no address"
	if _, err := compose.Render(in); err == nil {
		t.Error("a neutral sender without an address is taken")
	}
}
