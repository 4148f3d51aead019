-- +goose Up

-- What an editor writes and chooses for an issue beside its sections.
ALTER TABLE issues ADD COLUMN texts TEXT NOT NULL DEFAULT '[]';       -- JSON, title, introduction and headings in other languages
ALTER TABLE issues ADD COLUMN left_out TEXT NOT NULL DEFAULT '[]';    -- JSON, keys of what is kept from standing beside the stories
ALTER TABLE issues ADD COLUMN around TEXT NOT NULL DEFAULT '{}';      -- JSON, what stands beside them, fixed at the approval
ALTER TABLE issues ADD COLUMN back BIGINT NOT NULL DEFAULT 0;         -- the revision that undoing the last edit leads to; 0 = none

-- How an issue was arranged before each edit, so that it can be undone. Only the
-- latest are kept.
CREATE TABLE issue_revisions (
	issue    BIGINT NOT NULL REFERENCES issues (id),
	revision BIGINT NOT NULL,
	body     TEXT   NOT NULL,                  -- JSON
	PRIMARY KEY (issue, revision)
);

-- The standing blocks: each comes back in every issue of its days.
CREATE TABLE blocks (
	id          INTEGER PRIMARY KEY,
	kind        TEXT    NOT NULL,
	position    INTEGER NOT NULL DEFAULT 0,      -- the lowest stands first
	url         TEXT    NOT NULL DEFAULT '',
	texts       TEXT    NOT NULL,                -- JSON, one a language
	first_day   TEXT    NOT NULL DEFAULT '',     -- 2006-01-02; '' = always
	last_day    TEXT    NOT NULL DEFAULT '',     -- '' = for ever
	edited_by   TEXT    NOT NULL
);
CREATE INDEX stories_deadline ON stories (deadline) WHERE deadline <> '';
