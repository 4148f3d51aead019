package staff

import "time"

// How long a session lasts (SAFETY, "Pages").
const (
	SessionIdle = 30 * time.Minute // without a request
	SessionLife = 12 * time.Hour   // whatever happens
	SessionHalf = 5 * time.Minute  // between the password and the second factor
	// SessionFresh is how long after proving who they are somebody may do what
	// a borrowed browser must not.
	SessionFresh = 10 * time.Minute
)

// A Session is one browser in which somebody is signed in. Its secret is
// known to that browser alone; what is kept of it is Hash.
type Session struct {
	Hash    []byte // SHA-256 of the secret
	Account Account
	// Half: the password was right, the second factor is still to come. It
	// opens nothing but the page that asks for it.
	Half    bool
	Created time.Time // when its person proved who they are
	Seen    time.Time // the last request
	// Unready: the house asks for a second factor and the account has none. It
	// opens nothing but the pages that add one.
	Unready bool
}

// Live reports whether the session still counts.
func (s *Session) Live(now time.Time) bool {
	if s.Half {
		return !s.Account.Disabled && now.Sub(s.Created) < SessionHalf
	}
	return !s.Account.Disabled && now.Sub(s.Seen) < SessionIdle && now.Sub(s.Created) < SessionLife
}

// Fresh reports whether its person proved who they are just now.
func (s *Session) Fresh(now time.Time) bool { return now.Sub(s.Created) < SessionFresh }
