package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ifhhro/rightsdesk/internal/deliver/crashtest"
	"github.com/ifhhro/rightsdesk/internal/news"
	"github.com/ifhhro/rightsdesk/internal/smtpout/smtptest"
	"github.com/ifhhro/rightsdesk/internal/store"
	"github.com/ifhhro/rightsdesk/internal/store/storetest"
	"golang.org/x/sys/unix"
)

// TestCrashAtEveryStation walks the line from a source to the reader who
// leaves, and at each station kills or stops, at seeded random moments, the
// command that works there or a process that serves beside it: one on SQLite,
// two on PostgreSQL. What was acknowledged stays, what was not is done by doing
// it again, and nothing is there twice. A walk is a subtest named after its
// seed; a sixth of RIGHTSDESK_CRASH is how many there are.
func TestCrashAtEveryStation(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes its time")
	}
	walks := 1
	if n, err := strconv.Atoi(os.Getenv("RIGHTSDESK_CRASH")); err == nil {
		walks = max(1, n/6)
	}
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		for seed := range walks {
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { walk(t, "", 1, uint64(seed)) })
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		for seed := range walks {
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { walk(t, storetest.Schema(t, postgres(t)), 2, uint64(seed)) })
		}
	})
}

// A stricken is a house whose processes are killed and stopped by chance.
type stricken struct {
	*crashtest.Mailing
	s       *settings
	random  *rand.Rand
	serving []*exec.Cmd
	newest  string // where the process that was started last listens
	kills   int    // of processes that serve
	strikes int
}

// The size of one walk.
const (
	walkSources     = 3
	walkItems       = 4 // of each
	walkReaders     = 200
	walkConnections = 4
)

func walk(t *testing.T, database string, processes int, seed uint64) {
	t.Helper()
	feed := httptest.NewServer(http.HandlerFunc(walkFeed))
	t.Cleanup(feed.Close)
	k := &stricken{s: crashSettings(t), random: rand.New(rand.NewPCG(seed, uint64(processes)))}
	k.s.database = database
	k.s.feeds = walkSourceList(t, k.s.dataDir, feed.URL)
	k.Mailing = crashtest.Slow(t, 20*time.Millisecond, func(relay string) *exec.Cmd {
		k.newest = freePort(t)
		return program(t.Context(), t, append([]string{"serve", "--listen", k.newest, "--base-url", "http://localhost", "--solo",
			"--relay", relay, "--connections", strconv.Itoa(walkConnections), "--log-format", "json"}, k.flags()...)...)
	})
	k.prepare(t)
	for range processes {
		k.serving = append(k.serving, k.Start(t))
		answers(t, k.newest)
	}
	t.Cleanup(func() {
		for _, p := range k.serving {
			_ = p.Process.Kill() // it has ended
		}
	})
	k.fetching(t)
	stories := k.approving(t)
	id := k.freezing(t)
	left := k.leaving(t)
	books, err := k.s.openStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer books.Close()
	settled(t, books, id)
	for _, p := range k.serving {
		if err := p.Process.Signal(unix.SIGTERM); err != nil {
			t.Fatal(err)
		}
		_ = p.Wait() // how it ends is another test's
	}
	k.check(t, books, id, stories, left)
	t.Logf("seed %d: %d strikes, %d of them kills of %d serving processes, %d readers left: nothing lost, nothing twice but what is listed",
		seed, k.strikes, k.kills, processes, len(left))
}

// flags name the house to any command.
func (k *stricken) flags() []string {
	return []string{"--data-dir", k.s.dataDir, "--database", k.s.database, "--feeds", k.s.feeds, "--fetch-allow-cidr", "127.0.0.0/8"}
}

// prepare brings readers and an editor.
func (k *stricken) prepare(t *testing.T) {
	t.Helper()
	var csv strings.Builder
	csv.WriteString("email\n")
	for n := range walkReaders {
		fmt.Fprintf(&csv, "reader%d@d%d.example.org\n", n, n%20)
	}
	house := []string{"--data-dir", k.s.dataDir, "--database", k.s.database}
	commandLine(t, 0, csv.String(), append([]string{"readers", "import", "-"}, house...)...)
	commandLine(t, 0, "", append([]string{"users", "add", "ada", "--role", "curator", "--role", "editor"}, house...)...)
}

// done runs a command until done says that its work is there, and meanwhile
// strikes twice: it, or a process that serves, is killed or stopped for a
// while. So many commands are not expected to be needed.
func (k *stricken) done(t *testing.T, done func() bool, args ...string) {
	t.Helper()
	for try := 0; !done(); try++ {
		if try == 20 {
			t.Fatalf("%v is not done after %d tries", args, try)
		}
		cmd := program(t.Context(), t, args...)
		out := &strings.Builder{}
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if try < 2 {
			k.strike(t, cmd)
		}
		err := cmd.Wait()
		if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() > exitFailed) {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
}

// strike waits for a moment and then kills or stops the command or a process
// that serves.
func (k *stricken) strike(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	<-time.After(time.Duration(k.random.IntN(900)) * time.Millisecond)
	k.strikes++
	n, kill := k.random.IntN(len(k.serving)+1), k.random.IntN(2) == 0
	if n == len(k.serving) {
		k.hit(cmd, kill)
		return
	}
	k.hitServing(t, n, kill)
}

// hitServing strikes one that serves; another takes the place of one that is
// killed.
func (k *stricken) hitServing(t *testing.T, n int, kill bool) {
	t.Helper()
	k.hit(k.serving[n], kill)
	if kill {
		k.kills++
		_ = k.serving[n].Wait() // it was killed
		k.serving[n] = k.Start(t)
	}
}

// hit strikes one process, which may have ended by itself.
func (k *stricken) hit(cmd *exec.Cmd, kill bool) {
	if kill {
		_ = cmd.Process.Kill()
		return
	}
	_ = cmd.Process.Signal(unix.SIGSTOP)
	<-time.After(time.Duration(100+k.random.IntN(900)) * time.Millisecond)
	_ = cmd.Process.Signal(unix.SIGCONT)
}

// fetching: every item comes once, is placed in one story and is classified.
func (k *stricken) fetching(t *testing.T) {
	t.Helper()
	const items = walkSources * walkItems
	k.done(t, func() bool {
		return rawCount(t, k.s, `SELECT COUNT(*) FROM items WHERE story <> 0 AND current = 1`) == items
	}, append([]string{"fetch"}, k.flags()...)...)
	if n := rawCount(t, k.s, `SELECT COUNT(*) FROM items`); n != items {
		t.Errorf("%d items are there, %d were published", n, items)
	}
}

// approving: every story is approved once.
func (k *stricken) approving(t *testing.T) (stories int) {
	t.Helper()
	house := []string{"--data-dir", k.s.dataDir, "--database", k.s.database}
	out, _ := commandLine(t, 0, "", append([]string{"queue", "list", "--json"}, house...)...)
	for _, line := range strings.Split(strings.TrimSpace(out), "\n")[:4] {
		var story struct{ ID news.StoryID }
		if err := json.Unmarshal([]byte(line), &story); err != nil {
			t.Fatal(err)
		}
		k.done(t, func() bool {
			return rawCount(t, k.s, fmt.Sprintf(`SELECT COUNT(*) FROM stories WHERE id = %d AND state = 'approved'`, story.ID)) == 1
		}, append([]string{"queue", "approve", fmt.Sprint(story.ID), "--as", "ada", "--for-all"}, house...)...)
		stories++
	}
	return stories
}

// freezing: the issue is drafted, approved and frozen once.
func (k *stricken) freezing(t *testing.T) news.IssueID {
	t.Helper()
	house := append([]string{"--as", "ada"}, k.flags()[:4]...)
	k.done(t, func() bool { return rawCount(t, k.s, `SELECT COUNT(*) FROM issues`) == 1 },
		append([]string{"issue", "draft"}, house...)...)
	id := rawCount(t, k.s, `SELECT id FROM issues`)
	k.done(t, func() bool { return rawCount(t, k.s, `SELECT COUNT(*) FROM issues WHERE state <> 'draft'`) == 1 },
		append([]string{"issue", "approve", strconv.Itoa(id)}, house...)...)
	k.done(t, func() bool { return rawCount(t, k.s, `SELECT COUNT(*) FROM issues WHERE frozen <> 0`) == 1 },
		append([]string{"issue", "send", strconv.Itoa(id)}, house...)...)
	return news.IssueID(id)
}

// leaving lets readers leave by the link in their mail while processes that
// serve are struck, and returns to whom it was acknowledged: to each, but to
// those who clicked at that moment.
func (k *stricken) leaving(t *testing.T) (left []string) {
	t.Helper()
	k.Sent(t, 30)
	answers(t, k.newest) // it may have been started a moment ago
	for n, taken := range k.Server.Taken()[:20] {
		click := clicking(k.newest, taken)
		struck := n%7 == 3
		if struck {
			<-time.After(time.Duration(k.random.IntN(8)) * time.Millisecond)
			k.strikes++
			k.hitServing(t, k.random.IntN(len(k.serving)), k.random.IntN(2) == 0)
			answers(t, k.newest)
		}
		switch err := <-click; {
		case err == nil:
			left = append(left, taken.To)
		case !struck:
			t.Errorf("leaving while all is well: %v", err)
		}
	}
	return left
}

// clicking leaves by one click and brings nothing, once it is acknowledged, or
// why it was not.
func clicking(listen string, taken smtptest.Taken) <-chan error {
	answered := make(chan error, 1)
	go func() {
		status, err := oneClick(listen, taken)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("the answer is %d", status)
		}
		answered <- err
	}()
	return answered
}

// check asks the three witnesses, and what the walk was told.
func (k *stricken) check(t *testing.T, books *store.Store, id news.IssueID, stories int, left []string) {
	t.Helper()
	uncertain := witnessed(t, k.s, books, id, walkReaders, walkReaders)
	seconds := k.secondsOf(t, uncertain)
	if most := k.kills * walkConnections; seconds > most {
		t.Errorf("%d second copies after %d kills, want at most %d", seconds, k.kills, most)
	}
	for what, want := range map[string]int{
		`SELECT COUNT(*) FROM decisions WHERE what = 'approve'`:                                    stories,
		`SELECT COUNT(*) FROM issues`:                                                              1,
		`SELECT COUNT(*) FROM copies`:                                                              walkReaders,
		`SELECT COUNT(DISTINCT reader) FROM copies`:                                                walkReaders,
		`SELECT COUNT(*) FROM stories WHERE state = 'approved' AND issue <> 0 OR state = 'sent'`:   stories,
		`SELECT COUNT(*) FROM items t WHERE NOT EXISTS (SELECT 1 FROM stories WHERE id = t.story)`: 0,
	} {
		if n := rawCount(t, k.s, what); n != want {
			t.Errorf("%s = %d, want %d", what, n, want)
		}
	}
	for _, address := range left {
		if n := rawCount(t, k.s, `SELECT COUNT(*) FROM readers WHERE state = 'active' AND address = '`+address+`'`); n != 0 {
			t.Errorf("a reader was told that they left and is still active")
		}
	}
}

// secondsOf is Seconds for an issue some of whose readers left meanwhile.
func (k *stricken) secondsOf(t *testing.T, uncertain map[string]int) (seconds int) {
	t.Helper()
	times := map[string]int{}
	for _, taken := range k.Server.Taken() {
		times[strings.Trim(taken.MessageID, "<>")]++
	}
	for id, n := range times {
		if n-1 > uncertain[id] {
			t.Errorf("%s went out %d times and is marked uncertain %d times", id, n, uncertain[id])
		}
		seconds += n - 1
	}
	sent := rawCount(t, k.s, `SELECT COUNT(*) FROM copies WHERE state = 'sent'`)
	if len(times) < sent {
		t.Errorf("the server took %d different mails, the books say %d are sent", len(times), sent)
	}
	return seconds
}

// walkFeed is a source of a few items, none like another.
func walkFeed(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/rss+xml")
	fmt.Fprint(w, `<rss version="2.0"><channel><title>S</title>`)
	for n := range walkItems {
		word := fmt.Sprintf("%s%c", strings.Trim(r.URL.Path, "/"), 'a'+n)
		fmt.Fprintf(w, `<item><title>Report %s of prison %s in district %s</title><link>https://s.example/%s</link><description>What %s saw of %s.</description></item>`,
			word, word, word, word, word, word)
	}
	fmt.Fprint(w, `</channel></rss>`)
}

func walkSourceList(t *testing.T, dir, host string) string {
	t.Helper()
	var list strings.Builder
	list.WriteString("version: 1\nsources:\n")
	for n := range walkSources {
		fmt.Fprintf(&list, "  - slug: source-%d\n    name: Source %d\n    feed: %s/%c\n    every: 15m\n", n, n, host, 'k'+n)
	}
	file := filepath.Join(dir, "walk.yaml")
	if err := os.WriteFile(file, []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestCrashWhileMigrating kills the bringing up to date of an older desk, and
// the move to PostgreSQL, again and again, until each is done: the older books
// were whole at every moment, and the new ones are the same.
func TestCrashWhileMigrating(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 1))
	strikes := 6
	if os.Getenv("RIGHTSDESK_CRASH") != "" {
		strikes = 40
	}
	from, err := filepath.Glob(filepath.Join("testdata", "upgrade", "*"))
	if err != nil || len(from) == 0 {
		t.Fatalf("no older data, %v", err)
	}
	dir := t.TempDir()
	for range strikes {
		unzip(t, filepath.Join(from[0], store.File+".gz"), filepath.Join(dir, store.File))
		killedWithin(t, random, 600*time.Millisecond, "migrate", "--data-dir", dir)
		if out, _ := commandLine(t, 0, "", "verify", "--data-dir", dir); !strings.Contains(out, "all is well") {
			t.Fatalf("after a kill while migrating:\n%s", out)
		}
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.RemoveAll(filepath.Join(dir, store.File+suffix)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.RemoveAll(filepath.Join(dir, store.JournalFile)); err != nil {
			t.Fatal(err)
		}
	}
	server := os.Getenv("RIGHTSDESK_TEST_POSTGRES")
	if server == "" {
		t.Skip("left out: a move to PostgreSQL that is killed (RIGHTSDESK_TEST_POSTGRES names no server)")
	}
	unzip(t, filepath.Join(from[0], store.File+".gz"), filepath.Join(dir, store.File))
	said, _ := commandLine(t, 0, "", "verify", "--json", "--data-dir", dir)
	to := storetest.Schema(t, server)
	for range strikes {
		killedWithin(t, random, 1500*time.Millisecond, "migrate", "--data-dir", dir, "--to", to)
	}
	// One that was killed after its last commit had moved the desk.
	if code, out := exitOf(t, "migrate", "--data-dir", dir, "--to", to); code != 0 && !strings.Contains(out, "not empty") {
		t.Fatalf("the move after %d kills: %d\n%s", strikes, code, out)
	}
	moved, _ := commandLine(t, 0, "", "verify", "--json", "--data-dir", filepath.Join(dir, "none"), "--database", to)
	if digestIn(t, said) != digestIn(t, moved) {
		t.Errorf("the digest was %s and is now %s", digestIn(t, said), digestIn(t, moved))
	}
	t.Logf("%d kills while migrating and %d while moving to PostgreSQL: the books are whole, the digest is the same", strikes, strikes)
}

// killedWithin runs a command and kills it at a random moment.
func killedWithin(t *testing.T, random *rand.Rand, most time.Duration, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.Int64N(int64(most))))
	defer cancel()
	_ = program(ctx, t, args...).Run() // it is killed, or quicker
}

// exitOf runs a command as a process and returns how it ended and all it said.
func exitOf(t *testing.T, args ...string) (int, string) {
	t.Helper()
	cmd := program(t.Context(), t, args...)
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), string(out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, string(out)
}
