package staff

import "time"

// How long a session lasts (SAFETY, "Pages").
const (
	SessionIdle = 30 * time.Minute // without a request
	SessionLife = 12 * time.Hour   // whatever happens
)

// A Session is one browser in which somebody is signed in. Its secret is
// known to that browser alone; what is kept of it is Hash.
type Session struct {
	Hash    []byte // SHA-256 of the secret
	Account Account
	Created time.Time
	Seen    time.Time // the last request
}

// Live reports whether the session still counts.
func (s *Session) Live(now time.Time) bool {
	return !s.Account.Disabled && now.Sub(s.Seen) < SessionIdle && now.Sub(s.Created) < SessionLife
}
