package feedlist

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/news"
)

func TestOurOwnList(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../feeds.yaml")
	if err != nil {
		t.Fatal(err)
	}
	list, err := Parse("feeds.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	off, proven := 0, 0
	for _, s := range list.Sources {
		if s.Off != "" {
			off++
		}
		if s.Proven != "" {
			proven++
		}
		if s.Method != news.MethodFeed && s.Off == "" {
			t.Errorf("%s is a %s and is not off", s.Slug, s.Method)
		}
	}
	if len(list.Sources) < 40 || off != 3 || proven < 20 {
		t.Errorf("%d sources, %d off, %d proven; want 40 or more, 3, 20 or more", len(list.Sources), off, proven)
	}
}

func TestParseReadsEveryField(t *testing.T) {
	t.Parallel()
	list, err := Parse("feeds.yaml", []byte(`
version: 1
defaults: {every: 2h, language: fr, agent: "desk (+https://digest.example.org/about)"}
sources:
  - slug: bulletin
    name: " The Bulletin "
    home: https://bulletin.example/
    feed: https://bulletin.example/rss.xml
    kind: news
    family: un
    leans: [torture, disability]
    rhythm: 2/week
    terms: "Reuse with credit"
    proven: 2026-09
  - slug: notices
    name: Notices
    page: https://notices.example/latest
    select: {item: "a:has(p.day)", link: "@href", title: "h3", date: "p.day@datetime"}
    language: zh-Hant
    every: 15m
    off: "closed to programs"
  - slug: api
    name: An API
    json: https://api.example/v1
    path: {item: data.items, link: "https://api.example/{fields.slug}", title: Title}
    agent: other
`))
	if err != nil {
		t.Fatal(err)
	}
	agent := "desk (+https://digest.example.org/about)"
	want := []news.Source{
		{Slug: "bulletin", Name: "The Bulletin", Home: "https://bulletin.example/", Method: news.MethodFeed,
			Address: "https://bulletin.example/rss.xml", Language: "fr", Kind: "news", Family: "un",
			Leans: []news.Slug{"torture", "disability"}, Rhythm: 2. / 7, Terms: "Reuse with credit", Proven: "2026-09",
			Every: 2 * time.Hour, Agent: agent},
		{Slug: "notices", Name: "Notices", Method: news.MethodPage, Address: "https://notices.example/latest",
			Select:   map[string]string{"item": "a:has(p.day)", "link": "@href", "title": "h3", "date": "p.day@datetime"},
			Language: "zh-Hant", Every: 15 * time.Minute, Off: "closed to programs", Agent: agent},
		{Slug: "api", Name: "An API", Method: news.MethodJSON, Address: "https://api.example/v1",
			Path:     map[string]string{"item": "data.items", "link": "https://api.example/{fields.slug}", "title": "Title"},
			Language: "fr", Every: 2 * time.Hour, Off: "this version reads feeds only", Agent: "other"},
	}
	if diff := cmp.Diff(want, list.Sources); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

const good = `version: 1
sources:
  - slug: one
    name: One
    feed: https://one.example/rss
`

func TestParseSaysWhere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in     string
		line, column int
		problem      string // part of it
	}{
		{"empty", "", 1, 1, "empty"},
		{"only a comment", "# nothing\n", 1, 1, "empty"},
		{"no version", "sources: []\n", 1, 1, "version is 0"},
		{"later version", "version: 2\nsources: []\n", 1, 10, "version is 2"},
		{"unknown key", good + "    fed: x\n", 6, 5, `unknown field "fed"`},
		{"unknown key on top", "version: 1\nsource: []\n", 2, 1, `unknown field "source"`},
		{"broken indent", "version: 1\nsources:\n  - slug: one\n   name: One\n", 4, 4, ""},
		{"open quote", good + "    terms: \"never closed\n", 6, 12, ""},
		{"tab", "version: 1\nsources:\n\t- slug: one\n", 3, 1, ""},
		{"list for text", good + "    terms: [a, b]\n", 6, 12, "text is wanted"},
		{"text for list", "version: 1\nsources: many\n", 2, 10, ""},
		{"key twice", good + "    name: Two\n", 6, 5, "name"},
		{"slug twice", good + "  - slug: one\n    name: Two\n    feed: https://two.example/\n", 6, 11, "stands twice"},
		{"bad slug", strings.Replace(good, "slug: one", "slug: One_1", 1), 3, 11, "lower-case"},
		{"no name", strings.Replace(good, "    name: One\n", "", 1), 3, 11, "name: is missing"},
		{"no address", strings.Replace(good, "    feed: https://one.example/rss\n", "", 1), 3, 11, "give feed, page or json"},
		{"two addresses", good + "    json: https://one.example/api\n", 6, 11, "one address"},
		{"not http", strings.Replace(good, "https:", "ftp:", 1), 5, 11, "http or https"},
		{"password", strings.Replace(good, "https://one", "https://me:secret@one", 1), 5, 11, "password"},
		{"unknown topic", good + "    leans: [torture, tortoise]\n", 6, 12, `"tortoise" is not a topic`},
		{"unknown kind", good + "    kind: gossip\n", 6, 11, "gossip"},
		{"too often", good + "    every: 5m\n", 6, 12, "between 15m and 24h"},
		{"no duration", good + "    every: hourly\n", 6, 12, "60m"},
		{"wrong default", "version: 1\ndefaults: {every: never}\nsources: []\n", 2, 19, "never"},
		{"rhythm", good + "    rhythm: often\n", 6, 13, "8/day"},
		{"proven", good + "    proven: September\n", 6, 13, "2026-09"},
		{"language", good + "    language: \"not a tag\"\n", 6, 15, "language tag"},
		{"agent with a line break", good + "    agent: \"a\\r\\nCookie: b\"\n", 6, 12, "header"},
		{"select without page", good + "    select: {item: a}\n", 6, 14, "read a page"},
		{"bad selector", `version: 1
sources:
  - slug: p
    name: P
    page: https://p.example/
    select: {item: "div[", link: "@href"}
`, 6, 20, "not a CSS selector"},
		{"no link", `version: 1
sources:
  - slug: p
    name: P
    page: https://p.example/
    select: {item: div}
`, 6, 14, "link is missing"},
		{"unknown part", `version: 1
sources:
  - slug: p
    name: P
    json: https://p.example/
    path: {item: a, link: b, colour: c}
`, 6, 38, "is not one of"},
		{"half a brace", `version: 1
sources:
  - slug: p
    name: P
    json: https://p.example/
    path: {item: a, link: "https://p.example/{b"}
`, 6, 27, "brace"},
		{"two documents", good + "---\nversion: 1\n", 7, 1, "second document"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("feeds.yaml", []byte(tt.in))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("Parse gives %v, want an *Error", err)
			}
			if !errors.Is(err, news.ErrInvalid) {
				t.Error("the error does not wrap ErrInvalid")
			}
			if e.Line != tt.line || e.Column != tt.column || !strings.Contains(e.Problem, tt.problem) {
				t.Errorf("at %d:%d: %s; want %d:%d: …%s…", e.Line, e.Column, e.Problem, tt.line, tt.column, tt.problem)
			}
		})
	}
}

func TestErrorShowsThePlace(t *testing.T) {
	t.Parallel()
	_, err := Parse("feeds.yaml", []byte(strings.Replace(good, "name:", "nam:", 1)))
	want := `feeds.yaml:4:5: unknown field "nam"
     2 | sources:
     3 |   - slug: one
>    4 |     nam: One
       |     ^`
	if err == nil || err.Error() != want {
		t.Errorf("the error reads\n%v\nwant\n%s", err, want)
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	in := good + "    every: 1m\n  - slug: two\n    name: Two\n    feed: https://two.example/\n    kind: gossip\n"
	_, err := Parse("feeds.yaml", []byte(in))
	for _, part := range []string{"feeds.yaml:6:12", "feeds.yaml:10:11"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not name %s:\n%v", part, err)
		}
	}
}

func TestExcerptIsHarmless(t *testing.T) {
	t.Parallel()
	_, err := Parse("feeds.yaml", []byte("version: 1\nsources: \"\x1b[31m red \a"+strings.Repeat("x", 500)+"\"\n"))
	if err == nil {
		t.Fatal("no error")
	}
	for line := range strings.Lines(err.Error()) {
		if strings.ContainsAny(line, "\x1b\a") || len(line) > 3*maxShown {
			t.Errorf("the excerpt would reach the terminal as it is: %q", line)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("a: &a [*a, *a]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := Parse("feeds.yaml", data)
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%v is not an *Error", err)
		}
		for i := range list.Sources {
			if err := list.Sources[i].Validate(); err != nil {
				t.Errorf("a source that breaks its promise: %v", err)
			}
		}
	})
}
