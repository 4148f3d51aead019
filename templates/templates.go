// Package templates holds every page and every mail as files. It has no code
// but the embedding: who fills a template in, and what with, is for compose
// and web to say. The words readers see are in package words below it.
package templates

import "embed"

// FS holds mail/ (what compose fills in) and web/ (what web fills in).
//
//go:embed mail all:web
var FS embed.FS
