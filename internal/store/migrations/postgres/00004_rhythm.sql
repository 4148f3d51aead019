-- +goose Up

-- How many items came from each source on each of the last days.
CREATE INDEX items_arrived ON items (seen, source);
