package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/ifhhro/rightsdesk/internal/news"
	"golang.org/x/crypto/argon2"
)

// Limits of a password. Its length is what keeps it safe, so nothing else is
// asked of it.
const (
	MinPasswordRunes = 12
	MaxPasswordBytes = 1024
)

// CheckPassword returns an error wrapping news.ErrInvalid that says what is
// wrong with a password somebody chose.
func CheckPassword(password, name string) error {
	n := utf8.RuneCountInString(password)
	distinct := map[rune]bool{}
	for _, r := range password {
		distinct[r] = true
	}
	rest := strings.ReplaceAll(strings.ToLower(password), strings.ToLower(name), "")
	switch {
	case n < MinPasswordRunes:
		return fmt.Errorf("the password has %d characters and needs at least %d: three or four words in a row are easy to keep in mind: %w", n, MinPasswordRunes, news.ErrInvalid)
	case len(password) > MaxPasswordBytes:
		return fmt.Errorf("the password is longer than %d bytes: %w", MaxPasswordBytes, news.ErrInvalid)
	case !utf8.ValidString(password):
		return fmt.Errorf("the password is not text: %w", news.ErrInvalid)
	case len(distinct) < 5:
		return fmt.Errorf("the password repeats the same few characters, take some words instead: %w", news.ErrInvalid)
	case utf8.RuneCountInString(rest) < MinPasswordRunes/2:
		return fmt.Errorf("the password is little more than your name, take some words instead: %w", news.ErrInvalid)
	}
	return nil
}

// A Cost is what one password hash costs.
type Cost struct {
	Memory uint32 // KiB
	Time   uint32 // passes
}

// A hasher hashes passwords, at most two at a time: each holds its memory.
type hasher struct {
	cost  Cost
	slots chan struct{}
	dummy string // a hash no password has, to spend the same time on unknown names
}

func newHasher(c Cost) *hasher {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails
	return &hasher{cost: c, slots: make(chan struct{}, 2), dummy: phc(c, salt, make([]byte, 32))}
}

// hash returns the PHC string of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails
	key, err := h.key(ctx, password, salt, h.cost)
	if err != nil {
		return "", err
	}
	return phc(h.cost, salt, key), nil
}

// matches reports whether a password is the one of a PHC string. An empty
// string matches nothing and takes as long.
func (h *hasher) matches(ctx context.Context, password, stored string) (bool, error) {
	known := stored != ""
	if !known {
		stored = h.dummy
	}
	c, salt, want, err := readPHC(stored)
	if err != nil {
		return false, err
	}
	got, err := h.key(ctx, password, salt, c)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

func (h *hasher) key(ctx context.Context, password string, salt []byte, c Cost) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("hash password: %w", ctx.Err())
	}
	defer func() { <-h.slots }()
	return argon2.IDKey([]byte(password), salt, c.Time, c.Memory, 1, 32), nil
}

const phcForm = "$argon2id$v=19$m=%d,t=%d,p=1$%s$%s"

func phc(c Cost, salt, key []byte) string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf(phcForm, c.Memory, c.Time, enc.EncodeToString(salt), enc.EncodeToString(key))
}

func readPHC(s string) (c Cost, salt, key []byte, err error) {
	fields := strings.Split(s, "$")
	if len(fields) != 6 || fields[1] != "argon2id" || fields[2] != "v=19" {
		return c, nil, nil, fmt.Errorf("stored password: not an argon2id string")
	}
	if _, err = fmt.Sscanf(fields[3], "m=%d,t=%d,p=1", &c.Memory, &c.Time); err != nil {
		return c, nil, nil, fmt.Errorf("stored password: %w", err)
	}
	if salt, err = base64.RawStdEncoding.DecodeString(fields[4]); err != nil {
		return c, nil, nil, fmt.Errorf("stored password: %w", err)
	}
	if key, err = base64.RawStdEncoding.DecodeString(fields[5]); err != nil {
		return c, nil, nil, fmt.Errorf("stored password: %w", err)
	}
	return c, salt, key, nil
}
