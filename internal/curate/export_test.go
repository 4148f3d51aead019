package curate

import "context"

// Learned says how many lessons the reader holds, and returns what they teach
// as bytes that are equal wherever the same was decided.
func (r *Reader) Learned(ctx context.Context) (lessons int, model []byte, err error) {
	lessons, err = r.Lessons(ctx)
	if err != nil {
		return 0, nil, err
	}
	r.refreshing.Lock()
	defer r.refreshing.Unlock()
	return lessons, r.learner.Model().Bytes(), nil
}
