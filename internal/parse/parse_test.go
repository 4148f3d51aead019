package parse

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSamples reads the real feeds of a folder outside the repository.
func TestSamples(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("RIGHTSDESK_SAMPLES")
	if dir == "" {
		t.Skip("left out: real feeds, because RIGHTSDESK_SAMPLES names no folder of them")
	}
	tests := []struct {
		file    string
		entries int
		title   string
	}{
		{"unnews_en_region_europe_2022-04.xml", 30, "First Person: ‘I fear I will never see my husband again’"},
		{"reliefweb_updates_ukr_2020-09-17.xml", 3, "Ukraine: DRC / DDG Legal Alert: Issue 55 - August 2020 [EN/RU/UK]"},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			body, err := os.ReadFile(filepath.Join(dir, tt.file))
			if err != nil {
				t.Fatal(err)
			}
			doc, err := Feed(Input{Body: body})
			if err != nil {
				t.Fatal(err)
			}
			if len(doc.Entries) != tt.entries || doc.Entries[0].Title.Body != tt.title || len(doc.Warnings) != 0 {
				t.Errorf("%d entries, first %q, warnings %q", len(doc.Entries), doc.Entries[0].Title.Body, doc.Warnings)
			}
			for i, e := range doc.Entries {
				if e.URL == "" || e.ID == "" || !e.Published.Known() || e.Title.Body == "" || e.Summary.Body == "" {
					t.Errorf("entry %d lacks something: %+v", i, e)
				}
			}
		})
	}
}
