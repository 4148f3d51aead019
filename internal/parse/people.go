package parse

import (
	"strings"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// person reads an author as RSS writes one: "a@b.example (Ana Lima)",
// "Ana Lima (a@b.example)", "Ana Lima <a@b.example>", one of both alone.
func person(s string) news.Person {
	s = strings.Join(strings.Fields(s), " ")
	s = strings.TrimPrefix(s, "mailto:")
	for _, pair := range []string{"()", "<>", "[]"} {
		open := strings.IndexByte(s, pair[0])
		if open < 0 || s[len(s)-1] != pair[1] {
			continue
		}
		out, in := strings.TrimSpace(s[:open]), strings.TrimSpace(s[open+1:len(s)-1])
		in = strings.TrimPrefix(in, "mailto:")
		switch {
		case isMail(out) && !isMail(in):
			return news.Person{Name: in, Email: out}
		case isMail(in):
			return news.Person{Name: unquote(out), Email: in}
		case isWeb(in):
			return news.Person{Name: unquote(out), URL: in}
		}
	}
	if isMail(s) {
		return news.Person{Email: s}
	}
	if mail, name, ok := strings.Cut(s, " "); ok && isMail(mail) {
		return news.Person{Name: strings.Trim(name, "-,; "), Email: mail}
	}
	if i := strings.LastIndexByte(s, ' '); i > 0 && isMail(s[i+1:]) {
		return news.Person{Name: strings.Trim(s[:i], "-,; "), Email: s[i+1:]}
	}
	return news.Person{Name: unquote(s)}
}

func unquote(s string) string {
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}

// isMail reports whether s looks like one mail address.
func isMail(s string) bool {
	name, host, ok := strings.Cut(s, "@")
	return ok && name != "" && len(host) > 2 && !strings.ContainsAny(s, " <>()[],;\"") && !strings.Contains(host, "@") && !strings.HasPrefix(s, "@")
}

// addPerson adds who is not there yet; the same name with more said of it
// completes the one there.
func addPerson(to []news.Person, p news.Person) []news.Person {
	if p == (news.Person{}) || len(to) >= maxList {
		return to
	}
	for i := range to {
		old := &to[i]
		same := p.Name != "" && strings.EqualFold(old.Name, p.Name) || p.Email != "" && strings.EqualFold(old.Email, p.Email) &&
			(p.Name == "" || old.Name == "")
		if same {
			old.Name, old.Email, old.URL = first(old.Name, p.Name), first(old.Email, p.Email), first(old.URL, p.URL)
			return to
		}
	}
	return append(to, p)
}

// author reads an author element: with children as Atom has it, or as text.
func (b *builder) author(r *reader, n int) news.Person {
	var p news.Person
	for k := range r.kids(n) {
		switch r.nodes[k].name {
		case "name", "atom:name", "itunes:name", "foaf:name":
			p.Name = first(p.Name, strings.Join(strings.Fields(r.line(k)), " "))
		case "email", "atom:email", "itunes:email":
			p.Email = first(p.Email, strings.TrimPrefix(r.line(k), "mailto:"))
		case "uri", "url", "homepage", "atom:uri", "atom:url":
			p.URL = first(p.URL, b.address(r, k, r.line(k)))
		}
	}
	if p == (news.Person{}) {
		return person(r.line(n))
	}
	if p.Email == "" {
		if q := person(p.Name); q.Email != "" && q.Name != "" {
			p.Name, p.Email = q.Name, q.Email
		}
	}
	return p
}
