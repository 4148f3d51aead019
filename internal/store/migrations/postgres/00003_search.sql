-- +goose Up

-- What is searched of a story: the terms package analyze makes of its texts,
-- and its state and facets, so that a filter and a search meet in one index.
-- rowid is the story, as on SQLite. The terms go into the index as they are;
-- no text search configuration of the database touches them.
CREATE TABLE story_search (
	rowid  BIGINT PRIMARY KEY,
	terms  TEXT NOT NULL,
	facets TEXT NOT NULL,
	term_words  TSVECTOR NOT NULL GENERATED ALWAYS AS (array_to_tsvector(array_remove(string_to_array(terms, ' '), ''))) STORED,
	facet_words TSVECTOR NOT NULL GENERATED ALWAYS AS (array_to_tsvector(array_remove(string_to_array(facets, ' '), ''))) STORED
);
CREATE INDEX story_search_words ON story_search USING GIN (term_words, facet_words);
