package curate

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ifhhro/rightsdesk/internal/classify"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/staff"
)

// A Shelf keeps what a Reader reads with.
type Shelf interface {
	Taught(ctx context.Context) (int64, error)
	Lessons(ctx context.Context) ([]news.Lesson, error)
	ItemsByID(ctx context.Context, ids []news.ItemID) ([]news.Item, error)
	Sources(ctx context.Context) ([]news.Source, error)

	Lexicon(ctx context.Context) ([]news.LexiconEdit, error)
	LexiconHistory(ctx context.Context, topic news.Slug, language string) ([]news.LexiconEdit, error)
	EditLexicon(ctx context.Context, e news.LexiconEdit, seen int64, line staff.AuditEntry) error
	UndoLexicon(ctx context.Context, edit int64, who string, line func(news.LexiconEdit) staff.AuditEntry) error
}

// A Reader reads items as the desk taught it: with the shipped lexicon, the
// curators' lines over it, and what their decisions teach. All of that is made
// of rows of the store, so two processes that look at the same rows read alike,
// and a restart changes nothing. It is safe for concurrent use.
type Reader struct {
	shelf Shelf
	plain *classify.Classifier // as it ships
	now   func() time.Time
	log   *slog.Logger

	refreshing sync.Mutex // one at a time
	taught     int64      // what the rows said when it was last refreshed; -1 never
	edits      []news.LexiconEdit
	learner    *classify.Learner
	topics     map[int64][]news.Slug // of each lesson held

	mu      sync.Mutex
	current *classify.Classifier
}

// NewReader returns a reader that reads as shipped until it is refreshed.
func NewReader(shelf Shelf, now func() time.Time, log *slog.Logger) (*Reader, error) {
	plain, err := classify.New()
	if err != nil {
		return nil, err
	}
	return &Reader{shelf: shelf, plain: plain, now: now, log: log, taught: -1, current: plain}, nil
}

// Read says what a text is about.
func (r *Reader) Read(t classify.Text) news.Facts { return r.classifier().Read(t) }

// Why says what speaks for a topic of a text, and against it.
func (r *Reader) Why(t classify.Text, topic news.Slug) (classify.Reason, error) {
	return r.classifier().Why(t, topic)
}

func (r *Reader) classifier() *classify.Classifier {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.current
}

// Refresh takes in what was decided and edited since the last time. It costs
// one small query when that is nothing.
func (r *Reader) Refresh(ctx context.Context) error {
	r.refreshing.Lock()
	defer r.refreshing.Unlock()
	n, err := r.shelf.Taught(ctx)
	if err != nil || n == r.taught {
		return err
	}
	edits, err := r.shelf.Lexicon(ctx)
	if err != nil {
		return err
	}
	if r.learner == nil || !sameEdits(edits, r.edits) {
		r.begin(r.edited(edits))
		r.edits = edits
	}
	if err := r.learn(ctx); err != nil {
		return err
	}
	c := r.edited(edits)
	if len(r.topics) > 0 {
		c = c.With(r.learner.Model())
	}
	r.mu.Lock()
	r.current = c
	r.mu.Unlock()
	r.taught = n
	return nil
}

func sameEdits(a, b []news.LexiconEdit) bool {
	return slices.EqualFunc(a, b, func(x, y news.LexiconEdit) bool { return x.ID == y.ID })
}

// edited is the classifier with the edits laid over it. One that a later
// version of the shipped lexicon has no room for is left out.
func (r *Reader) edited(edits []news.LexiconEdit) *classify.Classifier {
	if r.learner != nil && sameEdits(edits, r.edits) {
		return r.learner.Base()
	}
	if c, err := r.plain.WithLexicon(classifyEdits(edits)); err == nil {
		return c
	}
	fit := slices.DeleteFunc(slices.Clone(edits), func(e news.LexiconEdit) bool {
		_, err := r.plain.WithLexicon(classifyEdits([]news.LexiconEdit{e}))
		if err != nil {
			r.log.Error("lexicon edit left out", "edit", e.ID, "topic", e.Topic, "language", e.Language, "err", err)
		}
		return err != nil
	})
	c, err := r.plain.WithLexicon(classifyEdits(fit))
	if err != nil {
		r.log.Error("lexicon edits left out", "err", err)
		return r.plain
	}
	return c
}

func classifyEdits(edits []news.LexiconEdit) []classify.Edit {
	out := make([]classify.Edit, len(edits))
	for i, e := range edits {
		out[i] = classify.Edit{Topic: e.Topic, Language: e.Language, Lines: e.Lines, Instead: e.Instead}
	}
	return out
}

func (r *Reader) begin(c *classify.Classifier) {
	r.learner, r.topics = classify.NewLearner(c), map[int64][]news.Slug{}
}

// learn makes the learner hold the lessons of the store, in their order.
func (r *Reader) learn(ctx context.Context) error {
	lessons, err := r.shelf.Lessons(ctx)
	if err != nil {
		return err
	}
	lessons = latest(lessons)
	fresh := r.keep(lessons)
	sources, err := r.sources(ctx)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(fresh, 50) {
		if err := r.study(ctx, part, sources); err != nil {
			return err
		}
	}
	return nil
}

// Between mostLessons and a block more are learned from; the oldest block is
// left behind whole, since each leaving makes the rest be learned anew.
const (
	mostLessons = 4000
	lessonBlock = 1000
)

func latest(lessons []news.Lesson) []news.Lesson {
	over := max(0, len(lessons)-mostLessons) / lessonBlock * lessonBlock
	return lessons[over:]
}

// keep forgets what is no lesson any more and returns those still to be
// learned, all when the order asks to begin anew.
func (r *Reader) keep(lessons []news.Lesson) (fresh []news.Lesson) {
	wanted := make(map[int64]news.Lesson, len(lessons))
	for _, l := range lessons {
		wanted[l.Decision] = l
	}
	var held, gone []int64
	for _, id := range r.learner.Lessons() {
		if l, ok := wanted[id]; ok && slices.Equal(l.Topics, r.topics[id]) {
			held = append(held, id)
		} else {
			gone = append(gone, id)
		}
	}
	prefix := len(held) <= len(lessons)
	for i := range held {
		prefix = prefix && held[i] == lessons[i].Decision
	}
	if !prefix || len(gone) > 3 {
		r.begin(r.learner.Base())
		return lessons
	}
	for _, id := range slices.Backward(gone) {
		r.learner.Forget(id)
		delete(r.topics, id)
	}
	return lessons[len(held):]
}

func (r *Reader) sources(ctx context.Context) (map[news.SourceID]news.Source, error) {
	all, err := r.shelf.Sources(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[news.SourceID]news.Source, len(all))
	for _, s := range all {
		out[s.ID] = s
	}
	return out, nil
}

func (r *Reader) study(ctx context.Context, lessons []news.Lesson, sources map[news.SourceID]news.Source) error {
	ids := make([]news.ItemID, len(lessons))
	for i, l := range lessons {
		ids[i] = l.Item
	}
	items, err := r.shelf.ItemsByID(ctx, ids)
	if err != nil {
		return err
	}
	byID := make(map[news.ItemID]*news.Item, len(items))
	for i := range items {
		byID[items[i].ID] = &items[i]
	}
	for _, l := range lessons {
		it := byID[l.Item]
		if it == nil {
			return fmt.Errorf("learn decision %d: item %d: %w", l.Decision, l.Item, news.ErrNotFound)
		}
		// What a source leans to may change in its file; a lesson stays.
		text := textOf(it, news.Source{Slug: sources[it.Source].Slug})
		if err := r.learner.Learn(classify.Lesson{ID: l.Decision, Text: text, Topics: l.Topics, Rejected: l.Rejected}); err != nil {
			return err
		}
		r.topics[l.Decision] = l.Topics
	}
	return nil
}

// Lessons says how many stories the reader has learned from.
func (r *Reader) Lessons(ctx context.Context) (int, error) {
	if err := r.Refresh(ctx); err != nil {
		return 0, err
	}
	r.refreshing.Lock()
	defer r.refreshing.Unlock()
	return len(r.topics), nil
}

// WhyNot answers for a topic of an item as it would be read now.
func (r *Reader) WhyNot(ctx context.Context, it *news.Item, topic news.Slug) (classify.Reason, error) {
	if err := r.Refresh(ctx); err != nil {
		return classify.Reason{}, err
	}
	sources, err := r.sources(ctx)
	if err != nil {
		return classify.Reason{}, err
	}
	return r.Why(textOf(it, sources[it.Source]), topic)
}

func textOf(it *news.Item, src news.Source) classify.Text {
	return classify.Text{Title: it.Title, Body: it.Text, Language: it.Language, Source: src.Slug, Leans: src.Leans, Kind: src.Kind, Published: it.Age()}
}

// Lexicon lists the edits in force.
func (r *Reader) Lexicon(ctx context.Context) ([]news.LexiconEdit, error) {
	return r.shelf.Lexicon(ctx)
}

// LexiconHistory lists what was made of the words of a topic in a language,
// latest first.
func (r *Reader) LexiconHistory(ctx context.Context, topic news.Slug, language string) ([]news.LexiconEdit, error) {
	return r.shelf.LexiconHistory(ctx, topic, language)
}

// EditLexicon lays lines over the shipped ones, or gives these back when there
// are none. seen is the edit the curator began from, 0 for none. A mistake is
// an error wrapping news.ErrInvalid that names its line; nothing is kept then.
func (r *Reader) EditLexicon(ctx context.Context, e news.LexiconEdit, seen int64) error {
	if e.Lines = strings.TrimSpace(e.Lines); e.Lines == "" {
		e.Instead = false
	}
	if len(e.Lines) > news.MaxLexiconBytes {
		return fmt.Errorf("lexicon of %s in %s: it is longer than %d KB: %w", e.Topic, e.Language, news.MaxLexiconBytes>>10, news.ErrInvalid)
	}
	if _, err := r.plain.WithLexicon(classifyEdits([]news.LexiconEdit{e})); err != nil {
		return err
	}
	e.At = r.now()
	how := "lines added"
	switch {
	case e.Lines == "":
		how = "back to the shipped lines"
	case e.Instead:
		how = "lines in the place of the shipped ones"
	}
	return r.shelf.EditLexicon(ctx, e, seen, lexiconLine(e, "edit lexicon", e.Who, how, e.At))
}

// UndoLexicon takes back the edit in force.
func (r *Reader) UndoLexicon(ctx context.Context, who string, edit int64) error {
	return r.shelf.UndoLexicon(ctx, edit, who, func(e news.LexiconEdit) staff.AuditEntry {
		return lexiconLine(e, "undo lexicon edit", who, fmt.Sprintf("edit %d of %s", e.ID, e.Who), r.now())
	})
}

func lexiconLine(e news.LexiconEdit, what, who, detail string, at time.Time) staff.AuditEntry {
	return staff.AuditEntry{At: at, Who: who, What: what, Subject: fmt.Sprintf("lexicon %s %s", e.Topic, e.Language), Detail: detail}
}
