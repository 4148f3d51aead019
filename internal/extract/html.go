package extract

import (
	"bytes"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/PuerkitoBio/goquery"
	dateparser "github.com/markusmobius/go-dateparser"
	"github.com/markusmobius/go-htmldate"
	"github.com/markusmobius/go-trafilatura"
	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"

	"github.com/ifhhro/rightsdesk/internal/dates"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
)

func init() {
	dateparser.Read = func(s string) (time.Time, bool) {
		d, ok := dates.Parse(s, dates.Options{Order: dates.DayFirst})
		return d.Time, ok && d.Precision != news.Month && d.Precision != news.Year
	}
}

// readHTML also returns the language the page claims to be in.
func readHTML(in Input) (a Article, declared string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("read page: the finder broke off: %v: %w", p, news.ErrInvalid)
		}
	}()
	body := in.Body
	if len(body) > MaxPage {
		body = body[:MaxPage]
		a.Warnings = append(a.Warnings, "the page is longer than 4 MiB: the rest was not read")
	}
	text, dropped := tame(decode(body, in.Header["content-type"]))
	if dropped {
		a.Warnings = append(a.Warnings, "the page is nested too deeply or too large: some of its markup was not read")
	}
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return a, "", fmt.Errorf("read page: %w: %w", err, news.ErrInvalid)
	}
	page, _ := url.Parse(in.URL)
	base := baseOf(doc, page)
	declared = declaredLanguage(doc, in.Header["content-language"])
	a.PDFLinks = pdfLinks(doc, base)
	a.Canonical = canonical(doc, base, in.URL)
	a.Published, a.Updated = days(doc, in.URL)
	found, err := trafilatura.ExtractDocument(doc, trafilatura.Options{
		OriginalURL:     page,
		EnableFallback:  true,
		ExcludeComments: true,
		HtmlDateMode:    trafilatura.Disabled,
	})
	if err != nil {
		return bare(a, doc), declared, nil
	}
	a.Title = firstOf(prose.Line(found.Metadata.Title), title(doc))
	a.Text = articleText(found)
	a.Authors = authors(found.Metadata.Author)
	return a, declared, nil
}

// bare is the article of a page in which none was found: its title and nothing
// else.
func bare(a Article, doc *html.Node) Article {
	a.Title = title(doc)
	a.Warnings = append(a.Warnings, "no article was found in the page")
	return a
}

func title(doc *html.Node) string {
	for _, selector := range []string{"h1", "title"} {
		if t := prose.Line(goquery.NewDocumentFromNode(doc).Find(selector).First().Text()); t != "" {
			return prose.Cut(t, news.MaxTitleBytes)
		}
	}
	return ""
}

// articleText is the text of what was found, with its paragraphs.
func articleText(found *trafilatura.ExtractResult) string {
	text := ""
	if found.ContentNode != nil {
		var b strings.Builder
		if html.Render(&b, found.ContentNode) == nil {
			text = prose.HTMLText(b.String())
		}
	}
	if text == "" {
		text = found.ContentText
	}
	return prose.Cut(prose.Text(text), news.MaxBodyBytes)
}

func authors(list string) []news.Person {
	var out []news.Person
	for name := range strings.SplitSeq(list, ";") {
		p := news.Person{Name: prose.Cut(prose.Line(name), news.MaxTitleBytes)}
		if p.Name != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// days finds the day a page was published and the day it was last changed. The
// finder reads forms, attributes, addresses and text. What it was read from
// must hold the year and the day: else a clock or the first of January has
// completed it, and it does not count.
func days(doc *html.Node, page string) (published, updated news.Date) {
	published = day(doc, htmldate.Options{URL: page, UseOriginalDate: true})
	updated = day(doc, htmldate.Options{URL: page})
	if !updated.Known() || published.Known() && !updated.Time.After(published.Time) {
		updated = news.Date{}
	}
	return published, updated
}

func day(doc *html.Node, o htmldate.Options) news.Date {
	r, err := htmldate.FromDocument(doc, o)
	if err != nil || r.IsZero() || r.DateTime.Year() < 1995 {
		return news.Date{}
	}
	y, m, d := r.DateTime.Date()
	if !holdsNumber(r.SrcString, y%100) || !holdsNumber(r.SrcString, d) {
		return news.Date{}
	}
	return news.Date{Time: time.Date(y, m, d, 0, 0, 0, 0, time.UTC), Precision: news.Day, Origin: "page"}
}

// holdsNumber reports whether the digits of n end a number in s.
func holdsNumber(s string, n int) bool {
	for digits := range strings.FieldsFuncSeq(s, func(r rune) bool { return !unicode.IsDigit(r) }) {
		if strings.HasSuffix(digits, fmt.Sprintf("%02d", n)) || digits == strconv.Itoa(n) || len(digits) >= 8 {
			return true
		}
	}
	return false
}

func firstOf(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}

// decode makes UTF-8 of a page. Valid UTF-8 with something beyond ASCII in it
// wins over any label; then come the header, the page's own declaration and
// detection.
func decode(body []byte, contentType string) string {
	if e, name, certain := charset.DetermineEncoding(body, ""); certain && strings.HasPrefix(name, "utf-16") {
		if out, err := e.NewDecoder().Bytes(body); err == nil {
			return string(out)
		}
	}
	if utf8.Valid(body) {
		return strings.TrimPrefix(string(body), "\uFEFF")
	}
	if mostlyUTF8(body) {
		return strings.ToValidUTF8(string(body), "\uFFFD")
	}
	if _, params, err := mime.ParseMediaType(contentType); err == nil && strings.HasPrefix(strings.ToLower(params["charset"]), "utf") {
		contentType = "text/html" // it is not, or the test above had passed
	}
	e, _, _ := charset.DetermineEncoding(body, contentType)
	out, err := e.NewDecoder().Bytes(body)
	if err != nil {
		return strings.ToValidUTF8(string(body), "\uFFFD")
	}
	return string(out)
}

// mostlyUTF8 reports a text whose letters beyond ASCII are UTF-8 but for a few
// broken bytes, as a cut or a foreign quotation leaves them.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		i := bytes.IndexFunc(b, func(r rune) bool { return r >= utf8.RuneSelf })
		if i < 0 {
			break
		}
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		b = b[i+n:]
	}
	return good > 20*bad
}

func baseOf(doc *html.Node, page *url.URL) *url.URL {
	if u, err := url.Parse(absolute(page, attr(doc, "base[href]", "href"))); err == nil && u.Host != "" {
		return u
	}
	return page
}

// attr is an attribute of the first element a selector finds, or empty.
func attr(doc *html.Node, selector, name string) string {
	return goquery.NewDocumentFromNode(doc).Find(selector).First().AttrOr(name, "")
}

// declaredLanguage is what the page's elements or its header claim.
func declaredLanguage(doc *html.Node, header string) string {
	first, _, _ := strings.Cut(header, ",")
	return firstOf(
		attr(doc, "html[lang]", "lang"),
		attr(doc, "html", "xml:lang"),
		attr(doc, `meta[http-equiv="content-language" i]`, "content"),
		attr(doc, `meta[property="og:locale"]`, "content"),
		first,
	)
}

// canonical is the address a page says it has.
func canonical(doc *html.Node, base *url.URL, fetched string) string {
	return firstOf(
		absolute(base, attr(doc, `link[rel~="canonical" i][href]`, "href")),
		absolute(base, attr(doc, `meta[property="og:url"]`, "content")),
		absolute(nil, fetched),
	)
}

// maxPDFLinks bounds the list; a library's catalogue is no article.
const maxPDFLinks = 200

func pdfLinks(doc *html.Node, base *url.URL) []string {
	var out []string
	goquery.NewDocumentFromNode(doc).Find("a[href]").EachWithBreak(func(_ int, a *goquery.Selection) bool {
		u := absolute(base, a.AttrOr("href", ""))
		if u != "" && leadsToPDF(u, a.AttrOr("type", "")) && !slices.Contains(out, u) {
			out = append(out, u)
		}
		return len(out) < maxPDFLinks
	})
	return out
}

func leadsToPDF(link, kind string) bool {
	if strings.EqualFold(strings.TrimSpace(kind), "application/pdf") {
		return true
	}
	u, err := url.Parse(link)
	return err == nil && (strings.HasSuffix(strings.ToLower(u.Path), ".pdf") || strings.HasSuffix(strings.ToLower(u.RawQuery), ".pdf"))
}
