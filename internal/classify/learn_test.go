package classify

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// deskLessons are decisions of a desk with a habit of its own: it puts every
// story that names a school under children, and none under expression.
func deskLessons(t testing.TB) []Lesson {
	t.Helper()
	var out []Lesson
	for i, e := range examples(t) {
		topics := slices.DeleteFunc(slices.Clone(e.labels), func(s news.Slug) bool { return s == "expression-defenders" })
		out = append(out, Lesson{ID: int64(i + 1), Text: Text{Title: e.title, Body: e.body, Language: e.language, Source: "desk"}, Topics: topics})
	}
	rng := rand.New(rand.NewPCG(7, 7))
	rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func learnAll(t testing.TB, l *Learner, lessons []Lesson) {
	t.Helper()
	for _, ls := range lessons {
		if err := l.Learn(ls); err != nil {
			t.Fatal(err)
		}
	}
}

// TestForgetReturnsTheSameBytes: taking back the last lesson, or one long ago,
// or several, leaves what would be there had they never been learned.
func TestForgetReturnsTheSameBytes(t *testing.T) {
	t.Parallel()
	lessons := deskLessons(t)[:120]
	c := classifier(t)
	l := NewLearner(c)
	learnAll(t, l, lessons[:100])
	before := l.Model().Bytes()
	learnAll(t, l, lessons[100:])
	for i := len(lessons) - 1; i >= 100; i-- { // more than the journal holds
		if !l.Forget(lessons[i].ID) {
			t.Fatalf("Forget(%d) found nothing", lessons[i].ID)
		}
	}
	if !bytes.Equal(l.Model().Bytes(), before) {
		t.Error("undoing the last twenty lessons does not return the bytes before them")
	}
	l.Forget(lessons[10].ID)
	fresh := NewLearner(c)
	learnAll(t, fresh, slices.Delete(slices.Clone(lessons[:100]), 10, 11))
	if !bytes.Equal(l.Model().Bytes(), fresh.Model().Bytes()) {
		t.Error("forgetting an early lesson differs from never having learned it")
	}
	if l.Forget(lessons[10].ID) {
		t.Error("a lesson was forgotten twice")
	}
}

func TestLearnRefuses(t *testing.T) {
	t.Parallel()
	l := NewLearner(classifier(t))
	ls := Lesson{ID: 1, Text: Text{Title: "Nurse freed", Language: "en"}, Topics: []news.Slug{"health-workers-at-risk"}}
	if err := l.Learn(ls); err != nil {
		t.Fatal(err)
	}
	if err := l.Learn(ls); !errors.Is(err, news.ErrConflict) {
		t.Errorf("learning a decision twice = %v, want ErrConflict", err)
	}
	ls.ID, ls.Topics = 2, []news.Slug{"weather"}
	if err := l.Learn(ls); !errors.Is(err, news.ErrInvalid) {
		t.Errorf("learning an unknown topic = %v, want ErrInvalid", err)
	}
}

// TestLearningHelps: the desk's habit is learned from its decisions.
func TestLearningHelps(t *testing.T) {
	t.Parallel()
	lessons := deskLessons(t)
	c := classifier(t)
	l := NewLearner(c)
	learnAll(t, l, lessons[:300])
	wrong := func(c *Classifier) (n int) {
		for _, ls := range lessons[300:] {
			facts := c.Read(ls.Text)
			if slices.Contains(facts.Assigned(), "expression-defenders") {
				n++
			}
		}
		return n
	}
	if before, after := wrong(c), wrong(c.With(l.Model())); after*3 > before {
		t.Errorf("a topic the desk never gives is given %d times before 300 lessons and %d times after", before, after)
	}
}

func TestModelBytes(t *testing.T) {
	t.Parallel()
	l := NewLearner(classifier(t))
	learnAll(t, l, deskLessons(t)[:40])
	m := l.Model()
	again, err := ParseModel(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.Bytes(), again.Bytes()) || again.Lessons() != 40 {
		t.Error("a model read from its bytes differs")
	}
	for _, b := range [][]byte{nil, []byte("rdm1"), []byte("rdm2\x1e\x00\x00"), append(m.Bytes(), 0), m.Bytes()[:100]} {
		if _, err := ParseModel(b); !errors.Is(err, news.ErrInvalid) {
			t.Errorf("ParseModel(%d bytes) = %v, want ErrInvalid", len(b), err)
		}
	}
}

func FuzzParseModel(f *testing.F) {
	f.Add([]byte("rdm1\x1e\x01\x01\x05\x01\x02\x06"))
	f.Add([]byte("rdm1\x1e\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseModel(b)
		if err != nil {
			return
		}
		if again, err := ParseModel(m.Bytes()); err != nil || !bytes.Equal(again.Bytes(), m.Bytes()) {
			t.Fatalf("model of %q does not survive its own encoding: %v", b, err)
		}
	})
}

func BenchmarkLearn(b *testing.B) {
	lessons := deskLessons(b)
	l := NewLearner(classifier(b))
	id := int64(0)
	for b.Loop() {
		id++
		ls := lessons[int(id)%len(lessons)]
		ls.ID = id
		if err := l.Learn(ls); err != nil {
			b.Fatal(err)
		}
	}
}
