package main

import (
	"bytes"
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/gopenpgp/v3/crypto"
	"github.com/ifhhro/rightsdesk/internal/smtpout/smtptest"
)

// aKey makes a key that works from a month ago for so many days.
func aKey(t *testing.T, days int) (secret *crypto.Key, public string) {
	t.Helper()
	secret, err := crypto.PGP().KeyGeneration().AddUserId("", "pia@reader.example").GenerationTime(time.Now().AddDate(0, -1, 0).Unix()).
		Lifetime(int32(days * 24 * 3600)).New().GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	b, err := secret.GetPublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return secret, base64.StdEncoding.EncodeToString(b)
}

// TestCovers goes from a feed to the mails of readers who do not want to be
// seen reading it: one discreet, one encrypted, one whose key has expired.
func TestCovers(t *testing.T) {
	t.Parallel()
	var p publisher
	p.publish(1, "Nurses arrested after treating the wounded", "Three nurses were arrested on Sunday after they treated wounded protesters.")
	feed := httptest.NewServer(&p)
	t.Cleanup(feed.Close)
	smtp := smtptest.New(t, nil)
	d := newDesk(t, "", feed.URL+"/rss", "--relay", smtp.URL(), "--returns", "bounces@weekly.example", "--discreet-from", "Weekly update <post@post.example>", "--discreet-base-url", "https://post.example")
	secret, works := aKey(t, 400)
	_, expired := aKey(t, 10)
	d.readers("email,discreet,openpgp\ndora@reader.example,yes,\npia@reader.example,," + works + "\nold@reader.example,," + expired + "\n")
	shown := d.data(0, "readers", "show", "pia@reader.example")
	if !strings.Contains(shown, `"encrypted": "yes, until `) || strings.Contains(shown, works[:20]) {
		t.Errorf("readers show:\n%s", shown)
	}
	d.serve()
	ids := d.queued("Nurses arrested after treating the wounded")
	d.data(0, "queue", "approve", ids[0], "--as", "ada")
	d.send(3)

	mails := map[string]smtptest.Taken{}
	for _, m := range smtp.Taken() {
		mails[m.To] = m
	}
	header := func(m smtptest.Taken) string { h, _, _ := bytes.Cut(m.Data, []byte("\r\n\r\n")); return string(h) }
	discreet := mails["dora@reader.example"]
	outside := discreet.From + "\n" + header(discreet)
	for _, word := range []string{"weekly.example", "IFHHRO", "localhost", "Nurses", "ights"} {
		if strings.Contains(outside, word) {
			t.Errorf("outside a discreet mail stands %q:\n%s", word, outside)
		}
	}
	if !strings.Contains(outside, "<https://post.example/unsubscribe/") || !strings.Contains(string(discreet.Data), "Nurses") || !strings.HasPrefix(discreet.From, "post+r") || !strings.HasSuffix(discreet.From, "@post.example") || !strings.Contains(outside, "<mailto:post+u") {
		t.Errorf("a discreet mail, from %s:\n%s", discreet.From, discreet.Data)
	}
	sealed := mails["pia@reader.example"]
	if strings.Contains(string(sealed.Data), "Nurses") || !strings.Contains(header(sealed), "Subject: [...]") {
		t.Errorf("an encrypted mail:\n%s", sealed.Data)
	}
	inside := opened(t, sealed.Data, secret)
	if !strings.Contains(inside, "Nurses arrested") || !strings.Contains(inside, "\r\nTo: <pia@reader.example>\r\n") {
		t.Errorf("inside it:\n%s", inside)
	}
	notice := string(mails["old@reader.example"].Data)
	if strings.Contains(notice, "Nurses") || !strings.Contains(notice, "A new issue is on the web") {
		t.Errorf("to a reader whose key has expired:\n%s", notice)
	}
	if got := d.data(0, "verify", "--json"); !strings.Contains(got, `"ok":true`) {
		t.Errorf("verify: %s", got)
	}
}

func opened(t *testing.T, msg []byte, secret *crypto.Key) string {
	t.Helper()
	from, to := bytes.Index(msg, []byte("-----BEGIN PGP")), bytes.Index(msg, []byte("-----END PGP MESSAGE-----"))
	if from < 0 || to < from {
		t.Fatalf("no encrypted text in:\n%s", msg)
	}
	dec, err := crypto.PGP().Decryption().DecryptionKey(secret).New()
	if err != nil {
		t.Fatal(err)
	}
	got, err := dec.Decrypt(msg[from:to+len("-----END PGP MESSAGE-----")], crypto.Armor)
	if err != nil {
		t.Fatal(err)
	}
	return string(got.Bytes())
}
