package clean_test

import (
	"testing"

	"github.com/ifhhro/rightsdesk/internal/clean"
)

func TestUnmarked(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"no query", "https://e.example/a", "https://e.example/a"},
		{"only marks", "https://e.example/a?utm_source=rss&utm_medium=feed", "https://e.example/a"},
		{"among others, as spelt", "https://e.example/a?NewsID=7&UTM_Source=x&q=b%20c#top", "https://e.example/a?NewsID=7&q=b%20c#top"},
		{"nothing to do", "https://e.example/?p=12", "https://e.example/?p=12"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := clean.Unmarked(tt.in); got != tt.want {
				t.Errorf("Unmarked(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}
