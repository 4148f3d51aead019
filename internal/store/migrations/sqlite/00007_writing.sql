-- +goose Up

-- What a curator adds to a story beside its texts.
ALTER TABLE stories ADD COLUMN quotes TEXT NOT NULL DEFAULT '[]';      -- JSON, as they stand in the source
ALTER TABLE stories ADD COLUMN further TEXT NOT NULL DEFAULT '[]';     -- JSON, worth reading beside it
ALTER TABLE stories ADD COLUMN assigned TEXT NOT NULL DEFAULT '';      -- account that looks after it
ALTER TABLE stories ADD COLUMN embargo BIGINT NOT NULL DEFAULT 0;      -- at no exit before this; 0 = none
ALTER TABLE stories ADD COLUMN names_checked INTEGER NOT NULL DEFAULT 0; -- somebody made sure that the persons in it may be named

-- What somebody is typing, kept while they do: one row a person and story.
CREATE TABLE drafts (
	story    BIGINT NOT NULL REFERENCES stories (id),
	who      TEXT   NOT NULL,
	revision BIGINT NOT NULL,                  -- of the story they began from
	body     TEXT   NOT NULL,                  -- the fields of the form, JSON
	at       BIGINT NOT NULL,
	PRIMARY KEY (story, who)
);

-- Notes between curators; parent is the note that is answered.
CREATE TABLE notes (
	id     INTEGER PRIMARY KEY,
	story  BIGINT NOT NULL REFERENCES stories (id),
	parent BIGINT NOT NULL DEFAULT 0,
	who    TEXT   NOT NULL,
	at     BIGINT NOT NULL,
	text   TEXT   NOT NULL
);
CREATE INDEX notes_story ON notes (story, id);

-- Whom a note concerns; the row goes once they looked at the story.
CREATE TABLE notices (
	who   TEXT   NOT NULL,
	note  BIGINT NOT NULL REFERENCES notes (id),
	PRIMARY KEY (who, note)
);
