-- +goose Up

-- Under which short names a story is found: "topic:torture", "language:ar".
-- One row a name, carrying state and age, so that any filter of the queue is a
-- walk along the key from the newest, however many stories are stored.
CREATE TABLE story_facets (
	facet     TEXT   NOT NULL,
	state     TEXT   NOT NULL,
	published BIGINT NOT NULL,
	story     BIGINT NOT NULL REFERENCES stories (id),
	PRIMARY KEY (facet, state, published, story)
);
CREATE INDEX story_facets_story ON story_facets (story, facet);

ALTER TABLE stories ADD COLUMN merged_into BIGINT NOT NULL DEFAULT 0; -- the story it was merged into
ALTER TABLE stories ADD COLUMN begun_by TEXT NOT NULL DEFAULT '';    -- account that began it; '' when a source did

-- Decisions made in one go are undone in one go; a merge or split says which
-- items moved where, so that undoing moves them back.
ALTER TABLE decisions ADD COLUMN batch BIGINT NOT NULL DEFAULT 0;    -- id of the first of them; 0 when alone
ALTER TABLE decisions ADD COLUMN other BIGINT NOT NULL DEFAULT 0;    -- the other story
ALTER TABLE decisions ADD COLUMN moved TEXT NOT NULL DEFAULT '[]';   -- items, JSON
ALTER TABLE decisions ADD COLUMN undone_by TEXT NOT NULL DEFAULT '';
CREATE INDEX decisions_who ON decisions (who, id);
CREATE INDEX decisions_batch ON decisions (batch) WHERE batch <> 0;
CREATE INDEX decisions_other ON decisions (other) WHERE other <> 0;
