-- +goose Up

-- What is searched of a story: the terms package analyze makes of its texts,
-- and its state and facets, so that a filter and a search meet in one index.
-- rowid is the story. The texts themselves are not kept here.
CREATE VIRTUAL TABLE story_search USING fts5 (
	terms, facets,
	content = '', contentless_delete = 1, detail = column,
	tokenize = "unicode61 remove_diacritics 0 tokenchars ':-_'"
);
