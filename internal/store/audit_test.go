package store_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/staff"
	"github.com/ifhhro/rightsdesk/internal/store"
)

// Whoever can write to the file must not be able to change what the log says.
func TestAuditChainShowsTampering(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, tamper string
		want         int64
	}{
		{"nothing", `SELECT 1`, 0},
		{"a changed name", `UPDATE audit SET who = 'eve' WHERE id = 2`, 2},
		{"a field moved into the next", `UPDATE audit SET who = 'a', what = 'dasend' WHERE id = 2`, 2},
		{"another time", `UPDATE audit SET at = at + 1 WHERE id = 3`, 3},
		{"a line taken out", `DELETE FROM audit WHERE id = 2`, 3},
		{"the first line taken out and the next passed off as the first", `DELETE FROM audit WHERE id = 1; UPDATE audit SET id = 1 WHERE id = 2`, 1},
		{"retired lines", `DELETE FROM audit WHERE id < 3`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := openAt(t, dir)
			for range 4 {
				if err := s.Audit(t.Context(), staff.AuditEntry{At: time.UnixMilli(5e12), Who: "ada", What: "send", Subject: "issue 1"}); err != nil {
					t.Fatal(err)
				}
			}
			raw, err := sql.Open("sqlite", filepath.Join(dir, store.File))
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			if _, err := raw.Exec(tt.tamper); err != nil {
				t.Fatal(err)
			}
			if got, err := s.CheckAudit(t.Context()); got != tt.want || err != nil {
				t.Errorf("CheckAudit = %d, %v; want %d", got, err, tt.want)
			}
		})
	}
}
