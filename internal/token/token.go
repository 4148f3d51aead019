// Package token makes and checks the signed names that stand in our links:
// unsubscribe, preferences, confirm. A token says which thing it is about and
// that we said so, for one purpose and no other; what may be done with it, and
// whether the thing still exists, is for the caller.
//
// A token is the thing's 16 opaque bytes, for expiring ones the moment they
// end, and 16 bytes of HMAC-SHA-256, in base64url without padding.
package token

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// IDBytes and macBytes are the two halves of a token: 128 bits each.
const (
	IDBytes  = 16
	macBytes = 16
)

// MinSecretBytes is the least a secret may have.
const MinSecretBytes = 32

// Errors of Check and CheckExpiring. Neither says what was wrong with the
// token: nobody honest needs to know.
var (
	ErrInvalid = errors.New("this link is not one of ours, or was damaged on its way")
	ErrExpired = errors.New("this link is too old")
)

// A Keyring signs with its first secret and accepts all of them, so that a
// secret can be replaced while links signed with the old one still work.
type Keyring struct{ secrets [][]byte }

// NewKeyring takes the secret to sign with and older ones still accepted.
func NewKeyring(secret []byte, older ...[]byte) (*Keyring, error) {
	k := &Keyring{}
	for i, s := range append([][]byte{secret}, older...) {
		if len(s) < MinSecretBytes {
			return nil, fmt.Errorf("token secret %d has %d bytes, it needs %d", i+1, len(s), MinSecretBytes)
		}
		k.secrets = append(k.secrets, append([]byte(nil), s...))
	}
	return k, nil
}

var encoding = base64.RawURLEncoding.Strict() // one spelling for one token

// Make returns the token of id for a purpose, 43 characters. It works for
// ever, or as long as its secret is on the ring.
func (k *Keyring) Make(purpose string, id [IDBytes]byte) string {
	b := make([]byte, IDBytes, IDBytes+macBytes)
	copy(b, id[:])
	return encoding.EncodeToString(append(b, mac(k.secrets[0], purpose, b)...))
}

// Check returns the id of a token made for that purpose, or ErrInvalid.
func (k *Keyring) Check(purpose, s string) ([IDBytes]byte, error) {
	b, err := k.open(purpose, s, IDBytes)
	if err != nil {
		return [IDBytes]byte{}, err
	}
	return [IDBytes]byte(b), nil
}

// MakeExpiring returns a token that works until then, to the second; 54
// characters.
func (k *Keyring) MakeExpiring(purpose string, id [IDBytes]byte, until time.Time) string {
	b := make([]byte, IDBytes, IDBytes+8+macBytes)
	copy(b, id[:])
	b = binary.BigEndian.AppendUint64(b, uint64(until.Unix()))
	return encoding.EncodeToString(append(b, mac(k.secrets[0], purpose, b)...))
}

// CheckExpiring returns the id of an expiring token made for that purpose,
// ErrInvalid, or ErrExpired.
func (k *Keyring) CheckExpiring(purpose, s string, now time.Time) ([IDBytes]byte, error) {
	b, err := k.open(purpose, s, IDBytes+8)
	if err != nil {
		return [IDBytes]byte{}, err
	}
	if now.Unix() > int64(binary.BigEndian.Uint64(b[IDBytes:])) {
		return [IDBytes]byte{}, ErrExpired
	}
	return [IDBytes]byte(b[:IDBytes]), nil
}

// open returns the signed bytes of a token, in the same time whichever of its
// bytes is wrong.
func (k *Keyring) open(purpose, s string, size int) ([]byte, error) {
	if len(s) != encoding.EncodedLen(size+macBytes) {
		return nil, ErrInvalid
	}
	b, err := encoding.DecodeString(s)
	if err != nil {
		return nil, ErrInvalid
	}
	good := false
	for _, secret := range k.secrets {
		good = hmac.Equal(b[size:], mac(secret, purpose, b[:size])) || good
	}
	if !good {
		return nil, ErrInvalid
	}
	return b[:size], nil
}

// mac binds the bytes to the purpose, whose length goes first so that no
// purpose can run into them.
func mac(secret []byte, purpose string, b []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write(binary.BigEndian.AppendUint32([]byte("rightsdesk token "), uint32(len(purpose))))
	h.Write([]byte(purpose))
	h.Write(b)
	return h.Sum(nil)[:macBytes]
}
