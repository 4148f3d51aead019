package clean

import "strings"

// Unmarked returns an address as published but for the parameters that only
// say by which way somebody came: utm_source and its like. A reader who
// follows it tells the publisher nothing of us. What is not such a parameter
// keeps its place and its spelling.
func Unmarked(raw string) string {
	rest, fragment, hasFragment := strings.Cut(raw, "#")
	address, query, ok := strings.Cut(rest, "?")
	if !ok {
		return raw
	}
	kept := make([]string, 0, 4)
	for _, p := range strings.Split(query, "&") {
		if name, _, _ := strings.Cut(p, "="); !marks(strings.ToLower(name)) {
			kept = append(kept, p)
		}
	}
	out := address
	if len(kept) > 0 {
		out += "?" + strings.Join(kept, "&")
	}
	if hasFragment {
		out += "#" + fragment
	}
	return out
}

// marks reports whether a parameter of this name, in small letters, is
// tracking whatever its value.
func marks(name string) bool {
	if tracking[name] {
		return true
	}
	for _, prefix := range trackingPrefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
