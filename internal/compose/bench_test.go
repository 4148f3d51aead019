package compose_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/compose"
	"github.com/ifhhro/rightsdesk/internal/news"
)

// bigIssue has n stories of a usual length.
func bigIssue(n int) (compose.Input, []news.StoryID) {
	in := sample()
	in.Preferences = true
	in.Issue.Sections = []news.Section{{Heading: "All"}}
	in.Stories = nil
	var ids []news.StoryID
	for i := range n {
		s := sample().Stories[0]
		s.ID = news.StoryID(i + 1)
		s.Headline = fmt.Sprintf("%s (%d)", s.Headline, i+1)
		s.Summary = strings.Repeat("The court heard the doctors and the patients on the same day. ", 8)
		in.Stories = append(in.Stories, s)
		ids = append(ids, s.ID)
	}
	in.Issue.Sections[0].Stories = ids
	return in, ids
}

// BenchmarkAppend composes copies for readers of 3,000 different choices.
func BenchmarkAppend(b *testing.B) {
	in, ids := bigIssue(12)
	in.Languages = []string{"en", "ar"}
	r := render(b, in)
	for _, lang := range in.Languages {
		b.Run(lang, func(b *testing.B) {
			variants := make([]audience.Variant, 3000)
			for i := range variants {
				v := audience.Variant{Language: lang, Format: audience.FormatHTML}
				for n, id := range ids {
					if (i+7)>>n&1 == 0 || n < 5 {
						v.Stories = append(v.Stories, id)
					}
				}
				variants[i] = v
			}
			c := copyFor(b, "reader@mail.example")
			key := []byte("a key of the house")
			var buf []byte
			octets, n := 0, 0
			b.ReportAllocs()
			for b.Loop() {
				var token audience.Token
				binary.BigEndian.PutUint32(token[:], uint32(n))
				c.MessageID = compose.MessageID("2026-48", key, token, "weekly.example.org")
				buf = r.Append(buf[:0], variants[n%len(variants)], c)
				octets += len(buf)
				n++
			}
			b.ReportMetric(float64(octets)/float64(n)/1024, "KB/copy")
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "copies/s")
		})
	}
}

func BenchmarkRender(b *testing.B) {
	in, _ := bigIssue(20)
	for b.Loop() {
		render(b, in)
	}
}

// BenchmarkSeal encrypts copies, as the freeze does for readers with a key.
func BenchmarkSeal(b *testing.B) {
	in, ids := bigIssue(12)
	in.Languages = []string{"en"}
	r := render(b, in)
	_, public := keys(b)
	k, err := compose.ReadKey(public, frozen)
	if err != nil {
		b.Fatal(err)
	}
	c := copyFor(b, "reader@mail.example")
	for b.Loop() {
		if _, err := r.Seal(audience.Variant{Language: "en", Format: audience.FormatHTML, Stories: ids}, c, k, frozen); err != nil {
			b.Fatal(err)
		}
	}
}
