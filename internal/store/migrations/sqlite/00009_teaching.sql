-- +goose Up

-- What the classifier learns from a decision. A story teaches what was last
-- decided about it.
ALTER TABLE decisions ADD COLUMN teaches INTEGER NOT NULL DEFAULT 0; -- 1: it settles what its story teaches
ALTER TABLE decisions ADD COLUMN item BIGINT NOT NULL DEFAULT 0;     -- the version its curator read; 0 = begun at the desk
UPDATE decisions SET teaches = 1 WHERE what IN ('approve', 'reject', 'requeue', 'later', 'merge');
UPDATE decisions SET item = COALESCE((
	SELECT MAX(i.id) FROM items i JOIN stories s ON s.id = i.story
	 WHERE s.id = decisions.story AND i.source = s.source AND i.url = s.link AND i.seen <= decisions.at), 0)
 WHERE teaches = 1;
CREATE INDEX decisions_teach ON decisions (id) WHERE teaches = 1 AND undone = 0;

-- Grows whenever what the desk teaches may have changed.
INSERT INTO turns (name, n) VALUES ('teaching', 0);

-- What curators made of the lexicon of a topic in a language. The last row not
-- undone is in force; rows are never changed otherwise.
CREATE TABLE lexicon_edits (
	id        INTEGER PRIMARY KEY,
	topic     TEXT    NOT NULL,
	language  TEXT    NOT NULL,
	lines     TEXT    NOT NULL,                -- '' gives back the shipped ones
	instead   INTEGER NOT NULL,                -- 1: in the place of the shipped lines; 0: added to them
	who       TEXT    NOT NULL,
	at        BIGINT  NOT NULL,
	undone    INTEGER NOT NULL DEFAULT 0,
	undone_by TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX lexicon_edits_of ON lexicon_edits (topic, language, id);
