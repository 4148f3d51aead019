// Package news is the public half of our vocabulary: the sources we ask, the
// entries they publish, the items we keep, the stories items tell and the
// issues we compose of them. It says what each promises and which moves it may
// make. It does no I/O and imports nothing of ours; whatever concerns a reader
// is in package audience, whatever concerns a desk account in package staff.
package news

import "errors"

// Errors that callers branch on. Wrap them with what was being done.
var (
	// ErrInvalid: what was given breaks a promise of its type.
	ErrInvalid = errors.New("invalid")
	// ErrNotFound: there is no such thing, or not for this caller.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the move is not possible from where the thing stands now.
	ErrConflict = errors.New("conflict")
	// ErrRefused: possible, but a safety rule asks for a second person or for
	// somebody to release a hold first.
	ErrRefused = errors.New("refused for safety")
	// ErrNoRoom: nothing can be written now, the disk is full or read-only.
	// Nothing was; it can be tried again.
	ErrNoRoom = errors.New("no room to write")
)
