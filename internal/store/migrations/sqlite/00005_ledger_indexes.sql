-- +goose Up

-- A copy changes its state twice when it is sent. These indexes are touched by
-- the second change only, once it is final; counting still reads indexes alone.
DROP INDEX copies_issue_state;
CREATE INDEX copies_final ON copies (issue, state) WHERE next_try = 0;
CREATE INDEX copies_uncertain ON copies (issue) WHERE uncertain > 0;
