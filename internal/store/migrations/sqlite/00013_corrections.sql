-- +goose Up

-- What was put right in a story after it was published. issue is the one that
-- told the readers; 0 while the next one is still to come.
CREATE TABLE corrections (
	id       INTEGER PRIMARY KEY,
	story    BIGINT NOT NULL REFERENCES stories (id),
	language TEXT   NOT NULL,
	text     TEXT   NOT NULL,                  -- Markdown
	who      TEXT   NOT NULL,
	at       BIGINT NOT NULL,
	issue    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX corrections_story ON corrections (story, id);
CREATE INDEX corrections_waiting ON corrections (id) WHERE issue = 0;
