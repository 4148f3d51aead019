package audience

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// TestMailKeys: a pair waits, signs what is frozen from then on, and gives way
// to the next, which never signs what was frozen before it.
func TestMailKeys(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	signs := func(keys []MailKey, at time.Time) (names string) {
		for _, k := range SigningKeys(keys, "example.org", at) {
			names += k.Selector + " "
		}
		return names
	}
	keys, err := NewMailKeys("example.org", nil, now)
	if err != nil {
		t.Fatal(err)
	}
	if got := signs(keys, now.Add(time.Hour)); got != "" {
		t.Errorf("waiting keys sign: %s", got)
	}
	if err := RotateKeys(keys, "example.com", now); !errors.Is(err, news.ErrConflict) {
		t.Errorf("rotate another domain: %v", err)
	}
	if err := RotateKeys(keys, "example.org", now); err != nil {
		t.Fatal(err)
	}
	next, err := NewMailKeys("example.org", keys, now)
	if err != nil {
		t.Fatal(err)
	}
	keys = append(keys, next...)
	later := now.Add(time.Hour)
	if err := RotateKeys(keys, "example.org", later); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time]string{now.Add(-1): "", now: "rsa20261123 ed20261123 ", later.Add(-1): "rsa20261123 ed20261123 ", later: "rsa20261123b ed20261123b "} {
		if got := signs(keys, at); got != want {
			t.Errorf("at %s sign %q, want %q", at, got, want)
		}
	}
	for at, want := range map[time.Time]string{later: "resting", later.Add(KeyRest): "over"} {
		if got := keys[0].Standing(at); got != want {
			t.Errorf("standing at %s: %s, want %s", at, got, want)
		}
	}
}

// TestMailKeyRecord: the lines have the form of RFC 6376 and RFC 8463.
func TestMailKeyRecord(t *testing.T) {
	t.Parallel()
	keys, err := NewMailKeys("example.org", nil, time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"v=DKIM1; k=rsa; p=MIIBIjANBg", "v=DKIM1; k=ed25519; p="} {
		name, text, err := keys[i].Record()
		if err != nil || name != keys[i].Selector+"._domainkey.example.org" || !strings.HasPrefix(text, want) {
			t.Errorf("Record() = %q, %q, %v", name, text, err)
		}
		if i == 1 && len(text) != len(want)+44 {
			t.Errorf("an Ed25519 line of %d characters", len(text))
		}
	}
}
