package parse

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// variedFeed writes a feed of one format with everything in it that makes
// feeds hard to cut: CDATA, naked markup, extensions, comments, references.
// Every entry's title is "Entry N", and marks holds where each entry ends.
func variedFeed(format string, entries int, rnd *rand.Rand) (doc string, marks []int) {
	var b strings.Builder
	words := func(n int) string {
		var w []string
		for range n {
			w = append(w, []string{"clinic", "court", "médecin", "врач", "طبيب", "医生", "said", "the", "of", "1 &lt; 2", "law &amp; order"}[rnd.IntN(11)])
		}
		return strings.Join(w, " ")
	}
	heads := map[string]string{
		"rss":  `<?xml version="1.0" encoding="utf-8"?>` + "\n<rss version=\"2.0\"" + nsAll + nsAtomPrefix + "><channel>\n<title>Feed</title>\n<link>https://press.example/</link><description>About</description>\n",
		"atom": `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"` + nsAll + "><title>Feed</title><id>urn:f</id><link href=\"https://press.example/\"/>\n",
		"rdf":  `<rdf:RDF xmlns="http://purl.org/rss/1.0/"` + nsRDF + nsAll + "><channel rdf:about=\"https://press.example/\"><title>Feed</title><link>https://press.example/</link></channel>\n",
		"json": `{"version":"https://jsonfeed.org/version/1.1","title":"Feed","items":[` + "\n",
	}
	tails := map[string]string{"rss": "</channel></rss>\n", "atom": "</feed>\n", "rdf": "</rdf:RDF>\n", "json": "]}\n"}
	b.WriteString(heads[format])
	for i := range entries {
		switch format {
		case "rss":
			fmt.Fprintf(&b, "<item>\n  <title>Entry %d</title>\n  <link>https://press.example/%d</link>\n  <guid isPermaLink=\"false\">id-%d</guid>\n", i, i, i)
			fmt.Fprintf(&b, "  <pubDate>Thu, 17 Sep 2020 07:%02d:25 GMT</pubDate>\n", i%60)
			switch i % 4 {
			case 0:
				fmt.Fprintf(&b, "  <description><![CDATA[<p>%s</p><p>a ]] b</p>]]></description>\n", words(40))
			case 1:
				fmt.Fprintf(&b, "  <description>&lt;p&gt;%s&lt;/p&gt;</description><media:group><media:content url=\"https://press.example/%d.mp4\" type=\"video/mp4\"/><media:thumbnail url=\"t.png\"/></media:group>\n", words(30), i)
			case 2:
				fmt.Fprintf(&b, "  <description><p>%s<br/>%s</p></description><!-- %s -->\n", words(20), words(10), words(5))
			default:
				fmt.Fprintf(&b, "  <description>%s</description><content:encoded><![CDATA[<div><p>%s</p></div>]]></content:encoded>\n", words(20), words(30))
			}
			fmt.Fprintf(&b, "  <category domain=\"urn:c\">Health</category><dc:creator>Ana</dc:creator>\n</item>\n")
		case "rdf":
			fmt.Fprintf(&b, "<item rdf:about=\"https://press.example/%d\"><title>Entry %d</title><link>https://press.example/%d</link><description>%s</description><dc:date>2020-09-17</dc:date></item>\n", i, i, i, words(40))
		case "atom":
			fmt.Fprintf(&b, "<entry><title type=\"text\">Entry %d</title><id>urn:%d</id><link rel=\"alternate\" href=\"https://press.example/%d\"/><updated>2020-09-17T07:24:25Z</updated>", i, i, i)
			fmt.Fprintf(&b, "<author><name>Ana</name></author><content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\"><p>%s</p></div></content></entry>\n", words(40))
		case "json":
			if i > 0 {
				b.WriteString(",\n")
			}
			fmt.Fprintf(&b, `{"id":"id-%d","title":"Entry %d","url":"https://press.example/%d","content_html":"<p>%s \"quoted\"</p>","tags":["a","b"],"date_published":"2020-09-17T07:24:25Z"}`, i, i, i, words(40))
		}
		marks = append(marks, b.Len())
	}
	b.WriteString(tails[format])
	return b.String(), marks
}

// TestGenerated reads whole, cut and flipped feeds. Nothing fails, whole feeds
// are whole, of a cut feed every entry that ended before the cut is there, and
// a few wrong bytes cost next to nothing.
func TestGenerated(t *testing.T) {
	t.Parallel()
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	for _, format := range []string{"rss", "atom", "rdf", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(4, uint64(len(format)+int(format[1]))))
			var cut, kept, flipped, survived int
			for range rounds {
				n := 5 + rnd.IntN(25)
				doc, marks := variedFeed(format, n, rnd)
				if got := entriesOf(doc); got != n {
					t.Fatalf("%d of %d entries of a whole feed", got, n)
				}
				at := marks[0] + rnd.IntN(len(doc)-marks[0])
				want := 0
				for _, m := range marks {
					if m <= at {
						want++
					}
				}
				if got := entriesOf(doc[:at]); got < want {
					t.Errorf("cut at %d of %d: %d entries, %d had ended", at, len(doc), got, want)
				} else {
					kept += min(got, want)
				}
				cut += want

				flipped += n
				got := entriesOf(flip(doc, 1+rnd.IntN(8), rnd))
				survived += min(got, n)
			}
			t.Logf("%s: %d of %d entries kept after a cut, %d of %d with wrong bytes", format, kept, cut, survived, flipped)
			if kept*100 < cut*99 {
				t.Errorf("kept %d of %d entries after a cut", kept, cut)
			}
			if survived*100 < flipped*97 {
				t.Errorf("kept %d of %d entries with wrong bytes", survived, flipped)
			}
		})
	}
}

// entriesOf counts the entries whose title is whole.
func entriesOf(doc string) int {
	d, err := Feed(Input{Body: []byte(doc)})
	if err != nil {
		return 0
	}
	return len(d.Entries)
}

// flip replaces n bytes by others.
func flip(doc string, n int, rnd *rand.Rand) string {
	b := []byte(doc)
	for range n {
		b[rnd.IntN(len(b))] = byte(rnd.IntN(256))
	}
	return string(b)
}

func FuzzFeed(f *testing.F) {
	rnd := rand.New(rand.NewPCG(4, 2))
	for _, format := range []string{"rss", "atom", "rdf", "json"} {
		doc, _ := variedFeed(format, 3, rnd)
		f.Add([]byte(doc), "text/xml")
	}
	f.Add([]byte("\xff\xfe<\x00r\x00s\x00s\x00>\x00"), "text/xml; charset=koi8-r")
	f.Add([]byte(`<rss><channel><item><title><![CDATA[x</title><item>`), "")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		doc, err := Feed(Input{Body: body, URL: "https://press.example/feed", Header: map[string]string{"content-type": contentType}})
		if err != nil {
			return
		}
		if len(doc.Entries) == 0 && len(doc.Warnings) == 0 {
			t.Fatal("no entries and no warning")
		}
		if doc.Recovered && len(doc.Warnings) == 0 {
			t.Fatal("recovered and no warning")
		}
		if len(doc.Entries) > maxEntries {
			t.Fatalf("%d entries", len(doc.Entries))
		}
	})
}
