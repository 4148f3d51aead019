package desk

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/web"
)

// A storyForm is what was sent about one story.
type storyForm struct {
	url.Values
	ID   news.StoryID
	Seen int64 // the revision its person had before them; 0 where the form has none
}

// readStoryForm reads the story of a request's address and its form.
func readStoryForm(r *http.Request) (storyForm, error) {
	id, err := storyID(r.PathValue("id"))
	if err != nil {
		return storyForm{}, err
	}
	form, err := readForm(r)
	if err != nil {
		return storyForm{}, err
	}
	seen, _ := strconv.ParseInt(form.Get("revision"), 10, 64)
	return storyForm{form, id, seen}, nil
}

func readForm(r *http.Request) (url.Values, error) {
	if err := r.ParseForm(); err != nil {
		return nil, fmt.Errorf("form: %w", err)
	}
	return r.PostForm, nil
}

// text is a text of a form with the line ends we store.
func text(form url.Values, name string) string {
	return strings.ReplaceAll(form.Get(name), "\r\n", "\n")
}

// A wrong is what a form is given back with: what is wrong, beside its field
// where it is about one. The zero wrong is a form nobody sent yet.
type wrong struct {
	Text   string // what is wrong and about no field
	fields []*news.WrongField
}

// newWrong takes an error apart for a form. ok is false when no change of the
// form mends it.
func newWrong(err error) (w wrong, ok bool) {
	if !errors.Is(err, news.ErrInvalid) {
		return w, false
	}
	if w.fields = news.WrongFields(err); len(w.fields) == 0 {
		w.Text = web.Plain(err)
	}
	return w, true
}

// Any reports whether something is wrong.
func (w wrong) Any() bool { return w.Text != "" || len(w.fields) > 0 }

// At is what is wrong with a field; empty where nothing is.
func (w wrong) At(field string) string {
	for _, f := range w.fields {
		if f.Field == field {
			return web.Plain(f.Err)
		}
	}
	return ""
}

// Said is what is wrong with a field and where the page says it.
type said struct{ Field, Text string }

// Say is what the block "wrong" shows below a field.
func (w wrong) Say(field string) said { return said{field, w.At(field)} }

// Marks are the attributes of a field: what describes it, hint among it where
// there is one; that it is wrong; and the focus for the first that is.
func (w wrong) Marks(field string, hint ...string) template.HTMLAttr {
	var out string
	if w.At(field) != "" {
		hint = append(hint, field+"-wrong")
		out = ` aria-invalid="true"`
		if w.fields[0].Field == field {
			out += " autofocus"
		}
	}
	if len(hint) > 0 {
		out += ` aria-describedby="` + template.HTMLEscapeString(strings.Join(hint, " ")) + `"`
	}
	return template.HTMLAttr(strings.TrimSpace(out))
}
