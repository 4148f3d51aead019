package desk

import (
	"strings"
	"time"
	"unicode"

	"github.com/ifhhro/rightsdesk/internal/news"
)

// A versionView is how an item read before its publisher changed it, as the
// difference to what followed.
type versionView struct {
	Seen  time.Time // when the change was seen
	Title []change
	Text  []change
}

// A change is a piece of a text that stayed, came or went.
type change struct {
	Text string
	What string // "ins", "del" or "" where it stayed
}

// versionsOf pairs the items of a story with their earlier versions, the
// latest change first.
func versionsOf(it *news.Item, old []news.Item) []versionView {
	byID := map[news.ItemID]*news.Item{}
	for n := range old {
		byID[old[n].ID] = &old[n]
	}
	var out []versionView
	for next, before := it, byID[it.Replaces]; before != nil; next, before = before, byID[before.Replaces] {
		out = append(out, versionView{next.Seen, wordDiff(before.Title, next.Title), wordDiff(before.Text, next.Text)})
		delete(byID, before.ID) // no chain is walked twice
	}
	return out
}

// maxDiff bounds the work of one difference, in pairs of words; what is longer
// is shown as gone and come.
const maxDiff = 4 << 20

// wordDiff is what became of a text, word by word.
func wordDiff(before, after string) []change {
	a, b := diffWords(before), diffWords(after)
	var out []change
	add := func(what string, words ...string) {
		for _, w := range words {
			if n := len(out) - 1; n >= 0 && out[n].What == what {
				out[n].Text += w
			} else {
				out = append(out, change{w, what})
			}
		}
	}
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	add("", a[:head]...)
	diffMiddle(a[head:len(a)-tail], b[head:len(b)-tail], add)
	add("", a[len(a)-tail:]...)
	return out
}

// diffMiddle adds the difference of two texts that differ at both ends: the
// longest common run of words stays.
func diffMiddle(a, b []string, add func(what string, words ...string)) {
	if len(a)*len(b) > maxDiff {
		add("del", a...)
		add("ins", b...)
		return
	}
	// common[i][j] is how many words a[i:] and b[j:] have in common, in order.
	width := len(b) + 1
	common := make([]int32, (len(a)+1)*width)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i*width+j] = common[(i+1)*width+j+1] + 1
			} else {
				common[i*width+j] = max(common[(i+1)*width+j], common[i*width+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			add("", a[i])
			i, j = i+1, j+1
		case common[(i+1)*width+j] >= common[i*width+j+1]:
			add("del", a[i])
			i++
		default:
			add("ins", b[j])
			j++
		}
	}
	add("del", a[i:]...)
	add("ins", b[j:]...)
}

// diffWords cuts a text into words with the blanks behind them; a Chinese
// character is a word.
func diffWords(text string) []string {
	var out []string
	var word strings.Builder
	blank := false
	for _, r := range text {
		han := unicode.Is(unicode.Han, r)
		if word.Len() > 0 && (han || blank && !unicode.IsSpace(r)) {
			out = append(out, word.String())
			word.Reset()
		}
		word.WriteRune(r)
		blank = unicode.IsSpace(r) || han
	}
	if word.Len() > 0 {
		out = append(out, word.String())
	}
	return out
}
