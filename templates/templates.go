// Package templates holds every page and every mail as files, and the words
// readers see, one file a language. It has no code but the embedding: who
// fills a template in, and what with, is for compose and web to say.
package templates

import "embed"

// FS holds mail/ (what compose fills in), web/ (what web fills in) and words/
// (what readers read, in seven languages).
//
//go:embed mail all:web words/*.yaml
var FS embed.FS
