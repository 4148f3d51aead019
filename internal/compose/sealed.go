package compose

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ProtonMail/gopenpgp/v3/crypto"
	"github.com/ifhhro/rightsdesk/internal/audience"
)

// ErrKey: a key cannot be encrypted to. Its reader gets AppendNotice, never
// clear text.
var ErrKey = errors.New("no OpenPGP key that can be encrypted to")

// A KeyFault is what is wrong with a key. It is an ErrKey.
type KeyFault string

// The faults of a key.
const (
	KeyTooLarge   KeyFault = "larger than 32 KB"
	KeyUnreadable KeyFault = "not one readable public key"
	KeySecret     KeyFault = "a secret key, which should never leave its owner"
	KeyExpired    KeyFault = "expired"
	KeyRevoked    KeyFault = "revoked by its owner"
	KeySignsOnly  KeyFault = "for signing only"
)

func (f KeyFault) Error() string { return "key: " + string(f) }

// Is makes every fault an ErrKey.
func (f KeyFault) Is(target error) bool { return target == ErrKey }

// MaxKeyBytes bounds an uploaded key.
const MaxKeyBytes = 32 << 10

// A Key is a reader's OpenPGP key (RFC 9580).
type Key struct{ key *crypto.Key }

// ReadKey reads one public key, armored or binary, that can be encrypted to
// now. Keys come by upload only: looking one up would tell the reader's
// provider. Its error is a KeyFault; a key that has expired or was revoked is
// returned beside it.
func ReadKey(b []byte, now time.Time) (*Key, error) {
	if len(b) > MaxKeyBytes {
		return nil, KeyTooLarge
	}
	key, err := crypto.NewKeyFromReader(bytes.NewReader(b))
	if err != nil {
		return nil, KeyUnreadable
	}
	if key.IsPrivate() {
		return nil, KeySecret
	}
	k := &Key{key}
	return k, k.fault(now)
}

// fault is why nothing can be encrypted to the key now.
func (k *Key) fault(now time.Time) error {
	e := k.key.GetEntity()
	switch {
	case k.key.CanEncrypt(now.Unix()):
		return nil
	case e.Revoked(now):
		return KeyRevoked
	case k.key.IsExpired(now.Unix()):
		return KeyExpired
	}
	for _, sub := range e.Subkeys { // one of them may have ended before the key
		if born := sub.PublicKey.CreationTime; sub.PublicKey.PubKeyAlgo.CanEncrypt() && k.key.CanEncrypt(born.Unix()+1) {
			return KeyExpired
		}
	}
	return KeySignsOnly
}

// Bytes is the key in binary, as it is kept.
func (k *Key) Bytes() ([]byte, error) {
	b, err := k.key.Serialize()
	if err != nil {
		return nil, KeyUnreadable
	}
	return b, nil
}

// Fingerprint is the key's name in groups of four, as its owner's program shows
// it.
func (k *Key) Fingerprint() string {
	var b strings.Builder
	for i, r := range strings.ToUpper(k.key.GetFingerprint()) {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Expires is when nothing can be encrypted to the key any more; zero if that is
// not said.
func (k *Key) Expires(now time.Time) time.Time {
	e := k.key.GetEntity()
	var end time.Time
	sooner := func(born time.Time, lifetime *uint32) {
		if lifetime == nil || *lifetime == 0 {
			return
		}
		if t := born.Add(time.Duration(*lifetime) * time.Second).UTC(); end.IsZero() || t.Before(end) {
			end = t
		}
	}
	if sig, err := e.PrimarySelfSignature(now, nil); err == nil {
		sooner(e.PrimaryKey.CreationTime, sig.KeyLifetimeSecs)
	}
	if sub, ok := e.EncryptionKey(now, nil); ok && sub.SelfSignature != nil {
		sooner(sub.PublicKey.CreationTime, sub.SelfSignature.KeyLifetimeSecs)
	}
	return end
}

// sealedBoundary separates the two parts of RFC 3156. It cannot occur in the
// first, nor in armor.
const sealedBoundary = "=_sealed"

// obscuredSubject is what RFC 9788 §9 shows outside for the one inside.
const obscuredSubject = "Subject: [...]\r\n"

// Seal encrypts a reader's message to their key, with the whole header inside
// and the Subject only there (RFC 9788). Two calls give different bytes: what is
// sent must be stored first. It returns an error wrapping ErrKey if the key does
// not work any more.
func (r *Rendered) Seal(v audience.Variant, c Copy, k *Key, now time.Time) ([]byte, error) {
	if k == nil {
		return nil, ErrKey
	}
	if err := k.fault(now); err != nil {
		return nil, err
	}
	lang := r.language(v.Language)
	fields := r.outerFields(lang, c)
	inside := []byte(fields + r.head(lang, c).Subject)
	for _, f := range unfoldFields(fields + obscuredSubject) {
		inside = append(inside, "HP-Outer: "+f...)
	}
	inside = r.appendEntity(inside, lang, v, c, "; hp=\"cipher\"")
	enc, err := crypto.PGP().Encryption().Recipient(k.key).EncryptionTime(now.Unix()).New()
	if err != nil {
		return nil, fmt.Errorf("encrypt a copy: %w: %w", ErrKey, err)
	}
	msg, err := enc.Encrypt(inside)
	if err != nil {
		return nil, fmt.Errorf("encrypt a copy: %w: %w", ErrKey, err)
	}
	armor, err := msg.ArmorBytes()
	if err != nil {
		return nil, fmt.Errorf("encrypt a copy: %w", err)
	}
	return armor, nil
}

// outerFields is the header that carriers see, without its Subject.
func (r *Rendered) outerFields(lang string, c Copy) string {
	return string(appendOwn([]byte(r.head(lang, c).Fields), c))
}

// AppendSealed appends the message that holds what Seal made (RFC 3156): the
// same bytes every time.
func (r *Rendered) AppendSealed(dst []byte, language string, c Copy, sealed []byte) []byte {
	return appendEncrypted(append(dst, r.outerFields(r.language(language), c)+obscuredSubject...), sealed)
}

// appendEncrypted appends the MIME structure of RFC 3156 §4.
func appendEncrypted(dst, armor []byte) []byte {
	dst = append(dst, "MIME-Version: 1.0\r\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\";\r\n boundary=\""+sealedBoundary+"\"\r\n\r\n"+
		"--"+sealedBoundary+"\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n"+
		"--"+sealedBoundary+"\r\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\r\nContent-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n"...)
	for line := range strings.Lines(string(armor)) {
		dst = append(append(dst, strings.TrimRight(line, "\r\n")...), "\r\n"...)
	}
	return append(dst, "\r\n--"+sealedBoundary+"--\r\n"...)
}

// unfoldFields splits header lines into fields, each with its folds.
func unfoldFields(lines string) []string {
	var out []string
	for line := range strings.Lines(lines) {
		if strings.HasPrefix(line, " ") && len(out) > 0 {
			out[len(out)-1] += line
			continue
		}
		out = append(out, line)
	}
	return out
}

// A note is what a reader gets whose key does not work: that there is an
// issue, and where. Text has marks where the
// reader's addresses go.
type note struct{ Subject, Text string }

func (in *Input) sealedNote(v *view) note {
	text := v.Words.Say("sealed.text") + "\n\n" + v.IssueURL + "\n"
	if in.Preferences {
		text += "\n" + v.Words.Say("sealed.key") + "\n\n" + preferencesMark + "\n"
	}
	text += "\n" + v.Words.Say("mail.unsubscribe") + v.Words.Say("list.colon") + "\n" + unsubscribeMark + "\n"
	return note{string(appendText(nil, "Subject", v.Words.Say("sealed.subject"))), text}
}

// AppendNotice appends the mail for a reader who asked for encryption and
// whose key is missing or does not work: it says that a new issue is on the
// web, and nothing of what is in it.
func (r *Rendered) AppendNotice(dst []byte, language string, c Copy) []byte {
	lang := r.language(language)
	n := r.meta.Sealed[lang]
	text := strings.NewReplacer(unsubscribeMark, c.Unsubscribe, preferencesMark, c.Preferences).Replace(n.Text)
	dst = append(append(dst, r.head(lang, c).Fields...), n.Subject...)
	dst = appendOwn(dst, c)
	dst = appendField(dst, "MIME-Version", "1.0")
	dst = appendField(dst, "Content-Language", lang)
	return appendPlain(dst, text, lang)
}
