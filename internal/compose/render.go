package compose

import (
	"bytes"
	"fmt"
	htmltemplate "html/template"
	"regexp"
	"strings"
	"sync"
	texttemplate "text/template"

	"github.com/aymerick/douceur/inliner"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/templates"
)

// A form is one shape a part can have. A mail in HTML has two of them.
type form struct {
	name   audience.Format
	render func(*view) (*pieces, error)
}

var forms = []form{
	{audience.FormatHTML, renderHTML},
	{audience.FormatText, func(v *view) (*pieces, error) { return renderText(v, audience.FormatText, "digest.txt") }},
	{audience.FormatLite, func(v *view) (*pieces, error) { return renderText(v, audience.FormatLite, "lite.txt") }},
}

// The templates are part of the program: a mistake in one stops the tests.
var htmlTemplates = sync.OnceValue(func() *htmltemplate.Template {
	return htmltemplate.Must(htmltemplate.New("").Funcs(htmltemplate.FuncMap{
		"cut": func(name string, id ...any) htmltemplate.HTML {
			return htmltemplate.HTML("<!--@" + pieceName(name, id) + "-->")
		},
		"mso": func(s string) htmltemplate.HTML { return htmltemplate.HTML("<!--[if mso]>" + s + "<![endif]-->") },
	}).ParseFS(templates.FS, "mail/*.html"))
})

var textTemplates = sync.OnceValue(func() *texttemplate.Template {
	return texttemplate.Must(texttemplate.New("").Funcs(texttemplate.FuncMap{
		"cut":       func(name string, id ...any) string { return "\x01" + pieceName(name, id) + "\x02" },
		"underline": underline,
	}).ParseFS(templates.FS, "mail/*.txt"))
})

var styleSheet = sync.OnceValue(func() htmltemplate.CSS {
	b, err := templates.FS.ReadFile("mail/digest.css")
	if err != nil {
		panic(fmt.Sprintf("compose: embedded style sheet: %v", err))
	}
	return htmltemplate.CSS(b)
})

// pieceName is the name of the piece that begins at a cut: "story/12".
func pieceName(name string, id []any) string {
	for _, i := range id {
		name += fmt.Sprintf("/%v", i)
	}
	return name
}

var (
	htmlCut = regexp.MustCompile(`<!--@([a-z0-9/-]+)-->`)
	textCut = regexp.MustCompile("\x01([a-z0-9/-]+)\x02")
)

// renderHTML fills the template in, writes the style sheet into the elements
// once for the whole edition, and cuts it into its pieces.
func renderHTML(v *view) (*pieces, error) {
	v.CSS = styleSheet()
	var b bytes.Buffer
	if err := htmlTemplates().ExecuteTemplate(&b, "digest.html", v); err != nil {
		return nil, err
	}
	inlined, err := inliner.Inline(b.String())
	if err != nil {
		return nil, fmt.Errorf("write the style sheet into the elements: %w", err)
	}
	p := &pieces{form: audience.FormatHTML}
	for _, c := range cutUp(tightened(inlined), htmlCut) {
		p.add(c.name, htmlLines(c.body))
	}
	p.encode()
	return p, nil
}

func renderText(v *view, name audience.Format, file string) (*pieces, error) {
	var b bytes.Buffer
	if err := textTemplates().ExecuteTemplate(&b, file, v); err != nil {
		return nil, err
	}
	p := &pieces{form: name, delSp: joinsWithoutBlanks(v.Lang)}
	for _, c := range cutUp(b.String(), textCut) {
		p.add(c.name, textLines(c.body, p.delSp))
	}
	p.encode()
	return p, nil
}

var (
	styleAttr  = regexp.MustCompile(` style="[^"]*"`)
	styleBlock = regexp.MustCompile(`(?s)<style[^>]*>.*?</style>`)
	styleGaps  = regexp.MustCompile(`\s*([:;{},])\s+`)
)

// tightened takes the blanks out of the styles, which are half of the page.
func tightened(doc string) string {
	tight := func(s string) string { return styleGaps.ReplaceAllString(s, "$1") }
	doc = styleAttr.ReplaceAllStringFunc(doc, func(s string) string {
		return strings.TrimRight(tight(s), `;"`) + `"`
	})
	return styleBlock.ReplaceAllStringFunc(doc, func(s string) string {
		return strings.ReplaceAll(tight(s), "}", "}\n")
	})
}

type cutting struct{ name, body string }

// cutUp splits a rendered document at its marks. What stands before the first
// one goes with it.
func cutUp(doc string, mark *regexp.Regexp) []cutting {
	var out []cutting
	at := mark.FindAllStringSubmatchIndex(doc, -1)
	for i, m := range at {
		end := len(doc)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		c := cutting{doc[m[2]:m[3]], doc[m[1]:end]}
		if i == 0 {
			c.body = doc[:m[0]] + c.body
		}
		out = append(out, c)
	}
	return out
}

var blankLines = regexp.MustCompile(`\n\s*\n`)

// htmlLines ends lines in CRLF and takes out what only pleased the template's
// author. Where white space counts it stays.
func htmlLines(s string) []byte {
	if !strings.Contains(s, "<pre") {
		s = blankLines.ReplaceAllString(s, "\n")
	}
	s = strings.Trim(wholeCharacters(s), "\n") + "\n"
	return []byte(strings.ReplaceAll(s, "\n", "\r\n"))
}
