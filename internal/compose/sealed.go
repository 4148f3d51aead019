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

// MaxKeyBytes bounds an uploaded key.
const MaxKeyBytes = 64 << 10

// A Key is a reader's OpenPGP key (RFC 9580).
type Key struct{ key *crypto.Key }

// ReadKey reads one public key, armored or binary, that can be encrypted to
// now. Keys come by upload only: looking one up would tell the reader's
// provider. Errors wrap ErrKey.
func ReadKey(b []byte, now time.Time) (*Key, error) {
	if len(b) > MaxKeyBytes {
		return nil, fmt.Errorf("larger than %d KB: %w", MaxKeyBytes>>10, ErrKey)
	}
	k, err := crypto.NewKeyFromReader(bytes.NewReader(b))
	switch {
	case err != nil:
		return nil, fmt.Errorf("not readable: %w", ErrKey)
	case k.IsPrivate():
		return nil, fmt.Errorf("a secret key, which should never leave its owner: %w", ErrKey)
	case !k.CanEncrypt(now.Unix()):
		return nil, fmt.Errorf("expired, revoked or for signing only: %w", ErrKey)
	}
	return &Key{k}, nil
}

// sealedBoundary separates the two parts of RFC 3156. It cannot occur in the
// first, nor in armor.
const sealedBoundary = "=_sealed"

// obscuredSubject is what RFC 9788 §9 shows outside for the one inside.
const obscuredSubject = "Subject: [...]\r\n"

// AppendSealed appends a reader's message encrypted to their key (RFC 3156),
// with the whole header inside and the Subject only there (RFC 9788). Two
// calls give different bytes: what is sent must be stored first. It returns an
// error wrapping ErrKey if the key does not work any more.
func (r *Rendered) AppendSealed(dst []byte, v audience.Variant, c Copy, k *Key, now time.Time) ([]byte, error) {
	if k == nil || !k.key.CanEncrypt(now.Unix()) {
		return nil, ErrKey
	}
	lang := r.language(v.Language)
	h := r.head(lang, c)
	fields := string(appendOwn([]byte(h.Fields), c))

	inside := []byte(fields + h.Subject)
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
	return appendEncrypted(append(dst, fields+obscuredSubject...), armor), nil
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
