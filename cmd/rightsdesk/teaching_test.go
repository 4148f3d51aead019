package main

import (
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// TestItemsAreReadAsTaught: what a curator lays over the lexicon counts for
// the next item that is placed, and for why it was given its topic.
func TestItemsAreReadAsTaught(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h, err := (&app{getenv: os.Getenv, stdout: io.Discard, stderr: io.Discard}).openHouse(ctx, crashSettings(t))
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	source := news.Source{Slug: "a", Name: "A", Home: "https://a.example/", Address: "https://a.example/feed", Language: "en", Every: time.Hour}
	if err := h.store.SyncSources(ctx, []news.Source{source}); err != nil {
		t.Fatal(err)
	}
	placed := func(title string) news.Story {
		t.Helper()
		src, err := h.store.Sources(ctx)
		if err != nil {
			t.Fatal(err)
		}
		from := src[slices.IndexFunc(src, func(s news.Source) bool { return s.Slug == "a" })]
		now := time.Now()
		lease, err := h.store.LeaseHost(ctx, from.Host(), "test", now, now.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		address := "https://a.example/" + news.Slugify(title)
		item := news.Item{Key: address, URL: address, Canonical: address, Title: title, Text: title + ".", Language: "en", Seen: now, Digest: title}
		if err := h.store.SavePoll(ctx, lease, now, from.ID, []news.Item{item}, func(news.Arrivals) news.Polling { return news.Polling{} }); err != nil {
			t.Fatal(err)
		}
		if err := h.store.ReleaseHost(ctx, lease); err != nil {
			t.Fatal(err)
		}
		if err := h.place(ctx); err != nil {
			t.Fatal(err)
		}
		stories, err := h.store.Queue(ctx, news.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		return stories[slices.IndexFunc(stories, func(s news.Story) bool { return s.Headline == title })]
	}
	if s := placed("The zwibulon of the old town"); slices.Contains(s.Topics, "torture") {
		t.Fatalf("before: %v", s.Topics)
	}
	if err := h.reader.EditLexicon(ctx, news.LexiconEdit{Topic: "torture", Language: "en", Lines: "6 zwibulon", Who: "anna"}, 0); err != nil {
		t.Fatal(err)
	}
	s := placed("Another zwibulon in the new town")
	if !slices.Contains(s.Topics, "torture") {
		t.Errorf("after: %v, want torture", s.Topics)
	}
	items, err := h.store.StoryItems(ctx, s.ID)
	if err != nil || len(items) != 1 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	why, err := h.reader.WhyNot(ctx, &items[0], "torture")
	if err != nil || !why.Assigned || len(why.Clues) != 1 || why.Clues[0].Pattern != "zwibulon" {
		t.Errorf("why = %+v, %v", why, err)
	}
}
