package fetch

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// retryAfter reads both forms of Retry-After (RFC 9110, 10.2.3): seconds and a
// date. What makes no sense is 0, what is too long is MaxWait.
func retryAfter(v string, now time.Time) time.Duration {
	v = strings.TrimSpace(v)
	if v == "" {
		return 0
	}
	if digits := strings.Trim(v, "0123456789"); digits == "" {
		return seconds(v)
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	return within(at.Sub(now))
}

// seconds reads a number of any length.
func seconds(digits string) time.Duration {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n > int64(MaxWait/time.Second) {
		return MaxWait
	}
	return time.Duration(n) * time.Second
}

func within(d time.Duration) time.Duration { return min(max(d, 0), MaxWait) }

// freshFor says how long an answer stays fresh (RFC 9111, 4.2.1): max-age less
// Age, else Expires less Date. no-cache and no-store say nothing about when to
// ask again, so they are 0.
func freshFor(h http.Header, now time.Time) time.Duration {
	maxAge := time.Duration(-1)
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch value = strings.Trim(value, `"`); {
		case name == "no-cache" && value == "", name == "no-store":
			return 0
		case name == "max-age" && value != "" && strings.Trim(value, "0123456789") == "":
			maxAge = seconds(value)
		}
	}
	if maxAge >= 0 {
		age := h.Get("Age")
		if age == "" || strings.Trim(age, "0123456789") != "" {
			age = "0"
		}
		return within(maxAge - seconds(age))
	}
	expires, err := http.ParseTime(h.Get("Expires"))
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return within(expires.Sub(now))
}
