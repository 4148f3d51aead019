-- +goose Up

-- What the page of a topic says before its stories, in a language. The last row
-- not undone is in force, and its id is the revision; rows are never changed
-- otherwise.
CREATE TABLE introductions (
	id        INTEGER PRIMARY KEY,
	topic     TEXT    NOT NULL,
	language  TEXT    NOT NULL,
	text      TEXT    NOT NULL,                -- Markdown; '' takes it off the page
	notes     TEXT    NOT NULL,                -- Markdown
	author    TEXT    NOT NULL,                -- as it is signed
	edited_by TEXT    NOT NULL,
	at        BIGINT  NOT NULL,
	undone    INTEGER NOT NULL DEFAULT 0,
	undone_by TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX introductions_of ON introductions (topic, language, id);
