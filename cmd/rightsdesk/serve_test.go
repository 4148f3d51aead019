package main

import "testing"

// TestReachedByPort: links lead to the port the desk listens on, where nobody
// said by what address it is reached.
func TestReachedByPort(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "http://localhost:8080",
		":8099":          "http://localhost:8099",
		"[::1]:8100":     "http://localhost:8100",
		"127.0.0.1:0":    "http://localhost:8080", // the default
		"nonsense":       "http://localhost:8080",
	} {
		s := defaultSettings()
		s.listen = listen
		if s.reachedByPort(); s.baseURL != want {
			t.Errorf("--listen %s is reached by %s, want %s", listen, s.baseURL, want)
		}
	}
}
