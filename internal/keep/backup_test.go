package keep_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"github.com/ifhhro/rightsdesk/internal/audience"
	"github.com/ifhhro/rightsdesk/internal/keep"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/store/storetest"
)

var evening = time.Date(2026, 11, 21, 19, 0, 0, 0, time.UTC)

// A house is a store with somebody who can read its backups.
type house struct {
	*store.Store
	dir string
	key *age.X25519Identity
}

func newHouse(t *testing.T) house {
	t.Helper()
	dir := t.TempDir()
	return house{open(t, dir), dir, newKey(t)}
}

func newKey(t *testing.T) *age.X25519Identity {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// onBoth runs a test with a house on each database.
func onBoth(t *testing.T, test func(t *testing.T, h house)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newHouse(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		server := os.Getenv("RIGHTSDESK_TEST_POSTGRES")
		if server == "" {
			t.Skip("left out: backups of PostgreSQL (RIGHTSDESK_TEST_POSTGRES names no server)")
		}
		s, err := store.OpenPostgres(t.Context(), storetest.Schema(t, server))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		h := house{s, t.TempDir(), newKey(t)}
		if err := s.KeepJournal(t.Context(), h.journal()); err != nil {
			t.Fatal(err)
		}
		test(t, h)
	})
}

func open(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // a test may have closed it
	return s
}

func (h house) backuper() keep.Backuper {
	return keep.Backuper{Source: h.Store, Examine: store.Examine, Scratch: h.dir, Version: "test",
		Recipients: []age.Recipient{h.key.Recipient()}, Now: func() time.Time { return evening }}
}

func (h house) backup(t *testing.T) (file string, m keep.Manifest) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "backup.age")
	b := h.backuper()
	m, err := b.To(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	return file, m
}

// restore brings a backup back and opens it.
func (h house) restore(t *testing.T, file string, journals ...string) (keep.Outcome, *store.Store) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new")
	r := h.restorer(journals...)
	o, err := r.To(t.Context(), file, dir)
	if err != nil {
		t.Fatal(err)
	}
	if !o.Report.OK() {
		t.Errorf("after the restore: %v", o.Report.Problems)
	}
	return o, open(t, dir)
}

func (h house) restorer(journals ...string) keep.Restorer {
	return keep.Restorer{Identities: []age.Identity{h.key}, Examine: store.Examine, Journals: journals,
		Now:  func() time.Time { return evening.Add(time.Hour) },
		Open: func(ctx context.Context, dir string) (keep.Restored, error) { return store.Open(ctx, dir) }}
}

func (h house) journal() string { return filepath.Join(h.dir, store.JournalFile) }

// add makes active readers in one step.
func (h house) add(t *testing.T, addresses ...string) {
	t.Helper()
	var list []audience.Address
	for _, s := range addresses {
		list = append(list, address(t, s))
	}
	err := h.ImportReaders(t.Context(), list, func(_ int, r *audience.Reader, barred bool) bool {
		return !barred && r.Import(audience.Preferences{Language: "en", Format: audience.FormatText}, nil, audience.Consent{}, evening)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func address(t *testing.T, s string) audience.Address {
	t.Helper()
	a, err := audience.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (h house) leave(t *testing.T, at string) {
	t.Helper()
	err := h.ChangeReaderAt(t.Context(), address(t, at), evening, func(r *audience.Reader) (bool, audience.SuppressionReason, error) {
		return r.Unsubscribe(evening), audience.Unsubscribed, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (h house) erase(t *testing.T, at string) {
	t.Helper()
	if err := h.EraseReader(t.Context(), address(t, at), evening, func(r *audience.Reader) { r.Erase(evening) }); err != nil {
		t.Fatal(err)
	}
}

// TestBackupsUnderLoad: each of the backups made while others write is one
// moment: readers come two in a step, and so they are restored.
func TestBackupsUnderLoad(t *testing.T) {
	t.Parallel()
	onBoth(t, backupsUnderLoad)
}

func backupsUnderLoad(t *testing.T, h house) {
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	started := make(chan struct{})
	writing.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			h.add(t, fmt.Sprintf("a%d@one.example", n), fmt.Sprintf("b%d@two.example", n))
			if n%3 == 0 {
				h.leave(t, fmt.Sprintf("a%d@one.example", n))
			}
			if n == 10 {
				close(started)
			}
		}
	})
	<-started
	var files []string
	for range 20 {
		file, _ := h.backup(t)
		files = append(files, file)
	}
	stop()
	writing.Wait()
	last := 0
	for _, file := range files {
		_, s := h.restore(t, file)
		counts, err := s.ReaderCounts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all := counts[audience.Active] + counts[audience.Left]
		if all%2 != 0 || all < last || all == 0 {
			t.Errorf("restored %d readers, after %d", all, last)
		}
		last = all
	}
}

// TestWhoLeftStaysAway: whoever left or was erased after the backup is not
// brought back, and the digest of a restored moment is that of the backup.
func TestWhoLeftStaysAway(t *testing.T) {
	t.Parallel()
	onBoth(t, whoLeftStaysAway)
}

func whoLeftStaysAway(t *testing.T, h house) {
	h.add(t, "stays@one.example", "leaves@two.example", "erased@three.example", "barred@four.example")
	digest, err := h.Digest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	file, m := h.backup(t)
	if m.Digest != digest {
		t.Errorf("manifest says %s, the books %s", m.Digest, digest)
	}
	h.leave(t, "leaves@two.example")
	h.erase(t, "erased@three.example")
	err = h.ChangeReaderAt(t.Context(), address(t, "barred@four.example"), evening, func(r *audience.Reader) (bool, audience.SuppressionReason, error) {
		return r.Suppress(evening), audience.ByHand, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o, s := h.restore(t, file, h.journal())
	if diff := cmp.Diff(audience.Replayed{Lines: 3, Readers: 3}, o.Replayed); diff != "" {
		t.Errorf("replayed (-want +got):\n%s", diff)
	}
	counts, err := s.ReaderCounts(t.Context())
	want := map[audience.State]int{audience.Active: 1, audience.Left: 1, audience.Erased: 1, audience.Suppressed: 1}
	if diff := cmp.Diff(want, counts); diff != "" || err != nil {
		t.Errorf("readers (-want +got), %v:\n%s", err, diff)
	}
	for at, wants := range map[string]audience.SuppressionReason{
		"leaves@two.example": audience.Unsubscribed, "erased@three.example": audience.Forgotten, "barred@four.example": audience.ByHand,
	} {
		if _, barred, err := s.ReaderByAddress(t.Context(), address(t, at)); err != nil || barred == nil || barred.Reason != wants {
			t.Errorf("%s: barred %v, %v; want %s", at, barred, err, wants)
		}
	}
	// A second disaster: the restored desk keeps a journal that is whole.
	again := filepath.Join(filepath.Dir(file), "again.age")
	b := h.backuper()
	b.Source = s
	if _, err := b.To(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	if o, _ := h.restore(t, again, h.journal()); o.Replayed != (audience.Replayed{}) {
		t.Errorf("replayed again: %+v", o.Replayed)
	}
}

// TestNoAddressInABackup: neither the file nor what the making of it leaves
// behind shows anybody.
func TestNoAddressInABackup(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(t, "canary-7f3a@hidden.example")
	file, _ := h.backup(t)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"canary", "hidden.example", "rightsdesk.db", "SQLite"} {
		if bytes.Contains(b, []byte(secret)) {
			t.Errorf("the backup shows %q", secret)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	journal, err := os.ReadFile(h.journal())
	if err != nil || bytes.Contains(journal, []byte("canary")) {
		t.Errorf("the journal shows somebody, or: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(h.dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	file, _ := h.backup(t)
	b := h.backuper()
	if _, err := b.To(t.Context(), file); !errors.Is(err, news.ErrConflict) {
		t.Errorf("over another backup: %v", err)
	}
	r := h.restorer()
	if _, err := r.To(t.Context(), file, h.dir); !errors.Is(err, news.ErrConflict) {
		t.Errorf("into a desk: %v", err)
	}
	dir := t.TempDir()
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	r.Identities = []age.Identity{other}
	if _, err := r.To(t.Context(), file, dir); err == nil {
		t.Error("a stranger's key opens it")
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r.Identities = []age.Identity{h.key}
	for n, damaged := range [][]byte{whole[:len(whole)/2], append(bytes.Clone(whole[:len(whole)-1]), whole[len(whole)-1]^1), nil} {
		name := filepath.Join(dir, fmt.Sprint(n))
		if err := os.WriteFile(name, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := r.To(t.Context(), name, filepath.Join(dir, "new")); err == nil {
			t.Errorf("damaged backup %d restores", n)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "new", store.File)); err == nil {
		t.Error("a failed restore left a desk")
	}
}

func TestScheduled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	now := evening
	s := keep.Schedule{Backup: h.backuper(), Dir: filepath.Join(t.TempDir(), "backups"), Every: 24 * time.Hour, Keep: 2}
	s.Backup.Now = func() time.Time { return now }
	for _, step := range []struct {
		after time.Duration
		want  string // days of the backups that are there
	}{{0, "21"}, {time.Hour, "21"}, {23 * time.Hour, "21 22"}, {96 * time.Hour, "22 26"}} {
		now = now.Add(step.after)
		if err := s.Scheduled(t.Context()); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(s.Dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		var days []string
		for _, f := range files {
			days = append(days, strings.TrimPrefix(filepath.Base(f), "rightsdesk-202611")[:2])
		}
		if c := keep.CheckBackups(s.Dir, s.Every, now.Add(46*time.Hour)); !c.OK {
			t.Errorf("not two days after the backup of %s: %+v", now, c)
		}
		if c := keep.CheckBackups(s.Dir, s.Every, now.Add(73*time.Hour)); c.OK {
			t.Errorf("three days after the backup of %s: %+v", now, c)
		}
		if got := strings.Join(days, " "); got != step.want {
			t.Errorf("at %s: backups of %s, want %s", now, got, step.want)
		}
	}
}

// TestJournal: it heals what a power cut tore, counts what was damaged, and
// does not let an older database pass for the newest.
func TestJournal(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(t, "a@one.example", "b@two.example", "c@three.example")
	file, _ := h.backup(t)
	h.leave(t, "a@one.example")
	h.leave(t, "b@two.example")
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(h.journal())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.journal(), whole[:len(whole)-20], 0o600); err != nil {
		t.Fatal(err)
	}
	h.Store = open(t, h.dir)
	if healed, err := os.ReadFile(h.journal()); err != nil || !bytes.Equal(healed, whole) {
		t.Errorf("not healed, %v:\n%s", err, healed)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	forged := bytes.Replace(lines[0], []byte("unsubscribed"), []byte("erased"), 1)
	for name, tt := range map[string]struct {
		journal []byte
		want    audience.Replayed
	}{
		"whole":   {whole, audience.Replayed{Lines: 2, Readers: 2}},
		"twice":   {append(bytes.Clone(whole), whole...), audience.Replayed{Lines: 2, Readers: 2, Gaps: 1}},
		"missing": {lines[1], audience.Replayed{Lines: 1, Readers: 1, Gaps: 1}},
		"forged":  {append(forged, lines[1]...), audience.Replayed{Lines: 1, Readers: 1, Damaged: 1, Gaps: 1}},
		"no ours": {[]byte("hello\n"), audience.Replayed{Damaged: 1}},
	} {
		name = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(name, tt.journal, 0o600); err != nil {
			t.Fatal(err)
		}
		o, _ := h.restore(t, file, name)
		if diff := cmp.Diff(tt.want, o.Replayed); diff != "" {
			t.Errorf("%s (-want +got):\n%s", filepath.Base(name), diff)
		}
	}
	older := t.TempDir()
	r := h.restorer()
	if _, err := r.To(t.Context(), file, older); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(older, store.JournalFile), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), older); !errors.Is(err, news.ErrRefused) {
		t.Errorf("an older database under a newer journal: %v, want refused", err)
	}
}
