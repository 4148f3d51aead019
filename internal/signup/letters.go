package signup

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ifhhro/rightsdesk/internal/audience"
)

const (
	lettersAtOnce = 50
	// A letter that a dead process held is tried again after this.
	letterPatience = 15 * time.Minute
)

// SendLetters answers the sign-ups that wait, forgets those nobody confirmed,
// and sends the letters that are due. A letter whose sending a crash cut short
// goes again: at most one second confirmation.
func (s *Service) SendLetters(ctx context.Context) error {
	if err := s.answerAll(ctx); err != nil {
		return err
	}
	if err := s.Lapse(ctx); err != nil {
		return err
	}
	for {
		now := s.o.Now()
		letters, err := s.store.TakeLetters(ctx, now, now.Add(letterPatience), lettersAtOnce)
		if err != nil {
			return err
		}
		for _, l := range letters {
			if err := s.sendLetter(ctx, l); err != nil {
				return fmt.Errorf("letter %d: %w", l.ID, err)
			}
		}
		if len(letters) < lettersAtOnce {
			return nil
		}
	}
}

func (s *Service) sendLetter(ctx context.Context, l audience.Letter) error {
	link := s.letterLink(l)
	if link == "" {
		return s.store.EndLetter(ctx, l.ID)
	}
	m, err := s.o.Write(l, s.o.Link(link))
	if err != nil {
		return err
	}
	reply, err := s.o.Send.Send(ctx, m)
	if err != nil {
		return err
	}
	switch {
	case reply.Accepted():
		s.o.Log.InfoContext(ctx, "letter sent", "letter", l.ID, "attempts", l.Attempts)
		return s.store.EndLetter(ctx, l.ID)
	case reply.RefusesReader():
		s.o.Log.InfoContext(ctx, "letter refused", "letter", l.ID, "code", reply.Code)
		return s.store.EndLetter(ctx, l.ID)
	}
	s.o.Log.WarnContext(ctx, "letter put off", "letter", l.ID, "stage", reply.Stage, "code", reply.Code)
	return s.store.PostponeLetter(ctx, l.ID, s.o.Now().Add(audience.RetryAfter(l.Attempts, rand.Float64())))
}

// letterLink is the path a letter carries, "" when there is nothing left to
// write about.
func (s *Service) letterLink(l audience.Letter) string {
	r := l.Reader
	switch {
	case l.What == audience.LetterConfirm && r.State == audience.Pending && !r.Request.IsZero():
		return "/confirm/" + s.o.Keys.MakeExpiring(purposeConfirm, r.Request, l.Until)
	case l.What == audience.LetterLink && r.State == audience.Active:
		return "/preferences/" + s.o.Keys.Make(purposePreferences, r.Token)
	case l.What == audience.LetterManage && (r.State == audience.Active || r.State == audience.Left):
		return "/manage/" + s.o.Keys.MakeExpiring(purposeManage, r.Token, l.Until)
	}
	return ""
}
