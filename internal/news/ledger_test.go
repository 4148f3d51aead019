package news

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGroupDomains(t *testing.T) {
	t.Parallel()
	in := []DomainCounts{
		{"small.example", Counts{Intended: 9, Sent: 9}},
		{"mail.example", Counts{Intended: 10, Sent: 8, Waiting: 2}},
		{"own-name.example", Counts{Intended: 1, Refused: 1, Uncertain: 1}},
		{"", Counts{Intended: 40, Excluded: 40}}, // erased
		{"big.example", Counts{Intended: 99, Sent: 99}},
	}
	want := []DomainCounts{
		{"big.example", Counts{Intended: 99, Sent: 99}},
		{"mail.example", Counts{Intended: 10, Sent: 8, Waiting: 2}},
		{"", Counts{Intended: 50, Sent: 9, Refused: 1, Excluded: 40, Uncertain: 1}},
	}
	if diff := cmp.Diff(want, GroupDomains(in)); diff != "" {
		t.Errorf("GroupDomains (-want +got):\n%s", diff)
	}
}
