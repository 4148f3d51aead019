package smtpout

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// MinRSABits is the shortest RSA key that receivers still believe (RFC 8301).
const MinRSABits = 2048

// signedFields are those under the signature, in order. Each name that stands
// once more than the field does keeps anybody from adding one (RFC 6376
// §8.15); so does one that is not in the message at all.
var signedFields = []string{
	"from", "from", "subject", "subject", "date", "date", "to", "to", "reply-to", "reply-to", "message-id",
	"mime-version", "mime-version", "content-type", "content-type", "content-transfer-encoding", "content-transfer-encoding", "content-language",
	"list-id", "list-help", "list-subscribe", "list-owner", "list-archive",
	"list-unsubscribe", "list-unsubscribe", "list-unsubscribe-post", "list-unsubscribe-post",
	"archived-at", "auto-submitted", "feedback-id", "cfbl-address",
}

// A SigningKey is a private key and the selector its public half stands under.
type SigningKey struct {
	Selector string
	Key      crypto.Signer // *rsa.PrivateKey or ed25519.PrivateKey
}

// A Signer signs messages for one domain with each of its keys (DKIM, RFC 6376
// and 8463, relaxed/relaxed). The same message, time and keys give the same
// bytes. It is safe for concurrent use.
type Signer struct {
	keys []signingKey
	room int // what all signatures take, in bytes
	pool sync.Pool
}

type signingKey struct {
	SigningKey
	head string // of the field, up to t=
	size int    // of the signature in base64
}

// The parts of a signature field after its head. Its length never changes: a
// time has ten digits until the year 2286.
const (
	timeDigits = 10
	hashChars  = 44 // SHA-256 in base64
	foldAt     = 72
)

// NewSigner returns a signer for a domain, an A-label, over at least one key.
func NewSigner(domain string, keys ...SigningKey) (*Signer, error) {
	if len(keys) == 0 {
		return nil, errors.New("sign mail: there is no key")
	}
	s := &Signer{}
	s.pool.New = func() any { return new(scratch) }
	for _, k := range keys {
		algorithm, size, err := algorithmOf(k.Key)
		if err != nil {
			return nil, fmt.Errorf("sign mail with %s: %w", k.Selector, err)
		}
		sk := signingKey{k, fmt.Sprintf("DKIM-Signature: v=1; a=%s; c=relaxed/relaxed; d=%s;\r\n s=%s; t=", algorithm, domain, k.Selector),
			base64.StdEncoding.EncodedLen(size)}
		s.keys = append(s.keys, sk)
		s.room += sk.length()
	}
	return s, nil
}

func algorithmOf(key crypto.Signer) (name string, signature int, err error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < MinRSABits {
			return "", 0, fmt.Errorf("an RSA key of %d bits, it needs %d", k.N.BitLen(), MinRSABits)
		}
		return "rsa-sha256", k.Size(), nil
	case ed25519.PrivateKey:
		return "ed25519-sha256", ed25519.SignatureSize, nil
	}
	return "", 0, fmt.Errorf("%T is no key to sign with", key)
}

// listed is h= as it stands in the field, folded.
var listed = func() string {
	b := []byte(";\r\n h=")
	col := len(" h=")
	for i, name := range signedFields {
		if i > 0 {
			b = append(b, ':')
			col++
		}
		if col+len(name)+1 > foldAt {
			b, col = append(b, "\r\n  "...), 2
		}
		b, col = append(b, name...), col+len(name)
	}
	return string(b)
}()

const (
	bodyHash      = ";\r\n bh="
	signatureHere = ";\r\n b="
)

func (k *signingKey) length() int {
	folds := (k.size - 1) / foldAt
	return len(k.head) + timeDigits + len(listed) + len(bodyHash) + hashChars + len(signatureHere) + k.size + folds*len("\r\n ") + len("\r\n")
}

// scratch is memory for one signature.
type scratch struct {
	fields []span
	header []byte // what is signed of the header
	relax  []byte
}

// A span is one field of a header with its folds: b[at:end], its name
// b[at:colon].
type span struct {
	at, colon, end int
	used           bool
}

// Append appends the message that write appends, with its signatures, made at
// t, before it. The message is CRLF throughout.
func (s *Signer) Append(dst []byte, t time.Time, write func([]byte) ([]byte, error)) ([]byte, error) {
	start := len(dst)
	dst = append(dst, make([]byte, s.room)...)
	dst, err := write(dst)
	if err != nil {
		return nil, err
	}
	return dst, s.sign(dst[start:start+s.room], dst[start+s.room:], t)
}

// sign writes the signatures of message into room.
func (s *Signer) sign(room, message []byte, t time.Time) error {
	n := bytes.Index(message, []byte("\r\n\r\n"))
	if n < 0 {
		return errors.New("sign mail: it has no end of the header")
	}
	sc := s.pool.Get().(*scratch)
	defer s.pool.Put(sc)
	sc.readHeader(message[:n+2])
	sum := relaxedBody(message[n+4:])
	at := room[:0]
	for i := range s.keys {
		var err error
		if at, err = s.keys[i].append(at, sc, sum, t); err != nil {
			return err
		}
	}
	if len(at) != len(room) {
		return fmt.Errorf("sign mail: the signatures take %d bytes, not %d", len(at), len(room))
	}
	return nil
}

// append appends one signature field.
func (k *signingKey) append(dst []byte, sc *scratch, body [sha256.Size]byte, t time.Time) ([]byte, error) {
	start := len(dst)
	dst = append(strconv.AppendInt(append(dst, k.head...), t.Unix(), 10), listed...)
	dst = base64.StdEncoding.AppendEncode(append(dst, bodyHash...), body[:])
	dst = append(dst, signatureHere...)
	sc.relax = relaxedField(append(sc.relax[:0], sc.header...), dst[start:], len("DKIM-Signature"))
	sum := sha256.Sum256(sc.relax)
	var sig []byte
	var err error
	switch key := k.Key.(type) {
	case *rsa.PrivateKey:
		sig, err = rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	case ed25519.PrivateKey:
		sig = ed25519.Sign(key, sum[:])
	}
	if err != nil {
		return nil, fmt.Errorf("sign mail with %s: %w", k.Selector, err)
	}
	return append(appendFolded(dst, base64.StdEncoding.EncodeToString(sig)), "\r\n"...), nil
}

func appendFolded(dst []byte, s string) []byte {
	for len(s) > foldAt {
		dst = append(append(dst, s[:foldAt]...), "\r\n "...)
		s = s[foldAt:]
	}
	return append(dst, s...)
}

// readHeader gathers, in canonical form, the fields that are signed: of those
// that stand more than once the last first (RFC 6376 §5.4.2).
func (sc *scratch) readHeader(b []byte) {
	sc.fields = splitFields(sc.fields[:0], b)
	sc.header = sc.header[:0]
	for _, name := range signedFields {
		for i := len(sc.fields) - 1; i >= 0; i-- {
			f := &sc.fields[i]
			if !f.used && f.colon-f.at == len(name) && strings.EqualFold(string(b[f.at:f.colon]), name) {
				f.used = true
				sc.header = append(relaxedField(sc.header, b[f.at:f.end], f.colon-f.at), "\r\n"...)
				break
			}
		}
	}
}

// splitFields finds the fields of a header that ends with CRLF.
func splitFields(list []span, b []byte) []span {
	for at := 0; at < len(b); {
		end := at
		for {
			n := bytes.IndexByte(b[end:], '\n')
			if n < 0 {
				end = len(b)
				break
			}
			if end += n + 1; end == len(b) || b[end] != ' ' && b[end] != '\t' {
				break
			}
		}
		if colon := bytes.IndexByte(b[at:end], ':'); colon > 0 {
			list = append(list, span{at: at, colon: at + colon, end: end})
		}
		at = end
	}
	return list
}

// relaxedField appends a field in relaxed form (RFC 6376 §3.4.2), without a
// line end. colon is where its name ends.
func relaxedField(dst, field []byte, colon int) []byte {
	for _, c := range field[:colon] {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	dst = append(dst, ':')
	blank, begun := false, false
	for _, c := range field[colon+1:] {
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			blank = begun
			continue
		}
		if blank {
			dst, blank = append(dst, ' '), false
		}
		dst, begun = append(dst, c), true
	}
	return dst
}

// relaxedBody hashes a body in relaxed form (RFC 6376 §3.4.4): blanks become
// one, none stands at the end of a line, no empty line at the end. Runs of
// text that are so already are hashed where they lie.
func relaxedBody(b []byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	b = bytes.TrimRight(b, " \t\r\n")
	written := 0
	for i := 0; i < len(b); i++ {
		if b[i] != ' ' && b[i] != '\t' {
			continue
		}
		end := i + 1
		for b[end] == ' ' || b[end] == '\t' { // b ends with neither
			end++
		}
		switch {
		case b[end] == '\r':
			h.Write(b[written:i])
			written = end
		case end > i+1 || b[i] == '\t':
			h.Write(b[written:i])
			h.Write(oneBlank)
			written = end
		}
		i = end
	}
	if len(b) > 0 {
		h.Write(b[written:])
		h.Write(lineEnd)
	}
	h.Sum(sum[:0])
	return sum
}

var oneBlank, lineEnd = []byte(" "), []byte("\r\n")
