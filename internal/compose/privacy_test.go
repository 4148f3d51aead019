package compose_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/compose"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// traces are the ways an address could stand in a mail: encoded, or hashed
// without a key, by which anybody with a list could find it again.
func traces(address string) [][]byte {
	var out [][]byte
	m, s1, s256 := md5.Sum([]byte(address)), sha1.Sum([]byte(address)), sha256.Sum256([]byte(address))
	for _, sum := range [][]byte{m[:], s1[:], s256[:]} {
		out = append(out, []byte(hex.EncodeToString(sum)), []byte(base64.StdEncoding.EncodeToString(sum)), []byte(base64.RawURLEncoding.EncodeToString(sum)))
	}
	local, domain, _ := strings.Cut(address, "@")
	return append(out, []byte(base64.StdEncoding.EncodeToString([]byte(address)))[:16], []byte(hex.EncodeToString([]byte(address))),
		[]byte(url.QueryEscape(address)), []byte(local+"="+domain), []byte(local+"=40"+domain))
}

// TestNoAddressButItsOwn: in 20,000 copies of several forms each address
// stands once, in To, and no trace of it or of another anywhere.
func TestNoAddressButItsOwn(t *testing.T) {
	t.Parallel()
	r := render(t, sample())
	key := []byte("a key of the house")
	formats := audience.Formats()
	var buf []byte
	ids := map[string]bool{}
	for i := range 20_000 {
		var token audience.Token
		binary.BigEndian.PutUint32(token[:], uint32(i))
		mac := hmac.New(sha256.New, key)
		mac.Write(token[:])
		name := base64.RawURLEncoding.EncodeToString(mac.Sum(token[:])[:32])
		at := fmt.Sprintf("canary%05d@mail.example", i)
		c := compose.Copy{
			To: address(t, at), MessageID: compose.MessageID("2026-48", key, token, "weekly.example.org"),
			Unsubscribe: "https://digest.example.org/unsubscribe/" + name, Preferences: "https://digest.example.org/preferences/" + name,
			UnsubscribeMail: "returns+u" + hex.EncodeToString(mac.Sum(nil)) + "@weekly.example.org",
		}
		v := audience.Variant{Language: audience.Languages()[i%7], Format: formats[i%len(formats)], Stories: []news.StoryID{news.StoryID(1 + i%3)}}
		buf = r.Append(buf[:0], v, c)
		if n := bytes.Count(buf, []byte("canary")); n != 1 || !bytes.Contains(buf, []byte("\r\nTo: <"+at+">\r\n")) {
			t.Fatalf("copy %d names %d addresses", i, n)
		}
		for _, trace := range traces(at) {
			if bytes.Contains(buf, trace) {
				t.Fatalf("copy %d holds a trace of its reader: %s", i, trace)
			}
		}
		if n := bytes.Count(buf, []byte(c.UnsubscribeMail)); n != 1 || !bytes.Contains(buf, []byte(">,\r\n <mailto:"+c.UnsubscribeMail+">\r\n")) {
			t.Fatalf("copy %d names the mailbox to leave by %d times", i, n)
		}
		if ids[c.MessageID] {
			t.Fatalf("copy %d has another's Message-ID", i)
		}
		ids[c.MessageID] = true
		if i%500 == 0 {
			for _, body := range readStd(t, buf).Bodies {
				if strings.Contains(body, "canary") || strings.Count(body, name) != 2 {
					t.Fatalf("copy %d: the text names its reader, or lacks a way out:\n%s", i, body)
				}
			}
		}
	}
}

// TestSize: the desk's meter agrees with what goes out.
func TestSize(t *testing.T) {
	t.Parallel()
	in, ids := bigIssue(60)
	in.Languages = []string{"en"}
	r := render(t, in)
	for _, n := range []int{1, 60} {
		v := audience.Variant{Language: "en", Format: audience.FormatHTML, Stories: ids[:n]}
		s := r.Size(v)
		if s.HTML == 0 || s.HTML > compose.MaxHTML || s.Message < s.HTML || (s.Short+s.Left > 0) != (n == 60) {
			t.Errorf("%d stories: %+v", n, s)
		}
		v.Format = audience.FormatLite
		if s := r.Size(v); s.Message == 0 || s.Message > compose.MaxLite || s.HTML != 0 {
			t.Errorf("%d stories, lite: %+v", n, s)
		}
	}
}
