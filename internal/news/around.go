package news

import (
	"fmt"
	"slices"
	"strings"
)

// Around is what can stand beside the stories of an issue.
type Around struct {
	Blocks      []Block
	Closing     []Closing
	Days        []Observance
	Corrections []Correction
}

// Keys by which an editor leaves out of one issue what would stand in it.

// Key names the block among what surrounds an issue.
func (b *Block) Key() string { return fmt.Sprintf("block/%d", b.ID) }

// Key names what closes soon among what surrounds an issue.
func (c *Closing) Key() string { return fmt.Sprintf("closing/%d", c.Story) }

// Key names the day among what surrounds an issue.
func (o *Observance) Key() string { return "day/" + o.Date + "/" + string(Slugify(o.Names["en"])) }

// Key names the correction among what surrounds an issue.
func (c *Correction) Key() string { return fmt.Sprintf("correction/%d", c.ID) }

// Surround fixes what stands beside the stories: all of it but what an editor
// left out.
func (i *Issue) Surround(a Around) {
	i.Blocks = kept(i, a.Blocks, (*Block).Key)
	i.Closing = kept(i, a.Closing, (*Closing).Key)
	i.Days = kept(i, a.Days, (*Observance).Key)
	i.Corrections = kept(i, a.Corrections, (*Correction).Key)
}

func kept[T any](i *Issue, all []T, key func(*T) string) []T {
	var out []T
	for n := range all {
		if !slices.Contains(i.LeftOut, key(&all[n])) {
			out = append(out, all[n])
		}
	}
	return out
}

// Around is what was fixed to stand beside the stories.
func (i *Issue) Around() Around { return Around{i.Blocks, i.Closing, i.Days, i.Corrections} }

// A Version is how an issue was arranged before an edit, kept so that the edit
// can be undone.
type Version struct {
	Revision     int64
	Who          string // made it; empty when the clock did
	Title        string
	Introduction string
	Texts        []IssueText
	Sections     []Section
	LeftOut      []string
	Back         int64 // the revision that undoing it leads to; zero if none
}

// Version is how the issue stands now.
func (i *Issue) Version() Version {
	return Version{i.Revision, i.EditedBy, i.Title, i.Introduction, i.Texts, i.Sections, i.LeftOut, i.Back}
}

// Stories returns the stories of all its sections in order.
func (v *Version) Stories() []StoryID {
	i := Issue{Sections: v.Sections}
	return i.Stories()
}

// Undo arranges the issue as it was in the version before. The undoing is an
// edit like another: it makes a new revision and voids an approval. It returns
// an error wrapping ErrConflict when the issue is frozen or the editor saw
// another revision.
func (i *Issue) Undo(v Version, seen int64, who string) error {
	if err := i.editable(seen); err != nil {
		return err
	}
	i.Title, i.Introduction, i.Texts, i.Sections, i.LeftOut = v.Title, v.Introduction, v.Texts, v.Sections, v.LeftOut
	i.changed(who)
	i.Back = v.Back
	return nil
}

// editable returns an error wrapping ErrConflict unless an editor who saw a
// revision may edit it.
func (i *Issue) editable(seen int64) error {
	switch {
	case !i.Editable():
		return fmt.Errorf("edit issue %d: it is %s: %w", i.ID, i.State, ErrConflict)
	case seen != i.Revision:
		return fmt.Errorf("edit issue %d: somebody changed it since you opened it (revision %d, now %d): %w", i.ID, seen, i.Revision, ErrConflict)
	}
	return nil
}

// Merged are the sections an editor made of an older revision with what the
// issue gained since: stories that they never saw stand at the end.
func (i *Issue) Merged(sections []Section, old []StoryID) []Section {
	out := slices.Clone(sections)
	if len(out) == 0 {
		out = []Section{{}}
	}
	last := &out[len(out)-1]
	last.Stories = slices.Clone(last.Stories)
	for _, id := range i.Stories() {
		has := func(s Section) bool { return slices.Contains(s.Stories, id) }
		if !slices.Contains(old, id) && !slices.ContainsFunc(out, has) {
			last.Stories = append(last.Stories, id)
		}
	}
	return out
}

// SectionsBy puts the stories of an issue, in their order, in one section a
// name that nameOf gives them; those without one stand first.
func SectionsBy(stories []Story, nameOf func(*Story) string) []Section {
	out := []Section{{}}
	for n := range stories {
		name := strings.TrimSpace(nameOf(&stories[n]))
		at := slices.IndexFunc(out, func(s Section) bool { return s.Heading == name })
		if at < 0 {
			at = len(out)
			out = append(out, Section{Heading: name})
		}
		out[at].Stories = append(out[at].Stories, stories[n].ID)
	}
	return slices.DeleteFunc(out, func(s Section) bool { return len(s.Stories) == 0 })
}
