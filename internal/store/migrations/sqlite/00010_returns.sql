-- +goose Up

-- The keys that sign our mail, in pairs. They lie here as the other secrets do,
-- and in every backup with them.
CREATE TABLE mail_keys (
	id        INTEGER PRIMARY KEY,
	domain    TEXT   NOT NULL,
	selector  TEXT   NOT NULL,
	algorithm TEXT   NOT NULL,                 -- rsa, ed25519
	private   BLOB   NOT NULL,                 -- PKCS #8
	made      BIGINT NOT NULL,
	begun     BIGINT NOT NULL DEFAULT 0,       -- 0 = waits for its line in DNS
	ended     BIGINT NOT NULL DEFAULT 0,       -- 0 = no later one has begun
	UNIQUE (domain, selector)
);

-- What came back of copies that were sent: one line a copy, the gravest that
-- was said. The copy itself stays sent: a server took it. Gone with the copies.
CREATE TABLE returns (
	issue   BIGINT  NOT NULL REFERENCES issues (id),
	reader  BIGINT  NOT NULL,
	verdict TEXT    NOT NULL,
	hard    INTEGER NOT NULL DEFAULT 0,        -- 1: the address is gone
	status  TEXT    NOT NULL DEFAULT '',       -- RFC 3463
	text    TEXT    NOT NULL DEFAULT '',       -- what was said, no address in it; '' after 30 days
	sent    BIGINT  NOT NULL,                  -- when the copy was taken by a server
	at      BIGINT  NOT NULL,                  -- when this came back
	PRIMARY KEY (issue, reader)
);
CREATE INDEX returns_reader ON returns (reader);
CREATE INDEX returns_at ON returns (at);
