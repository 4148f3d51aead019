package news

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxAuthorRunes is the longest name an introduction is signed with.
const MaxAuthorRunes = 120

// An Introduction is what a topic's page says before its stories, in one
// language. Each edit is a row of its own, and the last one not undone is in
// force: its ID is the revision a writer begins from. One without a Text takes
// the introduction off the page.
type Introduction struct {
	ID       int64
	Topic    Slug
	Language string // one of Languages
	Text     string // Markdown
	Notes    string // sources and notes, Markdown; may be empty
	Author   string // as it is signed; may be empty
	EditedBy string // account
	At       time.Time
	Undone   bool
	UndoneBy string
}

// NewIntroduction tidies and checks an edit. The error names its fields and
// wraps ErrInvalid; one without a text must have nothing else either.
func NewIntroduction(i Introduction, now time.Time) (Introduction, error) {
	i.Text, i.Notes, i.Author, i.At = strings.TrimSpace(i.Text), strings.TrimSpace(i.Notes), strings.Join(strings.Fields(i.Author), " "), now
	if !i.Topic.Known() || !slices.Contains(Languages(), i.Language) {
		return i, fmt.Errorf("introduction of %q in %q: %w", i.Topic, i.Language, ErrInvalid)
	}
	var errs []error
	if i.Text == "" && (i.Notes != "" || i.Author != "") {
		errs = append(errs, wrong("introduction", fmt.Errorf("write an introduction, or take all of it off the page: %w", ErrInvalid)))
	}
	for _, long := range [][2]string{{"introduction", i.Text}, {"notes", i.Notes}} {
		if len(long[1]) > MaxTextBytes {
			errs = append(errs, wrong(long[0], fmt.Errorf("this is longer than %d KB: %w", MaxTextBytes>>10, ErrInvalid)))
		}
	}
	if n := utf8.RuneCountInString(i.Author); n > MaxAuthorRunes {
		errs = append(errs, wrong("author", fmt.Errorf("the name is %d characters long, %d are the most: %w", n, MaxAuthorRunes, ErrInvalid)))
	}
	return i, errors.Join(errs...)
}

// Same reports whether two introductions say the same to a reader.
func (i *Introduction) Same(other *Introduction) bool {
	return i.Text == other.Text && i.Notes == other.Notes && i.Author == other.Author
}
