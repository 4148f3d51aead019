package desk

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/news"
)

func marked(changes []change) string {
	var b strings.Builder
	for _, c := range changes {
		switch c.What {
		case "ins":
			b.WriteString("{" + c.Text + "}")
		case "del":
			b.WriteString("[" + c.Text + "]")
		default:
			b.WriteString(c.Text)
		}
	}
	return b.String()
}

func TestWordDiff(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ before, after, want string }{
		{"Two nurses were held.", "Two nurses were held.", "Two nurses were held."},
		{"Sixty nurses were held.", "Six nurses were held.", "[Sixty ]{Six }nurses were held."},
		{"One two three", "One three", "One [two ]three"},
		{"One three", "One two three", "One {two }three"},
		{"", "New words", "{New words}"},
		{"Old words", "", "[Old words]"},
		{"同一个词", "同两个词", "同[一]{两}个词"},
		{"اعتقال طبيب", "اعتقال طبيبة", "اعتقال [طبيب]{طبيبة}"},
		{"a b c d e", "b x d y e", "[a ]b [c ]{x }d {y }e"},
	} {
		if got := marked(wordDiff(tt.before, tt.after)); got != tt.want {
			t.Errorf("wordDiff(%q, %q) = %q, want %q", tt.before, tt.after, got, tt.want)
		}
	}
}

// Whatever the texts, both can be read from the difference.
func TestWordDiffKeepsBoth(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("one two ", 3000)
	for _, pair := range [][2]string{{long, strings.Repeat("two three ", 3000)}, {long + "x", long + "y"}, {" \n a", "a \xff b"}} {
		var before, after strings.Builder
		for _, c := range wordDiff(pair[0], pair[1]) {
			if c.What != "ins" {
				before.WriteString(c.Text)
			}
			if c.What != "del" {
				after.WriteString(c.Text)
			}
		}
		if before.String() != pair[0] || after.String() != strings.ToValidUTF8(pair[1], "\uFFFD") {
			t.Errorf("the difference of texts of %d and %d bytes loses some", len(pair[0]), len(pair[1]))
		}
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	at := func(h int) time.Time { return noon.Add(time.Duration(h) * time.Hour) }
	now := news.Item{ID: 9, Replaces: 5, Title: "Three", Seen: at(2)}
	old := []news.Item{{ID: 2, Title: "One", Seen: at(0)}, {ID: 5, Replaces: 2, Title: "Two", Seen: at(1)}, {ID: 7, Title: "Of another item"}}
	var got []string
	for _, v := range versionsOf(&now, old) {
		got = append(got, v.Seen.Format("15:04 ")+marked(v.Title))
	}
	if diff := cmp.Diff([]string{"14:00 [Two]{Three}", "13:00 [One]{Two}"}, got); diff != "" {
		t.Error(diff)
	}
	if v := versionsOf(&news.Item{ID: 1, Replaces: 1}, []news.Item{{ID: 1, Replaces: 1}}); len(v) > 1 {
		t.Errorf("a chain that bites its tail has %d versions", len(v))
	}
}
