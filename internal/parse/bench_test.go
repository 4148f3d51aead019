package parse

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/mmcdole/gofeed"
)

// cleanFeed writes a feed without damage, as publishers do.
func cleanFeed(format string, entries int) string {
	var b strings.Builder
	text := "&lt;p&gt;The court &amp;amp; the clinic: " + strings.Repeat("a report of some length about what was seen and said. ", 12) + "&lt;/p&gt;"
	switch format {
	case "rss":
		b.WriteString(`<?xml version="1.0" encoding="utf-8"?><rss version="2.0"` + nsAll + nsAtomPrefix + `><channel><title>Press</title><link>https://press.example/</link><description>News</description><language>en</language>`)
		for i := range entries {
			fmt.Fprintf(&b, `<item><title>Report %d on the state of things</title><link>https://press.example/%d</link><guid isPermaLink="true">https://press.example/%d</guid>`+
				`<pubDate>Thu, 17 Sep 2020 07:24:25 GMT</pubDate><dc:creator>Ana Lima</dc:creator><category>Health</category><category>Law</category>`+
				`<description>%s</description><enclosure url="https://press.example/%d.pdf" type="application/pdf" length="1"/></item>`+"\n", i, i, i, text, i)
		}
		b.WriteString(`</channel></rss>`)
	case "atom":
		b.WriteString(`<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Press</title><id>urn:f</id><link href="https://press.example/"/><updated>2020-09-17T07:24:25Z</updated>`)
		for i := range entries {
			fmt.Fprintf(&b, `<entry><title>Report %d on the state of things</title><id>urn:%d</id><link href="https://press.example/%d"/><published>2020-09-17T07:24:25Z</published><updated>2020-09-17T07:24:25Z</updated>`+
				`<author><name>Ana Lima</name></author><category term="Health"/><content type="html">%s</content></entry>`+"\n", i, i, i, text)
		}
		b.WriteString(`</feed>`)
	case "json":
		b.WriteString(`{"version":"https://jsonfeed.org/version/1.1","title":"Press","home_page_url":"https://press.example/","items":[`)
		for i := range entries {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"id":"%d","url":"https://press.example/%d","title":"Report %d on the state of things","date_published":"2020-09-17T07:24:25Z","authors":[{"name":"Ana Lima"}],"tags":["Health"],"content_html":"<p>%s</p>"}`,
				i, i, i, strings.Repeat("a report of some length about what was seen and said. ", 12))
		}
		b.WriteString(`]}`)
	}
	return b.String()
}

// BenchmarkFeed puts our reading, with gofeed's as second opinion in it,
// beside gofeed's alone. The limit is 1.6 times gofeed's.
func BenchmarkFeed(b *testing.B) {
	docs := map[string]string{"rss": cleanFeed("rss", 100), "atom": cleanFeed("atom", 100), "json": cleanFeed("json", 100)}
	if dir := os.Getenv("RIGHTSDESK_SAMPLES"); dir != "" {
		if body, err := os.ReadFile(dir + "/unnews_en_region_europe_2022-04.xml"); err == nil {
			docs["unnews"] = string(body)
		}
	}
	for name, doc := range docs {
		b.Run(name+"/ours", func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			in := Input{Body: []byte(doc)}
			for b.Loop() {
				if d, err := Feed(in); err != nil || d.Recovered {
					b.Fatal(d, err)
				}
			}
		})
		b.Run(name+"/gofeed", func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			p := gofeed.NewParser()
			for b.Loop() {
				if _, err := p.Parse(strings.NewReader(doc)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
