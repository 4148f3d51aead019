package access_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"image"
	"net/url"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/access"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/pquerna/otp/totp"
)

// codes makes cara's account ask for codes and returns their secret.
func (d *desk) codes(t *testing.T, name string) string {
	t.Helper()
	a := d.byName(t, name)
	e, err := d.NewCodes(&a, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.UseCodes(t.Context(), &a, e.Secret, d.code(t, e.Secret)); err != nil {
		t.Fatal(err)
	}
	return e.Secret
}

// code is the code of this moment.
func (d *desk) code(t *testing.T, secret string) string {
	t.Helper()
	c, err := totp.GenerateCode(secret, d.now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCodes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.account(t, "ada", staff.Administrator)
	before, err := d.signIn(t, "ada", good)
	if err != nil {
		t.Fatal(err)
	}
	secret := d.codes(t, "ada")
	if _, err := d.Session(t.Context(), before); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("a session from before the codes lives on: %v", err)
	}
	signIn := func() string {
		t.Helper()
		half, more, err := d.SignIn(t.Context(), access.Attempt{Name: "ada", Password: good})
		if err != nil || !more {
			t.Fatalf("SignIn = half %v, %v; want half", more, err)
		}
		return half
	}
	half := signIn()
	if _, err := d.Session(t.Context(), half); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("half a sign-in opens the desk: %v", err)
	}
	if list, err := d.Sessions(t.Context()); len(list) != 0 || err != nil {
		t.Errorf("half a sign-in is listed: %v, %v", list, err)
	}
	if _, err := d.SignInCode(t.Context(), half, d.code(t, secret), access.Attempt{}); !errors.Is(err, access.ErrWrong) {
		t.Errorf("the code that enrolled works again: %v", err)
	}
	d.now = d.now.Add(time.Minute)
	code := d.code(t, secret)
	full, err := d.SignInCode(t.Context(), half, code[:3]+" "+code[3:], access.Attempt{})
	if err != nil || full == half {
		t.Fatalf("SignInCode = %v", err)
	}
	if s, err := d.Session(t.Context(), full); err != nil || s.Account.Name != "ada" {
		t.Errorf("Session = %q, %v", s.Account.Name, err)
	}
	if _, err := d.Half(t.Context(), half); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("half the sign-in lives on: %v", err)
	}
	if _, err := d.SignInCode(t.Context(), signIn(), code, access.Attempt{}); !errors.Is(err, access.ErrWrong) {
		t.Errorf("a code works twice: %v", err)
	}
	half = signIn()
	d.now = d.now.Add(staff.SessionHalf)
	if _, err := d.SignInCode(t.Context(), half, d.code(t, secret), access.Attempt{}); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("five minutes after the password: %v", err)
	}
}

func TestCodesAreNotGuessed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.account(t, "ada", staff.Administrator)
	d.codes(t, "ada")
	tried := 0
	for i := range 300 {
		half, _, err := d.SignIn(t.Context(), access.Attempt{Name: "ada", Password: good})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.SignInCode(t.Context(), half, strconv.Itoa(100000+i), access.Attempt{}); errors.Is(err, access.ErrWrong) {
			tried++
		}
		d.now = d.now.Add(time.Second)
	}
	if tried > 15 {
		t.Errorf("%d codes were tried in five minutes", tried)
	}
}

func TestAPasswordAloneIsNotReady(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	strict := access.New(d.store, access.Options{AskFactor: true, Now: func() time.Time { return d.now }, Cost: &access.Cost{Memory: 8, Time: 1}})
	d.account(t, "ada", staff.Administrator)
	secret, err := d.signIn(t, "ada", good)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := strict.Session(t.Context(), secret); err != nil || !s.Unready {
		t.Errorf("Session = unready %v, %v", s.Unready, err)
	}
	d.codes(t, "ada")
	a := d.byName(t, "ada")
	if err := strict.DropCodes(t.Context(), &a); !errors.Is(err, news.ErrConflict) {
		t.Errorf("the last factor was dropped: %v", err)
	}
	if secret, err = strict.Begin(t.Context(), a, ""); err != nil {
		t.Fatal(err)
	}
	if s, err := strict.Session(t.Context(), secret); err != nil || s.Unready {
		t.Errorf("with codes, Session = unready %v, %v", s.Unready, err)
	}
	if _, err := d.Reset(t.Context(), "ada", "test"); err != nil {
		t.Fatal(err)
	}
	if a := d.byName(t, "ada"); a.HasFactor() || a.Password != "" {
		t.Errorf("a reset leaves %+v", a)
	}
}

// The path of the QR code, drawn again, has the three finder patterns.
func TestQRCode(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	e, err := d.NewCodes(&staff.Account{Name: "Ada Lovelace ü"}, "")
	if err != nil {
		t.Fatal(err)
	}
	dark := map[image.Point]bool{}
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`).FindAllStringSubmatch(e.QR, -1) {
		n := make([]int, 4)
		for i := range n {
			if n[i], err = strconv.Atoi(m[i+1]); err != nil {
				t.Fatal(err)
			}
		}
		for x := range n[2] {
			dark[image.Pt(n[0]+x, n[1])] = true
		}
	}
	if (e.Size-17)%4 != 0 || e.Size < 21 {
		t.Fatalf("a QR code of %d modules", e.Size)
	}
	for _, corner := range []image.Point{{0, 0}, {e.Size - 7, 0}, {0, e.Size - 7}} {
		for y := range 7 {
			for x := range 7 {
				ring := min(x, y, 6-x, 6-y)
				if want := ring != 1; dark[corner.Add(image.Pt(x, y))] != want {
					t.Fatalf("the finder pattern at %v is broken at %d, %d", corner, x, y)
				}
			}
		}
	}
	again, err := d.NewCodes(&staff.Account{Name: "Ada Lovelace ü"}, e.Secret)
	if err != nil || again != e {
		t.Errorf("the same secret gives another code: %v", err)
	}
}

// An authenticator is a passkey device in a few lines: one ES256 key.
type authenticator struct {
	key    *ecdsa.PrivateKey
	id     []byte
	handle []byte
	count  uint32
	origin string
}

var b64 = base64.RawURLEncoding

func (a *authenticator) clientData(kind, challenge string) []byte {
	data, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.origin, "crossOrigin": false})
	return data
}

// authData is RP hash, flags (present, verified, perhaps with a key), count.
func (a *authenticator) authData(flags byte) []byte {
	rp := sha256.Sum256([]byte("digest.example.org"))
	a.count++
	return binary.BigEndian.AppendUint32(append(rp[:], flags|0x05), a.count)
}

// create answers PublicKeyCredentialCreationOptions.
func (a *authenticator) create(t *testing.T, options []byte) []byte {
	t.Helper()
	var o struct {
		Challenge string
		User      struct{ ID string }
	}
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	var err error
	if a.handle, err = b64.DecodeString(o.User.ID); err != nil {
		t.Fatal(err)
	}
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	a.id = []byte("a credential id of some length..")
	point, err := a.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	auth := append(a.authData(0x40), make([]byte, 16)...) // no AAGUID
	auth = binary.BigEndian.AppendUint16(auth, uint16(len(a.id)))
	auth = append(auth, a.id...)
	// COSE_Key {1: 2, 3: -7, -1: 1, -2: x, -3: y} (RFC 9053)
	auth = append(auth, 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20)
	auth = append(auth, point[1:33]...)
	auth = append(append(auth, 0x22, 0x58, 0x20), point[33:]...)
	// {"fmt": "none", "attStmt": {}, "authData": auth}
	att := append([]byte{0xa3, 0x63}, "fmt\x64none\x67attStmt\xa0\x68authData\x58"...)
	att = append(append(att, byte(len(auth))), auth...)
	return a.answer(t, map[string]string{
		"clientDataJSON": b64.EncodeToString(a.clientData("webauthn.create", o.Challenge)), "attestationObject": b64.EncodeToString(att),
	})
}

// get answers PublicKeyCredentialRequestOptions.
func (a *authenticator) get(t *testing.T, options []byte) []byte {
	t.Helper()
	var o struct{ Challenge string }
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	client, auth := a.clientData("webauthn.get", o.Challenge), a.authData(0)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(bytes.Clone(auth), hash[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, a.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return a.answer(t, map[string]string{
		"clientDataJSON": b64.EncodeToString(client), "authenticatorData": b64.EncodeToString(auth),
		"signature": b64.EncodeToString(sig), "userHandle": b64.EncodeToString(a.handle),
	})
}

func (a *authenticator) answer(t *testing.T, response map[string]string) []byte {
	t.Helper()
	id := b64.EncodeToString(a.id)
	out, err := json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPasskeys(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	base := &url.URL{Scheme: "https", Host: "digest.example.org"}
	d.Service = access.New(d.store, access.Options{Base: base, Name: "Test digest", Now: func() time.Time { return d.now }, Cost: &access.Cost{Memory: 8, Time: 1}})
	d.account(t, "ada", staff.Administrator)
	a := d.byName(t, "ada")
	device := &authenticator{origin: "https://digest.example.org"}
	options, err := d.AskNewPasskey(t.Context(), &a)
	if err != nil {
		t.Fatal(err)
	}
	answer := device.create(t, options)
	other := staff.Account{ID: a.ID + 1, Name: "eve"}
	if err := d.AddPasskey(t.Context(), &other, "", answer); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("another account took the answer: %v", err)
	}
	if err := d.AddPasskey(t.Context(), &a, "  my   laptop ", answer); err != nil {
		t.Fatal(err)
	}
	if err := d.AddPasskey(t.Context(), &a, "", answer); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("one answer was taken twice: %v", err)
	}
	if keys := d.byName(t, "ada").Passkeys; len(keys) != 1 || keys[0].Name != "my laptop" {
		t.Fatalf("passkeys = %+v", keys)
	}
	prove := func(change func(*authenticator)) (string, error) {
		options, err := d.AskPasskey(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		trick := *device
		change(&trick)
		answer := trick.get(t, options)
		device.count = trick.count
		return d.SignInPasskey(t.Context(), answer, "")
	}
	secret, err := prove(func(*authenticator) {})
	if err != nil {
		t.Fatal(err)
	}
	if s, err := d.Session(t.Context(), secret); err != nil || s.Account.Name != "ada" || s.Half {
		t.Errorf("Session = %+v, %v", s, err)
	}
	if keys := d.byName(t, "ada").Passkeys; !keys[0].Used.Equal(d.now) {
		t.Errorf("used at %v", keys[0].Used)
	}
	if _, half, err := d.SignIn(t.Context(), access.Attempt{Name: "ada", Password: good}); !half || err != nil {
		t.Errorf("with a passkey the password alone opens the desk: %v, %v", half, err)
	}
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*authenticator){
		"another site":     func(a *authenticator) { a.origin = "https://evil.example" },
		"another key":      func(a *authenticator) { a.key = stranger },
		"another account":  func(a *authenticator) { a.handle = []byte("nobody") },
		"an unknown key":   func(a *authenticator) { a.id = []byte("another id") },
		"a cloned counter": func(a *authenticator) { a.count = 0 },
	} {
		if _, err := prove(change); !errors.Is(err, access.ErrWrong) {
			t.Errorf("%s: %v, want ErrWrong", name, err)
		}
		device.count = 100
	}
	options, err = d.AskPasskey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.now = d.now.Add(6 * time.Minute)
	if _, err := d.SignInPasskey(t.Context(), device.get(t, options), ""); !errors.Is(err, access.ErrWrong) {
		t.Errorf("an answer after six minutes: %v", err)
	}
	if err := d.Disable(t.Context(), "ada", "x"); !errors.Is(err, news.ErrConflict) {
		t.Fatal(err)
	}
	d.account(t, "bo", staff.Administrator)
	if err := d.Disable(t.Context(), "ada", "bo"); err != nil {
		t.Fatal(err)
	}
	if _, err := prove(func(*authenticator) {}); !errors.Is(err, access.ErrWrong) {
		t.Errorf("a disabled account: %v", err)
	}
	a = d.byName(t, "ada")
	if err := d.DropPasskey(t.Context(), &a, 1); !errors.Is(err, news.ErrNotFound) {
		t.Errorf("dropping a passkey there is not: %v", err)
	}
	if err := d.DropPasskey(t.Context(), &a, 0); err != nil {
		t.Error(err)
	}
}
