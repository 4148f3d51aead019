package news

// A WrongField is what is wrong with one field a person filled in, so that a
// form can say it beside the field. It wraps ErrInvalid.
type WrongField struct {
	Field string // as the form names it: "headline", "text-summary"
	Err   error
}

// Error is what is wrong, as a sentence without its end.
func (w *WrongField) Error() string { return w.Err.Error() }

// Unwrap returns the error behind it.
func (w *WrongField) Unwrap() error { return w.Err }

// wrong says what is wrong with a field; nil where nothing is.
func wrong(field string, err error) error {
	if err == nil {
		return nil
	}
	return &WrongField{field, err}
}

// WrongFields are the fields an error is about, in the order it names them;
// none where it is about no field.
func WrongFields(err error) []*WrongField {
	switch e := err.(type) {
	case nil:
		return nil
	case *WrongField:
		return []*WrongField{e}
	case interface{ Unwrap() error }:
		return WrongFields(e.Unwrap())
	case interface{ Unwrap() []error }:
		var out []*WrongField
		for _, part := range e.Unwrap() {
			out = append(out, WrongFields(part)...)
		}
		return out
	}
	return nil
}
