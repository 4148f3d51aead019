-- +goose Up

-- Where somebody at the desk wants to be told of what concerns them. No reader
-- is in here.
CREATE TABLE staff_mail (
	account  BIGINT NOT NULL PRIMARY KEY REFERENCES accounts (id),
	address  TEXT   NOT NULL,
	kinds    TEXT   NOT NULL,                  -- JSON, what they want to be told of
	next_try BIGINT NOT NULL,                  -- no mail before
	attempts BIGINT NOT NULL,                  -- since the last that was taken
	trouble  TEXT   NOT NULL,                  -- why the last attempt failed
	stopped  BIGINT NOT NULL,                  -- 1: the address was refused, and nothing goes there
	sent     BIGINT NOT NULL                   -- the last that was taken
);

-- What happened that they are to be told of, one line each. An issue that
-- waits for approval is told once: its line stays until it waits no more.
CREATE TABLE staff_notices (
	id      INTEGER PRIMARY KEY,
	account BIGINT NOT NULL REFERENCES accounts (id),
	kind    TEXT   NOT NULL,                   -- note, assigned, decided, approval
	who     TEXT   NOT NULL,                   -- who did it
	what    TEXT   NOT NULL,
	story   BIGINT NOT NULL,                   -- or 0
	issue   BIGINT NOT NULL,                   -- or 0
	due     BIGINT NOT NULL,
	told    BIGINT NOT NULL
);
CREATE INDEX staff_notices_account ON staff_notices (account, told, due);
CREATE INDEX staff_notices_issue ON staff_notices (issue) WHERE issue <> 0;
