package classify

import (
	_ "embed"
	"fmt"
	"sync"
)

// What our own training texts teach beyond the lexicon: a Model in its
// encoding. It is learned by TestModel from training/, which holds nothing but
// texts the project wrote.
//
//go:embed start.rdm
var startBytes []byte

// shippedModel is read when the first text is. The file is part of the
// program: a mistake in it is ours and stops the tests.
var shippedModel = sync.OnceValue(func() *Model {
	m, err := ParseModel(startBytes)
	if err != nil {
		panic(fmt.Sprintf("classify: embedded start.rdm: %v", err))
	}
	return m
})

// noModel is the start of a classifier that knows the lexicon only.
func noModel() *Model { return nil }
