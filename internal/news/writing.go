package news

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// A Note is what one curator says to the others about a story.
type Note struct {
	ID     int64
	Story  StoryID
	Parent int64 // the note it answers; 0 when it begins a thread
	Who    string
	At     time.Time
	Text   string // plain text
}

// MaxNote bounds a note, in bytes.
const MaxNote = 4 << 10

// NewNote returns a note that keeps its promises, or an error wrapping
// ErrInvalid.
func NewNote(story StoryID, parent int64, who, text string, now time.Time) (Note, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return Note{}, wrong("note", fmt.Errorf("a note says something: %w", ErrInvalid))
	case len(text) > MaxNote:
		return Note{}, wrong("note", fmt.Errorf("the note is longer than %d KB: %w", MaxNote>>10, ErrInvalid))
	}
	return Note{Story: story, Parent: parent, Who: who, At: now, Text: text}, nil
}

// A Draft is what somebody typed about a story and has not saved.
type Draft struct {
	Story    StoryID
	Who      string
	Revision int64 // of the story they began from
	Fields   map[string][]string
	At       time.Time
}

// A Writing is what a curator decides about a story's words beside headline,
// summary and commentary. Nil fields leave the story as it is.
type Writing struct {
	Text    *StoryText // in a language other than the story's; without words it goes
	Quotes  *[]Quote
	Further *[]Reference
	Checked *bool // the persons named may be named
	// Deadline is the last day to answer a call, 2006-01-02; empty: none.
	Deadline *string
	// Countries are those the story is about, as ISO 3166-1 alpha-2 codes, the
	// chief one first.
	Countries *[]string
}

// Limits on what stands beside a story.
const (
	maxQuotes  = 5
	maxFurther = 10
	maxPlaces  = 8
)

// write changes a story's further words, and returns an error wrapping
// ErrInvalid when they cannot stand so.
func (s *Story) write(w Writing) error {
	if w.Text != nil {
		if err := s.translate(*w.Text); err != nil {
			return err
		}
	}
	if w.Quotes != nil {
		s.Quotes = *w.Quotes
	}
	if w.Further != nil {
		s.Further = *w.Further
	}
	if w.Deadline != nil {
		if _, err := time.Parse(time.DateOnly, *w.Deadline); err != nil && *w.Deadline != "" {
			return wrong("deadline", fmt.Errorf("%q is no day such as 2026-11-30: %w", *w.Deadline, ErrInvalid))
		}
		s.Deadline = *w.Deadline
	}
	if w.Countries != nil {
		codes, err := countryCodes(*w.Countries)
		if err != nil {
			return err
		}
		s.Countries = codes
	}
	if w.Checked != nil {
		s.NamesChecked = *w.Checked
	}
	return s.checkWriting()
}

// countryCodes returns the codes in capitals, each once.
func countryCodes(given []string) (codes []string, err error) {
	for _, code := range given {
		region, err := language.ParseRegion(code)
		if err != nil || len(code) != 2 || !region.IsCountry() {
			return nil, wrong("countries", fmt.Errorf("%q is no code of a country or territory; they have two letters, such as UA: %w", code, ErrInvalid))
		}
		code = region.Canonicalize().String() // GB for UK
		if !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	if len(codes) > maxPlaces {
		return nil, wrong("countries", fmt.Errorf("a story names at most %d countries: %w", maxPlaces, ErrInvalid))
	}
	return codes, nil
}

// translate puts, replaces or takes away the text in one language.
func (s *Story) translate(t StoryText) error {
	t.Headline = strings.Join(strings.Fields(t.Headline), " ")
	t.Summary, t.Commentary = strings.TrimSpace(t.Summary), strings.TrimSpace(t.Commentary)
	if t.Language == s.Language || !slices.Contains(Languages(), t.Language) {
		return fmt.Errorf("language %q is not one of %v less its own: %w", t.Language, Languages(), ErrInvalid)
	}
	texts := slices.DeleteFunc(slices.Clone(s.Texts), func(old StoryText) bool { return old.Language == t.Language })
	if t.Headline+t.Summary+t.Commentary != "" {
		if t.Headline == "" {
			return wrong("text-headline", fmt.Errorf("a text in another language needs its headline: %w", ErrInvalid))
		}
		if err := t.check("text-"); err != nil {
			return err
		}
		texts = append(texts, t)
	}
	slices.SortFunc(texts, func(a, b StoryText) int { return strings.Compare(a.Language, b.Language) })
	s.Texts = texts
	return nil
}

func (s *Story) checkWriting() error {
	switch {
	case len(s.Quotes) > maxQuotes:
		return wrong("quotes", fmt.Errorf("more than %d quotations: %w", maxQuotes, ErrInvalid))
	case len(s.Further) > maxFurther:
		return wrong("further", fmt.Errorf("more than %d things to read further: %w", maxFurther, ErrInvalid))
	}
	for _, r := range s.Further {
		if r.Title == "" {
			return wrong("further", fmt.Errorf("further reading %q needs a title: %w", r.URL, ErrInvalid))
		}
		if err := checkAddress(r.URL); err != nil {
			return wrong("further", fmt.Errorf("further reading: %w: %w", err, ErrInvalid))
		}
	}
	return nil
}

// Assign gives a story to somebody to look after, or back with "".
func (s *Story) Assign(to string, now time.Time) error {
	if s.State == StoryWithdrawn || s.State == StoryMerged {
		return fmt.Errorf("assign story %d: it is %s: %w", s.ID, s.State, ErrConflict)
	}
	s.Assigned, s.Updated = to, now
	s.Revision++
	return nil
}

// HoldUntil puts a story under embargo: it is at no exit before that time. The
// zero time lifts it. A story that is public already cannot be called back so.
func (s *Story) HoldUntil(until, now time.Time) error {
	switch {
	case s.State == StoryWithdrawn || s.State == StoryMerged:
		return fmt.Errorf("embargo of story %d: it is %s: %w", s.ID, s.State, ErrConflict)
	case s.Issue != 0 && until.After(now):
		return fmt.Errorf("embargo of story %d: it stands in an issue, take it out there first: %w", s.ID, ErrConflict)
	}
	s.Embargo, s.Updated = until, now
	s.Revision++
	return nil
}

// Held reports whether an embargo keeps the story back.
func (s *Story) Held(now time.Time) bool { return s.Embargo.After(now) }

// ShownTo reports whether somebody at the desk may see the story. While an
// embargo lasts that takes the right to see such stories, or to have begun it
// or look after it; who is "" for nobody in particular.
func (s *Story) ShownTo(who string, right bool, now time.Time) bool {
	return right || !s.Held(now) || who != "" && (s.BegunBy == who || s.Assigned == who)
}

// contact is a mail address or a telephone number: where one stands, private
// persons may be named.
var contact = regexp.MustCompile(`[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+\.[\p{L}]{2,}|\+\d[\d ()./-]{6,}\d|\(\d{2,5}\) ?\d[\d ./-]{4,}\d`)

// Contacts are the mail addresses and telephone numbers in a text.
func Contacts(text string) []string { return contact.FindAllString(text, -1) }

// Contacts are the mail addresses and telephone numbers in a story's words.
func (s *Story) Contacts() []string {
	var out []string
	for _, t := range append([]StoryText{s.In(s.Language)}, s.Texts...) {
		out = append(out, Contacts(t.Headline+"\n"+t.Summary+"\n"+t.Commentary)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Found reports whether a quotation stands in a text, whatever its blanks and
// quotation marks; what was left out of it is marked with an ellipsis.
func (q Quote) Found(text string) bool {
	text = plainQuote(text)
	for _, piece := range ellipsis.Split(q.Text, -1) {
		piece = plainQuote(piece)
		i := strings.Index(text, piece)
		if i < 0 {
			return false
		}
		text = text[i+len(piece):]
	}
	return true
}

var (
	ellipsis   = regexp.MustCompile(`\[…\]|\[\.\.\.\]|…|\.\.\.`)
	quoteMarks = strings.NewReplacer("“", "", "”", "", "„", "", "‟", "", `"`, "", "«", "", "»", "", "’", "'", "‘", "'", "\u00a0", " ", "\u202f", " ")
)

func plainQuote(s string) string { return strings.Join(strings.Fields(quoteMarks.Replace(s)), " ") }
