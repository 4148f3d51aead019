-- +goose Up

-- How a reader wants their mails kept from who carries them.
ALTER TABLE readers ADD COLUMN discreet INTEGER NOT NULL DEFAULT 0;    -- the outside says nothing of what is in it
ALTER TABLE readers ADD COLUMN openpgp BYTEA;                         -- public key they are encrypted to
ALTER TABLE asks ADD COLUMN discreet INTEGER NOT NULL DEFAULT 0;

-- The same of a copy, fixed at the freeze.
ALTER TABLE copies ADD COLUMN discreet INTEGER NOT NULL DEFAULT 0;
ALTER TABLE copies ADD COLUMN cover TEXT NOT NULL DEFAULT '';          -- sealed: encrypted; notice: could not be, tells so; '' = neither

-- What was encrypted to a reader at the freeze: doing it again would give other
-- bytes. The address of a copy does not stand in it in clear.
CREATE TABLE sealed_copies (
	issue  BIGINT NOT NULL REFERENCES issues (id),
	reader BIGINT NOT NULL,
	body   BYTEA NOT NULL,
	mac    BYTEA NOT NULL,
	PRIMARY KEY (issue, reader)
);
CREATE INDEX sealed_copies_reader ON sealed_copies (reader);
