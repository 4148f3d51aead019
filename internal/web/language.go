package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// Language is the language a request asked for by its prefix, "en" without one.
func Language(r *http.Request) string { return requestInfo(r.Context()).lang }

// Prefix is what stands before the path of a page in a language: "" for
// English, or "/fr".
func Prefix(language string) string {
	if language == "en" || !slices.Contains(news.Languages(), language) {
		return ""
	}
	return "/" + language
}

// withLanguage takes a language prefix off the path, so that route lists are
// written once. The desk, the administration and static files have none.
func withLanguage(r *http.Request) *http.Request {
	first, rest, more := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	rest = "/" + rest
	if !more || Prefix(first) == "" || part(rest) != "public" || strings.HasPrefix(rest, "/static/") {
		return r
	}
	requestInfo(r.Context()).lang = first
	out := new(http.Request)
	*out = *r
	out.URL = new(url.URL)
	*out.URL = *r.URL
	out.URL.Path, out.URL.RawPath = rest, strings.TrimPrefix(r.URL.RawPath, "/"+first)
	return out
}
