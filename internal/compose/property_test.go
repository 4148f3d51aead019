package compose_test

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/compose"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/templates/words"
	"golang.org/x/net/html"
	"pgregory.net/rapid"
)

// hostileLine draws what a feed or a hand may put into one line.
func hostileLine() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringN(1, 200, -1),
		rapid.StringMatching(`[a-z=?_ ]{1,120}`),
		rapid.StringMatching(`(=\?utf-8\?[BQ]\?[A-Za-z0-9=_]{0,20}\?= ?){1,5}`),
		rapid.StringMatching(`[é中ا🩺ä\x{0301}\x{200d} ]{1,90}`),
		rapid.StringMatching(`[a-z]{70,300}`),
		rapid.StringMatching(`(<script>|"><img src=x>|\{\{|<!--@tail-->|https://unsubscribe\.invalid/|From | \.|&amp;){1,6}x`),
		rapid.Just("Subject: x Bcc: victim@mail.example"),
		rapid.Just("half a pair \xed\xa0\xbd, and \xff\xfe no UTF-8 at all"),
		rapid.StringMatching(`[a-z א ש\x{202e}\x{2066}\x{2067}\x{2028}\x{0085}\x{000b}\x{feff}]{1,60}`),
		rapid.Just(strings.Repeat("медицина и право ", 60)),
	)
}

// TestHostileTitles: whatever stands in the fields people fill in, the message
// keeps its form and two parsers read the title back as it was.
func TestHostileTitles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		in := sample()
		in.Languages = []string{rapid.SampledFrom(audience.Languages()).Draw(rt, "language")}
		in.Issue.Language = in.Languages[0]
		in.Issue.Title = hostileLine().Draw(rt, "title")
		in.Stories[0].Headline = hostileLine().Draw(rt, "headline")
		in.Stories[0].SourceName = hostileLine().Draw(rt, "source")
		in.Stories[0].Summary = hostileLine().Draw(rt, "summary")
		in.Stories[1].By = hostileLine().Draw(rt, "by")
		in.House.Name = "x" + rapid.StringN(0, 60, -1).Draw(rt, "name")
		in.Issue.Sections[0].Heading = hostileLine().Draw(rt, "heading")
		r, err := compose.Render(in)
		if err != nil {
			fields := in.Issue.Title + in.Stories[0].Headline + in.Stories[0].SourceName + in.Stories[1].By + in.House.Name + in.Issue.Sections[0].Heading
			if !errors.Is(err, news.ErrInvalid) || !strings.ContainsAny(fields, "\r\n\x00") {
				rt.Fatalf("Render = %v", err)
			}
			return
		}
		for _, f := range audience.Formats() {
			msg := r.Append(nil, audience.Variant{Language: in.Languages[0], Format: f, Stories: all}, copyFor(t, "reader@mail.example"))
			checkMessage(rt, msg)
			got := readStd(rt, msg)
			if want := strings.Join(strings.Fields(in.Issue.Title), " "); want != "" && !strings.Contains(strings.Join(strings.Fields(got.Subject), " "), strings.ToValidUTF8(want, "\ufffd")) || !utf8.ValidString(got.Subject+got.From+strings.Join(got.Bodies, "")) {
				rt.Fatalf("subject %q became %q", in.Issue.Title, got.Subject)
			}
			if strings.Contains(strings.Join(got.Bodies, ""), ".invalid/") && !strings.Contains(in.Stories[0].Headline+in.Stories[0].Summary+in.Issue.Title+in.Stories[0].SourceName+in.Stories[1].By+in.Issue.Sections[0].Heading, ".invalid/") {
				rt.Fatal("a mark stayed in the mail")
			}
			if f == audience.FormatHTML && live(got.Bodies[1]) != "" {
				rt.Fatalf("something live: %s", live(got.Bodies[1]))
			}
		}
	})
}

// live names the first thing in a mail's HTML that runs, or that a client would
// fetch; empty if there is none.
func live(doc string) string {
	z := html.NewTokenizer(strings.NewReader(doc))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if !slices.Contains(harmless, t.Data) {
				return t.String()
			}
			for _, a := range t.Attr {
				link := a.Key == "href" && (strings.HasPrefix(a.Val, "https://") || strings.HasPrefix(a.Val, "http://") || strings.HasPrefix(a.Val, "#") || strings.HasPrefix(a.Val, "mailto:"))
				if !link && !slices.Contains(harmlessAttr, a.Key) && !strings.HasPrefix(a.Key, "aria-") || fetching.MatchString(a.Val) && a.Key == "style" {
					return t.String()
				}
			}
		case html.TextToken:
			if text := string(z.Text()); strings.Contains(text, "prefers-color-scheme") && fetching.MatchString(text) {
				return text
			}
		}
	}
}

var (
	harmless     = strings.Fields("html head meta title style body div table tbody thead tr td th p h1 h2 h3 h4 h5 h6 ul ol li a b i em strong bdi blockquote br code pre hr span bdi del")
	harmlessAttr = strings.Fields("lang dir xmlns charset name content class style role width cellpadding cellspacing border align valign bgcolor id type start")
	fetching     = regexp.MustCompile(`(?i)url\s*\(|@import|@font-face|expression\s*\(|-moz-binding|behavior`)
)

// TestNothingRemote: no client fetches anything on opening a mail, and no
// reader's address stands in it but the two, and theirs.
func TestNothingRemote(t *testing.T) {
	t.Parallel()
	r := render(t, sample())
	for _, lang := range audience.Languages() {
		v := audience.Variant{Language: lang, Format: audience.FormatHTML, Stories: all}
		bodies := readStd(t, r.Append(nil, v, copyFor(t, "reader@mail.example"))).Bodies
		if _, block, _ := strings.Cut(bodies[1], "<style"); strings.Index(block, "</style>") > 8<<10 {
			t.Errorf("%s: a style block of more than 8 KB", lang)
		}
		if found := live(bodies[1]); found != "" {
			t.Errorf("%s: %q", lang, found)
		}
		other := copyFor(t, "other@mail.example")
		other.Unsubscribe = strings.ReplaceAll(other.Unsubscribe, "AQAAAA", "BBBBBB")
		other.Preferences = strings.ReplaceAll(other.Preferences, "AQAAAA", "BBBBBB")
		for i, b := range readStd(t, r.Append(nil, v, other)).Bodies {
			if strings.ReplaceAll(b, "BBBBBB", "AQAAAA") != bodies[i] {
				t.Errorf("%s: two readers' bodies differ in more than their links", lang)
			}
		}
	}
}

// TestRefused: a line break or NUL where a line is expected.
func TestRefused(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*compose.Input, string){
		"title":       func(in *compose.Input, s string) { in.Issue.Title += s },
		"heading":     func(in *compose.Input, s string) { in.Issue.Sections[1].Heading += s },
		"headline":    func(in *compose.Input, s string) { in.Stories[2].Headline += s },
		"translation": func(in *compose.Input, s string) { in.Stories[0].Texts[0].Headline += s },
		"source":      func(in *compose.Input, s string) { in.Stories[0].SourceName += s },
		"signature":   func(in *compose.Input, s string) { in.Stories[0].By += s },
		"link":        func(in *compose.Input, s string) { in.Stories[0].Link += s },
		"name":        func(in *compose.Input, s string) { in.House.Name += s },
		"from":        func(in *compose.Input, s string) { in.House.From = "a" + s + " <a@b.example>" },
		"reply-to":    func(in *compose.Input, s string) { in.House.ReplyTo += s },
		"postal":      func(in *compose.Input, s string) { in.House.Postal += s },
		"base":        func(in *compose.Input, s string) { in.House.BaseURL += s },
	}
	for name, change := range changes {
		for _, s := range []string{"\r\nBcc: victim@mail.example", "\n", "\r", "\x00"} {
			in := sample()
			change(&in, s)
			if _, err := compose.Render(in); !errors.Is(err, news.ErrInvalid) {
				t.Errorf("%s with %q: Render = %v", name, s, err)
			}
		}
	}
	for name, change := range map[string]func(*compose.House){
		"no from":       func(h *compose.House) { h.From = "" },
		"two from":      func(h *compose.House) { h.From = "a@b.example, c@d.example" },
		"no list":       func(h *compose.House) { h.ListDomain = "" },
		"list > ":       func(h *compose.House) { h.ListDomain = "a>b" },
		"slash":         func(h *compose.House) { h.BaseURL += "/" },
		"other scheme":  func(h *compose.House) { h.BaseURL = "ftp://x.example" },
		"from not idna": func(h *compose.House) { h.From = "d\u00e9sk@b.example" },
	} {
		in := sample()
		change(&in.House)
		if _, err := compose.Render(in); !errors.Is(err, news.ErrInvalid) {
			t.Errorf("%s: Render = %v", name, err)
		}
	}
}

// TestLoad: what was stored gives the same bytes, in whatever order it comes
// back.
func TestLoad(t *testing.T) {
	t.Parallel()
	r := render(t, sample())
	parts := r.Parts()
	slices.Reverse(parts)
	loaded, err := compose.Load(parts)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range parts {
		key := fmt.Sprint(p.Language, "/", p.Format, "/", p.Name)
		if seen[key] {
			t.Errorf("two parts %s", key)
		}
		seen[key] = true
	}
	for _, lang := range audience.Languages() {
		for _, f := range audience.Formats() {
			for _, stories := range [][]news.StoryID{all, {2}, {3, 1}, nil} {
				v := audience.Variant{Language: lang, Format: f, Stories: stories}
				if c := copyFor(t, "reader@mail.example"); !bytes.Equal(r.Append(nil, v, c), loaded.Append(nil, v, c)) {
					t.Errorf("%s %s %v: other bytes after loading", lang, f, stories)
				}
			}
		}
	}
	again := render(t, sample())
	if v := (audience.Variant{Language: "ar", Format: audience.FormatHTML, Stories: all}); again.HTML(v) != r.HTML(v) {
		t.Error("rendering twice gives two results")
	}
	for i := 0; i < len(parts); i += 9 {
		missing := slices.Delete(slices.Clone(parts), i, i+1)
		if _, err := compose.Load(missing); err == nil {
			t.Errorf("Load without %s %s %s says nothing", parts[i].Language, parts[i].Format, parts[i].Name)
		}
	}
}

// TestVariant: a reader gets their stories and the sections they stand in.
func TestVariant(t *testing.T) {
	t.Parallel()
	r := render(t, sample())
	text := r.Text(audience.Variant{Language: "en", Format: audience.FormatText, Stories: []news.StoryID{3}})
	for want, n := range map[string]int{"Call for papers": 2, "Conditions of life": 1, "Health workers": 0, "four nurses": 0} {
		if got := strings.Count(text, want); got != n {
			t.Errorf("%q stands %d times, want %d\n%s", want, got, n, text)
		}
	}
	fr := r.Text(audience.Variant{Language: "fr", Format: audience.FormatText, Stories: []news.StoryID{1, 3}})
	if !strings.Contains(fr, "Quatre infirmières") || !strings.Contains(fr, "Call for papers") {
		t.Errorf("French, or the story's own language where there is none:\n%s", fr)
	}
	page := r.HTML(audience.Variant{Language: "en", Format: audience.FormatHTML, Stories: all})
	if !strings.Contains(page, `lang="ar" dir="rtl"`) {
		t.Error("an Arabic headline in an English mail says so")
	}
}

// TestLimits: HTML of at most 80 KB decoded, lite of at most 15 KB as it
// travels, the rest on the web, and the footer always there.
func TestLimits(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"word ", "слово ", "字"} {
		in := sample()
		in.Languages = []string{"ar", "en"}
		in.Stories, in.Issue.Sections = nil, []news.Section{{}}
		var ids []news.StoryID
		for i := range news.StoryID(120) {
			s := sample().Stories[0]
			s.ID, s.Texts = i+1, nil
			s.Headline = fmt.Sprint(strings.Repeat(script, 10), i)
			s.Summary = strings.Repeat(script, 300)
			in.Stories = append(in.Stories, s)
			ids = append(ids, s.ID)
		}
		in.Issue.Sections[0].Stories = ids
		r := render(t, in)
		for _, n := range []int{1, 5, 60, 120} {
			for _, lang := range in.Languages {
				c := copyFor(t, "reader@mail.example")
				v := audience.Variant{Language: lang, Format: audience.FormatHTML, Stories: ids[:n]}
				page := readStd(t, r.Append(nil, v, c)).Bodies[1]
				if len(page) > compose.MaxHTML || !strings.Contains(page, c.Unsubscribe) || !strings.HasSuffix(strings.TrimSpace(page), "</html>") {
					t.Errorf("%s, %d stories: HTML of %d bytes", script, n, len(page))
				}
				if cut := strings.Contains(page, words.In(lang).Say("mail.rest")); cut != (n > 5) {
					t.Errorf("%s, %d stories: says it is cut: %t", script, n, cut)
				}
				v.Format = audience.FormatLite
				msg := r.Append(nil, v, c)
				if lite := readStd(t, msg).Bodies[0]; len(msg) > compose.MaxLite || !strings.Contains(lite, c.Unsubscribe) {
					t.Errorf("%s, %d stories: lite of %d bytes", script, n, len(msg))
				}
			}
		}
	}
}

// TestMessageID: stable, one for each issue and reader, no reader in it.
func TestMessageID(t *testing.T) {
	t.Parallel()
	key := []byte("a key")
	id := compose.MessageID("2026-48", key, audience.Token{1}, "weekly.example.org")
	if !regexp.MustCompile(`^2026-48\.[a-z2-7]{26}@weekly\.example\.org$`).MatchString(id) {
		t.Errorf("MessageID = %q", id)
	}
	seen := map[string]bool{}
	for _, other := range []string{
		id,
		compose.MessageID("2026-49", key, audience.Token{1}, "weekly.example.org"),
		compose.MessageID("2026-48", key, audience.Token{2}, "weekly.example.org"),
		compose.MessageID("2026-48", []byte("other"), audience.Token{1}, "weekly.example.org"),
	} {
		_, tail, _ := strings.Cut(other, ".")
		if seen[tail] {
			t.Errorf("%q stands twice", other)
		}
		seen[tail] = true
	}
	if id != compose.MessageID("2026-48", key, audience.Token{1}, "weekly.example.org") {
		t.Error("MessageID changes")
	}
}

// TestNamesAreIsolated: a name in letters of the other direction cannot turn
// what stands beside it around.
func TestNamesAreIsolated(t *testing.T) {
	t.Parallel()
	in := sample()
	in.Stories[0].SourceName, in.Stories[2].SourceName = "Médecins (MSF)", "صحيفة (ب)"
	r := render(t, in)
	for lang, want := range map[string][2]string{
		"ar": {"\u2068Médecins (MSF)\u2069", "في صحيفة (ب)"},
		"en": {"at Médecins (MSF)", "\u2068صحيفة (ب)\u2069"},
	} {
		for _, f := range []audience.Format{audience.FormatHTML, audience.FormatText} {
			v := audience.Variant{Language: lang, Format: f, Stories: all}
			doc := r.Text(v)
			if f == audience.FormatHTML {
				doc = r.HTML(v)
			}
			doc = strings.ReplaceAll(doc, " \n", " ")
			for _, name := range want {
				if !strings.Contains(doc, name) {
					t.Errorf("%s, %s: no %q in\n%s", lang, f, name, doc)
				}
			}
		}
	}
}
