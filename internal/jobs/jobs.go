// Package jobs runs the services' work through River: which job calls which
// method, how often, and how long it may take. It decides nothing else. Every
// job is "make sure that …" over rows of the store, so running one twice, late
// or on another machine changes nothing, and losing one costs a minute.
package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	_ "modernc.org/sqlite" // the database/sql driver "sqlite"
)

// Services are what the jobs call, each in the words of its own room.
type Services struct {
	DueHosts func(ctx context.Context) ([]string, error) // hosts with a source that is due
	PollHost func(ctx context.Context, host string) error
	Place    func(ctx context.Context) error // unplaced items to queued stories
	Issues   func(ctx context.Context) error // drafts at their cut, freezing at their slot
	Send     func(ctx context.Context) error // copies that are due
	Letters  func(ctx context.Context) error // confirmations that are due
	Notices  func(ctx context.Context) error // mails to the desk that are due
	Forget   func(ctx context.Context) error // what was kept long enough
}

// A Part is a share of the work that one process can take on.
type Part string

// The parts. Any process that runs one of them may be elected to look at the
// rows every minute; without any, an engine only wakes the others.
const (
	Work  Part = "work"  // fetching, placing, sending
	Clock Part = "clock" // drafting and freezing issues
)

// The kinds a service can wake.
const (
	KindPoll    = "poll"
	KindPlace   = "place"
	KindIssues  = "issues"
	KindSend    = "send"
	KindLetters = "letters"
	KindNotices = "notices"
	KindForget  = "forget"
)

// The arguments of each kind: ids only.
type (
	pollArgs     struct{}
	pollHostArgs struct {
		Host string `json:"host" river:"unique"`
		Turn int64  `json:"turn" river:"unique"` // of so many turnTime; a dead worker's job stands in nobody's way for longer
	}
	placeArgs   struct{}
	issuesArgs  struct{}
	sendArgs    struct{}
	lettersArgs struct{}
	noticesArgs struct{}
	forgetArgs  struct{}
)

func (pollArgs) Kind() string     { return KindPoll }
func (pollHostArgs) Kind() string { return "poll-host" }
func (placeArgs) Kind() string    { return KindPlace }
func (issuesArgs) Kind() string   { return KindIssues }
func (sendArgs) Kind() string     { return KindSend }
func (lettersArgs) Kind() string  { return KindLetters }
func (noticesArgs) Kind() string  { return KindNotices }
func (forgetArgs) Kind() string   { return KindForget }

// Queues keep slow work from standing in the way of quick work.
const (
	queueFetch = "fetch"
	queueDesk  = "desk"
	queueSend  = "send"
	queueClock = "clock"
)

func queues(parts []Part) map[string]river.QueueConfig {
	all := map[string]river.QueueConfig{}
	for _, p := range parts {
		switch p {
		case Work:
			all[queueFetch] = river.QueueConfig{MaxWorkers: 8}
			all[queueDesk] = river.QueueConfig{MaxWorkers: 2}
			all[queueSend] = river.QueueConfig{MaxWorkers: 1}
		case Clock:
			all[queueClock] = river.QueueConfig{MaxWorkers: 1}
		}
	}
	return all
}

// The rows of the store are looked at this often whether or not anybody woke
// us; a lost wake costs no more. Sources are looked at more often, so that a
// dead worker's host is asked by another within two minutes, and copies,
// because an issue released on the command line wakes nobody here.
const (
	lookEvery = time.Minute
	pollEvery = 30 * time.Second
	turnTime  = time.Minute
	sendEvery = 5 * time.Second
	// Nothing is forgotten on the minute.
	forgetEvery = time.Hour
)

// No job takes longer; what is left is found at the next look. A job whose
// worker died is taken over soon after, so the whole is under two minutes.
const (
	limit  = 80 * time.Second
	rescue = 100 * time.Second
)

// A client is River's over either database.
type client interface {
	Start(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	Insert(ctx context.Context, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// An Engine runs jobs until it is stopped.
type Engine struct {
	client client
	works  bool // it has parts, and so runs jobs itself
	close  func() error
	log    *slog.Logger
}

// New builds an engine for the one process that serves a SQLite directory. Its
// queue lives in memory: the truth is in the store's tables, every kind looks
// at them when the engine starts, and what a killed process left half done
// cannot block anything here.
func New(ctx context.Context, s Services, log *slog.Logger) (*Engine, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	db.SetMaxOpenConns(1)
	db.SetConnMaxIdleTime(0)
	db.SetConnMaxLifetime(0)
	e := &Engine{close: db.Close, log: log}
	if err := build(ctx, e, riversqlite.New(db), s, []Part{Work, Clock}); err != nil {
		return nil, errors.Join(fmt.Errorf("job queue: %w", err), db.Close())
	}
	return e, nil
}

// NewPostgres builds an engine over a PostgreSQL database, which several
// processes share, each with its parts.
func NewPostgres(ctx context.Context, address string, parts []Part, s Services, log *slog.Logger) (*Engine, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, errors.New("job queue: the database address is not one PostgreSQL understands")
	}
	// A process that stands still in the middle of a transaction keeps nobody
	// waiting for ever.
	config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, `SET idle_in_transaction_session_timeout = '20s'`)
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("job queue: %w", err)
	}
	e := &Engine{close: func() error { pool.Close(); return nil }, log: log}
	if err := alone(ctx, pool, func() error { return build(ctx, e, riverpgxv5.New(pool), s, parts) }); err != nil {
		pool.Close()
		return nil, fmt.Errorf("job queue: %w", err)
	}
	return e, nil
}

// engineLock is the advisory lock under which the engine's tables are made;
// processes may start at the same moment.
const engineLock = 0x7269766572 // "river" in ASCII

// alone runs f while no other process does.
func alone(ctx context.Context, pool *pgxpool.Pool, f func() error) error {
	c, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	tx, err := c.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // it only held the lock
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, engineLock); err != nil {
		return err
	}
	return f()
}

func build[TTx any](ctx context.Context, e *Engine, driver riverdriver.Driver[TTx], s Services, parts []Part) error {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	c := &river.Config{Logger: quiet(e.log)}
	if e.works = len(parts) > 0; e.works {
		c.ErrorHandler = &failures{e.log}
		c.Workers = e.workers(s)
		c.PeriodicJobs = periodic()
		c.FetchCooldown = 100 * time.Millisecond
		c.FetchPollInterval = time.Second
		c.JobTimeout = limit
		c.RescueStuckJobsAfter = rescue
		c.MaxAttempts = 1 // the next look is the retry
		c.Queues = queues(parts)
	}
	e.client, err = river.NewClient(driver, c)
	return err
}

// work is a worker that calls one function.
type work[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	do func(ctx context.Context, args T) error
}

// Work calls the service.
func (w *work[T]) Work(ctx context.Context, job *river.Job[T]) error { return w.do(ctx, job.Args) }

func plain[T river.JobArgs](do func(context.Context) error) *work[T] {
	return &work[T]{do: func(ctx context.Context, _ T) error { return do(ctx) }}
}

func (e *Engine) workers(s Services) *river.Workers {
	w := river.NewWorkers()
	river.AddWorker(w, plain[pollArgs](func(ctx context.Context) error { return e.pollDue(ctx, s.DueHosts) }))
	river.AddWorker(w, &work[pollHostArgs]{do: func(ctx context.Context, a pollHostArgs) error { return s.PollHost(ctx, a.Host) }})
	river.AddWorker(w, plain[placeArgs](s.Place))
	river.AddWorker(w, plain[issuesArgs](s.Issues))
	river.AddWorker(w, plain[sendArgs](s.Send))
	river.AddWorker(w, plain[lettersArgs](s.Letters))
	river.AddWorker(w, plain[noticesArgs](s.Notices))
	river.AddWorker(w, plain[forgetArgs](s.Forget))
	return w
}

// pollDue hands each host that has something due to a job of its own, so that
// one slow host holds up no other.
func (e *Engine) pollDue(ctx context.Context, due func(context.Context) ([]string, error)) error {
	hosts, err := due(ctx)
	if err != nil {
		return err
	}
	turn := time.Now().Unix() / int64(turnTime/time.Second)
	for _, h := range hosts {
		if err := e.insert(ctx, pollHostArgs{Host: h, Turn: turn}); err != nil {
			return err
		}
	}
	return nil
}

// once keeps one unfinished job of a kind; a finished one must not block the
// next, so completed is left out of the states.
var once = river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
	rivertype.JobStateRetryable, rivertype.JobStateScheduled,
}}

// options says in which queue a kind runs. Only the asking of a host is unique,
// for a turn: the job of a worker that died counts as running until it is
// rescued, and what it did not do must be taken over before that. Sending is
// not: a wake that comes while a run is ending must find a run of its own.
func options(args river.JobArgs) *river.InsertOpts {
	switch args.(type) {
	case pollArgs:
		return &river.InsertOpts{Queue: queueFetch}
	case pollHostArgs:
		return &river.InsertOpts{Queue: queueFetch, UniqueOpts: once}
	case sendArgs, lettersArgs:
		return &river.InsertOpts{Queue: queueSend}
	case issuesArgs, forgetArgs:
		return &river.InsertOpts{Queue: queueClock}
	}
	return &river.InsertOpts{Queue: queueDesk}
}

// periodic is the same list in every process: any of them may be elected.
func periodic() []*river.PeriodicJob {
	var out []*river.PeriodicJob
	for _, args := range []river.JobArgs{pollArgs{}, placeArgs{}, issuesArgs{}, sendArgs{}, lettersArgs{}, noticesArgs{}, forgetArgs{}} {
		every := lookEvery
		switch args.Kind() {
		case KindPoll:
			every = pollEvery
		case KindSend:
			every = sendEvery
		case KindForget:
			every = forgetEvery
		}
		out = append(out, river.NewPeriodicJob(river.PeriodicInterval(every),
			func() (river.JobArgs, *river.InsertOpts) { return args, options(args) },
			&river.PeriodicJobOpts{RunOnStart: true}))
	}
	return out
}

func (e *Engine) insert(ctx context.Context, args river.JobArgs) error {
	if _, err := e.client.Insert(ctx, args, options(args)); err != nil {
		return fmt.Errorf("queue %s: %w", args.Kind(), err)
	}
	return nil
}

// Wake asks for a kind to be looked at now. It never fails its caller: what is
// lost is found at the next look.
func (e *Engine) Wake(kind string) {
	byKind := map[string]river.JobArgs{
		KindPoll: pollArgs{}, KindPlace: placeArgs{}, KindIssues: issuesArgs{}, KindSend: sendArgs{}, KindLetters: lettersArgs{},
		KindNotices: noticesArgs{},
	}
	args, ok := byKind[kind]
	if !ok {
		e.log.Error("woke an unknown kind of job", "kind", kind)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := e.insert(ctx, args); err != nil {
		e.log.Warn("wake lost, the next look finds the work", "kind", kind, "err", err)
	}
}

// Run works until ctx is done, then gives what is running up to drain to come
// to its end, and returns when it has.
func (e *Engine) Run(ctx context.Context, drain time.Duration) error {
	if !e.works {
		<-ctx.Done()
		return nil
	}
	if err := e.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	<-ctx.Done()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	// Every service ends its own work cleanly when its context is done.
	if err := e.client.StopAndCancel(stop); err != nil {
		return fmt.Errorf("stop jobs: %w", err)
	}
	return nil
}

// Close frees the queue. Call it after Run has returned.
func (e *Engine) Close() error { return e.close() }

// failures logs what a job answered. A job that was cancelled by our own stop
// did not fail.
type failures struct{ log *slog.Logger }

// HandleError logs a failed job.
func (f *failures) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	if !errors.Is(err, context.Canceled) {
		f.log.ErrorContext(ctx, "job failed", "kind", job.Kind, "err", err)
	}
	return nil
}

// HandlePanic logs a job that panicked; the others go on.
func (f *failures) HandlePanic(ctx context.Context, job *rivertype.JobRow, value any, trace string) *river.ErrorHandlerResult {
	f.log.ErrorContext(ctx, "job panicked", "kind", job.Kind, "panic", fmt.Sprint(value), "trace", trace)
	return nil
}

// quiet keeps the engine's own chatter out of the log.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(above{log.Handler()}) }

type above struct{ slog.Handler }

// Enabled lets through only what an operator must see.
func (a above) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }

// WithAttrs keeps the threshold.
func (a above) WithAttrs(attrs []slog.Attr) slog.Handler { return above{a.Handler.WithAttrs(attrs)} }

// WithGroup keeps the threshold.
func (a above) WithGroup(name string) slog.Handler { return above{a.Handler.WithGroup(name)} }
