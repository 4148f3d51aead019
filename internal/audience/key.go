package audience

import (
	"fmt"
	"io"
	"log/slog"
)

// A PublicKey is a reader's OpenPGP key as they uploaded it, in binary (RFC
// 9580). Names and addresses may stand in it, so it hides from every print, log
// and JSON encoder.
type PublicKey []byte

const hiddenKey = "[key]"

// Format hides the key from every verb of fmt.
func (PublicKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hiddenKey) }

// LogValue hides the key from slog.
func (PublicKey) LogValue() slog.Value { return slog.StringValue(hiddenKey) }

// MarshalJSON hides the key from encoding/json.
func (PublicKey) MarshalJSON() ([]byte, error) { return []byte(`"` + hiddenKey + `"`), nil }
