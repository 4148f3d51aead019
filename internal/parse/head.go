package parse

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
)

// aboutFeed takes an element that stands outside entries.
func (b *builder) aboutFeed(r *reader, n int) {
	e := &r.nodes[n]
	b.sawFeed = b.sawFeed || knownElements[e.name] != 0
	f := &b.doc.Feed
	field, ok := feedDates[e.name]
	if !ok {
		field, ok = dateFields[e.name]
	}
	if ok {
		to := &f.Published
		if field.updated {
			to = &f.Updated
		}
		b.date(&b.feedRanks, field, -1, to, r.line(n))
		return
	}
	if b.feedText(r, n, e.name) || e.cut {
		return
	}
	if b.feedAddress(r, n, e.name) || b.feedRhythm(r, n, e.name) {
		return
	}
	b.feedFact(r, n, e.name)
}

func (b *builder) feedText(r *reader, n int, name string) bool {
	f, e := &b.doc.Feed, &r.nodes[n]
	title := func(rank int, m news.Markup) {
		if m.Body != "" && b.feedRanks.take(slotTitle, rank) {
			m.Body = prose.Cut(m.Body, maxLine)
			f.Title = m
		}
	}
	about := func(rank int, m news.Markup) {
		if m.Body != "" && b.feedRanks.take(slotSummary, rank) {
			m.Body = prose.Cut(m.Body, maxLine)
			f.Description = m
		}
	}
	switch name {
	case "title", "atom:title":
		title(0, b.titleOf(r, n))
	case "dc:title", "dcterms:title":
		title(1, b.markup(r, n))
	case "itunes:title", "media:title":
		title(2, b.markup(r, n))
	case "description":
		about(0, b.markup(r, n))
	case "subtitle", "tagline", "atom:subtitle", "atom:tagline":
		about(1, b.textConstruct(r, n))
	case "dc:description", "dcterms:abstract", "summary":
		about(2, b.markup(r, n))
	case "itunes:summary", "googleplay:description", "media:description":
		about(3, b.markup(r, n))
	case "itunes:subtitle":
		about(4, b.markup(r, n))
	case "copyright", "rights", "atom:rights", "dc:rights", "dcterms:rights", "media:copyright":
		f.Copyright = first(f.Copyright, b.plain(r, n))
	case "generator", "atom:generator":
		f.Generator = first(b.plain(r, n), f.Generator, first(value(e.attrs, "uri"), value(e.attrs, "url")))
	default:
		return false
	}
	return true
}

// plain reads a text construct that is kept as text.
func (b *builder) plain(r *reader, n int) string {
	m := b.textConstruct(r, n)
	if m.HTML {
		m.Body = prose.HTMLText(m.Body)
	}
	return prose.Cut(m.Body, maxLine)
}

func (b *builder) feedAddress(r *reader, n int, name string) bool {
	f := &b.doc.Feed
	attrs := r.nodes[n].attrs
	switch name {
	case "link", "atom:link":
		b.feedLink(r, n)
	case "id", "atom:id", "guid":
		f.ID = first(f.ID, r.line(n))
	case "dc:identifier":
		f.ID = first(f.ID, r.line(n))
	case "image", "logo", "atom:logo":
		b.feedImage(0, b.imageAddress(r, n))
	case "itunes:image", "googleplay:image", "media:thumbnail":
		b.feedImage(1, b.imageAddress(r, n))
	case "media:content":
		if value(attrs, "medium") == "image" || strings.HasPrefix(lower(value(attrs, "type")), "image/") {
			b.feedImage(1, b.imageAddress(r, n))
		}
	case "icon", "atom:icon":
		b.feedImage(2, b.imageAddress(r, n))
	case "admin:generatoragent":
		f.Generator = first(f.Generator, attrOf(attrs, "resource"))
	case "itunes:new-feed-url":
		f.Self = first(f.Self, r.line(n))
	default:
		return false
	}
	return true
}

func (b *builder) feedImage(rank int, u string) {
	if u != "" && b.feedRanks.take(slotImage, rank) {
		b.doc.Feed.Image = u
	}
}

// feedLink reads a link of the feed: to its page, or to itself.
func (b *builder) feedLink(r *reader, n int) {
	f := &b.doc.Feed
	attrs := r.nodes[n].attrs
	href := value(attrs, "href")
	if href == "" {
		text := first(r.line(n), attrOf(attrs, "resource"))
		if u := resolveAddress(first(r.nodes[n].scope.base, b.location, b.in.URL), text); u != "" && b.feedRanks.take(slotLink, 0) {
			f.Link = u
		}
		return
	}
	u := resolveAddress(first(r.nodes[n].scope.base, b.location, b.in.URL), href)
	kind := lower(value(attrs, "type"))
	switch relOf(attrs) {
	case "self":
		f.Self = first(f.Self, u)
	case "", "alternate":
		rank := 1
		if kind != "" && !strings.Contains(kind, "html") {
			rank = 2
		}
		if b.feedRanks.take(slotLink, rank) {
			f.Link = u
		}
	}
}

// feedRhythm takes what the feed says about being asked.
func (b *builder) feedRhythm(r *reader, n int, name string) bool {
	f := &b.doc.Feed
	switch name {
	case "ttl":
		if m, err := strconv.Atoi(r.line(n)); err == nil && m > 0 {
			f.TTLMinutes = min(m, 366*24*60)
		}
	case "sy:updateperiod":
		b.period = lower(r.line(n))
		f.PollEvery = b.pollEvery()
	case "sy:updatefrequency":
		if m, err := strconv.Atoi(r.line(n)); err == nil && m > 0 {
			b.frequency = m
		}
		f.PollEvery = b.pollEvery()
	case "skiphours":
		for k := range r.kids(n) {
			h, err := strconv.Atoi(r.line(k))
			if err == nil && h >= 0 && h <= 24 && !slices.Contains(f.SkipHours, h%24) {
				f.SkipHours = append(f.SkipHours, h%24)
			}
		}
	case "skipdays":
		for k := range r.kids(n) {
			if day := weekday(r.line(k)); day != "" && !slices.Contains(f.SkipDays, day) {
				f.SkipDays = append(f.SkipDays, day)
			}
		}
	default:
		return false
	}
	return true
}

func weekday(s string) string {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), s) {
			return d.String()
		}
	}
	return ""
}

// pollEvery is the period of the syndication module over its frequency.
func (b *builder) pollEvery() time.Duration {
	const day = 24 * time.Hour
	period := map[string]time.Duration{
		"hourly": time.Hour, "daily": day, "weekly": 7 * day, "monthly": 30 * day, "yearly": 365 * day,
	}[b.period]
	return period / time.Duration(max(b.frequency, 1))
}

func (b *builder) feedFact(r *reader, n int, name string) {
	f := &b.doc.Feed
	switch name {
	case "author", "atom:author", "managingeditor", "dc:creator", "dcterms:creator":
		f.Authors = addPerson(f.Authors, b.author(r, n))
	case "itunes:author", "itunes:owner", "googleplay:author":
		b.owners = addPerson(b.owners, b.author(r, n))
	case "category", "atom:category", "dc:subject", "media:category", "itunes:category":
		f.Categories = addCategory(f.Categories, category(r, n))
		for k := range r.kids(n) {
			if r.nodes[k].name == name {
				f.Categories = addCategory(f.Categories, category(r, k))
			}
		}
	case "itunes:keywords", "media:keywords":
		f.Categories = addKeywords(f.Categories, r.line(n))
	case "language", "dc:language", "dcterms:language":
		if l := r.line(n); l != "" && b.feedRanks.take(slotLanguage, 0) {
			f.Language = l
		}
	}
}
