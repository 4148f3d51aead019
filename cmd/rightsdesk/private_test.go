package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
)

func TestPrivatePages(t *testing.T) {
	t.Parallel()
	s := defaultSettings()
	s.dataDir, s.catch = filepath.Join(t.TempDir(), "data"), true
	h, err := (&app{stderr: io.Discard}).openHouse(t.Context(), &s)
	if err != nil {
		t.Fatal(err)
	}
	pages := h.private()
	status := func(path string) int {
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if got := status(path); got != http.StatusOK {
			t.Errorf("%s: %d", path, got)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	pages = h.private()
	if got := status("/readyz"); got != http.StatusServiceUnavailable {
		t.Errorf("/readyz of a closed house: %d, want 503", got)
	}
}
