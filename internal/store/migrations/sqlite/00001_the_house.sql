-- +goose Up

-- Times are milliseconds since 1970 UTC; 0 means "not". Lists and nested facts
-- that no query looks into are JSON. Yes and no are 1 and 0.

-- Keys that sign links and blind hashes, made at the first start.
CREATE TABLE secrets (
	name  TEXT PRIMARY KEY,
	value BLOB NOT NULL
);

-- What the desk changed over flags and files.
CREATE TABLE settings (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
);

-- One row per source of feeds.yaml, never deleted: one that is missing there
-- is paused.
CREATE TABLE sources (
	id            INTEGER PRIMARY KEY,
	slug          TEXT    NOT NULL UNIQUE,
	name          TEXT    NOT NULL,
	host          TEXT    NOT NULL,            -- the unit of politeness
	spec          TEXT    NOT NULL,            -- the rest of news.Source, JSON
	polled        INTEGER NOT NULL,            -- 1 unless off or paused
	paused        INTEGER NOT NULL DEFAULT 0,
	next_poll     BIGINT  NOT NULL DEFAULT 0,  -- 0 = at once
	last_poll     BIGINT  NOT NULL DEFAULT 0,
	last_success  BIGINT  NOT NULL DEFAULT 0,
	last_new      BIGINT  NOT NULL DEFAULT 0,
	unchanged     INTEGER NOT NULL DEFAULT 0,
	failures      INTEGER NOT NULL DEFAULT 0,  -- in a row
	error         TEXT    NOT NULL DEFAULT '',
	gone          INTEGER NOT NULL DEFAULT 0,
	etag          TEXT    NOT NULL DEFAULT '', -- validators byte for byte
	last_modified TEXT    NOT NULL DEFAULT '',
	answered      TEXT    NOT NULL DEFAULT '', -- the address that gave them: they go to no other host
	body_hash     TEXT    NOT NULL DEFAULT '',
	seen          INTEGER NOT NULL DEFAULT 0,  -- entries in the last document
	hints         TEXT    NOT NULL DEFAULT '{}' -- what it said about when to ask again, JSON
);
CREATE INDEX sources_due ON sources (polled, next_poll);
CREATE INDEX sources_host ON sources (host);

-- One row per host we ask. The lease keeps two processes from asking at once;
-- its fence refuses the late result of one that was thought dead.
CREATE TABLE hosts (
	host       TEXT    PRIMARY KEY,
	not_before BIGINT  NOT NULL DEFAULT 0,     -- the second between requests
	rest_until BIGINT  NOT NULL DEFAULT 0,     -- Retry-After
	holder     TEXT    NOT NULL DEFAULT '',
	fence      BIGINT  NOT NULL DEFAULT 0,
	until      BIGINT  NOT NULL DEFAULT 0
);

-- One row per version of an item. A row never changes once placed: an edit by
-- the publisher is a new row that replaces the old.
CREATE TABLE items (
	id           INTEGER PRIMARY KEY,
	source       BIGINT  NOT NULL REFERENCES sources (id),
	story        BIGINT  NOT NULL DEFAULT 0,   -- 0 until placed
	why          TEXT    NOT NULL DEFAULT '',  -- why it stands in that story
	key          TEXT    NOT NULL,             -- identity within the source
	replaces     BIGINT  NOT NULL DEFAULT 0,
	current      INTEGER NOT NULL DEFAULT 1,   -- 0 once another version replaced it
	digest       TEXT    NOT NULL,             -- of what a reader would see
	canonical    TEXT    NOT NULL DEFAULT '',  -- the key of the page; '' without an address
	fingerprint  TEXT    NOT NULL DEFAULT '',  -- of the text; '' when too short to say anything
	url          TEXT    NOT NULL DEFAULT '',
	title        TEXT    NOT NULL,
	text         TEXT    NOT NULL,
	language     TEXT    NOT NULL,
	published    BIGINT  NOT NULL DEFAULT 0,   -- as claimed; 0 = nothing claimed
	seen         BIGINT  NOT NULL,             -- by our clock
	rest         TEXT    NOT NULL              -- the rest of news.Item, JSON
);
-- This line is the promise "one current version per key".
CREATE UNIQUE INDEX items_current ON items (source, key) WHERE current = 1;
CREATE INDEX items_story ON items (story);
CREATE INDEX items_unplaced ON items (id) WHERE story = 0 AND current = 1;
CREATE INDEX items_canonical ON items (canonical) WHERE canonical <> '';
CREATE INDEX items_fingerprint ON items (fingerprint) WHERE fingerprint <> '';

-- Steps that must not overlap, whoever runs them: a transaction that takes a
-- row's turn keeps the next one waiting until it ends.
CREATE TABLE turns (
	name TEXT   PRIMARY KEY,
	n    BIGINT NOT NULL
);
INSERT INTO turns (name, n) VALUES ('placing', 0);

-- One row per story the desk decides about.
CREATE TABLE stories (
	id          INTEGER PRIMARY KEY,
	state       TEXT    NOT NULL,
	revision    BIGINT  NOT NULL DEFAULT 1,
	slug        TEXT    NOT NULL DEFAULT '',
	language    TEXT    NOT NULL,
	headline    TEXT    NOT NULL,
	summary     TEXT    NOT NULL DEFAULT '',
	commentary  TEXT    NOT NULL DEFAULT '',
	signed      TEXT    NOT NULL DEFAULT '',   -- who signs the commentary
	texts       TEXT    NOT NULL DEFAULT '[]', -- other languages, JSON
	link        TEXT    NOT NULL DEFAULT '',
	source      BIGINT  NOT NULL DEFAULT 0,    -- of the leading item; 0 = begun at the desk
	published   BIGINT  NOT NULL DEFAULT 0,    -- age of the leading item
	kind        TEXT    NOT NULL DEFAULT '',
	for_all     INTEGER NOT NULL DEFAULT 0,
	countries   TEXT    NOT NULL DEFAULT '[]',
	deadline    TEXT    NOT NULL DEFAULT '',   -- 2006-01-02
	facts       TEXT    NOT NULL DEFAULT '{}', -- what the classifier said, JSON
	reason      TEXT    NOT NULL DEFAULT '',
	decided_by  TEXT    NOT NULL DEFAULT '',
	decided_at  BIGINT  NOT NULL DEFAULT 0,
	approved_at BIGINT  NOT NULL DEFAULT 0,    -- first approval, never changed
	issue       BIGINT  NOT NULL DEFAULT 0,    -- the one issue that holds it
	created     BIGINT  NOT NULL,
	updated     BIGINT  NOT NULL
);
CREATE INDEX stories_queue ON stories (state, published);
CREATE INDEX stories_issue ON stories (issue) WHERE issue <> 0;
CREATE INDEX stories_approved ON stories (approved_at) WHERE approved_at <> 0;

-- The topics a story has, assigned or chosen.
CREATE TABLE story_topics (
	story    BIGINT  NOT NULL REFERENCES stories (id),
	topic    TEXT    NOT NULL,
	position INTEGER NOT NULL,
	PRIMARY KEY (story, topic)
);
CREATE INDEX story_topics_topic ON story_topics (topic, story);

-- What was decided about stories, in order: the desk's history, its undo and
-- what the classifier learns from. Append only.
CREATE TABLE decisions (
	id     INTEGER PRIMARY KEY,
	story  BIGINT  NOT NULL REFERENCES stories (id),
	at     BIGINT  NOT NULL,
	who    TEXT    NOT NULL,
	what   TEXT    NOT NULL,                   -- approve, reject, later, requeue, edit, merge, split
	reason TEXT    NOT NULL DEFAULT '',
	before TEXT    NOT NULL,                   -- the story as it stood, JSON
	undone INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX decisions_story ON decisions (story, id);

-- One row per issue. UNIQUE (slot) is the promise "one issue a slot".
CREATE TABLE issues (
	id           INTEGER PRIMARY KEY,
	slot         BIGINT  NOT NULL UNIQUE,
	name         TEXT    NOT NULL UNIQUE,      -- 2026-47
	number       BIGINT  NOT NULL UNIQUE,
	title        TEXT    NOT NULL,
	language     TEXT    NOT NULL,
	introduction TEXT    NOT NULL DEFAULT '',
	sections     TEXT    NOT NULL DEFAULT '[]',
	cut          BIGINT  NOT NULL,
	state        TEXT    NOT NULL,
	revision     BIGINT  NOT NULL DEFAULT 1,
	edited_by    TEXT    NOT NULL DEFAULT '',
	curators     TEXT    NOT NULL DEFAULT '[]',
	approved_by  TEXT    NOT NULL DEFAULT '',
	approved_at  BIGINT  NOT NULL DEFAULT 0,
	solo         INTEGER NOT NULL DEFAULT 0,
	held_why     TEXT    NOT NULL DEFAULT '',
	intended     BIGINT  NOT NULL DEFAULT 0,   -- copies written at the freeze
	frozen       BIGINT  NOT NULL DEFAULT 0,
	withdrawn    BIGINT  NOT NULL DEFAULT 0,
	finished     BIGINT  NOT NULL DEFAULT 0,
	created      BIGINT  NOT NULL
);

-- The frozen text of an issue in encoded parts, so that archive and resend are
-- true to the byte. mac covers issue, language, format, name and body.
CREATE TABLE issue_parts (
	issue    BIGINT NOT NULL REFERENCES issues (id),
	language TEXT   NOT NULL,
	format   TEXT   NOT NULL,
	name     TEXT   NOT NULL,
	body     BLOB   NOT NULL,
	mac      BLOB   NOT NULL,
	PRIMARY KEY (issue, language, format, name)
);

-- The different mails an issue becomes: an ordered list of stories in one
-- language and format.
CREATE TABLE issue_variants (
	issue    BIGINT  NOT NULL REFERENCES issues (id),
	variant  INTEGER NOT NULL,
	language TEXT    NOT NULL,
	format   TEXT    NOT NULL,
	stories  TEXT    NOT NULL,                 -- JSON list of story ids
	PRIMARY KEY (issue, variant)
);

-- Somebody who asked for the digest. No name, IP, agent, open or click is kept.
CREATE TABLE readers (
	id        INTEGER PRIMARY KEY,
	token     BLOB    NOT NULL UNIQUE,         -- 16 random bytes, the only name outside
	address   TEXT    NOT NULL,                -- '' once erased
	blind     BLOB    NOT NULL UNIQUE,         -- keyed hash of the address
	state     TEXT    NOT NULL,
	language  TEXT    NOT NULL,
	format    TEXT    NOT NULL,
	topics    TEXT    NOT NULL DEFAULT '[]',
	asked     BIGINT  NOT NULL,
	confirmed BIGINT  NOT NULL DEFAULT 0,
	consent   TEXT    NOT NULL DEFAULT '',     -- version of the text they said yes to
	request   BLOB,                            -- names what a pending reader asked for; single use
	replaces  BLOB,                            -- token of the reader a pending one moves from
	paused    BIGINT  NOT NULL DEFAULT 0,      -- gets nothing until then
	left_at   BIGINT  NOT NULL DEFAULT 0,
	updated   BIGINT  NOT NULL
);
CREATE INDEX readers_state ON readers (state, asked);
CREATE UNIQUE INDEX readers_request ON readers (request) WHERE request IS NOT NULL;

-- Sign-ups as the form brought them. They are answered later, by a job, so
-- that the page takes the same time whoever asks; then the row is deleted.
CREATE TABLE asks (
	id       INTEGER PRIMARY KEY,
	address  TEXT    NOT NULL,
	language TEXT    NOT NULL,
	format   TEXT    NOT NULL,
	topics   TEXT    NOT NULL,
	consent  TEXT    NOT NULL,
	kind     TEXT    NOT NULL,                 -- which letter would answer it
	replaces BLOB,                             -- token of the reader who moves
	at       BIGINT  NOT NULL
);

-- Append-only journal of whom we must not write to; it names nobody.
CREATE TABLE suppressions (
	id     INTEGER PRIMARY KEY,
	blind  BLOB    NOT NULL,
	reason TEXT    NOT NULL,
	at     BIGINT  NOT NULL,
	lifted INTEGER NOT NULL DEFAULT 0,         -- 1: this line lifts the earlier ones
	mac    BLOB    NOT NULL                    -- over the line and the mac before it
);
CREATE INDEX suppressions_blind ON suppressions (blind, id);

-- Letters mailed, by keyed hash, so that the caps hold.
CREATE TABLE confirmations (
	blind BLOB   NOT NULL,
	kind  TEXT   NOT NULL,
	at    BIGINT NOT NULL
);
CREATE INDEX confirmations_blind ON confirmations (blind, kind, at);
CREATE INDEX confirmations_at ON confirmations (at);

-- The small mails that are owed to one person (confirmations): written with
-- the change that calls for them, sent after, deleted once sent.
CREATE TABLE letters (
	id       INTEGER PRIMARY KEY,
	reader   BIGINT  NOT NULL REFERENCES readers (id),
	what     TEXT    NOT NULL,
	attempts INTEGER NOT NULL DEFAULT 0,
	next_try BIGINT  NOT NULL,
	until    BIGINT  NOT NULL                  -- not sent after this
);
CREATE INDEX letters_due ON letters (next_try);

-- The ledger: one row per copy, never deleted. UNIQUE (issue, reader) is the
-- promise "one copy per reader per issue".
CREATE TABLE copies (
	id         INTEGER PRIMARY KEY,
	issue      BIGINT  NOT NULL REFERENCES issues (id),
	reader     BIGINT  NOT NULL,
	variant    INTEGER NOT NULL,               -- -1 when excluded at the freeze
	token      BLOB    NOT NULL,
	address    TEXT    NOT NULL,               -- as it was at the freeze; '' once erased
	domain     TEXT    NOT NULL,
	message_id TEXT    NOT NULL,
	state      TEXT    NOT NULL,
	why        TEXT    NOT NULL DEFAULT '',
	code       INTEGER NOT NULL DEFAULT 0,
	attempts   INTEGER NOT NULL DEFAULT 0,
	uncertain  INTEGER NOT NULL DEFAULT 0,     -- times a sender died holding it
	first_try  BIGINT  NOT NULL DEFAULT 0,
	next_try   BIGINT  NOT NULL DEFAULT 0,     -- 0 when final
	fence      BIGINT  NOT NULL DEFAULT 0,     -- the lease it is held under; 0 = free
	settled    BIGINT  NOT NULL DEFAULT 0,
	UNIQUE (issue, reader)
);
CREATE INDEX copies_due ON copies (issue, next_try) WHERE next_try <> 0 AND fence = 0;
CREATE INDEX copies_issue_state ON copies (issue, state);
CREATE INDEX copies_reader ON copies (reader);
CREATE INDEX copies_held ON copies (fence) WHERE next_try <> 0 AND fence <> 0;

-- Who is sending now. The id is the fencing number of every copy held under
-- the lease: it grows and never comes again, so the late result of a sender
-- that was thought dead is refused.
CREATE TABLE leases (
	id     INTEGER PRIMARY KEY AUTOINCREMENT,
	holder TEXT    NOT NULL,
	until  BIGINT  NOT NULL
);

-- Desk accounts.
CREATE TABLE accounts (
	id        INTEGER PRIMARY KEY,
	name      TEXT    NOT NULL UNIQUE,
	roles     TEXT    NOT NULL,                -- JSON list
	password  TEXT    NOT NULL DEFAULT '',     -- argon2id, PHC string
	handle    BLOB    NOT NULL UNIQUE,         -- random; what authenticators call the account
	totp      TEXT    NOT NULL DEFAULT '',     -- base32; '' without
	totp_step BIGINT  NOT NULL DEFAULT 0,      -- the last one used: no code works twice
	passkeys  TEXT    NOT NULL DEFAULT '[]',   -- JSON list with everything about each
	disabled  INTEGER NOT NULL DEFAULT 0,
	created   BIGINT  NOT NULL
);

-- One-time links that let somebody set a password.
CREATE TABLE invitations (
	hash    BLOB   PRIMARY KEY,                -- SHA-256 of the token
	account BIGINT NOT NULL REFERENCES accounts (id),
	expires BIGINT NOT NULL
);

CREATE TABLE sessions (
	hash    BLOB    PRIMARY KEY,               -- SHA-256 of the 256-bit secret
	account BIGINT  NOT NULL REFERENCES accounts (id),
	half    INTEGER NOT NULL DEFAULT 0,        -- 1: the second factor is still to come
	created BIGINT  NOT NULL,                  -- when its person proved who they are
	seen    BIGINT  NOT NULL                   -- the last request, to the minute
);
CREATE INDEX sessions_account ON sessions (account);

-- What a browser was asked to prove with a passkey: each challenge once.
CREATE TABLE ceremonies (
	challenge TEXT   PRIMARY KEY,
	account   BIGINT NOT NULL,                 -- 0 at sign-in: the passkey says who
	data      TEXT   NOT NULL,
	expires   BIGINT NOT NULL
);

-- What was done at the desk, hash-chained. Append only.
CREATE TABLE audit (
	id      INTEGER PRIMARY KEY,
	at      BIGINT  NOT NULL,
	who     TEXT    NOT NULL,
	what    TEXT    NOT NULL,
	subject TEXT    NOT NULL,
	detail  TEXT    NOT NULL,
	hash    BLOB    NOT NULL                   -- over the line and the hash before it
);
