package parse

import (
	"errors"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// TestDamaged: each damaged feed is read as a careful person would read it.
// The wishes are fields of fieldOf; every one of them is marked recovered and
// says why.
func TestDamaged(t *testing.T) {
	t.Parallel()
	const open = `<rss version="2.0"` + nsAll + `><channel><title>Feed</title><link>https://press.example/</link>`
	const a = `<item><title>A</title><link>https://press.example/a</link></item>`
	const c = `<item><title>C</title><link>https://press.example/c</link></item>`
	const end = `</channel></rss>`
	tests := []struct {
		name, doc string
		want      map[string]string
	}{
		{"cut in a title", open + a + `<item><title>Half a ti`, map[string]string{"feed.entries": "2", "2.title": "Half a ti"}},
		{"cut in a link", open + a + `<item><title>B</title><link>https://press.exa`, map[string]string{"2.title": "B", "2.url": ""}},
		{"cut in a tag", open + a + `<item><title>B</title><li`, map[string]string{"2.title": "B"}},
		{"cut in an end tag", open + a + `<item><title>B</tit`, map[string]string{"2.title": "B"}},
		{"cut in an attribute", open + a + `<item><title>B</title><enclosure url="https://press.ex`, map[string]string{"2.title": "B", "2.enclosures": ""}},
		{"cut in a reference", open + a + `<item><title>B &am`, map[string]string{"2.title": "B"}},
		{"cut in CDATA", open + a + `<item><title>B</title><description><![CDATA[<p>half`, map[string]string{"2.summary": "html:<p>half"}},
		{"cut after an item", open + a, map[string]string{"feed.entries": "1"}},
		{"cut before an item says anything", open + a + `<item><guid>x`, map[string]string{"feed.entries": "1"}},
		{"cut in a date", open + a + `<item><title>B</title><pubDate>Thu, 17 Sep 20`, map[string]string{"2.published": ""}},
		{"no end of the channel", open + a + c + `</rss>`, map[string]string{"feed.entries": "2"}},

		{"an end tag misspelt", open + `<item><title>A</titel><link>https://press.example/a</link></item>` + c + end, map[string]string{"title": "A", "url": "https://press.example/a", "2.title": "C"}},
		{"a start tag misspelt", open + `<item><titel>A</title><link>https://press.example/a</link></item>` + c + end, map[string]string{"title": "A", "2.title": "C"}},
		{"an item's start misspelt", open + `<itme><title>A</title></item>` + c + end, map[string]string{"feed.entries": "2", "title": "A"}},
		{"an item's end misspelt", open + `<item><title>A</title></itme>` + c + end, map[string]string{"feed.entries": "2", "2.title": "C"}},
		{"a start where an end was meant", open + `<item><title>A<title><link>https://press.example/a</link></item>` + c + end, map[string]string{"title": "A", "url": "https://press.example/a"}},
		{"case differs", open + `<item><Title>A</title></ITEM>` + c + end, map[string]string{"title": "A", "feed.entries": "2"}},
		{"an item without end", open + `<item><title>A</title>` + c + end, map[string]string{"feed.entries": "2", "title": "A", "2.title": "C"}},
		{"an item without start", open + a + `<title>B</title><link>https://press.example/b</link></item>` + c + end, map[string]string{"feed.entries": "3", "2.title": "B", "2.url": "https://press.example/b"}},
		{"the first item without start", open + `<title>A</title><link>https://press.example/a</link></item>` + c + end, map[string]string{"feed.entries": "2", "title": "A", "feed.title": "Feed"}},
		{"a title without end", open + `<item><title>A<link>https://press.example/a</link></item>` + c + end, map[string]string{"title": "A", "url": "https://press.example/a"}},
		{"a link without end", open + `<item><link>https://press.example/a<title>A</title></item>` + c + end, map[string]string{"title": "A", "url": "https://press.example/a"}},
		{"a description without end", open + `<item><description>text <pubDate>Thu, 17 Sep 2020 07:24:25 GMT</pubDate><title>A</title></item>` + c + end, map[string]string{"summary": "text", "published": "2020-09-17T07:24:25Z pubDate", "title": "A"}},
		{"an extension without end", open + `<item><title>A</title><media:group><media:content url="https://press.example/v"></item>` + c + end, map[string]string{"feed.entries": "2", "title": "A", "enclosures": "https://press.example/v  0"}},
		{"an extension without end, fields after it", open + `<item><media:group><title>A</title><link>https://press.example/a</link></item>` + c + end, map[string]string{"feed.entries": "2", "2.title": "C"}},
		{"markup without end", open + `<item><description><p>one<p>two<b>three</description><title>A</title></item>` + c + end, map[string]string{"title": "A", "2.title": "C"}},
		{"HTML's empty elements", open + `<item><description>one<br>two<img src="x.png">three</description><title>A</title></item>` + c + end, map[string]string{"title": "A", "summary": `html:one<br>two<img src="x.png">three`}},
		{"a stray end tag", open + `<item><description>one</b></p> two</description><title>A</title></item>` + c + end, map[string]string{"title": "A", "summary": "one two"}},
		{"the channel ends early", open + a + `</channel>` + c + end, map[string]string{"feed.entries": "2"}},
		{"the root ends early", open + a + end + c, map[string]string{"feed.entries": "2"}},

		{"a bare <", open + `<item><title>BMI < 18 and 5 <3</title></item>` + c + end, map[string]string{"title": "BMI < 18 and 5 <3", "2.title": "C"}},
		{"a bare < before a letter", open + `<item><title>a <b and c</title></item>` + c + end, map[string]string{"title": "a <b and c", "2.title": "C"}},
		{"an address in angle brackets", open + `<item><title>see <https://press.example> now</title></item>` + c + end, map[string]string{"title": "see <https://press.example> now", "2.title": "C"}},
		{"a bare &", open + `<item><title>Law & Order & AT&T; &</title></item>` + c + end, map[string]string{"title": "Law & Order & AT&T; &", "2.title": "C"}},
		{"a bare & in an address", open + `<item><link>https://press.example/?a=1&b=2&copy=3</link></item>` + c + end, map[string]string{"url": "https://press.example/?a=1&b=2&copy=3"}},
		{"a bare & in an attribute", open + `<item><enclosure url="https://press.example/?a=1&b=2"/></item>` + c + end, map[string]string{"enclosures": "https://press.example/?a=1&b=2  0"}},
		{"entities of HTML", open + `<item><title>caf&eacute;&nbsp;&ndash; &hellip;</title></item>` + c + end, map[string]string{"title": "café\u00a0– …"}},
		{"an entity nobody knows", open + `<item><title>a &foo; b</title></item>` + c + end, map[string]string{"title": "a &foo; b"}},

		{"CDATA without end", open + `<item><title>A</title><description><![CDATA[<p>one</p></description></item><item><title>B</title><description><![CDATA[two]]></description></item>` + c + end,
			map[string]string{"feed.entries": "3", "summary": "html:<p>one</p>", "2.title": "B", "2.summary": "two"}},
		{"the last CDATA without end", open + a + `<item><title>B</title><description><![CDATA[<p>one</p></description></item>` + end, map[string]string{"feed.entries": "2", "2.summary": "html:<p>one</p>"}},
		{"CDATA misspelt", open + `<item><title><![CDTAA[A]]></title></item>` + c + end, map[string]string{"title": "A", "2.title": "C"}},
		{"a comment without end", open + `<!-- begin ` + `<item><title>A</title></item>` + c + end, map[string]string{"2.title": "C"}},

		{"attributes without quotes", open + `<item><title>A</title><enclosure url=https://press.example/a.mp3 length=5 type=audio/mpeg/></item>` + c + end, map[string]string{"enclosures": "https://press.example/a.mp3 audio/mpeg 5"}},
		{"a quote missing", open + `<item><title>A</title><enclosure url="https://press.example/a.mp3 length="5" type="audio/mpeg"/></item>` + c + end, map[string]string{"enclosures": "https://press.example/a.mp3 audio/mpeg 5", "2.title": "C"}},
		{"the last quote missing", open + `<item><guid isPermaLink="false>x</guid><title>A</title></item>` + c + end, map[string]string{"id": "x", "title": "A", "2.title": "C"}},
		{"an attribute twice", open + `<item><title>A</title><enclosure url="https://press.example/1" url="https://press.example/2"/></item>` + c + end, map[string]string{"enclosures": "https://press.example/1  0"}},
		{"a > missing", open + `<item><title>A</title><pubDate Thu, 17 Sep 2020 07:24:25 GMT</pubDate></item>` + c + end, map[string]string{"title": "A", "2.title": "C"}},
		{"a > missing before a tag", open + `<item <title>A</title></item>` + c + end, map[string]string{"title": "A", "2.title": "C"}},

		{"control characters", open + "<item><title>A\x00\x08\x1b</title></item>" + c + end, map[string]string{"title": "A", "2.title": "C"}},
		{"junk before", "\n\n<br />\n<b>Warning</b>: something in line 3\n<?xml version=\"1.0\"?>" + open + a + end, map[string]string{"title": "A", "feed.title": "Feed"}},
		{"words before", "Notice: here it comes" + open + a + end, map[string]string{"title": "A"}},
		{"a page about it", "<html><body>" + open + a + end + "</body></html>", map[string]string{"title": "A", "feed.title": "Feed"}},
		{"nested too deeply", open + `<item><description>` + strings.Repeat("<div>", 400) + "deep" + strings.Repeat("</div>", 400) + `</description><title>A</title></item>` + c + end, map[string]string{"title": "A", "2.title": "C"}},
		{"nested too deeply and never closed", open + `<item><title>A</title><description>` + strings.Repeat("<div>", 4000) + `deep</description></item>` + c + end, map[string]string{"title": "A", "2.title": "C"}},
		{"the root misspelt", strings.Replace(open, "<rss", "<rsss", 1) + a + `</channel></rsss>x`, nil},
		{"Atom cut", `<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>A</title></entry><entry><title>B</title><link href="https://press.example/b"/>`, map[string]string{"feed.entries": "2", "2.url": "https://press.example/b"}},
		{"Atom entry without end", `<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>A</title><entry><title>B</title></entry></feed>`, map[string]string{"feed.entries": "2"}},
		{"Atom link without slash", `<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="https://press.example/a"><title>A</title></entry><entry><title>B</title></entry></feed>`, map[string]string{"title": "A", "url": "https://press.example/a", "2.title": "B"}},
		{"RDF cut", `<rdf:RDF` + nsRDF + ` xmlns="http://purl.org/rss/1.0/"><channel><title>F</title></channel><item rdf:about="https://press.example/a"><title>A</title></item><item`, map[string]string{"feed.entries": "1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := Feed(Input{Body: []byte(tt.doc)})
			if err != nil {
				t.Fatal(err)
			}
			for field, want := range tt.want {
				if got := fieldOf(doc, field); got != want {
					t.Errorf("%s = %q; want %q", field, got, want)
				}
			}
			if tt.want != nil && (!doc.Recovered || len(doc.Warnings) == 0) {
				t.Errorf("recovered %v, warnings %q: a damaged feed must say so", doc.Recovered, doc.Warnings)
			}
		})
	}
}

// TestNoFeed: what is no feed is refused, in words that say what it is.
func TestNoFeed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       error
	}{
		{"nothing", "", errEmpty},
		{"space", " \n ", errEmpty},
		{"a web page", "<!DOCTYPE html><html><head><title>Just a moment…</title></head><body></body></html>", errPage},
		{"plain text", "not a feed at all", errNoFeed},
		{"other XML", "<note><to>you</to></note>", errNoFeed},
		{"other JSON", `{"data":[1,2,3]}`, errNoFeed},
		{"a picture", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x00\x00\x00\xff\xff\xfe", errNotText},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, err := Feed(Input{Body: []byte(tt.body)})
			if !errors.Is(err, tt.want) || !errors.Is(err, news.ErrInvalid) {
				t.Errorf("Feed = %v, %v; want %v", doc, err, tt.want)
			}
		})
	}
}
