package cluster

import (
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/news"
)

var long = strings.Repeat("Nurses in the northern district have worked without pay since March. ", 4)

func TestFingerprint(t *testing.T) {
	t.Parallel()
	if Fingerprint("Please refer to the attached file.") != "" {
		t.Error("a stock phrase has a fingerprint")
	}
	if Fingerprint(strings.Repeat("护士们自三月以来一直没有拿到工资。", 5)) == "" {
		t.Error("80 Han characters have no fingerprint")
	}
	same := strings.ToUpper(strings.ReplaceAll(long, " ", "\u00a0\n")) + "!"
	if Fingerprint(long) == "" || Fingerprint(long) != Fingerprint(same) {
		t.Error("the same words have two fingerprints")
	}
	if Fingerprint(long) == Fingerprint(strings.Replace(long, "March", "April", 1)) {
		t.Error("one word differs and the fingerprint does not")
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	item := func(source news.SourceID, canonical, title, text string) news.Item {
		return news.Item{Source: source, Canonical: canonical, Title: title, Text: text, Fingerprint: Fingerprint(text)}
	}
	const page, other = "https://a.example/story/1", "https://b.example/s?id=2"
	tests := []struct {
		name string
		a, b news.Item
		want string
	}{
		{"same page, two sources", item(1, page, "Strike", "x"), item(2, page, "Nurses strike", "y"), "the same address"},
		{"same page, same source, same title", item(1, page, "Strike", "x"), item(1, page, "Strike", "y"), "the same address"},
		{"one link for every item of a source", item(1, page, "Report 19", "x"), item(1, page, "Report 20", "y"), ""},
		{"front page", item(1, "https://a.example/", "Strike", ""), item(2, "https://a.example/", "Strike", ""), ""},
		{"no address", item(1, "", "Strike", ""), item(2, "", "Strike", ""), ""},
		{"same text", item(1, page, "Strike", long), item(2, other, "Strike", long), "the same text"},
		{"same text, country before the title", item(1, page, "Strike of nurses [EN/FR]", long), item(2, other, "Kenya: Strike of nurses", long), "the same text"},
		{"same text, another number", item(1, page, "Situation report 19", long), item(2, other, "Situation report 20", long), ""},
		{"same text, a number more", item(1, page, "Situation report", long), item(2, other, "Situation report 20", long), ""},
		{"same text, another place", item(1, page, "Niger: floods", long), item(2, other, "Nigeria: floods", long), ""},
		{"same text, no title", item(1, page, "", long), item(2, other, "Strike", long), "the same text"},
		{"short text", item(1, page, "Strike", "See the file."), item(2, other, "Strike", "See the file."), ""},
		{"nothing alike", item(1, page, "Strike", long), item(2, other, "Floods", long+"More."), ""},
	}
	for _, tt := range tests {
		for _, pair := range [][2]news.Item{{tt.a, tt.b}, {tt.b, tt.a}} {
			if got, same := Same(&pair[0], &pair[1]); got != tt.want || same != (tt.want != "") {
				t.Errorf("%s: Same = %q, %v; want %q", tt.name, got, same, tt.want)
			}
		}
	}
}
