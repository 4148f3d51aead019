package news

import (
	"slices"
	"time"
)

// A Lesson is what the desk's last decision about a story teaches.
type Lesson struct {
	Decision int64
	Item     ItemID // the version the curator read
	Topics   []Slug // those left on the story; none when it was rejected
	Rejected bool
}

// RejectReasons are why stories are rejected, most often first. Another can be
// written.
func RejectReasons() []string {
	return []string{"Not about health and human rights", reasonHad, reasonOld, "Not for our readers", "Advertisement or appeal for money", reasonSource}
}

// Reasons that say nothing of what a story is about.
const (
	reasonHad    = "We had it already"
	reasonOld    = "Too old"
	reasonSource = "Source not reliable"
)

// Settles reports whether a decision settles what a story teaches: it approves,
// rejects, corrects the topics, or takes such a decision back.
func Settles(what string, before, after *Story) bool {
	switch what {
	case "approve", "reject", "requeue", "later", "merge":
		return true
	case "edit":
		return !slices.Equal(before.Topics, after.Topics)
	}
	return false
}

// Teach is what a settling decision teaches, given the topics the story has
// now; false when that is nothing: a story that waits again, or one rejected
// for a reason that has nothing to do with its subject.
func (d *Decision) Teach(item ItemID, topics []Slug) (Lesson, bool) {
	switch d.What {
	case "approve", "edit":
		return Lesson{Decision: d.ID, Item: item, Topics: topics}, item != 0
	case "reject":
		about := d.Reason != reasonHad && d.Reason != reasonOld && d.Reason != reasonSource
		return Lesson{Decision: d.ID, Item: item, Rejected: true}, item != 0 && about
	}
	return Lesson{}, false
}

// MaxLexiconBytes is the most a curator writes for one topic and language.
const MaxLexiconBytes = 32 << 10

// A LexiconEdit is what a curator made of the words of one topic in one
// language, over those that ship. Without lines the shipped ones stand.
type LexiconEdit struct {
	ID       int64
	Topic    Slug
	Language string // one of Languages
	Lines    string
	Instead  bool // the lines stand in the place of the shipped ones; else they are added
	Who      string
	At       time.Time
	Undone   bool
	UndoneBy string
}
