package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/templates/words"
)

// pages are the parsed templates, by name without .html: "desk/queue".
type pages struct {
	byName map[string]*template.Template
}

// readPages parses every page of every part over the layout. A page defines
// "title" and "main"; _*.html beside the layout are shared by all.
func readPages(root fs.FS, s *Site) (*pages, error) {
	shared, err := fs.Glob(root, "_*.html")
	if err != nil {
		return nil, fmt.Errorf("shared templates: %w", err)
	}
	layout, err := template.New("layout.html").Funcs(s.funcs()).Funcs(textFuncs()).ParseFS(root, append([]string{"layout.html"}, shared...)...)
	if err != nil {
		return nil, fmt.Errorf("layout: %w", err)
	}
	files, err := fs.Glob(root, "*/*.html")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	p := &pages{byName: map[string]*template.Template{}}
	for _, file := range files {
		t, err := layout.Clone()
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", file, err)
		}
		if t, err = t.ParseFS(root, file); err != nil {
			return nil, fmt.Errorf("page %s: %w", file, err)
		}
		p.byName[strings.TrimSuffix(file, path.Ext(file))] = t
	}
	return p, nil
}

// Pages lists the pages of a part, "desk/queue", in order.
func (s *Site) Pages(part string) []string {
	var names []string
	for name := range s.pages.byName {
		if strings.HasPrefix(name, part+"/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// A Frame is what the layout sees around a page.
type Frame struct {
	Name    string // of the house
	Part    string // public, desk or admin
	Path    string // of the request; empty where it holds a secret
	Lang    string // BCP 47
	Dir     string // ltr or rtl
	Prefix  string // of links to pages for readers in this language: "" or "/fr"
	Account *staff.Account
	Page    any

	Elsewhere []tab // this page in every language it can be had in
}

// May reports whether the person looking may do p.
func (f Frame) May(p staff.Permission) bool { return f.Account != nil && f.Account.May(p) }

// A Localised page says which language it is written in; others are in the
// language of the address.
type Localised interface{ Language() string }

// Render answers with a page inside the layout.
func (s *Site) Render(w http.ResponseWriter, r *http.Request, name string, page any) error {
	return s.render(w, r, http.StatusOK, name, "", page)
}

// RenderStatus is Render with another status than 200.
func (s *Site) RenderStatus(w http.ResponseWriter, r *http.Request, status int, name string, page any) error {
	return s.render(w, r, status, name, "", page)
}

// RenderBlock answers with one block of a page, without the layout, for htmx
// to swap in.
func (s *Site) RenderBlock(w http.ResponseWriter, r *http.Request, name, block string, page any) error {
	return s.render(w, r, http.StatusOK, name, block, page)
}

// render writes nothing until the whole page stands, so that an error can still
// become a page of its own.
func (s *Site) render(w http.ResponseWriter, r *http.Request, status int, name, block string, page any) error {
	t := s.pages.byName[name]
	if t == nil {
		return fmt.Errorf("page %q: there is no such template", name)
	}
	var b bytes.Buffer
	var err error
	if block != "" {
		err = t.ExecuteTemplate(&b, block, page)
	} else {
		err = t.ExecuteTemplate(&b, "layout.html", s.frame(r, page))
	}
	if err != nil {
		return fmt.Errorf("page %q: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the browser went away: nobody to tell
	return nil
}

func (s *Site) frame(r *http.Request, page any) Frame {
	f := Frame{Name: s.name, Part: part(r.URL.Path), Lang: Language(r), Account: Account(r), Page: page}
	if !requestInfo(r.Context()).secret {
		f.Path = r.URL.Path
	}
	if l, ok := page.(Localised); ok {
		f.Lang = l.Language()
	}
	f.Dir, f.Prefix = Direction(f.Lang), Prefix(f.Lang)
	if _, failed := page.(errorPage); f.Part == "public" && f.Path != "" && !failed {
		for _, lang := range news.Languages() {
			f.Elsewhere = append(f.Elsewhere, tab{Prefix(lang) + f.Path, lang, lang == f.Lang})
		}
	}
	return f
}

// Direction is the writing direction of a language we publish in.
func Direction(lang string) string {
	switch base, _, _ := strings.Cut(lang, "-"); base {
	case "ar", "fa", "he", "ur", "ps", "ckb", "dv", "sd", "ug", "yi":
		return "rtl"
	}
	return "ltr"
}

// funcs are the words templates may use.
func (s *Site) funcs() template.FuncMap {
	return template.FuncMap{
		"asset":    s.assetPath,
		"link":     s.Link,
		"dir":      Direction,
		"day":      func(t time.Time) string { return t.In(s.zone).Format("2 January 2006") },
		"dayIn":    func(lang string, t time.Time) string { return words.In(lang).Date(t.In(s.zone)) },
		"ago":      func(t time.Time) string { return ago(s.now(), t.In(s.zone)) },
		"clock":    func(t time.Time) string { return t.In(s.zone).Format("2006-01-02T15:04") },
		"zone":     func() string { return s.zone.String() },
		"moment":   func(t time.Time) string { return t.In(s.zone).Format("2 Jan 2006, 15:04 MST") },
		"datetime": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	}
}

// Mail answers with the HTML of a mail as a document of its own, for a frame on
// our pages: sandboxed, without script, allowed its inline style.
func Mail(w http.ResponseWriter, html []byte) error {
	w.Header().Set("Content-Security-Policy", mailPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(html) // the browser went away: nobody to tell
	return nil
}
