package ingest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/ifhhro/rightsdesk/internal/analyze"
	"github.com/ifhhro/rightsdesk/internal/classify"
	"github.com/ifhhro/rightsdesk/internal/clean"
	"github.com/ifhhro/rightsdesk/internal/cluster"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/prose"
)

// batch is how many items are read at a time.
const batch = 100

// Place puts every item that stands in no story yet into one: the story of its
// earlier version, that of the same page or text, or a new one in the queue.
// It returns how many it placed.
func (in *Ingest) Place(ctx context.Context) (placed int, err error) {
	sources, err := in.sources(ctx)
	if err != nil {
		return 0, err
	}
	for {
		items, err := in.store.Unplaced(ctx, batch)
		if err != nil || len(items) == 0 {
			return placed, err
		}
		for i := range items {
			switch err := in.place(ctx, &items[i], sources[items[i].Source]); {
			case err == nil:
				placed++
			case !errors.Is(err, news.ErrConflict): // a conflict: somebody placed it, or it was edited again
				return placed, err
			}
		}
	}
}

func (in *Ingest) sources(ctx context.Context) (map[news.SourceID]*news.Source, error) {
	all, err := in.store.Polled(ctx, in.now())
	if err != nil {
		return nil, err
	}
	byID := make(map[news.SourceID]*news.Source, len(all))
	for i := range all {
		byID[all[i].Source.ID] = &all[i].Source
	}
	return byID, nil
}

// place puts one item into a story. What the item says is read before the
// store is asked to hold still.
func (in *Ingest) place(ctx context.Context, it *news.Item, src *news.Source) error {
	if src == nil {
		return fmt.Errorf("place item %d: source %d: %w", it.ID, it.Source, news.ErrNotFound)
	}
	facts := in.facts(it, src)
	_, err := in.store.PlaceItem(ctx, it.ID, func(kin news.Kin) (news.Placement, error) {
		return in.choice(kin, facts), nil
	})
	return err
}

// choice says which story an item tells.
func (in *Ingest) choice(kin news.Kin, facts news.Facts) news.Placement {
	now := in.now().UTC()
	if kin.Before != nil {
		p := news.Placement{Story: kin.Told, Why: "another version of what it told before"}
		if p.Story.LedBy(kin.Before) {
			p.Changed = p.Story.Follow(lead(kin.Before, kin.Told.Facts), lead(&kin.Item, facts), now)
		}
		return p
	}
	for i := range kin.Twins {
		if why, same := cluster.Same(&kin.Item, &kin.Twins[i]); same {
			return news.Placement{Story: news.Story{ID: kin.Twins[i].Story}, Why: why}
		}
	}
	return news.Placement{Story: lead(&kin.Item, facts).Story(now)}
}

// facts reads an item. A text that makes the reader fail is placed without:
// a curator still sees it.
func (in *Ingest) facts(it *news.Item, src *news.Source) (facts news.Facts) {
	defer func() {
		if p := recover(); p != nil {
			in.log.Error("item not read", "item", it.ID, "source", src.Slug, "panic", p, "stack", string(debug.Stack()))
			facts = news.Facts{Kind: src.Kind}
		}
	}()
	return in.reader.Read(classify.Text{
		Title: it.Title, Body: it.Text, Language: it.Language, Source: src.Slug, Leans: src.Leans, Kind: src.Kind, Published: it.Age(),
	})
}

// lead is the story as an item would have it.
func lead(it *news.Item, facts news.Facts) news.Lead {
	return news.Lead{
		Headline: it.Title, Summary: prose.EscapeMarkdown(Excerpt(it.Text)), Language: it.Language, Link: clean.Unmarked(it.URL),
		Source: it.Source, Published: it.Age(), Facts: facts,
	}
}

// excerptBytes is about how much of a syndicated text stands in a story until
// a curator writes its summary.
const excerptBytes = 700

// stock is what humanitarian publishers put before a text and says nothing.
var stock = regexp.MustCompile(`(?i)^(please refer to the attached (files?|infographics?|maps?)\.\s*)+`)

// Excerpt is the beginning of a text, whole sentences where they are not too
// long.
func Excerpt(text string) string {
	text = strings.TrimSpace(text)
	if said := stock.ReplaceAllString(text, ""); said != "" {
		text = said
	}
	if len(text) <= excerptBytes {
		return text
	}
	end := 0
	for _, s := range analyze.Sentences(text) {
		if s.End > excerptBytes {
			break
		}
		end = s.End
	}
	if end > excerptBytes/3 {
		return text[:end]
	}
	cut := prose.Cut(text, excerptBytes)
	if i := strings.LastIndexAny(cut, " \n"); i > excerptBytes/2 {
		cut = cut[:i]
	}
	return cut + " …"
}
