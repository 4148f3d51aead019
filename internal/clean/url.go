package clean

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// URL returns the key by which we know a page. It is idempotent. The error
// wraps news.ErrInvalid when raw is no http or https address.
func URL(raw string) (canonical string, err error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return "", fmt.Errorf("address %q: %w", raw, news.ErrInvalid)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return "", fmt.Errorf("address %q: no web page: %w", raw, news.ErrInvalid)
	}
	u.Scheme, u.User, u.Fragment = "https", nil, ""
	u.Host = strings.ToLower(u.Host)
	return u.String(), nil
}
