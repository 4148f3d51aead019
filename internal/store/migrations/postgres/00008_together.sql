-- +goose Up

-- How many results came too late, by the kind of work: whoever brought them
-- had been thought dead, and another had taken over. They were refused.
CREATE TABLE late_results (
	kind    TEXT   NOT NULL PRIMARY KEY,       -- copies, polls
	results BIGINT NOT NULL
);

-- The latest attempts at an issue, as each sending process last told the
-- others: all of them see together that it is us who are refused. Gone once
-- the issue is finished or held.
CREATE TABLE recent_attempts (
	issue    BIGINT NOT NULL REFERENCES issues (id),
	holder   TEXT   NOT NULL,                  -- the process
	attempts TEXT   NOT NULL,                  -- JSON, the oldest first
	PRIMARY KEY (issue, holder)
);
