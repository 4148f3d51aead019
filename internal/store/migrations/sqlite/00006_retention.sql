-- +goose Up

-- What became of an issue's copies, once the rows of its readers are gone:
-- ninety days after it was finished. mac covers the line.
CREATE TABLE copy_counts (
	issue     BIGINT NOT NULL REFERENCES issues (id),
	state     TEXT   NOT NULL,
	copies    BIGINT NOT NULL,
	uncertain BIGINT NOT NULL,                 -- of these, how many may have gone out twice
	mac       BLOB NOT NULL,
	PRIMARY KEY (issue, state)
);
